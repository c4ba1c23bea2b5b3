r"""The potential at leading order of the derivative expansion, by the time-dependent method.

$$V(r) = \frac{\nabla^2 R}{2\mu R} - \frac{\partial_t R}{R} + \frac{1 + 3\delta^2}{8\mu}\frac{\partial_t^2 R}{R},\qquad
\mu = \frac{m_1 m_2}{m_1 + m_2},\quad \delta = \frac{m_1 - m_2}{m_1 + m_2},$$

with the Laplacian by seven points and central differences in time. For equal masses $2\mu = m$ and the last factor is
$1/(4m)$. Source: Ishii et al. (HAL QCD), Phys. Lett. B 712 (2012) 437, eq. (9); of unequal masses Iritani et al.,
Phys. Lett. B 792 (2019) 284.
"""

from typing import NamedTuple

import numpy as np

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.base.shapes import Float
from retrodict.hadron.hal_qcd.correlator import RCorrelator

Samples = Float[np.ndarray, "samples points"]


class Terms(NamedTuple):
    """The three terms of D R / R in MeV, each for every sample and point."""

    kinetic: Samples  # -(H0 R)/R
    first: Samples  # -(d_t R)/R
    second: Samples  # (1 + 3 delta^2)/(8 mu) (d_t^2 R)/R

    @property
    def total(self) -> Samples:
        """The potential."""
        return self.kinetic + self.first + self.second


def leading_order_terms(
    correlator: RCorrelator, time: int, *, mass: float, lattice_spacing: float, other_mass: float | None = None
) -> Terms:
    """The three terms of the potential at one time.

    Args:
        correlator: R; measurements are turned into jackknife samples.
        time: t/a.
        mass: of one hadron, in lattice units.
        lattice_spacing: a [fm].
        other_mass: of the other hadron, in lattice units; the same if None.

    Raises:
        InputError: for a time without neighbours, and for masses or a spacing that are not positive.
    """
    other = mass if other_mass is None else other_mass
    if not min(mass, other, lattice_spacing) > 0.0:
        raise InputError("masses and the lattice spacing are positive", got=f"{mass}, {other}, {lattice_spacing}")
    resampled, place = correlator.resampled(), correlator.place_of(time)
    before, now, after = resampled.values[place - 1 : place + 2]
    mu, delta = mass * other / (mass + other), (mass - other) / (mass + other)
    unit = HBAR_C / lattice_spacing  # MeV
    kinetic = correlator.wedge.laplacian(now) / (2.0 * mu * now)
    first = -(after - before) / (2.0 * now)
    second = (1.0 + 3.0 * delta**2) * (after - 2.0 * now + before) / (8.0 * mu * now)
    return Terms(unit * kinetic, unit * first, unit * second)


def leading_order_potential(
    correlator: RCorrelator, time: int, *, mass: float, lattice_spacing: float, other_mass: float | None = None
) -> Samples:
    """V(r) [MeV] of each jackknife sample at the points of the wedge, shape (samples, points).

    Args:
        correlator: R; measurements are turned into jackknife samples.
        time: t/a.
        mass: of one hadron, in lattice units.
        lattice_spacing: a [fm].
        other_mass: of the other hadron, in lattice units; the same if None.

    Raises:
        InputError: as `leading_order_terms`.

    Example:
        >>> correlator = retrodict.hadron.read_r_correlator("r.npz")  # doctest: +SKIP
        >>> V = leading_order_potential(correlator, 13, mass=0.665, lattice_spacing=0.0899)  # doctest: +SKIP
    """
    of = {"mass": mass, "lattice_spacing": lattice_spacing, "other_mass": other_mass}
    return leading_order_terms(correlator, time, **of).total
