"""Phase shifts that are known in closed form; q in fm^-1, everything else in the units of the domain."""

import numpy as np
from scipy.special import loggamma

from retrodict.base.constants import HBAR_C
from retrodict.hadron.scattering.coulomb import coulomb_functions, sommerfeld_parameter

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


def square_well(q, depth, radius, l=0, charge_product=0.0):  # noqa: E741
    """delta [rad] of U = -depth [fm^-2] inside the radius [fm], with the Coulomb force of points everywhere."""
    inside = np.sqrt(q**2 + depth)
    eta = sommerfeld_parameter(q * HBAR_C, MASS, charge_product)
    F, slope, _, _ = coulomb_functions(l, eta * q / inside, inside * radius)
    logarithmic = inside * slope / F
    F, F_slope, G, G_slope = coulomb_functions(l, eta, q * radius)
    return np.arctan((logarithmic * F - q * F_slope) / (q * G_slope - logarithmic * G))


class Yamaguchi:
    """The separable potential with form factor 1/(p^2 + b^2) and a pole at i kappa; b, kappa in fm^-1."""

    def __init__(self, b=1.39, kappa=0.2316):
        self.b, self.kappa = b, kappa

    def potential(self, r):
        """U(r, r') [MeV/fm]."""
        strength = 2 * self.b * (self.b + self.kappa) ** 2
        return -strength * IN_MEV * np.exp(-self.b * np.add.outer(r, r))

    def k_cot_delta(self, q):
        """[fm^-1]."""
        b, L = self.b, (self.b + self.kappa) ** 2
        return ((b**2 + q**2) ** 2 - L * (b**2 - q**2)) / (2 * b * L)
