r"""Mock R-correlators of a known potential: exact solutions of the lattice equation, with correlated noise.

$R(x, t) = \sum_n a_n \phi_n(x) e^{-W_n t}$ with the eigenstates of the box and $W_n$ from
$\sinh W + (\cosh W - 1)/(2m) = E_n$ (equal masses), so that the formula of the time-dependent method returns the
potential that was put in, at every point and time, whatever the $a_n$ are.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from retrodict.base.constants import HBAR_C
from retrodict.base.shapes import Float
from retrodict.base.types import Array
from retrodict.hadron.hal_qcd.box import Levels, levels
from retrodict.hadron.hal_qcd.correlator import RCorrelator
from retrodict.hadron.hal_qcd.cosine_modes import from_modes, momentum_squared
from retrodict.hadron.hal_qcd.wedge import CubicWedge, whole_wedge
from retrodict.hadron.potentials.literature import OMEGA_OMEGA_MASS, omega_omega

Distances: TypeAlias = Float[np.ndarray, " distances"]
Function: TypeAlias = Callable[[Distances], Distances | Array]  # V [MeV] of r [fm], in NumPy or JAX
SHARED: Final = 0.9  # of the variance of the noise, by all times

MOCK_SPACING: Final = 0.2  # fm
MOCK_EXTENT: Final = 24
MOCK_MASS: Final = OMEGA_OMEGA_MASS * MOCK_SPACING / HBAR_C  # in lattice units


def mock(seed: int = 0) -> RCorrelator:
    """Two Omega baryons in a box of 4.8 fm, 60 measurements: the data that ship.

    Args:
        seed: of the noise.
    """
    times = tuple(range(8, 13))
    scale = {"mass": MOCK_MASS, "lattice_spacing": MOCK_SPACING, "extent": MOCK_EXTENT}
    return mock_correlator(omega_omega, **scale, times=times, samples=60, noise=1e-3, seed=seed)


def on_wedge(potential: Function, wedge: CubicWedge, lattice_spacing: float) -> Distances:
    """A potential and its periodic images at the points of a lattice, in lattice units.

    Args:
        potential: V [MeV] at distances [fm].
        wedge: the points.
        lattice_spacing: a [fm].
    """
    distance = wedge.image_distances
    values = np.asarray(potential(lattice_spacing * distance.ravel())).reshape(distance.shape)
    return values.sum(axis=1) * lattice_spacing / HBAR_C


def mock_correlator(
    potential: Function,
    *,
    mass: float,
    lattice_spacing: float,
    extent: int,
    times: tuple[int, ...],
    samples: int = 100,
    noise: float = 1e-3,
    seed: int = 0,
) -> RCorrelator:
    """Jackknife samples of R for two equal hadrons from a wall source.

    Args:
        potential: the truth, V [MeV] at distances [fm].
        mass: of each hadron, in lattice units.
        lattice_spacing: a [fm].
        extent: L.
        times: t/a, consecutive.
        samples: measurements behind the jackknife samples.
        noise: relative error of R at the first time, of a mode at rest; it falls as 1/(1 + k^2) with the momentum in
            units of 1/a, grows as e^{t/8}, and neighbouring times share most of it.
        seed: of the noise.
    """
    wedge = CubicWedge(whole_wedge(extent), extent)
    points = len(wedge.points)
    found = levels(on_wedge(potential, wedge, lattice_spacing), wedge, 0.5 * mass, points)
    decay = np.exp(-np.outer(np.asarray(times), time_exponents(found, mass)))
    mean = (found.wave @ wedge.multiplicity * decay) @ found.wave
    rng = np.random.default_rng(seed)
    shared, own = rng.normal(size=(1, samples, points)), rng.normal(size=(len(times), samples, points))
    growth = noise * np.sqrt(samples) * np.exp(np.arange(len(times)) / 8.0)
    modes = growth[:, None, None] * (np.sqrt(SHARED) * shared + np.sqrt(1.0 - SHARED) * own)
    single = mean[:, None, :] * (1.0 + from_modes(modes / (1.0 + momentum_squared(wedge)), wedge))
    total = single.sum(axis=1, keepdims=True)
    return RCorrelator((total - single) / (samples - 1), np.asarray(times), wedge)


def time_exponents(found: Levels, mass: float) -> Float[np.ndarray, " states"]:
    """W of each state, for which e^{-W t} solves the equation with central differences in time.

    Args:
        found: the states.
        mass: of each hadron, in lattice units.
    """
    w = found.energy.copy()
    for _ in range(30):  # Newton, from the value of a continuous time
        value = np.sinh(w) + (np.cosh(w) - 1.0) / (2.0 * mass) - found.energy
        w = w - value / (np.cosh(w) + np.sinh(w) / (2.0 * mass))
    return w
