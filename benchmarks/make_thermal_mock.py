"""Make the thermal mock correlator that ships: 200 correlated configurations of a resonance over a continuum.

python benchmarks/make_thermal_mock.py FILE writes it again, bit for bit.
"""

import sys

import h5py
import numpy as np

from retrodict.spectral.kernels import Thermal
from retrodict.spectral.mock import MockCorrelator
from retrodict.spectral.shapes import ResonanceContinuum, correlator_of

EXTENT, CONFIGURATIONS, SEED = 48, 200, 2111


def main(path: str) -> None:
    """Write the array `samples` (configurations, times 1 ... 47), lattice units."""
    tau = np.arange(1.0, EXTENT)
    exact = correlator_of(Thermal(1 / EXTENT), tau, ResonanceContinuum(1 / EXTENT))
    mock = MockCorrelator(tau, exact, 150.0, decay=0.05, time_correlation=3.0, tau_int=1.0, time_extent=float(EXTENT))
    with h5py.File(path, "w") as file:
        file["samples"] = mock.draw(np.random.default_rng(SEED), CONFIGURATIONS)
        file["tau"] = tau


if __name__ == "__main__":
    main(sys.argv[1])
