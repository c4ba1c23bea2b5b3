"""The analysis of a config: a design of a simulator with its outputs, measurements, and the parameters behind them."""

from dataclasses import replace
from typing import Annotated, Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from jaxtyping import Float
from pydantic import Field

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.types import Array, Flag, Vector
from retrodict.heavy_ion.calibration.emulators import AbstractEmulator, GaussianProcesses
from retrodict.heavy_ion.calibration.kept import trained
from retrodict.heavy_ion.calibration.mock import CORRELATION_LENGTH, mock_design, mock_measurements, mock_outputs
from retrodict.heavy_ion.calibration.parametrisation import (
    ENERGY,
    FUNCTIONS,
    REPORTED,
    Curves,
    Features,
    JetscapeViscosity,
    PrattSoundSpeed,
    curves_of,
)
from retrodict.heavy_ion.calibration.readers.measured_files import read_measurements
from retrodict.heavy_ion.calibration.readers.measurements import ErrorSource, Measurements
from retrodict.heavy_ion.calibration.readers.ranges import Ranges, box
from retrodict.heavy_ion.calibration.readers.runs import Runs, join, read_design, read_outputs
from retrodict.heavy_ion.calibration.training import (
    Joint,
    Recipe,
    Record,
    features_of,
    flag_note,
    inputs_of,
    left_out,
    matched,
    record_of,
)
from retrodict.problem.analysis import AbstractAnalysis
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import AbstractForward
from retrodict.problem.labelled import Labelled
from retrodict.problem.likelihood import AbstractLikelihood, Gaussian
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import Quantity

PREDICTED: Final = "predicted_observables"
MOCK_BULK: Final = JetscapeViscosity(bulk_width=0.07, bulk_asymmetry=0.0)
CLOSURE_ERROR: Final = 0.05  # relative, of mock data made of a point of the user's design
RESERVED: Final = ("z", "chain", "draw", "valid", "lp", "log_weight", PREDICTED)


class UniformBox(AbstractAnsatz[Float[Array, " parameters"]]):
    """Parameters that are uniform between two ends, as push-forward of standard-normal latents.

    Args:
        low: lower ends, shape (parameters,).
        high: upper ends.
    """

    low: Float[Array, " parameters"]
    high: Float[Array, " parameters"]

    @property
    def dim(self) -> int:
        return self.low.shape[0]

    def __call__(self, z: Vector) -> Float[Array, " parameters"]:
        """low + (high - low) Phi(z).

        Args:
            z: latents, shape (parameters,).
        """
        return self.low + (self.high - self.low) * ndtr(z)


class EmulatedSimulator(AbstractForward[Float[Array, " parameters"], Float[Array, " bins"]]):
    """What the simulator would give, by its emulator.

    Args:
        features: of its parameters.
        emulator: of its outputs.
    """

    features: Features
    emulator: AbstractEmulator

    def __call__(self, unknown: Float[Array, " parameters"]) -> tuple[Float[Array, " bins"], Flag]:
        """The outputs that were measured, in the order of the measurements.

        Args:
            unknown: parameters, shape (parameters,).
        """
        prediction = self.emulator.mean(self.features(unknown))
        return prediction, jnp.all(jnp.isfinite(prediction))


class Derived(eqx.Module):
    """What is reported: every parameter, the functions that they stand for, and the outputs."""

    names: tuple[str, ...] = eqx.field(static=True)
    curves: Curves
    record: Record

    def __call__(self, unknown: Float[Array, " parameters"], prediction: Float[Array, " bins"]) -> dict[str, Array]:
        """Quantities by name.

        Args:
            unknown: parameters.
            prediction: outputs.
        """
        parameters = {name: unknown[i] for i, name in enumerate(self.names)}
        return {**parameters, **self.curves.reported(unknown), PREDICTED: prediction}


class Setup(NamedTuple):
    """Everything that a posterior of this analysis is made of."""

    measured: Measurements
    runs: Runs  # with the outputs that were measured, in their order
    ranges: Ranges
    features: Features
    emulator: AbstractEmulator
    correlation_length: float | None  # per cent, of correlated systematic errors


