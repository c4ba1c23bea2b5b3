"""What a trained classifier says of the data of a run, beside the fit; and the bins that decided."""

from importlib import resources
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float

from retrodict.base.constants import HBAR_C
from retrodict.hadron.amplitudes.classifier import Classifier, load, train
from retrodict.hadron.amplitudes.ensembles import (
    GRID,
    LEAST,
    ONE_CHANNEL,
    TWO_CHANNELS,
    Bins,
    one_channel_features,
    two_channels,
)
from retrodict.hadron.amplitudes.forward import PhaseShiftForward, SpectrumForward, SquareForward
from retrodict.hadron.amplitudes.sheets import TwoChannels
from retrodict.problem.covariance import Covariance
from retrodict.problem.posterior import Posterior

RESAMPLED: Final = 50  # copies of the data with noise added once more
TRIED, STEPS, WIDTH = 200_000, 4000, 96  # of a classifier that is trained for the bins of some data
SHARES: Final = (0.05, 0.9)  # of the signal, in its training set


class Verdict(NamedTuple):
    """Probabilities of the classes, averaged over copies of the data with their errors added once more."""

    probabilities: dict[str, float]
    inside: float  # share of the copies that are like the training set
    importance: Float[np.ndarray, " features"]  # gradient times deviation, of the data themselves
    x: Float[np.ndarray, " features"]  # momenta or masses [MeV] of the features
    axis: str  # what x is


def one_channel_classifier() -> Classifier:
    """The trained classifier of one channel that is part of this package: bound, virtual or resonance."""
    return load(Path(str(resources.files("retrodict.hadron.amplitudes") / "trained_one_channel.npz")), ONE_CHANNEL)


def judge(target: Posterior) -> Verdict | None:
    """The verdict on the data of a run; None where no classifier belongs to them.

    One channel: the classifier that is part of the package sees |f|^2 at momenta up to the largest one of the data.
    Data that begin above 0.15 of it are not extrapolated.

    Args:
        target: the problem of the run.
    """
    forward = target.forward
    if not isinstance(forward, PhaseShiftForward | SquareForward):
        return None
    k = np.asarray(forward.momentum)
    if k[0] > 2 * LEAST * k[-1]:
        return None
    classifier, value = one_channel_classifier(), np.asarray(target.likelihood.data)
    noise = np.random.default_rng(0).standard_normal((RESAMPLED, len(k))) * _errors(target)
    at = np.maximum(GRID * k[-1], k[0])
    copies = [_square(forward, k, at, value + shift) for shift in (np.zeros(len(k)), *noise)]
    features = one_channel_features(GRID, np.stack(copies) * k[-1] ** 2)
    return _verdict(classifier, features, at, "k")


def _square(
    forward: PhaseShiftForward | SquareForward, k: Float[np.ndarray, " points"], at: np.ndarray, value: np.ndarray
) -> np.ndarray:
    """|f|^2 [MeV^-2] between the data: k cot(delta) over k^2, or |f|^2 in the logarithm, by monotonic cubics."""
    from scipy.interpolate import PchipInterpolator

    if isinstance(forward, PhaseShiftForward):
        cot = PchipInterpolator(k**2, k / np.tan(np.deg2rad(value)))(at**2)
        return 1 / (cot**2 + at**2)
    least = 1e-6 * HBAR_C**2 / k**2
    bounded = np.clip(value, least, HBAR_C**2 / k**2) / HBAR_C**2
    return np.exp(PchipInterpolator(k, np.log(bounded))(at))


def _errors(target: Posterior) -> np.ndarray:
    covariance = getattr(target.likelihood, "covariance", None)
    if isinstance(covariance, Covariance):
        return np.sqrt(np.diag(np.asarray(covariance.matrix())))
    return np.sqrt(np.maximum(np.asarray(target.likelihood.data), 1.0))


def _verdict(classifier: Classifier, features: np.ndarray, x: np.ndarray, axis: str) -> Verdict:
    """From the features of the data, first row, and of their copies."""
    mean = classifier.probabilities(features).mean(axis=0)
    probabilities = dict(zip(classifier.classes, mean.tolist(), strict=True))
    inside = float(np.mean(classifier.inside(features)))
    return Verdict(probabilities, inside, classifier.importance(features[0]), x, axis)


def train_for(target: Posterior, *, tried: int = TRIED, steps: int = STEPS, seed: int = 0) -> Classifier:
    """A classifier of two channels for the bins, the resolution and the errors of a spectrum.

    Args:
        target: the problem of a line shape of two channels.
        tried: amplitudes that are drawn for the training set.
        steps: updates.
        seed: of the training set and of the network.
    """
    forward = target.forward
    assert isinstance(forward, SpectrumForward)
    assert isinstance(forward.channels, TwoChannels)
    bins = Bins(np.asarray(forward.low), np.asarray(forward.high), forward.resolution)
    examples = two_channels(np.random.default_rng(seed), tried, forward.channels, bins, shares=SHARES)
    value = np.asarray(target.likelihood.data)
    noise = 2 * float(np.median(_errors(target) / np.maximum(value, 1e-9)))
    return train(examples, TWO_CHANNELS, steps=steps, noise=noise, width=WIDTH, seed=seed)


def judge_spectrum(target: Posterior, classifier: Classifier) -> Verdict:
    """The verdict of `train_for` on the data of the same problem.

    Args:
        target: the problem of a line shape of two channels.
        classifier: trained for its bins.
    """
    value, forward = np.asarray(target.likelihood.data), target.forward
    assert isinstance(forward, SpectrumForward)
    noise = np.random.default_rng(0).standard_normal((RESAMPLED, len(value))) * _errors(target)
    copies = value + np.concatenate([np.zeros((1, len(value))), noise])
    centres = 0.5 * (np.asarray(forward.low) + np.asarray(forward.high))
    return _verdict(classifier, copies / copies.mean(axis=1, keepdims=True), centres, "mass")
