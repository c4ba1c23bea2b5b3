"""What an equation of state says of the masses, and what it does not."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.hadron.quasi_particles.analysis import QuasiParticles
from retrodict.hadron.quasi_particles.mock import mock_table, true_masses
from retrodict.hadron.quasi_particles.report import forward_of, spreads
from retrodict.inference.least_squares import minimise
from retrodict.num.hot_qcd import equation_of_state


@eqx.filter_jit
def best_of(target, key):
    found = minimise(target, 0.1 * target.init(key), iterations=80, temperature=100.0)
    return found.position, target.derived(found.position)


@pytest.fixture(scope="module")
def precise():
    """The fit of exact data with errors of 1e-4, by random functions."""
    target = QuasiParticles().given(mock_table(1e-4, seed=None))
    return target, *best_of(target, jax.random.key(0))


def test_exact_data_are_described_to_the_accuracy_that_is_asked_for(precise):
    target, _, found = precise
    truth = equation_of_state(forward_of(target).shown.point)
    for name in ("entropy_density", "pressure", "energy_density"):
        np.testing.assert_allclose(found[name], getattr(truth, name), rtol=3e-4)
    np.testing.assert_allclose(found["trace_anomaly"], truth.trace_anomaly, atol=3e-3)
    np.testing.assert_allclose(found["sound_speed_squared"], truth.sound_speed_squared, rtol=0.02)


def test_the_viscosity_is_least_a_third_above_the_crossover(precise):
    assert 1.2 < float(precise[2]["least_viscosity_at"]) < 1.4
    assert 1 / (4 * np.pi) < float(precise[2]["least_viscosity"]) < 0.2


def test_an_equation_of_state_fixes_one_combination_and_susceptibilities_all_masses(precise):
    target, z, _ = precise
    _, after, combined = spreads(target, z)
    middle = slice(8, -8)
    assert np.all(after[:, middle] > 0.1), "single masses stay open even with errors of 1e-4"
    assert np.all(combined[middle] < 0.05 * after[:, middle].min(axis=0))
    more = QuasiParticles(susceptibilities=True).given(mock_table(1e-4, seed=None, susceptibilities=True))
    _, told, _ = spreads(more, z)
    assert np.all(told[:, middle] < 0.02)


def test_the_true_masses_of_the_mock_have_its_entropy_density():
    table = mock_table(0.01, seed=None, susceptibilities=True)
    t = jnp.asarray(table.temperature)
    np.testing.assert_allclose(table.value["entropy_density"], equation_of_state(t).entropy_density)
    masses = np.asarray(true_masses(t))
    assert np.all(masses[0] > masses[1])
    assert np.all(masses[2] > masses[1])
    assert np.all(table.value["baryon_susceptibility"] < 1 / 3)


def test_susceptibilities_and_ratios_that_the_table_cannot_have_are_refused():
    with pytest.raises(InputError, match="no susceptibilities"):
        QuasiParticles(susceptibilities=True).given(mock_table(0.01))
    table = mock_table(0.01)
    short = type(table)(
        table.temperature[:12],
        {name: x[:12] for name, x in table.value.items()},
        {name: x[:12] for name, x in table.error.items()},
        "short",
    )
    with pytest.raises(InputError, match="no high temperatures"):
        QuasiParticles(ratio_prior=0.1).given(short)


def test_the_prior_of_the_ratios_is_a_term_of_its_own():
    target = QuasiParticles(ratio_prior=0.1).given(mock_table(0.01))
    assert list(target.likelihood.terms) == ["entropy_density", "trace_anomaly", "ratio_prior"]
    assert any("ratio_prior" in note for note in target.notes)
