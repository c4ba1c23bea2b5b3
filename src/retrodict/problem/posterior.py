"""A posterior made of four small modules and its nuisances, and what to report from it."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Flag, Float, Key, PyTree, Scalar, Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.forward import AbstractForward
from retrodict.problem.likelihood import AbstractLikelihood
from retrodict.problem.nuisance import Nuisance
from retrodict.problem.prior import StandardNormal
from retrodict.problem.target import AbstractLeastSquares, Evaluation, Quantity

UnknownT = TypeVar("UnknownT")
PredictionT = TypeVar("PredictionT")
Derive = Callable[[UnknownT, PredictionT], Mapping[str, Array]]


class ForwardPass(NamedTuple):
    """What latents stand for, and what an experiment would see."""

    unknown: Any  # of the ansatz
    prediction: Any  # of the forward model
    nuisance: dict[str, Scalar]  # values by name, each in its unit
    valid: Flag  # whether the physics has an answer


class Posterior(AbstractLeastSquares, Generic[UnknownT, PredictionT]):
    """p(latents | data): ansatz, forward model, likelihood and prior put together.

    The latents are those of the ansatz, followed by one for each nuisance.

    Args:
        ansatz: from latents to the unknown.
        forward: from the unknown to the prediction.
        likelihood: of the data, given the prediction (and the nuisances that its terms ask for).
        prior: of all latents; the standard normal by default.
        derive: from (unknown, prediction) to the derived quantities by name; none by default.
        quantities: meaning of each derived quantity, in the order of the tables. The nuisances follow.
        notes: what the reader of any result should know about the data and the set-up.
        nuisances: numbers that the data depend on beside the unknown, each with its prior.

    Raises:
        InputError: if two nuisances, or a nuisance and a derived quantity, have the same name.
    """

    ansatz: AbstractAnsatz[UnknownT]
    forward: AbstractForward[UnknownT, PredictionT]
    likelihood: AbstractLikelihood[PredictionT]
    prior: StandardNormal
    derive: Derive[UnknownT, PredictionT]
    nuisances: tuple[Nuisance, ...] = eqx.field(static=True)
    _quantities: tuple[Quantity, ...] = eqx.field(static=True)
    _notes: tuple[str, ...] = eqx.field(static=True)

    def __init__(
        self,
        ansatz: AbstractAnsatz[UnknownT],
        forward: AbstractForward[UnknownT, PredictionT],
        likelihood: AbstractLikelihood[PredictionT],
        prior: StandardNormal | None = None,
        *,
        derive: Derive[UnknownT, PredictionT] | None = None,
        quantities: tuple[Quantity, ...] = (),
        notes: tuple[str, ...] = (),
        nuisances: tuple[Nuisance, ...] = (),
    ) -> None:
        self.ansatz, self.forward, self.likelihood = ansatz, forward, likelihood
        self.prior = StandardNormal() if prior is None else prior
        self.derive = _nothing if derive is None else derive
        self.nuisances, self._quantities, self._notes = tuple(nuisances), tuple(quantities), tuple(notes)
        names = [quantity.name for quantity in self.quantities]
        twice = [name for name in names if names.count(name) > 1]
        if twice and self.nuisances:
            expected = "one name for each nuisance, and none of a derived quantity"
            raise InputError("two nuisances or quantities have the same name", got=repr(twice[0]), expected=expected)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return (*self._quantities, *(nuisance.quantity for nuisance in self.nuisances))

    @property
    def notes(self) -> tuple[str, ...]:
        return self._notes

    @property
    def dim(self) -> int:
        return self.ansatz.dim + len(self.nuisances)

    @property
    def fitted_positions(self) -> int:
        """Number of positions that the pulls are fitted to, beside the latents."""
        return self.likelihood.fitted_positions

    def unknown(self, z: Vector) -> UnknownT:
        """The unknown that latents stand for.

        Args:
            z: latents of the ansatz and of the nuisances, shape (dim,).
        """
        return self.ansatz(z[: self.ansatz.dim] if self.nuisances else z)

    def nuisance(self, z: Vector) -> dict[str, Scalar]:
        """The values of the nuisances by name, each in its unit.

        Args:
            z: latents of the ansatz and of the nuisances, shape (dim,).
        """
        return {named.name: named.prior(z[self.ansatz.dim + i]) for i, named in enumerate(self.nuisances)}

    def forward_pass(self, z: Vector) -> ForwardPass:
        """Unknown, prediction and nuisances at `z`.

        Args:
            z: latents of the ansatz and of the nuisances, shape (dim,).
        """
        unknown = self.unknown(z)
        prediction, valid = self.forward(unknown)
        return ForwardPass(unknown, prediction, self.nuisance(z), valid)

    def labels_by_term(self) -> dict[str, tuple[str, ...]]:
        """Labels of the pulls of each term of a product, by its name; `name[0]`, `name[1]`, ... where it has none.

        Empty for a likelihood that is no product.
        """
        terms = self.likelihood.terms
        if all(term.labels for term in terms.values()):
            return {name: term.labels for name, term in terms.items()}

        def pulls(z: Vector) -> dict[str, Array]:
            found = self.forward_pass(z)
            return {name: t.pulls(found.prediction) for name, t in self.likelihood.at(found.nuisance).terms.items()}

        shapes = eqx.filter_eval_shape(pulls, jnp.zeros(self.dim))
        numbered = {name: tuple(f"{name}[{i}]" for i in range(shapes[name].shape[0])) for name in terms}
        return {name: term.labels or numbered[name] for name, term in terms.items()}

    def data_by_term(self) -> dict[str, int]:
        """How many data each term of a product is made of, by its name; `data` for a likelihood that is no product."""
        terms = self.likelihood.terms

        def pointwise(z: Vector) -> dict[str, Array]:
            found = self.forward_pass(z)
            here = self.likelihood.at(found.nuisance)
            return {name: term.pointwise(found.prediction) for name, term in (here.terms or {"data": here}).items()}

        shapes = eqx.filter_eval_shape(pointwise, jnp.zeros(self.dim))
        return {name: shapes[name].shape[0] for name in terms or {"data": None}}

    def init(self, key: Key) -> Vector:
        """A draw from the prior."""
        return self.prior.sample(key, self.dim)

    def log_density(self, z: Vector, /) -> Scalar:
        """log p(data | z) + log p(z): both normalised, so that its integral is the evidence."""
        return self.log_likelihood(z) + self.prior.log_prob(z)

    def log_likelihood(self, z: Vector) -> Scalar:
        found = self.forward_pass(z)
        return jnp.where(found.valid, self.likelihood.at(found.nuisance).log_prob(found.prediction), -jnp.inf)

    def residual(self, z: Vector) -> Float[Array, " data"]:
        found = self.forward_pass(z)
        return self.likelihood.at(found.nuisance).residual(found.prediction)

    def prior_residual(self, z: Vector) -> Vector:
        return self.prior.residual(z)

    def derived(self, z: Vector, /) -> dict[str, Array]:
        return self.derived_from(self.forward_pass(z))

    def derived_from(self, found: ForwardPass) -> dict[str, Array]:
        """Derived quantities and values of the nuisances, by name.

        Args:
            found: a forward pass of this posterior.
        """
        return {**self.derive(found.unknown, found.prediction), **found.nuisance}

    def evaluate(self, z: Vector) -> Evaluation:
        found = self.forward_pass(z)
        likelihood = self.likelihood.at(found.nuisance)
        residual = likelihood.residual(found.prediction)
        log_likelihood = jnp.where(found.valid, likelihood.log_peak - 0.5 * jnp.sum(residual**2), -jnp.inf)
        pulls = likelihood.pulls(found.prediction)
        derived, pointwise = self.derived_from(found), likelihood.pointwise(found.prediction)
        return Evaluation(log_likelihood, residual, pulls, derived, found.valid, pointwise)

    def randomised(self, key: Key, *, data: bool = True, prior: bool = True) -> "Posterior[UnknownT, PredictionT]":
        """Noise added once more to the data, and the prior mean drawn from the prior: one member of an ensemble.

        For linear problems the optimum of each member is an exact posterior draw (Bardsley, Solonen, Haario, Laine,
        SIAM J. Sci. Comput. 36 (2014) A1895).

        Args:
            key: random key.
            data: whether to add noise to the data.
            prior: whether to draw the prior mean.
        """
        data_key, prior_key = jr.split(key)
        likelihood = self.likelihood.with_data(self.likelihood.resample(data_key)) if data else self.likelihood
        mean = self.prior.sample(prior_key, self.dim) if prior else self.prior.mean
        return self._with(likelihood, StandardNormal(mean))

    def simulated(self, key: Key, truth: Vector) -> "Posterior[UnknownT, PredictionT]":
        found = self.forward_pass(truth)
        return self.with_data(self.likelihood.at(found.nuisance).sample(key, found.prediction))

    def with_data(self, data: PyTree[Array]) -> "Posterior[UnknownT, PredictionT]":
        """The same problem with other data.

        Args:
            data: as `likelihood.with_data` takes them.
        """
        return self._with(self.likelihood.with_data(data), self.prior)

    def with_notes(self, *notes: str) -> "Posterior[UnknownT, PredictionT]":
        """The same problem with more notes.

        Args:
            notes: sentences that verdicts repeat.
        """
        return self._with(self.likelihood, self.prior, notes)

    def _with(
        self, likelihood: AbstractLikelihood[PredictionT], prior: StandardNormal, notes: tuple[str, ...] = ()
    ) -> "Posterior[UnknownT, PredictionT]":
        return Posterior(
            self.ansatz,
            self.forward,
            likelihood,
            prior,
            derive=self.derive,
            quantities=self._quantities,
            notes=(*self.notes, *notes),
            nuisances=self.nuisances,
        )


def _nothing(unknown: Any, prediction: Any) -> dict[str, Array]:
    return {}
