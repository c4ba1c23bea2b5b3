r"""The reconstruction of Wang, Shi and Zhou (2022) by automatic differentiation, as published.

A network stands for rho on 500 frequencies; its weights are moved by Adam to lower

$$\sum_i (D_i - \tilde D_i)^2 + \tfrac{\lambda}{2}|\theta|^2 + \lambda_s \sum_j (\rho_j - \rho_{j-1})^2 .$$

What is faithful here and better avoided elsewhere: the misfit is in units of nothing (neither errors nor a covariance),
the integral is a Riemann sum that ends at the last frequency, and published mock data were made by the same sum, the
inverse crime. There is no posterior and no error band.

Sources: Wang, Shi, Zhou, PRD 106, L051502 (2022); Comput. Phys. Commun. 282 (2023) 108547, and the programs that the
authors published.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from retrodict.base.errors import InputError
from retrodict.base.types import JSON, Array, Flag, Float, Int, Key, PyTree, Scalar
from retrodict.problem.target import AbstractTarget
from retrodict.run.diagnostic import Finding
from retrodict.run.loop import advance
from retrodict.run.method import Draws, Record
from retrodict.spectral.ansatz.layers import ListNetwork, Weights
from retrodict.spectral.classical.problem import Reconstruction
from retrodict.spectral.kernels import AbstractKernel, KallenLehmann
from retrodict.spectral.published_loss import LIST, OMEGA, Network, PublishedProblem, published_problem, sum_of_squares

EPOCH: Final = 25  # updates


@dataclass(frozen=True)
class WarmRestarts:
    """The penalties at an epoch: strong for the first half of every period, nearly gone in the second.

    Smoothness falls by ten at half the period, the penalty on the weights to `least`.
    """

    decay: float = 1e-3
    smoothness: float = 1e-4
    least: float = 1e-8
    period: int = 400

    def __call__(self, epoch: Int[Array, ""]) -> tuple[Scalar, Scalar]:
        """lambda and lambda_s."""
        strong = epoch % self.period < self.period // 2
        return jnp.where(strong, self.decay, self.least), jnp.where(strong, 1.0, 0.1) * self.smoothness


RESTARTS, NO_PENALTY = WarmRestarts(), WarmRestarts(0.0, 0.0, 0.0)


class State(NamedTuple):
    """The weights, Adam's memory of them, and the misfit after the last epoch."""

    weights: Weights
    optimiser: Any
    misfit: Scalar


class Misfit(NamedTuple):
    """The misfit at the end, in units of nothing."""

    misfit: Scalar

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: without errors of the data there is no limit."""
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`misfit`."""
        return {"misfit": float(self.misfit)}


