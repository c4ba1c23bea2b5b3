"""Poles against closed forms, against a quadratic eigenvalue problem, and against changes of the potential."""

import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.hadron.scattering.poles import common_poles, find_poles, poles_of_rational
from retrodict.hadron.scattering.r_matrix import Channel, LegendreMesh, interior
from tests.hadron.scattering.closed_forms import IN_MEV, MASS, Yamaguchi, poeschl_teller_potential

ONE = (Channel(MASS),)
MESH = LegendreMesh(14.0, 40)
WINDOW = {"lowest": -60.0, "highest": 100.0, "deepest": 60.0}


def poles(potential, sheet, mesh=MESH, channels=ONE, **window):
    return find_poles(jnp.asarray(potential), mesh=mesh, channels=channels, sheet=sheet, **(WINDOW | window))


def test_bound_and_virtual_state_of_the_poeschl_teller_potential_are_on_their_sheets():
    (bound,) = poles(poeschl_teller_potential(MESH.r, 2.6), (1,))
    assert bound.kind == "bound"
    assert bound.energy == pytest.approx(-(0.54**2) * IN_MEV, rel=1e-9)
    assert not poles(poeschl_teller_potential(MESH.r, 1.5), (1,))
    other = LegendreMesh(12.0, 36)
    found = [poles(poeschl_teller_potential(mesh.r, 1.5), (-1,), mesh) for mesh in (MESH, other)]
    (virtual,) = common_poles(*found)
    assert len(found[0]) > 1  # the others belong to the radius
    assert virtual.kind == "virtual"
    assert virtual.momenta[0] == pytest.approx(-0.45j * HBAR_C, rel=2e-5)


def test_all_poles_of_a_square_well_are_those_of_a_quadratic_eigenvalue_problem():
    """With u' = i q u at the radius the equation is quadratic in q; its eigenvalues are the poles of both sheets."""
    mesh = LegendreMesh(2.0, 24)
    well = np.full(mesh.points, -IN_MEV)
    C, f = np.asarray(interior(jnp.asarray(well), mesh, ONE)) / IN_MEV, mesh.edge
    one, none = np.eye(mesh.points), np.zeros((mesh.points, mesh.points))
    exact = np.linalg.eigvals(np.block([[none, one], [C, -1j * np.outer(f, f)]]))
    window = {"lowest": -100.0, "highest": 700.0, "deepest": 500.0}
    found = [p.momenta[0] / HBAR_C for sheet in (1, -1) for p in poles(well, (sheet,), mesh, **window)]
    energies = exact**2 * IN_MEV
    inside = (np.abs(energies.imag) < 500) & (energies.real > -100) & (energies.real < 700) & (exact.real > -1e-9)
    assert len(found) >= 3
    assert sorted(found, key=np.real) == pytest.approx(sorted(exact[inside], key=np.real), abs=1e-8)


def test_poles_and_residues_of_the_separable_potential_are_those_of_its_rational_phase_shift():
    force, mesh = Yamaguchi(), LegendreMesh(20.0, 44)
    (bound,) = poles(force.potential(mesh.r), (1,), mesh)
    b, kappa = force.b, force.kappa
    squared = 2 * b * kappa * (b + kappa) / (b - kappa) ** 2
    assert bound.energy == pytest.approx(-(kappa**2) * IN_MEV, rel=1e-8)
    assert bound.amplitudes[0] ** 2 == pytest.approx(squared, rel=1e-7)
    L = (b + kappa) ** 2
    momenta, residues = poles_of_rational(np.array([b**4 - L * b**2, 2 * b**2 + L, 1.0]) / (2 * b * L), np.array([1.0]))
    nearest = np.argmin(np.abs(momenta - 1j * kappa))
    assert momenta[nearest] == pytest.approx(1j * kappa, abs=1e-12)
    assert residues[nearest] == pytest.approx(-1j * squared, rel=1e-10)
    assert np.min(np.abs(momenta + 1j * (2 * b + kappa))) < 1e-10


def test_a_resonance_of_a_barrier_moves_with_the_potential_as_its_wave_says():
    mesh = LegendreMesh(8.0, 36)
    potential = 120 * np.exp(-((mesh.r - 2) ** 2) / 0.3) - 80 * np.exp(-(mesh.r**2))
    bump, size = np.exp(-((mesh.r - 1) ** 2)), 0.05
    window = {"lowest": 40.0, "highest": 70.0, "deepest": 15.0}
    at = {s: poles(potential + s * size * bump, (-1,), mesh, **window)[0] for s in (-1, 0, 1)}
    assert at[0].kind == "resonance"
    assert at[0].energy.imag < -0.01
    change = (at[1].energy - at[-1].energy) / (2 * size)
    assert np.sum(at[0].response[0] * mesh.weights * bump) == pytest.approx(change, rel=1e-5)


def test_a_bound_state_of_one_channel_becomes_a_resonance_where_it_couples_to_an_open_one():
    mesh = LegendreMesh(10.0, 30)
    channels = (Channel(MASS), Channel(MASS, 30.0))
    shape = np.exp(-(mesh.r**2) / 2)
    window = {"lowest": 0.1, "highest": 29.9, "deepest": 10.0}
    widths = []
    for coupling in (3.0, 6.0):
        force = np.multiply.outer([[0.0, coupling], [coupling, -100.0]], shape)
        (pole,) = poles(force, (-1, 1), mesh, channels, **window)
        assert not poles(force, (1, 1), mesh, channels, **window)
        assert pole.kind == "resonance"
        widths.append(-2 * pole.energy.imag)
    assert widths[1] / widths[0] == pytest.approx(4, rel=0.02)  # the golden rule
    alone = poles(-100 * shape, (1,), mesh)[0].energy.real + 30
    assert pole.energy.real == pytest.approx(alone, abs=0.3)


def test_a_sheet_or_a_window_that_is_none_is_refused():
    with pytest.raises(InputError, match="a sheet"):
        poles(np.zeros(40), (0,))
    with pytest.raises(InputError, match="empty window"):
        poles(np.zeros(40), (1,), highest=-100.0)
