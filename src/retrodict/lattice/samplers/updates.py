"""What an update of a Markov chain is, and updates along gradients: Hamiltonian trajectories and Langevin steps.

An update is a frozen dataclass that maps one configuration to the next and leaves exp(-S) invariant (unless it says
otherwise). Updates are composed in `markov_chain`: after each, whatever its kind, the field is put back on its space.

Sources: Duane, Kennedy, Pendleton, Roweth, Phys. Lett. B 195 (1987) 216; Omelyan, Mryglod, Folk, Comput. Phys. Commun.
151 (2003) 272; Takaishi, de Forcrand, Phys. Rev. E 73 (2006) 036706; Roberts, Tweedie, Bernoulli 2 (1996) 341.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Int, Key, Scalar
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.core.spaces import AbstractSpace, Field, Tangent

XI: Final = 0.1931833275037836  # of the second-order minimum-norm integrator
STRETCH: Final = (0.7, 1.3)  # of the trajectory length

Gradient = Callable[[Field], Tangent]


class Moved(NamedTuple):
    """The outcome of an update.

    Args:
        field: the next configuration.
        acceptance: probability of acceptance; 1 for a heat bath.
        energy_change: dH; 0 where there is none.
    """

    field: Field
    acceptance: Scalar
    energy_change: Scalar


@runtime_checkable
class Potential(Protocol):
    """As much of an action as a Hamiltonian trajectory needs."""

    @property
    def space(self) -> AbstractSpace:
        """The space of the field."""
        ...

    def action(self, x: Field) -> Scalar:
        """S of one configuration."""
        ...

    def gradient(self, x: Field) -> Tangent:
        """Its gradient as a tangent vector."""
        ...


@runtime_checkable
class Update(Protocol):
    """One way of changing a configuration."""

    @property
    def wanted(self) -> float | None:
        """The acceptance to which a step size is tuned; None without a step size."""
        ...

    @property
    def largest(self) -> float:
        """The largest step size that makes a difference."""
        ...

    def check(self, action: AbstractAction) -> None:
        """Raise `InputError` if this update does not apply."""
        ...

    def apply(self, action: AbstractAction, x: Field, key: Key, size: Scalar) -> Moved:
        """Draw the next configuration.

        Args:
            action: the action.
            x: the present configuration.
            key: random key.
            size: the tuned step size.
        """
        ...


@dataclass(frozen=True)
class Untuned:
    """The properties of an update without a step size."""

    @property
    def wanted(self) -> None:
        """There is no step size."""
        return None

    @property
    def largest(self) -> float:
        """There is no step size."""
        return 1.0


@runtime_checkable
class Integrator(Protocol):
    """A reversible, volume-preserving integrator of Hamilton's equations."""

    def __call__(
        self, gradient: Gradient, space: AbstractSpace, x: Field, p: Tangent, size: Scalar, steps: Int[Array, ""]
    ) -> tuple[Field, Tangent]:
        """Position and momentum after some steps.

        Args:
            gradient: the gradient of the potential.
            space: the space of the field.
            x: the position.
            p: the momentum.
            size: step size.
            steps: number of steps.
        """
        ...


@dataclass(frozen=True)
class Leapfrog:
    """Kick, drift, kick: errors of the energy of order size^2, one force a step.

    Example:
        >>> Trajectory(length=2.0, integrator=Leapfrog()).largest
        2.0
    """

    def __call__(
        self, gradient: Gradient, space: AbstractSpace, x: Field, p: Tangent, size: Scalar, steps: Int[Array, ""]
    ) -> tuple[Field, Tangent]:
        def step(_: Int[Array, ""], state: tuple[Field, Tangent]) -> tuple[Field, Tangent]:
            x, p = state
            x = space.move(x, size * p)
            return x, p - size * gradient(x)

        x, p = jax.lax.fori_loop(0, steps, step, (x, p - 0.5 * size * gradient(x)))
        return x, p + 0.5 * size * gradient(x)


@dataclass(frozen=True)
class Omelyan:
    """The second-order integrator of minimum norm: two forces a step, errors about ten times smaller."""

    def __call__(
        self, gradient: Gradient, space: AbstractSpace, x: Field, p: Tangent, size: Scalar, steps: Int[Array, ""]
    ) -> tuple[Field, Tangent]:
        def step(_: Int[Array, ""], state: tuple[Field, Tangent]) -> tuple[Field, Tangent]:
            x, p = state
            x = space.move(x, XI * size * p)
            p = p - 0.5 * size * gradient(x)
            x = space.move(x, (1 - 2 * XI) * size * p)
            p = p - 0.5 * size * gradient(x)
            return space.move(x, XI * size * p), p

        return jax.lax.fori_loop(0, steps, step, (x, p))


