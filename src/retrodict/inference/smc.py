r"""Particles carried from the prior to the posterior: for separate modes, and for the evidence.

The density $p(z)\,p(d\mid z)^\beta$ is followed from $\beta = 0$ to $1$; each stage reweights, resamples and moves the
particles by a few trajectories of Hamiltonian Monte Carlo whose metric and step size come from the particles
themselves. The evidence is unbiased for a fixed schedule; its error follows from the genealogy of the particles, from
one run.

Sources: Del Moral, Doucet, Jasra, J. R. Stat. Soc. B 68 (2006) 411; Jasra, Stephens, Doucet, Tsagaris, Scand. J. Stat.
38 (2011) 1 (adaptive temperatures); Buchholz, Chopin, Jacob, Bayesian Anal. 16 (2021) 745 (HMC moves); Lee, Whiteley,
Biometrika 105 (2018) 609 (the error).
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Count, Flag, Float, Int, Key, Scalar, Share, Vector
from retrodict.inference.findings.particles import Population, effective_ancestors
from retrodict.inference.findings.weights import Evidence
from retrodict.inference.gauss_newton import require_least_squares
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget
from retrodict.run.method import Draws, Record
from retrodict.run.sharding import spread

BISECTIONS = 50
ACCEPTANCE = 0.75  # wanted of the moves
LEARNING = 1.0  # how fast the logarithm of the step size follows the acceptance


class Particles(NamedTuple):
    """A population at one temperature."""

    position: Float[Array, "particles dim"]  # one row a particle
    log_likelihood: Float[Array, " particles"]  # of each particle
    ancestor: Int[Array, " particles"]  # the prior draw that each descends from
    beta: Scalar  # inverse temperature
    log_evidence: Scalar  # so far
    stages: Int[Array, ""]  # so far
    log_step: Scalar  # logarithm of the step size of the moves


class Kept(NamedTuple):
    """The temperature ladder: inverse temperature and log evidence after each stage."""

    beta: Scalar  # inverse temperature
    log_evidence: Scalar  # after this stage


class Walker(NamedTuple):
    """One particle and the gradient of its tempered log density."""

    position: Vector  # latents
    log_likelihood: Scalar  # of the data
    log_density: Scalar  # tempered
    gradient: Vector


@dataclass(frozen=True)
class SequentialMonteCarlo:
    """Particles from the prior to the posterior by adaptive tempering, with the log evidence and its error.

    Each stage lowers the temperature, resamples and moves the particles. Converges with the number of particles; finds
    separate modes if prior draws fall into their basins.

    Args:
        particles: size of the population.
        moves: trajectories of each particle in a stage.
        leapfrog: steps of a trajectory.
        ess: share of the particles that stays effective in a stage: it decides how far the temperature is lowered.
        steps: the largest number of stages.
        batch: particles that are moved side by side; None: all.

    Example:

        >>> SequentialMonteCarlo(particles=500).positions_per_step
        500
    """

    particles: Count = 1000
    moves: Count = 3
    leapfrog: Count = 6
    ess: Share = 0.5
    steps: Count = 200
    batch: Count | None = None

    references: ClassVar[tuple[str, ...]] = ("delmoral2006", "jasra2011", "buchholz2021", "lee2018")  # BibTeX keys
    uses_gradient: ClassVar[bool] = True  # in each step

    @property
    def positions_per_step(self) -> int:
        """Particles."""
        return self.particles

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` if `target` has no prior and likelihood of its own."""
        require_least_squares(target, type(self).__name__)

    def init(self, target: AbstractLeastSquares, key: Key) -> Particles:
        """Draws of the prior."""
        position = jax.vmap(target.init)(spread(jr.split(key, self.particles)))
        log_likelihood = jax.lax.map(target.log_likelihood, position, batch_size=self.batch or self.particles)
        zero, first = jnp.asarray(0.0), jnp.log(0.5)
        return Particles(position, log_likelihood, jnp.arange(self.particles), zero, zero, jnp.asarray(0), first)

    def step(
        self, target: AbstractLeastSquares, state: Particles, key: Key, index: Int[Array, ""]
    ) -> tuple[Particles, Record]:
        """One stage: reweight, resample, move.

        Arguments as in `Method.step`: `target`, `state`, `key`, `index`.
        """
        select_key, move_key = jr.split(key)
        state = _select(state, select_key, self.ess)
        root = _metric_root(state.position)
        keys = spread(jr.split(move_key, self.particles))

        def one(particle: tuple[Key, Vector]) -> tuple[Walker, Scalar]:
            return _wander(target, *particle, state.beta, root, jnp.exp(state.log_step), self.moves, self.leapfrog)

        walkers, acceptance = jax.lax.map(one, (keys, state.position), batch_size=self.batch or self.particles)
        mean = jnp.mean(acceptance)
        state = state._replace(
            position=walkers.position,
            log_likelihood=walkers.log_likelihood,
            log_step=state.log_step + LEARNING * (mean - ACCEPTANCE),
        )
        metrics = {"beta": state.beta, "log_evidence": state.log_evidence, "acceptance": mean}
        finite = jnp.isfinite(state.log_evidence) & ~jnp.any(jnp.isnan(state.log_likelihood))
        return state, Record(finite, metrics, Kept(state.beta, state.log_evidence))

    def done(self, state: Particles) -> Flag:
        """Whether the posterior itself has been reached."""
        return state.beta >= 1.0

    def finish(self, target: AbstractLeastSquares, state: Particles, history: Kept) -> Draws:
        """The last population as one chain of equally weighted draws, each with its ancestor among the prior draws.

        Arguments as in `Method.finish`: `target`, `state`, `history`.
        """
        descendants = jnp.bincount(state.ancestor, length=self.particles)
        error = jnp.sqrt(relative_variance(descendants, state.stages))
        population = Population(effective_ancestors(descendants), state.beta >= 1.0, state.beta)
        return Draws(
            state.position[None],
            jnp.zeros((1, self.particles)),
            "exact",
            {},
            diagnostics=(population, Evidence(state.log_evidence, error)),
            ancestor=state.ancestor[None],
        )


