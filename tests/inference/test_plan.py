"""What better data would buy, against linear problems in closed form."""

import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.inference.plan import plan, shrinkage
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import LinearForward
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior
from tests.inference.exact import GRID, linear_problem

SLOPES = {
    "total": np.ones(4),
    "unseen": np.eye(4)[3],
    "line": np.stack([np.ones(5), GRID, np.zeros(5), np.zeros(5)], axis=1),
}


def exact(information):
    """sqrt(diag(g (1 + F)^-1 g^T)) for a Fisher matrix F."""
    covariance = np.linalg.inv(np.eye(4) + information)
    return {name: np.sqrt(np.einsum("...i,ij,...j", g, covariance, g)) for name, g in SLOPES.items()}


@pytest.mark.parametrize("points", [3, 6])
def test_errors_are_those_of_the_normal_equations(points):
    problem = linear_problem(error=0.5, points=points)
    whitened = np.asarray(problem.forward.operator) / 0.5
    fisher = whitened.T @ whitened
    found = plan(problem, np.zeros(4))
    for scenario, factor in ((found.prior, 0), (found.now, 1), (found.noise_halved, 4), (found.points_doubled, 2)):
        for name, expected in exact(factor * fisher).items():
            assert_allclose(scenario.spread[name], expected, rtol=1e-8)


def test_data_taken_twice_are_two_data_sets():
    problem = linear_problem()
    operator = np.vstack([problem.forward.operator] * 2)
    likelihood = Gaussian(jnp.tile(problem.likelihood.mean, 2), Covariance.diagonal(np.full(12, 0.5)))
    parts = (problem.ansatz, LinearForward(jnp.asarray(operator)), likelihood)
    twice = Posterior(*parts, derive=problem.derive, quantities=problem.quantities)
    given, own = plan(problem, np.zeros(4), twice), plan(twice, np.zeros(4))
    for other in (plan(problem, np.zeros(4)).points_doubled, own.now):
        assert_allclose(given.points_doubled.spread["line"], other.spread["line"], rtol=1e-8)
        assert given.points_doubled.effective_rank == pytest.approx(other.effective_rank)


def test_no_amount_of_data_helps_where_no_datum_looks():
    found = plan(linear_problem(error=1e-3), np.zeros((3, 4)))
    for scenario in found:
        assert scenario.spread["unseen"] == pytest.approx(1, rel=1e-8)
    assert shrinkage(found, found.noise_halved, "unseen") == pytest.approx(0, abs=1e-8)
    assert found.now.effective_rank == pytest.approx(3, abs=1e-4)


def test_a_point_without_a_slope_is_left_out():
    def derive(unknown, prediction):
        return {"root": jnp.where(unknown[0] < 0, jnp.nan, 1.0) * unknown[0], "never": jnp.nan * unknown[0]}

    base = linear_problem()
    problem = Posterior(base.ansatz, base.forward, base.likelihood, derive=derive)
    found = plan(problem, np.array([[-1.0, 0, 0, 0], [1.0, 0, 0, 0]]))
    assert_allclose(found.now.spread["root"], plan(problem, np.ones(4)).now.spread["root"])
    assert np.isnan(found.now.spread["never"])
