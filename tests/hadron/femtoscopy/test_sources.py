"""Sources are densities of closed forms, whatever the latents."""

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import erfc

from retrodict.base.errors import InputError
from retrodict.hadron.femtoscopy.model import share_beyond
from retrodict.hadron.femtoscopy.sources import (
    ExponentialSource,
    GaussianSource,
    LevySource,
    NeuralSource,
    SourceGrid,
    TwoComponentSource,
    exponential,
    gaussian,
    levy,
)

STEP = 0.05
RADIUS = STEP * jnp.arange(1, 1201)
RECIPES = (GaussianSource(), ExponentialSource(), TwoComponentSource(), NeuralSource())


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: type(recipe).__name__)
def test_a_source_is_positive_and_normalised_whatever_the_latents(recipe):
    source = recipe.on(SourceGrid(RADIUS))
    for key in range(4):
        density = source(0.7 * jr.normal(jr.key(key), (source.dim,)))
        assert float(jnp.min(density)) >= 0.0
        assert_allclose(STEP * jnp.sum(density), 1.0, rtol=1e-5)


def test_a_levy_source_is_a_gaussian_for_two_and_a_cauchy_for_one():
    r = jnp.asarray([0.3, 1.0, 3.0, 8.0])
    assert_allclose(levy(r, 1.3, 2.0), gaussian(r, 1.3), atol=1e-12)
    cauchy = 4.0 * r**2 * 1.3 / (np.pi * (r**2 + 1.3**2) ** 2)
    assert_allclose(levy(r, 1.3, 1.0), cauchy, rtol=1e-8)


def test_levy_recipe_names_its_parameters():
    source = LevySource().on(SourceGrid(RADIUS[:40]))
    assert [about.name for about in source.parameters] == ["radius", "alpha"]
    values = source.values(jnp.zeros(2))
    assert_allclose([values["radius"], values["alpha"]], [1.2, 1.5])


def test_the_share_beyond_five_fermi_has_closed_forms():
    x = 5.0 / 1.5
    assert_allclose(share_beyond(exponential(RADIUS, 1.5), STEP), np.exp(-x) * (1 + x + x**2 / 2), rtol=1e-4)
    tail = erfc(2.5) + 5.0 / np.sqrt(np.pi) * np.exp(-6.25)
    assert_allclose(share_beyond(gaussian(RADIUS, 1.0), STEP), tail, rtol=2e-3)


def test_a_neural_source_without_weights_is_core_and_halo():
    """All latents zero: half core, half halo; with weights the logarithm bends by steps of their size."""
    source = NeuralSource().on(SourceGrid(RADIUS))
    centre = TwoComponentSource(length=1.5).on(SourceGrid(RADIUS))(jnp.zeros(3))
    assert_allclose(source(jnp.zeros(source.dim)), centre, rtol=1e-6)
    bent = source(jnp.zeros(source.dim).at[4].set(2.0))
    ratio = jnp.log(bent / centre)
    assert_allclose(
        ratio[-1] - ratio[0], 2.0 * 0.05 * (jnp.tanh(jnp.arcsinh(60.0) / (jnp.arcsinh(8.0) / 11)) - 0.19), rtol=0.05
    )


def test_a_network_without_units_is_refused():
    with pytest.raises(InputError, match="two units"):
        NeuralSource(units=1)
