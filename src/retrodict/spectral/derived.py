"""What is reported about a spectral function: itself, its correlator, and peak position, width and weights."""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Bool, Float, Int, Scalar
from retrodict.problem.compression import CompressedGaussian
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import Quantity
from retrodict.spectral.ansatz.frequency_grid import FrequencyGrid, Nodes
from retrodict.spectral.discretisation import interpolation
from retrodict.spectral.kernels import AbstractKernel, Points

WINDOW_NODES: Final = 400
NEAR_ZERO: Final = 0.01  # units: where rho/omega is read off for its limit at zero


class Peak(NamedTuple):
    """The highest maximum of a spectral function."""

    position: Scalar  # frequency of the maximum
    height: Scalar  # of rho/omega^growth at the maximum
    width: Scalar  # full width half-way down to the foot of the peak; NaN where there is no maximum
    weight: Scalar  # integral of rho between the half-way points; NaN where there is no maximum


class Derive(eqx.Module):
    """The map from rho on the nodes and the modes of its correlator to everything in `quantities_of`, by name."""

    grid: FrequencyGrid  # nodes and units
    likelihood: CompressedGaussian  # of the correlator
    kernel: AbstractKernel  # K(x, omega) of the data; used by other analyses of the same data
    x: Float[Array, " points"]  # points of the correlator
    reported: Float[Array, "frequencies nodes"]  # interpolates rho to the reported frequencies
    windows: Float[Array, "windows nodes"]  # rows that integrate rho between two frequencies
    names: tuple[str, ...] = eqx.field(static=True)  # of the windows
    low: float = eqx.field(static=True)  # lowest reported frequency
    high: float = eqx.field(static=True)  # highest reported frequency
    lowest: int = eqx.field(static=True)  # the node whose rho/omega is taken for the limit at zero

    def __call__(self, rho: Nodes, prediction: Float[Array, " modes"]) -> dict[str, Float[Array, "..."]]:
        """The derived quantities of `rho` on the nodes, with its correlator in the modes of the likelihood."""
        maximum, reported = peak(self.grid, rho, self.low, self.high), self.reported @ rho
        # Cubics undershoot beside a narrow line: what is positive on the nodes stays so between them.
        reported = jnp.where(jnp.all(rho >= 0), jnp.maximum(reported, 0.0), reported)
        return {
            "peak_position": maximum.position,
            "peak_width": maximum.width,
            "peak_weight": maximum.weight,
            **self._at_zero(rho),
            **dict(zip(self.names, self.windows @ rho, strict=True)),
            "spectral_function": reported,
            "correlator": self.likelihood.points(prediction),
        }

    def _at_zero(self, rho: Nodes) -> dict[str, Scalar]:
        """The limit of rho/omega, or that of an even rho itself."""
        value = rho[self.lowest]
        if self.grid.even:
            return {"value_at_zero": value}
        return {"slope_at_zero": value / self.grid.omega[self.lowest]}


@dataclass(frozen=True)
class ReportedRange:
    """The frequencies that are reported, and the windows whose weights are."""

    omega: Float[np.ndarray, " frequencies"]  # ascending, where rho is reported
    windows: tuple[tuple[float, float], ...]  # pairs of frequencies; the first is the whole range


@dataclass(frozen=True)
class Axis:
    """What the correlator is a function of, and its units."""

    grid: tuple[float, ...]  # points of the correlator
    name: str  # tau, momentum or matsubara
    grid_unit: str  # of the points
    unit: str  # of the correlator
    energy: str  # unit of frequencies
    even: bool = False  # whether rho is even in omega rather than odd

    def unit_of_rho(self, power: int) -> str:
        """The unit of omega^`power` rho: kernels of momenta have the dimension 1/energy, those of times none."""
        return times_energy(self.unit, self.energy, power - 1 if self.name == "tau" else power)


def times_energy(unit: str, energy: str, power: float) -> str:
    """Multiply a unit by a power of the unit of frequency; inverse lattice spacings are written as powers of a.

    Args:
        unit: powers of units, as `GeV^-2`; "" for a pure number.
        energy: unit of frequency, `GeV` or `1/a`.
        power: of `energy`.

    Example:
        >>> times_energy("GeV^-2", "GeV", 1), times_energy("", "1/a", 2)
        ('GeV^-1', 'a^-2')
    """
    base, sign = ("a", -1) if energy == "1/a" else (energy, 1)
    powers: dict[str, float] = {base: sign * power}
    for word in unit.split():
        match = _POWER.fullmatch(word)
        name, exponent = (match[1], int(match[2] or 1)) if match else (word, 1)
        powers[name] = powers.get(name, 0) + exponent
    return " ".join(name if p == 1 else f"{name}^{p:g}" for name, p in powers.items() if name and p)


