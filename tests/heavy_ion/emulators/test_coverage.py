"""Credible intervals of an emulated problem hold the truth as often as they say, and not without its covariance."""

import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.heavy_ion.calibration.emulators import PolynomialChaos
from retrodict.heavy_ion.calibration.emulators.pulls import means
from tests.heavy_ion.emulators.designs import INPUTS, RANGES, box, truth

TRUTHS, CELLS = 250, 18
ERROR = 0.03  # of the measurements, in units of the spread of the outputs: half of what the emulator leaves open


@pytest.fixture(scope="module")
def problem():
    """A straight-line emulator of a curved simulator, and the outputs of a grid of its inputs."""
    inputs = box(120, 1)
    emulator = PolynomialChaos(degree=2, components=3).fit(inputs, truth(inputs))
    low, high = RANGES.T
    axes = (np.arange(CELLS) + 0.5) / CELLS
    grid = low + (high - low) * np.stack(np.meshgrid(*[axes] * INPUTS, indexing="ij"), axis=-1).reshape(-1, INPUTS)
    return emulator, grid, np.asarray(means(emulator, jnp.asarray(grid)))


def transforms(problem, with_covariance):
    """P(input < its true value) of each input of many truths, by quadrature over the whole box."""
    emulator, grid, predicted = problem
    rng, inputs = np.random.default_rng(5), box(TRUTHS, 8)
    error = ERROR * truth(inputs).std(axis=0)
    data = truth(inputs) + error * rng.normal(size=(TRUTHS, error.size))
    covariance = np.diag(error**2) + with_covariance * np.asarray(emulator.covariance)
    root = np.linalg.cholesky(np.linalg.inv(covariance))
    white, at = data @ root, predicted @ root
    found = []
    for one, true in zip(white, inputs, strict=True):
        chi2 = np.sum((at - one) ** 2, axis=1)
        weight = np.exp(-0.5 * (chi2 - chi2.min()))
        below = np.clip((true - grid) * CELLS / (RANGES[:, 1] - RANGES[:, 0]) + 0.5, 0, 1)  # share of each cell
        found.append(weight @ below / weight.sum())
    return np.array(found)


def coverage(pit, level):
    return np.mean(np.abs(pit - 0.5) < level / 2)


def test_intervals_cover_the_truth_as_often_as_they_say(problem):
    pit = transforms(problem, True)
    assert 0.62 < coverage(pit, 0.68) < 0.76
    assert 0.87 < coverage(pit, 0.9) < 0.95


def test_without_the_covariance_of_the_emulator_they_do_not(problem):
    """The planted fault."""
    pit = transforms(problem, False)
    assert coverage(pit, 0.68) < 0.55
    assert coverage(pit, 0.9) < 0.75
