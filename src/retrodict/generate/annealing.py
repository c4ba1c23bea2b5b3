r"""Walker Langevin dynamics: down the levels of noise by the drift of a score, then Metropolis steps of the action.

At level $\sigma$, $y \to y + \epsilon\,s(y, \sigma) + \sqrt{2\epsilon}\,n$: stochastic quantisation with the noised
action, and with the action itself as the level vanishes. What is returned are *accepted states* of the Metropolis chain
at the end. They are draws of the target only as far as that chain has forgotten its start; what it does not reach in
its few steps (a topological sector, the other sign) stays as wrong as the annealing left it.

Sources: Song, Ermon, NeurIPS 2019 (arXiv:1907.05600); Roberts, Tweedie, Bernoulli 2 (1996) 341; Parisi, Wu, Sci. Sin.
24 (1981) 483.
"""

from collections.abc import Callable
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Flag, Float, Key, PyTree, Scalar
from retrodict.generate.exact import accepts
from retrodict.generate.model import AbstractModel, Density, Sample
from retrodict.generate.score import Diffusion
from retrodict.problem.target import AbstractTarget

Drift = Callable[[Float[Array, "*site"]], Float[Array, "*site"]]
ValueAndDrift = Callable[[Float[Array, "*site"]], tuple[Scalar, Float[Array, "*site"]]]
State = tuple[Float[Array, "*site"], Scalar, Float[Array, "*site"]]  # position, log density and its gradient


class Walker(NamedTuple):
    """The end of one annealed Langevin path."""

    x: Float[Array, "*site"]  # an accepted state of the Metropolis chain
    acceptance: Scalar  # fraction of Metropolis proposals that were accepted; one where there were none


class AnnealedLangevin(AbstractModel):
    r"""`steps` Langevin steps a level, then `adjusted` Metropolis steps on the action; independent walkers.

    The step is $\epsilon = c / (\sigma^{-2} + k)$ with c = `size` and the `stiffness` k, the largest curvature of the
    action. Nothing is known of the density: `exact` offers no correction, a chain that starts here does.
    """

    density: ClassVar[Density] = Density.UNKNOWN  # type: ignore[override]
    process: Diffusion  # score, base distribution and levels
    weights: PyTree  # of the score
    target: AbstractTarget  # density of the Metropolis steps
    stiffness: float  # k, the largest curvature of the action
    steps: int = eqx.field(static=True, default=10)  # Langevin steps a level
    metropolis_steps: int = eqx.field(static=True, default=100)  # at the end
    size: float = eqx.field(static=True, default=0.25)  # c, the step in units of the largest stable one

    def sample(self, key: Key) -> Sample:
        return Sample(self.walk(key).x, None)

    def loss(self, x: Float[Array, "*site"], key: Key) -> Scalar:
        return self.process.loss(self.weights, x, key)

    def walk(self, key: Key) -> Walker:
        """Run one walker from the noise to the action.

        Args:
            key: random key.
        """
        start_key, noise_key, adjust_key = jr.split(key, 3)
        y, _ = self.process.start.draw(start_key, self.process.levels[0])
        y = self.anneal(y, noise_key)
        target = jax.value_and_grad(self.target.log_density)
        return metropolis_adjusted_langevin(target, y, adjust_key, self.size / self.stiffness, self.metropolis_steps)

    def anneal(self, y: Float[Array, "*site"], key: Key) -> Float[Array, "*site"]:
        """Run Langevin steps at all levels, without a Metropolis step: biased.

        Args:
            y: field with noise of the first level, shape `*site`.
            key: random key.
        """

        def at(y: Float[Array, "*site"], k: tuple[Scalar, Key]) -> tuple[Float[Array, "*site"], None]:
            level, level_key = k
            size = self.size / (1 / level**2 + self.stiffness)
            return langevin(lambda x: self.process.score(self.weights, x, level), y, level_key, size, self.steps), None

        levels = self.process.levels
        return jax.lax.scan(at, y, (levels, jr.split(key, len(levels))))[0]


def langevin(
    drift: Drift, x: Float[Array, "*site"], key: Key, size: Scalar | float, steps: int
) -> Float[Array, "*site"]:
    """Run Langevin dynamics, which samples exp(-S) where the drift is -grad S; biased at O(size).

    Args:
        drift: the drift as a function of the field.
        x: starting point, shape `*site`.
        key: random key of the noise.
        size: step size epsilon; the noise has variance 2 epsilon.
        steps: number of steps.
    """
    size = jnp.asarray(size, x.dtype)

    def step(x: Float[Array, "*site"], k: Key) -> tuple[Float[Array, "*site"], None]:
        return x + size * drift(x) + jnp.sqrt(2 * size) * jr.normal(k, x.shape, x.dtype), None

    return jax.lax.scan(step, x, jr.split(key, steps))[0]


def metropolis_adjusted_langevin(
    log_density: ValueAndDrift, x: Float[Array, "*site"], key: Key, size: Scalar | float, steps: int
) -> Walker:
    """Run the Metropolis-adjusted Langevin algorithm (MALA).

    Args:
        log_density: value and gradient of log p as a function of the field.
        x: starting point, shape `*site`.
        key: random key of proposals and acceptances.
        size: step size epsilon; the noise of a proposal has variance 2 epsilon.
        steps: number of steps.

    Returns:
        The last accepted state, and the acceptance rate.
    """
    size = jnp.asarray(size, x.dtype)

    def step(state: State, k: Key) -> tuple[State, Flag]:
        x, value, slope = state
        noise_key, accept_key = jr.split(k)
        white = jr.normal(noise_key, x.shape, x.dtype)
        moved = x + size * slope + jnp.sqrt(2 * size) * white
        new_value, new_slope = log_density(moved)
        back = (x - moved - size * new_slope) / jnp.sqrt(2 * size)
        ahead, behind = value - 0.5 * jnp.sum(white**2), new_value - 0.5 * jnp.sum(back**2)
        accepted = accepts(accept_key, ahead, behind)
        new = moved, new_value, new_slope
        return jax.tree.map(lambda old, proposed: jnp.where(accepted, proposed, old), state, new), accepted

    (x, _, _), accepted = jax.lax.scan(step, (x, *log_density(x)), jr.split(key, steps))
    return Walker(x, jnp.mean(accepted, dtype=x.dtype) if steps else jnp.ones((), x.dtype))
