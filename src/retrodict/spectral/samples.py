"""Measurements of a correlator, one row a gauge configuration in Monte Carlo order, before they become a covariance."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from retrodict.base.files import Source
from retrodict.base.shapes import Float, Int
from retrodict.spectral.autocorrelation import integrated_times
from retrodict.spectral.columns import Rows
from retrodict.spectral.correlator import indices_within
from retrodict.spectral.folding import folding, mirror_pairs, require_symmetry

UNEVEN = "configurations are not evenly spaced: the errors are those of the pairs that exist"


def is_irregular(numbers: Sequence[int] | Int[np.ndarray, " _"]) -> bool:
    """Whether configurations are not evenly spaced.

    Args:
        numbers: of the configurations, ascending.
    """
    return len(np.unique(np.diff(numbers))) > 1


@dataclass(frozen=True, eq=False)
class CorrelatorSamples:
    """Measurements of a correlator, in Monte Carlo order.

    Args:
        grid: points, ascending or not, in `grid_unit`, shape (points,).
        chains: for each independent ensemble its replica, each of shape (measurements, points) in `unit`.
        argument: what the grid is: `tau`, `momentum` or `matsubara`.
        grid_unit: `a` or `GeV^-1` for tau, `1/a` or `GeV` for the others.
        unit: of the values; "" where the file names none.
        notes: warnings with the remedy applied.
        file: where the measurements come from.
        central: the mean, where it is not that of the measurements, shape (points,).
        further: covariance from other sources, a renormalisation for instance, shape (points, points).
        times: for each chain the numbers of its configurations, ascending; None where they are evenly spaced.
        rows: what a row is: a measurement, or a replicate of the mean.
    """

    grid: Float[np.ndarray, " points"]
    chains: tuple[tuple[Float[np.ndarray, "_ _"], ...], ...]
    argument: str
    grid_unit: str
    unit: str
    notes: tuple[str, ...]
    file: Source
    central: Float[np.ndarray, " points"] | None = None
    further: Float[np.ndarray, "points points"] | None = None
    times: tuple[tuple[Int[np.ndarray, " _"], ...], ...] | None = None
    rows: Rows = "measurements"

    @property
    def measurements(self) -> int:
        """Rows in all ensembles together."""
        return sum(len(chain) for replica in self.chains for chain in replica)

    @property
    def mean(self) -> Float[np.ndarray, " points"]:
        """Mean over all measurements, in `unit`, or the central values where they are given."""
        if self.central is not None:
            return self.central
        return np.concatenate([chain for replica in self.chains for chain in replica]).mean(axis=0)

    def in_range(self, lower: float | None = None, upper: float | None = None) -> "CorrelatorSamples":
        """The points with lower <= grid <= upper.

        Args:
            lower: least grid point kept [grid_unit]; None keeps all.
            upper: largest grid point kept [grid_unit]; None keeps all.

        Raises:
            InputError: if fewer than two points remain.
        """
        keep = indices_within(self.grid, lower, upper, self.file.path)
        return self._map_points(np.eye(len(self.grid))[keep], self.grid[keep])

    def fold(self, time_extent: float) -> "CorrelatorSamples":
        """Average tau and T - tau in every measurement: half the points, as many measurements.

        Args:
            time_extent: T, in the unit of the grid.

        Raises:
            InputError: if the correlator is not symmetric within its errors.
        """
        self._check_symmetry(time_extent)
        grid, average = folding(self.grid, time_extent, self.file.path)
        note = f"folded about T/2 with T = {time_extent:g} {self.grid_unit}"
        return replace(self._map_points(average, grid), notes=(*self.notes, note))

    def _map_points(
        self, matrix: Float[np.ndarray, "new points"], grid: Float[np.ndarray, " new"]
    ) -> "CorrelatorSamples":
        """Apply a linear map of the points to all values; `grid` are the new points."""
        chains = tuple(tuple(chain @ matrix.T for chain in replica) for replica in self.chains)
        central = None if self.central is None else matrix @ self.central
        further = None if self.further is None else matrix @ self.further @ matrix.T
        return replace(self, grid=grid, chains=chains, central=central, further=further)

    def _check_symmetry(self, time_extent: float) -> None:
        """Raise `InputError` unless mirrored times agree within five Gamma-method errors of their difference."""
        pairs = mirror_pairs(self.grid, time_extent, self.file.path)
        index = np.arange(len(pairs))
        difference = np.zeros((len(pairs), len(self.grid)))
        difference[index, pairs[:, 0]], difference[index, pairs[:, 1]] = 1.0, -1.0
        stamps = self.times or (None,) * len(self.chains)
        chains = ([chain @ difference.T for chain in replica] for replica in self.chains)
        variances = [integrated_times(replica, of).error ** 2 for replica, of in zip(chains, stamps, strict=True)]
        count = self.measurements  # replicates of the mean scatter less, or as much as it does
        wider = {"measurements": 1.0, "jackknife": count - 1.0, "bootstrap": np.sqrt(count)}[self.rows]
        error = wider * np.sqrt(np.sum(variances, axis=0))
        require_symmetry(self.grid, self.mean, pairs, error, self.file.path)
