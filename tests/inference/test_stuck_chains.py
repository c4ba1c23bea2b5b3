"""Modes with next to no mass lose their chains, others keep theirs; a mean potential tells what a mode weighs."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from retrodict.inference import stuck_chains as stuck_chains
from retrodict.inference import tempering
from retrodict.inference.constrained_hmc import ConstrainedHMC, State, point_at
from retrodict.inference.step_size import initial_step_size
from tests.inference.targets import NOTHING, UNMEASURED, measured

METHOD = ConstrainedHMC(chains=64, warmup=60, draws=20, leapfrog=4)


@pytest.fixture(autouse=True)
def no_inflated_noise(monkeypatch):
    """Otherwise chains leave the lighter valley while the noise is lowered."""
    monkeypatch.setattr(tempering, "HOTTEST", 1.0)


def two_valleys(tilt: float):
    """z_0^2 + tilt z_0 = 1.5 to a thousandth: two straight strips, equally wide."""
    return measured([1.5, 0.0], [1e-3, UNMEASURED], slope=[[tilt, 0], [0, 0]], bend=[np.diag([1.0, 0.0]), NOTHING])


def bottoms(tilt: float) -> np.ndarray:
    """z_0 of the heavier valley and of the lighter one."""
    return (-tilt + np.array([1, -1]) * np.sqrt(tilt**2 + 6)) / 2


def log_ratio(tilt: float) -> float:
    """Of their masses, which the prior decides."""
    heavier, lighter = bottoms(tilt)
    return 0.5 * (lighter**2 - heavier**2)


class Run(NamedTuple):
    """z_0 of the last draws, mean potentials of the chains after warm-up, and how many were restarted."""

    z0: np.ndarray
    potential: np.ndarray
    restarted: int


@eqx.filter_jit
def _run(target, places):
    def step(state, index):
        state, record = METHOD.step(target, state, jr.fold_in(jr.key(0), index), index)
        return state, record.kept.position

    start = State(places, initial_step_size(0.05), stuck_chains.watch(METHOD.chains))
    state, positions = jax.lax.scan(step, start, jnp.arange(METHOD.steps))
    potential = jax.vmap(jax.vmap(lambda z: point_at(target, z).potential))(positions[METHOD.warmup :])
    return state, jnp.mean(potential, axis=0)


def half_in_each(tilt: float) -> Run:
    """Of 64 chains: the even ones start in the heavier valley, the odd ones in the lighter."""
    places = jnp.tile(jnp.stack([jnp.asarray(bottoms(tilt)), jnp.zeros(2)], axis=1), (METHOD.chains // 2, 1))
    state, potential = _run(two_valleys(tilt), places)
    return Run(np.asarray(state.position)[:, 0], np.asarray(potential), int(state.seen.restarted))


def test_a_valley_with_a_ten_thousandth_of_the_mass_is_left():
    assert log_ratio(4.0) == pytest.approx(9.4, abs=0.1)
    found = half_in_each(4.0)
    assert np.all(found.z0 > 0)
    assert found.restarted == METHOD.chains // 2


def test_a_valley_with_a_fifteenth_of_the_mass_keeps_its_chains():
    assert log_ratio(1.8) == pytest.approx(2.75, abs=0.1)
    found = half_in_each(1.8)
    np.testing.assert_array_equal(found.z0 > 0, np.arange(METHOD.chains) % 2 == 0)
    assert found.restarted == 0


def test_mean_potentials_differ_by_the_log_of_the_ratio_of_masses():
    """To leading order, which is all there is in a straight valley."""
    potential = half_in_each(1.8).potential
    heavier, lighter = potential[0::2], potential[1::2]
    error = np.sqrt((np.var(lighter) + np.var(heavier)) / len(lighter))
    assert error < 0.15
    assert abs(lighter.mean() - heavier.mean() - log_ratio(1.8)) < 3 * error


def test_without_the_watch_chains_stay_in_any_valley(monkeypatch):
    """The twin."""
    monkeypatch.setattr(stuck_chains, "NEGLIGIBLE", np.inf)
    jax.clear_caches()  # what was compiled knows the limit
    assert np.mean(half_in_each(4.0).z0 > 0) == 0.5
    jax.clear_caches()


def walked(potentials: np.ndarray, warmup: int) -> tuple[np.ndarray, int]:
    """Where three chains stand after a warm-up in which their potentials were always `potentials`."""
    position, seen = jnp.arange(3.0)[:, None], stuck_chains.watch(3)
    for i in range(warmup + 10):
        position, seen = stuck_chains.replace_stuck_chains(
            seen, position, jnp.asarray(potentials), jr.key(i), jnp.asarray(i), warmup
        )
    return np.asarray(position)[:, 0], int(seen.restarted)


def test_chains_without_a_finite_potential_are_restarted():
    position, restarted = walked(np.array([1.0, np.nan, np.inf]), 30)
    np.testing.assert_array_equal(position, 0.0)
    assert restarted == 4  # the potentials do not follow, so they are found again in the second round


def test_the_hottest_half_and_the_draws_themselves_are_left_alone():
    potentials = np.array([1.0, 1.0, 100.0])
    assert walked(potentials, 2)[1] == 0  # too short to judge anything
    assert walked(potentials, 60)[1] == 2
