"""A classifier of amplitudes: a small network with calibrated probabilities that says what it was not trained on.

Examples are whitened by their principal components, so that a few thousand steps of Adam train it; one temperature,
fitted on examples held out, calibrates its probabilities (Guo et al., ICML 2017). An input farther from the training
examples, in whitened components, than all but 0.5 % of them is outside.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Float, Int
from scipy.special import expit, log_softmax

from retrodict.base.arrays import read_npz
from retrodict.base.files import PathLike
from retrodict.base.types import Array, Key, PyTree, Scalar
from retrodict.hadron.amplitudes.ensembles import SMALL, Examples, Features, Labels
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.problem.learner import AbstractLearner
from retrodict.run.loop import advance

FLOOR = 1e-3  # of the largest spread: smaller principal components are not blown up further
WHITENED = 0.1  # of the noise: what is smaller is still seen where there is none
INSIDE = 0.995  # share of the training examples that count as inside
BINS = 10  # of the calibration error

Weights = PyTree[Float[Array, "..."]]


class Whitening(NamedTuple):
    """Features to principal components of unit variance."""

    mean: Float[np.ndarray, " features"]
    matrix: Float[np.ndarray, "components features"]

    @classmethod
    def of(cls, features: Features, noise: float = 0.0) -> "Whitening":
        """The whitening of examples.

        Args:
            features: of the examples.
            noise: relative error of the features that is added to their spread.
        """
        mean = features.mean(axis=0)
        covariance = np.cov(features.T) + np.diag((noise * mean) ** 2)
        value, vector = np.linalg.eigh(covariance)
        spread = np.sqrt(np.maximum(value, 0.0)) + FLOOR * np.sqrt(value[-1])
        return cls(mean, (vector / spread).T)

    def __call__(self, features: Features) -> Features:
        """Whitened components.

        Args:
            features: of examples.
        """
        return (features - self.mean) @ self.matrix.T


class ClassLearner(AbstractLearner):
    """Cross entropy of whitened examples; relative noise of a random size is added to the features of each batch.

    Args:
        network: its sizes.
        whitening: mean and matrix.
        features: of the training examples.
        labels: of these.
        held_out: features for validation.
        held_labels: labels of these.
        noise: largest relative noise.
    """

    network: eqx.nn.MLP
    whitening: tuple[Float[Array, " features"], Float[Array, "components features"]]
    features: Float[Array, "examples features"]
    labels: Int[Array, " examples"]
    held_out: Float[Array, "held features"]
    held_labels: Int[Array, " held"]
    noise: float = eqx.field(static=True)

    def init(self, key: Key) -> Weights:
        """Fresh weights."""
        like = self.network
        sizes = (like.in_size, like.out_size, like.width_size, like.depth)
        fresh = eqx.nn.MLP(*sizes, like.activation, key=key, dtype=jnp.float32)
        return eqx.filter(fresh, eqx.is_inexact_array)

    def logits(self, x: Weights, features: Float[Array, "examples features"]) -> Float[Array, "examples classes"]:
        """Uncalibrated log probabilities, up to a constant.

        Args:
            x: weights.
            features: of examples.
        """
        mean, matrix = self.whitening
        return jax.vmap(eqx.combine(x, self.network))((features - mean) @ matrix.T)

    def loss(self, x: Weights, key: Key, batch: int) -> Scalar:
        """Cross entropy of a random batch; half of it without noise."""
        pick, size, noise = jr.split(key, 3)
        index = jr.randint(pick, (batch,), 0, len(self.labels))
        features = self.features[index]
        if self.noise:
            level = self.noise * jnp.maximum(2 * jr.uniform(size, (batch, 1), jnp.float32) - 1, 0.0)
            features = features * (1 + level * jr.normal(noise, features.shape, jnp.float32))
        return _cross_entropy(self.logits(x, features), self.labels[index])

    def validation(self, x: Weights) -> Scalar:
        """Cross entropy of the examples held out."""
        return _cross_entropy(self.logits(x, self.held_out), self.held_labels)


def _cross_entropy(logits: Float[Array, "examples classes"], labels: Int[Array, " examples"]) -> Scalar:
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1))


@dataclass(frozen=True)
class Classifier:
    """A trained network.

    Args:
        classes: their names.
        whitening: of the features.
        layers: matrix and offset of each layer.
        temperature: by which the logits are divided.
        support: whitening of what `bounded` makes of the features, in which distances are measured.
        farthest: distance beyond which an input is outside the training set.
        momenta: of the features of one channel, in units of the largest; none for spectra.
    """

    classes: tuple[str, ...]
    whitening: Whitening
    layers: tuple[tuple[np.ndarray, np.ndarray], ...]
    temperature: float
    support: Whitening
    farthest: float
    momenta: np.ndarray

    def logits(self, features: Features) -> Float[np.ndarray, "examples classes"]:
        """Calibrated log probabilities, up to a constant.

        Args:
            features: of examples.
        """
        return self._raw(self.whitening(features)) / self.temperature

    def _raw(self, x: np.ndarray) -> np.ndarray:
        for number, (matrix, offset) in enumerate(self.layers):
            x = x @ matrix.T + offset
            x = x * expit(x) if number < len(self.layers) - 1 else x  # silu
        return x

    def probabilities(self, features: Features) -> Float[np.ndarray, "examples classes"]:
        """Of each class; they sum to one.

        Args:
            features: of examples.
        """
        return np.exp(log_softmax(self.logits(features), axis=1))

    def inside(self, features: Features) -> np.ndarray:
        """Whether each input is like the examples of the training.

        Args:
            features: of examples.
        """
        return distance(self.support(bounded(features, self.momenta))) <= self.farthest

    def importance(self, features: Float[np.ndarray, " features"]) -> Float[np.ndarray, " features"]:
        """How much each feature decided: gradient times deviation from the mean of the training set.

        Of the log odds of the class that is most probable.

        Args:
            features: of one example.
        """
        best = int(np.argmax(self.logits(features[None])[0]))
        step = 1e-4 * (1 + np.abs(features))
        moved = np.concatenate([features + np.diag(step), features - np.diag(step)])
        log_p = log_softmax(self.logits(moved), axis=1)[:, best]
        odds = log_p - np.log(np.maximum(-np.expm1(np.minimum(log_p, -1e-12)), 1e-300))
        up, down = odds[: len(features)], odds[len(features) :]
        return (up - down) / (2 * step) * (features - self.whitening.mean)

    def arrays(self) -> dict[str, np.ndarray]:
        """All numbers, for `numpy.savez`."""
        layers = {f"{part}{i}": a for i, layer in enumerate(self.layers) for part, a in zip("mo", layer, strict=True)}
        numbers = {"temperature": np.array([self.temperature]), "farthest": np.array([self.farthest])}
        whitenings = {"mean": self.whitening.mean, "matrix": self.whitening.matrix}
        support = {"support_mean": self.support.mean, "support": self.support.matrix, "momenta": self.momenta}
        return whitenings | support | layers | numbers


def bounded(features: Features, momenta: np.ndarray) -> Features:
    """Features without the poles of k cot(delta): sin^2(delta) of one channel, a spectrum as it is.

    Args:
        features: of examples.
        momenta: of the features of one channel, in units of the largest; none for spectra.
    """
    return momenta**2 / ((SMALL * np.sinh(features)) ** 2 + momenta**2) if len(momenta) else features


def distance(white: Features) -> Float[np.ndarray, " examples"]:
    """Root mean square of whitened components.

    Args:
        white: components of examples.
    """
    return np.sqrt(np.mean(white**2, axis=1))


def load(path: PathLike, classes: tuple[str, ...]) -> Classifier:
    """A classifier from the arrays that `Classifier.arrays` gives.

    Args:
        path: of an .npz file.
        classes: their names.
    """
    arrays = read_npz(path).arrays
    depth = sum(re.fullmatch(r"o\d", name) is not None for name in arrays)
    layers = tuple((arrays[f"m{i}"], arrays[f"o{i}"]) for i in range(depth))
    whitening = Whitening(arrays["mean"], arrays["matrix"])
    support = Whitening(arrays["support_mean"], arrays["support"])
    numbers = (float(arrays[name][0]) for name in ("temperature", "farthest"))
    temperature, farthest = numbers
    return Classifier(classes, whitening, layers, temperature, support, farthest, arrays["momenta"])


def train(
    examples: Examples,
    classes: tuple[str, ...],
    *,
    steps: int,
    noise: float = 0.0,
    width: int = 96,
    depth: int = 2,
    batch: int = 512,
    rate: float = 3e-3,
    seed: int = 0,
    momenta: Float[np.ndarray, " features"] | None = None,
) -> Classifier:
    """Train on nine tenths of the examples, choose the weights and the temperature with the rest.

    Args:
        examples: features and labels.
        classes: names of the labels.
        steps: updates.
        noise: largest relative noise that is added in training.
        width: units of a hidden layer.
        depth: hidden layers.
        batch: examples of an update.
        rate: first learning rate.
        seed: of weights and batches.
        momenta: of the features of one channel.
    """
    held = len(examples.labels) // 10
    whitening = Whitening.of(examples.features[held:], WHITENED * noise)
    network = eqx.nn.MLP(whitening.matrix.shape[0], len(classes), width, depth, jax.nn.silu, key=jr.key(0))
    learner = ClassLearner(
        network,
        (_single(whitening.mean), _single(whitening.matrix)),
        _single(examples.features[held:]),
        jnp.asarray(examples.labels[held:]),
        _single(examples.features[:held]),
        jnp.asarray(examples.labels[:held]),
        noise,
    )
    every = max(1, steps // 20)
    method = Train(steps, batch, Cosine(rate, 1e-2 * rate), every)
    finished = advance(learner, method, seed=seed)
    best = finished.state.best
    layers = tuple((np.asarray(layer.weight, float), np.asarray(layer.bias, float)) for layer in best.layers)
    at = np.zeros(0) if momenta is None else momenta
    support = Whitening.of(bounded(examples.features[held:], at), WHITENED * noise)
    raw = Classifier(classes, whitening, layers, 1.0, support, np.inf, at)
    noisy = _with_noise(examples.features[:held], noise, np.random.default_rng(seed))
    scores, labels = raw.logits(noisy), examples.labels[:held]

    def surprise(log_temperature: float) -> float:
        scaled = log_softmax(scores * np.exp(-log_temperature), axis=1)
        return -float(np.mean(scaled[np.arange(held), labels]))

    grid = np.linspace(-1.5, 2.5, 101)  # of the logarithm
    temperature = float(np.exp(grid[np.argmin([surprise(value) for value in grid])]))
    farthest = float(np.quantile(distance(support(bounded(noisy, at))), INSIDE))
    return Classifier(classes, whitening, layers, temperature, support, farthest, at)


def _single(values: np.ndarray) -> Array:
    return jnp.asarray(values, jnp.float32)


def _with_noise(features: Features, noise: float, rng: np.random.Generator) -> Features:
    level = noise * np.maximum(rng.uniform(-1.0, 1.0, (len(features), 1)), 0.0)
    return features * (1 + level * rng.standard_normal(features.shape))


def calibration_error(probability: Float[np.ndarray, "examples classes"], labels: Labels) -> float:
    """Expected calibration error of the most probable class, in ten bins of its probability.

    Source: Naeini, Cooper, Hauskrecht, AAAI 2015.

    Args:
        probability: of each class.
        labels: the true ones.
    """
    confidence, right = probability.max(axis=1), probability.argmax(axis=1) == labels
    index = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [abs(float(np.sum(right[index == b]) - np.sum(confidence[index == b]))) for b in range(BINS)]
    return sum(gaps) / len(labels)


def accuracy(probability: Float[np.ndarray, "examples classes"], labels: Labels, *, rejected: float = 0.0) -> float:
    """Share of right answers among those that are kept.

    Args:
        probability: of each class.
        labels: the true ones.
        rejected: share of the least confident answers that are left out.
    """
    order = np.argsort(-probability.max(axis=1))[: round((1 - rejected) * len(labels))]
    return float(np.mean(probability[order].argmax(axis=1) == labels[order]))
