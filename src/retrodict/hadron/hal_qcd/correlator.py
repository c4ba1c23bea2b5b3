"""The R-correlator of two hadrons: their Nambu-Bethe-Salpeter correlator over those of each alone, with its samples."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import Source
from retrodict.base.shapes import Float, Int
from retrodict.hadron.hal_qcd.wedge import CubicWedge

Rows = Literal["jackknife", "measurements"]
IN_PYTHON = Source("", "", 0)


@dataclass(frozen=True)
class RCorrelator:
    """R(r, t) = <0| B B(r, t) J |0> / (e^{-m t})^2 on the cubic wedge of a lattice, in lattice units.

    Args:
        values: R, shape (times, samples, points).
        times: t/a, ascending by one.
        wedge: the points.
        rows: what the samples are: jackknife estimates or measurements.
        source: the file.

    Raises:
        InputError: for values that are not finite or not positive in the mean, times that are not consecutive, or a
            single sample.
    """

    values: Float[np.ndarray, "times samples points"]
    times: Int[np.ndarray, " times"]
    wedge: CubicWedge
    rows: Rows = "jackknife"
    source: Source = IN_PYTHON

    def __post_init__(self) -> None:
        where, shape = self.source.path, self.values.shape
        expected = (len(self.times), shape[1] if len(shape) == 3 else 0, len(self.wedge.points))
        if shape != expected:
            got = f"R {shape}, {expected[0]} times, {expected[2]} points"
            raise InputError("R is an array (time, sample, point)", where=where, got=got)
        if shape[1] < 2:
            fix = "give jackknife samples or measurements"
            raise InputError("one sample says nothing of the errors", where=where, got=f"{shape[1]} sample", fix=fix)
        if len(self.times) < 3 or np.any(np.diff(self.times) != 1):
            raise InputError(
                "the time derivative needs three consecutive times",
                where=where,
                got=", ".join(f"{time:g}" for time in self.times[:8]),
                expected="t, t + 1, t + 2, ...",
            )
        if not np.all(np.isfinite(self.values)):
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(self.values))[0])
            raise InputError("R holds NaN or infinite values", where=where, got=f"at (time, sample, point) {place}")
        if np.any(self.values.mean(axis=1) <= 0.0):
            why = "V = (D R)/R: at a zero of R the potential does not exist"
            raise InputError(
                "R is not positive everywhere", where=where, got=f"{self.values.mean(1).min():.3g}", why=why
            )

    @property
    def samples(self) -> int:
        """How many samples there are."""
        return self.values.shape[1]

    @property
    def inner_times(self) -> Int[np.ndarray, " inner"]:
        """The times that have a time before and one behind them."""
        return self.times[1:-1]

    def resampled(self) -> "RCorrelator":
        """The same with jackknife samples in place of measurements; itself otherwise."""
        if self.rows != "measurements":
            return self
        total = self.values.sum(axis=1, keepdims=True)
        return replace(self, values=(total - self.values) / (self.samples - 1), rows="jackknife")

    def place_of(self, time: int) -> int:
        """The place of an inner time.

        Args:
            time: t/a.

        Raises:
            InputError: for a time that has no neighbours on both sides.
        """
        found = np.flatnonzero(self.inner_times == time)
        if not found.size:
            expected = f"one of {', '.join(f'{t:g}' for t in self.inner_times)}"
            why = "the time derivatives need a time before and one behind"
            raise InputError(
                "no potential at this time", where="problem.analysis.times", got=f"{time}", expected=expected, why=why
            )
        return int(found[0]) + 1
