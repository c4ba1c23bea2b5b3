"""First-order minimisers, for targets without least-squares structure or with very many latents.

Both have the same interface as `LevenbergMarquardt`: `check`, `init` and `step` of one start, vmapped by `MAP`.
"""

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from retrodict.base.types import Array, Flag, Float, Key, PyTree, Scalar
from retrodict.inference.schedule import Constant, Cosine, Geometric
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget, require_unconstrained

COOLING = Cosine(1e-2, 1e-4)

Position = PyTree[Float[Array, "..."]]


class GradientDescent(NamedTuple):
    """Where a first-order iteration stands."""

    position: Position  # of one start
    optimiser: optax.OptState  # state of optax
    cost: Scalar  # minus the log density, up to a constant
    converged: Flag  # the gradient is below the tolerance
    stopped: Flag  # converged, or no step helps any more


def objective(target: AbstractTarget, x: Position, temperature: Scalar | float = 1.0) -> Scalar:
    """Minus the log density up to a constant, finite where the physics is invalid if the target has a residual.

    Args:
        target: the target.
        x: a position.
        temperature: divides the data part if there is one, otherwise everything.
    """
    if isinstance(target, AbstractLeastSquares):
        data, prior = target.residual(x), target.prior_residual(x)
        return 0.5 * jnp.sum(data**2) / temperature + 0.5 * jnp.sum(prior**2)
    return -target.log_density(x) / temperature


def _start(target: AbstractTarget, position: Position, optimiser: optax.GradientTransformation) -> GradientDescent:
    no = jnp.asarray(False)
    return GradientDescent(position, optimiser.init(position), jnp.asarray(jnp.inf), no, no)


def _unless_stopped(old: GradientDescent, new: GradientDescent) -> GradientDescent:
    return jax.tree.map(lambda before, after: jnp.where(old.stopped, before, after), old, new)


@dataclass(frozen=True)
class LBFGS:
    """Limited-memory BFGS with a zoom line search (optax). Liu, Nocedal, Math. Programming 45 (1989) 503.

    Args:
        tolerance: norm of the gradient below which a start has converged.
        memory: past steps from which the curvature is estimated.
    """

    tolerance: float = 1e-4
    memory: int = 20

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` for positions that may not move along straight lines."""
        require_unconstrained(target, type(self).__name__)

    def init(self, target: AbstractTarget, position: Position) -> GradientDescent:
        """The state at a starting point."""
        return _start(target, position, optax.lbfgs(memory_size=self.memory))

    def step(
        self, target: AbstractTarget, state: GradientDescent, key: Key | None, progress: Scalar, temperature: Scalar
    ) -> GradientDescent:
        """One line search; the temperature is ignored, because a changing objective would spoil the memory.

        Arguments as in `LevenbergMarquardt.step`: `target`, `state`, `key`, `progress`, `temperature`.
        """
        optimiser = optax.lbfgs(memory_size=self.memory)

        def cost_of(x: Position) -> Scalar:
            return objective(target, x)

        cost, gradient = optax.value_and_grad_from_state(cost_of)(state.position, state=state.optimiser)
        converged = optax.tree.norm(gradient) < self.tolerance
        update, inner = optimiser.update(
            gradient, state.optimiser, state.position, value=cost, grad=gradient, value_fn=cost_of
        )
        # A line search that cannot move any more ends at rounding; it is done, though not converged.
        stuck = optax.tree.norm(update) == 0
        moved = GradientDescent(
            optax.apply_updates(state.position, update), inner, jnp.asarray(cost), converged, converged | stuck
        )
        return _unless_stopped(state, moved)


@dataclass(frozen=True)
class Adam:
    """Adam with a schedule of learning rates. Kingma, Ba, ICLR 2015.

    Slow on ill-conditioned problems: the source papers of network reconstructions use it, with annealed regularisation
    (`MAP.temperature`).

    Args:
        learning_rate: a schedule over the progress of the run.
        tolerance: norm of the gradient below which a start has converged.
    """

    learning_rate: Constant | Cosine | Geometric = COOLING
    tolerance: float = 1e-4

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` for positions that may not move along straight lines."""
        require_unconstrained(target, type(self).__name__)

    def init(self, target: AbstractTarget, position: Position) -> GradientDescent:
        """The state at a starting point."""
        return _start(target, position, optax.scale_by_adam())

    def step(
        self, target: AbstractTarget, state: GradientDescent, key: Key | None, progress: Scalar, temperature: Scalar
    ) -> GradientDescent:
        """One gradient step of the tempered objective.

        Arguments as in `LevenbergMarquardt.step`: `target`, `state`, `key`, `progress`, `temperature`.
        """
        cost, gradient = jax.value_and_grad(lambda x: objective(target, x, temperature))(state.position)
        converged = (optax.tree.norm(gradient) < self.tolerance) & (temperature == 1.0)
        direction, inner = optax.scale_by_adam().update(gradient, state.optimiser)
        rate = self.learning_rate(progress)
        position = jax.tree.map(lambda x, d: x - rate * d, state.position, direction)
        return _unless_stopped(state, GradientDescent(position, inner, cost, converged, converged))
