"""Input and output of the classical methods: a linear problem on a frequency grid, and a reconstruction."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float
from retrodict.problem.covariance import Covariance
from retrodict.spectral.kernels import AbstractKernel, Grid, Points

Nodes = Float[np.ndarray, " nodes"]
Rows = Float[np.ndarray, " rank"]

FLAT_TAIL: Final = (
    2.0  # power with which a flat default model falls beyond its window, where the data have no influence
)


@dataclass(frozen=True)
class LinearProblem:
    r"""Data $d = \int K \rho\,d\omega + $ noise of a known covariance, on a frequency grid.

    Args:
        kernel: K(x, omega) without the weights of the grid, shape `(points, nodes)`.
        mean: the data d, shape `(points,)`.
        covariance: of the data.
        grid: frequencies and weights of a quadrature.
        default: default model m(omega) > 0, which sets the scale of rho even for methods without an entropy.
        window: range of frequencies of interest; methods that need a finite range let rho fall like the default model
            beyond it.
        scale: frequency of the structures; grids of the methods are linear in omega below and logarithmic above it.
        name: of the data, for messages.
    """

    kernel: Float[np.ndarray, "points nodes"]
    mean: Float[np.ndarray, " points"]
    covariance: Covariance
    grid: Grid
    default: Nodes
    window: tuple[float, float]
    scale: float
    name: str = ""

    @cached_property
    def omega(self) -> Nodes:
        """The frequencies of the grid."""
        return np.asarray(self.grid.omega)

    @cached_property
    def weight(self) -> Nodes:
        """The weights of the grid."""
        return np.asarray(self.grid.weight)

    @cached_property
    def whitened_kernel(self) -> Float[np.ndarray, "rank nodes"]:
        """W K: the kernel in units of the noise, without weights."""
        return np.asarray(self.covariance.whiten_columns(self.kernel))

    @cached_property
    def whitened_operator(self) -> Float[np.ndarray, "rank nodes"]:
        """W K times the weights: the map from rho to data in units of the noise."""
        return self.whitened_kernel * self.weight

    @cached_property
    def whitened_mean(self) -> Rows:
        """W d: the data in units of the noise."""
        return np.asarray(self.covariance.whiten(jnp.asarray(self.mean)))

    def residual(self, rho: Nodes) -> Rows:
        """W (K rho - d): the misfit in units of the noise.

        Args:
            rho: spectral function, shape `(nodes,)`.
        """
        return self.whitened_operator @ rho - self.whitened_mean

    def chi2(self, rho: Nodes) -> float:
        """`|W (K rho - d)|^2`.

        Args:
            rho: spectral function, shape `(nodes,)`.
        """
        return float(np.sum(self.residual(rho) ** 2))


@dataclass(frozen=True)
class Reconstruction:
    """A spectral function with the error that its method usually quotes.

    The error is a claim of the method, not of this library: in tests no method had the coverage that it claims.

    Example:
        >>> omega = np.array([1.0, 2.0])
        >>> result = Reconstruction("exact", omega, 2 * omega, None, 0.0, 1.0, "a straight line", ())
        >>> result.at(np.array([1.5])).tolist()
        [3.0]
    """

    name: str  # of the method
    omega: Nodes  # frequencies
    rho: Nodes  # spectral function there
    error: Nodes | None  # one standard deviation as the method quotes it
    chi2: float  # of the data; NaN for smeared densities, which are not meant to fit them
    regulator: float  # alpha, lambda or the weight of the penalty; NaN where several were averaged
    description: str  # of the method and its settings, in words
    references: tuple[str, ...]  # keys of the bibliography

    def at(self, omega: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
        """Interpolate rho linearly.

        Args:
            omega: frequencies, shape `(points,)`.
        """
        return np.interp(omega, self.omega, self.rho)


def linear_problem(
    kernel: AbstractKernel,
    x: Points,
    mean: Float[Array | np.ndarray, "..."],
    covariance: Covariance,
    grid: Grid,
    default: Callable[[Nodes], Nodes] | None = None,
    window: tuple[float, float] = (0.0, 20.0),
    scale: float | None = None,
    name: str = "",
    *,
    fit_height: bool = True,
) -> LinearProblem:
    """Make a linear problem of a correlator and its kernel.

    Args:
        kernel: K(x, omega).
        x: arguments of the correlator, shape `(points,)`.
        mean: the correlator G(x), shape `(points,)`.
        covariance: of `mean`.
        grid: frequencies and weights of a quadrature.
        default: shape of the default model as a function of omega; flat in the window unless given.
        window: range of frequencies of interest.
        scale: frequency of the structures; .15 of the end of the window unless given.
        name: of the data, for messages.
        fit_height: fit the height of the default model to the data.

    Raises:
        InputError: for shapes that do not match, data that are not finite or a default model that is not positive.
    """
    matrix, data, omega = np.asarray(kernel(x, grid.omega)), np.asarray(mean, dtype=float), np.asarray(grid.omega)
    errors = np.asarray(covariance.whitener).shape[-1]
    if data.shape != matrix.shape[:1] or errors != len(data):
        raise InputError(
            "data, covariance and kernel do not have the same number of points",
            got=f"{data.size} data, {errors} errors, {len(matrix)} rows of the kernel",
        )
    if not np.all(np.isfinite(data)):
        raise InputError("the correlator holds NaN or infinite entries", fix="leave those points out")
    shape = np.asarray((default or flat_model(window))(omega), dtype=float)
    if not np.all(np.isfinite(shape) & (shape > 0)):
        raise InputError("a default model is positive and finite at every frequency", got=f"minimum {np.min(shape)}")
    problem = LinearProblem(matrix, data, covariance, grid, shape, window, scale or 0.15 * window[1], name)
    return replace(problem, default=shape * best_height(problem)) if fit_height else problem


def best_height(problem: LinearProblem) -> float:
    """The factor by which the default model fits the data best; one if that would be negative.

    Correlations are neglected: with a crude model they can make the best factor far too small.

    Args:
        problem: the data with kernel, grid and default model.
    """
    root = np.asarray(problem.covariance.root)
    sigma = root if root.ndim == 1 else np.linalg.norm(root, axis=1)
    image, mean = problem.kernel @ (problem.weight * problem.default) / sigma, problem.mean / sigma
    height = float(image @ mean / (image @ image))
    return height if height > 0 else 1.0


def flat_model(window: tuple[float, float]) -> Callable[[Nodes], Nodes]:
    """A default model that is constant up to the end of the window and falls as 1/omega^2 beyond it.

    Args:
        window: range of frequencies.

    Example:
        >>> flat_model((0.0, 2.0))(np.array([1.0, 2.0, 4.0])).tolist()
        [1.0, 1.0, 0.25]
    """
    return lambda omega: np.maximum(1.0, omega / window[1]) ** -FLAT_TAIL


def continuum_model(temperature: float) -> Callable[[Nodes], Nodes]:
    """A default model ~ omega^2 tanh(omega/4T), the continuum of two massless quarks.

    For kernels that fall fast enough for its integral to converge.

    Args:
        temperature: T, in the unit of omega.
    """
    return lambda omega: omega**2 * np.tanh(omega / (4 * temperature))


def conducting_model(temperature: float) -> Callable[[Nodes], Nodes]:
    """A default model ~ omega^2 + 4 T omega: the same continuum with a finite rho/omega at zero (a conductivity).

    Args:
        temperature: T, in the unit of omega.
    """
    return lambda omega: omega * (omega + 4 * temperature)


def power_law_model(scale: float, power: float = 2.0) -> Callable[[Nodes], Nodes]:
    """A default model ~ omega (1 + omega^2/scale^2)^(-(power + 1)/2): odd at zero, falling as a power.

    Args:
        scale: frequency above which it falls.
        power: of one over omega at large frequencies.
    """
    return lambda omega: omega / scale * (1 + (omega / scale) ** 2) ** (-0.5 * (power + 1))
