"""The No-U-Turn sampler on several chains at once; the only file that imports BlackJAX.

Source: Hoffman, Gelman, JMLR 15 (2014) 1593, with multinomial sampling (Betancourt, arXiv:1701.02434) and Stan's
schedule of warm-up windows. Chains share the step size and the metric, estimated from all of them together, so that a
dense metric is affordable: a window of 25 steps on 4 chains has 100 draws. BlackJAX is imported where it is used:
checking a config should not wait half a second for it.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.flatten_util import ravel_pytree

from retrodict.base.errors import InputError
from retrodict.base.types import JSON, Array, Bool, Count, Flag, Float, Int, Key, PyTree, Scalar, Share
from retrodict.inference.gauss_newton import covariance, linearise
from retrodict.inference.start import starting_points
from retrodict.inference.step_size import StepSize, adapted, initial_step_size
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget, promoted, require_unconstrained
from retrodict.run.diagnostic import Finding, Limits
from retrodict.run.method import Draws, Record
from retrodict.run.sharding import spread

if TYPE_CHECKING:
    from blackjax.mcmc.hmc import HMCState

Metric = Float[Array, "dim dim"] | Float[Array, " dim"]

DIVERGENT = Limits(0.0, 0.05)  # share of the draws
DENSE_UP_TO = 128  # dimensions; beyond, a diagonal metric


class Moments(NamedTuple):
    """Running mean and sum of squared deviations of all chains' positions in the present window (Welford)."""

    number: Float[Array, ""]  # of positions
    mean: Float[Array, " dim"]  # of the positions
    scatter: Float[Array, "dim dim"] | Float[Array, " dim"]  # sum of squared deviations


class State(NamedTuple):
    """Chains on flattened positions, and what they share."""

    chains: "HMCState"  # on flattened positions
    step_size: StepSize  # shared by all chains
    metric: Metric  # inverse mass matrix: the posterior covariance
    moments: Moments  # of the present window


class Trajectories(NamedTuple):
    """Step size and divergences of the draws."""

    step_size: Scalar  # after warm-up
    divergent: Bool[Array, "chain draw"]  # trajectories whose energy was not conserved

    def findings(self) -> tuple[Finding, ...]:
        """Divergent transitions."""
        number, fraction = int(np.sum(self.divergent)), float(np.mean(self.divergent))
        if severity := DIVERGENT.above(fraction):
            text = f"{number} divergent transitions: part of the posterior was not reached"
            return (Finding(severity, text, "a higher `target_acceptance`, or ConstrainedHMC"),)
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`step_size`, `divergences` and `divergent_fraction`."""
        number, fraction = int(np.sum(self.divergent)), float(np.mean(self.divergent))
        return {"step_size": float(self.step_size), "divergences": number, "divergent_fraction": fraction}


class Kept(NamedTuple):
    """What each step leaves behind, per chain."""

    position: Float[Array, "chains dim"]  # flattened
    divergent: Bool[Array, " chains"]  # energy not conserved
    acceptance: Float[Array, " chains"]  # mean probability along the trajectory
    tree_depth: Int[Array, " chains"]  # doublings
    gradients: Int[Array, " chains"]  # evaluations
    energy: Float[Array, " chains"]  # potential and kinetic


@dataclass(frozen=True)
class NUTS:
    """The No-U-Turn sampler, for any target with positions of any shape.

    Converges to the target; slow where the posterior is a thin curved sheet (trees saturate at `max_tree_depth`: use
    `ConstrainedHMC`) or has separate modes. The metric is dense up to 128 dimensions.

    Args:
        chains: number of chains.
        warmup: adaptive steps of each chain, which are not kept.
        draws: kept steps of each chain.
        target_acceptance: mean acceptance probability to which the step size is tuned.
        max_tree_depth: doublings of a trajectory, at most.

    Example:

        >>> NUTS(chains=2, warmup=100, draws=200).steps
        300
    """

    chains: Count = 4
    warmup: Count = 500
    draws: Count = 1000
    target_acceptance: Share = 0.8
    max_tree_depth: Count = 10

    references: ClassVar[tuple[str, ...]] = ("hoffman2014", "betancourt2017", "blackjax2024")  # BibTeX keys
    uses_gradient: ClassVar[bool] = True  # in each step

    @property
    def steps(self) -> int:
        """Warm-up and draws."""
        return self.warmup + self.draws

    @property
    def positions_per_step(self) -> int:
        """Chains."""
        return self.chains

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` if `target` is no density."""
        if not isinstance(target, AbstractTarget):
            raise InputError("NUTS needs a target with a log density", got=type(target).__name__)
        require_unconstrained(target, "NUTS")
        if self.warmup < 1:
            raise InputError("NUTS finds its step size during warm-up", got=f"warmup={self.warmup}", fix="warmup=500")

    def init(self, target: AbstractTarget, key: Key) -> State:
        """All chains at their starting points, with a first metric."""
        from blackjax.mcmc.nuts import init as kernel_state

        positions = starting_points(target, key, self.chains)
        flat = jax.vmap(lambda x: ravel_pytree(x)[0])(positions)
        chains = jax.vmap(lambda x: kernel_state(x, _flat_density(target)))(flat)
        metric = _first_metric(target, flat)
        return State(chains, initial_step_size(0.1), metric, _no_moments(metric))

    def step(self, target: AbstractTarget, state: State, key: Key, index: Int[Array, ""]) -> tuple[State, Record]:
        """One trajectory of every chain; adapts while `index` is below `warmup`.

        Arguments as in `Method.step`: `target`, `state`, `key`, `index`.
        """
        from blackjax.mcmc.nuts import build_kernel

        warm = index < self.warmup
        size = jnp.exp(jnp.where(warm, state.step_size.log, state.step_size.log_average))
        kernel, density = build_kernel(), _flat_density(target)

        def one(k: Key, chain: Any) -> Any:
            return kernel(k, chain, density, cast(Any, size), state.metric, self.max_tree_depth)

        chains, info = jax.vmap(one)(spread(jr.split(key, self.chains)), state.chains)
        acceptance = jnp.where(jnp.isfinite(info.acceptance_rate), info.acceptance_rate, 0.0)
        moved = state._replace(chains=chains)
        state = jax.lax.cond(warm, lambda: self._adapt(moved, acceptance, index), lambda: moved)
        depth, gradients = info.num_trajectory_expansions, info.num_integration_steps
        kept = Kept(chains.position, info.is_divergent, acceptance, depth, gradients, info.energy)
        metrics = {"acceptance": jnp.mean(acceptance), "step_size": size, "tree_depth": jnp.mean(1.0 * depth)}
        finite = jnp.all(jnp.isfinite(chains.position)) & ~jnp.any(jnp.isnan(chains.logdensity))
        return state, Record(finite, metrics, kept)

    def done(self, state: State) -> Flag:
        """Never early."""
        return jnp.asarray(False)

    def finish(self, target: AbstractTarget, state: State, history: Kept) -> Draws:
        """The draws after warm-up, in the target's own shape.

        Arguments as in `Method.finish`: `target`, `state`, `history`.
        """
        after = jax.tree.map(lambda x: jnp.swapaxes(jnp.asarray(x)[self.warmup :], 0, 1), history)
        unravel = _unravel(target)
        position = jax.vmap(jax.vmap(unravel))(after.position)
        statistics = {name: value for name, value in after._asdict().items() if name != "position"}
        records = (Trajectories(jnp.exp(state.step_size.log_average), after.divergent),)
        return Draws(position, jnp.zeros(after.energy.shape), "exact", statistics, diagnostics=records)

    def _adapt(self, state: State, acceptance: Float[Array, " chains"], index: Int[Array, ""]) -> State:
        from blackjax.adaptation.window_adaptation import build_schedule

        stage, window_end = jnp.asarray(build_schedule(self.warmup))[index]
        state = state._replace(step_size=adapted(state.step_size, acceptance, self.target_acceptance))
        counted = _count(state.moments, cast(Array, state.chains.position))
        state = state._replace(moments=jax.tree.map(lambda a, b: jnp.where(stage == 1, b, a), state.moments, counted))
        return jax.lax.cond(window_end == 1, _close_window, lambda s: s, state)


