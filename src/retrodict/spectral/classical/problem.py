"""What every classical method is given, and what it gives back."""

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

FLAT_TAIL: Final = 2.0  # power with which a flat default model falls beyond its window: no data see a constant tail


@dataclass(frozen=True)
class LinearProblem:
    r"""Data $d = \int K \rho\,d\omega + $ noise of a known covariance, on a frequency grid.

    `kernel` holds K(x, omega) without the weights of the grid; `default` is the default model m(omega) > 0, which sets
    the scale of rho even for methods that have no entropy. `window` is the range of interest; beyond it the methods
    that need a finite range let rho fall like the default model. `scale` is where the structures are: frequencies
    count linearly below it and logarithmically, or less, above.
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
        """W K times the weights: what takes rho to data in units of the noise."""
        return self.whitened_kernel * self.weight

    @cached_property
    def whitened_mean(self) -> Rows:
        """W d."""
        return np.asarray(self.covariance.whiten(jnp.asarray(self.mean)))

    def residual(self, rho: Nodes) -> Rows:
        """W (K rho - d)."""
        return self.whitened_operator @ rho - self.whitened_mean

    def chi2(self, rho: Nodes) -> float:
        """`|W (K rho - d)|^2`."""
        return float(np.sum(self.residual(rho) ** 2))


@dataclass(frozen=True)
class Reconstruction:
    """A spectral function with the error that its method usually quotes, and how it came about.

    `error` is a claim of the method, not of this library: none of them was found to cover what it promises.
    `regulator` is alpha, lambda or the penalty's weight; NaN where several were averaged. `chi2` is NaN for smeared
    densities, which are not meant to fit the data.
    """

    name: str
    omega: Nodes
    rho: Nodes
    error: Nodes | None
    chi2: float
    regulator: float
    description: str
    references: tuple[str, ...]

    def at(self, omega: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
        """rho, linearly interpolated."""
        return np.interp(omega, self.omega, self.rho)


def linear_problem(
    kernel: AbstractKernel,
    x: Points,
    mean: Float[Array | np.ndarray, " points"],
    covariance: Covariance,
    grid: Grid,
    default: Callable[[Nodes], Nodes] | None = None,
    window: tuple[float, float] = (0.0, 20.0),
    scale: float | None = None,
    name: str = "",
    *,
    fit_height: bool = True,
) -> LinearProblem:
    """The problem of `mean` = G(x) with `covariance`; the default model is flat in the window unless given.

    The default model's shape is a function of omega; its height is fitted to the data unless told otherwise. The
    scale is .15 of the end of the window unless given. Raises `InputError` for shapes
    that do not match, data that are not finite or a default model that is not positive.
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

    Correlations are left out: between data and a crude model they can make the best factor absurdly small.
    """
    root = np.asarray(problem.covariance.root)
    sigma = root if root.ndim == 1 else np.linalg.norm(root, axis=1)
    image, mean = problem.kernel @ (problem.weight * problem.default) / sigma, problem.mean / sigma
    height = float(image @ mean / (image @ image))
    return height if height > 0 else 1.0


def flat_model(window: tuple[float, float]) -> Callable[[Nodes], Nodes]:
    """A default model that is constant up to the end of the window and falls as 1/omega^2 beyond it."""
    return lambda omega: np.maximum(1.0, omega / window[1]) ** -FLAT_TAIL


def continuum_model(temperature: float) -> Callable[[Nodes], Nodes]:
    """A default model ~ omega^2 tanh(omega/4T), the continuum of two massless quarks; for kernels that end it."""
    return lambda omega: omega**2 * np.tanh(omega / (4 * temperature))


def conducting_model(temperature: float) -> Callable[[Nodes], Nodes]:
    """A default model ~ omega^2 + 4 T omega: the same continuum with rho/omega not zero at zero."""
    return lambda omega: omega * (omega + 4 * temperature)


def power_law_model(scale: float, power: float = 2.0) -> Callable[[Nodes], Nodes]:
    """A default model ~ omega (1 + omega^2/scale^2)^(-(power + 1)/2): odd at zero, falling as a power."""
    return lambda omega: omega / scale * (1 + (omega / scale) ** 2) ** (-0.5 * (power + 1))
