"""From the rows of a table to intervals in x = ln n: monotone, fourth order, exact at first-order transitions.

Only eps(p) acts on a star, so it alone is interpolated; x follows from dx = deps / (eps + p). For a consistent table
this is ln n, for one that was rounded or interpolated by others it is the baryon density that belongs to its eps(p)
(`density_mismatch` says how far off). Everything here is NumPy: a table is data and carries no gradient.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

SAME_PRESSURE = 1e-10  # relative; rows closer than this share a pressure
LARGEST_STEP = 0.03  # in x, above `CORE_DENSITY`
LARGEST_CRUST_STEP = 0.5
CORE_DENSITY = 0.02  # fm^-3
STIFF = 10.0  # d ln p / d ln eps above which matter is bound by itself: its pressure vanishes at a finite density
LEAST_SELF_BOUND = 50.0  # MeV fm^-3, below every surface of quark matter: rounded rows of a crust may look stiff
SURFACE = 1e-9  # of eps, within which a first row counts as the surface of self-bound matter
_NODES, _WEIGHTS = (0.5 * np.polynomial.legendre.leggauss(6)[0] + 0.5, 0.5 * np.polynomial.legendre.leggauss(6)[1])


class Table(NamedTuple):
    """Intervals made of a table; the arrays are those of an `EquationOfState`, shape (nodes,) or (intervals, 3)."""

    log_density: Reals  # x = ln(n fm^3)
    energy_density: Reals  # MeV fm^-3
    pressure: Reals  # MeV fm^-3
    sound_speed_squared: Reals  # units of c^2
    density_mismatch: float  # largest |ln(n_table) - x| over the rows


class _Rows(NamedTuple):
    """Cubic Hermite data of one interval between two rows, for many intervals at once."""

    energy: Reals  # (2, intervals), at both ends
    pressure: Reals
    slope: Reals  # dp/deps at both ends
    logarithmic: NDArray[np.bool_]


def require_rows(n: Reals, eps: Reals, p: Reals) -> None:
    """Refuse rows that are no matter.

    Args:
        n: baryon density [fm^-3], shape (rows,).
        eps: energy density [MeV fm^-3], shape (rows,).
        p: pressure [MeV fm^-3], shape (rows,).

    Raises:
        ValueError: if the rows are fewer than four, not finite or not ascending.
    """
    if not (n.ndim == 1 and n.shape == eps.shape == p.shape and n.size >= 4):
        raise ValueError("an equation-of-state table needs three columns of the same length and at least four rows")
    if not (np.isfinite([n, eps, p]).all() and n[0] > 0.0 and eps[0] > 0.0 and p[0] >= 0.0):
        raise ValueError("densities must be positive, pressures not negative, and all of them finite")
    if not ((np.diff(n) > 0.0).all() and (np.diff(eps) > 0.0).all() and (np.diff(p) >= 0.0).all()):
        raise ValueError("baryon and energy density must rise from row to row, and pressure must not fall")


def row_slopes(energy_density: Reals, pressure: Reals) -> tuple[Reals, NDArray[np.bool_]]:
    """c_s^2 at both ends of every interval between rows, one-sided at transitions.

    Args:
        energy_density: eps of the rows [MeV fm^-3], ascending, shape (rows,).
        pressure: p of the rows [MeV fm^-3], shape (rows,).

    Returns:
        c_s^2 at the lower and the upper end, shape (2, rows - 1), and whether to interpolate in logarithms.
    """
    flat = is_transition(pressure)
    slope, logarithmic = np.zeros((2, flat.size)), np.ones(flat.size, dtype=bool)
    for first, last in _runs(~flat):
        eps, p = energy_density[first : last + 1], pressure[first : last + 1]
        log = not is_self_bound(eps, p)
        at_rows = monotone_slopes(np.log(eps), np.log(p)) * p / eps if log else monotone_slopes(eps, p)
        slope[0, first:last], slope[1, first:last] = at_rows[:-1], at_rows[1:]
        logarithmic[first:last] = log
    return slope, logarithmic


def is_self_bound(energy_density: Reals, pressure: Reals) -> bool:
    """Whether p falls to zero at a finite density, as in quark matter: there p is nearly linear in eps.

    A logarithm would follow the first pressure, however small, instead of the matter.

    Args:
        energy_density: eps of consecutive rows [MeV fm^-3], ascending, shape (rows,).
        pressure: p of the rows [MeV fm^-3], shape (rows,).
    """
    if pressure[0] <= 0.0:
        return True
    if energy_density[0] < LEAST_SELF_BOUND:
        return False
    return bool(np.log(pressure[1] / pressure[0]) > STIFF * np.log(energy_density[1] / energy_density[0]))


def with_surface(baryon_density: Reals, energy_density: Reals, pressure: Reals) -> tuple[Reals, Reals, Reals]:
    """The rows with one more at p = 0, where the sound speed between the first two is that below them, too.

    Args:
        baryon_density: n [fm^-3], ascending, shape (rows,).
        energy_density: eps of the rows [MeV fm^-3], shape (rows,).
        pressure: p of the rows [MeV fm^-3], the first above zero, shape (rows,).
    """
    n, eps, p = baryon_density, energy_density, pressure
    below = p[0] * (eps[1] - eps[0]) / (p[1] - p[0])
    if below < SURFACE * eps[0]:  # the first row is the surface
        return n, eps, np.concatenate([[0.0], p[1:]])
    first = n[0] * (1.0 - below / (eps[0] + 0.5 * p[0]))  # d n / n = d eps / (eps + p)
    return np.insert(n, 0, first), np.insert(eps, 0, eps[0] - below), np.insert(p, 0, 0.0)


def is_transition(pressure: Reals) -> NDArray[np.bool_]:
    """Which intervals between rows are first-order transitions.

    Args:
        pressure: p of the rows [MeV fm^-3], shape (rows,).
    """
    return np.diff(pressure) <= SAME_PRESSURE * pressure[1:]


def _runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last row of every unbroken run of true intervals."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def monotone_slopes(x: Reals, y: Reals) -> Reals:
    """Derivative of the quartic through the five nearest points, limited so that the cubic through rising data rises.

    Limiter: Hyman, SIAM J. Sci. Stat. Comput. 4 (1983) 645.

    Args:
        x: ascending points, shape (rows,).
        y: values, not descending, shape (rows,).
    """
    secant = np.diff(y) / np.diff(x)
    width = min(5, x.size)
    start = np.clip(np.arange(x.size) - width // 2, 0, x.size - width)
    raw = np.array([_lagrange_slope(x[s : s + width], y[s : s + width], int(i - s)) for i, s in enumerate(start)])
    least = np.minimum(np.append(secant, secant[-1]), np.insert(secant, 0, secant[0]))
    return np.clip(raw, 0.0, 3.0 * least)


def _lagrange_slope(x: Reals, y: Reals, at: int) -> float:
    gap = x[at] - np.delete(x, at)
    others = np.delete(np.arange(x.size), at)
    weights = [np.prod(np.delete(gap, k)) / np.prod(x[j] - np.delete(x, j)) for k, j in enumerate(others)]
    return float(y[at] * np.sum(1.0 / gap) + np.dot(weights, y[others]))


def _evaluate(rows: _Rows, s: Reals) -> tuple[Reals, Reals, Reals]:
    """eps, p and c_s^2 at the fraction `s` of the interval (in ln eps or in eps)."""
    log, eps_ends, p_ends = rows.logarithmic, rows.energy, rows.pressure
    x0, x1 = np.where(log, np.log(eps_ends), eps_ends)
    safe = np.where(p_ends > 0.0, p_ends, 1.0)
    y0, y1 = np.where(log, np.log(safe), p_ends)
    width = x1 - x0
    d0, d1 = rows.slope * np.where(log, eps_ends / safe, 1.0) * width
    y = y0 + s * (d0 + s * (3.0 * (y1 - y0) - 2.0 * d0 - d1 + s * (d0 + d1 - 2.0 * (y1 - y0))))
    dy = d0 + s * (2.0 * (3.0 * (y1 - y0) - 2.0 * d0 - d1) + 3.0 * s * (d0 + d1 - 2.0 * (y1 - y0)))
    x = x0 + s * width
    eps, p = (np.where(log, np.exp(np.where(log, z, 0.0)), z) for z in (x, y))
    return eps, p, dy / width * np.where(log, p / eps, 1.0)


def _x_from_lower(rows: _Rows, s: Reals) -> Reals:
    """x above the lower row: the integral of deps / (eps + p) up to the fraction `s`."""
    total = np.zeros_like(s)
    width = np.diff(np.where(rows.logarithmic, np.log(rows.energy), rows.energy), axis=0)[0]
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        eps, p, _ = _evaluate(rows, node * s)
        total += weight * s * width * np.where(rows.logarithmic, eps, 1.0) / (eps + p)
    return total


def _fraction_at(rows: _Rows, x: Reals, guess: Reals) -> Reals:
    """The inverse of `_x_from_lower` by Newton's method; its slope varies by less than a factor of two over an
    interval."""
    s = guess
    width = np.diff(np.where(rows.logarithmic, np.log(rows.energy), rows.energy), axis=0)[0]
    for _ in range(8):
        eps, p, _ = _evaluate(rows, s)
        s = np.clip(
            s + (x - _x_from_lower(rows, s)) * (eps + p) / (width * np.where(rows.logarithmic, eps, 1.0)), 0.0, 1.0
        )
    return s


def intervals(baryon_density: Reals, energy_density: Reals, pressure: Reals) -> Table:
    """Turn the rows of a table into intervals no wider than `LARGEST_STEP` in x; a transition stays one interval.

    Args:
        baryon_density: n [fm^-3], ascending, shape (rows,).
        energy_density: eps [MeV fm^-3], ascending, shape (rows,).
        pressure: p [MeV fm^-3], not descending, shape (rows,).
    """
    flat = is_transition(pressure)
    slope, logarithmic = row_slopes(energy_density, pressure)
    energy, p_ends = (np.stack([a[:-1], a[1:]]) for a in (energy_density, pressure))
    rows = _Rows(energy, p_ends, slope, logarithmic)
    width = np.where(flat, np.log((rows.energy[1] + rows.pressure[0]) / (rows.energy[0] + rows.pressure[0])), 0.0)
    width = np.where(flat, width, _x_from_lower(rows, np.ones(flat.size)))
    rise = np.concatenate([[0.0], np.cumsum(width)])
    offset = np.log(baryon_density) - rise
    step = np.where(baryon_density[1:] > CORE_DENSITY, LARGEST_STEP, LARGEST_CRUST_STEP)
    parts = np.where(flat, 1, np.maximum(1, np.ceil(width / step))).astype(int)
    which = np.repeat(np.arange(flat.size), parts)
    part = np.arange(which.size) - np.repeat(np.cumsum(parts) - parts, parts)
    fraction = (part[:, None] + np.array([0.0, 0.5, 1.0])) / parts[which, None]
    eps, p, speed = _fill(rows, flat, width, np.repeat(which, 3), fraction.ravel())
    lower = (rise[:-1][which] + width[which] * part / parts[which]) + np.median(offset)
    nodes = np.append(lower, rise[-1] + np.median(offset))
    mismatch = float(np.max(np.abs(offset - np.median(offset))))
    return Table(nodes, eps.reshape(-1, 3), p.reshape(-1, 3), speed.reshape(-1, 3), mismatch)


def _fill(
    rows: _Rows, flat: NDArray[np.bool_], width: Reals, which: NDArray[np.int64], fraction: Reals
) -> tuple[Reals, Reals, Reals]:
    """eps, p, c_s^2 at the fraction `fraction` (in x) of the intervals `which`."""
    here = _Rows(rows.energy[:, which], rows.pressure[:, which], rows.slope[:, which], rows.logarithmic[which])
    x = width[which] * fraction
    enthalpy = here.energy[0] + here.pressure[0]
    steady = (enthalpy * np.exp(x) - here.pressure[0], here.pressure[0], np.zeros_like(x))
    moving = _evaluate(here, _fraction_at(here, x, fraction))
    eps, p, speed = (np.where(flat[which], a, b) for a, b in zip(steady, moving, strict=True))
    return eps, p, speed