_POWER: Final = re.compile(r"([A-Za-z]+)(?:\^(-?[0-9]+))?")


def derivation(
    grid: FrequencyGrid,
    likelihood: CompressedGaussian,
    reported: ReportedRange,
    kernel: AbstractKernel,
    x: Points,
) -> Derive:
    """The map from a spectral function to what is reported about it.

    Args:
        grid: nodes and units of the spectral function.
        likelihood: of the correlator, in modes.
        reported: frequencies and windows that are reported.
        kernel: K(x, omega) of the data.
        x: points of the correlator, shape (points,).
    """
    rows = np.stack([window_row(grid, low, high) for low, high in reported.windows])
    low, high = float(reported.omega[0]), float(reported.omega[-1])
    matrix = jnp.asarray(interpolation(np.asarray(grid.omega), reported.omega))
    lowest = int(np.searchsorted(np.asarray(grid.x), NEAR_ZERO))
    where = (kernel, jnp.asarray(x, dtype=float))
    return Derive(grid, likelihood, *where, matrix, jnp.asarray(rows), window_names(reported), low, high, lowest)


def derivation_of(target: Posterior) -> Derive:
    """The derived quantities of a spectral problem, with its grid, kernel and data.

    Args:
        target: the posterior of a spectral function.

    Raises:
        InputError: for the posterior of another domain.
    """
    if not isinstance(target.derive, Derive):
        raise InputError(
            "not the posterior of a spectral function", got=type(target.derive).__name__, fix="problem(...)"
        )
    return target.derive


def quantities_of(reported: ReportedRange, axis: Axis) -> tuple[Quantity, ...]:
    """Names, units and labels of what `Derive` returns.

    Args:
        reported: frequencies and windows that are reported.
        axis: argument and units of the correlator.
    """
    windows = zip(window_names(reported), reported.windows, strict=True)
    omega = tuple(reported.omega.tolist())
    return (
        Quantity("peak_position", axis.energy, r"$\omega_\mathrm{peak}$"),
        Quantity("peak_width", axis.energy, "full width at half prominence"),
        Quantity("peak_weight", axis.unit_of_rho(1), "weight of the peak"),
        _at_zero(axis),
        *(Quantity(name, axis.unit_of_rho(1), f"weight, {low:.4g} to {high:.4g}") for name, (low, high) in windows),
        Quantity("spectral_function", axis.unit_of_rho(0), r"$\rho$", omega, "omega", axis.energy, column="omega"),
        Quantity("correlator", axis.unit, "$G$", axis.grid, axis.name, axis.grid_unit, column=axis.name),
    )


def _at_zero(axis: Axis) -> Quantity:
    if axis.even:
        return Quantity("value_at_zero", axis.unit_of_rho(0), r"$\rho\,(\omega \to 0)$")
    return Quantity("slope_at_zero", axis.unit_of_rho(-1), r"$\rho/\omega\,(\omega \to 0)$")


def window_names(reported: ReportedRange) -> tuple[str, ...]:
    """Names of the weights: `weight` for the whole `reported` range, `weight_LOW_HIGH` for the other windows."""
    return ("weight", *(f"weight_{low:g}_{high:g}" for low, high in reported.windows[1:]))


