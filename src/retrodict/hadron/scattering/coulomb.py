r"""Regular and irregular Coulomb functions for real arguments, computed on the host in NumPy.

They solve $y'' = [l(l+1)/\rho^2 + 2\eta/\rho - 1] y$ and go to $F \to \sin\theta$, $G \to \cos\theta$ with
$\theta = \rho - l\pi/2 - \eta\ln 2\rho + \sigma_l$. Beyond the turning point Steed's two continued fractions give them.
Inside it G is carried inwards, where it grows, by Taylor steps, and F follows from F'/F, a continued fraction that
converges everywhere, and the Wronskian F' G - F G' = 1.

Source: A. R. Barnett, D. H. Feng, J. W. Steed and L. J. B. Goldfarb, Comput. Phys. Commun. 8 (1974) 377.
"""

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float, Inexact

from retrodict.base.constants import FINE_STRUCTURE_CONSTANT
from retrodict.base.errors import InputError

NEAREST: Final = 3.0  # rho from which on the second continued fraction is used
TERMS: Final = 34  # of a Taylor step
MOST_TERMS: Final = 20_000  # of a continued fraction
MOST_STEPS: Final = 3000  # from beyond the barrier inwards
TINY: Final = 1e-300

Values = Float[np.ndarray, "..."]
Complexes = Inexact[np.ndarray, "..."]


class CoulombFunctions(NamedTuple):
    """F, G and their derivatives with respect to rho."""

    regular: Values  # F
    regular_slope: Values  # F'
    irregular: Values  # G
    irregular_slope: Values  # G'


def sommerfeld_parameter(momentum: Values, reduced_mass: float, charge_product: float) -> Values:
    r"""$\eta = Z_1 Z_2 \alpha\mu/k$, positive for charges that repel each other.

    Args:
        momentum: k [MeV].
        reduced_mass: mu [MeV].
        charge_product: Z1 Z2.
    """
    return charge_product * FINE_STRUCTURE_CONSTANT * reduced_mass / momentum


def coulomb_functions(l: int, eta: Values, rho: Values) -> CoulombFunctions:  # noqa: E741
    """F_l, G_l and their slopes to about 1e-13 of the larger of both.

    Args:
        l: angular momentum.
        eta: Sommerfeld parameter, any shape; zero for Riccati-Bessel functions.
        rho: k r > 0, of the same shape.

    Raises:
        InputError: if rho is not positive, or so deep below the barrier that G is no number any more.
    """
    eta, rho = np.broadcast_arrays(np.asarray(eta, dtype=float), np.asarray(rho, dtype=float))
    if not np.all(rho > 0):
        raise InputError("momenta and radii of Coulomb functions are positive", got=f"k r = {np.min(rho):g}")
    turning = eta + np.sqrt(eta**2 + l * (l + 1))
    outer = np.maximum(np.maximum(rho, 1.2 * turning), NEAREST)
    ratio, sign = _logarithmic_slope(l, eta, outer)
    outgoing = outgoing_slope(l, eta, outer)
    p, q = np.real(outgoing), np.imag(outgoing)
    gamma = (ratio - p) / q
    F = sign / np.sqrt(q * (1 + gamma**2))
    G = gamma * F
    with np.errstate(over="ignore", invalid="ignore"):
        inner, inner_slope = _inwards(l, eta, outer, rho, G, p * G - q * F)
        inside = rho < outer
        slope = _logarithmic_slope(l, eta, rho)[0]
        f = np.where(inside, 1 / (slope * inner - inner_slope), F)
    if not np.all(np.isfinite(inner)):
        raise InputError("a wave so deep below the Coulomb barrier that it has no amplitude", fix="raise the momenta")
    return CoulombFunctions(f, np.where(inside, slope * f, ratio * F), inner, inner_slope)


def _logarithmic_slope(l: int, eta: Values, rho: Values) -> tuple[Values, Values]:  # noqa: E741
    """F'/F by its continued fraction (Lentz), and the sign of F."""
    n = l + 1.0
    value = n / rho + eta / n
    value = np.where(value == 0, TINY, value)
    C, D, sign = value, np.zeros_like(value), np.ones_like(value)
    for _ in range(MOST_TERMS):
        numerator = -(1 + (eta / n) ** 2)
        denominator = (2 * n + 1) * (1 / rho + eta / (n * (n + 1)))
        D = denominator + numerator * D
        D = 1 / np.where(D == 0, TINY, D)
        C = denominator + numerator / C
        C = np.where(C == 0, TINY, C)
        sign = np.where(D < 0, -sign, sign)
        value = value * C * D
        if np.all(np.abs(C * D - 1) < 4e-16):
            break
        n += 1
    return value, sign


def outgoing_slope(l: int, eta: Complexes, rho: Complexes) -> Complexes:  # noqa: E741
    """(G' + i F') / (G + i F) by its continued fraction (Lentz); of the wave that decays where rho is i kappa r.

    Args:
        l: angular momentum.
        eta: Sommerfeld parameter of this momentum.
        rho: k r, not on the negative imaginary axis unless eta is zero, where the fraction ends by itself.
    """
    a, b = 1j * eta - l, 1j * eta + l + 1.0
    value = (rho - eta).astype(complex)
    value = np.where(value == 0, TINY, value)
    C, D = value, np.zeros_like(value)
    for n in range(1, MOST_TERMS):
        numerator = (a + n - 1) * (b + n - 1)
        denominator = 2 * (rho - eta + 1j * n)
        D = denominator + numerator * D
        D = 1 / np.where(D == 0, TINY, D)
        C = denominator + numerator / C
        C = np.where(C == 0, TINY, C)
        value = value * C * D
        if not np.any(np.abs(C * D - 1) > 4e-16):  # true also of what is no number
            break
    return 1j * value / rho


def _inwards(l: int, eta: Values, start: Values, end: Values, value: Values, slope: Values) -> tuple[Values, Values]:  # noqa: E741
    """A solution and its slope at `end`, from those at `start`, by Taylor steps of at most 1.5 and a quarter of rho."""
    log = np.log(start / end)
    steps = int(np.ceil(np.max(np.maximum(log / 0.25, start * log / 1.5), initial=0)))
    if steps > MOST_STEPS:
        return np.full_like(value, np.inf), slope
    for step in range(steps):
        here = start * np.exp(-log * step / steps)
        t = start * np.exp(-log * (step + 1) / steps) - here
        z = [np.zeros_like(value), np.zeros_like(value), value, slope * t]  # terms y_n t^n, after two that vanish
        for n in range(TERMS):
            total = (l * (l + 1) + 2 * eta * here - here**2 - n * (n - 1)) * z[n + 2] * (t / here) ** 2
            total += (2 * (eta - here) * z[n + 1] - t * z[n]) * t**3 / here**2
            z.append((total - 2 * (n + 1) * n * z[n + 3] * t / here) / ((n + 2) * (n + 1)))
        terms = np.stack(z[2:])
        value = terms.sum(axis=0)
        steepness = (np.arange(len(terms)).reshape(-1, *[1] * value.ndim) * terms).sum(axis=0)
        slope = np.where(t == 0, slope, steepness / np.where(t == 0, 1, t))
    return value, slope
