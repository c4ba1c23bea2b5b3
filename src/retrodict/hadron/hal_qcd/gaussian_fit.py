"""The classical way: a sum of Gaussians through the potential at one time, errors by the jackknife.

Each jackknife sample is fitted by itself, with the errors of the points and without their correlations, as in the
papers of HAL QCD; the spread of all that follows from the fits is its error.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import least_squares

from retrodict.base.shapes import Float
from retrodict.hadron.hal_qcd.correlator import RCorrelator
from retrodict.hadron.hal_qcd.data import radial_operator
from retrodict.hadron.hal_qcd.derived import LocalPotentialDerived
from retrodict.hadron.hal_qcd.leading_order import leading_order_potential
from retrodict.hadron.potentials.ansatz import Gaussians

START = ((2000.0, 500.0, 100.0, -50.0), (0.1, 0.2, 0.4, 0.8))  # MeV, fm


class GaussianFit(NamedTuple):
    """Fits of a sum of Gaussians to every jackknife sample."""

    central: dict[str, np.ndarray]  # of the mean, by name
    error: dict[str, np.ndarray]  # jackknife errors
    chi2_per_point: float  # without correlations


def fit_gaussians(
    correlator: RCorrelator,
    time: int,
    derive: LocalPotentialDerived,
    *,
    mass: float,
    lattice_spacing: float,
    other_mass: float | None = None,
) -> GaussianFit:
    """Potential, phase shift and scattering parameters of the fits at one time.

    Args:
        correlator: R.
        time: t/a.
        derive: what follows from a potential.
        mass: of one hadron, in lattice units.
        lattice_spacing: a [fm].
        other_mass: of the other; the same if None.
    """
    of = {"mass": mass, "lattice_spacing": lattice_spacing, "other_mass": other_mass}
    samples = leading_order_potential(correlator, time, **of)
    nodes, on_points = radial_operator(correlator.wedge, lattice_spacing)
    error = np.sqrt(len(samples) - 1.0) * samples.std(axis=0)
    scale = np.concatenate([np.abs(START[0]), np.ones(4)])

    def residual(p: Float[np.ndarray, " eight"], values: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
        shape = np.exp(-((nodes[:, None] / np.exp(p[4:])) ** 2))
        return (on_points @ (shape @ p[:4]) - values) / error

    start = np.concatenate([START[0], np.log(START[1])])
    best = least_squares(residual, start, args=(samples.mean(axis=0),), x_scale=scale, max_nfev=2000)
    fits = [least_squares(residual, best.x, args=(one,), x_scale=scale, max_nfev=300).x for one in samples]
    every = jnp.asarray(np.stack([best.x, *fits]))
    found = jax.jit(jax.vmap(lambda p: derive(Gaussians(p[:4], jnp.exp(p[4:])), None)))(every)
    values = {name: np.asarray(value) for name, value in found.items()}
    spread = {name: np.sqrt(len(fits) - 1.0) * np.std(value[1:], axis=0) for name, value in values.items()}
    return GaussianFit({name: value[0] for name, value in values.items()}, spread, 2.0 * best.cost / len(error))
