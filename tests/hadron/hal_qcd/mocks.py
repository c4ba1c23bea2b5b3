"""Correlators that several tests look at, made once."""

from functools import cache

from retrodict.hadron.hal_qcd.mock import MOCK_MASS, MOCK_SPACING, mock_correlator
from retrodict.hadron.potentials.literature import omega_omega

SCALE = {"mass": MOCK_MASS, "lattice_spacing": MOCK_SPACING}


@cache
def correlator(noise=1e-3, seed=0, samples=40, extent=16):
    return mock_correlator(
        omega_omega, **SCALE, extent=extent, times=(8, 9, 10, 11), samples=samples, noise=noise, seed=seed
    )
