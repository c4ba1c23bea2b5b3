r"""Levenberg-Marquardt on the whitened residuals of data and prior.

One iteration costs one Jacobian and two evaluations. Precise data confine an unknown to a thin and curved valley, in
which straight steps are short: to each is added the acceleration along the way that its bend asks for (Transtrum,
Machta, Sethna, PRE 83, 036701 (2011); Transtrum, Sethna, arXiv:1201.5885), unless it is too large for an expansion.
With it a search arrives in a sixth of the iterations. The damping follows the gain ratio (Nielsen, "Damping
parameter in Marquardt's method", IMM-REP-1999-05), relative to the largest curvature, so that it does not mind the
noise level. Converged means that the Gauss-Newton step left is a small fraction of a posterior standard deviation: this
is the gradient in its natural units, $g^T A^{-1} g$.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from retrodict.base.types import Flag, Key, Scalar, Vector
from retrodict.inference.gauss_newton import (
    Linearised,
    factorise,
    linearise,
    require_least_squares,
    solve_step,
    squared_length,
)
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget

FIRST_DAMPING = 1e-3
PROBE = 0.1  # of a step: how far the residual is followed to see it bend
LARGEST_BEND = 0.75  # of twice the acceleration over the step
LARGEST_DAMPING = 1e12  # ten rejections in a row: rounding or a kink, not curvature


class Descent(NamedTuple):
    """Where an iteration stands; `cost` is half the squared residuals at `position`, tempered as in the last step."""

    position: Vector
    damping: Scalar  # relative to the largest diagonal entry of J^T J
    growth: Scalar  # factor of the damping at the next rejection
    cost: Scalar
    decrement: Scalar  # distance to the optimum in posterior standard deviations, before the last step
    converged: Flag  # the step left is below the tolerance
    stopped: Flag  # converged, or no step helps any more


class Trial(NamedTuple):
    """A damped step and what came of it."""

    position: Vector  # where the step leads
    cost: Scalar  # there
    gain: Scalar  # actual over predicted decrease
    accepted: Flag  # the cost falls, and the physics stays valid


@dataclass(frozen=True)
class LevenbergMarquardt:
    """Damped Gauss-Newton: quadratic convergence where data fit, for up to some thousand latents.

    Args:
        tolerance: distance to the optimum, in posterior standard deviations, below which a start has converged.
        confined: whether steps never lead from where the physics is valid to where it is not; others go wherever the
            residual falls, for a selection afterwards.
    """

    tolerance: float = 1e-4
    confined: bool = True

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` unless `target` has least-squares structure."""
        require_least_squares(target, "LevenbergMarquardt")

    def init(self, target: AbstractLeastSquares, position: Vector) -> Descent:
        """The state at a starting point."""
        number = jnp.asarray(FIRST_DAMPING)
        infinite, no = jnp.asarray(jnp.inf), jnp.asarray(False)
        return Descent(position, number, jnp.asarray(2.0), infinite, infinite, no, no)

    def step(
        self, target: AbstractLeastSquares, state: Descent, key: Key | None, progress: Scalar, temperature: Scalar
    ) -> Descent:
        """One iteration; nothing once stopped.

        Args:
            target: the problem.
            state: where the iteration stands.
            key: not used here; for solvers that are random.
            progress: of the run, from 0 to 1; not used here.
            temperature: divides the squared data residuals.
        """
        here = linearise(target, state.position, temperature)
        newton = solve_step(here.jacobian, factorise(here.jacobian), here.residual, here.prior)
        decrement = jnp.sqrt(squared_length(here.jacobian, newton))
        trial = self._try(target, state, here, temperature)
        converged = (decrement < self.tolerance) & (temperature == 1.0)
        moved = _decide(state, trial, _cost(here))._replace(decrement=decrement, converged=converged)
        stuck = (moved.damping > LARGEST_DAMPING) & (temperature == 1.0)
        moved = moved._replace(stopped=converged | stuck)
        return jax.tree.map(lambda old, new: jnp.where(state.stopped, old, new), state, moved)

    def _try(self, target: AbstractLeastSquares, state: Descent, here: Linearised, temperature: Scalar) -> Trial:
        jacobian = here.jacobian
        damping = state.damping * jnp.max(jnp.sum(jacobian**2, axis=0))
        factor = factorise(jacobian, 1 + damping)
        step = solve_step(jacobian, factor, here.residual, here.prior, 1 + damping)
        probed = target.residual(state.position + PROBE * step) / jnp.sqrt(temperature)
        bend = 2 / PROBE * ((probed - here.residual) / PROBE - jacobian @ step)
        acceleration = 0.5 * solve_step(jacobian, factor, bend, jnp.zeros_like(step), 1 + damping)
        position = state.position + step + _if_small(acceleration, step)
        there = target.evaluate(position)
        prior = target.prior_residual(position)
        cost = 0.5 * jnp.sum(there.residual**2) / temperature + 0.5 * jnp.sum(prior**2)
        predicted = 0.5 * squared_length(jacobian, step) + damping * jnp.sum(step**2)
        gain = (_cost(here) - cost) / predicted
        # From a valid point never to an invalid one; from an invalid one wherever the residual falls.
        allowed = there.valid | ~here.valid if self.confined else jnp.asarray(True)
        return Trial(position, cost, gain, jnp.isfinite(cost) & (gain > 0) & allowed)


def _if_small(acceleration: Vector, step: Vector) -> Vector:
    """The acceleration, or nothing where it is no correction to the step, or not finite."""
    small = 4 * jnp.sum(acceleration**2) <= LARGEST_BEND**2 * jnp.sum(step**2)
    return jnp.where(small, acceleration, 0.0)


def _cost(at: Linearised) -> Scalar:
    return 0.5 * jnp.sum(at.residual**2) + 0.5 * jnp.sum(at.prior**2)


def _decide(state: Descent, trial: Trial, cost: Scalar) -> Descent:
    """The state after a trial: moved and less damped, or not moved and more damped."""
    shrink = jnp.maximum(0.1, 1 - (2 * trial.gain - 1) ** 3)
    damping = jnp.where(trial.accepted, jnp.maximum(state.damping * shrink, 1e-16), state.damping * state.growth)
    return state._replace(
        position=jnp.where(trial.accepted, trial.position, state.position),
        damping=damping,
        growth=jnp.where(trial.accepted, 2.0, 2 * state.growth),
        cost=jnp.where(trial.accepted, trial.cost, cost),
    )


def minimise(
    target: AbstractLeastSquares, position: Vector, *, iterations: int, temperature: float, tolerance: float = 1e-3
) -> Descent:
    """All iterations at once, for starting points: the noise is annealed in the first half.

    Args:
        target: the problem.
        position: the start.
        iterations: their largest number.
        temperature: at the start.
        tolerance: as in `LevenbergMarquardt`.
    """
    solver = LevenbergMarquardt(tolerance)

    def body(carry: tuple[Descent, Scalar]) -> tuple[Descent, Scalar]:
        state, index = carry
        fraction = jnp.minimum(2 * index / iterations, 1.0)
        return solver.step(target, state, None, fraction, temperature ** (1 - fraction)), index + 1

    def unfinished(carry: tuple[Descent, Scalar]) -> Flag:
        return (carry[1] < iterations) & ~carry[0].stopped

    start = (solver.init(target, position), jnp.asarray(0.0))
    return jax.lax.while_loop(unfinished, body, start)[0]
