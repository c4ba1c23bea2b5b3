"""Cold matter on the grid: the first law, the crust and its join, polytropes, tables."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

import retrodict  # noqa: F401
from retrodict.base.constants import MEV_FM3_IN_DYN_CM2, MEV_FM3_IN_GRAM_CM3
from retrodict.neutron_star import export
from retrodict.neutron_star.eos import crust, tabulated
from retrodict.neutron_star.eos import equation_of_state as eos
from retrodict.neutron_star.stars import tov


def soft_then_stiff(x):
    return 0.6 / (1.0 + jnp.exp(-2.0 * (x + 1.0)))


@partial(jax.jit, static_argnums=0)
def smooth(intervals=96, join=0.09, top=1.4):
    nodes = eos.core_nodes([jnp.log(join), jnp.log(top)], [intervals])
    return eos.from_sound_speed(nodes, soft_then_stiff(eos.interval_points(nodes)))


@jax.jit
def with_transition(onset=0.4, width=0.3, speed=0.5):
    """Constant sound speeds below and above a first-order transition."""
    x = jnp.log(onset)
    nodes = eos.core_nodes([jnp.log(0.16), x, x + width, jnp.log(2.0)], [40, 1, 60])
    kind = jnp.concatenate([jnp.full(40, 0.3), jnp.zeros(1), jnp.full(60, speed)])
    return eos.from_sound_speed(nodes, jnp.broadcast_to(kind[:, None], (101, 3)))


def test_the_first_law_holds_on_every_interval():
    """d ln mu = c_s^2 dx and deps = (eps + p) dx, by quadrature finer than the one that made the grid."""
    matter, fine = smooth(64), smooth(64 * 8)
    core = slice(matter.core_start, None)
    assert_allclose(matter.log_enthalpy[core], fine.log_enthalpy[fine.core_start :: 8], rtol=0, atol=1e-9)
    assert_allclose(matter.node_pressure[core], fine.node_pressure[fine.core_start :: 8], rtol=1e-7)
    assert_allclose(matter.node_energy_density[core], fine.node_energy_density[fine.core_start :: 8], rtol=1e-8)


def test_pressure_and_chemical_potential_stay_to_the_last_bit_through_a_transition():
    matter = with_transition()
    flat = int(jnp.argmin(matter.sound_speed_squared[:, 1]))
    assert_allclose(matter.pressure[flat], matter.pressure[flat, 0], rtol=0)
    assert_allclose(np.diff(matter.chemical_potential)[flat], 0.0, atol=1e-11)
    latent = matter.energy_density[flat, 2] - matter.energy_density[flat, 0]
    assert_allclose(latent, (matter.energy_density[flat, 0] + matter.pressure[flat, 0]) * np.expm1(0.3), rtol=1e-13)


@pytest.mark.parametrize("join", [0.0241, 0.06, 0.0895, 0.176])
def test_the_crust_reaches_any_join_continuously(join):
    lower = crust.crust(jnp.asarray(join))
    assert_allclose(lower.log_density[-1], np.log(join), rtol=1e-12)
    assert (np.diff(lower.log_density) >= 0.0).all()
    for value in (lower.pressure, lower.energy_density):
        assert_allclose(value[1:, 0], value[:-1, 2], rtol=1e-12)


def test_the_crust_is_the_published_one():
    """p / c^2 = K rho^Gamma with the published K of the innermost piece."""
    rho = 5e13
    lower = crust.crust(jnp.asarray(np.exp(crust.log_number_density(rho))))
    assert_allclose(lower.pressure[-1, 2] * MEV_FM3_IN_GRAM_CM3, 3.99873692e-8 * rho**1.35692395, rtol=1e-7)


def test_a_join_can_be_differentiated():
    @jax.jit
    def top_pressure(join):
        return smooth(join=join).node_pressure[-1]

    step = 1e-5
    difference = (top_pressure(0.07 + step) - top_pressure(0.07 - step)) / (2.0 * step)
    assert_allclose(jax.grad(top_pressure)(0.07), difference, rtol=1e-7)


def test_polytropes_pass_through_their_parameters():
    """p(10^14.7 g cm^-3) = p1, and Gamma = dln p / dln n between the densities of Read et al."""
    matter = jax.jit(eos.from_piecewise_polytropes)(34.384, (3.005, 2.988, 2.851))
    x1, x2 = (crust.log_number_density(rho) for rho in eos.READ_DENSITIES)
    at = matter(jnp.array([x1, x2, x2 + 0.1]))
    assert_allclose(at.pressure[0] * MEV_FM3_IN_DYN_CM2, 10**34.384, rtol=1e-10)
    assert_allclose(jnp.log(at.pressure[1] / at.pressure[0]) / (x2 - x1), 2.988, rtol=1e-10)
    assert_allclose(
        at.sound_speed_squared[2] * (at.energy_density[2] + at.pressure[2]) / at.pressure[2], 2.851, rtol=1e-4
    )


def test_an_acausal_part_is_named_and_the_rest_stays_causal():
    matter = jax.jit(eos.from_piecewise_polytropes)(34.269, (2.830, 3.445, 3.348))
    x = float(matter.acausal_log_density)
    assert 0.5 < np.exp(x) < 1.5
    assert (matter.sound_speed_squared[matter.log_density[1:] <= x] <= 1.0 + 1e-9).all()
    assert smooth().acausal_log_density == jnp.inf


def table_of(matter, rows, lowest=1e-5):
    x = np.linspace(np.log(lowest), np.log(1.2), rows)
    at = matter(jnp.asarray(x))
    return np.exp(x), np.array(at.energy_density), np.array(at.pressure)


def test_a_table_gives_back_the_matter_that_made_it():
    matter = smooth(400)
    again = eos.from_table(*table_of(matter, 300))
    x = jnp.linspace(np.log(0.12), np.log(1.15), 77)
    assert_allclose(again(x).pressure, matter(x).pressure, rtol=2e-5)
    assert_allclose(again(x).energy_density, matter(x).energy_density, rtol=2e-5)


def test_rows_that_share_a_pressure_are_a_transition():
    matter = with_transition()
    nodes = np.arange(matter.core_start, matter.log_density.size)
    columns = [np.asarray(a)[nodes] for a in (matter.density, matter.node_energy_density, matter.node_pressure)]
    again = eos.from_table(*columns)
    flat = np.flatnonzero(np.asarray(again.sound_speed_squared[:, 1]) == 0.0)
    assert flat.size == 1
    assert_allclose(np.diff(again.log_density)[flat], 0.3, rtol=1e-10)
    assert_allclose(again(jnp.log(jnp.array([1.0]))).pressure, matter(jnp.log(jnp.array([1.0]))).pressure, rtol=1e-5)


def test_a_table_without_a_crust_gets_the_shipped_one():
    dense = eos.from_table(*table_of(smooth(400), 120, lowest=0.1))
    assert dense.density[0] < 1e-5
    assert (np.diff(dense.node_pressure) >= 0.0).all()
    assert (np.diff(dense.log_density) >= 0.0).all()
    assert_allclose(dense.pressure[1:, 0], dense.pressure[:-1, 2], rtol=1e-8)


def radius_of(matter):
    return float(tov.star_at_mass(jax.jit(tov.solve)(matter), 1.4).radius)


@pytest.mark.parametrize(
    ("lowest", "crust_below"), [(2e-6, None), (1e-4, None), (0.012, None), (0.0301, None), (2e-6, True), (0.012, True)]
)
def test_a_table_may_begin_anywhere(lowest, crust_below):
    """In the outer crust, at its pieces' ends, in the inner crust: the grid ascends, and the radius is that of the
    matter tabulated, to 20 m where a piece of crust is interpolated."""
    matter = smooth(96)
    again = eos.from_table(*table_of(matter, 400, lowest=lowest), crust=crust_below)
    assert (np.diff(again.log_density) > 0.0).sum() > 300
    assert (np.diff(again.log_density) >= 0.0).all()
    assert (np.diff(again.node_pressure) >= 0.0).all()
    assert_allclose(radius_of(again), radius_of(matter), atol=0.02)


def test_an_exported_draw_read_back_makes_the_same_stars_to_a_metre():
    """Nodes and middles are enough rows, and the surface is that of the crust that was written."""
    matter = smooth(64)
    density, energy, pressure = (np.asarray(column) for column in export._matter(matter))
    row = np.isfinite(density)
    again = eos.from_table(density[row], energy[row], pressure[row])
    assert_allclose(again.surface_log_enthalpy, matter.surface_log_enthalpy, rtol=1e-9)
    assert_allclose(radius_of(again), radius_of(matter), atol=1e-3)


@pytest.mark.parametrize("fault", ["falling", "negative", "missing", "short"])
def test_a_table_that_is_not_one_is_refused(fault):
    n, energy, p = table_of(smooth(), 40)
    if fault == "falling":
        p[7], p[8] = p[8], p[7]
    elif fault == "negative":
        n[0] = -1.0
    elif fault == "missing":
        energy[3] = np.nan
    else:
        n, energy, p = n[:3], energy[:3], p[:3]
    with pytest.raises(ValueError, match=r"table|densit"):
        eos.from_table(n, energy, p)


def test_slopes_of_a_table_are_fourth_order_and_never_overshoot():
    x = np.sort(np.random.default_rng(0).uniform(0.0, 3.0, 60))
    assert_allclose(tabulated.monotone_slopes(x, x + x**4 / 8.0), 1.0 + x**3 / 2.0, rtol=1e-9)
    step = np.array([0.0, 1e-9, 2e-9, 1.0, 1.0 + 1e-9])
    assert (tabulated.monotone_slopes(np.arange(5.0), step) <= 3e-9 + 1e-15).sum() >= 4
