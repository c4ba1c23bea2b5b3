"""What the data can see: the range of frequencies, the units of the prior, and the quadrature that serves both."""

from dataclasses import replace
from typing import Any, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.posterior import Posterior
from retrodict.spectral.ansatz.frequency_grid import AbstractSpectrum, FrequencyGrid
from retrodict.spectral.kernels import (
    AbstractKernel,
    Grid,
    Thermal,
    frequency_grid,
    operator,
    quadrature_error,
    quadrature_note,
)

UNIT: Final = 0.26  # of the geometric mean of what the data can see: structures are sought around 2.5 units
BELOW: Final = 0.1  # units: where the quadrature begins to thin out
ABOVE: Final = 25.0  # units: where it does so at the other end, unless the kernel reaches further
KERNEL_REACH: Final = {"tau": 5.0, "momentum": 1.5, "matsubara": 1.5}  # of the largest frequency that data can see
STEP: Final = 0.018  # of ln omega between nodes: a line of relative half-width .05 is integrated to 5e-8
OUTSIDE: Final = 1.5  # e-folds of nodes spent outside the range
PRIOR_DRAWS: Final = 256
PRIOR_KEY: Final = 20260711


def visible_range(kernel: AbstractKernel, x: Float[np.ndarray, " points"]) -> tuple[float, float]:
    """The lowest and the highest frequency [inverse unit of tau, or unit of p] that the data can tell apart.

    For momenta the spacing and the largest one; for times the inverse of the longest (half the period at a finite
    temperature) and of the spacing. Raises `InputError` for fewer than two different points.
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
    """The frequency in multiples of which the priors are stated."""
    return UNIT * float(np.sqrt(visible[0] * visible[1]))


def frequency_grid_for(
    kernel: AbstractKernel,
    x: Float[np.ndarray, " points"],
    *,
    unit: float | None = None,
    growth: float | None = None,
    step: float = STEP,
) -> FrequencyGrid:
    """Nodes and units for data at `x`; rho in units of one until `scaled` says otherwise."""
    visible = visible_range(kernel, x)
    unit = prior_unit(visible) if unit is None else unit
    low, high = BELOW * unit, max(ABOVE * unit, KERNEL_REACH[kernel.argument] * visible[1])
    grid = frequency_grid((low, high), int((np.log(high / low) + OUTSIDE) / step))
    matrix = kernel(x, grid.omega)
    extent = float(np.arcsinh(high / unit))
    height = jnp.asarray(1.0)
    return FrequencyGrid(grid.omega, grid.weight, unit, height, growth, kernel=matrix, even=kernel.even, extent=extent)


def quadrature_note_for(
    target: Posterior, spectrum: AbstractSpectrum, finer: FrequencyGrid, x: Float[np.ndarray, " points"]
) -> str:
    """What to say about the quadrature of `target`, found with draws of its prior on the nodes of `finer`.

    Each draw is made as large as the data. Empty if there is nothing to say, or for an ansatz that exists on its nodes
    only.
    """
    derive: Any = target.derive
    grid, better = derive.grid, spectrum.on(replace(finer, height=derive.grid.height))
    if better.dim != target.ansatz.dim:
        return ""
    drawn = [(Grid(f.omega, f.weight), prior_draws(a)) for f, a in ((grid, target.ansatz), (finer, better))]
    size = np.abs(drawn[1][1] @ np.asarray(operator(derive.kernel, x, drawn[1][0])).T)
    scale = np.median(np.abs(np.asarray(derive.likelihood.mean)) / size, axis=1, keepdims=True)
    sigma = np.sqrt(np.diag(np.asarray(derive.likelihood.covariance.matrix())))
    return quadrature_note(scale * quadrature_error(derive.kernel, x, *drawn), sigma)


def prior_spectra(spectrum: AbstractSpectrum, grid: FrequencyGrid) -> Float[np.ndarray, "draws nodes"]:
    """Some draws from the prior: what scales and compresses a problem."""
    return prior_draws(spectrum.on(grid))


def prior_draws(ansatz: AbstractAnsatz) -> Float[np.ndarray, "draws nodes"]:
    """The same of an ansatz that is bound to its nodes."""
    return np.asarray(_spectra(ansatz, jr.normal(jr.key(PRIOR_KEY), (PRIOR_DRAWS, ansatz.dim))))


@eqx.filter_jit
def _spectra(ansatz: AbstractAnsatz, latents: Float[Array, "draws dim"]) -> Float[Array, "draws nodes"]:
    return jax.vmap(ansatz)(latents)


def scaled(
    grid: FrequencyGrid,
    spectrum: AbstractSpectrum,
    kernel: AbstractKernel,
    x: Float[np.ndarray, " points"],
    mean: Float[np.ndarray, " points"],
) -> FrequencyGrid:
    """The grid with the height at which the typical correlator of the prior is as large as the data.

    One number from the data, known to far better than the prior's width in it. Raises `InputError` if no draw of the
    prior gives a finite correlator (a tail that this kernel does not end).
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


def interpolation(
    nodes: Float[np.ndarray, " nodes"], omega: Float[np.ndarray, " points"]
) -> Float[np.ndarray, "points nodes"]:
    """The matrix that interpolates rho from the nodes: cubic in ln omega through the four nearest."""
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
