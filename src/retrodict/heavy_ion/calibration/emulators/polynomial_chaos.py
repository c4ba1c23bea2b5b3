r"""Polynomials for the components of the outputs: the baseline that every other emulator must beat.

Products of Legendre polynomials up to a total degree, orthonormal over the box of the design, with a ridge penalty
$\lambda$ for each component. Without point i the residual there is $e_i/(1 - h_i)$, h the diagonal of the hat matrix;
the penalty is the one that makes the sum of their squares least.
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float as NumpyFloat
from jaxtyping import Int

from retrodict.base.types import Array, Count, Float
from retrodict.heavy_ion.calibration.emulators.components import components_of
from retrodict.heavy_ion.calibration.emulators.emulator import (
    AbstractEmulator,
    Readout,
    Table,
    check_design,
    readout,
)

PENALTIES = np.append(0.0, np.geomspace(1e-8, 1e4, 49))  # over the number of points
SINGULAR = 1e-10  # singular value over the largest one: what the design does not tell apart


class PolynomialEmulator(AbstractEmulator):
    """Polynomials for the components.

    Args:
        readout: from components to outputs.
        centre: of the box of the design, in units of the inputs.
        half: half the width of that box.
        factors: of each term, as places in the table of `legendre`, the first of which is one.
        constants: of the components.
        coefficients: of the terms.
    """

    readout: Readout
    centre: Float[Array, " inputs"]
    half: Float[Array, " inputs"]
    factors: Int[Array, "terms degree"]
    constants: Float[Array, " components"]
    coefficients: Float[Array, "terms components"]

    def scores(self, inputs: Float[Array, " inputs"]) -> Float[Array, " components"]:
        table = jnp.stack(legendre((inputs - self.centre) / self.half, self.factors.shape[1]))
        every = jnp.concatenate([jnp.ones(1), table.reshape(-1)])
        terms = every[self.factors[:, 0]]
        for place in range(1, self.factors.shape[1]):
            terms = terms * every[self.factors[:, place]]
        return self.constants + terms @ self.coefficients


@dataclass(frozen=True)
class PolynomialChaos:
    """Principal components, each a polynomial of all inputs with a ridge penalty.

    Source: Sudret, Reliab. Eng. Syst. Saf. 93 (2008) 964, for the expansion; Allen, Technometrics 16 (1974) 125, for
    the residuals without a point.

    Args:
        degree: total degree of the polynomials.
        components: how many principal components are emulated; the others are noise.

    Example:
        >>> x = np.linspace(0, 2, 9)[:, None]
        >>> emulator = PolynomialChaos(degree=2, components=1).fit(x, 3 * x**2 - x)
        >>> round(float(emulator.mean(jnp.array([1.1]))[0]), 9)
        2.53
    """

    degree: Count = 2
    components: Count = 10

    def fit(self, inputs: Table, outputs: Table, *, seed: int = 0) -> PolynomialEmulator:
        """Learn.

        Args:
            inputs: of the runs, one row a run.
            outputs: of the same runs.
            seed: not used: nothing is random here.

        Raises:
            InputError: if the tables are no design.
        """
        check_design(inputs, outputs)
        parts = components_of(np.asarray(outputs), self.components)
        low, high = inputs.min(axis=0), inputs.max(axis=0)
        centre, half = (low + high) / 2, np.where(high > low, (high - low) / 2, 1.0)
        factors = _factors(inputs.shape[1], self.degree)
        legendres = np.stack(legendre((inputs - centre) / half, self.degree), axis=1)
        every = np.hstack([np.ones((len(inputs), 1)), legendres.reshape(len(inputs), -1)])
        degrees = np.sum((factors > 0) * (1 + (factors - 1) // inputs.shape[1]), axis=1)
        scale = 1 / np.sqrt(np.bincount(degrees)[degrees])  # every degree may make as much of the variance
        terms = np.prod(every[:, factors], axis=2) * scale
        coefficients, constants, residual = _ridge(terms, parts.scores)
        coefficients *= scale[:, None]
        variance = np.broadcast_to(np.mean(residual**2, axis=0), residual.shape)
        shared = readout(parts, parts.scores - residual, variance)
        arrays = (jnp.asarray(a) for a in (centre, half, factors, constants, coefficients))
        return PolynomialEmulator(shared, *arrays)


def legendre(t: Float[Array | np.ndarray, "*points inputs"], degree: int) -> list[Float[Array, "*points inputs"]]:
    """Legendre polynomials of the degrees 1 to `degree`, orthonormal for the uniform density on [-1, 1].

    Args:
        t: inputs in units of the box, which is [-1, 1].
        degree: the largest one.
    """
    values = [t * 0 + 1, t]
    for k in range(1, degree):
        values.append(((2 * k + 1) * t * values[k] - k * values[k - 1]) / (k + 1))
    return [np.sqrt(2 * k + 1) * value for k, value in enumerate(values)][1 : degree + 1]


def _factors(inputs: int, degree: int) -> Int[np.ndarray, "terms degree"]:
    """Each term up to a total degree, as places in the flat table (1, P_1 of all inputs, P_2 of all inputs, ...)."""
    rows = []
    for total in range(1, degree + 1):
        for chosen in combinations_with_replacement(range(inputs), total):
            places = [1 + (chosen.count(i) - 1) * inputs + i for i in sorted(set(chosen))]
            rows.append(places + [0] * (degree - len(places)))
    return np.array(rows)


def _ridge(
    terms: NumpyFloat[np.ndarray, "points terms"], values: Table
) -> tuple[NumpyFloat[np.ndarray, "terms columns"], NumpyFloat[np.ndarray, " columns"], Table]:
    """Coefficients and constants of ridge regressions of each column, and the residuals without each point."""
    n, mean = len(terms), terms.mean(axis=0)
    left, size, right = np.linalg.svd(terms - mean, full_matrices=False)
    kept = size > SINGULAR * size[0]
    left, size, right = left[:, kept], size[kept], right[kept]
    level = values.mean(axis=0)
    rotated = left.T @ (values - level)
    best, residual = np.full(values.shape[1], np.inf), np.zeros_like(values)
    shrink = np.zeros((len(size), values.shape[1]))
    for penalty in n * PENALTIES:
        keep = size**2 / (size**2 + penalty)
        hat = 1 / n + (left**2) @ keep
        if np.any(hat > 1 - 1e-9):  # a point that nothing else predicts
            continue
        without = (values - level - left @ (keep[:, None] * rotated)) / (1 - hat)[:, None]
        better = np.mean(without**2, axis=0) < best
        best = np.where(better, np.mean(without**2, axis=0), best)
        residual[:, better], shrink[:, better] = without[:, better], keep[:, None]
    coefficients = right.T @ (shrink * rotated / size[:, None])
    return coefficients, level - mean @ coefficients, residual
