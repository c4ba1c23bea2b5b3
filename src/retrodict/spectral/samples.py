"""Measurements of a correlator, one row a gauge configuration in Monte Carlo order, before they become a covariance."""

from dataclasses import dataclass, replace

import numpy as np

from retrodict.base.files import Source
from retrodict.spectral.autocorrelation import integrated_times
from retrodict.spectral.correlator import within
from retrodict.spectral.folding import folding, mirror_pairs, require_symmetry


@dataclass(frozen=True, eq=False)
class CorrelatorSamples:
    """Measurements of a correlator. `chains` are the replica of each independent ensemble, in Monte Carlo order."""

    grid: np.ndarray  # (points,)
    chains: tuple[tuple[np.ndarray, ...], ...]  # of each ensemble its replica, each (measurements, points)
    argument: str
    grid_unit: str
    unit: str
    notes: tuple[str, ...]
    file: Source
    central: np.ndarray | None = None  # (points,) the mean, where it is not that of the measurements
    further: np.ndarray | None = None  # (points, points) covariance from other sources, a renormalisation for instance

    @property
    def measurements(self) -> int:
        """Rows in all ensembles together."""
        return sum(len(chain) for replica in self.chains for chain in replica)

    @property
    def mean(self) -> np.ndarray:
        """(points,) in the unit of the values."""
        if self.central is not None:
            return self.central
        return np.concatenate([chain for replica in self.chains for chain in replica]).mean(axis=0)

    def in_range(self, lower: float | None = None, upper: float | None = None) -> "CorrelatorSamples":
        """The points with lower <= grid <= upper. Raises `InputError` if fewer than two remain."""
        keep = within(self.grid, lower, upper, self.file.path)
        return replace(self._mapped(np.eye(len(self.grid))[keep]), grid=self.grid[keep])

    def folded(self, time_extent: float) -> "CorrelatorSamples":
        """tau and T - tau averaged in every measurement: half the points for as many samples.

        Raises `InputError` for a correlator that is not symmetric within its errors.
        """
        self._check_symmetry(time_extent)
        grid, average = folding(self.grid, time_extent, self.file.path)
        note = f"folded about T/2 with T = {time_extent:g} {self.grid_unit}"
        return replace(self._mapped(average), grid=grid, notes=(*self.notes, note))

    def _mapped(self, matrix: np.ndarray) -> "CorrelatorSamples":
        chains = tuple(tuple(chain @ matrix.T for chain in replica) for replica in self.chains)
        central = None if self.central is None else matrix @ self.central
        further = None if self.further is None else matrix @ self.further @ matrix.T
        return replace(self, chains=chains, central=central, further=further)

    def _check_symmetry(self, time_extent: float) -> None:
        """By the Gamma-method error of every difference of mirrored times."""
        pairs = mirror_pairs(self.grid, time_extent, self.file.path)
        index = np.arange(len(pairs))
        difference = np.zeros((len(pairs), len(self.grid)))
        difference[index, pairs[:, 0]], difference[index, pairs[:, 1]] = 1.0, -1.0
        variances = [integrated_times(replica).error ** 2 for replica in self._mapped(difference).chains]
        require_symmetry(self.grid, self.mean, pairs, np.sqrt(np.sum(variances, axis=0)), self.file.path)
