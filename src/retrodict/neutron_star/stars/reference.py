"""Reference values that do not come from this package's solver: integration in r by scipy, closed forms, papers.

The integration shares nothing with `retrodict.neutron_star.stars.tov`: dependent variables r, m, y, the frame dragging
and its derivative; matter in closed form as a function of the log-enthalpy; explicit junctions where the density jumps.
It serves tests and benchmarks.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from retrodict.base.constants import MEV_FM3_IN_DYN_CM2, MEV_FM3_IN_INVERSE_KM2, SOLAR_MASS_IN_KM, SPEED_OF_LIGHT
from retrodict.neutron_star.eos.crust import CRUST_COEFFICIENT, CRUST_INDEX, CRUST_LOWEST_DENSITY

# log10 p1 [dyn cm^-2], Gamma1, Gamma2, Gamma3: Table III of Read, Lackey, Owen, Friedman, PRD 79, 124032 (2009),
# checked entry by entry against the dictionary of NRPy+ (Werneck, Etienne).
READ_ET_AL: Final[dict[str, tuple[float, float, float, float]]] = {
    "PAL6": (34.380, 2.227, 2.189, 2.159),
    "SLy": (34.384, 3.005, 2.988, 2.851),
    "APR1": (33.943, 2.442, 3.256, 2.908),
    "APR2": (34.126, 2.643, 3.014, 2.945),
    "APR3": (34.392, 3.166, 3.573, 3.281),
    "APR4": (34.269, 2.830, 3.445, 3.348),
    "FPS": (34.283, 2.985, 2.863, 2.600),
    "WFF1": (34.031, 2.519, 3.791, 3.660),
    "WFF2": (34.233, 2.888, 3.475, 3.517),
    "WFF3": (34.283, 3.329, 2.952, 2.589),
    "BBB2": (34.331, 3.418, 2.835, 2.832),
    "BPAL12": (34.358, 2.209, 2.201, 2.176),
    "ENG": (34.437, 3.514, 3.130, 3.168),
    "MPA1": (34.495, 3.446, 3.572, 2.887),
    "MS1": (34.858, 3.224, 3.033, 1.325),
    "MS2": (34.605, 2.447, 2.184, 1.855),
    "MS1b": (34.855, 3.456, 3.011, 1.425),
    "PS": (34.671, 2.216, 1.640, 2.365),
    "GS1": (34.504, 2.350, 1.267, 2.421),
    "GS2": (34.642, 2.519, 1.571, 2.314),
    "BGN1H1": (34.623, 3.258, 1.472, 2.464),
    "GNH3": (34.648, 2.664, 2.194, 2.304),
    "H1": (34.564, 2.595, 1.845, 1.897),
    "H2": (34.617, 2.775, 1.855, 1.858),
    "H3": (34.646, 2.787, 1.951, 1.901),
    "H4": (34.669, 2.909, 2.246, 2.144),
    "H5": (34.609, 2.793, 1.974, 1.915),
    "H6": (34.593, 2.637, 2.121, 2.064),
    "H7": (34.559, 2.621, 2.048, 2.006),
    "PCL2": (34.507, 2.554, 1.880, 1.977),
    "ALF1": (34.055, 2.013, 3.389, 2.033),
    "ALF2": (34.616, 4.070, 2.411, 1.890),
    "ALF3": (34.283, 2.883, 2.653, 1.952),
    "ALF4": (34.314, 3.009, 3.438, 1.803),
}

Matter = Callable[[float], tuple[float, float, float]]  # h -> eps, p [MeV fm^-3], deps/dh


class Layer(NamedTuple):
    """Matter between two log-enthalpies; lists begin at the surface, and the density may jump between layers."""

    lower: float  # h at the lower end
    upper: float  # h at the upper end, inf for the innermost
    matter: Matter  # h -> eps, p, deps/dh


class ReferenceStar(NamedTuple):
    """One star in the units of `stars.sequence.StellarSequence`, except for the moment of inertia."""

    mass: float  # Msun
    radius: float  # km
    tidal_deformability: float  # Lambda
    moment_of_inertia: float  # km^3


def polytropic_layer(log_enthalpy: tuple[float, float], index: float, coefficient: float, offset: float) -> Layer:
    """p = coefficient rho^index, eps = (1 + offset) rho + p / (index - 1); rho is the rest energy density [MeV fm^-3].

    Args:
        log_enthalpy: h at the lower and the upper end.
        index: d ln p / d ln rho.
        coefficient: p / rho^index in these units.
        offset: energy above the rest energy, eps / rho - 1 for p -> 0.
    """
    ratio = index / (index - 1.0) * coefficient

    def matter(h: float) -> tuple[float, float, float]:
        rho = max((np.expm1(h) - offset) / ratio, 0.0) ** (1.0 / (index - 1.0))
        p = coefficient * rho**index
        eps = (1.0 + offset) * rho + p / (index - 1.0)
        return eps, p, (eps + p) ** 2 / (index * p) if p > 0.0 else 0.0

    return Layer(*log_enthalpy, matter)


def read_layers(log10_p1: float, *gamma: float) -> list[Layer]:
    """Piecewise polytropes of Read et al. above their crust; the innermost layer has no upper end.

    Args:
        log10_p1: log10 of the pressure [dyn cm^-2] at 10^14.7 g cm^-3.
        gamma: the three indices.
    """
    density = 10.0 ** np.array([14.7, 15.0])
    p1 = 10.0**log10_p1 / (SPEED_OF_LIGHT * 1e2) ** 2  # g cm^-3
    coefficient = CRUST_COEFFICIENT
    edges, indices, coefficients = [], [CRUST_INDEX[0]], [coefficient]
    for edge, index in zip(CRUST_LOWEST_DENSITY[1:], CRUST_INDEX[1:], strict=True):
        coefficient *= edge ** (indices[-1] - index)
        edges, indices, coefficients = [*edges, edge], [*indices, index], [*coefficients, coefficient]
    k1 = p1 / density[0] ** gamma[0]
    edges.append((coefficient / k1) ** (1.0 / (gamma[0] - indices[-1])))
    k2 = p1 / density[0] ** gamma[1]
    k3 = k2 * density[1] ** (gamma[1] - gamma[2])
    edges.extend(density)
    return _stack(np.array(edges), np.array([*indices, *gamma]), np.array([*coefficients, k1, k2, k3]))


def _stack(edges: NDArray[np.float64], index: NDArray[np.float64], coefficient: NDArray[np.float64]) -> list[Layer]:
    """Layers from the densities [g cm^-3] between polytropes p / c^2 = K rho^Gamma."""
    unit = (SPEED_OF_LIGHT * 1e2) ** 2 / MEV_FM3_IN_DYN_CM2  # g cm^-3 -> MeV fm^-3
    layers, offset, lower = [], 0.0, 0.0
    for i, (gamma, k) in enumerate(zip(index, coefficient, strict=True)):
        if i > 0:
            ratio = coefficient[i - 1] * edges[i - 1] ** (index[i - 1] - 1.0)
            offset += ratio / (index[i - 1] - 1.0) - ratio / (gamma - 1.0)
        upper = np.inf
        if i < edges.size:
            upper = np.log1p(offset + gamma / (gamma - 1.0) * k * edges[i] ** (gamma - 1.0))
        layers.append(polytropic_layer((lower, float(upper)), gamma, k * unit ** (1.0 - gamma), offset))
        lower = float(upper)
    return layers


def constant_speed_layer(lower: float, upper: float, energy_density: float, pressure: float, speed: float) -> Layer:
    """Matter of constant sound speed.

    Args:
        lower: h at the lower end.
        upper: h at the upper end.
        energy_density: eps at the lower end [MeV fm^-3].
        pressure: p at the lower end [MeV fm^-3].
        speed: c_s^2.
    """
    power, start = 1.0 + 1.0 / speed, energy_density + pressure

    def matter(h: float) -> tuple[float, float, float]:
        both = start * np.exp(power * (h - lower))
        p = pressure + (both - start) / power
        return both - p, p, both / speed

    return Layer(lower, upper, matter)


def energy_polytrope(index: float, coefficient: float) -> Layer:
    """p = coefficient eps^(1 + 1/index), all the way down to the vacuum.

    Args:
        index: polytropic index n.
        coefficient: p / eps^(1 + 1/n) with both in MeV fm^-3.
    """

    def matter(h: float) -> tuple[float, float, float]:
        theta = np.expm1(h / (index + 1.0))
        eps = (theta / coefficient) ** index
        p = theta * eps
        return eps, p, eps * index * (1.0 + theta) / ((index + 1.0) * theta) if theta > 0.0 else 0.0

    return Layer(0.0, np.inf, matter)


def star(layers: list[Layer], central_log_enthalpy: float, *, rtol: float = 1e-12) -> ReferenceStar:
    """Integrate one star outward with DOP853, restarting at every layer.

    Args:
        layers: matter, from the surface inward.
        central_log_enthalpy: h at the centre.
        rtol: relative tolerance of a step.
    """
    inside = [layer for layer in layers if layer.lower < central_log_enthalpy]
    h, state = _centre(inside[-1].matter, central_log_enthalpy)
    previous = inside[-1].matter(h)[0]
    for layer in reversed(inside):
        eps = layer.matter(min(h, layer.upper))[0]
        r, m, p = state[0], state[1], layer.matter(h)[1]
        state[2] -= _curvature(previous - eps) * r**3 / (m + _curvature(p) * r**3)
        path = solve_ivp(_slope, (h, layer.lower), state, "DOP853", args=(layer.matter,), rtol=rtol, atol=1e-30)
        h, state, previous = layer.lower, path.y[:, -1], layer.matter(layer.lower)[0]
    r, m, y, drag, slope = state
    y -= _curvature(previous) * r**3 / m
    spin = r**4 * slope / 6.0  # angular momentum
    return ReferenceStar(
        m / SOLAR_MASS_IN_KM, r, love(m / r, y) * 2.0 / 3.0 * (r / m) ** 5, spin / (drag + 2.0 * spin / r**3)
    )


def _curvature(value: float) -> float:
    return 4.0 * np.pi * MEV_FM3_IN_INVERSE_KM2 * value


def _centre(matter: Matter, h: float) -> tuple[float, NDArray[np.float64]]:
    eps, p, deps = matter(h)
    fall = 1e-7 * h
    e, q, s = _curvature(eps), _curvature(p), _curvature(deps)
    u = 2.0 * fall / (q + e / 3.0)
    y = 2.0 - (e / 3.0 + 11.0 * q + s) * u / 7.0
    m = e * u**1.5 / 3.0 * (1.0 - 0.6 * s * fall / e)
    return h - fall, np.array([np.sqrt(u), m, y, 1.0, 0.8 * (e + q) * np.sqrt(u)])


def _slope(h: float, state: NDArray[np.float64], matter: Matter) -> NDArray[np.float64]:
    """d(r, m, y, omega, d omega/dr)/dh."""
    r, m, y, drag, slope = state
    e, p, s = (_curvature(value) for value in matter(max(h, 0.0)))
    a = 1.0 - 2.0 * m / r
    pull = (m + p * r**3) / r**2
    dr = -a / pull
    dm = e * r**2
    friction = (1.0 - r**2 * (e - p)) / a
    source = (r**2 * (5.0 * e + 9.0 * p + s) - 6.0) / a - (2.0 * r * pull / a) ** 2
    dy = -(y * y + y * friction + source) / r
    dj = -r * (e + p) / a  # d ln j / dr
    return dr * np.array([1.0, dm, dy, slope, -(4.0 / r + dj) * slope - 4.0 / r * dj * drag])


def love(compactness: float, y: float) -> float:
    """k2, in the closed form of Hinderer (2008); loses digits below a compactness of 0.05.

    Args:
        compactness: C = m / r.
        y: r H' / H at the surface.
    """
    c = compactness
    top = (1.0 - 2.0 * c) ** 2 * (2.0 + 2.0 * c * (y - 1.0) - y)
    below = 2.0 * c * (6.0 - 3.0 * y + 3.0 * c * (5.0 * y - 8.0))
    below += 4.0 * c**3 * (13.0 - 11.0 * y + c * (3.0 * y - 2.0) + 2.0 * c**2 * (1.0 + y))
    below += 3.0 * (1.0 - 2.0 * c) ** 2 * (2.0 - y + 2.0 * c * (y - 1.0)) * np.log1p(-2.0 * c)
    return 1.6 * c**5 * top / below


def incompressible_pressure(compactness: float) -> float:
    """Central pressure over the density of an incompressible star (Schwarzschild 1916).

    Args:
        compactness: C = M / R, below 4/9.

    Example:
        >>> round(float(incompressible_pressure(0.2)), 4)
        0.1703
    """
    s = np.sqrt(1.0 - 2.0 * compactness)
    return (1.0 - s) / (3.0 * s - 1.0)


class TolmanVII(NamedTuple):
    """eps = eps_c (1 - (r / R)^2) in closed form (Tolman 1939), for eps_c = 1; arrays of the shape of s = (r / R)^2."""

    energy_density: NDArray[np.float64]  # eps / eps_c
    pressure: NDArray[np.float64]  # p / eps_c
    log_enthalpy: NDArray[np.float64]  # zero at the surface
    slope: NDArray[np.float64]  # -dh/ds


def tolman_vii(compactness: float, s: NDArray[np.float64]) -> TolmanVII:
    """The solution of Tolman for a star of central energy density 1.

    Args:
        compactness: C = M / R.
        s: (r / R)^2 in [0, 1], shape (points,).
    """
    c = compactness
    radius2 = 15.0 * c / (8.0 * np.pi)  # from M = 8 pi eps_c R^3 / 15
    root = np.sqrt(c * 3.0)

    def angle(s: NDArray[np.float64] | float) -> NDArray[np.float64]:
        inner = 1.0 - c * s * (5.0 - 3.0 * np.asarray(s))
        return -0.5 * np.log(s - 5.0 / 6.0 + np.sqrt(inner / (3.0 * c)))

    surface = np.arctan(np.sqrt(c / (3.0 * (1.0 - 2.0 * c))))
    phi = surface + angle(s) - angle(1.0)
    inner = np.sqrt(1.0 - c * s * (5.0 - 3.0 * s))
    p = (2.0 * root * inner * np.tan(phi) - c * (5.0 - 3.0 * s)) / (8.0 * np.pi * radius2)
    mean = 5.0 - 3.0 * s  # m / r^3 = c mean / (2 R^2)
    slope = 0.5 * (4.0 * np.pi * p * radius2 + 0.5 * c * mean) / inner**2
    return TolmanVII(1.0 - s, p, np.log(np.cos(surface) / np.cos(phi)), slope)
