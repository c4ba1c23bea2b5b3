r"""Sequential Monte Carlo for lattice actions: from a solvable theory to the interacting one, with ln Z.

Particles follow $\exp(-(1-b)S_0 - bS)$ from b = 0 to 1: $S_0 = \tfrac12\sum\phi^2$ for real fields, of which a
disordered start is an exact draw, and $S_0 = 0$, the invariant measure, for angles and links. Each stage reweights,
resamples and makes a few Hamiltonian trajectories. ln Z refers to the measure $\prod d\phi$ for real fields, and to the
invariant measure of total weight one for compact ones. Unbiased as Z; its error follows from the genealogy.

Sources: as in `inference.smc`.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pydantic
from jaxtyping import Inexact, Shaped

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Count, Flag, Float, Int, Key, Positive, PyTree, Scalar, Share
from retrodict.inference.findings.particles import Population, effective_ancestors
from retrodict.inference.findings.weights import Evidence
from retrodict.inference.smc import multinomial, next_step, relative_variance
from retrodict.lattice.core.action import AbstractAction, Measured, require_action, require_memory
from retrodict.lattice.core.spaces import AbstractSpace, Field, Tangent
from retrodict.lattice.samplers.updates import Trajectory
from retrodict.problem.target import AbstractTarget
from retrodict.run.method import Draws, Record
from retrodict.run.sharding import spread

FINAL: Final = 16  # particles whose configurations are kept


class Tempered(eqx.Module):
    """The action (1 - b) S_0 + b S, as far as a trajectory needs it.

    Args:
        full: the action S.
        share: b, from 0 to 1.
    """

    full: AbstractAction
    share: Scalar

    @property
    def space(self) -> AbstractSpace:
        """That of the action."""
        return self.full.space

    def action(self, x: Field) -> Scalar:
        """Of one configuration."""
        return (1 - self.share) * free_action(self.full, x) + self.share * self.full.action(x)

    def gradient(self, x: Field) -> Tangent:
        """As a tangent vector, in the precision of the field."""
        share = self.share.astype(x.real.dtype)
        gradient = share * self.full.gradient(x)
        return gradient + (1 - share) * x if self.full.space.is_real_line else gradient


class Particles(NamedTuple):
    """A population at one share b of the interaction.

    Args:
        field: the particles.
        excess: S_0 - S of each.
        ancestor: number of the ancestor of each at b = 0.
        share: b.
        log_z: ln of the ratio of partition functions so far, from the solvable theory's ln Z on.
        stages: number of stages so far.
        log_size: logarithm of the step size.
    """

    field: Inexact[Array, "particles ..."]
    excess: Float[Array, " particles"]
    ancestor: Int[Array, " particles"]
    share: Scalar
    log_z: Scalar
    stages: Int[Array, ""]
    log_size: Scalar


class Kept(NamedTuple):
    """What each stage leaves behind.

    Args:
        share: b after the stage.
        log_z: the estimate of ln Z so far.
    """

    share: Scalar
    log_z: Scalar


@dataclass(frozen=True)
class LatticeSMC:
    """Particles carried to the action by adaptive steps in b, with ln Z and its error.

    Args:
        particles: number of particles.
        moves: trajectories of each particle in a stage.
        length: mean length of a trajectory; its step size follows the acceptance.
        ess: share of the particles that stays effective in the reweighting of a stage.
        steps: largest number of stages.
        wanted: acceptance to which the step size is tuned.
        references: keys of the literature to cite.

    Example:
        >>> LatticeSMC(particles=500).steps
        200
    """

    particles: Annotated[int, pydantic.Field(ge=2)] = 1000
    moves: Count = 2
    length: Positive = 1.0
    ess: Share = 0.5
    steps: Count = 200

    wanted: ClassVar[float] = 0.8
    references: ClassVar[tuple[str, ...]] = ("delmoral2006", "buchholz2021", "lee2018")
    uses_gradient: ClassVar[bool] = True

    @property
    def positions_per_step(self) -> int:
        """Particles."""
        return self.particles

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` for other targets and for discrete fields."""
        require_action(target, type(self).__name__)
        if self.particles < 2 or not 0 < self.ess < 1:
            raise InputError("no such population", got=str(self), expected="particles >= 2, 0 < ess < 1")
        assert isinstance(target, AbstractAction)
        Trajectory(self.length).check(target)
        require_memory(target, self.particles, 1, type(self).__name__)

    def init(self, target: AbstractAction, key: Key) -> Particles:
        """Exact draws of the solvable theory."""
        field = jax.vmap(target.hot)(spread(jr.split(key, self.particles)))
        start = target.volume * 0.5 * jnp.log(2 * np.pi) if target.space.is_real_line else jnp.asarray(0.0)
        share, stages = jnp.asarray(0.0), jnp.asarray(0)
        return Particles(field, _excess(target, field), jnp.arange(self.particles), share, start, stages, jnp.log(0.1))

    def step(
        self, target: AbstractAction, state: Particles, key: Key, index: Int[Array, ""]
    ) -> tuple[Particles, Record]:
        """Reweight, resample, move.

        Args:
            target: the action.
            state: the population.
            key: random key.
            index: number of the stage; not used.
        """
        select_key, move_key = jr.split(key)
        state = _selected(state, select_key, self.ess)
        tempered, size = Tempered(target, state.share), jnp.exp(state.log_size)
        trajectory = Trajectory(self.length)

        def move(
            number: Int[Array, ""], carry: tuple[Inexact[Array, "particles ..."], Scalar]
        ) -> tuple[Inexact[Array, "particles ..."], Scalar]:
            field, accepted = carry
            keys = spread(jr.split(jr.fold_in(move_key, number), self.particles))
            moved = jax.vmap(lambda x, k: trajectory.apply(tempered, x, k, size))(field, keys)
            field = jax.vmap(target.space.repair)(moved.field)
            return field, accepted + jnp.mean(jnp.asarray(moved.acceptance, float)) / self.moves

        field, accepted = jax.lax.fori_loop(0, self.moves, move, (state.field, jnp.asarray(0.0)))
        log_size = jnp.minimum(state.log_size + accepted - self.wanted, jnp.log(self.length))
        state = state._replace(field=field, excess=_excess(target, field), log_size=log_size)
        metrics = {"share": state.share, "log_z": state.log_z, "acceptance": accepted}
        return state, Record(jnp.all(jnp.isfinite(state.excess)), metrics, Kept(state.share, state.log_z))

    def done(self, state: Particles) -> Flag:
        """Whether the action itself has been reached."""
        return state.share >= 1.0

    def finish(
        self, target: AbstractAction, state: Particles, history: PyTree[Shaped[Array | np.ndarray, "..."]]
    ) -> Draws:
        """The last population: equal weights, but particles with a common ancestor are not independent.

        Args:
            target: the action.
            state: the last population.
            history: what the stages have kept; not used.
        """
        descendants = jnp.bincount(state.ancestor, length=self.particles)
        measured: Measured = jax.jit(jax.vmap(target.measured))(state.field)
        evidence = Evidence(state.log_z, jnp.sqrt(relative_variance(descendants, state.stages)))
        return Draws(
            jax.tree.map(lambda leaf: leaf[None], measured),
            jnp.zeros((1, self.particles)),
            "exact",
            {},
            final=state.field[:: max(1, self.particles // FINAL)][:FINAL],
            diagnostics=(Population(effective_ancestors(descendants), state.share >= 1.0), evidence),
            ancestor=state.ancestor[None],
        )


def free_action(action: AbstractAction, x: Field) -> Scalar:
    """S_0 of the theory in which the particles start."""
    return 0.5 * jnp.sum(x**2) if action.space.is_real_line else jnp.zeros((), x.real.dtype)


def _excess(action: AbstractAction, field: Inexact[Array, "particles ..."]) -> Float[Array, " particles"]:
    return jnp.asarray(jax.vmap(lambda x: free_action(action, x) - action.action(x))(field), float)


def _selected(state: Particles, key: Key, ess: float) -> Particles:
    """The next share, the ratio of partition functions on the way, and a resampling to equal weights."""
    left = 1 - state.share
    step = next_step(state.excess, left, ess)
    log_weight, count = step * state.excess, len(state.excess)
    chosen = multinomial(key, log_weight)
    return state._replace(
        field=state.field[chosen],
        excess=state.excess[chosen],
        ancestor=state.ancestor[chosen],
        share=jnp.where(step >= left, 1.0, state.share + step),
        log_z=state.log_z + jax.nn.logsumexp(log_weight) - jnp.log(count),
        stages=state.stages + 1,
    )
