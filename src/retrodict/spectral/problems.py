"""Ready-made problems: a Euclidean correlator in, the posterior of its spectral function out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import jax.numpy as jnp
import numpy as np
from pydantic import Field

from retrodict.base.errors import InputError
from retrodict.base.types import Float
from retrodict.problem.compression import compressed
from retrodict.problem.covariance import Covariance, full
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
from retrodict.spectral.comparison import methods
from retrodict.spectral.correlator import Correlator, check_sign, inverse_gev
from retrodict.spectral.data import read_correlator
from retrodict.spectral.default_model import read_default_model
from retrodict.spectral.derived import Axis, ReportedRange, derivation, quantities_of
from retrodict.spectral.discretisation import (
    STEP,
    frequency_grid_for,
    prior_spectra,
    quadrature_note_for,
    scaled,
    visible_range,
)
from retrodict.spectral.estimation import Errors
from retrodict.spectral.figures import figures
from retrodict.spectral.inspect import KERNELS, inspect, kernel_for
from retrodict.spectral.kernels import (
    AbstractKernel,
    BosonicMatsubara,
    EvenMatsubara,
    Grid,
    KallenLehmann,
    Thermal,
    ZeroTemperature,
    operator,
)
from retrodict.spectral.refined import refined_data
from retrodict.spectral.sections import sections
from retrodict.spectral.templates import DEMOS, TEMPLATE

__all__ = [
    "DEMOS",
    "REFERENCES",
    "TEMPLATE",
    "figures",
    "inspect",
    "methods",
    "place_data",
    "problem",
    "refined_data",
    "sections",
    "spectral_posterior",
]

Ansatz = PeaksAndContinuum | SmoothSpectrum | NeuralList | NeuralFunction | FreeGrid | SparseSpectrum
KernelName = Literal["kallen-lehmann", "zero-temperature", "thermal", "bosonic", "fermionic"]
ENERGY = {"GeV": "GeV", "GeV^-1": "GeV", "1/a": "1/a", "a": "1/a"}
MOCK = Path(__file__).parent / "observations" / "thermal_mock.h5"
SHOWN_POINTS = 240
FINER = 3  # times the nodes, beside which the quadrature is judged
SHOWN_BELOW, SHOWN_ABOVE = 0.1, 1.2  # the range reported: of the lowest and of the highest frequency that data can see


@dataclass(frozen=True)
class Range:
    """The frequencies that are reported."""

    low: Annotated[float, Field(gt=0)]
    high: Annotated[float, Field(gt=0)]


@dataclass(frozen=True)
class TotalWeight:
    """A sum rule: the integral of omega^power rho over all frequencies is `value`, exactly."""

    value: float
    power: Annotated[float, Field(ge=-1)] = 1.0


def problem(
    data: Literal["mock"] | Path | Correlator,
    *,
    kernel: KernelName,
    temperature: Annotated[float, Field(gt=0)] | None = None,
    dataset: str = "",
    covariance: Path | None = None,
    errors: Errors = Errors(),  # noqa: B008
    time_extent: Annotated[float, Field(gt=0)] | None = None,
    lower: float | None = None,
    upper: float | None = None,
    lattice_spacing: Annotated[float, Field(gt=0)] | None = None,
    ansatz: Ansatz = PeaksAndContinuum(),  # noqa: B008
    growth: float | None = None,
    total_weight: TotalWeight | None = None,
    default_model: Path | None = None,
    unit: Annotated[float, Field(gt=0)] | None = None,
    step: Annotated[float, Field(gt=0, le=0.1)] = STEP,
    shown: Range | None = None,
    windows: tuple[tuple[float, float], ...] = (),
) -> Posterior:
    """The posterior of the spectral function behind a correlator.

    `data` is a file that `retrodict inspect` knows as a correlator; `dataset`, `covariance`, `errors`, `time_extent`,
    `lower` and `upper` say how it is read (see `read_correlator`), in the unit of the file. A `lattice_spacing` in fm
    takes lattice units to GeV, in which everything else is then stated. `temperature` belongs to the thermal kernel;
    with a `time_extent` it is its inverse. A `fermionic` kernel takes -Im G at odd Matsubara frequencies to an even
    spectral function. `growth` is the known power of omega with which rho rises at large omega (2 for
    quark currents; thermal and zero-temperature kernels assume it unless told otherwise). `total_weight` is a sum rule
    that holds exactly; since its integral exists, rho is taken to fall as omega^-(power + 2) unless told otherwise, and
    a growth that contradicts it is an error. `default_model` is a table omega, rho around which the smooth part is
    built. `unit` is the frequency in multiples of which the prior is stated; it follows from the range of the data.
    `step` is that of ln omega between the frequency nodes: a remark says where they are too few for such precise data.
    `windows` are pairs of frequencies between which the weight is reported. Raises `InputError`.
    """
    reading = {"dataset": dataset, "covariance": covariance, "errors": errors, "time_extent": time_extent}
    found = data if isinstance(data, Correlator) else read_correlator(_place(data), **reading, lower=lower, upper=upper)
    spacing = 1.0
    if lattice_spacing is not None:
        found, spacing = found.in_units(lattice_spacing=lattice_spacing), inverse_gev(lattice_spacing)
    transform = kernel_named(kernel, temperature if temperature or not time_extent else 1 / (time_extent * spacing))
    if found.argument != transform.argument:
        raise InputError(
            f"a {kernel} kernel takes a function of {transform.argument}",
            where=found.file.path,
            got=found.argument,
            fix=f"kernel: {KERNELS[found.argument]}",
        )
    if ansatz.positive:
        check_sign(found)
    spectrum: AbstractSpectrum = ansatz
    if total_weight is not None:
        spectrum = WithTotalWeight(ansatz, total_weight.value, total_weight.power)
        growth = _falling(total_weight, growth)
    if growth is None and transform.argument == "tau" and default_model is None:
        growth = 2.0
    frame, finer = (
        frequency_grid_for(transform, found.grid, unit=unit, growth=growth, step=s) for s in (step, step / FINER)
    )
    if default_model is not None:
        default = read_default_model(default_model)
        frame, finer = default.on(frame), default.on(finer)
    noise = full(found.covariance)
    low, high = visible_range(transform, found.grid)
    limits = Range(SHOWN_BELOW * low, SHOWN_ABOVE * high) if shown is None else shown
    omega = np.geomspace(limits.low, limits.high, SHOWN_POINTS)
    units = (found.argument, found.grid_unit, found.unit, ENERGY[found.grid_unit])
    axis = Axis(tuple(found.grid.tolist()), *units, transform.even)
    range_shown = ReportedRange(omega, ((limits.low, limits.high), *windows))
    target = spectral_posterior(transform, found.grid, found.mean, noise, spectrum, frame, range_shown, axis)
    quadrature = quadrature_note_for(target, spectrum, finer, found.grid)
    remedy = f"{quadrature}; if the answer has such lines, step: {step / 2:g}"
    return target.with_notes(*found.notes, *([remedy] if quadrature else []))


def spectral_posterior(
    kernel: AbstractKernel,
    x: Float[np.ndarray, " points"],
    mean: Float[np.ndarray, " points"],
    noise: Covariance,
    ansatz: AbstractSpectrum,
    frame: FrequencyGrid,
    shown: ReportedRange,
    axis: Axis,
) -> Posterior:
    """The posterior for any kernel, frame and ansatz; the prior's height is scaled to the data once more."""
    if frame.default is None:
        frame = scaled(frame, ansatz, kernel, x, mean)
    matrix = operator(kernel, x, Grid(frame.omega, frame.weight))
    forward, likelihood = compressed(matrix, jnp.asarray(mean), noise, prior_spectra(ansatz, frame))
    derive = derivation(frame, likelihood, shown, kernel, x)
    return Posterior(ansatz.on(frame), forward, likelihood, derive=derive, quantities=quantities_of(shown, axis))


def kernel_named(name: KernelName, temperature: float | None) -> AbstractKernel:
    """The kernel behind a word of the config. Raises `InputError` where the temperature is missing or meaningless."""
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


def _falling(total: TotalWeight, growth: float | None) -> float:
    """The power of omega at large omega, for which the total weight exists. Raises `InputError` for any other."""
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


def _place(data: Path | str) -> Path:
    """Where the file lies; `mock` is the one that ships."""
    return MOCK if data == "mock" else Path(data)


def place_data(files: list[str]) -> dict[str, Any]:
    """The config fields to which the user's files go."""
    if len(files) > 1:
        raise InputError(
            "one correlator at a time",
            got=", ".join(files),
            fix="a covariance in a second file: --set problem.covariance=FILE",
        )
    found = inspect(Path(files[0]))
    extent = found.get("time_extent", {}).get("value")
    kernel = kernel_for(str(found.get("argument", "momentum")), extent)
    return {"problem.data": files[0], "problem.kernel": kernel, "problem.time_extent": extent}


REFERENCES = ("wang2022", "shi2023", "asakawa2001")