class Calibration(AbstractAnalysis):
    """Runs of a simulator and measurements, and the parameters of the simulator behind these.

    The prior is uniform over the ranges; an emulator stands for the simulator, and its covariance is part of the
    likelihood. Source: Bernhard, Moreland, Bass, Nat. Phys. 15 (2019) 1113; JETSCAPE, PRC 103 (2021) 054904.

    Args:
        design: one row a point, one column a parameter (`name [unit]`); an `index` column names the points.
        outputs: one row a point, columns `observable[low high]` (centrality in per cent), `observable[low high] error`.
        ranges: `param, min, max`, the ends of the prior; those of the design if left out.
        drop: points to leave out, by their index, or by their number from 0 where the design has none.
        observables: those to compare; all that were measured if empty.
        correlation_length: of correlated systematic errors, per cent of centrality. If it is given and no errors are
            called correlated, the systematic ones are.
        viscosity: which columns are parameters of the viscosities.
        sound: which columns are parameters of the speed of sound; none if null.
        emulator: how the runs are learnt.
        columns: names of the columns of measurements without a header.
    """

    design: PathLike | None = eqx.field(default=None, static=True)
    outputs: PathLike | None = eqx.field(default=None, static=True)
    ranges: PathLike | None = eqx.field(default=None, static=True)
    drop: tuple[int, ...] = eqx.field(default=(), static=True)
    observables: tuple[str, ...] = eqx.field(default=(), static=True)
    correlation_length: Annotated[float, Field(gt=0, le=1000)] | None = eqx.field(default=None, static=True)
    viscosity: JetscapeViscosity = eqx.field(default=JetscapeViscosity(), static=True)
    sound: PrattSoundSpeed | None = eqx.field(default=None, static=True)
    emulator: Recipe = eqx.field(default=GaussianProcesses(), static=True)
    columns: str = eqx.field(default="", static=True)

    def posterior(self, data: PathLike | None) -> Posterior[Float[Array, " parameters"], Float[Array, " bins"]]:
        """The posterior of the parameters of the simulator.

        Args:
            data: measurements; None: those of a mock simulator, or, with a design of yours, one of its points with
                errors of five per cent, left out of the training: a closure test.

        Raises:
            InputError: for files that cannot be used or do not belong together.
        """
        return posterior_of(self.setup(data))

    def setup(self, data: PathLike | None) -> Setup:
        """Read everything, and train the emulator.

        Args:
            data: as of `posterior`.

        Raises:
            InputError: as `posterior`.
        """
        if self.design is None and self.outputs is None and data is None:
            return self._mock()
        if self.design is None or self.outputs is None:
            missing = "design" if self.design is None else "outputs"
            fix = (
                "retrodict new heavy_ion DIR --set design=design.csv --set outputs=outputs.csv --data measurements.csv"
            )
            raise InputError(f"the {missing} of the simulator is missing", where=f"problem.analysis.{missing}", fix=fix)
        measured = None if data is None else read_measurements(data, self.columns)
        runs = join(read_design(self.design), read_outputs(self.outputs), self.drop)
        if measured is None:
            measured, runs = _closure(runs)
        return self.setup_of(runs, measured)

    def setup_of(self, runs: Runs, measured: Measurements) -> Setup:
        """Train an emulator of runs that were read, or made.

        Args:
            runs: of the simulator.
            measured: the measurements.

        Raises:
            InputError: for runs and measurements that do not belong together.
        """
        names = runs.design.names
        bad = next((name for name in names if name in RESERVED or "/" in name), None)
        if bad is not None:
            fix = f"rename it: {bad.replace('/', '_over_')}" if "/" in bad else "give it another name"
            raise InputError(
                "a parameter has a name that results cannot keep", where=runs.design.path, got=bad, fix=fix
            )
        joint = matched(runs, measured, self.observables)
        values = joint.runs.design.values
        curves = curves_of(names, self.viscosity, self.sound, values)
        clash = next((name for name in curves.reported(jnp.asarray(values[0])) if name in names), None)
        if clash is not None:
            raise InputError(
                "a parameter has the name of a function", where=runs.design.path, got=clash, fix="rename it"
            )
        ranges = box(names, values, self.ranges)
        features = features_of(curves, values)
        emulator = trained(self.emulator, inputs_of(features, values), joint.runs.outputs.values)
        return Setup(joint.measured, joint.runs, ranges, features, emulator, self.correlation_length)

    def _mock(self) -> Setup:
        """Runs and measurements of the mock simulator."""
        design = mock_design()
        runs = join(design, mock_outputs(design), self.drop)
        mine = self if self.correlation_length else replace(self, correlation_length=CORRELATION_LENGTH)
        return replace(mine, viscosity=MOCK_BULK).setup_of(runs, mock_measurements())


def posterior_of(setup: Setup) -> Posterior[Float[Array, " parameters"], Float[Array, " bins"]]:
    """The posterior of the parameters, given an emulator.

    Args:
        setup: what it is made of.
    """
    ansatz = UniformBox(jnp.asarray(setup.ranges.low), jnp.asarray(setup.ranges.high))
    forward = EmulatedSimulator(setup.features, setup.emulator)
    design = setup.runs.design
    return Posterior(
        ansatz,
        forward,
        likelihood_of(setup.measured, setup.correlation_length, np.asarray(setup.emulator.covariance)),
        derive=Derived(design.names, setup.features.curves, record_of(Joint(setup.measured, setup.runs))),
        quantities=quantities_of(setup),
        notes=notes_of(setup),
    )


