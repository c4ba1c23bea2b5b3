"""Small designs that the tests of emulators share."""

from typing import NamedTuple

import numpy as np

POINTS, INPUTS, OUTPUTS = 60, 3, 5
RANGES = np.array([[10.0, 20.0], [-0.7, 0.7], [0.13, 0.165]])  # a norm, a shape, a temperature in GeV


class Design(NamedTuple):
    inputs: np.ndarray
    outputs: np.ndarray


def box(points: int, seed: int) -> np.ndarray:
    """A Latin hypercube in the box."""
    rng, (low, high) = np.random.default_rng(seed), RANGES.T
    cells = rng.permuted(np.tile(np.arange(points)[:, None], INPUTS), axis=0)
    return low + (high - low) * (cells + rng.uniform(size=cells.shape)) / points


def to_unit(inputs: np.ndarray) -> np.ndarray:
    """Inputs in units of the box, -1 to 1."""
    low, high = RANGES.T
    return 2 * (inputs - low) / (high - low) - 1


def truth(inputs: np.ndarray) -> np.ndarray:
    """A smooth simulator: five outputs of very different size that vary with all inputs."""
    a, b, c = to_unit(inputs).T
    return np.stack(
        [1000 + 300 * a + 40 * a * b, 0.5 + 0.1 * np.tanh(b + c), 30 + 5 * np.sin(2 * a) + c, 7 + b**2 - c, a + b + c],
        axis=1,
    )


def noisy(points: int = POINTS, seed: int = 1, noise: float = 0.02) -> Design:
    """Runs whose outputs have statistical errors of a share of their spread."""
    inputs = box(points, seed)
    outputs = truth(inputs)
    return Design(
        inputs, outputs + noise * outputs.std(axis=0) * np.random.default_rng(seed + 1).normal(size=outputs.shape)
    )
