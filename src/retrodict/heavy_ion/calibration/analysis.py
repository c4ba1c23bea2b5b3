"""The analysis of a config: a design of a simulator with its outputs, measurements, and the parameters behind them."""

from dataclasses import dataclass, replace
from typing import Annotated, Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.types import Array, Float, Positive, Share
from retrodict.heavy_ion.calibration.emulators import AbstractEmulator, GaussianProcesses
from retrodict.heavy_ion.calibration.mock import CORRELATION_LENGTH, mock_design, mock_measurements, mock_outputs
from retrodict.heavy_ion.calibration.model import PREDICTED, Setup, posterior_of
from retrodict.heavy_ion.calibration.parametrisation import Features, JetscapeViscosity, PrattSoundSpeed, curves_of
from retrodict.heavy_ion.calibration.readers.measured_files import read_measurements
from retrodict.heavy_ion.calibration.readers.measurements import ErrorSource, Measurements
from retrodict.heavy_ion.calibration.readers.ranges import box
from retrodict.heavy_ion.calibration.readers.runs import Runs, join, kept_rows, read_design, read_outputs
from retrodict.heavy_ion.calibration.training import (
    Joint,
    Recipe,
    features_of,
    inputs_of,
    matched,
    trained,
    validation_of,
)
from retrodict.problem.analysis import AbstractAnalysis
from retrodict.problem.posterior import Posterior

MOCK_BULK: Final = JetscapeViscosity(bulk_width=0.07, bulk_asymmetry=0.0)
CLOSURE_ERROR: Final = 0.05  # relative, of mock data made of a point of the user's design
RESERVED: Final = ("z", "chain", "draw", "valid", "lp", "log_weight", PREDICTED)


@dataclass(frozen=True)
class Discrepancy:
    """What the simulator may get wrong wherever its parameters are: a Gaussian process in centrality for an observable.

    Source: Kennedy, O'Hagan, J. R. Stat. Soc. B 63 (2001) 425.

    Args:
        amplitude: its standard deviation over the measured value.
        length: of its squared-exponential kernel, per cent of centrality.
    """

    amplitude: Share
    length: Positive = 30.0


class Calibration(AbstractAnalysis):
    """Runs of a simulator and measurements, and the parameters of the simulator behind these.

    The prior is uniform over the ranges; an emulator stands for the simulator, and its covariance is part of the
    likelihood. Source: Bernhard, Moreland, Bass, Nat. Phys. 15 (2019) 1113; JETSCAPE, PRC 103 (2021) 054904.

    Args:
        design: one row a point, one column a parameter (`name [unit]`); an `index` column names the points.
        outputs: one row a point, columns `observable[low high]` (centrality in per cent), `observable[low high] error`.
        ranges: `param, min, max`, the ends of the prior; those of the design if left out.
        validation_design: further points, to which the emulator is compared and from which it learns nothing.
        validation_outputs: outputs at these.
        drop: points to leave out, by their index, or by their number from 0 where the design has none.
        observables: those to compare; all that were measured if empty.
        correlation_length: of correlated systematic errors, per cent of centrality. If it is given and no errors are
            called correlated, the systematic ones are.
        discrepancy: an error of the simulator itself, added to those of the measurements; none if null.
        viscosity: which columns are parameters of the viscosities.
        sound: which columns are parameters of the speed of sound; none if null.
        emulator: how the runs are learnt.
        columns: names of the columns of measurements without a header.
    """

    design: PathLike | None = eqx.field(default=None, static=True)
    outputs: PathLike | None = eqx.field(default=None, static=True)
    ranges: PathLike | None = eqx.field(default=None, static=True)
    validation_design: PathLike | None = eqx.field(default=None, static=True)
    validation_outputs: PathLike | None = eqx.field(default=None, static=True)
    drop: tuple[int, ...] = eqx.field(default=(), static=True)
    observables: tuple[str, ...] = eqx.field(default=(), static=True)
    correlation_length: Annotated[float, Field(gt=0, le=1000)] | None = eqx.field(default=None, static=True)
    discrepancy: Discrepancy | None = eqx.field(default=None, static=True)
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
        joint = matched(runs, self._with_discrepancy(measured), self.observables)
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
        told = self._validated(joint, features, emulator)
        return Setup(joint.measured, joint.runs, ranges, features, emulator, self.correlation_length, told)

    def _validated(self, joint: Joint, features: Features, emulator: AbstractEmulator) -> str:
        """What the validation points say of the emulator; nothing without them."""
        if self.validation_design is None or self.validation_outputs is None:
            return ""
        further = join(read_design(self.validation_design), read_outputs(self.validation_outputs))
        if further.design.names != joint.runs.design.names:
            got = ", ".join(further.design.names[:20])
            expected = ", ".join(joint.runs.design.names[:20])
            what = "the validation points have other parameters than the design"
            raise InputError(what, where=further.design.path, got=got, expected=expected)
        return validation_of(emulator, features, matched(further, joint.measured).runs)

    def _with_discrepancy(self, measured: Measurements) -> Measurements:
        """The measurements, with the errors of the simulator itself among theirs."""
        if self.discrepancy is None:
            return measured
        size = self.discrepancy.amplitude * np.abs(measured.value)
        source = ErrorSource("model discrepancy", "correlated", size, self.discrepancy.length)
        note = (
            f"errors hold a discrepancy between simulator and nature of {self.discrepancy.amplitude:.1%} of each value,"
            f" correlated over {self.discrepancy.length:g} % of centrality"
        )
        return replace(measured, sources=(*measured.sources, source), notes=(*measured.notes, note))

    def _mock(self) -> Setup:
        """Runs and measurements of the mock simulator."""
        design = mock_design()
        runs = join(design, mock_outputs(design), self.drop)
        mine = self if self.correlation_length else replace(self, correlation_length=CORRELATION_LENGTH)
        return replace(mine, viscosity=MOCK_BULK).setup_of(runs, mock_measurements())


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
    return measured, kept_rows(runs, np.arange(len(values)) != row)