@dataclass(frozen=True)
class PublishedSchedule:
    """`warm_up` epochs of Adam on all weights, then `refine` epochs on the output layer; an epoch is 25 updates.

    The published refinement takes 1000 to 5000 epochs, "until the loss stops", and halves its rate every 2000. A point
    without a spread; never early.
    """

    warm_up: int = 1600
    refine: int = 2000
    rate: float = 1e-3
    refining_rate: float = 1e-4
    penalties: WarmRestarts = RESTARTS

    references: ClassVar[tuple[str, ...]] = ("wang2022", "kingma2015")
    uses_gradient: ClassVar[bool] = True
    positions_per_step: ClassVar[int] = 1

    @property
    def steps(self) -> int:
        """Epochs."""
        return self.warm_up + self.refine

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` for a target of another kind."""
        if not isinstance(target, PublishedProblem):
            expected = "a PublishedProblem"
            raise InputError(
                "this schedule belongs to one loss", got=type(target).__name__, expected=expected, fix="MAP"
            )

    def init(self, target: Any, key: Key) -> State:
        """Fresh weights."""
        weights = target.init(key)
        return State(weights, _memory(weights), jnp.asarray(jnp.inf, target.omega.dtype))

    def step(self, target: Any, state: State, key: Key, index: Int[Array, ""]) -> tuple[State, Record]:
        """One epoch."""
        state = jax.lax.cond(index < self.warm_up, self._warm, self._refined, target, state, index)
        return state, Record(jnp.isfinite(state.misfit), {"misfit": state.misfit}, state.misfit)

    def _warm(self, target: PublishedProblem, state: State, index: Int[Array, ""]) -> State:
        decay, smoothness = (x.astype(target.omega.dtype) for x in self.penalties(index))
        weights, memory = _epoch(lambda w: target.loss(w, decay, smoothness), state.weights, state.optimiser, self.rate)
        return State(weights, memory, target.misfit(target.spectral_function(weights)))

    def _refined(self, target: PublishedProblem, state: State, index: Int[Array, ""]) -> State:
        seen, decay = target.seen(state.weights), self.penalties.least

        def loss(output: PyTree[Array]) -> Scalar:
            rho = target.network.read(output, seen, target.omega)
            return target.misfit(rho) + 0.5 * decay * sum_of_squares(output)

        # A new optimiser begins with the refinement; its memory of the other layers is of no use any more.
        fresh = index == self.warm_up
        memory = jax.tree.map(lambda x: jnp.where(fresh, jnp.zeros_like(x), x), state.optimiser)
        rate = self.refining_rate * 0.5 ** ((index - self.warm_up) // 2000)
        output, own = _epoch(loss, state.weights.output, _of_output(memory), rate)
        memory = memory._replace(
            count=own.count, mu=memory.mu._replace(output=own.mu), nu=memory.nu._replace(output=own.nu)
        )
        weights = state.weights._replace(output=output)
        return State(weights, memory, target.misfit(target.network.read(output, seen, target.omega)))

    def done(self, state: State) -> Flag:
        """Never early."""
        return jnp.asarray(False)

    def finish(self, target: Any, state: State, history: PyTree[Array]) -> Draws:
        """The last weights as the only draw."""
        position = jax.tree.map(lambda x: x[None, None], state.weights)
        return Draws(position, jnp.zeros((1, 1)), "point", {}, diagnostics=(Misfit(state.misfit),))


def published_reconstruction(
    momentum: Float[np.ndarray, " points"],
    data: Float[np.ndarray, " points"],
    *,
    network: Network = LIST,
    schedule: PublishedSchedule | None = None,
    kernel: AbstractKernel = KallenLehmann(),  # noqa: B008
    omega: Float[np.ndarray, " nodes"] = OMEGA,
    precision: Literal["float32", "float64"] = "float32",
    seed: int = 0,
) -> Reconstruction:
    """rho on an equally spaced grid, by the published network, loss and schedule; no error, by its nature.

    `chi2` of the answer is the un-normalised misfit. Without a `schedule` the list network is trained with the
    published penalties and the point network, as in the published program, without any.
    """
    target = published_problem(momentum, data, network=network, kernel=kernel, omega=omega, precision=precision)
    chosen = schedule or PublishedSchedule(penalties=RESTARTS if isinstance(network, ListNetwork) else NO_PENALTY)
    finished = advance(target, chosen, seed=seed)
    rho = np.asarray(target.spectral_function(finished.state.weights), dtype=float)
    description = (
        f"{network.name} of Wang, Shi, Zhou 2022 as published: {EPOCH * chosen.warm_up} + {EPOCH * chosen.refine} "
        f"steps of Adam in {precision}, misfit without errors, Riemann sum on {len(omega)} frequencies up to "
        f"{omega[-1]:g}"
    )
    misfit, least = float(finished.state.misfit), chosen.penalties.least
    return Reconstruction(network.name, np.asarray(omega), rho, None, misfit, least, description, ("wang2022",))


def _epoch(loss: Any, moving: Any, memory: Any, rate: Scalar | float) -> tuple[Any, Any]:
    """25 updates of what moves."""

    def update(_: Array, carry: tuple[Any, Any]) -> tuple[Any, Any]:
        moving, memory = carry
        direction, memory = optax.scale_by_adam().update(jax.grad(loss)(moving), memory)
        return jax.tree.map(lambda x, d: (x - rate * d).astype(x.dtype), moving, direction), memory

    return jax.lax.fori_loop(0, EPOCH, update, (moving, memory))


def _memory(weights: PyTree[Array]) -> optax.ScaleByAdamState:
    return optax.ScaleByAdamState(jnp.zeros([], jnp.int32), *(jax.tree.map(jnp.zeros_like, weights) for _ in range(2)))


def _of_output(memory: Any) -> optax.ScaleByAdamState:
    return optax.ScaleByAdamState(memory.count, memory.mu.output, memory.nu.output)
