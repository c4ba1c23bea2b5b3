r"""A simulator in closed form, for demonstrations and tests: what it takes a design for, it gives in microseconds.

It is no hydrodynamics. It has the dependences that everybody expects of one: multiplicity follows the wounded nucleons
and the entropy that viscosity makes; $v_n/\epsilon_n$ is damped as sound of wave number $n/R$ in a medium that expands
from a hot start to $T_{sw}$, $e^{-n^2\overline{\eta/s}\,c/(TR)}$; bulk viscosity and a cold switch change the blue
shift of transverse momenta. The coefficients are made up so that the numbers look like lead at the LHC. Nothing that is
learnt from it is a statement about nature.
"""

from itertools import pairwise
from typing import Final

import jax.numpy as jnp
import numpy as np

from retrodict.base.constants import HBAR_C
from retrodict.base.shapes import Float
from retrodict.heavy_ion.calibration.readers.measurements import ErrorSource, Measurements
from retrodict.heavy_ion.calibration.readers.runs import Bin, Design, Outputs
from retrodict.heavy_ion.viscosity import BULK, SHEAR, bulk_viscosity, shear_viscosity

PARAMETERS: Final = {  # name: unit, least, largest, and the truth of the mock data
    "norm": ("", 10.0, 20.0, 14.0),
    "nucleon_width": ("fm", 0.5, 1.5, 0.9),
    "eta_over_s_T_kink": ("GeV", 0.13, 0.3, 0.18),
    "eta_over_s_low_T_slope": ("1/GeV", -2.0, 1.0, -0.5),
    "eta_over_s_high_T_slope": ("1/GeV", -1.0, 2.0, 0.4),
    "eta_over_s_at_kink": ("", 0.01, 0.2, 0.1),
    "zeta_over_s_max": ("", 0.01, 0.2, 0.1),
    "zeta_over_s_T_peak": ("GeV", 0.12, 0.3, 0.18),
    "T_switch": ("GeV", 0.13, 0.165, 0.145),
}
BULK_WIDTH, BULK_ASYMMETRY = 0.07, 0.0  # GeV, and nothing
POINTS: Final = 110  # of the design
EDGES: Final = (0.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0)  # per cent
MASSES: Final = {"mean_pT_pion": 0.140, "mean_pT_kaon": 0.494, "mean_pT_proton": 0.938}  # GeV
ERRORS: Final = {"dNch_deta": 0.03, "mean_pT": 0.02, "v22": 0.02, "v32": 0.03}  # relative, statistical
COMMON: Final = {"dNch_deta": 0.025, "mean_pT": 0.015, "v22": 0.02, "v32": 0.02}  # relative, correlated
CORRELATION_LENGTH: Final = 40.0  # per cent
EVENTS: Final = 0.005  # relative noise of the simulator


def simulate(parameters: Float[np.ndarray, "points parameters"]) -> Float[np.ndarray, "points bins"]:
    """What the simulator gives at some points, without the noise of its events.

    Args:
        parameters: one column for each of `PARAMETERS`, shape (points, parameters).
    """
    return np.stack([_at(point) for point in np.asarray(parameters, dtype=float)])


def bins() -> tuple[Bin, ...]:
    """Observable and centrality of each number that the simulator gives."""
    ranges = list(pairwise(EDGES))
    return tuple(Bin(name, *ends) for name in ("dNch_deta", *MASSES, "v22", "v32") for ends in ranges)


def mock_design(points: int = POINTS, seed: int = 0) -> Design:
    """A Latin hypercube: the points divide the range of each parameter evenly.

    Args:
        points: number of them.
        seed: of their order and place.
    """
    low, high = (np.array([row[i] for row in PARAMETERS.values()]) for i in (1, 2))
    rng = np.random.default_rng(seed)
    unit = np.stack([(rng.permutation(points) + rng.random(points)) / points for _ in low], axis=1)
    units = tuple(row[0] for row in PARAMETERS.values())
    return Design(tuple(PARAMETERS), units, low + (high - low) * unit, np.arange(points), True, "mock")


def mock_outputs(design: Design, seed: int = 1, *, noise: float = EVENTS) -> Outputs:
    """What the simulator gives at the points of a design.

    Args:
        design: with the parameters of this simulator.
        seed: of the noise of its events.
        noise: of the events, relative.
    """
    exact = simulate(design.values)
    drawn = np.random.default_rng(seed).standard_normal(exact.shape)
    return Outputs(bins(), exact * (1.0 + noise * drawn), noise * np.abs(exact), design.index, "mock")


