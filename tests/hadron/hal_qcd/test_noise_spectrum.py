"""Errors of a homogeneous field from few samples, and what happens where the noise is not homogeneous."""

import numpy as np
import pytest

from retrodict.hadron.hal_qcd.cosine_modes import from_modes, momentum_squared, to_modes
from retrodict.hadron.hal_qcd.noise_spectrum import noise_spectrum
from retrodict.hadron.hal_qcd.wedge import CubicWedge, whole_wedge

WEDGE = CubicWedge(whole_wedge(16), 16)
K2 = momentum_squared(WEDGE)
POWER = 4.0 / (0.3 + K2) ** 2  # variance of each mode, steep


def draws(samples, seed, correlation=0.8):
    """Deviations of samples at two times, whose mean square is the variance."""
    rng = np.random.default_rng(seed)
    size = (samples, len(K2))
    shared, own = rng.normal(size=(1, *size)), rng.normal(size=(2, *size))
    found = np.sqrt(POWER) * (np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * own)
    return (found - found.mean(axis=1, keepdims=True)) * np.sqrt(samples / (samples - 1.0))


def test_twenty_samples_determine_the_power_to_a_tenth():
    ratios = np.array([noise_spectrum(draws(20, seed), K2).error ** 2 / POWER for seed in range(12)])
    assert abs(ratios.mean() - 1) < 0.02
    assert ratios[..., 1:].std(axis=0).max() < 0.25
    assert ratios.std() < 0.12


def test_times_are_correlated_as_they_are():
    found = np.mean([noise_spectrum(draws(20, seed), K2).correlation[:, 0, 1] for seed in range(8)], axis=0)
    np.testing.assert_allclose(found, 0.8, atol=0.08)


@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_whitened_noise_is_white(correlation):
    spectrum = noise_spectrum(draws(30, 0, correlation), K2)
    new = draws(400, 1, correlation)
    white = spectrum.whiten(np.swapaxes(new, 1, 2))
    assert abs(np.mean(white**2) - 1) < 0.06
    both = white.reshape(2, len(K2), -1)
    assert abs(np.mean(both[0] * both[1])) < 0.04


def test_the_determinant_is_that_of_the_covariance():
    spectrum = noise_spectrum(draws(30, 0), K2)
    whole = spectrum.whiten(
        np.stack([np.hstack([np.eye(len(K2)), 0 * np.eye(len(K2))]), np.hstack([0 * np.eye(len(K2)), np.eye(len(K2))])])
    )
    assert np.linalg.slogdet(whole)[1] == pytest.approx(-0.5 * spectrum.log_determinant, rel=1e-10)


def test_homogeneous_noise_does_not_mix_momenta_and_noise_at_one_place_does():
    """The planted fault: noise that lives near the origin alone is found to mix momenta."""
    homogeneous = noise_spectrum(draws(20, 3), K2).mixing
    field = from_modes(draws(20, 3), WEDGE) * np.exp(-WEDGE.distance)
    local = noise_spectrum(to_modes(field, WEDGE), K2).mixing
    assert homogeneous == pytest.approx(1.0, abs=0.1)
    assert local > 1.5
