"""Labels for the pulls of a likelihood: figures and tables then name the data."""

from collections.abc import Mapping, Sequence
from typing import Any

import equinox as eqx

from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.problem.likelihood import AbstractLikelihood, AbstractWrapper, PredictionT


class Labelled(AbstractWrapper[PredictionT]):
    """A likelihood whose pulls have labels: the star, the file, the point of a correlator.

    Args:
        likelihood: what is labelled.
        labels: one for each pull. Pulls of correlated errors belong to modes, and should be labelled as such.

    Example:
        >>> import retrodict as rd
        >>> counts = rd.Poisson([3.0])
        >>> Labelled(counts, ("detector A",)).labels
        ('detector A',)
    """

    likelihood: AbstractLikelihood[PredictionT]
    _labels: tuple[str, ...] = eqx.field(static=True)

    def __init__(self, likelihood: AbstractLikelihood[PredictionT], labels: Sequence[str]) -> None:
        self.likelihood, self._labels = likelihood, tuple(labels)

    @property
    def labels(self) -> tuple[str, ...]:
        return self._labels

    def residual(self, prediction: PredictionT) -> Float[Array, " terms"]:
        return self.likelihood.residual(prediction)

    def pulls(self, prediction: PredictionT) -> Float[Array, " pulls"]:
        """The pulls of the likelihood. Raises ValueError, when traced, unless there are as many as labels."""
        pulls = self.likelihood.pulls(prediction)
        if len(pulls) != len(self.labels):
            raise ValueError(f"{len(self.labels)} labels for {len(pulls)} pulls")
        return pulls

    def pointwise(self, prediction: PredictionT) -> Float[Array, " datum"]:
        return self.likelihood.pointwise(prediction)

    def sample(self, key: Key, prediction: PredictionT) -> PyTree[Array]:
        return self.likelihood.sample(key, prediction)

    def with_data(self, data: Any) -> "Labelled[PredictionT]":
        return Labelled(self.likelihood.with_data(data), self.labels)

    def at(self, nuisance: Mapping[str, Scalar]) -> "Labelled[PredictionT]":
        return Labelled(self.likelihood.at(nuisance), self.labels)
