r"""Boost-invariant hydrodynamics in 2+1 dimensions, ideal or of Israel and Stewart.

$$\partial_\tau(\tau T^{\tau\mu}) + \partial_i(\tau T^{i\mu}) = (-(P + \Pi + \tau^2\pi^{\eta\eta}), 0, 0)$$
$$u^\mu\partial_\mu\pi^{ij} = -\frac{\pi^{ij} - 2\eta\sigma^{ij}}{\tau_\pi} - \tfrac43\pi^{ij}\theta
  - u^i a^j - u^j a^i$$
$$u^\mu\partial_\mu\Pi = -\frac{\Pi + \zeta\theta}{\tau_\Pi} - \tfrac23\Pi\theta$$

with $a^j = \pi^{\alpha j} Du_\alpha$ and the metric (+, -, -, -). Time is advanced by Heun's rule. The sources hold
the acceleration $\partial_\tau u$: taken from either stage of the rule it would be first order in time, so it is
extrapolated to the middle of the step from the two steps before, $(2u_n - 3u_{n-1} + u_{n-2})/\Delta\tau$.

Source: Baier, Romatschke, Son, Starinets and Stephanov, JHEP 04 (2008) 100; Denicol, Jeon and Gale, Phys. Rev. C 90
(2014) 024912, without the couplings between shear and bulk.
"""

from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from retrodict.base.errors import InputError
from retrodict.base.types import Scalar
from retrodict.heavy_ion.hydrodynamics.apart import compiled_apart
from retrodict.heavy_ion.hydrodynamics.equation_of_state import HBAR_C_GEV, EquationOfState
from retrodict.heavy_ion.hydrodynamics.fluid import (
    Conserved,
    Field,
    Flow,
    Shear,
    conserved_of,
    flow_of,
    time_components,
)
from retrodict.heavy_ion.hydrodynamics.fluxes import central_difference, divergence, padded, primitives
from retrodict.heavy_ion.hydrodynamics.transport import Transport

__all__ = ["History", "evolve"]

SMOOTH_LIMITER: Final = 1.8
LUMPY_LIMITER: Final = 1.1
_SHORTEST_RELAXATION: Final = 2.0  # steps: a shorter relaxation time would be unstable


class History(NamedTuple):
    """A fluid at proper times; every field has the times first.

    Args:
        time: tau, fm, shape (times,).
        flow: the fluid, fields of shape (times, x, y).
    """

    time: Float[Array, " times"]
    flow: Flow


class _Now(NamedTuple):
    """What a step needs: the fluid, its densities, and the change of the velocity in the two steps before."""

    time: Scalar
    flow: Flow
    pressure: Field
    speed: Field
    conserved: Conserved
    last: tuple[Field, Field]
    before: tuple[Field, Field]