def relative_variance(descendants: Int[Array, " particles"], stages: Int[Array, ""]) -> Scalar:
    """Var(Z) / Z^2, estimated from the genealogy. Lee, Whiteley (2018), with phi = 1.

    Args:
        descendants: number of descendants of each prior draw.
        stages: number of resamplings.
    """
    size = len(descendants)
    strangers = size**2 - jnp.sum(descendants**2)
    return jnp.maximum(1 - (size / (size - 1.0)) ** stages * strangers / (size * (size - 1.0)), 0.0)


def _select(state: Particles, key: Key, ess: float) -> Particles:
    """The next temperature, the evidence ratio on the way, and a multinomial resampling to equal weights."""
    size = len(state.log_likelihood)
    step = next_step(state.log_likelihood, 1 - state.beta, ess)
    log_weight = jnp.where(jnp.isfinite(state.log_likelihood), step * state.log_likelihood, -jnp.inf)
    chosen = multinomial(key, log_weight)
    left = 1 - state.beta
    return state._replace(
        position=state.position[chosen],
        log_likelihood=state.log_likelihood[chosen],
        ancestor=state.ancestor[chosen],
        beta=jnp.where(step >= left, 1.0, state.beta + step),
        log_evidence=state.log_evidence + jax.nn.logsumexp(log_weight) - jnp.log(size),
        stages=state.stages + 1,
    )


def multinomial(key: Key, log_weight: Float[Array, " particles"]) -> Int[Array, " particles"]:
    """As many indices as there are weights, drawn independently in proportion to them.

    By inversion of the cumulative weights: `categorical` would take memory of the square of their number.

    Args:
        key: of the draw.
        log_weight: logarithms of the weights.
    """
    cumulative = jnp.cumsum(jax.nn.softmax(log_weight))
    return jnp.searchsorted(cumulative, jr.uniform(key, log_weight.shape) * cumulative[-1], side="right")


