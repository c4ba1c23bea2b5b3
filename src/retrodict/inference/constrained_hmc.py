r"""Constrained Hamiltonian Monte Carlo by manifold lifting: exact, with a step size independent of the noise.

The noise gets latents of its own, $\eta \sim N(0, 1)$, and $(z, \eta)$ is sampled on the manifold $r(z) + \eta = 0$.
There the posterior has the potential

$$U = \tfrac12 |z - \bar z|^2 + \tfrac12 |\eta|^2 + \tfrac12 \log\det(1 + J J^T)$$

with respect to the manifold's area. Each step kicks with the last term and rotates with the first two (exact for a
Gaussian), followed by projections onto the manifold and its tangent space. Since $\eta = -r(z)$ and tangent momenta are
$(u, -J u)$, everything is stored by its latent part alone.

Sources: Au, Graham, Thiery, "Manifold lifting: scaling MCMC to the vanishing noise regime", arXiv:2003.03950;
Andersen, J. Comput. Phys. 52 (1983) 24 (RATTLE); Zappa, Holmes-Cerfon, Goodman, Comm. Pure Appl. Math. 71 (2018) 2609
(why the reverse step has to be checked).
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import JSON, Array, Bool, Count, CountOrZero, Flag, Float, Int, Key, Scalar, Share, Vector
from retrodict.inference.gauss_newton import (
    Factor,
    Linearised,
    Residual,
    Whitened,
    factorise,
    half_log_det,
    in_data_space,
    linearise,
    refined_step,
    require_least_squares,
    solve_gram,
    squared_length,
)
from retrodict.inference.start import starting_points
from retrodict.inference.step_size import StepSize, adapted, initial_step_size
from retrodict.inference.stuck_chains import MeanPotential, replace_stuck_chains, watch
from retrodict.inference.tempering import Tempered, temperature_at
from retrodict.num.broyden import broyden_root
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget
from retrodict.run.diagnostic import Finding, Severity
from retrodict.run.method import Draws, Record
from retrodict.run.sharding import spread

ON_MANIFOLD = 1e-7  # largest distance from the manifold, in standard deviations
REVERSED = 1e-5  # a reverse step ends this close to where it came from
ITERATIONS = 20  # of a projection, before the trajectory is given up: ten are typical, and all chains wait for one
LONGEST = 2.0  # angle of a trajectory: beyond, it would turn back
SEARCHES = 4  # for each chain that starts
IRREVERSIBLE = 0.5  # share of the trajectories: beyond, a warning
JITTER = 0.7  # shortest step as a fraction of the longest: no resonance


class Point(NamedTuple):
    """A position on the manifold and the geometry there."""

    position: Vector
    at: Linearised  # residual and Jacobian
    factor: Factor  # of the Gram matrix
    log_volume: Scalar  # (1/2) log det of the Gram matrix
    force: Vector  # minus its gradient

    @property
    def potential(self) -> Scalar:
        """U: minus the log density on the manifold."""
        return 0.5 * jnp.sum(self.at.prior**2) + 0.5 * jnp.sum(self.at.residual**2) + self.log_volume


class Phase(NamedTuple):
    """A point with a tangent momentum, of which the latent part is stored; `ok` until a projection fails."""

    point: Point
    momentum: Vector
    ok: Flag

    @property
    def energy(self) -> Scalar:
        """The Hamiltonian, which a perfect trajectory keeps."""
        return self.point.potential + 0.5 * squared_length(self.point.at.jacobian, self.momentum)


class State(NamedTuple):
    """Chains, the step size that they share, and what is known of how likely their modes are."""

    position: Float[Array, "chains dim"]  # one row a chain
    step_size: StepSize  # shared by all chains
    seen: MeanPotential  # mean potentials, by which stuck chains are found


class Trajectories(NamedTuple):
    """Step size of the draws, chains restarted before, and trajectories refused."""

    step_size: Scalar  # after warm-up
    restarted: Int[Array, ""]  # chains that were moved to another mode during warm-up
    reversible: Bool[Array, "chain draw"]  # whether the reverse trajectory came back

    @property
    def irreversible_fraction(self) -> float:
        """The share of the trajectories that could not be reversed."""
        return float(np.mean(~np.asarray(self.reversible)))

    def findings(self) -> tuple[Finding, ...]:
        """A warning if most trajectories were refused."""
        if self.irreversible_fraction > IRREVERSIBLE:
            text = f"{self.irreversible_fraction:.0%} of the trajectories were not reversible and were refused"
            return (Finding(Severity.WARN, text, "a higher `target_acceptance`, or NUTS where residuals have kinks"),)
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`step_size`, `restarted` and `irreversible_fraction`."""
        figures: dict[str, JSON] = {"step_size": float(self.step_size), "restarted": int(self.restarted)}
        return figures | {"irreversible_fraction": self.irreversible_fraction}


class Kept(NamedTuple):
    """What each step leaves behind, per chain."""

    position: Float[Array, "chains dim"]  # one row a chain
    acceptance: Float[Array, " chains"]  # probability
    reversible: Bool[Array, " chains"]  # whether the reverse trajectory came back
    misfit: Float[Array, " chains"]  # chi2 of the residuals