def evolve(
    initial: Flow,
    eos: EquationOfState,
    *,
    start: Scalar | float,
    step: Scalar | float,
    spacing: Scalar | float,
    steps: int,
    stride: int = 1,
    transport: Transport | None = None,
    limiter: Scalar | float = LUMPY_LIMITER,
) -> History:
    """Follow a fluid through proper time.

    To be jitted with `steps` and `stride` static. Many events are mapped over, by `jax.lax.map` best on a processor (a
    plane stays in its cache), by `jax.vmap` on an accelerator. For a gradient only kept times are stored, and what is
    between them is computed again.

    Args:
        initial: the fluid at `start`, fields of shape (x, y); with dissipation if and only if `transport` is given.
        eos: equation of state.
        start: first proper time, fm, to be different for each event if need be.
        step: of time, fm; at most about half the spacing.
        spacing: of the grid, fm.
        steps: how many.
        stride: every which of them is kept; divides `steps`.
        transport: shear and bulk viscosity; None for an ideal fluid.
        limiter: theta of the slopes: 1.1 for lumpy fluids, up to 1.8 for smooth ones.

    Returns:
        The fluid at `start` and at every kept time after it.

    Raises:
        InputError: for a stride that does not divide the steps, or a dissipation without transport.
    """
    if steps % stride:
        raise InputError("the kept times are a whole number", got=f"{steps} steps, every {stride}th kept")
    if (transport is None) != (initial.dissipation is None):
        raise InputError("a fluid has dissipation if it has viscosity", fix="flow_at_rest(energy, viscous=...)")
    rule = _Rule(eos, transport, step, spacing, limiter)
    first = rule.begin(initial, jnp.asarray(start, initial.energy.dtype))

    @jax.checkpoint
    def some(now: _Now, _: None) -> tuple[_Now, tuple[Scalar, Flow]]:
        now, _ = jax.lax.scan(lambda state, _: (rule.advance(state), None), now, None, length=stride)
        return now, (now.time, now.flow)

    _, (times, flows) = jax.lax.scan(some, first, None, length=steps // stride)
    kept = jax.tree.map(lambda one, more: jnp.concatenate([one[None], more]), (first.time, first.flow), (times, flows))
    return History(*kept)


def change_ahead(last: tuple[Field, Field], before: tuple[Field, Field]) -> tuple[Field, ...]:
    """The change of the velocity in the step that begins, from those in the two steps before it.

    Args:
        last: u_n - u_(n-1).
        before: u_(n-1) - u_(n-2).
    """
    return tuple(2.0 * a - b for a, b in zip(last, before, strict=True))


class _Rule(NamedTuple):
    """How a step is made."""

    eos: EquationOfState
    transport: Transport | None
    step: Scalar | float
    spacing: Scalar | float
    limiter: Scalar | float

    def begin(self, flow: Flow, time: Scalar) -> _Now:
        """The first state: its acceleration is that of two short trials."""
        pressure, speed = self.eos.pressure_and_sound_speed(flow.energy)
        none = (jnp.zeros_like(flow.ux), jnp.zeros_like(flow.uy))
        now = _Now(time, flow, pressure, speed, conserved_of(flow, pressure), none, none)
        if self.transport is None:
            return now
        for _ in range(2):
            new = self.advance(now).flow
            change = (new.ux - flow.ux, new.uy - flow.uy)
            now = now._replace(last=change, before=change)
        return now

    def advance(self, now: _Now) -> _Now:
        """One step of Heun's rule."""
        dt = jnp.asarray(self.step, now.time.dtype)
        ahead = tuple(change / dt for change in change_ahead(now.last, now.before))
        after = now.time + dt
        old = jax.tree.map(lambda c: now.time * c, now.conserved)
        slope = self.slope(now.flow, now.pressure, now.speed, now.time, ahead)
        trial = jax.tree.map(lambda c, d: c + dt * d, old, slope)
        flow, pressure, speed, kept = self.read(trial, after, now.flow)
        slope = self.slope(flow, pressure, speed, after, ahead)
        trial = jax.tree.map(lambda c, t, d: 0.5 * (c + after * t + dt * d), old, kept, slope)
        flow, pressure, speed, kept = self.read(trial, after, flow)
        change = (flow.ux - now.flow.ux, flow.uy - now.flow.uy)
        return _Now(after, flow, pressure, speed, kept, change, now.last)

    def read(self, scaled: Conserved, time: Scalar, guess: Flow) -> tuple[Flow, Field, Field, Conserved]:
        """The fluid of densities that are multiplied by tau."""
        return flow_of(jax.tree.map(lambda c: c / time, scaled), guess, self.eos)

    def slope(
        self, flow: Flow, pressure: Field, speed: Field, time: Scalar, acceleration: tuple[Field, ...]
    ) -> Conserved:
        """The change of tau times the densities per unit of time."""
        fields = tuple(padded(field) for field in primitives(flow, pressure))
        wide = padded(speed)
        along = [divergence(fields, wide, axis, self.limiter) for axis in (0, 1)]
        out = [-(time / self.spacing) * (x + y) for x, y in zip(*along, strict=True)]
        if flow.dissipation is None or self.transport is None:
            return Conserved(out[0] - pressure, out[1], out[2])
        shear, gamma = flow.dissipation, flow.gamma
        tt, _, _ = time_components(shear, flow.ux, flow.uy, gamma)
        energy = out[0] - (pressure + shear.bulk + tt - shear.xx - shear.yy)
        gradients = [[central_difference(fields[k], axis) / self.spacing for k in (2, 3)] for axis in (0, 1)]
        steps = (self.step, time)
        theta, sources = relaxation(self.eos, self.transport, flow, pressure, speed, steps, acceleration, gradients)
        # d_tau(u^tau pi) + d_k(u^k pi) = pi (theta - u^tau / tau) + D pi, and one more u^tau pi for the factor tau.
        changed = (o + time * (part * theta + s) for o, part, s in zip(out[3:], shear, sources, strict=True))
        return Conserved(energy, out[1], out[2], Shear(*changed))


@compiled_apart
def relaxation(
    eos: EquationOfState,
    transport: Transport,
    flow: Flow,
    pressure: Field,
    speed: Field,
    times: tuple[Scalar | float, Scalar],
    acceleration: tuple[Field, ...],
    gradients: list[list[Field]],
) -> tuple[Field, tuple[Field, ...]]:
    """theta [1/fm] and D pi^xx, D pi^xy, D pi^yy, D Pi [GeV fm^-4].

    Args:
        eos: equation of state.
        transport: shear and bulk viscosity.
        flow: the fluid, with dissipation.
        pressure: P, GeV fm^-3.
        speed: c_s^2.
        times: the step and tau, fm.
        acceleration: d u^i / d tau, 1/fm.
        gradients: d_i u^j at [i][j], 1/fm.
    """
    shear, gamma = flow.dissipation, flow.gamma
    assert shear is not None
    step, time = times
    u = (flow.ux, flow.uy)
    rate = (u[0] * acceleration[0] + u[1] * acceleration[1]) / gamma  # d_tau u^tau
    theta = rate + gamma / time + gradients[0][0] + gradients[1][1]
    D = tuple(gamma * acceleration[i] + u[0] * gradients[0][i] + u[1] * gradients[1][i] for i in (0, 1))
    D_time = (u[0] * D[0] + u[1] * D[1]) / gamma
    _, tx, ty = time_components(shear, *u, gamma)
    turn = (tx * D_time - shear.xx * D[0] - shear.xy * D[1], ty * D_time - shear.xy * D[0] - shear.yy * D[1])
    temperature = eos.temperature_of(flow.energy)
    enthalpy = flow.energy + pressure
    shortest = _SHORTEST_RELAXATION * step
    ratio = transport.eta_over_s(temperature)
    eta = HBAR_C_GEV * ratio * enthalpy / temperature
    tau_shear = jnp.maximum(transport.shear_relaxation * HBAR_C_GEV * ratio / temperature, shortest)
    kinetic = HBAR_C_GEV * transport.zeta_over_s(temperature) / temperature
    tau_bulk = jnp.maximum(kinetic * transport.bulk_relaxation(speed), shortest)
    found = []
    for part, i, j in ((shear.xx, 0, 0), (shear.xy, 0, 1), (shear.yy, 1, 1)):
        strain = -0.5 * (gradients[i][j] + gradients[j][i] + u[i] * D[j] + u[j] * D[i])
        strain = strain + ((1.0 if i == j else 0.0) + u[i] * u[j]) * theta / 3.0
        stretched = (4.0 / 3.0) * part * theta + u[i] * turn[j] + u[j] * turn[i]
        found.append((2.0 * eta * strain - part) / tau_shear - stretched)
    bulk = -(shear.bulk + kinetic * enthalpy * theta) / tau_bulk - (2.0 / 3.0) * shear.bulk * theta
    return theta, (*found, bulk)