def truth() -> Float[np.ndarray, " parameters"]:
    """The parameters behind the mock data."""
    return np.array([row[3] for row in PARAMETERS.values()])


def mock_measurements(seed: int = 2, *, noise: float = 1.0) -> Measurements:
    """Mock data at `truth`, with independent errors and some that are correlated in centrality.

    Args:
        seed: of the errors.
        noise: of the errors that are made, in units of those that are stated; 0 for exact values.
    """
    exact, rng = simulate(truth()[None])[0], np.random.default_rng(seed)
    names = [one.observable if one.observable in ERRORS else "mean_pT" for one in bins()]
    statistical = exact * np.array([ERRORS[name] for name in names])
    common = exact * np.array([COMMON[name] for name in names])
    sources = (
        ErrorSource("stat_error", "statistical", statistical),
        ErrorSource("sys_correlated_error", "correlated", common),
    )
    clean = Measurements(bins(), exact, sources, "mock")
    root = np.linalg.cholesky(clean.covariance(CORRELATION_LENGTH))
    note = "runs and measurements are mock ones, of a simulator in closed form that is no hydrodynamics"
    return Measurements(bins(), exact + noise * root @ rng.standard_normal(len(exact)), sources, "mock", (note,))


def _at(point: Float[np.ndarray, " parameters"]) -> Float[np.ndarray, " bins"]:
    """One point: five steps from the nuclei to the particles."""
    at = dict(zip(PARAMETERS, point.tolist(), strict=True))
    shear = {name: jnp.asarray(at[column]) for name, column in zip(SHEAR, list(PARAMETERS)[2:6], strict=True)}
    peak = (at["zeta_over_s_max"], at["zeta_over_s_T_peak"], BULK_WIDTH, BULK_ASYMMETRY)
    bulk = {name: jnp.asarray(number) for name, number in zip(BULK, peak, strict=True)}
    centrality = 0.5 * (np.array(EDGES[:-1]) + np.array(EDGES[1:])) / 100.0
    width, switch = at["nucleon_width"], at["T_switch"]
    # Overlap zone: transverse size [fm], eccentricities, which smooth nucleons wash out.
    size = 4.6 * (1.0 - 0.45 * centrality**0.8) + 0.15 * (width - 1.0)
    smooth = np.exp(-0.25 * (width / size) ** 2 * 4.0)
    ellipse = (0.07 + 0.75 * centrality * (1.0 - 0.35 * centrality)) * smooth
    triangle = (0.07 + 0.32 * centrality) * smooth**1.6 * (1.15 - 0.15 * width)
    # Entropy, and the temperature at which the expansion begins [GeV].
    start = 0.33 * (at["norm"] / 14.0 * (1.0 - centrality) ** 0.6) ** (1.0 / 3.0)
    shear_mean, bulk_mean = np.empty_like(centrality), np.empty_like(centrality)
    for i, hot in enumerate(start):
        temperature = np.linspace(switch, hot, 48)
        weight = temperature ** (-2.0)  # the medium spends its time where it is cold
        grid = jnp.asarray(temperature)
        shear_mean[i] = np.average(np.asarray(shear_viscosity(grid, shear)), weights=weight)
        bulk_mean[i] = np.average(np.asarray(bulk_viscosity(grid, bulk)), weights=weight)
    wounded = (1.0 - centrality) ** 2.6 * np.exp(-0.9 * centrality)
    charged = 1850.0 * at["norm"] / 14.0 * wounded * (1.0 + 0.5 * shear_mean + 0.8 * bulk_mean)
    # Flow, as sound of wave number n / R that the viscosities damp on its way.
    flow = 0.72 * (start / switch - 1.0) ** 0.35 / (1.0 + 0.6 * (start / switch - 1.0) ** 0.35)
    flow = flow * np.exp(-2.2 * bulk_mean) * (1.0 - 0.06 * (width - 1.0))
    damping = 1e-3 * HBAR_C * (shear_mean + 0.4 * bulk_mean) / (0.5 * (start + switch) * size)
    second = 0.26 * ellipse * np.exp(-4.0 * 2.2 * damping)
    third = 0.30 * triangle * np.exp(-9.0 * 2.2 * damping)
    momenta = [
        np.sqrt((2.9 * switch) ** 2 + mass * switch + (0.75 * mass * flow) ** 2) * (1 + 0.55 * flow**2)
        for mass in MASSES.values()
    ]
    return np.concatenate([charged, *momenta, second, third])