@dataclass(frozen=True)
class ConstrainedHMC:
    """Constrained HMC on the manifold of latents and noise, for any target with a whitened residual that is smooth.

    Converges to the posterior; the step size does not depend on the noise. A trajectory that cannot be reversed is
    rejected and counted. Chains start at the most likely ones of four optima each; in the first half of the warm-up the
    noise is lowered from thirty times its size (see `tempering`); in the second, chains whose mode has negligible mass
    continue from another (see `stuck_chains`). A step costs about four Jacobians, so NUTS is faster where data are
    imprecise; residuals with kinks (marginalised likelihoods that touch their bound) are better served by NUTS, too.

    Args:
        chains: number of chains.
        warmup: adaptive trajectories of each chain, which are not kept.
        draws: kept trajectories of each chain.
        leapfrog: steps of a trajectory.
        target_acceptance: mean acceptance probability to which the step size is tuned.

    Example:

        >>> ConstrainedHMC(chains=4, warmup=10, draws=20).steps
        30
    """

    chains: Count = 16
    warmup: CountOrZero = 100
    draws: Count = 200
    leapfrog: Count = 8
    target_acceptance: Share = 0.8

    references: ClassVar[tuple[str, ...]] = ("au2023", "andersen1983", "zappa2018")  # BibTeX keys
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
        """Raise `InputError` if `target` offers no residual."""
        require_least_squares(target, type(self).__name__)

    def init(self, target: AbstractLeastSquares, key: Key) -> State:
        """Chains at the most likely of the optima of many randomised problems."""
        found = starting_points(target, key, SEARCHES * self.chains)
        potential = jax.vmap(lambda z: point_at(target, z).potential)(found)
        best = jnp.argsort(jnp.where(jnp.isfinite(potential), potential, jnp.inf))[: self.chains]
        return State(found[best], initial_step_size(0.05), watch(self.chains))

    def step(self, target: AbstractLeastSquares, state: State, key: Key, index: Int[Array, ""]) -> tuple[State, Record]:
        """One trajectory of every chain; adapts while `index` is below `warmup`.

        Arguments as in `Method.step`: `target`, `state`, `key`, `index`.
        """
        warm = index < self.warmup
        longest = LONGEST / self.leapfrog
        size = jnp.minimum(jnp.exp(jnp.where(warm, state.step_size.log, state.step_size.log_average)), longest)
        move_key, jitter_key, restart_key = jr.split(key, 3)
        jittered = size * jr.uniform(jitter_key, minval=JITTER, maxval=1.0)
        keys = spread(jr.split(move_key, self.chains))
        temperature = temperature_at(index, self.warmup)
        tempered = Tempered(target, temperature)
        kept, potential = jax.vmap(lambda k, z: move(tempered, k, z, jittered, self.leapfrog))(keys, state.position)
        kept = kept._replace(misfit=temperature * kept.misfit)
        tuned = adapted(state.step_size, kept.acceptance, self.target_acceptance)
        tuned = tuned._replace(log=jnp.minimum(tuned.log, jnp.log(longest)))
        step_size = jax.tree.map(lambda new, old: jnp.where(warm, new, old), tuned, state.step_size)
        position, seen = replace_stuck_chains(state.seen, kept.position, potential, restart_key, index, self.warmup)
        metrics = {"acceptance": jnp.mean(kept.acceptance), "step_size": size, "misfit": jnp.median(kept.misfit)}
        return State(position, step_size, seen), Record(jnp.all(jnp.isfinite(position)), metrics, kept)

    def done(self, state: State) -> Flag:
        """Never early."""
        return jnp.asarray(False)

    def finish(self, target: AbstractLeastSquares, state: State, history: Kept) -> Draws:
        """The draws after warm-up.

        Arguments as in `Method.finish`: `target`, `state`, `history`.
        """
        after = jax.tree.map(lambda x: jnp.swapaxes(jnp.asarray(x)[self.warmup :], 0, 1), history)
        statistics = {name: value for name, value in after._asdict().items() if name != "position"}
        size = jnp.minimum(jnp.exp(state.step_size.log_average), LONGEST / self.leapfrog)
        records = (Trajectories(size, state.seen.restarted, after.reversible),)
        return Draws(after.position, jnp.zeros(after.misfit.shape), "exact", statistics, diagnostics=records)


def move(target: Whitened, key: Key, position: Vector, size: Scalar, leapfrog: int) -> tuple[Kept, Scalar]:
    """One trajectory with a Metropolis decision.

    Args:
        target: residuals of data and prior.
        key: of this chain and step.
        position: latents before.
        size: angle of a step.
        leapfrog: number of steps.

    Returns:
        What is kept of one chain, and its potential.
    """
    momentum_key, accept_key = jr.split(key)
    here = point_at(target, position)
    start = Phase(here, tangent_noise(here, momentum_key), jnp.asarray(True))
    end = jax.lax.fori_loop(0, leapfrog, lambda _, phase: rattle(target, phase, size), start)
    change = end.energy - start.energy
    possible = end.ok & end.point.at.valid & jnp.isfinite(change)
    acceptance = jnp.where(possible, jnp.exp(jnp.minimum(-change, 0.0)), 0.0)
    accepted = jr.uniform(accept_key) < acceptance
    there = end.point
    misfit = jnp.where(accepted, jnp.sum(there.at.residual**2), jnp.sum(here.at.residual**2))
    position = jnp.where(accepted, there.position, position)
    kept = Kept(position, acceptance, end.ok, misfit)
    return kept, jnp.where(accepted, there.potential, here.potential)


