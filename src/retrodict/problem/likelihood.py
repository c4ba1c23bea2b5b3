r"""Likelihoods: what the data say of a prediction, normalised, and as a whitened residual.

Every likelihood here obeys one identity,

$$\log p(\text{data}\mid\text{prediction}) = \ell_0 - \tfrac12 |r(\text{prediction})|^2 ,$$

with a constant $\ell_0$, `log_peak`. For a Gaussian it is the definition of the residual. For any other likelihood that
is bounded, term by term, by $e^{\ell_i}$, the residual $r_i = \sqrt{2(\ell_i - \log L_i)}$ has it too, so that
Gauss-Newton, Laplace and constrained HMC work for marginalised, counted and one-sided data without a change.

Likelihoods are combined: `likelihood.of(select)` looks at one part of a prediction, `Labelled` names its pulls, and
`Independent` is a product of named terms. A term that depends on a nuisance (see `problem.nuisance`) asks for it in
`of(lambda prediction, nuisance: ...)`; all other likelihoods are functions of the prediction alone.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.problem.covariance import Covariance
from retrodict.problem.finite import check_data, float_array
from retrodict.problem.nuisance import Select, select_with
from retrodict.problem.term_names import check_names

PredictionT = TypeVar("PredictionT")


class AbstractLikelihood(eqx.Module, Generic[PredictionT]):
    """p(data | prediction).

    A likelihood of your own needs `data`, `log_peak`, `residual`, `sample`, `resample` and `with_data`.
    """

    @property
    @abstractmethod
    def data(self) -> PyTree[Array]:
        """The data as a pytree of arrays: what `sample` draws and `with_data` replaces."""

    @property
    @abstractmethod
    def log_peak(self) -> Scalar:
        """The constant of the identity above."""

    @property
    def fitted_positions(self) -> int:
        """Number of positions that the `pulls` are fitted to, beside the latents: each costs a degree of freedom."""
        return 0

    @property
    def labels(self) -> tuple[str, ...]:
        """A label for each of the `pulls`, for figures and tables; empty where there are none (see `Labelled`)."""
        return ()

    @property
    def terms(self) -> "dict[str, AbstractLikelihood[PredictionT]]":
        """The factors of a product by name (see `Independent`); empty for a likelihood that is none."""
        return {}

    @abstractmethod
    def residual(self, prediction: PredictionT) -> Float[Array, " terms"]:
        """Whitened residual: minus twice the log-likelihood is its square, up to `log_peak`.

        Args:
            prediction: what the forward model returns. The residual must be finite for any finite prediction.
        """

    def pulls(self, prediction: PredictionT) -> Float[Array, " pulls"]:
        """(prediction - data) / error for chi-squared tables and figures; the residual unless overridden.

        Args:
            prediction: what the forward model returns.
        """
        return self.residual(prediction)

    @abstractmethod
    def sample(self, key: Key, prediction: PredictionT) -> PyTree[Array]:
        """Mock data.

        Args:
            key: random key.
            prediction: the prediction that is taken for the truth.
        """

    @abstractmethod
    def resample(self, key: Key) -> PyTree[Array]:
        """The data with noise added once more.

        Args:
            key: random key.
        """

    @abstractmethod
    def with_data(self, data: Any) -> "AbstractLikelihood":
        """The same experiment with other data.

        Args:
            data: a pytree like `data`.
        """

    def log_prob(self, prediction: PredictionT) -> Scalar:
        """Normalised log p(data | prediction).

        Args:
            prediction: what the forward model returns.
        """
        return self.log_peak - 0.5 * jnp.sum(self.residual(prediction) ** 2)

    def pointwise(self, prediction: PredictionT) -> Float[Array, " datum"]:
        """Log p of each datum (given the others, where errors are correlated); of all as one unless overridden.

        Args:
            prediction: what the forward model returns.
        """
        return self.log_prob(prediction)[None]

    def at(self, nuisance: Mapping[str, Scalar]) -> "AbstractLikelihood[PredictionT]":
        """The likelihood at given values of the nuisances: itself, unless a term asks for one in `of`.

        Args:
            nuisance: values by name, in the unit of each.
        """
        return self

    def of(self, select: Select[PredictionT]) -> "AbstractLikelihood[Any]":
        """The likelihood of one part of a larger prediction.

        Args:
            select: from the whole prediction to what this likelihood compares with its data. A function of two
                arguments gets the values of the nuisances by name, too (arguments with a default do not count).

        Example:
            >>> mass = Gaussian(jnp.array([1.4]), Covariance.diagonal(jnp.array([0.1])))
            >>> term = mass.of(lambda prediction: prediction["mass"])
            >>> term.residual({"mass": jnp.array([1.6]), "radius": jnp.array([12.0])}).round(6).tolist()
            [2.0]
        """
        return Selected(self, select)

    def __add__(self, other: "AbstractLikelihood[PredictionT]") -> "Independent[PredictionT]":
        """Independent data on the same prediction; terms without a name become `data_0`, `data_1`, ..."""
        terms = [(name or f"data_{i}", term) for i, (name, term) in enumerate([*_summands(self), *_summands(other)])]
        check_names([name for name, _ in terms])
        return Independent(dict(terms))


class Gaussian(AbstractLikelihood[Float[Array, " points"]]):
    """Normal errors with a known covariance.

    Args:
        mean: measured values, shape (points,).
        covariance: of their errors.

    Raises:
        InputError: if a value is not finite, or there are not as many errors.

    Example:
        >>> likelihood = Gaussian(jnp.array([1.0, 2.0]), Covariance.diagonal(jnp.array([0.5, 0.5])))
        >>> likelihood.pulls(jnp.array([1.5, 2.0])).tolist()
        [1.0, 0.0]
    """

    mean: Float[Array, " points"] = eqx.field(converter=float_array)
    covariance: Covariance

    def __check_init__(self) -> None:
        check_data(self.mean, self.covariance.root.shape[0])

    @property
    def data(self) -> Float[Array, " points"]:
        return self.mean

    @property
    def log_peak(self) -> Scalar:
        return -0.5 * (self.covariance.log_determinant + self.covariance.rank * jnp.log(2 * jnp.pi))

    def residual(self, prediction: Float[Array, " points"]) -> Float[Array, " rank"]:
        return self.covariance.whiten(prediction - self.mean)

    def sample(self, key: Key, prediction: Float[Array, " points"]) -> Float[Array, " points"]:
        return prediction + self.covariance.sample(key)

    def resample(self, key: Key) -> Float[Array, " points"]:
        return self.sample(key, self.mean)

    def pointwise(self, prediction: Float[Array, " points"]) -> Float[Array, " points"]:
        return self.covariance.pointwise(self.residual(prediction))

    def with_data(self, data: Float[Array, " points"]) -> "Gaussian":
        return Gaussian(data, self.covariance)


class AbstractWrapper(AbstractLikelihood[PredictionT]):
    """A likelihood with something changed: what stays as it is.

    Args:
        likelihood: the one inside.
    """

    likelihood: eqx.AbstractVar[AbstractLikelihood[Any]]

    @property
    def labels(self) -> tuple[str, ...]:
        return self.likelihood.labels

    @property
    def data(self) -> PyTree[Array]:
        return self.likelihood.data

    @property
    def log_peak(self) -> Scalar:
        return self.likelihood.log_peak

    @property
    def fitted_positions(self) -> int:
        return self.likelihood.fitted_positions

    def resample(self, key: Key) -> PyTree[Array]:
        return self.likelihood.resample(key)


class Selected(AbstractWrapper[Any]):
    """The likelihood of one part of a prediction: what `likelihood.of(select)` makes.

    Args:
        likelihood: compares the part with the data.
        select: from the whole prediction, and the nuisances if it takes two arguments, to the part.
        nuisance: values of the nuisances by name, set by `at`.
    """

    likelihood: AbstractLikelihood[Any]
    select: Select[Any]
    nuisance: dict[str, Scalar] = eqx.field(default_factory=dict)

    def residual(self, prediction: Any) -> Float[Array, " terms"]:
        return self.likelihood.residual(self._part(prediction))

    def pulls(self, prediction: Any) -> Float[Array, " pulls"]:
        return self.likelihood.pulls(self._part(prediction))

    def pointwise(self, prediction: PyTree[Array]) -> Float[Array, " datum"]:
        return self.likelihood.pointwise(self._part(prediction))

    def sample(self, key: Key, prediction: Any) -> PyTree[Array]:
        return self.likelihood.sample(key, self._part(prediction))

    def with_data(self, data: Any) -> "Selected":
        return Selected(self.likelihood.with_data(data), self.select, self.nuisance)

    def at(self, nuisance: Mapping[str, Scalar]) -> "Selected":
        return Selected(self.likelihood.at(nuisance), self.select, dict(nuisance))

    def _part(self, prediction: Any) -> Any:
        return select_with(self.select, prediction, self.nuisance)


class Independent(AbstractLikelihood[PredictionT]):
    """A product of named likelihoods of one prediction: independent data sets, by the name of each.

    A product inside a product is taken apart, with dotted names: `Independent(lab=Independent(a=x, b=y))` has the terms
    `lab.a` and `lab.b`. The names are those of the tables of pulls and chi2 and of the stored data.

    Args:
        terms: likelihoods by name; or give them as keywords.
        named: likelihoods by name.

    Raises:
        InputError: if there is no term, or a name is empty, has a slash or occurs twice.

    Example:
        >>> a = Gaussian(jnp.array([1.4]), Covariance.diagonal(jnp.array([0.1])))
        >>> list(Independent(nicer=a, pulsars=a + a).terms)
        ['nicer', 'pulsars.data_0', 'pulsars.data_1']
    """

    names: tuple[str, ...] = eqx.field(static=True)
    likelihoods: tuple[AbstractLikelihood[PredictionT], ...]

    def __init__(
        self,
        terms: Mapping[str, AbstractLikelihood[PredictionT]] | None = None,
        /,
        **named: AbstractLikelihood[PredictionT],
    ) -> None:
        flat = [term for given in (terms or {}, named) for item in given.items() for term in _factors(*item)]
        self.names, self.likelihoods = tuple(name for name, _ in flat), tuple(term for _, term in flat)
        check_names(self.names)

    @property
    def terms(self) -> dict[str, AbstractLikelihood[PredictionT]]:
        return dict(zip(self.names, self.likelihoods, strict=True))

    @property
    def data(self) -> tuple[PyTree[Array], ...]:
        return tuple(term.data for term in self.likelihoods)

    @property
    def log_peak(self) -> Scalar:
        return jnp.asarray(sum(term.log_peak for term in self.likelihoods))

    @property
    def fitted_positions(self) -> int:
        return sum(term.fitted_positions for term in self.likelihoods)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of all terms, if all have some; `Posterior.labels_by_term` numbers the pulls of the others."""
        labels = [term.labels for term in self.likelihoods]
        return sum(labels, ()) if all(labels) else ()

    def residual(self, prediction: PredictionT) -> Float[Array, " terms"]:
        return jnp.concatenate([term.residual(prediction) for term in self.likelihoods])

    def pulls(self, prediction: PredictionT) -> Float[Array, " pulls"]:
        return jnp.concatenate([term.pulls(prediction) for term in self.likelihoods])

    def pointwise(self, prediction: PredictionT) -> Float[Array, " datum"]:
        return jnp.concatenate([term.pointwise(prediction) for term in self.likelihoods])

    def sample(self, key: Key, prediction: PredictionT) -> tuple[PyTree[Array], ...]:
        keys = jr.split(key, len(self.likelihoods))
        return tuple(term.sample(k, prediction) for term, k in zip(self.likelihoods, keys, strict=True))

    def resample(self, key: Key) -> tuple[PyTree[Array], ...]:
        keys = jr.split(key, len(self.likelihoods))
        return tuple(term.resample(k) for term, k in zip(self.likelihoods, keys, strict=True))

    def with_data(self, data: tuple[Any, ...]) -> "Independent[PredictionT]":
        return self._with([term.with_data(d) for term, d in zip(self.likelihoods, data, strict=True)])

    def at(self, nuisance: Mapping[str, Scalar]) -> "Independent[PredictionT]":
        return self._with([term.at(nuisance) for term in self.likelihoods])

    def of(self, select: Select[PredictionT]) -> "Independent[Any]":
        return self._with([term.of(select) for term in self.likelihoods])

    def _with(self, likelihoods: Sequence[AbstractLikelihood[Any]]) -> "Independent[Any]":
        return Independent(dict(zip(self.names, likelihoods, strict=True)))


_Named = tuple[str, AbstractLikelihood[Any]]


def _factors(name: str, likelihood: AbstractLikelihood[Any]) -> list[_Named]:
    """The terms of a factor with their dotted names; a factor that is no product is its own."""
    return [(f"{name}.{inner}", term) for inner, term in likelihood.terms.items()] or [(name, likelihood)]


def _summands(likelihood: AbstractLikelihood[Any]) -> list[_Named]:
    """The terms of an operand of `+`; a name that an earlier `+` made is empty again."""
    named = [("" if name == f"data_{i}" else name, term) for i, (name, term) in enumerate(likelihood.terms.items())]
    return named or [("", likelihood)]
