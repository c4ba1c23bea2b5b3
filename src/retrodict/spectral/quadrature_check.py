"""The error of the quadrature of a problem, measured with draws of its prior on a finer one."""

from dataclasses import replace

import numpy as np

from retrodict.problem.posterior import Posterior
from retrodict.spectral.ansatz.frequency_grid import AbstractSpectrum, FrequencyGrid
from retrodict.spectral.derived import derivation_of
from retrodict.spectral.discretisation import prior_draws
from retrodict.spectral.kernels import Grid, Points, operator, quadrature_error, quadrature_note


def quadrature_note_for(target: Posterior, spectrum: AbstractSpectrum, finer: FrequencyGrid, x: Points) -> str:
    """Compare the quadrature of a problem with a finer one, for draws of its prior that are as large as the data.

    Args:
        target: the posterior.
        spectrum: its prior.
        finer: nodes and units of the finer quadrature.
        x: points of the correlator, shape (points,).

    Returns:
        A note for the user; empty where the error is small, or for an ansatz that has latents for its own nodes only.
    """
    derive = derivation_of(target)
    grid, better = derive.grid, spectrum.on(replace(finer, height=derive.grid.height))
    if better.dim != target.ansatz.dim:
        return ""
    draws = [(Grid(f.omega, f.weight), prior_draws(a)) for f, a in ((grid, target.ansatz), (finer, better))]
    size = np.abs(draws[1][1] @ np.asarray(operator(derive.kernel, x, draws[1][0])).T)
    scale = np.median(np.abs(np.asarray(derive.likelihood.mean)) / size, axis=1, keepdims=True)
    sigma = np.asarray(derive.likelihood.covariance.error)
    return quadrature_note(scale * quadrature_error(derive.kernel, x, *draws), sigma)
