"""Constrained Hamiltonian Monte Carlo: exact on a sheet of any thickness, reversible, second order, and no less."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from retrodict.inference import constrained_hmc as manifold
from retrodict.inference import tempering
from retrodict.inference.constrained_hmc import ConstrainedHMC, Phase, rattle, tangent_noise
from retrodict.inference.diagnostics import effective_sample_size
from retrodict.run.diagnostic import to_json
from tests.inference.driving import deviations, run
from tests.inference.targets import NOTHING, banana, by_grid, measured, sheet

METHOD = ConstrainedHMC(chains=16, warmup=100, draws=250, leapfrog=4)  # the same as in test_methods: compiled once


def thin_limit() -> float:
    """<z_0^2> on z_0^2 + 3 z_1^2 = 1 with the prior's weight, per unit of the datum."""
    angle = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
    weight = np.exp(-0.5 * (np.cos(angle) ** 2 + np.sin(angle) ** 2 / 3))
    return float(np.sum(weight * np.cos(angle) ** 2) / np.sum(weight))


def test_the_step_size_does_not_depend_on_the_noise_and_the_moments_stay_exact():
    sizes = []
    for noise in (1e-2, 1e-4, 1e-6):
        draws, _ = run(sheet(noise), METHOD)
        sizes.append(to_json(draws.diagnostics)["step_size"])
        square = np.asarray(draws.position)[..., 0] ** 2
        error = np.std(square) / np.sqrt(effective_sample_size(square))
        assert error < 0.025
        assert abs(np.mean(square) - thin_limit()) < 4 * error + 0.01 * noise
    assert max(sizes) / min(sizes) < 1.3  # the adapted size of sixteen chains scatters by 7 % from seed to seed
    assert min(sizes) > 0.2


def test_without_the_volume_term_the_answer_is_wrong(monkeypatch):
    """The twin: the log determinant dropped from the potential and from the force alike."""
    monkeypatch.setattr(manifold, "half_log_det", lambda factor: 0.0 * jnp.sum(factor))
    draws, _ = run(banana(), ConstrainedHMC(chains=32, warmup=50, draws=200, leapfrog=4))
    assert np.max(np.abs(deviations(draws, by_grid(banana())))) > 8


def compiled():
    """`rattle`, compiled for all targets of one structure and all step sizes."""
    return eqx.filter_jit(lambda target, phase, size: rattle(target, phase, size))


STEP = compiled()


def started(target) -> Phase:
    """A point of the banana's posterior with a random momentum."""
    point = eqx.filter_jit(lambda t, z: manifold.point_at(t, z))(target, jnp.array([0.3, 0.2]))
    return Phase(point, tangent_noise(point, jr.key(1)), jnp.asarray(True))


def along(target, phase: Phase, size: float, steps: int, step=STEP) -> Phase:
    """The phase after `steps` steps."""
    for _ in range(steps):
        phase = step(target, phase, jnp.asarray(size))
    return phase


def energy_ratios(step) -> np.ndarray:
    """How the change of the Hamiltonian over a trajectory of angle one shrinks when the step is halved, twice."""
    start = started(banana())
    ends = [along(banana(), start, 1 / steps, steps, step) for steps in (10, 20, 40)]
    errors = np.array([float(end.energy - start.energy) for end in ends])
    return errors[:-1] / errors[1:]


def test_trajectories_are_reversible():
    start = started(banana())
    end = along(banana(), start, 0.1, 10)
    back = along(banana(), end._replace(momentum=-end.momentum), 0.1, 10)
    assert bool(end.ok)
    assert bool(back.ok)
    np.testing.assert_allclose(back.point.position, start.point.position, atol=1e-6)
    np.testing.assert_allclose(back.momentum, -start.momentum, atol=1e-6)


def test_the_energy_error_falls_with_the_square_of_the_step():
    np.testing.assert_allclose(energy_ratios(STEP), 4.0, rtol=0.15)


def test_a_wrong_force_does_not_conserve_the_energy(monkeypatch):
    """The twin: the force of the volume term with the wrong sign."""
    right = manifold.point_at
    monkeypatch.setattr(manifold, "point_at", lambda *a: (here := right(*a))._replace(force=-here.force))
    assert np.all(np.abs(energy_ratios(compiled()) - 4.0) > 1.0)


def test_an_impossibly_long_step_is_refused_not_accepted():
    assert not bool(along(sheet(1e-3), started(sheet(1e-3)), 3.0, 1).ok)


# z_0^2 + z_0/10 = 1.5: between the valleys the datum is missed by thirty standard deviations, one of the hottest.
DEEP_VALLEYS = measured([1.5, 1.0], [0.05, 1.0], slope=[[0.1, 0], [1, 2]], bend=[np.diag([1.0, 0.0]), NOTHING])


def in_heavier_valley(monkeypatch, hottest: float) -> float:
    """The share of chains in the heavier of two valleys, two thirds by right, if all of them start in the other."""
    monkeypatch.setattr(tempering, "HOTTEST", hottest)
    monkeypatch.setattr(
        manifold, "starting_points", lambda target, key, count: jnp.tile(jnp.array([-1.2, 1.0]), (count, 1))
    )
    jax.clear_caches()  # what was compiled knows the other temperature
    draws, _ = run(DEEP_VALLEYS, ConstrainedHMC(chains=64, warmup=60, draws=5, leapfrog=4))
    return float(np.mean(np.asarray(draws.position)[:, -1, 0] > 0))


def test_noise_that_is_lowered_step_by_step_lets_chains_leave_the_wrong_valley(monkeypatch):
    """64 chains scatter by 0.06 around two thirds."""
    assert abs(in_heavier_valley(monkeypatch, tempering.HOTTEST) - 2 / 3) < 0.25


def test_without_inflated_noise_they_stay_where_they_were(monkeypatch):
    """The twin."""
    assert in_heavier_valley(monkeypatch, 1.0) == 0.0


def test_the_noise_ends_as_it_is_and_stays_so():
    found = [float(tempering.temperature_at(jnp.asarray(i), 50)) for i in range(50)]
    assert found[0] == pytest.approx(tempering.HOTTEST)
    np.testing.assert_allclose(np.diff(np.log(found[:26])), -np.log(tempering.HOTTEST) / 25)
    assert set(found[25:]) == {1.0}
    assert float(tempering.temperature_at(jnp.asarray(0), 0)) == 1.0