@dataclass(frozen=True)
class Trajectory:
    """A Hamiltonian trajectory in equal steps of about the tuned size, accepted by Metropolis.

    Its length is drawn from 0.7 ... 1.3 times `length`: at a fixed length a harmonic mode of frequency pi / length
    would only change its sign, for ever (Mackenzie, Phys. Lett. B 226 (1989) 369).

    Args:
        length: mean length, in units of simulation time.
        integrator: integrator of Hamilton's equations.
        wanted: acceptance to which the step size is tuned.
    """

    length: float = 1.0
    integrator: Integrator = field(default_factory=Omelyan)
    wanted: float = 0.8

    @property
    def largest(self) -> float:
        """One step makes the whole trajectory."""
        return self.length

    def check(self, action: AbstractAction) -> None:
        """Raise `InputError` for discrete fields."""
        jax.eval_shape(action.gradient, jax.eval_shape(action.cold))

    def apply(self, action: Potential, x: Field, key: Key, size: Scalar) -> Moved:
        """Draw momenta, integrate, accept or stay.

        Args:
            action: an action, or as much of one as a trajectory needs.
            x: the present configuration.
            key: random key.
            size: the tuned step size.
        """
        momentum_key, length_key, accept_key = jr.split(key, 3)
        p = action.space.gaussian(momentum_key, x)
        new_x, new_p = self.integrate(action, x, p, size, jr.uniform(length_key, (), float, *STRETCH))
        change = energy(action, new_x, new_p) - energy(action, x, p)
        return metropolis(accept_key, x, new_x, change)

    def integrate(
        self, action: Potential, x: Field, p: Tangent, size: Scalar, stretch: Scalar
    ) -> tuple[Field, Tangent]:
        """The end of a trajectory. All chains take the same number of steps.

        Args:
            action: an action, or as much of one as a trajectory needs.
            x: the position.
            p: the momentum.
            size: largest step size.
            stretch: length of the trajectory in units of `length`.
        """
        steps = jnp.maximum(jnp.ceil(self.length / size), 1).astype(int)
        step = jnp.asarray(stretch * self.length / steps, action.space.norm_squared(p).dtype)
        return self.integrator(action.gradient, action.space, x, p, step, steps)


@dataclass(frozen=True)
class LangevinStep:
    """x -> exp(-size grad S + sqrt(2 size) noise) x; with `adjusted` accepted by Metropolis, else biased at O(size).

    The adjusted step is a trajectory of one leapfrog step of sqrt(2 size): the two are the same proposal.

    Args:
        adjusted: whether the step is accepted by Metropolis.
        fixed: the step size; tuned to the wanted acceptance if None.
    """

    adjusted: bool = True
    fixed: float | None = None

    @property
    def largest(self) -> float:
        """No limit."""
        return math.inf

    @property
    def wanted(self) -> float | None:
        """0.574, the optimal scaling of Roberts and Rosenthal; None for a fixed size."""
        return 0.574 if self.fixed is None else None

    def check(self, action: AbstractAction) -> None:
        """Raise `InputError` for discrete fields, and for an unadjusted step without a size."""
        jax.eval_shape(action.gradient, jax.eval_shape(action.cold))
        if not self.adjusted and self.fixed is None:
            raise InputError("an unadjusted Langevin step needs its size: it cannot be tuned", fix="size=0.01")

    def apply(self, action: AbstractAction, x: Field, key: Key, size: Scalar) -> Moved:
        """One step of diffusion.

        Args:
            action: an action with a gradient.
            x: the present configuration.
            key: random key.
            size: the tuned step size; not used where it is fixed.
        """
        momentum_key, accept_key = jr.split(key)
        p, space = action.space.gaussian(momentum_key, x), action.space
        step = jnp.asarray(jnp.sqrt(2 * (size if self.fixed is None else self.fixed)), space.norm_squared(p).dtype)
        if not self.adjusted:
            moved = space.move(x, step * p - 0.5 * step**2 * action.gradient(x))
            return Moved(moved, jnp.ones_like(step), jnp.zeros_like(step))
        new_x, new_p = Leapfrog()(action.gradient, space, x, p, step, jnp.asarray(1))
        return metropolis(accept_key, x, new_x, energy(action, new_x, new_p) - energy(action, x, p))


def energy(action: Potential, x: Field, p: Tangent) -> Scalar:
    """H = S + |p|^2 / 2.

    Args:
        action: the action S.
        x: the position.
        p: the momentum.
    """
    return action.action(x) + 0.5 * action.space.norm_squared(p)


def metropolis(key: Key, old: Field, new: Field, change: Scalar) -> Moved:
    """The new field with probability min(1, exp(-change)), never where `change` is not a number.

    Args:
        key: random key.
        old: the present configuration.
        new: the proposal.
        change: dH, or the logarithm of the inverse ratio of weights.
    """
    acceptance = jnp.where(jnp.isnan(change), 0.0, jnp.exp(-jnp.maximum(change, 0.0)))
    accepted = jr.uniform(key, dtype=acceptance.dtype) < acceptance
    return Moved(jnp.where(accepted, new, old), acceptance, change)
