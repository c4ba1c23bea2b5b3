r"""The angular average of $|\psi_k(r)|^2$ of a pair without strong interaction, neutral or charged, as an array.

With $\rho = kr$ and the Sommerfeld parameter $\eta$, the average of a Coulomb wave over the angle is an integral over
the confluent hypergeometric function, and a sum over partial waves,

$$\langle|\psi|^2\rangle = \frac{C_\eta^2}{2\rho}\int_0^{2\rho} |{}_1F_1(-i\eta; 1; ix)|^2 dx
  = \sum_l (2l+1) F_l(\eta, \rho)^2 / \rho^2 .$$

The integral is done segment by segment with Taylor series of the function. The squares $F_l^2$ follow by downward
recurrence, normalised by this sum: its terms are positive, so that nothing cancels. For neutral pairs everything is
known in closed form.

Sources: Abramowitz, Stegun, Handbook of Mathematical Functions (1964), 13.1, 14.2; Miller's recurrence, ibid. 9.12.
"""

from typing import Final, NamedTuple

import numpy as np
from scipy.special import spherical_jn

from retrodict.base.shapes import Complex, Float

TERMS: Final = 40  # of a Taylor series
FIRST: Final = 2.0  # end of the segment of the series at x = 0
WIDTH: Final = 0.5  # of all other segments
NODES, WEIGHTS = np.polynomial.legendre.leggauss(8)
SPARE: Final = 40  # waves above those that matter, with which the recurrence begins
LARGE: Final = 1e100  # where a recurrence is scaled down

Momenta = Float[np.ndarray, " momenta"]
Density = Float[np.ndarray, "momenta radii"]


class PairDensity(NamedTuple):
    """Angular averages without strong interaction, by momentum and distance."""

    total: Density  # of all partial waves
    even: Density  # the part of even l
    waves: Float[np.ndarray, "waves momenta radii"]  # (2l + 1) F_l^2 / rho^2 for l = 0, 1, ...

    def of(self, symmetry: int) -> Density:
        """The density of a pair: of distinguishable particles, or of identical ones.

        Args:
            symmetry: 0, or +1 and -1 for wave functions that are even and odd under exchange.
        """
        return {0: self.total, 1: 2.0 * self.even, -1: 2.0 * (self.total - self.even)}[symmetry]


def pair_density(momentum: Momenta, eta: Momenta, radius: Float[np.ndarray, " radii"], waves: int) -> PairDensity:
    """Angular averages of the free, or of the Coulomb wave function.

    Args:
        momentum: k [fm^-1], > 0, shape (momenta,).
        eta: Sommerfeld parameter of each momentum, positive for repulsion; all zero for neutral pairs.
        radius: distance [fm], > 0, shape (radii,).
        waves: number of partial waves that are given one by one.
    """
    rho = momentum[:, None] * radius
    if not eta.any():
        single = [(2 * n + 1) * spherical_jn(n, rho) ** 2 for n in range(waves)]
        return PairDensity(
            np.ones_like(rho), 0.5 * (1.0 + np.sinc(2.0 * rho / np.pi)), np.array(single).reshape(-1, *rho.shape)
        )
    total = np.stack([coulomb_average(k * radius, e) for k, e in zip(momentum, eta, strict=True)])
    even, single = _shares(rho, eta[:, None], waves)
    return PairDensity(total, total * even, total * single)


def penetration(eta: float) -> float:
    """The Gamow factor 2 pi eta / (exp(2 pi eta) - 1): the density at r = 0.

    Args:
        eta: Sommerfeld parameter, positive for repulsion.
    """
    return 2.0 * np.pi * eta / np.expm1(2.0 * np.pi * eta)


def coulomb_average(rho: Float[np.ndarray, " radii"], eta: float) -> Float[np.ndarray, " radii"]:
    """The angular average of a Coulomb wave, all partial waves together.

    Args:
        rho: k r, > 0, shape (radii,).
        eta: Sommerfeld parameter, not zero.
    """
    end = 2.0 * rho
    starts, series = _segments(eta, float(end.max()))
    widths = np.append(np.diff(starts), WIDTH)
    whole = _integrals(series, np.arange(len(starts)), widths)
    before = np.concatenate([[0.0], np.cumsum(whole)])
    place = np.searchsorted(starts, end, side="right") - 1
    return penetration(eta) * (before[place] + _integrals(series, place, end - starts[place])) / end


def _segments(eta: float, end: float) -> tuple[Float[np.ndarray, " segments"], Complex[np.ndarray, "segments terms"]]:
    """Where segments start, and the Taylor series of 1F1(-i eta; 1; i x) there: x w'' + (1 - i x) w' = eta w."""
    starts = np.append(0.0, np.arange(FIRST, max(end, FIRST) + WIDTH, WIDTH))
    series = np.empty((len(starts), TERMS), complex)
    n = np.arange(TERMS)
    series[0, 0], series[0, 1:] = 1.0, np.cumprod((eta + 1j * n[:-1]) / (n[:-1] + 1.0) ** 2)
    width = FIRST
    for i, x in enumerate(starts[1:], 1):
        powers = width**n
        a, b = series[i - 1] @ powers, (n * series[i - 1])[1:] @ powers[:-1]
        one = [a, b]
        for m in range(TERMS - 2):
            a, b = b, ((eta + 1j * m) * a - (m + 1) * (m + 1 - 1j * x) * b) / (x * (m + 1) * (m + 2))
            one.append(b)
        series[i], width = one, WIDTH
    return starts, series


def _integrals(
    series: Complex[np.ndarray, "segments terms"],
    place: np.ndarray,
    width: Float[np.ndarray, " places"],
) -> Float[np.ndarray, " places"]:
    """The integral of |w|^2 from the start of each segment over a width."""
    half = 0.5 * width
    at = half[:, None] * (1.0 + NODES)
    chosen = series[place]
    value = np.zeros(at.shape, complex)
    for n in reversed(range(TERMS)):
        value = value * at + chosen[:, n, None]
    return half * (np.abs(value) ** 2 @ WEIGHTS)


def _shares(
    rho: Density, eta: Float[np.ndarray, "momenta one"], waves: int
) -> tuple[Density, Float[np.ndarray, "waves momenta radii"]]:
    """The share of even l, and of each of the lowest l, in the sum over (2l + 1) F_l^2."""
    last = np.sqrt(rho.max() ** 2 + 2.0 * np.abs(eta).max() * rho.max())
    top = int(last + 4.0 * last ** (1.0 / 3.0)) + SPARE
    upper, lower = np.zeros_like(rho), np.ones_like(rho)
    sums = np.zeros((2, *rho.shape))
    single = np.zeros((waves, *rho.shape))
    for l in range(top, -1, -1):  # noqa: E741
        term = (2 * l + 1) * lower**2
        sums[l % 2] += term
        if l < waves:
            single[l] = term
        if l == 0:
            break
        factor = (2 * l + 1) * (eta + l * (l + 1) / rho) * lower - l * np.sqrt((l + 1) ** 2 + eta**2) * upper
        upper, lower = lower, factor / ((l + 1) * np.sqrt(l**2 + eta**2))
        big = np.abs(lower) > LARGE
        if big.any():
            scale = np.where(big, 1.0 / LARGE, 1.0)
            upper, lower, sums, single = upper * scale, lower * scale, sums * scale**2, single * scale**2
    whole = sums.sum(axis=0)
    return sums[0] / whole, single / whole
