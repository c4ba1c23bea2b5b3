"""Potentials at the points of a lattice with their correlated errors, in momentum space: the data of a fit."""

from typing import NamedTuple

import numpy as np
from scipy.interpolate import make_interp_spline

from retrodict.base.errors import InputError
from retrodict.base.shapes import Float
from retrodict.hadron.hal_qcd.correlator import RCorrelator
from retrodict.hadron.hal_qcd.cosine_modes import momentum_squared, to_modes
from retrodict.hadron.hal_qcd.leading_order import leading_order_potential
from retrodict.hadron.hal_qcd.noise_spectrum import NoiseSpectrum, noise_spectrum
from retrodict.hadron.hal_qcd.wedge import CubicWedge

LEAST_SAMPLES = 5
NODES = 160  # radial, between which a potential is a cubic spline


class PotentialData(NamedTuple):
    """V in momentum space at some times, in units of its noise, and the map that predicts it."""

    mean: Float[np.ndarray, " values"]  # whitened
    operator: Float[np.ndarray, "values nodes"]  # from V at the nodes [MeV] to the whitened prediction
    nodes: Float[np.ndarray, " nodes"]  # r [fm]
    noise: NoiseSpectrum  # MeV


def potential_data(
    correlator: RCorrelator,
    times: tuple[int, ...],
    *,
    mass: float,
    lattice_spacing: float,
    other_mass: float | None = None,
) -> PotentialData:
    """The leading-order potential at some times, with errors from its jackknife samples.

    Args:
        correlator: R.
        times: t/a of each potential.
        mass: of one hadron, in lattice units.
        lattice_spacing: a [fm].
        other_mass: of the other; the same if None.

    Raises:
        InputError: for fewer than five samples, and as `leading_order_potential`.
    """
    if correlator.samples < LEAST_SAMPLES:
        raise InputError(
            "too few samples for an error",
            where=correlator.source.path,
            got=f"{correlator.samples}",
            expected=f"at least {LEAST_SAMPLES}",
        )
    of = {"mass": mass, "lattice_spacing": lattice_spacing, "other_mass": other_mass}
    wedge = correlator.wedge
    modes = np.stack([to_modes(leading_order_potential(correlator, t, **of), wedge) for t in times])
    mean = modes.mean(axis=1)
    apart = np.sqrt(correlator.samples - 1.0) * (modes - mean[:, None, :])
    noise = noise_spectrum(apart, momentum_squared(wedge))
    nodes, on_points = radial_operator(wedge, lattice_spacing)
    columns = np.broadcast_to(to_modes(on_points.T, wedge).T, (len(times), mean.shape[1], len(nodes)))
    return PotentialData(noise.whiten(mean[:, :, None])[:, 0], noise.whiten(columns), nodes, noise)


def radial_operator(
    wedge: CubicWedge, lattice_spacing: float
) -> tuple[Float[np.ndarray, " nodes"], Float[np.ndarray, "points nodes"]]:
    """From a potential at radial nodes to the points of a lattice, its periodic images included.

    The nodes are equidistant in ln(1 + r/2a), and a cubic spline goes through them.

    Args:
        wedge: the points.
        lattice_spacing: a [fm].
    """
    images = wedge.image_distances
    farthest = wedge.extent  # images beyond it are left out
    x = np.linspace(0.0, np.log1p(0.5 * farthest), NODES)
    near = images <= farthest
    value, place = np.unique(np.round(images[near] ** 2), return_inverse=True)  # squares of distances are whole numbers
    spline = make_interp_spline(x, np.eye(NODES), k=3)(np.log1p(0.5 * np.sqrt(value)))
    found = np.zeros((len(images), NODES))
    np.add.at(found, np.nonzero(near)[0], spline[place.ravel()])
    return 2.0 * lattice_spacing * np.expm1(x), found
