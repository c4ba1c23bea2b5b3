"""The discretisation of a problem: the range of frequencies, the units of the prior, and the quadrature."""

from dataclasses import replace
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.spectral.ansatz.frequency_grid import AbstractSpectrum, FrequencyGrid
from retrodict.spectral.kernels import AbstractKernel, Grid, Nodes, Numbers, Points, Thermal, frequency_grid, operator

UNIT: Final = 0.26  # of the geometric mean of the visible range: structures are sought around 2.5 units
BELOW: Final = 0.1  # units: where the quadrature begins to thin out
ABOVE: Final = 25.0  # units: where it does so at the other end, unless the kernel reaches further
KERNEL_REACH: Final = {"tau": 5.0, "momentum": 1.5, "matsubara": 1.5}  # of the largest visible frequency
STEP: Final = 0.018  # of ln omega between nodes: a line of relative half-width .05 is integrated to 5e-8
OUTSIDE: Final = 1.5  # e-folds of nodes spent outside the range
PRIOR_DRAWS: Final = 256
PRIOR_KEY: Final = 20260711


def visible_range(kernel: AbstractKernel, x: Points) -> tuple[float, float]:
    """The lowest and the highest frequency that the data resolve [inverse unit of tau, or unit of p].

    For momenta the spacing and the largest one; for times the inverse of the longest (half the period at a finite
    temperature) and of the spacing.

    Args:
        kernel: K(x, omega), which says what x is.
        x: points of the correlator, shape (points,).

    Raises:
        InputError: for fewer than two different points.

    Example:
        >>> from retrodict.spectral.kernels import KallenLehmann
        >>> visible_range(KallenLehmann(), np.array([0.5, 1.0, 1.5]))
        (0.5, 1.5)
    """
    x = np.asarray(x, dtype=float)
    spacing = float(np.min(np.diff(np.sort(x)))) if x.size > 1 else 0.0
    if not spacing > 0:
        raise InputError("a spectral function needs a correlator at two different points at least", got=f"{x.size}")
    if kernel.argument != "tau":
        return spacing, float(np.max(np.abs(x)))
    longest = 0.5 / kernel.temperature if isinstance(kernel, Thermal) else float(np.max(x))
    return 1 / longest, 1 / spacing


def prior_unit(visible: tuple[float, float]) -> float:
    """The frequency in multiples of which the priors are stated, for a `visible` range, in its unit."""
    return UNIT * float(np.sqrt(visible[0] * visible[1]))


def frequency_grid_for(
    kernel: AbstractKernel,
    x: Points,
    *,
    unit: float | None = None,
    growth: float | None = None,
    step: float = STEP,
) -> FrequencyGrid:
    """Nodes and units for data at given points; the unit of rho is one, until `scale_to_data` adapts it.

    Args:
        kernel: K(x, omega) of the data.
        x: points of the correlator, shape (points,).
        unit: frequency in multiples of which the prior is stated; None: from the visible range.
        growth: known power of omega with which rho grows at large omega; None: it is inferred.
        step: distance of the nodes in ln omega.

    Raises:
        InputError: for fewer than two different points.
    """
    visible = visible_range(kernel, x)
    unit = prior_unit(visible) if unit is None else unit
    low, high = BELOW * unit, max(ABOVE * unit, KERNEL_REACH[kernel.argument] * visible[1])
    grid = frequency_grid((low, high), int((np.log(high / low) + OUTSIDE) / step))
    matrix = kernel(x, grid.omega)
    extent = float(np.arcsinh(high / unit))
    height = jnp.asarray(1.0)
    return FrequencyGrid(grid.omega, grid.weight, unit, height, growth, kernel=matrix, even=kernel.even, extent=extent)


def prior_spectra(spectrum: AbstractSpectrum, grid: FrequencyGrid) -> Float[np.ndarray, "draws nodes"]:
    """Draws of a prior on the nodes of `grid`, by which a problem is scaled and compressed.

    Args:
        spectrum: the prior.
        grid: nodes and units.
    """
    return prior_draws(spectrum.on(grid))


def prior_draws(ansatz: AbstractAnsatz) -> Float[np.ndarray, "draws nodes"]:
    """The same draws, of an `ansatz` that is bound to its nodes."""
    return np.asarray(_spectra(ansatz, jr.normal(jr.key(PRIOR_KEY), (PRIOR_DRAWS, ansatz.dim))))


@eqx.filter_jit
def _spectra(ansatz: AbstractAnsatz, latents: Float[Array, "draws dim"]) -> Float[Array, "draws nodes"]:
    return jax.vmap(ansatz)(latents)


def scale_to_data(
    grid: FrequencyGrid,
    spectrum: AbstractSpectrum,
    kernel: AbstractKernel,
    x: Points,
    mean: Float[Numbers, " rows"],
) -> FrequencyGrid:
    """Choose the height of the prior at which its typical correlator is as large as the data.

    One number is taken from the data, which know it far better than the prior does.

    Args:
        grid: nodes and units.
        spectrum: the prior.
        kernel: K(x, omega) of the data.
        x: points of the correlator, shape (points,).
        mean: values of the correlator, shape (points,); (2 points,) for stacked real and imaginary parts.

    Returns:
        The grid with another height.

    Raises:
        InputError: if no draw of the prior gives a finite correlator (its tail grows faster than the kernel falls).
    """
    matrix = np.asarray(operator(kernel, x, Grid(grid.omega, grid.weight)))
    predicted = np.median(np.abs(prior_spectra(spectrum, grid) @ matrix.T), axis=0)
    size = np.abs(np.asarray(mean))
    usable = (predicted > 0) & np.isfinite(predicted) & (size > 0)
    if not usable.any():
        raise InputError(
            "the prior predicts no finite correlator",
            why="its tail grows faster than the kernel falls",
            fix="another growth, or leave out the shortest times",
        )
    height = float(np.exp(np.mean(np.log(size[usable] / predicted[usable]))))
    return replace(grid, height=grid.height * height)


def interpolation(nodes: Nodes, omega: Float[np.ndarray, " points"]) -> Float[np.ndarray, "points nodes"]:
    """The matrix that interpolates rho, by a cubic in ln omega through the four nearest nodes.

    Args:
        nodes: frequencies where rho is given, ascending, shape (nodes,).
        omega: frequencies where it is wanted, shape (points,).
    """
    log_nodes, log_omega = np.log(np.asarray(nodes)), np.log(np.asarray(omega))
    first = np.clip(np.searchsorted(log_nodes, log_omega) - 2, 0, len(log_nodes) - 4)
    matrix = np.zeros((len(log_omega), len(log_nodes)))
    rows = np.arange(len(log_omega))
    for j in range(4):
        others = [k for k in range(4) if k != j]
        place = log_nodes[first + j]
        factors = [(log_omega - log_nodes[first + k]) / (place - log_nodes[first + k]) for k in others]
        matrix[rows, first + j] = np.prod(factors, axis=0)
    return matrix
