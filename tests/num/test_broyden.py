"""Broyden's method: exact for linear systems in as many steps as there are unknowns, superlinear for curved ones."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from numpy.testing import assert_allclose

from retrodict.num.broyden import broyden_root


def length(step):
    return jnp.sum(step**2)


def solve(function, start, iterations=40):
    return broyden_root(function, start, squared_length=length, tolerance=1e-12, iterations=iterations)


def test_a_linear_system_is_solved_in_twice_as_many_steps_as_it_has_unknowns():
    """D. M. Gay, SIAM J. Numer. Anal. 16 (1979) 623."""
    matrix = jnp.eye(5) + 0.5 * jr.normal(jr.key(0), (5, 5))
    answer = jnp.arange(1.0, 6.0)
    root = solve(lambda x: matrix @ (x - answer), jnp.zeros(5))
    assert root.converged
    assert root.iterations <= 2 * 5 + 1
    assert_allclose(root.position, answer, rtol=1e-10)


def test_it_reaches_roots_at_which_a_fixed_jacobian_diverges():
    """x + 1.2 (exp(x) - 1) = 2: with the Jacobian of x alone the steps grow."""
    root = solve(lambda x: x + 1.2 * jnp.expm1(x) - 2.0, jnp.zeros(1))
    assert root.converged
    assert_allclose(root.position + 1.2 * np.expm1(root.position), 2.0, rtol=1e-12)
    assert abs(1 - (1 + 1.2 * np.exp(root.position[0]))) > 1  # the fixed-point map does not contract there


def test_without_a_root_it_gives_up_and_says_so_whatever_its_neighbours_do():
    """x^2 + c has a root for c = -1 only; both in one batch."""
    roots = jax.vmap(lambda c: solve(lambda x: x**2 + c, jnp.array([0.7])))(jnp.array([-1.0, 1.0]))
    assert_allclose(roots.converged, [True, False])
    assert_allclose(roots.position[0], [1.0], rtol=1e-12)
