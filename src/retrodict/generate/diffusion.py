r"""Diffusion models: the noising process run backwards with any score, learnt or exact, in three ways.

In the variables of `generate.noise` the forward step from level $\sigma'$ to $\sigma$ adds white noise of variance
$\Delta = \sigma^2 - \sigma'^2$. Backwards, the conditional distribution of y' given y has mean
$y + \Delta\,s(y, \sigma)$, exactly, and covariance $\Delta + \Delta^2\nabla s$.

- `ReverseSDE`: each step a normal number of that mean; knows the probability of its path.
- `ProbabilityFlow`: the ordinary equation with the same marginals, $dy/d\ln\sigma = -\sigma^2 s$; knows its density.
- `PredictorCorrector`: as the first, then Langevin steps at the new level; knows nothing.

Sources: Song, Sohl-Dickstein, Kingma, Kumar, Ermon, Poole, ICLR 2021 (arXiv:2011.13456); Wang, Aarts, Zhou, JHEP 05
(2024) 060, for lattice fields.
"""

from typing import ClassVar, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.generate.model import AbstractModel, Density, Sample
from retrodict.generate.modes import AbstractModes, AbstractStart
from retrodict.generate.score import AbstractScore, random_levels

RUNGE_KUTTA: Final = ((0.0, 1 / 6), (0.5, 1 / 3), (0.5, 1 / 3), (1.0, 1 / 6))  # place and weight of each stage
PILOT_SEED: Final = 0  # of the noise in what is measured before drawing
PACED: Final = 64  # fields on which the levels are chosen
MEASURED: Final = 256  # fields on which the widths of steps are measured
GRID: Final = 33  # levels at which the cost of a step is measured
LEAST: Final = 0.1  # of the mean density of levels, everywhere


class Diffusion(eqx.Module):
    """What the samplers of one score share: the score, where they start, and their falling levels of noise."""

    score: AbstractScore
    start: AbstractStart
    levels: Float[Array, " levels"]
    variance: Scalar | float = 1.0  # of the data, on the whole
    strata: int = eqx.field(static=True, default=1)  # levels at which the loss looks at each example

    def loss(self, weights: PyTree, x: Array, key: Key) -> Scalar:
        """Score matching at levels between the last and the first: log-uniform, one in each of the strata."""
        level_key, noise_key = jr.split(key)
        levels = random_levels(level_key, self.levels[-1], self.levels[0], self.strata).astype(x.dtype)
        white = jr.normal(noise_key, (self.strata, *x.shape), x.dtype)
        matching = lambda n, level: self.score.matching(weights, x, n, level, self.variance)  # noqa: E731
        return jnp.mean(jax.vmap(matching)(white, levels))


class ReverseSDE(AbstractModel):
    """Backwards in independent normal steps, the last one to noise zero; `log_prob` is that of the path.

    Exact in path space for any score, also a bad one, and any number of steps: they decide about the variance of the
    weights only. `information` is the mean square of the score in each mode at each level (see `information`), zero for
    steps of the full variance (Euler and Maruyama). `settled` measures it, on levels whose steps cost alike.
    """

    density: ClassVar[Density] = Density.PATH  # type: ignore[override]
    process: Diffusion
    weights: PyTree
    modes: AbstractModes
    information: Float[Array, "levels ..."]

    def sample(self, key: Key) -> Sample:
        start_key, noise_key = jr.split(key)
        levels = self.process.levels
        y, log_q = self.process.start.draw(start_key, levels[0])
        below = jnp.append(levels[1:], 0.0).astype(levels.dtype)
        keys = jr.split(noise_key, len(levels))

        def step(state: tuple[Array, Scalar], k: tuple[Array, ...]) -> tuple[tuple[Array, Scalar], None]:
            return self._step(*state, *k), None

        (x, log_q), _ = jax.lax.scan(step, (y, log_q), (levels, below, self.information, keys))
        return Sample(x, log_q)

    def loss(self, x: Array, key: Key) -> Scalar:
        return self.process.loss(self.weights, x, key)

    def settled(self, examples: Float[Array, "examples ..."]) -> "ReverseSDE":
        """With levels and widths of the steps that suit the weights, measured on some of the examples."""
        pace_key, width_key = jr.split(jr.key(PILOT_SEED))
        levels = paced(self.process, self.weights, examples[:PACED], pace_key)
        process = eqx.tree_at(lambda p: p.levels, self.process, levels)
        widths = information(process, self.weights, self.modes, examples[:MEASURED], width_key)
        return type(self)(process, self.weights, self.modes, widths)

    def _step(
        self, y: Array, log_q: Scalar, level: Scalar, below: Scalar, information: Array, key: Key
    ) -> tuple[Array, Scalar]:
        """One step down; log q grows by the log ratio of the backward and the forward density of the step."""
        width = level**2 - below**2
        narrowed = 1 - width * information
        white = jr.normal(key, y.shape, y.dtype)
        moved = width * self.process.score(self.weights, y, level)
        moved = moved + jnp.sqrt(width) * self.modes.filtered(white, jnp.sqrt(narrowed))
        backward = -0.5 * (jnp.sum(white**2) + self.modes.log_det(narrowed))
        forward = -0.5 * jnp.sum(moved**2) / width  # both lack the same power of 2 pi width
        return y + moved, log_q + backward - forward


