"""The figures that chains and proposals hand on, by value."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.inference.importance import weigh_by_likelihood
from retrodict.inference.step_size import initial_step_size
from retrodict.lattice.core.action import Measured
from retrodict.lattice.samplers.markov_chain import _figures
from retrodict.lattice.samplers.proposals import along_chains, coverage, estimate_uncorrected, weight_diagnostics
from retrodict.lattice.samplers.updates import Trajectory
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.num.autocorrelation import gamma_method


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_an_update_tells_its_acceptance_step_and_violation(rng):
    acceptance, change = rng.random((4, 100)), 0.1 * rng.standard_normal((4, 100))
    found = _figures(Trajectory(), acceptance, change, initial_step_size(0.3))
    violation = gamma_method(np.exp(-change))
    assert_allclose([found.acceptance, found.step_size], [acceptance.mean(), 0.3])
    assert_allclose([found.exp_dh, found.exp_dh_error], [np.exp(-change).mean(), violation.error])
    json = found.to_json()
    assert json["acceptance_of_Trajectory"] == pytest.approx(acceptance.mean())
    assert json["exp_dH_of_Trajectory_error"] == pytest.approx(violation.error)


def test_weights_are_told_by_their_share_tail_and_mean(rng):
    log_weight = rng.standard_normal((2, 300)) - 50.0
    share, weights, evidence = weight_diagnostics(log_weight)
    w = np.exp(log_weight.ravel() + 50)
    size = w.sum() ** 2 / np.sum(w**2)
    assert_allclose([share.ess, share.log_weight_variance], [size / 600, log_weight.var()])
    assert_allclose(weights.importance_ess if weights.weight_ess is None else weights.weight_ess, size)
    assert_allclose(evidence.log_evidence, np.log(w.mean()) - 50)
    assert_allclose(evidence.log_evidence_error, w.std() / w.mean() / np.sqrt(600))


def test_the_evidence_of_prior_draws_is_the_mean_likelihood(rng):
    log_likelihood = rng.standard_normal(500) - 20.0
    log_likelihood[:50] = -np.inf
    _, _, evidence = weigh_by_likelihood(log_likelihood)
    likelihood = np.exp(log_likelihood + 20)
    assert float(evidence.log_evidence) == pytest.approx(np.log(likelihood.mean()) - 20)
    assert float(evidence.log_evidence_error) == pytest.approx(likelihood.std() / likelihood.mean() / np.sqrt(500))


def test_proposals_are_cut_into_chains_in_their_order():
    found = along_chains({"x": np.arange(11 * 2).reshape(11, 2)}, 3)["x"]
    assert_allclose(found, np.arange(21).reshape(3, 7))


def test_the_imbalance_of_signs_is_in_standard_errors(rng):
    """Sixty positive and forty negative: (60 - 40) / sqrt(100) = 2."""
    theory = Phi4((2, 2), 0.2, 0.1)
    sign = rng.permutation(np.where(np.arange(100) < 60, 1.0, -1.0)).reshape(4, 25)
    shapes = {q.name: (4, 25, 2) if q.is_function else (4, 25) for q in theory.quantities}
    derived = {name: rng.random(shape) for name, shape in shapes.items()}
    derived["M"] = sign * rng.random((4, 25))
    found = estimate_uncorrected(theory, Measured(np.zeros((4, 25)), derived))
    assert found.imbalance == pytest.approx(2.0)
    assert found.signs["M"] == pytest.approx(0.2)
    (value,) = (e.value for e in found.estimates if e.about.name == "M")
    assert float(value) == pytest.approx(derived["M"].mean())


class Standard(eqx.Module):
    """A model of independent standard normal numbers."""

    unbounded: ClassVar[bool] = True

    def log_prob(self, x):
        return -0.5 * jnp.sum(x**2) - 0.5 * x.size * jnp.log(2 * jnp.pi)


def test_configurations_held_out_tell_the_effective_share(rng):
    """1 / <w / Z> over configurations of the theory; those heavier by e than all draws are not covered."""
    theory, held = Phi4((2, 2), 0.1, 0.0), rng.standard_normal((40, 2, 2))
    log_weight = rng.uniform(-3.0, 1.5, 200)
    found = coverage(theory, Standard(), jnp.asarray(held), log_weight)
    log_w = np.array([-float(theory.action(jnp.asarray(x))) + 0.5 * np.sum(x**2) + 2 * np.log(2 * np.pi) for x in held])
    z = np.mean(np.exp(log_weight))
    assert found.ess_of_data == pytest.approx(1 / np.mean(np.exp(log_w) / z), rel=1e-9)
    assert found.held_out == 40
    assert found.uncovered == np.mean(log_w > log_weight.max() + 1.0)
    assert 0.1 < found.uncovered < np.mean(log_w > log_weight.max()) - 0.05
