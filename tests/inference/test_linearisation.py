"""The linearisation by differences against automatic differentiation, and the mode against exact ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.inference import linearisation
from retrodict.inference.linearisation import linearise_at, nearest_mode
from tests.inference.exact import linear_problem
from tests.inference.targets import banana, measured


@pytest.mark.parametrize("z", [np.zeros(2), np.array([0.8, -1.3])])
def test_differences_are_the_derivative(z):
    target = banana()
    here = linearise_at(target, z)
    assert_allclose(here.jacobian, jax.jacobian(target.residual)(jnp.asarray(z)), atol=1e-7)
    assert_allclose(here.residual, target.residual(jnp.asarray(z)), rtol=1e-12)
    assert_allclose(here.prior, z, atol=1e-15)
    assert_allclose(here.pulls, target.evaluate(jnp.asarray(z)).pulls, rtol=1e-12)


def test_many_latents_are_differentiated_exactly_and_few_agree_with_them(monkeypatch):
    target, z = banana(), np.array([0.3, 0.4])
    few = linearise_at(target, z)
    monkeypatch.setattr(linearisation, "DIFFERENCED", 1)
    assert_allclose(linearise_at(target, z).jacobian, few.jacobian, atol=1e-7)


def test_the_mode_of_a_linear_problem_is_found_in_one_step():
    problem = linear_problem()
    jacobian = linearise_at(problem, np.zeros(problem.dim)).jacobian
    start = linearise_at(problem, np.zeros(problem.dim)).residual
    exact = -np.linalg.solve(np.eye(problem.dim) + jacobian.T @ jacobian, jacobian.T @ start)
    assert_allclose(nearest_mode(problem, np.full(problem.dim, 3.0)).position, exact, atol=1e-6)


def test_no_slope_is_left_at_the_mode_of_a_bent_valley():
    mode = nearest_mode(banana(), np.array([-1.0, 1.5]))
    slope = mode.jacobian.T @ mode.residual + mode.prior
    length = np.sqrt(slope @ np.linalg.solve(np.eye(2) + mode.jacobian.T @ mode.jacobian, slope))
    assert length < 0.05  # standard deviations of the posterior


def test_at_the_edge_of_what_is_valid_the_difference_is_one_sided():
    """z_0 > -0.5 is valid, and the edge lies within one step of the point."""
    bent = {"slope": [[1.0, 0.0], [0.0, 1.0]], "growth": [1.0, 0.5], "border": -0.5}
    target, z = measured([-3.0, 0.0], [0.1, 0.1], **bent), np.array([-0.5 + 1e-5, 0.1])
    assert_allclose(linearise_at(target, z).jacobian, jax.jacobian(target.residual)(jnp.asarray(z)), atol=1e-3)
    assert nearest_mode(target, np.array([0.3, 0.1])).position[0] > -0.5
