r"""What lies between the correlation function of the pair and the data: resolution, impurities, normalisation.

$$C(k) = N\,(1 + a\,x + b\,x^2)\,[1 + \lambda\,(\bar C(k) - 1)],\qquad x = k / 100\,\mathrm{MeV}$$

with $\bar C$ the genuine correlation function averaged over the resolution of the momentum and over the bins, weighted
by the phase space $k^2$. Pairs that are no genuine ones (feed-down, misidentified particles) are taken as uncorrelated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple

import numpy as np
from pydantic import Field

from retrodict.base.errors import InputError
from retrodict.base.files import TABLE_LIMIT, PathLike, decode
from retrodict.base.gzipped import read_unpacked
from retrodict.base.tables import parse_numbers
from retrodict.base.types import Array, Float, Scalar
from retrodict.hadron.femtoscopy.reading import CorrelationData
from retrodict.problem.nuisance import Nuisance
from retrodict.problem.prior import Normal

SCALE: Final = 100.0  # MeV, the unit of k in the baseline
HERMITE: Final = 7  # nodes of the resolution
LEGENDRE: Final = 3  # nodes in a bin
ROW_SUM: Final = 1e-3  # how far from one the rows of a matrix of the resolution may sum up
LABELS: Final = {
    "lambda_parameter": r"$\lambda$",
    "normalisation": "$N$",
    "slope": "slope of the baseline",
    "curvature": "curvature of the baseline",
}


@dataclass(frozen=True)
class Known:
    """A number that is known within an error.

    Args:
        value: the number.
        error: one standard deviation; 0 fixes it.
    """

    value: float
    error: Annotated[float, Field(ge=0)] = 0.0


def nuisances_of(numbers: Mapping[str, Known]) -> tuple[Nuisance, ...]:
    """The numbers that have an error, as nuisances with normal priors.

    Args:
        numbers: by the names of `LABELS`.
    """
    return tuple(
        Nuisance(name, Normal(known.value, known.error), label=LABELS[name])
        for name, known in numbers.items()
        if known.error > 0
    )


def measured(
    genuine: Float[Array, " points"], momentum: Float[Array, " points"], numbers: Mapping[str, Scalar | float]
) -> Float[Array, " points"]:
    """What is measured of a genuine correlation function, resolution and bins already in it.

    Args:
        genuine: C, shape (points,).
        momentum: k [MeV], shape (points,).
        numbers: lambda_parameter, normalisation, slope, curvature.
    """
    x = momentum / SCALE
    baseline = numbers["normalisation"] * (1.0 + numbers["slope"] * x + numbers["curvature"] * x**2)
    return baseline * (1.0 + numbers["lambda_parameter"] * (genuine - 1.0))


class Nodes(NamedTuple):
    """True momenta at which the correlation function is computed, and how the data average over them."""

    momentum: Float[np.ndarray, " nodes"]  # k [MeV]
    average: Float[np.ndarray, "points nodes"]  # rows sum to one


def nodes_of(data: CorrelationData, resolution: float, matrix: PathLike | None) -> Nodes:
    """Where the correlation function is needed.

    Args:
        data: the measured one.
        resolution: standard deviation of the measured k [MeV]; 0: exact.
        matrix: a file with the share that each true bin (column) has in each measured one (row); None: none.

    Raises:
        InputError: for a resolution beside a matrix, and for a matrix of another size or whose rows do not sum to one.
    """
    k = data.momentum
    if matrix is not None:
        if resolution > 0:
            fix = "leave out one of them"
            raise InputError("the resolution is given twice", got=f"resolution: {resolution:g} and a matrix", fix=fix)
        return Nodes(k, read_resolution(matrix, len(k)))
    shift, share = np.zeros((len(k), 1)), np.ones((len(k), 1))
    if data.low is not None and data.high is not None:
        node, weight = np.polynomial.legendre.leggauss(LEGENDRE)
        middle, half = 0.5 * (data.low + data.high), 0.5 * (data.high - data.low)
        shift, share = middle[:, None] - k[:, None] + half[:, None] * node, np.broadcast_to(weight, (len(k), LEGENDRE))
    if resolution > 0:
        node, weight = np.polynomial.hermite_e.hermegauss(HERMITE)
        shift = (shift[:, :, None] + resolution * node).reshape(len(k), -1)
        share = (share[:, :, None] * weight).reshape(len(k), -1)
    true = np.abs(k[:, None] + shift)
    true = np.maximum(true, 1e-3 * k[0])
    share = share * true**2
    average = np.zeros((len(k), true.size))
    rows = np.repeat(np.arange(len(k)), true.shape[1])
    average[rows, np.arange(true.size)] = (share / share.sum(axis=1, keepdims=True)).ravel()
    return Nodes(true.ravel(), average)


def read_resolution(path: PathLike, points: int) -> Float[np.ndarray, "points points"]:
    """The matrix of the resolution: one row a line, for each measured bin the shares of the true ones.

    Args:
        path: the file.
        points: number of bins.

    Raises:
        InputError: unless it has this size, no negative entry, and rows that sum to one.
    """
    data, source = read_unpacked(path, TABLE_LIMIT)
    rows = [row for _, row in parse_numbers(decode(data, path), path)]
    if len(rows) != points or any(len(row) != points for row in rows):
        got = f"{len(rows)} rows of {len(rows[0]) if rows else 0} numbers"
        raise InputError("the resolution has another size", where=source.path, got=got, expected=f"{points} x {points}")
    matrix = np.array(rows)
    total = matrix.sum(axis=1)
    worst = int(np.argmax(np.abs(total - 1.0)))
    if (matrix < 0.0).any() or abs(total[worst] - 1.0) > ROW_SUM:
        got = f"row {worst + 1} sums to {total[worst]:.4g}, the least entry is {matrix.min():.3g}"
        fix = "rows are measured bins, columns true ones; transpose it, or divide each row by its sum"
        raise InputError("rows of the resolution are no shares", where=source.path, got=got, fix=fix)
    return matrix / total[:, None]
