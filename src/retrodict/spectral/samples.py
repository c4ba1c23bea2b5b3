"""Measurements of a correlator, one row a gauge configuration in Monte Carlo order, before they become a covariance."""

from dataclasses import dataclass, replace

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import Source
from retrodict.spectral.autocorrelation import integrated_times
from retrodict.spectral.correlator import SYMMETRY_PULL, folding, mirror_pairs, within


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
        where = self.file.path
        pairs = mirror_pairs(self.grid, time_extent, where)
        if not len(pairs):
            fix = "check the time extent, or do not fold"
            raise InputError("no two points mirror each other", where=where, got=f"T = {time_extent:g}", fix=fix)
        left, right = pairs.T
        difference = np.zeros((len(pairs), len(self.grid)))
        difference[np.arange(len(pairs)), left], difference[np.arange(len(pairs)), right] = 1.0, -1.0
        mapped = self._mapped(difference)
        variance = sum(integrated_times(replica).error ** 2 for replica in mapped.chains)
        rounding = 1e-12 * np.abs(self.mean[left])
        pull = np.abs(mapped.mean) / np.sqrt(variance + rounding**2 + 1e-300)
        worst = int(np.argmax(pull))
        if pull[worst] > SYMMETRY_PULL:
            one, other = self.mean[left[worst]], self.mean[right[worst]]
            got = f"{one:.5g} at {self.grid[left[worst]]:g}, {other:.5g} at its mirror"
            fix = "check T; an antisymmetric correlator needs another kernel"
            why = f"they differ by {pull[worst]:.3g} errors"
            what = "the correlator is not symmetric about T/2"
            raise InputError(what, where=where, got=got, expected="G(tau) = G(T - tau)", why=why, fix=fix)