def likelihood_of(
    measured: Measurements, correlation_length: float | None, emulator: Float[np.ndarray, "bins bins"]
) -> AbstractLikelihood[Float[Array, " bins"]]:
    """Gaussian errors of measurements and emulator together, whitened so that each pull stays close to one datum.

    Args:
        measured: the measurements.
        correlation_length: of correlated systematic errors [%].
        emulator: covariance of the emulator.

    Raises:
        InputError: for correlated errors without a length.
    """
    covariance = symmetric_whitening(measured.covariance(correlation_length) + emulator)
    return Labelled(Gaussian(jnp.asarray(measured.value), covariance), tuple(map(str, measured.bins)))


def symmetric_whitening(matrix: Float[np.ndarray, "bins bins"]) -> Covariance:
    r"""$W = P^{-1/2}D^{-1/2}$ with the correlations P and variances D.

    Of all whitenings this one keeps each pull most correlated with its datum: Kessy, Lewin, Strimmer, Am. Stat. 72
    (2018) 309.

    Args:
        matrix: a covariance.

    Raises:
        InputError: unless it is positive definite.
    """
    sigma = np.sqrt(np.diag(matrix))
    value, vector = np.linalg.eigh(matrix / np.outer(sigma, sigma))
    if not value[0] > 1e-12 * value[-1]:
        fix = "a normalisation needs independent errors beside it"
        raise InputError("the errors are singular: some differences of measurements would be exact", fix=fix)
    whitener = (vector / np.sqrt(value)) @ vector.T / sigma
    root = sigma[:, None] * ((vector * np.sqrt(value)) @ vector.T)
    determinant = np.sum(np.log(value)) + 2.0 * np.sum(np.log(sigma))
    return Covariance(jnp.asarray(whitener), jnp.asarray(root), jnp.asarray(determinant))


def quantities_of(setup: Setup) -> tuple[Quantity, ...]:
    """What `Derived` reports.

    Args:
        setup: what a posterior is made of.
    """
    design, curves = setup.runs.design, setup.features.curves
    units = dict(zip(design.names, design.units, strict=True))
    reported = curves.reported(jnp.asarray(design.values[0]))
    grids = {
        name: (ENERGY, "e", "GeV fm^-3", "e") if name == "sound_speed_squared" else (REPORTED, "T", "GeV", "T")
        for name in reported
    }
    rows = tuple(float(i) for i in range(len(setup.measured.bins)))
    return (
        *(Quantity(name, units[name]) for name in design.names),
        *(Quantity(name, "", FUNCTIONS[name], *grid) for name, grid in grids.items()),
        Quantity(PREDICTED, "", "outputs", rows, "row of the measurements", "", "row"),
    )


def notes_of(setup: Setup) -> tuple[str, ...]:
    """What the reader of any result should know of the files and the emulator.

    Args:
        setup: what a posterior is made of.
    """
    found = left_out(setup.emulator, setup.runs.outputs.values)
    scale = np.sqrt(np.diag(np.asarray(setup.emulator.covariance)))
    share = float(np.mean(scale**2 / (scale**2 + setup.measured.error**2)))
    worst = setup.measured.bins[int(np.argmax(found.error))]
    quality = (
        f"the emulator learnt from {len(setup.runs.design.index)} points gives back points left out to"
        f" {np.sqrt(np.mean(found.error**2)):.2f} of the spread of the outputs (worst: {worst}, {found.error.max():.2f});"
        f" pulls {found.width:.2f} wide; it holds {share:.0%} of the variance of the likelihood"
    )
    frozen = "the covariance of the emulator is that averaged over the design: the same everywhere in the prior"
    return (
        *setup.measured.notes,
        *setup.runs.notes,
        *setup.ranges.notes,
        quality,
        frozen,
        *flag_note(setup.runs.design.index.tolist(), found),
    )


def _closure(runs: Runs) -> tuple[Measurements, Runs]:
    """The point of a design closest to its middle as data, and the other points."""
    good = np.isfinite(runs.outputs.values).all(axis=1)
    if not good.any():
        raise InputError("no point of the design has all outputs", where=runs.outputs.path)
    values = runs.design.values
    middle = 0.5 * (values.min(axis=0) + values.max(axis=0))
    distance = np.sum(((values - middle) / np.ptp(values, axis=0)) ** 2, axis=1)
    row = int(np.argmin(np.where(good, distance, np.inf)))
    value = runs.outputs.values[row]
    size = CLOSURE_ERROR * np.abs(value)
    noise = np.random.default_rng(0).standard_normal(len(value))
    name = runs.design.index[row]
    note = f"a closure test: point {name} of the design with errors of 5 %, left out of the training"
    source = ErrorSource("error", "statistical", size)
    measured = Measurements(runs.outputs.bins, value + noise * size, (source,), f"point {name}", (note,))
    others = np.arange(len(values)) != row
    design = replace(runs.design, values=values[others], index=runs.design.index[others])
    error = None if runs.outputs.error is None else runs.outputs.error[others]
    outputs = replace(runs.outputs, values=runs.outputs.values[others], error=error, index=design.index)
    return measured, replace(runs, design=design, outputs=outputs)
