r"""A Gaussian around the most probable point, with the Gauss-Newton covariance in latent space.

$z \approx z_* + N(0, A^{-1})$ with $A = 1 + J^T J$, and the evidence
$\log Z \approx \log p(d, z_*) + \tfrac{n}{2}\log 2\pi - \tfrac12 \log\det A$.

Source: MacKay, Neural Computation 4 (1992) 415 (evidence); Gauss-Newton instead of the full Hessian, so that $A$ is
positive definite always.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Count, Flag, Float, Int, Key, Positive, Scalar, Vector
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
from retrodict.inference.map import MAP, Descents, Kept, rank
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget
from retrodict.run.method import Draws, Record


class State(NamedTuple):
    """The starts of the search, and the key of the draws."""

    descent: Descents  # of all starts
    key: Key  # of the draws


class Expansion(NamedTuple):
    """Draws, their log density under the target and under the Gaussian (up to a constant), and the log evidence."""

    position: Float[Array, "draws dim"]  # draws of the Gaussian
    log_density: Float[Array, " draws"]  # of the target
    log_gaussian: Float[Array, " draws"]  # of the Gaussian, up to a constant
    log_evidence: Scalar  # by the Gaussian


@dataclass(frozen=True)
class Laplace:
    """Draws of the Gaussian approximation at the best of several optima.

    Exact for linear-Gaussian problems, else as good as the problem is linear across its own posterior. The Pareto k of
    the importance weights that would correct the draws (they are not applied) says so: above 0.7 do not believe the
    spread.

    Args:
        draws: number of draws.
        starts: searches for the optimum.
        steps: iterations of a search, at most.
        tolerance: distance to the optimum, in posterior standard deviations, below which a search has converged.
    """

    draws: Count = 1000
    starts: Count = 8
    steps: Count = 200
    tolerance: Positive = 1e-4

    references: ClassVar[tuple[str, ...]] = ("mackay1992", "nielsen1999")  # BibTeX keys
    uses_gradient: ClassVar[bool] = True  # in each step

    @property
    def positions_per_step(self) -> int:
        """Starts."""
        return self.starts

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` if `target` offers no residual."""
        require_least_squares(target, type(self).__name__)

    def init(self, target: AbstractLeastSquares, key: Key) -> State:
        """All starts at draws of the prior."""
        search_key, draw_key = jr.split(key)
        descent = self._search.init(target, search_key)
        return State(descent, draw_key)

    def step(self, target: AbstractLeastSquares, state: State, key: Key, index: Int[Array, ""]) -> tuple[State, Record]:
        """One Levenberg-Marquardt iteration of every start.

        Arguments as in `Method.step`: `target`, `state`, `key`, `index`.
        """
        descent, record = self._search.step(target, state.descent, key, index)
        return State(descent, state.key), record

    def done(self, state: State) -> Flag:
        """Whether every start has stopped."""
        return self._search.done(state.descent)

    def finish(self, target: AbstractLeastSquares, state: State, history: Kept) -> Draws:
        """Draws around the best optimum that any start found, and the evidence.

        Arguments as in `Method.finish`: `target`, `state`, `history`.
        """
        optima = rank(target, state.descent.position, state.descent.converged)
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
    """Draw from the Gaussian around an optimum.

    Args:
        target: the problem.
        centre: the optimum.
        key: of the draws.
        draws: their number.
    """
    at = linearise(target, centre)
    factor = factorise(at.jacobian)
    steps = jax.vmap(lambda k: gaussian_step(at, factor, k))(jr.split(key, draws))
    log_density = jax.lax.map(target.log_density, centre + steps, batch_size=min(draws, 100))
    log_gaussian = -0.5 * jax.vmap(lambda step: squared_length(at.jacobian, step))(steps)
    volume = 0.5 * centre.size * jnp.log(2 * jnp.pi) - half_log_det(factor)
    return Expansion(centre + steps, log_density, log_gaussian, target.log_density(centre) + volume)


def gaussian_step(at: Linearised, factor: Factor, key: Key) -> Vector:
    """A draw of N(0, (1 + J^T J)^-1): the least-squares answer to pure noise, without a factor of the covariance.

    Args:
        at: the problem around the optimum.
        factor: of its Gram matrix.
        key: of the draw.
    """
    data_key, prior_key = jr.split(key)
    noise, prior = jr.normal(data_key, at.residual.shape), jr.normal(prior_key, at.prior.shape)
    return refined_step(at.jacobian, factor, noise, prior)
