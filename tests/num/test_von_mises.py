"""The von Mises law: normalised at any concentration and precision, and its sampler draws from it."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import ive
from scipy.stats import kstest, vonmises

from retrodict.num import von_mises


@pytest.mark.parametrize("kappa", [0.0, 1e-3, 1.0, 40.0, 1e3])
def test_the_density_is_normalised(kappa: float):
    """By the trapezoidal rule, which converges exponentially."""
    angle = jnp.linspace(-np.pi, np.pi, 4001)[1:]
    field = kappa * von_mises.unit(jnp.asarray(0.7))
    density = jnp.exp(von_mises.log_density(von_mises.unit(angle), jnp.broadcast_to(field, (4000, 2))))
    assert_allclose(2 * np.pi * jnp.mean(density), 1, rtol=1e-12)


@pytest.mark.parametrize(("dtype", "tolerance"), [(jnp.float32, 5e-7), (jnp.float64, 1e-14)])
def test_ln_i0_and_its_slope_are_right_from_nothing_to_huge_arguments(dtype, tolerance):
    """The slope is I1 / I0, which approaches one as 1 - 1 / 2 kappa."""
    kappa = np.array([0.0, 1e-4, 0.3, 7.0, 9.0, 300.0, 1e5])
    wanted = kappa + np.log(ive(0, kappa))
    value = von_mises.log_i0(jnp.asarray(kappa, dtype))
    assert value.dtype == dtype
    assert_allclose(value, wanted, rtol=4 * tolerance, atol=tolerance)
    slope = jax.vmap(jax.grad(von_mises.log_i0))(jnp.asarray(kappa[1:], dtype))
    assert_allclose(slope, ive(1, kappa[1:]) / ive(0, kappa[1:]), atol=tolerance, rtol=20 * tolerance)


def test_the_density_has_a_finite_derivative_where_the_field_vanishes():
    slope = jax.grad(lambda h: von_mises.log_density(jnp.array([1.0, 0.0]), h))(jnp.zeros(2))
    assert_allclose(slope, [1.0, 0.0], atol=1e-15)


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.float64])
@pytest.mark.parametrize("kappa", [0.0, 0.5, 8.0, 1e4])
def test_draws_follow_the_law(kappa: float, dtype):
    """Kolmogorov-Smirnov with 40 000 draws; p > 1e-3 (fixed seed)."""
    field = kappa * von_mises.unit(jnp.full(40_000, 2.5, dtype))
    angle = np.asarray(jax.jit(von_mises.draw)(jr.key(1), jnp.asarray(field, dtype)))
    assert angle.dtype == dtype
    assert np.all((angle > -np.pi - 1e-6) & (angle <= np.pi + 1e-6))
    turned = (angle.astype(float) - 2.5 + np.pi) % (2 * np.pi) - np.pi
    law = "uniform" if kappa == 0 else vonmises(kappa).cdf
    assert kstest(turned, law, args=(-np.pi, 2 * np.pi) if kappa == 0 else ()).pvalue > 1e-3


@pytest.mark.parametrize(("fault", "limits"), [(1.0, (0.0, 3.5)), (1.06, (5.0, np.inf))])
def test_the_mean_cosine_is_a_ratio_of_bessel_functions_and_of_no_other_concentration(fault: float, limits):
    """I1 / I0 in standard errors; a concentration that is 6 % off is noticed."""
    field = 8.0 * von_mises.unit(jnp.full(40_000, 2.5))
    cosine = np.cos(np.asarray(jax.jit(von_mises.draw)(jr.key(1), field)) - 2.5)
    wanted = ive(1, 8.0 * fault) / ive(0, 8.0 * fault)
    assert limits[0] <= abs(cosine.mean() - wanted) / (cosine.std() / 200) < limits[1]


def test_vmapped_draws_are_those_of_a_loop():
    keys, fields = jr.split(jr.key(3), 5), jr.normal(jr.key(4), (5, 7, 2)) * 3
    one = jax.jit(von_mises.draw)
    together = jax.jit(jax.vmap(von_mises.draw))(keys, fields)
    assert_allclose(together, jnp.stack([one(k, h) for k, h in zip(keys, fields, strict=True)]), atol=1e-12)