def _first_metric(target: AbstractTarget, positions: Float[Array, "chains dim"]) -> Metric:
    """The mean Gauss-Newton covariance at the starting points, where there is one and it is not too large; else unity.

    With 20 latents of which 10 are measured to 5 %, it saves 94 % of the gradients of the warm-up.
    """
    dim = positions.shape[1]
    if dim > DENSE_UP_TO:
        return jnp.ones(dim)
    if not isinstance(target, AbstractLeastSquares):
        return jnp.eye(dim)
    return jnp.mean(jax.vmap(lambda z: covariance(linearise(target, z).jacobian))(positions), axis=0)


def _no_moments(metric: Metric) -> Moments:
    return Moments(jnp.asarray(0.0), jnp.zeros(len(metric)), jnp.zeros_like(metric))


def _count(moments: Moments, position: Float[Array, "chains dim"]) -> Moments:
    """One more step of all chains (Chan, Golub, LeVeque: merging of moments)."""
    added = len(position)
    total = moments.number + added
    shift = jnp.mean(position, axis=0) - moments.mean
    inside = position - jnp.mean(position, axis=0)
    weight = moments.number * added / total
    if moments.scatter.ndim == 1:
        scatter = moments.scatter + jnp.sum(inside**2, axis=0) + weight * shift**2
    else:
        scatter = moments.scatter + inside.T @ inside + weight * jnp.outer(shift, shift)
    return Moments(total, moments.mean + shift * added / total, scatter)


def _close_window(state: State) -> State:
    """The window's covariance, shrunk to a small unit matrix as in Stan, becomes the metric; all else restarts."""
    moments = state.moments
    share = moments.number / (moments.number + 5)
    unit = jnp.eye(len(state.metric)) if state.metric.ndim == 2 else jnp.ones(len(state.metric))
    metric = share * moments.scatter / (moments.number - 1) + (1 - share) * 1e-3 * unit
    step_size = initial_step_size(jnp.exp(state.step_size.log_average))
    return State(state.chains, step_size, metric, _no_moments(metric))


def _example(target: AbstractTarget) -> PyTree[Float[Array, "..."]]:
    shapes = promoted(target, jax.eval_shape(target.init, jr.key(0)))
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)


def _unravel(target: AbstractTarget) -> Any:
    return ravel_pytree(_example(target))[1]


def _flat_density(target: AbstractTarget) -> Any:
    unravel = _unravel(target)
    return lambda flat: jnp.asarray(target.log_density(unravel(flat)), dtype=flat.dtype)
