"""The wedge of the cubic lattice, its cosine modes, the levels in the box, and the formula of the potential."""

from itertools import permutations, product

import numpy as np
import pytest

from retrodict import InputError
from retrodict.base.constants import HBAR_C
from retrodict.hadron.hal_qcd.box import levels
from retrodict.hadron.hal_qcd.correlator import RCorrelator
from retrodict.hadron.hal_qcd.cosine_modes import from_modes, momentum_squared, to_modes
from retrodict.hadron.hal_qcd.leading_order import leading_order_potential, leading_order_terms
from retrodict.hadron.hal_qcd.mock import on_wedge
from retrodict.hadron.hal_qcd.wedge import CubicWedge, whole_wedge
from retrodict.hadron.potentials.literature import omega_omega
from tests.hadron.hal_qcd.mocks import SCALE, correlator


@pytest.fixture(scope="module", params=[6, 7])
def wedge(request):
    return CubicWedge(whole_wedge(request.param), request.param)


def unfolded(values, wedge):
    return values[..., wedge.place_on_lattice].reshape(*values.shape[:-1], *(wedge.extent,) * 3)


def test_the_wedge_stands_for_the_whole_lattice(wedge):
    """Its images under the 48 elements of the cubic group and translations are all sites, each once."""
    assert wedge.multiplicity.sum() == wedge.extent**3
    for point, count in zip(wedge.points, wedge.multiplicity, strict=True):
        images = {
            tuple(np.mod(np.array(turned) * signs, wedge.extent))
            for turned in permutations(point.tolist())
            for signs in product((1, -1), repeat=3)
        }
        assert len(images) == count


def test_the_laplacian_is_that_of_the_whole_lattice(wedge):
    values = np.random.default_rng(0).normal(size=len(wedge.points))
    cube = unfolded(values, wedge)
    rolled = sum(np.roll(cube, step, axis) for axis in range(3) for step in (1, -1)) - 6 * cube
    np.testing.assert_allclose(unfolded(wedge.laplacian(values), wedge), rolled, atol=1e-13)


def test_cosine_modes_are_orthonormal_and_those_of_the_laplacian(wedge):
    values = np.random.default_rng(1).normal(size=(3, len(wedge.points)))
    modes = to_modes(values, wedge)
    np.testing.assert_allclose(
        np.sum(modes**2, axis=1), np.sum(unfolded(values, wedge) ** 2, axis=(1, 2, 3)), rtol=1e-12
    )
    np.testing.assert_allclose(from_modes(modes, wedge), values, atol=1e-13)
    np.testing.assert_allclose(to_modes(wedge.laplacian(values), wedge), -momentum_squared(wedge) * modes, atol=1e-12)


def test_points_that_are_no_wedge_are_refused():
    points = whole_wedge(6)
    with pytest.raises(InputError, match=r"\(0, 1, 1\) is missing"):
        CubicWedge(np.delete(points, 4, axis=0), 6)
    with pytest.raises(InputError, match="not those of the cubic wedge"):
        CubicWedge(points, 8)


def test_free_levels_are_the_momenta_of_the_box(wedge):
    found = levels(np.zeros(len(wedge.points)), wedge, 0.7, len(wedge.points))
    np.testing.assert_allclose(found.energy, np.sort(momentum_squared(wedge)) / 1.4, atol=1e-12)


def test_the_sparse_solver_finds_the_level_of_the_dense_one():
    large = CubicWedge(whole_wedge(22), 22)
    values = on_wedge(omega_omega, large, SCALE["lattice_spacing"])
    few = levels(values, large, 0.5 * SCALE["mass"], 2)
    every = levels(values, large, 0.5 * SCALE["mass"], len(large.points))
    np.testing.assert_allclose(few.energy, every.energy[:2], rtol=1e-9)
    np.testing.assert_allclose(few.wave[0], every.wave[0], atol=1e-7)


@pytest.mark.parametrize("time", [9, 10])
def test_the_formula_returns_the_potential_of_an_exact_correlator_at_every_point(time):
    exact = correlator(noise=0.0)
    found = leading_order_potential(exact, time, **SCALE)
    truth = on_wedge(omega_omega, exact.wedge, SCALE["lattice_spacing"]) * HBAR_C / SCALE["lattice_spacing"]
    np.testing.assert_allclose(found, np.broadcast_to(truth, found.shape), atol=1e-8)


def test_the_three_terms_add_up_and_unequal_masses_have_their_own_factors():
    """Of R = e^{-W t} without dependence on r the terms are sinh W and (1 + 3 delta^2)(cosh W - 1)/(4 mu)."""
    wedge, times, w = CubicWedge(whole_wedge(4), 4), np.arange(3), 0.1
    values = np.broadcast_to(np.exp(-w * times)[:, None, None], (3, 2, len(wedge.points)))
    terms = leading_order_terms(RCorrelator(values, times, wedge), 1, mass=0.9, other_mass=0.5, lattice_spacing=HBAR_C)
    mu, delta = 0.45 / 1.4, 0.4 / 1.4
    np.testing.assert_allclose(terms.kinetic, 0.0, atol=1e-12)
    np.testing.assert_allclose(terms.first, np.sinh(w), rtol=1e-12)
    np.testing.assert_allclose(terms.second, (1 + 3 * delta**2) * (np.cosh(w) - 1) / (4 * mu), rtol=1e-10)
    np.testing.assert_array_equal(terms.total, terms.kinetic + terms.first + terms.second)


def test_measurements_become_jackknife_samples():
    rng, wedge = np.random.default_rng(0), CubicWedge(whole_wedge(4), 4)
    values = 1.0 + 0.1 * rng.normal(size=(3, 7, len(wedge.points)))
    found = RCorrelator(values, np.arange(3), wedge, "measurements").resampled().values
    np.testing.assert_allclose(found[:, 2], np.delete(values, 2, axis=1).mean(axis=1), rtol=1e-12)
    np.testing.assert_allclose(np.sqrt(6) * found.std(axis=1), values.std(axis=1, ddof=1) / np.sqrt(7), rtol=1e-10)
