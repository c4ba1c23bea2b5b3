"""The posterior of the eighteen stars: it evaluates, it differentiates, and its numbers are the known ones."""

import os
import signal

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import least_squares

from retrodict.base.errors import InputError, Interrupted
from retrodict.inference.ensemble import Ensemble
from retrodict.neutron_star import problems, templates
from retrodict.neutron_star.ansatz import CoreGrid, GaussianProcessSoundSpeed, NeuralPressure
from retrodict.neutron_star.derived import QUANTITIES
from retrodict.neutron_star.forward import Stars
from retrodict.neutron_star.likelihood.measured_stars import ProfileMassRadius
from retrodict.neutron_star.likelihood.noise import mass_radius_errors
from retrodict.neutron_star.readers.data import observations
from retrodict.neutron_star.stars.branch import LARGEST
from retrodict.problem.posterior import Posterior
from retrodict.run import loop
from retrodict.run.directory import RunDirectory

GRID = CoreGrid(intervals=40)
ANSATZ = GaussianProcessSoundSpeed(GRID)


@pytest.fixture(scope="module")
def posterior():
    return problems.problem(ansatz=ANSATZ)


@pytest.fixture(scope="module")
def profile():
    """Residuals and their Jacobian of the closest-point problem without pulsars."""
    target = problems.problem(ansatz=ANSATZ, likelihood=problems.Profile(), pulsars=())
    return jax.jit(lambda z: target.full_residual(z)), jax.jit(lambda z: jax.jacfwd(target.full_residual)(z))


@pytest.fixture(scope="module")
def prior_draws(posterior):
    """4000 prior draws: log-likelihood and derived numbers."""
    z = jr.normal(jr.key(0), (4000, posterior.dim))
    return jax.jit(lambda z: jax.lax.map(posterior.evaluate, z, batch_size=50))(z)


def test_every_quantity_is_derived_in_its_shape(prior_draws):
    for quantity in QUANTITIES:
        values = prior_draws.derived[quantity.name]
        assert values.shape == (4000, *((len(quantity.grid),) if quantity.is_function else ()))
    assert np.isfinite(prior_draws.residual).all()
    assert not np.isnan(prior_draws.log_likelihood).any()


def test_curves_end_at_the_maximum_mass(prior_draws):
    """R(M) and Lambda(M) have values up to the maximum mass and none beyond."""
    mass = np.asarray(QUANTITIES[-1].grid)
    heaviest = np.asarray(prior_draws.derived["maximum_mass"])
    valid = np.asarray(prior_draws.valid)
    known = np.isfinite(prior_draws.derived["radius"])[valid]
    assert not known[mass > heaviest[valid, None]].any()
    assert known[(mass < heaviest[valid, None]) & (mass > 1.0)].mean() > 0.99


def test_importance_weights_reproduce_the_published_posterior(prior_draws):
    """Eighteen stars, marginalised, with heavy pulsars: an earlier, independent program found R_1.4 = 11.98 +- 0.28 km,
    Lambda_1.4 = 363 (+62 -50), M_max = 2.17 (+9 -8) for a similar prior;
    4000 draws know these to a fifth of their spread."""
    log_weight = np.asarray(prior_draws.log_likelihood)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    assert 1 / np.sum(weight**2) > 80

    def mean(name):
        return np.nansum(weight * np.asarray(prior_draws.derived[name]))

    assert_allclose(mean("radius_1.4"), 11.98, atol=0.15)
    assert_allclose(mean("tidal_deformability_1.4"), 365, atol=35)
    assert_allclose(mean("maximum_mass"), 2.15, atol=0.06)


def test_residuals_differentiate(profile):
    """Forward mode against central differences, every latent, at a typical point."""
    residual, jacobian = profile
    z, step = 0.3 * jr.normal(jr.key(5), (ANSATZ.dim,)), 1e-5
    exact = jacobian(z)
    for i, direction in enumerate(jnp.eye(ANSATZ.dim)):
        difference = (residual(z + step * direction) - residual(z - step * direction)) / (2 * step)
        assert_allclose(exact[:, i], difference, atol=1e-6)


def test_the_best_curve_fits_the_eighteen_stars(profile):
    """Closest-point chi-squared of the most probable curve: a prototype with a looser prior reached 17.8."""
    residual, jacobian = profile
    found = least_squares(lambda z: np.asarray(residual(z)), np.zeros(ANSATZ.dim), lambda z: np.asarray(jacobian(z)))
    chi2 = np.sum(found.fun[:36] ** 2)
    assert found.success
    assert 15.0 < chi2 < 22.0


