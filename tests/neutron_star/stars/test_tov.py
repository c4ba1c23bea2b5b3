"""Stars against closed forms, an independent integration, and themselves: accuracy, order, transitions, gradients."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

import retrodict  # noqa: F401
from retrodict.base.constants import MEV_FM3_IN_INVERSE_KM2, SOLAR_MASS_IN_KM
from retrodict.neutron_star.eos import equation_of_state as eos
from retrodict.neutron_star.stars import march, reference, response, tov

GEOMETRIC = 1.0 / (SOLAR_MASS_IN_KM**2 * MEV_FM3_IN_INVERSE_KM2)  # G = c = Msun = 1 in MeV fm^-3
ENERGY = 500.0  # MeV fm^-3, the scale of the artificial stars; closed forms do not depend on it


def matter_of_enthalpy(layer, central_log_enthalpy, intervals):
    """Any eps(h), p(h) as grid matter: h itself serves as x with c_s^2 = 1, since only c_s^2 dx = dh acts on a star."""
    nodes = central_log_enthalpy * np.sin(0.5 * np.pi * np.linspace(0.0, 1.0, intervals + 1)) ** 2
    points = np.asarray(eos.interval_points(jnp.asarray(nodes)))
    values = np.array([[layer.matter(h)[:2] for h in row] for row in points])
    return eos.EquationOfState(
        jnp.asarray(nodes),
        jnp.asarray(values[..., 0]),
        jnp.asarray(values[..., 1]),
        jnp.ones(points.shape),
        jnp.zeros(()),
        0,
    )


def single(matter):
    sequence = jax.jit(tov.solve, static_argnums=1)(matter, (matter.pressure.shape[0],))
    return jax.tree.map(lambda a: float(a[0]), sequence)


def love_number(star):
    return 1.5 * star.tidal_deformability * star.compactness**5


@jax.jit
def smooth(height=0.6, join=0.09):
    nodes = eos.core_nodes([jnp.log(join), jnp.log(1.4)], [120])
    return eos.from_sound_speed(nodes, height * jax.nn.sigmoid(2.0 * (eos.interval_points(nodes) + 1.0)))


@partial(jax.jit, static_argnums=3)
def two_phases(onset=0.4, width=0.3, speed=0.8, refine=1):
    """Constant sound speeds 0.4 and `speed` below and above a first-order transition from `onset` [fm^-3]."""
    x = jnp.log(onset)
    counts = [40 * refine, 1, 60 * refine]
    nodes = eos.core_nodes([jnp.log(0.16), x, x + width, x + width + 1.2], counts)
    kind = jnp.concatenate([jnp.full(counts[0], 0.4), jnp.zeros(1), jnp.broadcast_to(speed, counts[2])])
    return eos.from_sound_speed(nodes, jnp.broadcast_to(kind[:, None], (kind.size, 3)), refine_crust=refine)


def layers_of_two_phases(matter):
    """The same matter for the reference, its transition explicit."""
    core, flat = matter.core_start, int(np.argmin(matter.sound_speed_squared[:, 1]))
    h, e, p = (np.asarray(a) for a in (matter.log_enthalpy, matter.energy_density, matter.pressure))
    crust = reference.read_layers(34.384, 3.005, 2.988, 2.851)[:5]
    crust[4] = crust[4]._replace(upper=float(h[core]))
    lower = reference.constant_speed_layer(float(h[core]), float(h[flat]), e[core, 0], p[core, 0], 0.4)
    upper = reference.constant_speed_layer(float(h[flat + 1]), np.inf, e[flat + 1, 0], p[flat + 1, 0], 0.8)
    return [*crust, lower, upper]


def compare(sequence, layers, stars):
    """Relative errors (M, R, Lambda, I) of the given stars."""
    rows = []
    for k in stars:
        exact = reference.star(layers, float(sequence.central_log_enthalpy[k]), rtol=1e-11)
        mine = (
            sequence.mass,
            sequence.radius,
            sequence.tidal_deformability,
            sequence.moment_of_inertia / tov.INERTIA_UNIT,
        )
        rows.append([float(a[k]) / b - 1.0 for a, b in zip(mine, exact, strict=True)])
    return np.abs(rows)


READ = {
    "SLy": (2.048411, 11.706101, 295.6307),
    "APR4": (2.188001, 11.319724, 247.6099),
    "H4": (2.013851, 13.952195, 855.2457),
    "MS1": (2.752777, 14.926318, 1379.2878),
}


@jax.jit
def headline(log10_p1, gamma):
    sequence = tov.solve(eos.from_piecewise_polytropes(log10_p1, gamma))
    typical = tov.star_at_mass(sequence, 1.4)
    return jnp.stack([tov.maximum_mass(sequence).mass, typical.radius, typical.tidal_deformability])


@pytest.mark.parametrize("name", READ)
def test_headline_numbers_of_published_polytropes(name):
    """M_max, R_1.4 and Lambda_1.4 by adaptive integration and root finding elsewhere."""
    p1, *gamma = reference.READ_ET_AL[name]
    errors = np.abs(headline(p1, jnp.array(gamma)) / np.array(READ[name]) - 1.0)
    assert (errors < [2e-6, 2e-6, 1e-5]).all(), errors


@pytest.mark.parametrize("name", ["WFF1", "GS2"])
def test_stars_of_polytropes_agree_with_an_adaptive_integration_in_radius(name):
    """One of about a solar mass, and the hardest: centred just above the breakpoint at 10^14.7 g cm^-3."""
    p1, *gamma = reference.READ_ET_AL[name]
    sequence = jax.jit(lambda: tov.solve(eos.from_piecewise_polytropes(p1, gamma)))()
    stars = [int(jnp.argmax(sequence.mass > 1.0)), eos.READ_INTERVALS[0]]
    errors = compare(sequence, reference.read_layers(p1, *gamma), stars)
    assert (errors.max(axis=0) < [2e-6, 2e-6, 1e-5, 1e-5]).all(), errors


@partial(jax.jit, static_argnums=2)
def star_table(log10_p1, gamma, refine):
    """M, R, Lambda of all stars of the default grid, computed on a finer one."""
    matter = eos.from_piecewise_polytropes(log10_p1, gamma, refine=refine)
    sequence = tov.solve(matter, matter.core_start + refine * np.arange(1, sum(eos.READ_INTERVALS) + 1))
    return jnp.stack([sequence.mass, sequence.radius, sequence.tidal_deformability])


def test_every_star_of_the_published_list_agrees_with_a_grid_sixteen_times_finer():
    """All stars from half a solar mass to the heaviest of all 34 equations of state, those just above a breakpoint
    included, where the steps are widest beside the distance to the centre."""
    worst = {1: np.zeros(3), 4: np.zeros(3)}
    for p1, *gamma in reference.READ_ET_AL.values():
        curves = {r: np.asarray(star_table(p1, jnp.array(gamma), r)) for r in (1, 4, 16)}
        mass, radius, _ = curves[16]
        star = (mass > 0.5) & (radius < 25.0)
        star = star & (np.arange(mass.size) <= np.argmax(np.where(star, mass, 0.0)))
        for r, most in worst.items():
            worst[r] = np.maximum(most, np.abs(curves[r] / curves[16] - 1.0)[:, star].max(axis=1))
    assert (worst[1] < [2e-6, 2e-6, 1e-5]).all(), worst
    assert (worst[4] < [1e-8, 1e-8, 1e-7]).all(), worst


@pytest.mark.parametrize("name", ["PS"])
def test_the_fine_grid_reaches_1e8(name):
    """Stars just above both breakpoints, against the adaptive integration."""
    p1, *gamma = reference.READ_ET_AL[name]
    matter = jax.jit(partial(eos.from_piecewise_polytropes, refine=4))(p1, jnp.array(gamma))
    stars = tuple(matter.core_start + 4 * np.array([61, 87]))
    sequence = jax.jit(tov.solve, static_argnums=1)(matter, stars)
    heavy = np.flatnonzero(np.asarray(sequence.mass) > 0.5)
    errors = compare(sequence, reference.read_layers(p1, *gamma), heavy)
    assert (errors.max(axis=0) < [1e-8, 1e-8, 1e-7, 2e-8]).all(), errors


def test_the_march_is_of_fourth_order():
    """From one state at one node, on grids of 120, 240, 480 and 1920 core intervals."""

    def arrays(refine):
        nodes = eos.core_nodes([jnp.log(0.09), jnp.log(1.4)], [120 * refine])
        speed = 0.6 * jax.nn.sigmoid(2.0 * (eos.interval_points(nodes) + 1.0))
        matter = eos.from_sound_speed(nodes, speed, refine_crust=1)
        rise = matter.sound_speed_squared * jnp.diff(matter.log_density)[:, None]
        grid = march.Intervals(tov.CURVATURE * matter.energy_density, tov.CURVATURE * matter.pressure, rise)
        return matter.core_start, grid

    arrays = jax.jit(arrays, static_argnums=0)
    start, coarse = arrays(1)
    stars = np.array([70, 100])
    state, first = tov.centres(coarse, start + stars)
    ends = {r: march.march(arrays(r)[1], start + (first - start) * r, state) for r in (1, 2, 4, 16)}
    errors = {r: np.abs(np.array(ends[r][:3]) / np.array(ends[16][:3]) - 1.0).max(axis=1) for r in (1, 2, 4)}
    assert (np.log2(errors[1] / errors[2]) > 3.8).all(), errors
    assert (np.log2(errors[2] / errors[4]) > 3.8).all(), errors


@partial(jax.jit, static_argnums=0)
def smooth_polytrope_stars(intervals):
    """M, R, Lambda of six stars of p = 100 rho^2 without a crust."""
    x = jnp.log(1e-6) + jnp.log(2.5e3) * (1.0 - jnp.linspace(1.0, 0.0, intervals + 1) ** 1.6)
    matter = eos.polytropic(2.0, (1e-6 + 1e-10) * GEOMETRIC, 1e-10 * GEOMETRIC, x)
    sequence = tov.solve(matter, intervals * np.array([50, 60, 70, 80, 90, 100]) // 100)
    return jnp.stack([sequence.mass, sequence.radius, sequence.tidal_deformability])


def test_the_whole_solver_converges_at_fourth_order_until_its_centre_decides():
    """Order of the total error, centre and surface included, fitted over 50, 100 and 200 intervals: M and R at least
    3.8 (Lambda reads 4.6). Beyond, below 1e-6, the first steps beside the centre decide: between 3 and 4."""
    exact = smooth_polytrope_stars(1600)
    grids = np.array([50, 100, 200, 400])
    errors = np.array([np.abs(smooth_polytrope_stars(int(n)) / exact - 1.0).max(axis=1) for n in grids])
    order = -np.polyfit(np.log2(grids[:3]), np.log2(errors[:3]), 1)[0]
    assert (order[:2] > 3.8).all(), order
    assert (np.log2(errors[2] / errors[3]) > 3.0).all(), errors


def test_incompressible_stars_have_their_central_pressure():
    """p_c / eps = (1 - s) / (3 s - 1), s = sqrt(1 - 2 C), up to near the Buchdahl limit."""
    for pressure in (1e-3, 0.1, 1.0, 5.0):
        layer = reference.Layer(0.0, np.inf, lambda h: (ENERGY, ENERGY * np.expm1(h), 0.0))
        star = single(matter_of_enthalpy(layer, np.log1p(pressure), 400))
        assert_allclose(reference.incompressible_pressure(star.compactness), pressure, rtol=1e-7)


@pytest.mark.parametrize(
    ("compactness", "k2"), [(0.05, 0.5562566), (0.1, 0.4003049), (0.2, 0.1830192), (0.3, 0.0632060), (0.4, 0.0103470)]
)
def test_incompressible_stars_have_their_love_number(compactness, k2):
    """The density jump at the surface included (Damour and Nagar 2009)."""
    pressure = reference.incompressible_pressure(compactness)
    layer = reference.Layer(0.0, np.inf, lambda h: (ENERGY, ENERGY * np.expm1(h), 0.0))
    assert_allclose(love_number(single(matter_of_enthalpy(layer, np.log1p(pressure), 400))), k2, rtol=1e-7, atol=6e-8)


@pytest.mark.parametrize(
    ("compactness", "pressure", "k2"),
    [(0.1, 0.06465058, 0.15923483), (0.15, 0.11441598, 0.10455392), (0.2, 0.18746309, 0.06442521)],
)
def test_tolman_vii_is_reproduced(compactness, pressure, k2):
    s = np.asarray(eos.interval_points(jnp.linspace(0.0, 1.0, 401)))[::-1, ::-1]
    exact = reference.tolman_vii(compactness, s)
    assert_allclose(exact.pressure.max(), pressure, rtol=1e-6)
    matter = eos.EquationOfState(
        jnp.linspace(-1.0, 0.0, 401),
        jnp.asarray(ENERGY * exact.energy_density),
        jnp.asarray(ENERGY * exact.pressure),
        jnp.asarray(exact.slope),
        jnp.zeros(()),
        0,
    )
    star = single(matter)
    assert_allclose(star.compactness, compactness, rtol=1e-7)
    assert_allclose(love_number(star), k2, rtol=1e-6)


@pytest.mark.parametrize(("index", "k2"), [(0.5, 0.1531392), (1.0, 0.0783706), (1.2, 0.0580334)])
def test_energy_polytropes_have_their_published_love_numbers(index, k2):
    """p = K eps^(1 + 1/n) at C = 0.15; two stars bracket the compactness."""
    layer = reference.energy_polytrope(index, ENERGY ** (-1.0 / index))

    def star(h):
        return single(matter_of_enthalpy(layer, h, 400))

    h, ends = (0.20, 0.30), (star(0.20), star(0.30))
    while abs(ends[1].compactness - 0.15) > 1e-10:
        slope = (ends[1].compactness - ends[0].compactness) / (h[1] - h[0])
        h = (h[1], h[1] + (0.15 - ends[1].compactness) / slope)
        ends = (ends[1], star(h[1]))
    assert_allclose(love_number(ends[1]), k2, rtol=1e-5)


def test_love_numbers_have_their_newtonian_limits():
    """(15 - pi^2) / (2 pi^2) for n = 1 and 3/4 for constant density: the series in C does not cancel."""
    soft = reference.energy_polytrope(1.0, 1.0 / ENERGY)
    hard = reference.Layer(0.0, np.inf, lambda h: (ENERGY, ENERGY * np.expm1(h), 0.0))
    assert_allclose(
        love_number(single(matter_of_enthalpy(soft, 1e-7, 400))), (15 - np.pi**2) / (2 * np.pi**2), rtol=1e-5
    )
    assert_allclose(love_number(single(matter_of_enthalpy(hard, 1e-7, 400))), 0.75, rtol=1e-5)


def test_both_branches_of_the_love_number_meet():
    c = jnp.array([0.0999999999, 0.1000000001])
    a, b = tov.tidal_deformability(c, jnp.array(1.2))
    assert_allclose(a, b * (c[1] / c[0]) ** 5.6, rtol=1e-9)


def test_a_relativistic_polytrope_agrees_with_lalsimulation_to_eight_digits():
    """p = 100 rho^2, rho_c = 1.28e-3 in G = c = Msun = 1; the moment of inertia from an independent integration."""
    lowest = 1e-10
    pressure = 100.0 * lowest**2
    x = np.log(lowest) + (np.log(1.28e-3 / lowest)) * (1.0 - np.linspace(1.0, 0.0, 401) ** 1.6)
    matter = eos.polytropic(2.0, (lowest + pressure) * GEOMETRIC, pressure * GEOMETRIC, jnp.asarray(x))
    star = single(matter)
    assert_allclose([star.mass, star.radius / SOLAR_MASS_IN_KM], [1.40015973, 9.58562402], rtol=1e-7)
    assert_allclose(love_number(star), 0.07389074, rtol=1e-6)
    inertia = star.moment_of_inertia / tov.INERTIA_UNIT / SOLAR_MASS_IN_KM**3
    assert_allclose(inertia / star.mass**3, 14.48243, rtol=1e-6)


LATENT_HEAT = {0.1: 0.135, 0.3: 0.450, 0.6: 1.056}  # over the energy density at onset, by width in ln n


@pytest.mark.parametrize("width", LATENT_HEAT)
def test_a_first_order_transition_is_crossed_exactly(width):
    """Against an integration with the explicit jump of y; latent heats up to the energy density at onset."""
    matter = two_phases(0.45, width, 0.8, 4)
    jump = matter.energy_density[matter.core_start + 160, 2] / matter.energy_density[matter.core_start + 160, 0] - 1.0
    assert_allclose(jump, LATENT_HEAT[width], atol=0.01)
    nodes = matter.core_start + np.array([160 + 1 + 40, 160 + 1 + 140])
    sequence = jax.jit(tov.solve, static_argnums=1)(matter, tuple(nodes))
    errors = compare(sequence, layers_of_two_phases(matter), [0, 1])
    assert errors.max() < 1e-6, errors


def test_a_centre_inside_a_transition_is_the_star_at_its_onset():
    nodes = eos.core_nodes([jnp.log(0.16), jnp.log(0.45), jnp.log(0.6), jnp.log(1.5)], [30, 5, 40])
    speed = jnp.concatenate([jnp.full((30, 3), 0.4), jnp.zeros((5, 3)), jnp.full((40, 3), 0.8)])
    sequence = jax.jit(lambda: tov.solve(eos.from_sound_speed(nodes, speed)))()
    assert_allclose(sequence.mass[30:35], sequence.mass[29], rtol=1e-12)
    assert_allclose(sequence.tidal_deformability[30:35], sequence.tidal_deformability[29], rtol=1e-12)


def test_a_transition_of_many_intervals_is_that_of_one():
    """Layers in which h does not rise cost a star none of the fine steps beside its centre."""

    @partial(jax.jit, static_argnums=0)
    def stars_above(count):
        edges = [jnp.log(0.16), jnp.log(0.45), jnp.log(0.6), jnp.log(1.5)]
        nodes = eos.core_nodes(edges, [30, count, 40])
        speed = jnp.concatenate([jnp.full((30, 3), 0.4), jnp.zeros((count, 3)), jnp.full((40, 3), 0.8)])
        matter = eos.from_sound_speed(nodes, speed)
        sequence = tov.solve(matter, matter.core_start + 30 + count + np.arange(1, 6))
        return jnp.stack([sequence.mass, sequence.radius, sequence.tidal_deformability, sequence.moment_of_inertia])

    assert_allclose(stars_above(8), stars_above(1), rtol=1e-11)


def central_difference(function, x, direction, step):
    """Sixth order."""
    at = [function(x + k * step * direction) for k in (-3, -2, -1, 1, 2, 3)]
    return (45.0 * (at[3] - at[2]) - 9.0 * (at[4] - at[1]) + (at[5] - at[0])) / (60.0 * step)


@jax.jit
def functionals(parameters):
    """M, R, ln Lambda, I of one star, M_max, and R, ln Lambda at 1.4 Msun, over (height, join) of the smooth matter."""
    sequence = tov.solve(smooth(*parameters))
    typical, heaviest = tov.star_at_mass(sequence, 1.4), tov.maximum_mass(sequence)
    star = [a[70] for a in (sequence.mass, sequence.radius, jnp.log(sequence.tidal_deformability))]
    inertia = 1e-38 * sequence.moment_of_inertia[70]
    return jnp.stack([*star, inertia, heaviest.mass, typical.radius, jnp.log(typical.tidal_deformability)])


def test_derivatives_agree_with_finite_differences_and_both_modes_with_each_other():
    x = jnp.array([0.6, 0.09])
    forward = jax.jit(jax.jacfwd(functionals))(x)
    for k, step in ((0, 3e-4), (1, 4e-5)):
        direction = jnp.eye(2)[k]
        assert_allclose(forward[:, k], central_difference(functionals, x, direction, step), rtol=1e-7, atol=1e-9)
    assert_allclose(jax.jit(jax.jacrev(functionals))(x), forward, rtol=1e-11, atol=1e-13)


def test_the_linear_response_is_the_derivative_of_the_plain_march():
    """The assembled kernel against automatic differentiation through the scan, in all directions at once."""
    matter = two_phases(0.4, 0.3, 0.8, 1)
    energy, pressure = tov.CURVATURE * matter.energy_density, tov.CURVATURE * matter.pressure
    rise = matter.sound_speed_squared * jnp.diff(matter.log_density)[:, None]
    state, first = tov.centres(march.Intervals(energy, pressure, rise), np.arange(40, 120, 13))
    tangents = [
        jax.random.normal(jax.random.key(k), a.shape) * a for k, a in enumerate((energy, pressure, rise, *state))
    ]
    rise_too = tangents[2] + 1e-3 * (rise == 0.0)

    def tangent(function):
        def through(e, p, d, *s):
            return function(march.Intervals(e, p, d), first, march.State(*s))

        return jax.jit(lambda t: jax.jvp(through, (energy, pressure, rise, *state), t)[1])(
            (tangents[0], tangents[1], rise_too, *tangents[3:])
        )

    for mine, plain in zip(tangent(response.differentiable_march), tangent(march.march), strict=True):
        assert_allclose(mine, plain, rtol=1e-9)


@jax.jit
def at_transition(parameters):
    """M, R and ln Lambda of two stars that have the transition inside, over (onset, width)."""
    sequence = tov.solve(two_phases(parameters[0], parameters[1], 0.8, 1))
    rows = (sequence.mass, sequence.radius, jnp.log(sequence.tidal_deformability))
    return jnp.stack([row[k] for row in rows for k in (44, 70)])


def test_derivatives_with_respect_to_onset_and_latent_heat_agree_with_finite_differences():
    x = jnp.array([0.4, 0.15])
    forward = jax.jit(jax.jacfwd(at_transition))(x)
    for k, step in ((0, 1e-3), (1, 1e-3)):
        assert_allclose(forward[:, k], central_difference(at_transition, x, jnp.eye(2)[k], step), rtol=1e-6)


def test_twin_stars_are_all_found():
    """A strong transition makes two stable stars of one mass; the denser is smaller."""
    sequence = jax.jit(lambda: tov.solve(two_phases(0.3, 0.6, 0.95, 1)))()
    twins = jax.jit(lambda s: tov.stars_at_mass(s, 2.25))(sequence)
    assert int(twins.valid.sum()) == 2
    radii = np.asarray(twins.radius)[np.asarray(twins.valid)]
    assert radii[1] < radii[0] - 0.5
    assert_allclose(jax.jit(lambda s: tov.star_at_mass(s, 2.25).radius)(sequence), radii[0], rtol=1e-12)


def test_the_heaviest_star_before_a_destabilising_transition_is_the_one_at_onset():
    sequence = jax.jit(lambda: tov.solve(two_phases(0.42, 1.2, 0.4, 1)))()
    heaviest = tov.maximum_mass(sequence)
    assert_allclose(heaviest.mass, sequence.mass[39], rtol=1e-12)
    assert_allclose(heaviest.central_density, 0.42, rtol=1e-9)


def test_an_acausal_tail_above_the_maximum_mass_changes_nothing():
    """Values and gradients below stay what they were, and none is NaN."""

    @jax.jit
    def scalars(tail):
        nodes = eos.core_nodes([jnp.log(0.09), jnp.log(1.25), jnp.log(1.8)], [110, 20])
        speed = 0.75 * jax.nn.sigmoid(2.0 * (eos.interval_points(nodes) + 1.0))
        above = nodes[:-1, None] >= jnp.log(1.25) - 1e-9
        sequence = tov.solve(eos.from_sound_speed(nodes, jnp.where(above, tail, speed)))
        star = tov.star_at_mass(sequence, 1.4)
        return jnp.stack([tov.maximum_mass(sequence).mass, star.radius, star.tidal_deformability]), sequence.valid

    (tame, fine), (wild, bad) = scalars(0.5), scalars(40.0)
    assert fine.all()
    assert not bad[-1]
    assert_allclose(wild, tame, rtol=1e-12)
    gradient = jax.jit(jax.jacrev(lambda tail: scalars(tail)[0]))(40.0)
    assert_allclose(gradient, 0.0, atol=1e-12)


def test_a_grid_that_ends_before_the_turning_point_says_so():
    nodes = eos.core_nodes([jnp.log(0.09), jnp.log(0.5)], [60])
    speed = 0.6 * jax.nn.sigmoid(2.0 * (eos.interval_points(nodes) + 1.0))
    sequence = jax.jit(lambda: tov.solve(eos.from_sound_speed(nodes, speed)))()
    assert not tov.maximum_mass(sequence).valid
    assert not tov.star_at_mass(sequence, 3.0).valid
    assert np.isfinite(tov.star_at_mass(sequence, 3.0).radius)


@jax.jit
def curve_and_gradient(latents):
    def scalar(latents):
        nodes = eos.core_nodes([jnp.log(0.1), jnp.log(1.2)], [64])
        knots = jnp.linspace(nodes[0], nodes[-1], latents.size)
        phi = jnp.interp(eos.interval_points(nodes).ravel(), knots, latents).reshape(-1, 3)
        sequence = tov.solve(eos.from_sound_speed(nodes, jax.nn.sigmoid(phi)))
        typical = tov.star_at_mass(sequence, 1.4)
        return tov.maximum_mass(sequence).mass + typical.radius + jnp.log(typical.tidal_deformability)

    return jax.value_and_grad(scalar)(latents)


def test_no_draw_of_a_wide_prior_gives_nan():
    """Sound speeds from 1e-6 to 1 - 1e-6, rough and smooth; ten thousand in the slow twin of this test.

    Number 5316 has stars that end on a stiff interval below four soft ones, where a plain march gives Lambda < 0.
    """
    _all_finite(np.append(np.arange(100), 5316))


@pytest.mark.slow
def test_no_draw_in_ten_thousand_gives_nan():
    _all_finite(np.arange(10_000))


def _all_finite(draws):
    latents = 4.0 * jax.random.normal(jax.random.key(1), (10_000, 20))[draws] - 0.5
    value, gradient = jax.jit(lambda x: jax.lax.map(curve_and_gradient, x))(latents)
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()


def test_a_batch_is_its_members():
    heights = jnp.array([0.45, 0.6, 0.8])
    together = jax.jit(jax.vmap(lambda h: tov.solve(smooth(h)).mass))(heights)
    apart = jnp.stack([jax.jit(lambda h: tov.solve(smooth(h)).mass)(h) for h in heights])
    assert_allclose(together, apart, rtol=1e-12)
    gradient = jax.grad(lambda h: tov.solve(smooth(h)).radius[60])
    together = jax.jit(jax.vmap(gradient))(heights)
    assert_allclose(together, jnp.stack([jax.jit(gradient)(h) for h in heights]), rtol=1e-10)


def test_the_adaptive_variant_agrees():
    matter = smooth()
    stars = np.array([70, 100])
    fixed = jax.jit(lambda m: tov.solve(m, stars))(matter)
    adaptive = jax.jit(lambda m: tov.solve(m, stars, rtol=1e-10))(matter)
    assert_allclose(fixed.mass, adaptive.mass, rtol=2e-6)
    assert_allclose(fixed.radius, adaptive.radius, rtol=2e-6)
    assert_allclose(fixed.tidal_deformability, adaptive.tidal_deformability, rtol=1e-5)
    assert_allclose(fixed.moment_of_inertia, adaptive.moment_of_inertia, rtol=2e-6)
