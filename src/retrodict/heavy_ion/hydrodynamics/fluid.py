r"""The fluid in a transverse plane: what is evolved, what is known from it, and how one leads to the other.

Conserved are $T^{\tau\tau}, T^{\tau x}, T^{\tau y}$, carried along are $u^\tau\pi^{ij}$ and $u^\tau\Pi$. Shear is
transverse and traceless: $\pi^{\tau i} = \pi^{ij}u_j/u^\tau$, $\tau^2\pi^{\eta\eta} = \pi^{\tau\tau} - \pi^{xx} -
\pi^{yy}$.
"""

from typing import Final, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from retrodict.heavy_ion.hydrodynamics.apart import compiled_apart
from retrodict.heavy_ion.hydrodynamics.equation_of_state import EquationOfState

__all__ = ["Flow", "Shear", "flow_at_rest"]

_SWEEPS: Final = 4  # Newton steps from one time to the next
_VACUUM: Final = 1e-6  # energy density below which there is no fluid, GeV fm^-3
_LARGEST_DISSIPATION: Final = 0.9  # of sqrt(pi:pi + 3 Pi^2) over sqrt(e^2 + 3 P^2)

Field = Float[Array, "x y"]


class Shear(NamedTuple):
    """The dissipative part of the energy-momentum tensor.

    Args:
        xx: pi^xx, GeV fm^-3.
        xy: pi^xy, GeV fm^-3.
        yy: pi^yy, GeV fm^-3.
        bulk: bulk pressure Pi, GeV fm^-3.
    """

    xx: Field
    xy: Field
    yy: Field
    bulk: Field


class Flow(NamedTuple):
    """The fluid at one proper time.

    Args:
        energy: energy density in the local rest frame, GeV fm^-3, shape (x, y).
        ux: u^x.
        uy: u^y.
        dissipation: shear and bulk; None in an ideal fluid.
    """

    energy: Field
    ux: Field
    uy: Field
    dissipation: Shear | None = None

    @property
    def gamma(self) -> Field:
        """u^tau."""
        return jnp.sqrt(1.0 + self.ux**2 + self.uy**2)


class Conserved(NamedTuple):
    """Densities that a step changes by fluxes and sources, each per unit of tau: T^(tau mu), and u^tau times shear."""

    energy: Field
    mx: Field
    my: Field
    carried: Shear | None = None


def flow_at_rest(energy: Field, viscous: bool = True) -> Flow:
    """A fluid that does not move, without shear or bulk pressure.

    Args:
        energy: energy density, GeV fm^-3, shape (x, y).
        viscous: whether it can have them later.
    """
    zero = jnp.zeros_like(energy)
    return Flow(energy, zero, zero, Shear(zero, zero, zero, zero) if viscous else None)


def time_components(
    shear: Shear, ux: Float[Array, "*shape"], uy: Float[Array, "*shape"], gamma: Float[Array, "*shape"]
) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"], Float[Array, "*shape"]]:
    """pi^(tau tau), pi^(tau x), pi^(tau y).

    Args:
        shear: the dissipation.
        ux: u^x.
        uy: u^y.
        gamma: u^tau.
    """
    tx = (shear.xx * ux + shear.xy * uy) / gamma
    ty = (shear.xy * ux + shear.yy * uy) / gamma
    return (tx * ux + ty * uy) / gamma, tx, ty


@compiled_apart
def limited(shear: Shear, flow: Flow, pressure: Field) -> Shear:
    """Dissipation no larger than the ideal tensor, by one common factor: only dilute cells are touched.

    Args:
        shear: the dissipation.
        flow: energy density and velocity.
        pressure: P, GeV fm^-3.
    """
    tt, tx, ty = time_components(shear, flow.ux, flow.uy, flow.gamma)
    longitudinal = tt - shear.xx - shear.yy
    square = shear.xx**2 + 2.0 * shear.xy**2 + shear.yy**2 + longitudinal**2 + tt**2 - 2.0 * (tx**2 + ty**2)
    square = square + 3.0 * shear.bulk**2
    allowed = _LARGEST_DISSIPATION**2 * (flow.energy**2 + 3.0 * pressure**2)
    over = square > allowed
    factor = jnp.where(over, jnp.sqrt(allowed / jnp.where(over, square, 1.0)), 1.0)
    return Shear(*(factor * part for part in shear))