def test_every_pull_bears_the_name_of_its_star(posterior):
    """Masses first, then radii, then the pulsars: as many names as pulls."""
    labels = posterior.likelihood.labels
    prediction, _ = posterior.forward(ANSATZ(jnp.zeros(ANSATZ.dim)))
    assert len(labels) == len(set(labels)) == posterior.likelihood.pulls(prediction).size == 38
    assert labels[-2:] == ("PSR J0348+0432", "PSR J1614-2230")
    assert labels[17].endswith(": M")
    assert labels[35] == labels[17].replace(": M", ": R")


def test_without_data_there_is_no_problem():
    with pytest.raises(InputError, match="no data"):
        problems.problem(None, pulsars=())


def test_the_template_and_the_demos_are_configs_that_build():
    """What `retrodict new` and `retrodict demo` start from."""
    from pathlib import Path

    from retrodict.cli.config.document import parse_document
    from retrodict.cli.config.load import from_document

    for text in (templates.TEMPLATE, *templates.DEMOS.values()):
        assert from_document(parse_document(text, Path("config.yaml"))).domain == "neutron_star"


def test_the_misfit_moves_continuously_with_the_matter():
    """Stars far below and above all others, while the heaviest star passes from node to node and the lightest stars
    become bound: finer steps make the largest change of chi-squared smaller in proportion."""
    measured = jnp.array([[0.6, 9.0], [1.4, 12.0], [2.2, 13.5], [2.5, 11.0]])
    likelihood = ProfileMassRadius(measured, mass_radius_errors(np.full(4, 0.1), np.full(4, 0.5)))

    def misfit(t):
        z = jnp.zeros(ANSATZ.dim).at[:3].set(jnp.stack([t, -t, t]))
        return jnp.sum(likelihood.residual(Stars()(ANSATZ(z))[0]) ** 2)

    value = jax.jit(lambda t: jax.lax.map(misfit, t, batch_size=50))(jnp.linspace(-0.6, 0.6, 2001))
    coarse, fine = (np.max(np.abs(np.diff(value[::stride]))) for stride in (10, 1))
    assert fine < 0.15 * coarse


def test_no_chord_of_the_branch_leads_to_an_unbound_star():
    """The lowest nodes hold no bound stars: a chord to one of them would pass by every measured radius."""
    z = jr.normal(jr.key(0), (300, ANSATZ.dim))
    branch = jax.jit(lambda z: jax.lax.map(lambda z: Stars()(ANSATZ(z))[0].branch, z, batch_size=50))(z)
    on_branch = branch.radius[branch.rise > 0]
    assert np.all((on_branch > 5.0) & (on_branch < LARGEST))
    assert np.any(branch.radius < 0)


@pytest.mark.slow  # a minute of compilation; tests/inference/test_methods.py does the same with a toy
def test_a_stopped_reconstruction_resumes_bit_identically(tmp_path, monkeypatch):
    """SIGTERM after the first chunk of the published set-up: a checkpoint; resumed, the same bits as undisturbed."""
    stars = problems.mass_radius_likelihood(observations("classic18"), problems.Profile())
    target = Posterior(NeuralPressure(CoreGrid(intervals=24)), Stars(1.9), stars)  # nothing to report: less to compile
    method = Ensemble(members=6, prior=False, confined=False, steps=6, batch=4)
    whole = loop.advance(target, method, seed=1, chunk=2)
    reach = loop.reach
    monkeypatch.setattr(loop, "reach", lambda point: (os.kill(os.getpid(), signal.SIGTERM), reach(point)))
    with pytest.raises(Interrupted, match="SIGTERM"):
        loop.advance(target, method, seed=1, chunk=2, directory=RunDirectory(tmp_path / "run"))
    monkeypatch.setattr(loop, "reach", reach)
    resumed = loop.advance(target, method, seed=1, chunk=2, directory=RunDirectory(tmp_path / "run"), resume=True)
    assert resumed.steps == whole.steps == 6
    for one, other in zip(jax.tree.leaves(resumed.state.descent), jax.tree.leaves(whole.state.descent), strict=True):
        assert np.array_equal(one, other)
    assert np.array_equal(resumed.history.cost, whole.history.cost)


def test_the_data_may_be_the_name_of_a_file_as_text(tmp_path):
    path = tmp_path / "stars.csv"
    path.write_text("mass [Msun], mass_error [Msun], radius [km], radius_error [km]\n1.4, 0.1, 12.0, 1.0\n")
    by_text, by_path = (problems.problem(name, pulsars=()) for name in (str(path), path))
    assert jax.tree.all(
        jax.tree.map(lambda a, b: bool(jnp.all(a == b)), by_text.likelihood.data, by_path.likelihood.data)
    )