class ProbabilityFlow(AbstractModel):
    """Backwards along the ordinary differential equation, by Runge-Kutta of fourth order in the log of the level.

    The divergence is that of the score, without random estimates, so `log_prob` is exact up to the error of the
    integrator, of order (step)^4, and serves any configuration.
    """

    density: ClassVar[Density] = Density.EXACT  # type: ignore[override]
    unbounded: ClassVar[bool] = True
    process: Diffusion
    weights: PyTree

    def sample(self, key: Key) -> Sample:
        levels = self.process.levels
        return Sample(*self._transported(*self.process.start.draw(key, levels[0]), levels))

    def log_prob(self, x: Array) -> Scalar:
        """log q of any configuration: carried to the noise and back in the density."""
        levels = self.process.levels[::-1]
        y, gained = self._transported(x, jnp.zeros((), x.dtype), levels)
        return self.process.start.log_prob(y, levels[-1]) - gained

    def loss(self, x: Array, key: Key) -> Scalar:
        return self.process.loss(self.weights, x, key)

    def adapted(self, examples: Float[Array, "examples ..."]) -> "ProbabilityFlow":
        """On the scale of the examples, and fitted to them where the score has a closed form for that."""
        found = self.process.score.refitted(self.process, examples)
        return self if found is None else type(self)(*found)

    def path(self, y: Array) -> Array:
        """A noised field at each level on its way down: for pictures and for cumulants."""
        levels = jnp.log(self.process.levels)
        zero = jnp.zeros((), y.dtype)

        def step(y: Array, ends: tuple[Array, Array]) -> tuple[Array, Array]:
            y, _ = self._runge_kutta(y, zero, *ends)
            return y, y

        _, after = jax.lax.scan(step, y, (levels[:-1], levels[1:]))
        return jnp.concatenate([y[None], after])

    def _transported(self, y: Array, log_q: Scalar, levels: Array) -> tuple[Array, Scalar]:
        logs = jnp.log(levels)

        def step(state: tuple[Array, Scalar], ends: tuple[Array, Array]) -> tuple[tuple[Array, Scalar], None]:
            return self._runge_kutta(*state, *ends), None

        state, _ = jax.lax.scan(step, (y, log_q), (logs[:-1], logs[1:]))
        return state

    def _runge_kutta(self, y: Array, log_q: Scalar, here: Scalar, there: Scalar) -> tuple[Array, Scalar]:
        """One step. Its four stages are a loop, so that the score is compiled once."""
        h = there - here

        def stage(state: tuple[Array, Array, Scalar], k: Array) -> tuple[tuple[Array, Array, Scalar], None]:
            velocity, total, divergence = state
            velocity, change = self._velocity(y + h * k[0] * velocity, here + h * k[0])
            return (velocity, total + k[1] * velocity, divergence + k[1] * change), None

        nothing = jnp.zeros_like(y), jnp.zeros_like(y), jnp.zeros_like(log_q)
        (_, velocity, divergence), _ = jax.lax.scan(stage, nothing, jnp.asarray(RUNGE_KUTTA, y.dtype))
        return y + h * velocity, log_q - h * divergence

    def _velocity(self, y: Array, log_level: Scalar) -> tuple[Array, Scalar]:
        """dy / d ln sigma and its divergence."""
        level = jnp.exp(log_level)
        score, divergence = self.process.score.with_divergence(self.weights, y, level)
        return -(level**2) * score, -(level**2) * divergence