@compiled_apart
def conserved_of(flow: Flow, pressure: Field) -> Conserved:
    """Densities of a fluid.

    Args:
        flow: the fluid.
        pressure: P, GeV fm^-3.
    """
    gamma, shear = flow.gamma, flow.dissipation
    total = pressure if shear is None else pressure + shear.bulk
    enthalpy = (flow.energy + total) * gamma
    e, mx, my = enthalpy * gamma - total, enthalpy * flow.ux, enthalpy * flow.uy
    if shear is None:
        return Conserved(e, mx, my)
    tt, tx, ty = time_components(shear, flow.ux, flow.uy, gamma)
    return Conserved(e + tt, mx + tx, my + ty, Shear(*(gamma * part for part in shear)))


@compiled_apart
def _sweep(conserved: Conserved, e: Field, ux: Field, uy: Field, eos: EquationOfState) -> tuple[Field, Field, Field]:
    """One step towards the energy density and velocity of these densities."""
    carried = conserved.carried
    energy, mx, my, bulk = conserved.energy, conserved.mx, conserved.my, jnp.zeros((), e.dtype)
    if carried is not None:
        gamma = jnp.sqrt(1.0 + ux**2 + uy**2)
        shear = Shear(*(part / gamma for part in carried))
        tt, tx, ty = time_components(shear, ux, uy, gamma)
        energy, mx, my, bulk = energy - tt, mx - tx, my - ty, shear.bulk
    pressure, speed = eos.pressure_and_sound_speed(e)
    square = mx**2 + my**2
    inertia = jnp.maximum(energy + pressure + bulk, _VACUUM)
    v2 = jnp.minimum(square / inertia**2, 0.999)
    step = (e - energy + square / inertia) / (1.0 - speed * v2)
    new = jnp.maximum(e - step, _VACUUM)
    inertia = jnp.maximum(energy + pressure + bulk + speed * (new - e), _VACUUM)
    vx, vy = mx / inertia, my / inertia
    v2 = vx**2 + vy**2
    boost = jnp.sqrt(1.0 / (1.0 - jnp.minimum(v2, 0.999)))
    return new, boost * vx, boost * vy


def flow_of(conserved: Conserved, guess: Flow, eos: EquationOfState) -> tuple[Flow, Field, Field, Conserved]:
    """The fluid that has these densities, by Newton's method from the fluid a step before.

    The energy density solves e = E - M^2 / (E + P(e)), whose left side less its right grows with a slope between
    2/3 and 1: the iteration cannot fail. Shear enters E and M through the velocity and follows it. Cells that are
    all but empty, or to which no fluid belongs, are set to rest.

    Args:
        conserved: densities, per unit of tau.
        guess: a fluid nearby.
        eos: the equation of state.

    Returns:
        The fluid, P, c_s^2, and the densities with such cells reset.
    """
    carried = conserved.carried
    e, ux, uy = guess.energy, guess.ux, guess.uy
    for _ in range(_SWEEPS):
        e, ux, uy = _sweep(conserved, e, ux, uy, eos)
    empty = ~((conserved.energy > 2.0 * _VACUUM) & (e > 1.5 * _VACUUM))
    e = jnp.where(empty, _VACUUM, e)
    ux, uy = (jnp.where(empty, 0.0, u) for u in (ux, uy))
    pressure, speed = eos.pressure_and_sound_speed(e)
    flow = Flow(e, ux, uy)
    at_rest = (jnp.where(empty, rest, c) for rest, c in zip((_VACUUM, 0.0, 0.0), conserved[:3], strict=True))
    kept = Conserved(*at_rest, carried=None)
    if carried is not None:
        gamma = flow.gamma
        shear = limited(Shear(*(jnp.where(empty, 0.0, part / gamma) for part in carried)), flow, pressure)
        flow = flow._replace(dissipation=shear)
        kept = kept._replace(carried=Shear(*(gamma * part for part in shear)))
    return flow, pressure, speed, kept
