r"""Diffusion models: the forward noise process run backwards with any score, learnt or exact, in three ways.

In the variables of `generate.noise` the forward step from level $\sigma'$ to $\sigma$ adds white noise of variance
$\Delta = \sigma^2 - \sigma'^2$. Backwards, the conditional distribution of y' given y has mean
$y + \Delta\,s(y, \sigma)$, exactly, and covariance $\Delta + \Delta^2\nabla s$.

- `ReverseSDE`: in each step a normal number of that mean; the probability of the path is known.
- `ProbabilityFlow`: the ordinary equation with the same marginals, $dy/d\ln\sigma = -\sigma^2 s$; the density is known.
- `PredictorCorrector`: as the first, then Langevin steps at the new level; the density is not known.

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
from retrodict.generate.modes import AbstractModes
from retrodict.generate.score import Diffusion

RUNGE_KUTTA: Final = ((0.0, 1 / 6), (0.5, 1 / 3), (0.5, 1 / 3), (1.0, 1 / 6))  # place and weight of each stage
PILOT_SEED: Final = 0  # of the noise in what is measured before drawing
LEVEL_FIELDS: Final = 64  # number of fields on which the levels are chosen
WIDTH_FIELDS: Final = 256  # number of fields on which the widths of steps are measured
GRID: Final = 33  # number of levels at which the cost of a step is measured
MIN_DENSITY: Final = 0.1  # of levels everywhere, in units of the mean density

State = tuple[Float[Array, "*site"], Scalar]  # a field, and the log density or what was gained of it


class ReverseSDE(AbstractModel):
    """The reverse stochastic equation in independent normal steps, the last one to noise zero (ancestral sampling).

    `log_prob` of a draw is that of its path. The weights are exact in path space for any score, also a bad one, and any
    number of steps: these only change the variance of the weights. `tune_sampler` chooses levels of equal cost and
    measures `information` there.
    """

    density: ClassVar[Density] = Density.PATH  # type: ignore[override]
    process: Diffusion  # score, base distribution and levels
    weights: PyTree  # of the score
    modes: AbstractModes  # basis in which the covariance of a step is diagonal
    information: Float[Array, "levels ..."]  # mean square score by level and mode; zero for Euler-Maruyama steps

    def sample(self, key: Key) -> Sample:
        start_key, noise_key = jr.split(key)
        levels = self.process.levels
        y, log_q = self.process.start.draw(start_key, levels[0])
        below = jnp.append(levels[1:], 0.0).astype(levels.dtype)
        keys = jr.split(noise_key, len(levels))

        def step(state: State, k: tuple[Scalar, Scalar, Float[Array, "..."], Key]) -> tuple[State, None]:
            return self._step(*state, *k), None

        (x, log_q), _ = jax.lax.scan(step, (y, log_q), (levels, below, self.information, keys))
        return Sample(x, log_q)

    def loss(self, x: Float[Array, "*site"], key: Key) -> Scalar:
        return self.process.loss(self.weights, x, key)

    def tune_sampler(self, examples: Float[Array, "examples *site"]) -> "ReverseSDE":
        """Choose levels and widths of the steps for the present weights, measured on some of the examples."""
        level_key, width_key = jr.split(jr.key(PILOT_SEED))
        levels = equal_cost_levels(self.process, self.weights, examples[:LEVEL_FIELDS], level_key)
        process = eqx.tree_at(lambda p: p.levels, self.process, levels)
        widths = information(process, self.weights, self.modes, examples[:WIDTH_FIELDS], width_key)
        return type(self)(process, self.weights, self.modes, widths)

    def _step(
        self,
        y: Float[Array, "*site"],
        log_q: Scalar,
        level: Scalar,
        below: Scalar,
        information: Float[Array, "..."],
        key: Key,
    ) -> tuple[Float[Array, "*site"], Scalar]:
        """One step down; log q grows by the log ratio of the backward and the forward density of the step."""
        width = level**2 - below**2
        narrowed = 1 - width * information
        white = jr.normal(key, y.shape, y.dtype)
        moved = width * self.process.score(self.weights, y, level)
        moved = moved + jnp.sqrt(width) * self.modes.filter(white, jnp.sqrt(narrowed))
        backward = -0.5 * (jnp.sum(white**2) + self.modes.log_det(narrowed))
        forward = -0.5 * jnp.sum(moved**2) / width  # both lack the same power of 2 pi width
        return y + moved, log_q + backward - forward


class ProbabilityFlow(AbstractModel):
    """The probability-flow ordinary equation, by Runge-Kutta steps of fourth order in the log of the level.

    The divergence is that of the score, without random estimates, so that `log_prob` is exact up to the error of the
    integrator, of order (step)^4, for any configuration.
    """

    density: ClassVar[Density] = Density.EXACT  # type: ignore[override]
    unbounded: ClassVar[bool] = True  # its numbers are real
    process: Diffusion  # score, base distribution and levels
    weights: PyTree  # of the score

    def sample(self, key: Key) -> Sample:
        levels = self.process.levels
        return Sample(*self._integrate(*self.process.start.draw(key, levels[0]), levels))

    def log_prob(self, x: Float[Array, "*site"]) -> Scalar:
        """log q of any configuration, by integrating from it to the largest noise."""
        levels = self.process.levels[::-1]
        y, gained = self._integrate(x, jnp.zeros((), x.dtype), levels)
        return self.process.start.log_prob(y, levels[-1]) - gained

    def loss(self, x: Float[Array, "*site"], key: Key) -> Scalar:
        return self.process.loss(self.weights, x, key)

    def initialise_from(self, examples: Float[Array, "examples *site"]) -> "ProbabilityFlow":
        """Fit scale and score to the examples, where the score has a closed form for that."""
        fit = self.process.score.fit_closed_form(self.process, examples)
        return self if fit is None else type(self)(*fit)

    def path(self, y: Float[Array, "*site"]) -> Float[Array, "levels *site"]:
        """The field at each level as the noise is removed: for pictures and for cumulants.

        Args:
            y: field with noise of the first level, shape `*site`.
        """
        levels = jnp.log(self.process.levels)
        zero = jnp.zeros((), y.dtype)

        def step(
            y: Float[Array, "*site"], ends: tuple[Scalar, Scalar]
        ) -> tuple[Float[Array, "*site"], Float[Array, "*site"]]:
            y, _ = self._runge_kutta(y, zero, *ends)
            return y, y

        _, after = jax.lax.scan(step, y, (levels[:-1], levels[1:]))
        return jnp.concatenate([y[None], after])

    def _integrate(
        self, y: Float[Array, "*site"], log_q: Scalar, levels: Float[Array, " levels"]
    ) -> tuple[Float[Array, "*site"], Scalar]:
        logs = jnp.log(levels)

        def step(state: State, ends: tuple[Scalar, Scalar]) -> tuple[State, None]:
            return self._runge_kutta(*state, *ends), None

        state, _ = jax.lax.scan(step, (y, log_q), (logs[:-1], logs[1:]))
        return state

    def _runge_kutta(
        self, y: Float[Array, "*site"], log_q: Scalar, here: Scalar, there: Scalar
    ) -> tuple[Float[Array, "*site"], Scalar]:
        """One step. Its four stages are a loop, so that the score is compiled once."""
        h = there - here

        def stage(
            state: tuple[Float[Array, "*site"], Float[Array, "*site"], Scalar], k: Float[Array, "2"]
        ) -> tuple[tuple[Float[Array, "*site"], Float[Array, "*site"], Scalar], None]:
            velocity, total, divergence = state
            velocity, change = self._velocity(y + h * k[0] * velocity, here + h * k[0])
            return (velocity, total + k[1] * velocity, divergence + k[1] * change), None

        nothing = jnp.zeros_like(y), jnp.zeros_like(y), jnp.zeros_like(log_q)
        (_, velocity, divergence), _ = jax.lax.scan(stage, nothing, jnp.asarray(RUNGE_KUTTA, y.dtype))
        return y + h * velocity, log_q - h * divergence

    def _velocity(self, y: Float[Array, "*site"], log_level: Scalar) -> tuple[Float[Array, "*site"], Scalar]:
        """dy / d ln sigma and its divergence."""
        level = jnp.exp(log_level)
        score, divergence = self.process.score.with_divergence(self.weights, y, level)
        return -(level**2) * score, -(level**2) * divergence


class PredictorCorrector(AbstractModel):
    r"""Reverse steps of full variance, each followed by Langevin steps (correctors) at the new level.

    Their size is $2r^2\sigma^2$ with the ratio r = `signal` of drift to noise. Biased, and the density is unknown.
    Source: Song et al., algorithms 2 and 4, where $\sigma$ is estimated from the norm of the score.
    """

    density: ClassVar[Density] = Density.UNKNOWN  # type: ignore[override]
    process: Diffusion  # score, base distribution and levels
    weights: PyTree  # of the score
    corrections: int = eqx.field(static=True, default=1)  # Langevin steps a level
    signal: float = eqx.field(static=True, default=0.16)  # ratio of drift to noise in a Langevin step

    def sample(self, key: Key) -> Sample:
        start_key, noise_key, last_key = jr.split(key, 3)
        levels = self.process.levels
        y, _ = self.process.start.draw(start_key, levels[0])

        def step(y: Float[Array, "*site"], k: tuple[Scalar, Scalar, Key]) -> tuple[Float[Array, "*site"], None]:
            level, below, key = k
            predict, correct = jr.split(key)
            y = self._predict(y, level, below, predict)
            for step_key in jr.split(correct, self.corrections):
                y = self._correct(y, below, step_key)
            return y, None

        y, _ = jax.lax.scan(step, y, (levels[:-1], levels[1:], jr.split(noise_key, len(levels) - 1)))
        return Sample(self._predict(y, levels[-1], jnp.zeros_like(levels[-1]), last_key), None)

    def loss(self, x: Float[Array, "*site"], key: Key) -> Scalar:
        return self.process.loss(self.weights, x, key)

    def _predict(self, y: Float[Array, "*site"], level: Scalar, below: Scalar, key: Key) -> Float[Array, "*site"]:
        width = level**2 - below**2
        white = jr.normal(key, y.shape, y.dtype)
        return y + width * self.process.score(self.weights, y, level) + jnp.sqrt(width) * white

    def _correct(self, y: Float[Array, "*site"], level: Scalar, key: Key) -> Float[Array, "*site"]:
        white, score = jr.normal(key, y.shape, y.dtype), self.process.score(self.weights, y, level)
        size = 2 * (self.signal * level) ** 2
        return y + size * score + jnp.sqrt(2 * size) * white


def information(
    process: Diffusion, weights: PyTree, modes: AbstractModes, fields: Float[Array, "fields *site"], key: Key
) -> Float[Array, "levels ..."]:
    r"""Measure the mean square of the score in each mode at each level (the Fisher information of the noised data).

    It equals the mean of $-\nabla s$, so that $\Delta - \Delta^2 I$ is the mean covariance of a reverse step. Capped at
    $1/\sigma^2$, the bound for any distribution that was smoothed by noise of that level.

    Args:
        process: the diffusion process.
        weights: weights of its score.
        modes: basis in which the information is diagonal.
        fields: data to which noise is added, shape `(fields, *site)`.
        key: random key of the noise.

    Returns:
        The information, shape `(levels, ...)` with the shape of `modes.power` at the end.
    """

    def at(level: Scalar, k: Key) -> Float[Array, "..."]:
        white = jr.normal(k, fields.shape, fields.dtype)
        scores = jax.vmap(lambda y: process.score(weights, y, level))(fields + level * white)
        return jnp.minimum(jnp.mean(jax.vmap(modes.power)(scores), axis=0), 0.98 / level**2)

    return jax.lax.map(lambda k: at(*k), (process.levels, jr.split(key, len(process.levels))))


def equal_cost_levels(
    process: Diffusion, weights: PyTree, fields: Float[Array, "fields *site"], key: Key
) -> Float[Array, " levels"]:
    r"""Space the noise levels so that all reverse steps have the same cost: the divergence that each adds to the path.

    There are as many levels between the same bounds as before, dense where the covariance of a reverse step varies with
    the field. A step of the mean covariance over $h = d\ln\sigma$ has a divergence of $h^2c$ from the true one, with
    $c = \sigma^4\langle|\nabla s - \langle\nabla s\rangle|^2\rangle$ (Frobenius). The sum over steps is least where
    their density is $\sqrt c$. The norm is estimated along a random direction, the same for all fields at a level.

    Args:
        process: the diffusion process, with the levels to be replaced.
        weights: weights of its score.
        fields: data to which noise is added, shape `(fields, *site)`.
        key: random key of noise and directions.
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
    density = density + MIN_DENSITY * jnp.mean(density) + jnp.finfo(density.dtype).tiny
    cumulative = jnp.append(jnp.zeros(1, density.dtype), jnp.cumsum(density[1:] + density[:-1]))
    ends = jnp.linspace(0, cumulative[-1], len(process.levels))
    return jnp.exp(jnp.interp(ends, cumulative, logs)).astype(process.levels.dtype)
