r"""The reconstruction of Wang, Shi and Zhou (2022) by automatic differentiation, as published.

A network stands for rho on 500 frequencies; its weights are moved by Adam to lower

$$\sum_i (D_i - \tilde D_i)^2 + \tfrac{\lambda}{2}|\theta|^2 + \lambda_s \sum_j (\rho_j - \rho_{j-1})^2 .$$

Reproduced here, and better avoided elsewhere: the misfit is not divided by errors or a covariance, the integral is a
Riemann sum that ends at the last frequency, and published mock data were made by the same sum, the inverse crime. There
is no posterior and no error band.

Sources: Wang, Shi, Zhou, PRD 106, L051502 (2022); Comput. Phys. Commun. 282 (2023) 108547, and the programs that the
authors published.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal, NamedTuple, TypeAlias, TypeVar

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
from retrodict.spectral.ansatz.frequency_grid import Nodes
from retrodict.spectral.ansatz.layers import Layer, ListNetwork, Weights
from retrodict.spectral.classical.problem import Reconstruction
from retrodict.spectral.kernels import AbstractKernel, KallenLehmann
from retrodict.spectral.published_loss import LIST, OMEGA, Network, PublishedProblem, published_problem, sum_of_squares

EPOCH: Final = 25  # updates
Trained = TypeVar("Trained", Weights, Layer)
Moments: TypeAlias = Any  # optax.ScaleByAdamState, whose moments optax types as unknown trees


@dataclass(frozen=True)
class WarmRestarts:
    """The penalties at an epoch: strong for the first half of every period, nearly gone in the second.

    Smoothness falls by ten at half the period, the penalty on the weights to `least`.

    Args:
        decay: lambda in the first half of a period.
        smoothness: lambda_s in the first half of a period.
        least: lambda in the second half.
        period: epochs.
    """

    decay: float = 1e-3
    smoothness: float = 1e-4
    least: float = 1e-8
    period: int = 400

    def __call__(self, epoch: Int[Array, ""]) -> tuple[Scalar, Scalar]:
        """lambda and lambda_s at an `epoch`."""
        strong = epoch % self.period < self.period // 2
        return jnp.where(strong, self.decay, self.least), jnp.where(strong, 1.0, 0.1) * self.smoothness


RESTARTS, NO_PENALTY = WarmRestarts(), WarmRestarts(0.0, 0.0, 0.0)


class State(NamedTuple):
    """The state of the training."""

    weights: Weights  # of the network
    optimiser: Moments  # moments of the gradients of all weights
    misfit: Scalar  # after the last epoch


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
    """Adam on all weights, then on the output layer; an epoch is 25 updates.

    The published refinement takes 1000 to 5000 epochs, "until the loss stops", and halves its rate every 2000. The
    answer is a point without a spread; the training never stops early.

    Args:
        warm_up: epochs of Adam on all weights.
        refine: epochs of Adam on the output layer.
        rate: learning rate of the first.
        refining_rate: learning rate of the second, halved every 2000 epochs.
        penalties: lambda and lambda_s by epoch.
    """

    warm_up: int = 1600
    refine: int = 2000
    rate: float = 1e-3
    refining_rate: float = 1e-4
    penalties: WarmRestarts = RESTARTS

    references: ClassVar[tuple[str, ...]] = ("wang2022", "kingma2015")  # keys of the bibliography
    uses_gradient: ClassVar[bool] = True  # in each step

    @property
    def positions_per_step(self) -> int:
        """One network."""
        return 1

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

    def init(self, target: PublishedProblem, key: Key) -> State:
        """Draw the weights of `target` with `key`."""
        weights = target.init(key)
        return State(weights, _zero_moments(weights), jnp.asarray(jnp.inf, target.omega.dtype))

    def step(self, target: PublishedProblem, state: State, key: Key, index: Int[Array, ""]) -> tuple[State, Record]:
        """One epoch, number `index`, of training on `target` from `state`; `key` is not used."""
        state = jax.lax.cond(index < self.warm_up, self._warm_up_epoch, self._refining_epoch, target, state, index)
        return state, Record(jnp.isfinite(state.misfit), {"misfit": state.misfit}, state.misfit)

    def _warm_up_epoch(self, target: PublishedProblem, state: State, index: Int[Array, ""]) -> State:
        decay, smoothness = (x.astype(target.omega.dtype) for x in self.penalties(index))
        weights, moments = _epoch(
            lambda w: target.loss(w, decay, smoothness), state.weights, state.optimiser, self.rate
        )
        return State(weights, moments, target.misfit(target.spectral_function(weights)))

    def _refining_epoch(self, target: PublishedProblem, state: State, index: Int[Array, ""]) -> State:
        hidden, decay = target.hidden(state.weights), self.penalties.least

        def read(output: Layer) -> Nodes:
            return target.network.read(output, hidden, target.omega)

        def loss(output: Layer) -> Scalar:
            rho = read(output)
            return target.misfit(rho) + 0.5 * decay * sum_of_squares(output)

        # The refinement begins with a new optimiser; moments of the other layers are not used any more.
        fresh = index == self.warm_up
        moments = jax.tree.map(lambda x: jnp.where(fresh, jnp.zeros_like(x), x), state.optimiser)
        rate = self.refining_rate * 0.5 ** ((index - self.warm_up) // 2000)
        output, own = _epoch(loss, state.weights.output, _moments_of_output(moments), rate)
        moments = moments._replace(
            count=own.count, mu=moments.mu._replace(output=own.mu), nu=moments.nu._replace(output=own.nu)
        )
        weights = state.weights._replace(output=output)
        return State(weights, moments, target.misfit(read(output)))

    def done(self, state: State) -> Flag:
        """Never before `steps`."""
        return jnp.asarray(False)

    def finish(self, target: PublishedProblem, state: State, history: PyTree[Float[Array, "..."]]) -> Draws:
        """The weights of the last `state` as the only draw; `target` and `history` are not used."""
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
    """Reconstruct rho by the published network, loss and schedule; there is no error.

    Args:
        momentum: points of the correlator, shape (points,).
        data: values of the correlator, shape (points,).
        network: from its weights to rho.
        schedule: of the training; None: for the list network that of the paper, for the point network, as in the
            published program, without penalties.
        kernel: K(x, omega).
        omega: frequencies of the answer, equally spaced, shape (nodes,).
        precision: floating-point type of the training.
        seed: of the weights at the start.

    Returns:
        rho at the frequencies; its `chi2` is the un-normalised misfit.

    Raises:
        InputError: for data of another length than the momenta.

    Warns:
        UserWarning: for any other kernel than that of the paper, to which the schedule was tuned. On a thermal
            correlator (T = 0.1, 19 times, noise 1e-4) the answer of the list network is wrong by ten times its norm.
    """
    if not isinstance(kernel, KallenLehmann):
        warnings.warn(
            f"the published schedule was tuned to KallenLehmann; with {type(kernel).__name__} it can end far from any "
            "fit: compare the correlator of the answer with the data, or take a posterior (`spectral.problem`)",
            stacklevel=2,
        )
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


def _epoch(
    loss: Callable[[Trained], Scalar], trained: Trained, moments: Moments, rate: Scalar | float
) -> tuple[Trained, Moments]:
    """25 updates of the weights that are trained."""

    def update(_: Int[Array, ""], carry: tuple[Trained, Moments]) -> tuple[Trained, Moments]:
        trained, moments = carry
        direction, moments = optax.scale_by_adam().update(jax.grad(loss)(trained), moments)
        return jax.tree.map(lambda x, d: (x - rate * d).astype(x.dtype), trained, direction), moments

    return jax.lax.fori_loop(0, EPOCH, update, (trained, moments))


def _zero_moments(weights: Weights) -> Moments:
    return optax.ScaleByAdamState(jnp.zeros([], jnp.int32), *(jax.tree.map(jnp.zeros_like, weights) for _ in range(2)))


def _moments_of_output(moments: Moments) -> Moments:
    return optax.ScaleByAdamState(moments.count, moments.mu.output, moments.nu.output)
