"""The R-matrix against closed forms, against Numerov, and against what every S-matrix obeys."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.hadron.scattering.grid import RadialGrid
from retrodict.hadron.scattering.numerov import scattering_states
from retrodict.hadron.scattering.r_matrix import Channel, LegendreMesh, phase_shift, scattering_matrix
from tests.hadron.scattering.closed_forms import (
    IN_MEV,
    MASS,
    Yamaguchi,
    difference,
    poeschl_teller,
    poeschl_teller_potential,
    square_well,
)

Q = np.array([0.05, 0.2, 0.7, 1.5])
MOMENTA = Q * HBAR_C
WIDE = LegendreMesh(18.0, 40)


def solved(potential, mesh, **options):
    return np.asarray(phase_shift(jnp.asarray(potential), MOMENTA, mesh=mesh, reduced_mass=MASS, **options))


def test_phase_shifts_of_the_poeschl_teller_potential_to_ten_digits():
    assert difference(solved(poeschl_teller_potential(WIDE.r), WIDE), poeschl_teller(Q)) == pytest.approx(0, abs=2e-10)


@pytest.mark.parametrize(("l", "charge_product"), [(0, 0.0), (1, 0.0), (0, 1.0), (0, -1.0), (1, 1.0), (2, -1.0)])
def test_phase_shifts_of_a_square_well_with_coulomb_force(l, charge_product):  # noqa: E741
    mesh = LegendreMesh(1.3, 16)
    found = solved(np.full(mesh.points, -2.0 * IN_MEV), mesh, l=l, charge_product=charge_product)
    assert difference(found, square_well(Q, 2.0, 1.3, l, charge_product)) == pytest.approx(0, abs=1e-9)


def test_phase_shifts_of_a_square_well_are_the_published_ones():
    published = [-0.7044510948, 1.5265723638, 0.8443389100]  # q = .2, .7, 1.5 fm^-1, modulo pi
    assert difference(square_well(Q[1:], 2.0, 1.3), published) == pytest.approx(0, abs=2e-10)


def test_phase_shifts_of_the_separable_potential_of_yamaguchi():
    force, mesh = Yamaguchi(), LegendreMesh(25.0, 50)
    assert force.k_cot_delta(np.array([0.05, 0.3, 1.0])) == pytest.approx(
        [-0.1821241339, -0.1032896175, 0.8407608826], abs=1e-10
    )
    found = solved(force.potential(mesh.r), mesh)
    assert found == pytest.approx(np.arctan(Q / force.k_cot_delta(Q)), abs=1e-9)


@pytest.mark.parametrize(("l", "charge_product"), [(0, 0.0), (1, 1.0)])
def test_both_ways_agree(l, charge_product):  # noqa: E741
    force = lambda r: 300 * np.exp(-3 * r**2) - 60 * np.exp(-(r**2) / 1.5)  # noqa: E731
    grid = RadialGrid(0.004, 2500)
    first = scattering_states(
        jnp.asarray(force(np.asarray(grid.r))),
        MOMENTA,
        grid=grid,
        reduced_mass=MASS,
        l=l,
        charge_product=charge_product,
    )
    mesh = LegendreMesh(10.0, 40)
    second = solved(force(mesh.r), mesh, l=l, charge_product=charge_product)
    assert difference(first.phase_shift, second) == pytest.approx(0, abs=1e-8)


def test_the_gradient_is_that_of_differences():
    potential = jnp.asarray(poeschl_teller_potential(WIDE.r))
    along = jnp.asarray(np.cos(WIDE.r) * np.exp(-WIDE.r))

    @jax.jit
    def shift(scale):
        return phase_shift(potential + scale * along, MOMENTA, mesh=WIDE, reduced_mass=MASS)

    outward = lambda scale: shift(scale) - shift(-scale)  # noqa: E731
    differences = np.asarray((45 * outward(0.5) - 9 * outward(1.0) + outward(1.5)) / 30)
    assert np.asarray(jax.jacrev(shift)(0.0)) == pytest.approx(differences, abs=1e-8 * np.max(np.abs(differences)))


def test_the_s_matrix_of_coupled_channels_is_unitary_and_symmetric_above_and_below_a_threshold():
    channels = (Channel(500.0), Channel(600.0, 20.0, 1, 1.0))
    energies = np.array([5.0, 30.0, 60.0])
    found = {}
    for radius, points in ((15.0, 50), (12.0, 44)):
        mesh = LegendreMesh(radius, points)
        force = np.multiply.outer([[-80.0, 30.0], [30.0, -40.0]], np.exp(-(mesh.r**2) / 2))
        found[radius] = np.asarray(scattering_matrix(jnp.asarray(force), energies, mesh=mesh, channels=channels))
    S = found[15.0]
    assert S @ S.conj().swapaxes(1, 2) == pytest.approx(np.broadcast_to(np.eye(2), S.shape), abs=1e-12)
    assert pytest.approx(S.swapaxes(1, 2), abs=1e-12) == S
    assert S[0, 1] == pytest.approx([0, 1], abs=0)
    assert abs(S[1, 0, 1]) > 0.1
    assert pytest.approx(found[12.0], abs=2e-9) == S


def test_an_absorbing_potential_absorbs_as_its_imaginary_part_says():
    """1 - |S|^2 = -(8 mu / hbar^2 q) of the integral of Im V |u|^2, to first order in Im V."""
    real = poeschl_teller_potential(WIDE.r)
    grid = RadialGrid(0.01, 1800)
    wave = scattering_states(
        jnp.asarray(poeschl_teller_potential(np.asarray(grid.r))), MOMENTA, grid=grid, reduced_mass=MASS
    ).wave
    shape = lambda r: 1e-4 * np.exp(-(r**2))  # noqa: E731
    delta = solved(real - 1j * shape(WIDE.r), WIDE)
    assert 1 - np.exp(-4 * delta.imag) == pytest.approx(
        4 / IN_MEV / Q * np.asarray(wave**2 @ shape(np.asarray(grid.r)) * grid.step), rel=1e-4
    )


def test_a_potential_of_another_mesh_is_refused():
    with pytest.raises(InputError, match="potential, mesh and channels"):
        solved(np.zeros(7), WIDE)
    with pytest.raises(InputError, match="a mesh"):
        LegendreMesh(-1.0, 20)