def point_at(target: Whitened, position: Vector) -> Point:
    """Residual, Jacobian, Gram factor and the force of the volume term in one pass.

    Args:
        target: residuals of data and prior.
        position: latents.
    """

    def volume(z: Vector) -> tuple[Scalar, tuple[Linearised, Factor]]:
        at = linearise(target, z)
        factor = factorise(at.jacobian)
        return half_log_det(factor), (at, factor)

    (value, (at, factor)), gradient = jax.value_and_grad(volume, has_aux=True)(position)
    return Point(position, at, factor, value, -gradient)


def tangent_noise(point: Point, key: Key) -> Vector:
    """A momentum from the standard normal on the tangent space."""
    latent_key, noise_key = jr.split(key)
    return _project(point, jr.normal(latent_key, point.position.shape), jr.normal(noise_key, point.at.residual.shape))


def rattle(target: Whitened, phase: Phase, size: Scalar) -> Phase:
    """Kick, rotate and project, kick: one reversible, area-preserving step.

    Args:
        target: residuals of data and prior.
        phase: point and momentum before.
        size: angle of the step.
    """
    kicked = _kick(phase, 0.5 * size)
    position, on_manifold = rotate(target, kicked.point, kicked.momentum, size)
    point = point_at(target, position)
    momentum = _arriving(kicked.point, point, size)
    back, returned = rotate(target, point, -momentum, size)
    gap = back - phase.point.position
    # Measured where it started: the Jacobian at the far end would blow up rounding errors along the sheet.
    closed = squared_length(phase.point.at.jacobian, gap) < REVERSED**2
    return _kick(Phase(point, momentum, phase.ok & on_manifold & returned & closed), 0.5 * size)


def rotate(target: Whitened, start: Point, momentum: Vector, angle: Scalar) -> tuple[Vector, Flag]:
    """Rotate (z, eta) and its momentum, then return to the manifold along the normals of the start.

    Broyden's method, preconditioned by the Gram matrix of the start. Whatever root it finds, the reverse step is
    checked, so that a failure costs a rejection and not the exactness.

    Args:
        target: residuals of data and prior.
        start: a point on the manifold.
        momentum: latent part of a tangent vector.
        angle: of the rotation.

    Returns:
        The latents at the end, and whether they lie on the manifold.
    """
    jacobian, cosine, sine = start.at.jacobian, jnp.cos(angle), jnp.sin(angle)
    mean = start.position - start.at.prior
    free = mean + cosine * start.at.prior + sine * momentum
    free_noise = -cosine * start.at.residual - sine * (jacobian @ momentum)

    # Small explicit matrices: the inverse is a preconditioner only, and dozens of triangular solves would cost more.
    inverse = solve_gram(start.factor, jnp.eye(len(start.factor)))
    gram = jacobian @ jacobian.T if in_data_space(jacobian) else jacobian.T @ jacobian

    def off_normal(normal: Vector) -> Vector:
        return target.residual(free + jacobian.T @ normal) + free_noise + normal

    def off_latent(z: Vector) -> Vector:
        return jacobian.T @ (target.residual(z) + free_noise) + z - free

    if in_data_space(jacobian):  # the unknowns are the multipliers of the normals
        off, origin, metric = off_normal, jnp.zeros(len(jacobian)), gram + gram @ gram
    else:
        off, origin, metric = off_latent, free, jnp.eye(len(free)) + gram
    root = broyden_root(
        lambda y: inverse @ off(y),
        origin,
        squared_length=lambda step: step @ metric @ step,
        tolerance=ON_MANIFOLD,
        iterations=ITERATIONS,
    )
    position = free + jacobian.T @ root.position if in_data_space(jacobian) else root.position
    return position, root.converged


def _kick(phase: Phase, size: Scalar) -> Phase:
    force = _project(phase.point, phase.point.force, jnp.zeros_like(phase.point.at.residual))
    return phase._replace(momentum=phase.momentum + size * force)


def _arriving(start: Point, end: Point, angle: Scalar) -> Vector:
    """The tangent momentum at the end of a rotation with projection: the two positions determine it."""
    cosine, sine = jnp.cos(angle), jnp.sin(angle)
    latent = (cosine * end.at.prior - start.at.prior) / sine
    noise = (start.at.residual - cosine * end.at.residual) / sine
    return _project(end, latent, noise)


def _project(point: Point, latent: Vector, noise: Residual) -> Vector:
    """Latent part of the projection of (latent, noise) onto the tangent space."""
    return refined_step(point.at.jacobian, point.factor, noise, -latent)
