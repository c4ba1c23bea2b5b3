r"""Equations of state of matter without net baryon number: P(e), c_s^2(e), T(e) as tables that are cheap to read.

Nodes are equidistant in $e^{1/4}$, so that no search is needed. Between nodes c_s^2 is linear in e and P is its
integral, so that derivatives of what is evolved are continuous. T is linear in $e^{1/4}$, exact for massless matter.
"""

from typing import Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.interpolate import PchipInterpolator

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.base.types import Scalar
from retrodict.num.hot_qcd import equation_of_state as hot_qcd_equation_of_state

__all__ = [
    "EquationOfState",
    "bag_model",
    "conformal",
    "equation_of_state_from_sound_speed",
    "equation_of_state_from_table",
    "hot_qcd",
]

HBAR_C_GEV: Final = HBAR_C * 1e-3  # GeV fm
_NODES: Final = 2048
_HIGHEST_ROOT: Final = 6.0  # e^(1/4) of the last node: 1296 GeV fm^-3
_COLDEST_LATTICE: Final = 0.1  # GeV; below, the closed form is continued with a constant sound speed
_QUARK_FLAVOURS: Final = 2.5  # light quarks of the bag model, counted as in Sollfrank et al. (1997)


class EquationOfState(eqx.Module):
    """P and T of the energy density, in tables.

    Args:
        pressure: P at the left node of each interval, GeV fm^-3, shape (intervals,).
        sound_speed_squared: c_s^2 there.
        sound_speed_slope: d c_s^2 / de in each interval, GeV^-1 fm^3.
        temperature: T at the left node of each interval, GeV.
        temperature_slope: dT / d e^(1/4) in each interval, GeV^(3/4) fm^(3/4).
        interval: width of the intervals in e^(1/4), (GeV fm^-3)^(1/4).
    """

    pressure: Float[Array, " intervals"]
    sound_speed_squared: Float[Array, " intervals"]
    sound_speed_slope: Float[Array, " intervals"]
    temperature: Float[Array, " intervals"]
    temperature_slope: Float[Array, " intervals"]
    interval: Scalar

    def pressure_and_sound_speed(
        self, energy: Float[Array, "*shape"]
    ) -> tuple[Float[Array, "*shape"], Float[Array, "*shape"]]:
        """P [GeV fm^-3] and c_s^2.

        Args:
            energy: energy density, GeV fm^-3.
        """
        index = self._index(jnp.sqrt(jnp.sqrt(energy)))
        square = (index * self.interval) ** 2
        past = energy - square * square
        pressure, speed, slope = (
            jnp.take(table, index, mode="clip")
            for table in (self.pressure, self.sound_speed_squared, self.sound_speed_slope)
        )
        return pressure + past * (speed + 0.5 * slope * past), speed + slope * past

    def temperature_of(self, energy: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """T [GeV].

        Args:
            energy: energy density, GeV fm^-3.
        """
        root = jnp.sqrt(jnp.sqrt(energy))
        index = self._index(root)
        slope = jnp.take(self.temperature_slope, index, mode="clip")
        return jnp.take(self.temperature, index, mode="clip") + slope * (root - index * self.interval)

    def entropy_of(self, energy: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """(e + P) / T [fm^-3].

        Args:
            energy: energy density, GeV fm^-3.
        """
        pressure, _ = self.pressure_and_sound_speed(energy)
        return (energy + pressure) / self.temperature_of(energy)

    def energy_at_temperature(self, temperature: Scalar | float) -> Scalar:
        """The energy density at which T is reached [GeV fm^-3]; within a mixed phase its lower end.

        Args:
            temperature: T, GeV.
        """
        root = jnp.arange(self.temperature.size) * self.interval
        return jnp.interp(jnp.asarray(temperature, root.dtype), self.temperature, root) ** 4

    def _index(self, root: Float[Array, "*shape"]) -> Array:
        last = self.temperature.shape[0] - 1
        return jnp.clip((root / self.interval).astype(jnp.int32), 0, last)


def _roots(dtype: np.dtype) -> Float[Array, " nodes"]:
    return jnp.linspace(0.0, _HIGHEST_ROOT, _NODES + 1, dtype=dtype)


def _tabulated(pressure: Float[Array, " nodes"], temperature: Float[Array, " nodes"]) -> EquationOfState:
    """From P and T at the nodes."""
    root = _roots(pressure.dtype)
    energy = root**4
    steps = jnp.diff(energy)
    slope = jnp.diff(pressure) / steps
    speed = jnp.concatenate([slope[:1], 0.5 * (slope[1:] + slope[:-1]), slope[-1:]])
    inside = jnp.cumsum(0.5 * (speed[1:] + speed[:-1]) * steps)
    left = jnp.concatenate([jnp.zeros(1, root.dtype), inside[:-1]])
    bend = (jnp.diff(speed) / steps).at[-1].set(0.0)  # beyond the last node as well
    return EquationOfState(left, speed[:-1], bend, temperature[:-1], jnp.diff(temperature) / jnp.diff(root), root[1])


def conformal(degrees: float = 1.0) -> EquationOfState:
    """Massless matter: e = 3 P, P = c T^4.

    Args:
        degrees: c = P / T^4; 1 is the convention of most exact flows, 5.2 a gas of quarks and gluons.
    """
    root = _roots(np.dtype(float))
    return _tabulated(root**4 / 3.0, root * (HBAR_C_GEV**3 / (3.0 * degrees)) ** 0.25)


def equation_of_state_from_sound_speed(
    energy: Float[Array, " knots"], sound_speed_squared: Float[Array, " knots"], temperature: Scalar | float
) -> EquationOfState:
    """c_s^2 linear in e between knots and constant beyond: P and T follow from dP = c_s^2 de and d ln T = dP / (e + P).

    Differentiable in all arguments. A jump, as at the ends of a mixed phase, is two knots at neighbouring energies.

    Args:
        energy: of the knots, ascending, GeV fm^-3, shape (knots,).
        sound_speed_squared: c_s^2 at the knots, within [0, 1].
        temperature: T at the last knot, GeV.
    """
    root = _roots(jnp.result_type(energy, sound_speed_squared))
    e = root**4
    steps = jnp.diff(energy) * 0.5 * (sound_speed_squared[1:] + sound_speed_squared[:-1])
    at_knots = sound_speed_squared[0] * energy[0] + jnp.concatenate([jnp.zeros(1, e.dtype), jnp.cumsum(steps)])
    speed = jnp.interp(e, energy, sound_speed_squared)
    below = jnp.clip(jnp.searchsorted(energy, e, side="right") - 1, 0, energy.size - 1)
    inside = at_knots[below] + 0.5 * (sound_speed_squared[below] + speed) * (e - energy[below])
    pressure = jnp.where(e < energy[0], sound_speed_squared[0] * e, inside)
    # In each interval c_s^2 is constant, so d ln T = c_s^2 / (1 + c_s^2) d ln(e + P): no quadrature error.
    slope = jnp.diff(pressure) / jnp.diff(e)
    enthalpy = jnp.maximum(e + pressure, 1e-30)
    rise = jnp.concatenate(
        [jnp.zeros(1, e.dtype), jnp.cumsum((slope / (1.0 + slope) * jnp.diff(jnp.log(enthalpy)))[1:])]
    )
    at_last = jnp.interp(energy[-1], e[1:], rise)
    warm = temperature * jnp.exp(rise - at_last)
    return _tabulated(pressure, jnp.concatenate([jnp.zeros(1, e.dtype), warm]))


def bag_model(hadronic: float = 0.45, partonic: float = 1.6, sound_speed_squared: float = 0.15) -> EquationOfState:
    """A first-order transition: c_s^2 = 0.15 below, a mixed phase of constant P and T, massless quarks above (EoS-Q).

    Args:
        hadronic: energy density at which the mixed phase begins, GeV fm^-3.
        partonic: energy density at which it ends.
        sound_speed_squared: c_s^2 of the hadrons.

    Source: Song and Heinz, Phys. Rev. C 77 (2008) 064901.

    Raises:
        InputError: unless 0 < hadronic < partonic.
    """
    if not 0.0 < hadronic < partonic:
        raise InputError(
            "the mixed phase of a bag model ends above its beginning", got=f"{hadronic}, {partonic} GeV fm^-3"
        )
    e = _roots(np.dtype(float)) ** 4
    plateau = sound_speed_squared * hadronic
    pressure = jnp.where(e < hadronic, sound_speed_squared * e, plateau + jnp.maximum(e - partonic, 0.0) / 3.0)
    degrees = np.pi**2 / 90.0 * (16.0 + 10.5 * _QUARK_FLAVOURS)  # P / T^4 without the bag constant
    critical = ((partonic + plateau) * HBAR_C_GEV**3 / (4.0 * degrees)) ** 0.25
    power = sound_speed_squared / (1.0 + sound_speed_squared)
    cold = critical * (e / hadronic) ** power
    hot = critical * (jnp.maximum(e + pressure, 1e-9) / (partonic + plateau)) ** 0.25
    return _tabulated(pressure, jnp.where(e < hadronic, cold, jnp.where(e < partonic, critical, hot)))


def hot_qcd() -> EquationOfState:
    """The crossover of lattice QCD; below 0.1 GeV with the P/e that it has there.

    Source: as `num.hot_qcd`; the cold end is ours, below every freeze-out.
    """
    temperature = np.geomspace(_COLDEST_LATTICE, 1.5, 6000)
    found = hot_qcd_equation_of_state(jnp.asarray(1e3 * temperature))
    scale = temperature**4 / HBAR_C_GEV**3
    energy, pressure = (np.asarray(one) * scale for one in (found.energy_density, found.pressure))
    return equation_of_state_from_table(energy, pressure, temperature)


def equation_of_state_from_table(
    energy: Float[np.ndarray, " rows"], pressure: Float[np.ndarray, " rows"], temperature: Float[np.ndarray, " rows"]
) -> EquationOfState:
    """Any table, by monotone interpolation of ln P and ln T in ln e.

    Below it P/e stays that of its first row, above it c_s^2 that of its last.

    Args:
        energy: energy density, strictly ascending, GeV fm^-3, shape (rows,).
        pressure: P, not falling, GeV fm^-3.
        temperature: T, not falling, GeV.

    Raises:
        InputError: for a table that falls, holds values that are not positive, or has a sound speed above 1.
    """
    columns = [np.asarray(column, dtype=float) for column in (energy, pressure, temperature)]
    if any(not np.all(np.isfinite(c)) or c.size < 4 or c[0] <= 0.0 for c in columns):
        raise InputError("a table of an equation of state has four or more rows of positive numbers")
    e, p, t = columns
    if np.any(np.diff(e) <= 0.0) or np.any(np.diff(p) < 0.0) or np.any(np.diff(t) < 0.0):
        raise InputError("energy density, pressure and temperature ascend together", where="equation of state")
    if np.any(np.diff(p) > np.diff(e) * (1.0 + 1e-9)):
        raise InputError(
            "the sound speed exceeds that of light", where="equation of state", fix="check the units of P and e"
        )
    nodes = np.asarray(_roots(np.dtype(float))) ** 4
    inside = np.clip(nodes, e[0], e[-1])
    log_p, log_t = (np.exp(PchipInterpolator(np.log(e), np.log(c))(np.log(inside))) for c in (p, t))
    first, last = p[0] / e[0], (p[-1] - p[-2]) / (e[-1] - e[-2])
    below = first * nodes
    above = log_p + last * (nodes - inside)
    grown = np.maximum((nodes + above) / (e[-1] + p[-1]), 1.0)
    cold = t[0] * np.minimum(nodes / e[0], 1.0) ** (first / (1.0 + first))
    found_p = np.where(nodes < e[0], below, above)
    found_t = np.where(nodes < e[0], cold, log_t * grown ** (last / (1.0 + last)))
    return _tabulated(jnp.asarray(found_p), jnp.asarray(found_t))
