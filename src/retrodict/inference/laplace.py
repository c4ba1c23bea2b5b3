r"""A Gaussian around the most probable point, with the Gauss-Newton covariance in latent space.

$z \approx z_* + N(0, A^{-1})$ with $A = 1 + J^T J$, and the evidence
$\log Z \approx \log p(d, z_*) + \tfrac{n}{2}\log 2\pi - \tfrac12 \log\det A$.

Source: MacKay, Neural Computation 4 (1992) 415 (evidence); Gauss-Newton instead of the full Hessian, so that $A$ is
positive definite always.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Flag, Float, Int, Key, PyTree, Scalar, Vector
from retrodict.inference.diagnostics import weight_ess
from retrodict.inference.findings.searches import Searches
from retrodict.inference.findings.weights import Evidence, ImportanceWeights
from retrodict.inference.gauss_newton import (
    Factor,
    Linearised,
    factorise,
    half_log_det,
    linearise,
    refined_step,
    require_least_squares,
    squared_length,
)
from retrodict.inference.importance import smooth_unless_equal
from retrodict.inference.least_squares import LevenbergMarquardt
from retrodict.inference.map import MAP, ranked
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget
from retrodict.run.method import Draws, Record


class State(NamedTuple):
    """The starts of the search, and the key of the draws."""

    descent: Any
    key: Key


class Expansion(NamedTuple):
    """Draws, their log density under the target and under the Gaussian (up to a constant), and the log evidence."""

    position: Float[Array, "draws dim"]
    log_density: Float[Array, " draws"]
    log_gaussian: Float[Array, " draws"]
    log_evidence: Scalar


@dataclass(frozen=True)
class Laplace:
    """`draws` of the Gaussian approximation at the best of `starts` optima.

    Exact for linear-Gaussian problems, else as good as the problem is linear across its own posterior. The Pareto k of
    the importance weights that would correct the draws (they are not applied) tells: above 0.7 do not believe the
    spread.
    """

    draws: int = 1000
    starts: int = 8
    steps: int = 200
    tolerance: float = 1e-4

    references: ClassVar[tuple[str, ...]] = ("mackay1992", "nielsen1999")
    uses_gradient: ClassVar[bool] = True

    @property
    def positions_per_step(self) -> int:
        """Starts."""
        return self.starts

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` if `target` offers no residual."""
        require_least_squares(target, type(self).__name__)

    def init(self, target: Any, key: Key) -> State:
        """All starts at draws of the prior."""
        search_key, draw_key = jr.split(key)
        descent = self._search.init(target, search_key)
        return State(descent, draw_key)

    def step(self, target: Any, state: State, key: Key, index: Int[Array, ""]) -> tuple[State, Record]:
        """One Levenberg-Marquardt iteration of every start."""
        descent, record = self._search.step(target, state.descent, key, index)
        return State(descent, state.key), record

    def done(self, state: State) -> Flag:
        """Whether every start has stopped."""
        return self._search.done(state.descent)

    def finish(self, target: Any, state: State, history: PyTree[Array]) -> Draws:
        """Draws around the best optimum that any start found, and the evidence."""
        optima = ranked(target, state.descent.position, state.descent.converged)
        found = expand(target, optima.position[0, 0], state.key, self.draws)
        log_weight, k = smooth_unless_equal(found.log_density - found.log_gaussian)
        records = (
            Searches(optima.statistics["converged"][0, 0]),
            ImportanceWeights(k, importance_ess=weight_ess(log_weight), exact=False),
            Evidence(found.log_evidence),
        )
        return Draws(found.position[None], jnp.zeros((1, self.draws)), "approximate", {}, diagnostics=records)

    @property
    def _search(self) -> MAP:
        return MAP(starts=self.starts, solver=LevenbergMarquardt(self.tolerance), steps=self.steps)


@eqx.filter_jit
def expand(target: AbstractLeastSquares, centre: Vector, key: Key, draws: int) -> Expansion:
    """`draws` of the Gaussian around `centre`, and the evidence."""
    at = linearise(target, centre)
    factor = factorise(at.jacobian)
    steps = jax.vmap(lambda k: gaussian_step(at, factor, k))(jr.split(key, draws))
    log_density = jax.lax.map(target.log_density, centre + steps, batch_size=min(draws, 100))
    log_gaussian = -0.5 * jax.vmap(lambda step: squared_length(at.jacobian, step))(steps)
    volume = 0.5 * centre.size * jnp.log(2 * jnp.pi) - half_log_det(factor)
    return Expansion(centre + steps, log_density, log_gaussian, target.log_density(centre) + volume)


def gaussian_step(at: Linearised, factor: Factor, key: Key) -> Vector:
    """A draw of N(0, (1 + J^T J)^-1): the least-squares answer to pure noise, without a factor of the covariance."""
    data_key, prior_key = jr.split(key)
    noise, prior = jr.normal(data_key, at.residual.shape), jr.normal(prior_key, at.prior.shape)
    return refined_step(at.jacobian, factor, noise, prior)
