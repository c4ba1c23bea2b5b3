"""Phase shifts that are known in closed form; q in fm^-1, everything else in the units of the domain."""

import numpy as np
from scipy.special import loggamma

from retrodict.base.constants import HBAR_C

MASS = 500.0  # reduced, MeV
IN_MEV = HBAR_C**2 / 2 / MASS  # 1 fm^-2 of 2 mu V


def poeschl_teller(q, strength=2.6, slope=0.9):
    """delta [rad] of U = -strength (strength - 1) slope^2 / cosh^2(slope r)."""
    phase = lambda z: loggamma(z).imag  # noqa: E731
    k = 1j * q / slope
    return (
        np.pi / 2 + phase(k) - q / slope * np.log(2) - phase((strength + 1 + k) / 2) - phase(1 - strength / 2 + k / 2)
    )


def poeschl_teller_potential(r, strength=2.6, slope=0.9):
    """V(r) [MeV]."""
    return -strength * (strength - 1) * slope**2 * IN_MEV / np.cosh(slope * r) ** 2


def difference(found, wanted):
    """Of two angles, modulo pi."""
    apart = np.asarray(found) - np.asarray(wanted)
    return apart - np.pi * np.round(apart / np.pi)
