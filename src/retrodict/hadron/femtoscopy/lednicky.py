r"""The approximation of Lednicky and Lyuboshits: S waves outside the force alone, and a Gaussian source.

$$C = 1 + \sum_S w_S\,m\left[\frac{|f|^2}{2R^2}\Big(1 - \frac{r_\mathrm{eff}}{2\sqrt\pi R}\Big)
  + \frac{2\,\mathrm{Re}f}{\sqrt\pi R} F_1(2kR) - \frac{\mathrm{Im}f}{R} F_2(2kR)\right] + \text{statistics}$$

with $1/f = -1/a_0 + r_\mathrm{eff}k^2/2 - ik$, $a_0 > 0$ for a shallow bound state, $F_1(x) = D(x)/x$ with Dawson's
integral, $F_2(x) = (1 - e^{-x^2})/x$, and m = 2 for identical particles with even S, 1 for others. It fails where the
source is not larger than the force. Source: Lednicky, Lyuboshits, Sov. J. Nucl. Phys. 35 (1982) 770.
"""

import numpy as np
from scipy.special import dawsn

from retrodict.base.constants import HBAR_C
from retrodict.base.shapes import Float

Momenta = Float[np.ndarray, " momenta"]


def strong_term(momentum: Momenta, radius: float, inverse_length: float, effective_range: float) -> Momenta:
    """What the strong interaction of one channel adds to C.

    Args:
        momentum: k [MeV], shape (momenta,).
        radius: R of the Gaussian source [fm].
        inverse_length: 1 / a0 [fm^-1].
        effective_range: r_eff [fm].
    """
    k = momentum / HBAR_C
    amplitude = 1.0 / (-inverse_length + 0.5 * effective_range * k**2 - 1j * k)
    x = 2.0 * k * radius
    inside = np.abs(amplitude) ** 2 / (2.0 * radius**2) * (1.0 - effective_range / (2.0 * np.sqrt(np.pi) * radius))
    real = 2.0 * amplitude.real / (np.sqrt(np.pi) * radius) * dawsn(x) / x
    return inside + real - amplitude.imag / radius * -np.expm1(-(x**2)) / x


def statistics_term(momentum: Momenta, radius: float) -> Momenta:
    """What symmetrisation adds to C of identical particles in even waves, and takes from it in odd ones.

    Args:
        momentum: k [MeV], shape (momenta,).
        radius: R of the Gaussian source [fm].
    """
    return np.exp(-4.0 * (momentum / HBAR_C * radius) ** 2)
