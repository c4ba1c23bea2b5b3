"""The potential behind a correlator: its bands cover the truth, and its phase shift is that of the radial equation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.base.constants import HBAR_C
from retrodict.hadron.hal_qcd.analysis import potential_posterior
from retrodict.hadron.hal_qcd.data import potential_data, radial_operator
from retrodict.hadron.hal_qcd.derived import ReportedGrid, derivation
from retrodict.hadron.hal_qcd.gaussian_fit import fit_gaussians
from retrodict.hadron.hal_qcd.mock import on_wedge
from retrodict.hadron.potentials.ansatz import (
    Envelope,
    GaussianProcessPotential,
    Gaussians,
    NeuralPotential,
    SumOfGaussians,
)
from retrodict.hadron.potentials.literature import OMEGA_OMEGA_MASS, omega_omega
from retrodict.hadron.scattering.lagrange_mesh import LagrangeMesh, bound_states
from tests.hadron.hal_qcd.mocks import SCALE, correlator

ANSATZ = GaussianProcessPotential()
GRID = ReportedGrid.of(ANSATZ, SCALE["lattice_spacing"], 16, 0.5 * OMEGA_OMEGA_MASS, 100.0)
SHOWN = np.array([0.2, 0.4, 0.6, 0.8, 1.0, 1.2])  # fm


def solved(data):
    """Mean and covariance of the latents: the problem is linear."""
    columns = jax.vmap(lambda z: ANSATZ(z)(jnp.asarray(data.nodes)))(jnp.eye(ANSATZ.dim)).T
    matrix = data.operator @ np.asarray(columns)
    covariance = np.linalg.inv(matrix.T @ matrix + np.eye(ANSATZ.dim))
    return covariance @ matrix.T @ data.mean, covariance


def normal_scores(seeds, times, narrowed=1.0):
    """(mean - truth)/sd of V at some distances, for mock correlators with 20 samples each."""
    at = np.asarray(jax.vmap(lambda z: ANSATZ(z)(jnp.asarray(SHOWN)))(jnp.eye(ANSATZ.dim))).T
    found = []
    for seed in seeds:
        mean, covariance = solved(potential_data(correlator(seed=seed, samples=20), times, **SCALE))
        sd = narrowed * np.sqrt(np.einsum("ij,jk,ik->i", at, covariance, at))
        found.append((at @ mean - omega_omega(SHOWN)) / sd)
    return np.array(found)


@pytest.mark.parametrize("times", [(9,), (9, 10)])
def test_bands_from_twenty_samples_cover_the_truth(times):
    scores = normal_scores(range(24), times)
    assert 0.75 < np.sqrt(np.mean(scores**2)) < 1.25
    assert 0.58 < np.mean(np.abs(scores) < 1.0) < 0.80


def test_bands_of_half_the_width_are_noticed():
    scores = normal_scores(range(24), (9,), narrowed=0.5)
    assert not np.mean(np.abs(scores) < 1.0) > 0.58


def test_a_potential_at_the_nodes_is_the_potential_on_the_lattice():
    """The spline through the radial nodes and the sum over images lose a few keV."""
    exact = correlator(noise=0.0)
    nodes, operator = radial_operator(exact.wedge, SCALE["lattice_spacing"])
    truth = on_wedge(omega_omega, exact.wedge, SCALE["lattice_spacing"]) * HBAR_C / SCALE["lattice_spacing"]
    np.testing.assert_allclose(operator @ omega_omega(nodes), truth, atol=2e-2)


def test_scattering_of_two_omega_baryons_is_that_of_the_paper():
    """a0 = 4.6(6), r_eff = 1.27(3) fm, B = 1.6(6) MeV (Gongyo et al. 2018); by another program 4.486, 1.267, 1.635."""
    values = derivation(GRID)(Gaussians(jnp.array([914.0, 305.0, -112.0]), jnp.array([0.143, 0.305, 0.949])), None)
    assert float(values["scattering_length"]) == pytest.approx(4.486, abs=2e-3)
    assert float(values["effective_range"]) == pytest.approx(1.267, abs=1e-3)
    assert float(values["binding_energy"]) == pytest.approx(1.635, abs=1e-3)
    assert float(values["phase_shift"][0]) == pytest.approx(180 - 47.1, abs=1.0)
    assert np.all(np.diff(values["phase_shift"]) < 0)


@pytest.mark.parametrize(("depth", "bound"), [(40.0, 0), (-40.0, 0), (-200.0, 1), (-500.0, 2), (-1500.0, 3)])
def test_phases_follow_the_momenta_from_the_number_of_bound_states(depth, bound):
    """Wells of one fm with as many S states as a mesh finds below zero (Levinson's theorem)."""
    well = Gaussians(jnp.array([depth]), jnp.array([1.0]))
    mesh = LagrangeMesh(60, 0.2)
    levels = bound_states(well(mesh.r), mesh=mesh, reduced_mass=0.5 * OMEGA_OMEGA_MASS, count=8).energy
    assert int(jnp.sum(levels < 0.0)) == bound
    found = derivation(GRID)(well, None)
    phase = np.asarray(found["phase_shift"])
    assert abs(phase[0] - 180.0 * bound) < 90.0
    assert np.abs(np.diff(phase)).max() < 40.0
    assert bool(np.isfinite(found["binding_energy"])) == (bound > 0)


def test_the_fit_of_gaussians_finds_the_scattering_length_of_an_almost_exact_correlator():
    fit = fit_gaussians(correlator(noise=1e-5, samples=6), 9, derivation(GRID), **SCALE)
    assert float(fit.central["scattering_length"]) == pytest.approx(4.486, rel=0.01)
    assert float(fit.central["binding_energy"]) == pytest.approx(1.635, rel=0.01)
    assert 0 < fit.error["scattering_length"] < 0.1


@pytest.mark.parametrize("ansatz", [ANSATZ, NeuralPotential(width=8), SumOfGaussians()], ids=lambda a: type(a).__name__)
def test_every_prior_predicts_a_finite_correlator_with_a_gradient(ansatz):
    data = potential_data(correlator(samples=20), (9,), **SCALE)
    target = potential_posterior(data, ansatz, GRID)
    z = 0.3 * jnp.ones(target.dim)
    value, slope = jax.value_and_grad(target.log_density)(z)
    assert np.isfinite(float(value))
    assert np.all(np.isfinite(slope))
    assert np.any(np.asarray(slope) != 0)


def test_tails_decay_as_the_exchange_of_one_or_two_pions():
    r = jnp.array([4.0, 5.0])
    one, two = (np.asarray(Envelope(tail=tail, core=1e-9)(r)) for tail in ("one-pion", "two-pion"))
    yukawa = np.exp(-np.asarray(r) * 138.04 / HBAR_C) / np.asarray(r)
    assert one[1] / one[0] == pytest.approx(yukawa[1] / yukawa[0], rel=1e-6)
    assert two[1] / two[0] == pytest.approx((yukawa[1] / yukawa[0]) ** 2, rel=1e-6)
