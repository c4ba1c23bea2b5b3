"""The problem of this domain: the posterior of the spectral function behind a Euclidean correlator."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from pydantic import Field

from retrodict.base.errors import InputError
from retrodict.base.files import DataPath, PathLike
from retrodict.base.types import Float
from retrodict.problem.compression import compress
from retrodict.problem.covariance import Covariance
from retrodict.problem.posterior import Posterior
from retrodict.spectral.ansatz import (
    FreeGrid,
    NeuralFunction,
    NeuralList,
    PeaksAndContinuum,
    SmoothSpectrum,
    SparseSpectrum,
    WithTotalWeight,
)
from retrodict.spectral.ansatz.frequency_grid import AbstractSpectrum, FrequencyGrid
from retrodict.spectral.correlator import Correlator, check_sign, inverse_gev
from retrodict.spectral.data import read_correlator
from retrodict.spectral.default_model import DefaultModel, read_default_model
from retrodict.spectral.derived import Axis, ReportedRange, derivation, quantities_of
from retrodict.spectral.discretisation import (
    STEP,
    frequency_grid_for,
    prior_spectra,
    scale_to_data,
    visible_range,
)
from retrodict.spectral.estimation import Errors
from retrodict.spectral.inspect import KERNELS
from retrodict.spectral.kernels import (
    AbstractKernel,
    BosonicMatsubara,
    EvenMatsubara,
    Grid,
    KallenLehmann,
    Numbers,
    Points,
    Thermal,
    ZeroTemperature,
    operator,
)
from retrodict.spectral.quadrature_check import quadrature_note_for

__all__ = ["problem", "spectral_posterior"]

Ansatz = PeaksAndContinuum | SmoothSpectrum | NeuralList | NeuralFunction | FreeGrid | SparseSpectrum
KernelName = Literal["kallen-lehmann", "zero-temperature", "thermal", "bosonic", "fermionic"]
ENERGY = {"GeV": "GeV", "GeV^-1": "GeV", "1/a": "1/a", "a": "1/a"}
MOCK = Path(__file__).parent / "observations" / "thermal_mock.h5"
REPORTED_POINTS = 240
FINER = 3  # times the nodes, with which the quadrature is compared
REPORTED_BELOW, REPORTED_ABOVE = 0.1, 1.2  # of the lowest and of the highest visible frequency


@dataclass(frozen=True)
class Range:
    """A range of frequencies."""

    low: Annotated[float, Field(gt=0)]  # in the unit of omega: GeV or 1/a
    high: Annotated[float, Field(gt=0)]  # in the same unit


@dataclass(frozen=True)
class TotalWeight:
    """A sum rule: the integral of omega^power rho over all frequencies is exactly `value`."""

    value: float  # in the unit of rho times frequency^(power + 1)
    power: Annotated[float, Field(ge=-1)] = 1.0  # of omega


def problem(
    data: Literal["mock"] | DataPath | Correlator,
    *,
    kernel: KernelName,
    temperature: Annotated[float, Field(gt=0)] | None = None,
    dataset: str | int = "",
    columns: str = "",
    covariance: PathLike | None = None,
    errors: Errors = Errors(),  # noqa: B008
    time_extent: Annotated[float, Field(gt=0)] | None = None,
    lower: float | None = None,
    upper: float | None = None,
    lattice_spacing: Annotated[float, Field(gt=0)] | None = None,
    ansatz: Ansatz = PeaksAndContinuum(),  # noqa: B008
    growth: float | None = None,
    total_weight: TotalWeight | None = None,
    default_model: PathLike | None = None,
    unit: Annotated[float, Field(gt=0)] | None = None,
    step: Annotated[float, Field(gt=0, le=0.1)] = STEP,
    reported: Range | None = None,
    windows: tuple[tuple[float, float], ...] = (),
) -> Posterior:
    """The posterior of the spectral function behind a correlator.

    Frequencies are in GeV for data in GeV (or GeV^-1) and for a `lattice_spacing`; in 1/a otherwise.

    Args:
        data: a file, or a folder of Hadrons files, that `retrodict inspect` recognises as a correlator; or "mock", the
            thermal correlator that is part of the package; or a `Correlator`.
        kernel: from rho to the correlator: `thermal` or `zero-temperature` (of tau), `kallen-lehmann` (of a momentum),
            `bosonic` (of a Matsubara frequency, rho odd), `fermionic` (-Im G at odd Matsubara frequencies, rho even).
        temperature: of the thermal kernel, in the unit of frequency; None: 1/(time_extent a).
        dataset: which correlator, where the file holds several: see `read_correlator`.
        columns: names of the columns of a table without a header, such as "tau [GeV^-1], G, sigma".
        covariance: a second file with the covariance of the means.
        errors: how measurements become a covariance, with shrinkage and SVD cut.
        time_extent: T, in the unit of the file: tau and T - tau are averaged.
        lower: least point of the grid kept, in the unit of the file.
        upper: largest point of the grid kept, in the unit of the file.
        lattice_spacing: a [fm], which converts a file in lattice units to GeV.
        ansatz: the prior of the spectral function.
        growth: known power of omega with which rho rises at large omega (2 for quark currents). None: 2 for functions
            of tau without a default model, -(power + 2) with a total weight, inferred otherwise.
        total_weight: a sum rule that holds exactly: the integral of omega^power rho.
        default_model: a table of omega and rho, in the units of the answer, around which the smooth part is built.
        unit: frequency in multiples of which the prior is stated; None: from the visible range of the data.
        step: distance of the frequency nodes in ln omega; a note says if they are too few for such precise data.
        reported: range of frequencies that is reported; None: 0.1 of the lowest to 1.2 of the highest visible one.
        windows: pairs of frequencies between which the weight is reported, beside the whole range.

    Returns:
        The posterior, with its derived quantities and notes.

    Raises:
        InputError: for a file that cannot be read, and for arguments that contradict it or each other.

    Example:
        >>> target = problem("mock", kernel="thermal", time_extent=48, lower=2)  # doctest: +SKIP
        >>> retrodict.infer(target, retrodict.ConstrainedHMC())  # doctest: +SKIP
    """
    correlator, spacing = data, 1.0
    if not isinstance(correlator, Correlator):
        how = Reading(str(dataset), columns or None, covariance, errors, time_extent, lower, upper)
        correlator = _read(correlator, how)
    if lattice_spacing is not None:
        correlator, spacing = correlator.in_units(lattice_spacing=lattice_spacing), inverse_gev(lattice_spacing)
    temperature = temperature if temperature or not time_extent else 1 / (time_extent * spacing)
    transform = _kernel_of(correlator, kernel, temperature)
    spectrum, growth = _spectrum_of(correlator, ansatz, total_weight, growth, free=default_model is not None)
    default = None if default_model is None else read_default_model(default_model)
    grid, finer = (_grid_for(transform, correlator, unit, growth, s, default) for s in (step, step / FINER))
    range_ = _reported_range(transform, correlator, reported, windows)
    data_and_noise = correlator.grid, correlator.mean, Covariance.full(correlator.inflation * correlator.covariance)
    target = spectral_posterior(transform, *data_and_noise, spectrum, grid, range_, _axis_of(correlator, transform))
    quadrature = quadrature_note_for(target, spectrum, finer, correlator.grid)
    remedy = f"{quadrature}; if the answer has such lines, step: {step / 2:g}"
    return target.with_notes(*correlator.notes, *([remedy] if quadrature else []))


class Reading(NamedTuple):
    """How a file is read: the arguments of `read_correlator`."""

    dataset: str
    columns: str | None
    covariance: PathLike | None
    errors: Errors
    time_extent: float | None
    lower: float | None
    upper: float | None


def _read(data: PathLike, how: Reading) -> Correlator:
    """The correlator in a file; "mock" stands for the file of the package."""
    return read_correlator(MOCK if data == "mock" else Path(data), **how._asdict())


def _kernel_of(correlator: Correlator, name: KernelName, temperature: float | None) -> AbstractKernel:
    """The kernel called `name`; `InputError` unless it belongs to the argument and the times of the correlator."""
    kernel = kernel_named(name, temperature)
    if correlator.argument != kernel.argument:
        raise InputError(
            f"a {name} kernel takes a function of {kernel.argument}",
            where=correlator.file.path,
            got=correlator.argument,
            fix=f"kernel: {KERNELS[correlator.argument]}",
        )
    last = float(np.max(correlator.grid))
    if isinstance(kernel, Thermal) and last * kernel.temperature > 1 + 1e-9:
        unit = f" {correlator.grid_unit}".rstrip()
        raise InputError(
            "times beyond the extent 1/T of the lattice",
            where=correlator.file.path,
            got=f"tau up to {last:g}{unit}, 1/T = {1 / kernel.temperature:g}{unit}",
            expected="0 <= tau <= 1/T, where the correlator is periodic",
            fix=f"temperature: {1 / last:.4g} or lower, or its time_extent; or upper: {1 / kernel.temperature:g}",
        )
    return kernel


def _spectrum_of(
    correlator: Correlator, ansatz: Ansatz, total_weight: TotalWeight | None, growth: float | None, *, free: bool
) -> tuple[AbstractSpectrum, float | None]:
    """The prior with its sum rule, and the growth of rho, which is `free` (None) beside a default model."""
    if ansatz.positive:
        check_sign(correlator)
    if total_weight is not None:
        spectrum = WithTotalWeight(ansatz, total_weight.value, total_weight.power)
        return spectrum, _growth_of_sum_rule(total_weight, growth)
    if growth is None and correlator.argument == "tau" and not free:
        growth = 2.0
    return ansatz, growth


def _grid_for(
    kernel: AbstractKernel,
    correlator: Correlator,
    unit: float | None,
    growth: float | None,
    step: float,
    default: DefaultModel | None,
) -> FrequencyGrid:
    """The frequency grid, with the default model if there is one."""
    grid = frequency_grid_for(kernel, correlator.grid, unit=unit, growth=growth, step=step)
    return grid if default is None else default.on(grid)


def _reported_range(
    kernel: AbstractKernel, correlator: Correlator, reported: Range | None, windows: tuple[tuple[float, float], ...]
) -> ReportedRange:
    """Frequencies and windows that are reported; by default those of the visible range."""
    low, high = visible_range(kernel, correlator.grid)
    limits = Range(REPORTED_BELOW * low, REPORTED_ABOVE * high) if reported is None else reported
    omega = np.geomspace(limits.low, limits.high, REPORTED_POINTS)
    return ReportedRange(omega, ((limits.low, limits.high), *windows))


def _axis_of(correlator: Correlator, kernel: AbstractKernel) -> Axis:
    """Argument and units of the correlator."""
    units = (correlator.argument, correlator.grid_unit, correlator.unit, ENERGY[correlator.grid_unit])
    return Axis(tuple(correlator.grid.tolist()), *units, kernel.even)


def spectral_posterior(
    kernel: AbstractKernel,
    x: Points,
    mean: Float[Numbers, " rows"],
    noise: Covariance,
    ansatz: AbstractSpectrum,
    grid: FrequencyGrid,
    reported: ReportedRange,
    axis: Axis,
) -> Posterior:
    """The posterior of a spectral function for any kernel, frequency grid and prior.

    Without a default model the height of the prior is scaled to the data.

    Args:
        kernel: K(x, omega).
        x: points of the correlator, shape (points,).
        mean: values of the correlator, shape (points,); (2 points,) for stacked real and imaginary parts.
        noise: covariance of the values.
        ansatz: the prior.
        grid: frequency nodes and units.
        reported: frequencies and windows that are reported.
        axis: argument and units of the correlator.

    Raises:
        InputError: if the prior predicts no finite correlator.
    """
    if grid.default is None:
        grid = scale_to_data(grid, ansatz, kernel, x, mean)
    matrix = operator(kernel, x, Grid(grid.omega, grid.weight))
    forward, likelihood = compress(matrix, jnp.asarray(mean), noise, prior_spectra(ansatz, grid))
    derive = derivation(grid, likelihood, reported, kernel, x)
    return Posterior(ansatz.on(grid), forward, likelihood, derive=derive, quantities=quantities_of(reported, axis))


def kernel_named(name: KernelName, temperature: float | None) -> AbstractKernel:
    """The kernel behind a word of the config.

    Args:
        name: of the kernel.
        temperature: in the unit of frequency, of the thermal kernel only.

    Raises:
        InputError: if the temperature of a thermal kernel is missing, or another kernel has one.
    """
    if name == "thermal":
        if temperature is None:
            fix = "temperature: 1/(N_tau a), in the inverse unit of tau   (or: time_extent: N_tau)"
            raise InputError("a thermal kernel needs its temperature", where="problem.temperature", fix=fix)
        return Thermal(temperature)
    if temperature is not None and name == "zero-temperature":
        raise InputError(
            "the kernel exp(-omega tau) has no temperature", where="problem.temperature", fix="kernel: thermal"
        )
    others: dict[str, AbstractKernel] = {
        "kallen-lehmann": KallenLehmann(),
        "zero-temperature": ZeroTemperature(),
        "bosonic": BosonicMatsubara(),
        "fermionic": EvenMatsubara(),
    }
    return others[name]


def _growth_of_sum_rule(total: TotalWeight, growth: float | None) -> float:
    """The power of omega at large omega, for which the total weight exists; `InputError` for any other."""
    if growth is not None and growth >= -(total.power + 1):
        expected = f"growth below {-(total.power + 1):g}"
        why = "the integral of a sum rule exists"
        raise InputError(
            "the growth contradicts the total weight",
            where="problem.growth",
            got=f"{growth:g}",
            expected=expected,
            why=why,
        )
    return -(total.power + 2) if growth is None else growth