def next_step(log_likelihood: Float[Array, " particles"], left: Scalar, ess: float) -> Scalar:
    """The largest increase of beta that keeps enough particles effective.

    Args:
        log_likelihood: of the particles; minus infinity for invalid ones.
        left: the largest increase that is allowed.
        ess: share of the valid particles that has to stay effective.
    """
    alive = jnp.isfinite(log_likelihood)

    def enough(step: Scalar) -> Flag:
        log_weight = jnp.where(alive, step * log_likelihood, -jnp.inf)
        effective = jnp.exp(2 * jax.nn.logsumexp(log_weight) - jax.nn.logsumexp(2 * log_weight))
        return effective >= ess * jnp.sum(alive)

    def halve(_: int, bracket: tuple[Scalar, Scalar]) -> tuple[Scalar, Scalar]:
        low, high = bracket
        middle = 0.5 * (low + high)
        return jnp.where(enough(middle), middle, low), jnp.where(enough(middle), high, middle)

    low, _ = jax.lax.fori_loop(0, BISECTIONS, halve, (jnp.zeros_like(left), left))
    return jnp.where(enough(left), left, low)


def _metric_root(position: Float[Array, "particles dim"]) -> Float[Array, "dim dim"]:
    """Cholesky factor of the particles' covariance, shrunk towards the prior's as if it were `dim` particles more."""
    size, dim = position.shape
    share = size / (size + dim)
    covariance = jnp.atleast_2d(jnp.cov(position, rowvar=False))
    return jnp.linalg.cholesky(share * covariance + (1 - share) * 1e-3 * jnp.eye(dim))


def _walker(target: AbstractLeastSquares, position: Vector, beta: Scalar) -> Walker:
    def tempered(z: Vector) -> tuple[Scalar, Scalar]:
        log_likelihood = target.log_likelihood(z)
        return beta * log_likelihood - 0.5 * jnp.sum(target.prior_residual(z) ** 2), log_likelihood

    (log_density, log_likelihood), gradient = jax.value_and_grad(tempered, has_aux=True)(position)
    return Walker(position, log_likelihood, log_density, jnp.where(jnp.isfinite(gradient), gradient, 0.0))


def _wander(
    target: AbstractLeastSquares,
    key: Key,
    position: Vector,
    beta: Scalar,
    root: Float[Array, "dim dim"],
    size: Scalar,
    moves: int,
    leapfrog: int,
) -> tuple[Walker, Scalar]:
    """A few trajectories of one particle in coordinates whitened by `root`; their mean acceptance probability."""

    def drift(_: int, carry: tuple[Walker, Vector]) -> tuple[Walker, Vector]:
        walker, momentum = carry
        momentum = momentum + 0.5 * step * (root.T @ walker.gradient)
        walker = _walker(target, walker.position + step * (root @ momentum), beta)
        return walker, momentum + 0.5 * step * (root.T @ walker.gradient)

    def trajectory(walker: Walker, k: Key) -> tuple[Walker, Scalar]:
        momentum_key, accept_key = jr.split(k)
        momentum = jr.normal(momentum_key, position.shape)
        end, last = jax.lax.fori_loop(0, leapfrog, drift, (walker, momentum))
        gain = end.log_density - walker.log_density + 0.5 * jnp.sum(momentum**2) - 0.5 * jnp.sum(last**2)
        acceptance = jnp.where(jnp.isnan(gain), 0.0, jnp.exp(jnp.minimum(gain, 0.0)))
        accepted = jr.uniform(accept_key) < acceptance
        return jax.tree.map(lambda new, old: jnp.where(accepted, new, old), end, walker), acceptance

    jitter_key, moves_key = jr.split(key)
    step = size * jr.uniform(jitter_key, minval=0.6, maxval=1.0)
    walker, acceptance = jax.lax.scan(trajectory, _walker(target, position, beta), jr.split(moves_key, moves))
    return walker, jnp.mean(acceptance)