def peak(grid: FrequencyGrid, rho: Nodes, low: float, high: float) -> Peak:
    r"""The highest maximum of $\rho/\omega^g$ (g: the known growth, 0 if there is none) between two frequencies.

    It rises above a foot: of the lowest points on either side of it, the higher one. Width and weight are taken
    half-way down to the foot (half the prominence of topography): of an isolated line that is the full width at half
    maximum, and a peak on a plateau has a width, too. Where the shape has no maximum inside the range, position and
    height are those of its highest point, and there is neither width nor weight: NaN. The position is refined by a
    parabola through three nodes in ln omega.

    Args:
        grid: nodes and units.
        rho: the spectral function on the nodes.
        low: lowest frequency at which a maximum is sought, in the unit of the grid.
        high: highest one.
    """
    power = 0.0 if grid.growth is None else grid.growth
    shape, log_omega = rho / grid.x**power, jnp.log(grid.omega)
    inside = (grid.omega >= low) & (grid.omega <= high)
    shape = jnp.where(inside, shape, -jnp.inf)
    summit = (shape[1:-1] > shape[:-2]) & (shape[1:-1] >= shape[2:]) & inside[:-2] & inside[2:]
    summits = jnp.where(summit, shape[1:-1], -jnp.inf)
    top = jnp.where(summit.any(), 1 + jnp.argmax(summits), jnp.clip(jnp.argmax(shape), 1, len(rho) - 2))
    left, middle, right = shape[top - 1], shape[top], shape[top + 1]
    bend = left - 2 * middle + right
    bent = jnp.isfinite(bend) & (bend < 0)
    offset = jnp.where(bent, 0.5 * (left - right) / jnp.where(bent, bend, -1.0), 0.0)
    offset = jnp.clip(offset, -1.0, 1.0)
    position = jnp.exp(log_omega[top] + offset * (log_omega[top + 1] - log_omega[top]))
    height = jnp.where(bent, middle - 0.25 * (left - right) * offset, middle)
    foot = _foot(shape, top, inside)
    ends = [_half_point(grid.omega, shape - foot, top, height - foot, side) for side in (-1, 1)]
    weight = (grid.weight * _cell_fraction(log_omega, *map(jnp.log, ends))) @ rho
    width, weight = (jnp.where(summit.any(), value, jnp.nan) for value in (ends[1] - ends[0], weight))
    return Peak(position, height, width, weight)


def _foot(shape: Nodes, top: Int[Array, ""], inside: Bool[Array, " nodes"]) -> Scalar:
    """Of the lowest points of `shape` on either side of `top`, the higher one."""
    index = jnp.arange(len(shape))
    lowest = (jnp.min(jnp.where(inside & side, shape, jnp.inf)) for side in (index < top, index > top))
    foot = jnp.maximum(*lowest)
    return jnp.where(jnp.isfinite(foot), foot, 0.0)


def _half_point(omega: Nodes, shape: Nodes, top: Int[Array, ""], height: Scalar, side: int) -> Scalar:
    """Where `shape`, which ends at zero or below, first falls below half of `height` on one side of `top`.

    Between two nodes sqrt(height / shape - 1) is interpolated, which is linear for a Lorentzian.
    """
    index = jnp.arange(len(omega))
    beyond = (index < top) if side < 0 else (index > top)
    below = beyond & (shape < 0.5 * height)
    first = jnp.max(jnp.where(below, index, -1)) if side < 0 else jnp.min(jnp.where(below, index, len(omega)))
    outer = jnp.clip(first, 0, len(omega) - 1)
    inner = jnp.clip(outer - side, 0, len(omega) - 1)
    usable = (shape[outer] > 0) & (shape[inner] > 0) & (shape[outer] < shape[inner])
    safe = [jnp.where(usable, shape[i], 0.5 * height) for i in (inner, outer)]
    near, far = (jnp.sqrt(jnp.maximum(height / value - 1, 0.0)) for value in safe)
    fraction = jnp.where(far > near, (1 - near) / jnp.where(far > near, far - near, 1.0), 0.0)
    return omega[inner] + jnp.clip(fraction, 0.0, 1.0) * (omega[outer] - omega[inner])


def _cell_fraction(log_omega: Nodes, low: Scalar, high: Scalar) -> Nodes:
    """The part of each node's cell, between the middles to its neighbours, that lies between two logarithms."""
    middles = 0.5 * (log_omega[1:] + log_omega[:-1])
    edges = jnp.concatenate([log_omega[:1], middles, log_omega[-1:]])
    inside = jnp.minimum(edges[1:], high) - jnp.maximum(edges[:-1], low)
    return jnp.clip(inside / jnp.diff(edges), 0.0, 1.0)


def window_row(grid: FrequencyGrid, low: float, high: float) -> Float[np.ndarray, " nodes"]:
    """The row that integrates rho between two frequencies: Gauss-Legendre in ln omega on the interpolated values.

    Args:
        grid: nodes and units.
        low: lower frequency, in the unit of the grid.
        high: higher one.
    """
    at, weight = np.polynomial.legendre.leggauss(WINDOW_NODES)
    half = 0.5 * np.log(high / low)
    omega = low * np.exp(half * (at + 1))
    return (half * weight * omega) @ interpolation(np.asarray(grid.omega), omega)
