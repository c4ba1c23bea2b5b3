"""What classifiers are trained on is unitary, and the trained ones know Yamaguchi's potential and two nucleons."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.interpolate import CubicSpline

from retrodict.base.constants import HBAR_C, NEUTRON_MASS, PROTON_MASS
from retrodict.hadron.amplitudes.classifier import accuracy, bounded, calibration_error, train
from retrodict.hadron.amplitudes.counting import CLASSES, SEEN, counted, omega_of, random_poles, s11, unitary
from retrodict.hadron.amplitudes.ensembles import (
    GRID,
    ONE_CHANNEL,
    TWO_CHANNELS,
    Bins,
    one_channel,
    one_channel_features,
    one_channel_poles,
    s_of_jost,
    two_channels,
)
from retrodict.hadron.amplitudes.mock import yamaguchi
from retrodict.hadron.amplitudes.sheets import TwoChannels
from retrodict.hadron.amplitudes.verdict import one_channel_classifier

CHANNELS = TwoChannels((3096.9, 938.27), (2453.97, 1864.84))
# np phase shifts [deg] of the partial-wave analysis PWA93: Stoks, Klomp, Rentmeester, de Swart, PRC 48 (1993) 792
ENERGY = np.array([0.5, 1, 2, 5, 10, 20, 25, 50, 75, 100])  # MeV
TRIPLET = [147.7475, 136.4634, 122.9224, 102.6114, 86.1248, 68.6680, 62.7667, 43.2275, 30.7201, 21.2159]
SINGLET = [62.0686, 64.4648, 64.2504, 59.9564, 53.5718, 44.2333, 40.5445, 26.7834, 16.9392, 8.9427]


@pytest.fixture(scope="module")
def classifier():
    return one_channel_classifier()


def of_phases(delta):
    k = np.sqrt(2 * PROTON_MASS * NEUTRON_MASS / (PROTON_MASS + NEUTRON_MASS) * ENERGY)
    at = GRID * k[-1]
    cot = CubicSpline(k**2, k / np.tan(np.deg2rad(delta)))(at**2)
    return one_channel_features(at, 1 / (cot**2 + at**2))[None]


@pytest.mark.parametrize(("delta", "kind"), [(TRIPLET, "bound"), (SINGLET, "virtual")])
def test_two_nucleons_are_bound_in_the_triplet_and_virtual_in_the_singlet(classifier, delta, kind):
    features = of_phases(delta)
    assert classifier.inside(features)[0]
    assert classifier.probabilities(features)[0][ONE_CHANNEL.index(kind)] > 0.99


@pytest.mark.parametrize("sign", [1, -1])
def test_all_of_yamaguchis_potentials_are_recognised(classifier, sign):
    """Cut-offs of 400 to 1100 MeV, poles within 200 MeV; nucleons up to 100 MeV."""
    rng, largest = np.random.default_rng(3), 306.4
    beta, kappa = rng.uniform(400, 1100, (400, 1)), sign * rng.uniform(1, 200, (400, 1))
    k = GRID * largest
    features = one_channel_features(k, 1 / (yamaguchi(k, beta, kappa) ** 2 + k**2))
    assert np.all(classifier.probabilities(features).argmax(axis=1) == (0 if sign > 0 else 1))
    assert classifier.inside(features).mean() > 0.99


def test_the_published_numbers_of_yamaguchis_potential():
    """k cot(delta) at k = 0.05, 0.3, 1 fm^-1 for beta = 1.39, kappa = 0.2316 fm^-1, and a pole at i kappa."""
    k = np.array([0.05, 0.3, 1.0])
    assert_allclose(yamaguchi(k, 1.39, 0.2316), [-0.1821241339, -0.1032896175, 0.8407608826], rtol=1e-9)
    assert_allclose(yamaguchi(np.array([0.2316j]), 1.39, 0.2316), [-0.2316], rtol=1e-12)
    at = np.sqrt(2 * 469.459 * 10.0) / HBAR_C
    jost = s_of_jost(np.array([at]), np.array([[0.2316j, -1j * (2 * 1.39 + 0.2316)]]), np.array([[1.39, 1.39]]))
    cot = (1j * at * (jost + 1) / (jost - 1)).real
    assert_allclose(cot[0], yamaguchi(np.array([at]), 1.39, 0.2316), rtol=1e-9)


def test_held_out_amplitudes_are_recognised_with_calibrated_probabilities(classifier):
    examples = one_channel(np.random.default_rng(77), 6000)
    probability = classifier.probabilities(examples.features)
    two = examples.labels < 2
    assert accuracy(probability[two], examples.labels[two]) > 0.992  # 99.6 % of 15000 in the benchmark
    assert calibration_error(probability, examples.labels) < 0.02
    assert accuracy(probability, examples.labels, rejected=0.2) > 0.9995


def test_a_classifier_that_is_too_sure_is_noticed(classifier):
    """The planted twin: noise that was not trained on spoils the calibration, and such inputs are rejected."""
    examples = one_channel(np.random.default_rng(77), 3000)
    noise = 0.15 * np.random.default_rng(1).standard_normal(examples.features.shape)
    square = np.clip(bounded(examples.features, GRID) + noise, 1e-4, 0.9999) / GRID**2
    noisy = one_channel_features(GRID, square)
    assert calibration_error(classifier.probabilities(noisy), examples.labels) > 0.02
    assert classifier.inside(noisy).mean() < 0.05, "noisy inputs are unlike the training set, and said to be"


def test_what_lies_outside_the_training_set_is_rejected(classifier):
    """sin^2(delta) that jumps between 0.1 and 0.9 five times is no S wave of a short range."""
    jumps = np.where(np.sin(33 * GRID) > 0, 0.9, 0.1)
    assert not classifier.inside(one_channel_features(GRID, jumps / GRID**2)[None])[0]


def test_importance_is_where_the_answer_depends_on_the_data(classifier):
    """Gradient times deviation: a shift of one feature moves the log odds by that gradient."""
    features = of_phases(TRIPLET)[0]
    importance = classifier.importance(features)
    i = int(np.argmax(np.abs(importance)))
    moved = features.copy()
    moved[i] += 1e-3
    log_odds = [np.log(p[0] / (p[1] + p[2])) for p in classifier.probabilities(np.stack([features, moved]))]
    slope = importance[i] / (features[i] - classifier.whitening.mean[i])
    assert_allclose((log_odds[1] - log_odds[0]) / 1e-3, slope, rtol=1e-2)


def test_every_training_amplitude_is_unitary():
    """|S| = 1 of one channel; |S11| = 1 below and <= 1 above the threshold of two, det S of modulus one."""
    zeros, decay, _ = one_channel_poles(np.random.default_rng(0), 500)
    assert np.abs(np.abs(s_of_jost(GRID, zeros, decay)) - 1).max() < 1e-12
    poles = random_poles(np.random.default_rng(0), np.repeat(np.arange(len(CLASSES)), 6))
    good = unitary(poles)
    s = s11(poles, omega_of(SEEN))[good]
    assert np.abs(np.abs(s[:, SEEN < 0]) - 1).max() < 1e-12
    assert np.abs(s[:, SEEN > 0]).max() <= 1 + 1e-12
    assert np.abs(s11(poles, omega_of(SEEN))[~good]).max() > 1.01, "what is left out does violate unitarity"
    assert np.bincount(counted(np.random.default_rng(0), 2).labels).tolist() == [2] * 35


def test_a_few_seconds_of_training_tell_four_classes_apart():
    """The set-up of the P_c(4312) in 26 bins; the benchmark trains longer on 65."""
    edges = np.arange(4250.0, 4380.1, 5.0)
    examples = two_channels(np.random.default_rng(0), 12_000, CHANNELS, Bins(edges[:-1], edges[1:], 2.7))
    found = train(examples, TWO_CHANNELS, steps=300, noise=0.02, width=48)
    fresh = two_channels(np.random.default_rng(1), 4000, CHANNELS, Bins(edges[:-1], edges[1:], 2.7))
    assert accuracy(found.probabilities(fresh.features), fresh.labels) > 0.85
    permuted = np.random.default_rng(2).permutation(fresh.labels)
    assert accuracy(found.probabilities(fresh.features), permuted) < 0.6
