"""A posterior made of four small modules, and what to report from it."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Key, Scalar, Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.forward import AbstractForward
from retrodict.problem.likelihood import AbstractLikelihood
from retrodict.problem.prior import StandardNormal
from retrodict.problem.target import AbstractLeastSquares, Evaluation, Quantity


class Posterior(AbstractLeastSquares):
    """p(latents | data): ansatz, forward model, likelihood and prior put together.

    `derive(unknown, prediction)` returns the derived quantities by name; `quantities` says what each means. Both may
    stay empty: then only the latents and the fit are reported.
    """

    ansatz: AbstractAnsatz
    forward: AbstractForward
    likelihood: AbstractLikelihood
    prior: StandardNormal
    derive: Callable[[Any, Any], dict[str, Array]]
    quantity: tuple[Quantity, ...] = eqx.field(static=True)
    note: tuple[str, ...] = eqx.field(static=True)

    def __init__(
        self,
        ansatz: AbstractAnsatz,
        forward: AbstractForward,
        likelihood: AbstractLikelihood,
        prior: StandardNormal | None = None,
        *,
        derive: Callable[[Any, Any], dict[str, Array]] | None = None,
        quantities: tuple[Quantity, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> None:
        self.ansatz, self.forward, self.likelihood = ansatz, forward, likelihood
        self.prior = StandardNormal() if prior is None else prior
        self.derive = _nothing if derive is None else derive
        self.quantity, self.note = tuple(quantities), tuple(notes)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return self.quantity

    @property
    def notes(self) -> tuple[str, ...]:
        return self.note

    @property
    def dim(self) -> int:
        return self.ansatz.dim

    @property
    def fitted_positions(self) -> int:
        """Positions fitted inside the pulls, beside the latents."""
        return self.likelihood.fitted_positions

    def init(self, key: Key) -> Vector:
        """A draw from the prior."""
        return self.prior.sample(key, self.dim)

    def log_density(self, z: Vector, /) -> Scalar:
        """log p(data | z) + log p(z): both normalised, so that its integral is the evidence."""
        return self.log_likelihood(z) + self.prior.log_prob(z)

    def log_likelihood(self, z: Vector) -> Scalar:
        prediction, valid = self.forward(self.ansatz(z))
        return jnp.where(valid, self.likelihood.log_prob(prediction), -jnp.inf)

    def residual(self, z: Vector) -> Float[Array, " data"]:
        prediction, _ = self.forward(self.ansatz(z))
        return self.likelihood.residual(prediction)

    def prior_residual(self, z: Vector) -> Vector:
        return self.prior.residual(z)

    def derived(self, z: Vector, /) -> dict[str, Array]:
        unknown = self.ansatz(z)
        prediction, _ = self.forward(unknown)
        return self.derive(unknown, prediction)

    def evaluate(self, z: Vector) -> Evaluation:
        unknown = self.ansatz(z)
        prediction, valid = self.forward(unknown)
        residual = self.likelihood.residual(prediction)
        log_likelihood = jnp.where(valid, self.likelihood.log_peak - 0.5 * jnp.sum(residual**2), -jnp.inf)
        pulls = self.likelihood.pulls(prediction)
        return Evaluation(log_likelihood, residual, pulls, self.derive(unknown, prediction), valid)

    def randomised(self, key: Key, *, data: bool = True, prior: bool = True) -> "Posterior":
        """Noise added once more to the data, and the prior mean drawn from the prior: one member of an ensemble.

        For linear problems the optimum of each member is an exact posterior draw (Bardsley, Solonen, Haario, Laine,
        SIAM J. Sci. Comput. 36 (2014) A1895).
        """
        data_key, prior_key = jr.split(key)
        likelihood = self.likelihood.with_data(self.likelihood.resample(data_key)) if data else self.likelihood
        mean = self.prior.sample(prior_key, self.dim) if prior else self.prior.mean
        return self._with(likelihood, StandardNormal(mean))

    def simulated(self, key: Key, truth: Vector) -> "Posterior":
        prediction, _ = self.forward(self.ansatz(truth))
        return self.with_data(self.likelihood.sample(key, prediction))

    def with_data(self, data: Any) -> "Posterior":
        """The same problem with other data."""
        return self._with(self.likelihood.with_data(data), self.prior)

    def with_notes(self, *notes: str) -> "Posterior":
        """The same problem with more notes."""
        parts = (self.ansatz, self.forward, self.likelihood, self.prior)
        return Posterior(*parts, derive=self.derive, quantities=self.quantities, notes=(*self.notes, *notes))

    def _with(self, likelihood: AbstractLikelihood, prior: StandardNormal) -> "Posterior":
        parts = (self.ansatz, self.forward, likelihood, prior)
        return Posterior(*parts, derive=self.derive, quantities=self.quantities, notes=self.notes)


def _nothing(unknown: Any, prediction: Any) -> dict[str, Array]:
    return {}
