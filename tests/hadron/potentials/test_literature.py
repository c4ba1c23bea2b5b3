"""Published potentials reproduce published scattering lengths, effective ranges and binding energies."""

import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.hadron.potentials import literature
from retrodict.hadron.scattering.effective_range import effective_range
from retrodict.hadron.scattering.poles import find_poles
from retrodict.hadron.scattering.r_matrix import Channel, LegendreMesh
from tests.hadron.scattering import closed_forms

NUCLEONS = HBAR_C**2 / 41.47 / 2  # reduced mass of the old potentials
BARE = LegendreMesh(20.0, 80)


def low_energy(potential, mass, mesh=BARE):
    found = effective_range(jnp.asarray(potential), mesh=mesh, reduced_mass=mass)
    return float(found.scattering_length), float(found.effective_range)


def binding(potential, mass, mesh=BARE):
    (pole,) = find_poles(
        potential, mesh=mesh, channels=(Channel(mass),), sheet=(1,), lowest=-20.0, highest=-0.01, deepest=5.0
    )
    assert pole.kind == "bound"
    return -pole.energy.real


def test_omega_omega_has_the_published_scattering_length_and_binding_energy():
    mesh, mass = LegendreMesh(12.0, 80), literature.OMEGA_OMEGA_MASS / 2
    potential = literature.omega_omega(mesh.r)
    assert low_energy(potential, mass, mesh) == pytest.approx((4.486, 1.267), abs=5e-4)
    assert binding(potential, mass, mesh) == pytest.approx(1.635, abs=6e-4)


@pytest.mark.parametrize(
    ("time", "length", "size", "energy"),
    [(11, 5.335, 1.295, 1.516), (12, 5.185, 1.271, 1.611), (13, 5.434, 1.272, 1.441), (14, 5.219, 1.292, 1.596)],
)
def test_n_omega_has_the_tabulated_scattering_length_and_binding_energy(time, length, size, energy):
    nucleon, omega = literature.N_OMEGA_MASSES
    mass = nucleon * omega / (nucleon + omega)
    potential = literature.n_omega(BARE.r, time)
    assert low_energy(potential, mass) == pytest.approx((length, size), abs=6e-4)
    assert binding(potential, mass) == pytest.approx(energy, abs=6e-4)


def test_malfliet_and_tjon_bind_the_deuteron_and_reid_s_soft_core_binds_nothing():
    triplet = literature.malfliet_tjon(BARE.r, triplet=True)
    assert binding(triplet, NUCLEONS) == pytest.approx(2.2307, abs=1e-4)
    assert low_energy(literature.malfliet_tjon(BARE.r, triplet=False), NUCLEONS)[0] == pytest.approx(-23.58, abs=0.01)
    assert low_energy(literature.reid_soft_core(BARE.r), NUCLEONS) == pytest.approx((-17.1, 2.80), abs=0.05)


def test_n_xi_attracts_most_where_spin_and_isospin_are_zero():
    """The statement of its paper; and weighted with spin and isospin only V0 is left."""
    mass = 938.9 * 1318.3 / (938.9 + 1318.3)
    for time, fit in literature.N_XI_FITS.items():
        parts = {(s, i): literature.n_xi(BARE.r, spin=s, isospin=i, time=time) for s in (0, 1) for i in (0, 1)}
        lengths = {key: low_energy(potential, mass)[0] for key, potential in parts.items()}
        assert min(lengths, key=lambda key: lengths[key]) == (0, 0)
        assert lengths[0, 1] > 0  # S = 0, I = 1 repels
        mean = sum((2 * s + 1) * (2 * i + 1) * potential for (s, i), potential in parts.items()) / 16
        tail = np.exp(-146 / HBAR_C * BARE.r) / BARE.r * (1 - np.exp(-((BARE.r / fit.two_pion_cut) ** 2)))
        central = sum(a * np.exp(-((BARE.r / b) ** 2)) for a, b in zip(fit.central, fit.ranges, strict=True))
        assert np.asarray(mean) == pytest.approx(central + fit.two_pion * tail**2, abs=1e-9)
    one_pion = parts[1, 0] - parts[0, 0] - (parts[1, 1] - parts[0, 1])  # -16 Vst
    far = BARE.r > 4
    expected = -16 * -1.3838 * np.exp(-146 / HBAR_C * BARE.r[far]) / BARE.r[far]
    assert np.asarray(one_pion)[far] == pytest.approx(expected, rel=1e-9)


def test_simple_shapes_are_their_formulas():
    r = np.array([0.5, 2.0])
    assert np.asarray(literature.yukawa(r, -50.0, 140.0)) == pytest.approx(-50 * np.exp(-140 * r / HBAR_C) / r)
    cornell = literature.cornell(r, coulomb=0.4, tension=2e5, constant=7.0)
    assert np.asarray(cornell) == pytest.approx(-0.4 * HBAR_C / r + 2e5 * r / HBAR_C + 7)
    assert np.asarray(literature.square_well(r, depth=30.0, radius=1.0)).tolist() == [-30.0, 0.0]
    mass = closed_forms.MASS
    found = literature.poeschl_teller(r, strength=2.6, slope=0.9, reduced_mass=mass)
    assert np.asarray(found) == pytest.approx(closed_forms.poeschl_teller_potential(r))
    separable = literature.yamaguchi(r[:, None], r, cut=1.39, pole=0.2316, reduced_mass=mass)
    assert np.asarray(separable) == pytest.approx(closed_forms.Yamaguchi().potential(r))


def test_what_was_not_published_is_refused():
    with pytest.raises(InputError, match="no fit"):
        literature.n_omega(BARE.r, 15)
    with pytest.raises(InputError, match="a channel of N-Xi"):
        literature.n_xi(BARE.r, spin=2, isospin=0)