class PredictorCorrector(AbstractModel):
    r"""Reverse steps of full variance, each followed by `corrections` Langevin steps at the new level.

    Their size is $2r^2\sigma^2$ with the ratio r = `signal` of drift to noise. Biased, and nothing is known of its
    density. Source: Song et al., algorithms 2 and 4, where $\sigma$ is estimated from the norm of the score.
    """

    density: ClassVar[Density] = Density.UNKNOWN  # type: ignore[override]
    process: Diffusion
    weights: PyTree
    corrections: int = eqx.field(static=True, default=1)
    signal: float = eqx.field(static=True, default=0.16)

    def sample(self, key: Key) -> Sample:
        start_key, noise_key, last_key = jr.split(key, 3)
        levels = self.process.levels
        y, _ = self.process.start.draw(start_key, levels[0])

        def step(y: Array, k: tuple[Array, ...]) -> tuple[Array, None]:
            level, below, key = k
            predict, correct = jr.split(key)
            y = self._predicted(y, level, below, predict)
            for one in jr.split(correct, self.corrections):
                y = self._corrected(y, below, one)
            return y, None

        y, _ = jax.lax.scan(step, y, (levels[:-1], levels[1:], jr.split(noise_key, len(levels) - 1)))
        return Sample(self._predicted(y, levels[-1], jnp.zeros_like(levels[-1]), last_key), None)

    def loss(self, x: Array, key: Key) -> Scalar:
        return self.process.loss(self.weights, x, key)

    def _predicted(self, y: Array, level: Scalar, below: Scalar, key: Key) -> Array:
        width = level**2 - below**2
        white = jr.normal(key, y.shape, y.dtype)
        return y + width * self.process.score(self.weights, y, level) + jnp.sqrt(width) * white

    def _corrected(self, y: Array, level: Scalar, key: Key) -> Array:
        white, score = jr.normal(key, y.shape, y.dtype), self.process.score(self.weights, y, level)
        size = 2 * (self.signal * level) ** 2
        return y + size * score + jnp.sqrt(2 * size) * white


def information(process: Diffusion, weights: PyTree, modes: AbstractModes, fields: Array, key: Key) -> Array:
    r"""The mean square of the score in each mode at each level, from a pilot of `fields` with noise added.

    It equals the mean of $-\nabla s$, so that $\Delta - \Delta^2 I$ is the mean covariance of a reverse step; capped at
    $1/\sigma^2$, beyond which no smoothed distribution goes.
    """

    def at(level: Scalar, k: Key) -> Array:
        white = jr.normal(k, fields.shape, fields.dtype)
        scores = jax.vmap(lambda y: process.score(weights, y, level))(fields + level * white)
        return jnp.minimum(jnp.mean(jax.vmap(modes.power)(scores), axis=0), 0.98 / level**2)

    return jax.lax.map(lambda k: at(*k), (process.levels, jr.split(key, len(process.levels))))


def paced(process: Diffusion, weights: PyTree, fields: Array, key: Key) -> Array:
    r"""As many levels between the same bounds, dense where the covariance of a reverse step varies with the field.

    A step of the mean covariance over $h = d\ln\sigma$ has a divergence of $h^2c$ from the true one, with
    $c = \sigma^4\langle|\nabla s - \langle\nabla s\rangle|^2\rangle$ (Frobenius). The sum over steps is least where
    their density is $\sqrt c$. The norm is estimated along a random direction, the same for all fields at a level.
    """
    logs = jnp.linspace(jnp.log(process.levels[0]), jnp.log(process.levels[-1]), GRID)

    def cost(level: Scalar, k: Key) -> Scalar:
        noise_key, along_key = jr.split(k)
        noised = fields + level * jr.normal(noise_key, fields.shape, fields.dtype)
        along = jr.normal(along_key, fields.shape[1:], fields.dtype)
        slope = jax.vmap(lambda y: jax.jvp(lambda at: process.score(weights, at, level), (y,), (along,))[1])(noised)
        return level**4 * jnp.sum(jnp.var(slope, axis=0))

    levels = jnp.exp(logs).astype(fields.dtype)
    density = jnp.sqrt(jax.lax.map(lambda k: cost(*k), (levels, jr.split(key, GRID))))
    density = density + LEAST * jnp.mean(density) + jnp.finfo(density.dtype).tiny
    passed = jnp.append(jnp.zeros(1, density.dtype), jnp.cumsum(density[1:] + density[:-1]))
    wanted = jnp.linspace(0, passed[-1], len(process.levels))
    return jnp.exp(jnp.interp(wanted, passed, logs)).astype(process.levels.dtype)
