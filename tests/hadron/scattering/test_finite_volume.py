"""Levels in a periodic box against plane waves and against Luescher's formula, whose zeta function is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.hadron.scattering.finite_volume import finite_volume_levels, luescher_k_cot_delta, zeta_function
from retrodict.hadron.scattering.r_matrix import LegendreMesh, phase_shift
from tests.hadron.scattering.closed_forms import MASS


def gaussian(r):
    return -60 * np.exp(-(r**2) / 1.2)


def test_the_zeta_function_has_the_values_of_another_splitting():
    """Of mpmath, with the sum and the integral divided at .6 in place of 1."""
    found = zeta_function(jnp.array([0.1, -0.5, 1.5, 7.3, 0.9]))
    assert np.asarray(found) == pytest.approx(
        [-4.84320786739613, -3.8579252140496, 1.37519153485385, 1.89891054632995, 15.9615478735813], abs=1e-11
    )
    slope = jax.grad(lambda x: zeta_function(x))(1.5)
    ends = np.asarray(zeta_function(jnp.array([1.499, 1.501])))
    assert slope == pytest.approx((ends[1] - ends[0]) / 0.002, rel=1e-4)


def test_levels_of_free_particles_are_those_of_their_momenta():
    found = finite_volume_levels(np.zeros_like, 6.0, reduced_mass=MASS, count=6, spacing=0.3)
    unit = (2 * np.pi * HBAR_C / 6.0) ** 2 / 2 / MASS
    assert found == pytest.approx(unit * np.arange(6), abs=1e-8)


def test_levels_are_those_of_all_plane_waves():
    side = np.arange(-6, 7)
    waves = np.stack(np.meshgrid(side, side, side), axis=-1).reshape(-1, 3)
    waves = waves[(waves**2).sum(axis=1) <= 36]
    unit = 2 * np.pi / 6.0
    transfer = unit**2 * ((waves[:, None] - waves) ** 2).sum(axis=-1)
    force = -60 * (np.pi * 1.2) ** 1.5 * np.exp(-0.3 * transfer) / 6.0**3
    kinetic = (HBAR_C * unit) ** 2 * (waves**2).sum(axis=1) / 2 / MASS
    energies, vectors = np.linalg.eigh(np.diag(kinetic) + force)
    symmetric = np.abs(vectors.sum(axis=0)) > 1e-6  # at the origin a wave vanishes in every other representation
    found = finite_volume_levels(gaussian, 6.0, reduced_mass=MASS, count=3, spacing=0.3)
    assert found == pytest.approx(energies[symmetric][:3], abs=1e-4)


def test_luescher_s_formula_gives_the_phase_shifts_of_the_potential():
    apart = []
    for extent in (6.0, 8.0):
        squared = 2 * MASS * finite_volume_levels(gaussian, extent, reduced_mass=MASS, count=3, spacing=0.3)[1:]
        mesh = LegendreMesh(8.0, 30)
        delta = phase_shift(jnp.asarray(gaussian(mesh.r)), np.sqrt(squared), mesh=mesh, reduced_mass=MASS)
        found = np.asarray(luescher_k_cot_delta(jnp.asarray(squared), extent))
        apart.append(np.abs(found / (np.sqrt(squared) / np.tan(np.asarray(delta))) - 1))
    assert np.all(apart[1] < [1e-4, 4e-4])  # what is left are waves of l = 4 and the tail of the force
    assert apart[1][0] < apart[0][0] / 3


def test_boxes_that_are_none_are_refused():
    with pytest.raises(InputError, match="positive numbers"):
        finite_volume_levels(gaussian, -6.0, reduced_mass=MASS)
    with pytest.raises(InputError, match="Fourier grid"):
        finite_volume_levels(gaussian, 6.0, reduced_mass=MASS, spacing=0.001)
