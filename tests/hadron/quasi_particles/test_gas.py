"""The ideal gas of massive particles against Bessel sums and massless limits, and integrals over the temperature."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import kn

from retrodict.hadron.quasi_particles.ansatz import SmoothMasses, ThermalMasses
from retrodict.hadron.quasi_particles.gas import SPECIES, entropy, pressure, scalar_density, shear, susceptibility
from retrodict.hadron.quasi_particles.temperatures import temperatures
from retrodict.hadron.quasi_particles.thermodynamics import Masses, matter, sum_over, viscosity
from retrodict.num.hot_qcd import equation_of_state
from retrodict.problem.prior import LogNormal

TABLE_II = np.array(  # T [MeV], trace anomaly, p/T^4, e/T^4, s/T^3 of arXiv:1407.6387
    [
        (130, 1.01, 0.439, 2.33, 2.77),
        (150, 2.09, 0.651, 4.05, 4.70),
        (170, 3.34, 0.994, 6.32, 7.32),
        (200, 4.05, 1.613, 8.89, 10.5),
        (240, 3.69, 2.328, 10.68, 13.0),
        (300, 2.96, 3.072, 12.18, 15.25),
        (400, 1.99, 3.782, 13.34, 17.12),
    ]
)


@pytest.mark.parametrize("species", SPECIES, ids=lambda species: species.name)
def test_entropy_and_pressure_are_sums_of_bessel_functions(species):
    x, n = np.array([0.3, 1.0, 3.0, 8.0, 20.0]), np.arange(1, 301)[:, None]
    sign = np.ones_like(n) if species.sign > 0 else (-1) ** (n + 1)
    d = species.states / (2 * np.pi**2)
    want_p = d * np.sum(sign * x**2 / n**2 * kn(2, n * x), axis=0)
    want_s = d * np.sum(sign * x**3 / n * kn(3, n * x), axis=0)
    np.testing.assert_allclose(pressure(jnp.asarray(x), species), want_p, rtol=1e-11)
    np.testing.assert_allclose(entropy(jnp.asarray(x), species), want_s, rtol=1e-11)


def test_massless_limits():
    light = [float(entropy(jnp.asarray(1e-7), species)) for species in SPECIES]
    np.testing.assert_allclose(light, [7.0183853519, 9.2116307744, 4.6058153871], rtol=1e-10)
    quarks = [float(susceptibility(jnp.asarray(1e-7), species)) for species in SPECIES[1:]]
    np.testing.assert_allclose(quarks, [2.0, 1.0], rtol=1e-10)


def test_scalar_density_is_minus_the_slope_of_the_pressure_with_the_mass():
    for species in SPECIES:
        slope = jax.grad(lambda x, s=species: pressure(x, s))(jnp.asarray(1.3))
        assert float(slope) == pytest.approx(-float(scalar_density(jnp.asarray(1.3), species)), rel=1e-10)


@pytest.mark.parametrize("species", SPECIES[::2], ids=lambda species: species.name)
def test_shear_and_susceptibility_are_their_integrals(species):
    def occupation(p):
        return 1 / (np.exp(np.hypot(p, 1.7)) - species.sign)

    def flow(p):
        f = occupation(p)
        return p**6 / (p**2 + 1.7**2) * f * (1 + species.sign * f)

    want = species.states / (30 * np.pi**2) * quad(flow, 0, 60, epsabs=0, epsrel=1e-11)[0]
    assert float(shear(jnp.asarray(1.7), species)) == pytest.approx(want, rel=1e-9)


def test_the_published_table_is_the_parametrisation_within_its_own_fit():
    found = equation_of_state(jnp.asarray(TABLE_II[:, 0]))
    ours = np.stack([found.trace_anomaly, found.pressure, found.energy_density, found.entropy_density], axis=1)
    np.testing.assert_allclose(ours, TABLE_II[:, 1:], rtol=0.012)


def at_points():
    return temperatures(130.0, 400.0, np.array([131.0, 150.0, 163.7, 200.0, 290.0, 399.0]))


def random_masses(at, seed=3):
    ansatz = SmoothMasses().on(at, LogNormal(0.44, 0.4))
    return ansatz, ansatz(jax.random.normal(jax.random.key(seed), (ansatz.dim,)))


def closed_form(t):
    """ln m of the three species, a smooth function of T."""
    light = np.log(420 + 300 * np.exp(-(t - 130) / 40))
    return np.stack([light + 0.3 + 0.1 * np.tanh((t - 200) / 50), light, light + 0.05 + 10 / t])


def test_the_pressure_is_the_integral_of_the_entropy_density_and_the_bag_function_of_the_masses():
    """s = dP/dT by an adaptive rule, and dB/dT = sum dP_i/dm_i dm_i/dT, both to 1e-10."""
    at = at_points()
    found = matter(Masses(jnp.asarray(closed_form(np.asarray(at.node))), jnp.asarray(0.44)), at)

    def ratio(t):
        return jnp.exp(jnp.asarray(closed_form(t))) / t

    def s(t):
        return float(t**3 * sum_over(entropy, ratio(t)))

    def bag_slope(t, h=1e-3):
        x = ratio(t)
        slope = (closed_form(t + h) - closed_form(t - h)) / (2 * h)  # of ln m
        return -float(t**4 * sum(scalar_density(x[i], SPECIES[i]) * x[i] * slope[i] for i in range(3)))

    def bag(t, p):
        return t**4 * float(sum_over(pressure, ratio(t))) - p

    for i in (0, 2, 4):
        t = float(at.point[i])
        p = 0.44 * 130.0**4 + quad(s, 130.0, t, epsabs=0, epsrel=1e-12)[0]
        assert float(found.pressure[i]) * t**4 == pytest.approx(p, rel=1e-10)
    t = float(at.point[3])
    start = bag(130.0, 0.44 * 130.0**4)
    want = start + quad(bag_slope, 130.0, t, epsabs=0, epsrel=1e-8)[0]
    assert float(found.bag[3]) * t**4 == pytest.approx(want, rel=1e-6)


def test_any_masses_obey_the_thermodynamic_identities():
    at = at_points()
    _, masses = random_masses(at)
    found = matter(masses, at)
    exact = np.exp(np.asarray(masses.log_mass))
    assert (exact > 0).all()
    s, p, e, i = (np.asarray(x) for x in found[1:5])
    np.testing.assert_allclose(e + p, s, rtol=1e-13)
    np.testing.assert_allclose(e - 3 * p, i, atol=1e-12)
    h = 0.01
    around = [temperatures(130.0, 400.0, np.asarray(at.point)[1:-1] + shift) for shift in (-h, h)]
    low, high = (np.asarray(matter(masses, one).pressure) * np.asarray(one.point) ** 4 for one in around)
    np.testing.assert_allclose((high - low) / (2 * h), s[1:-1] * np.asarray(at.point)[1:-1] ** 3, rtol=1e-7)


def test_a_fast_function_of_the_temperature_is_carried_to_ten_digits():
    at = at_points()
    for function, integral, slope in (
        (
            lambda t: np.tanh((t - 165) / 40.0),
            lambda t: 40 * np.log(np.cosh((t - 165) / 40)),
            lambda t: 1 / (40 * np.cosh((t - 165) / 40) ** 2),
        ),
        (lambda t: t**5, lambda t: t**6 / 6, lambda t: 5 * t**4),
    ):
        node, point = np.asarray(at.node), np.asarray(at.point)
        scale = np.abs(function(point)).max()
        np.testing.assert_allclose(at.interpolation @ function(node), function(point), atol=1e-9 * scale)
        whole = integral(point) - integral(130.0)
        np.testing.assert_allclose(at.integral @ function(node), whole, atol=1e-10 * np.abs(whole).max())
        np.testing.assert_allclose(at.slope @ function(node), slope(point), atol=1e-7 * np.abs(slope(point)).max())


def test_viscosity_of_light_particles_is_that_of_kinetic_theory():
    """Massless quarks and gluons with one g^2: eta/s = 4 (sum of d tau) / ..., here against direct integrals."""
    at = temperatures(200.0, 400.0, np.array([300.0]))
    masses = Masses(jnp.log(jnp.array([1.5, 1.0, 1.0])[:, None] * 0.4 * at.node), jnp.asarray(3.0))
    found = matter(masses, at)
    square = (0.6**2 + 0.4**2) / (0.75 + 1 / 3)
    rate = square * np.log(31 / square) / (8 * np.pi)
    x = (0.6, 0.4, 0.4)
    flow = sum(
        float(shear(jnp.asarray(r), s)) / (casimir * rate)
        for r, s, casimir in zip(x, SPECIES, (6.0, 8 / 3, 8 / 3), strict=True)
    )
    assert float(viscosity(found, at.point)[0]) == pytest.approx(flow / float(found.entropy_density[0]), rel=1e-6)


def test_thermal_masses_have_the_ratio_of_high_temperatures():
    at = at_points()
    ansatz = ThermalMasses().on(at, LogNormal(0.44, 0.4))
    log_mass = ansatz(jnp.zeros(ansatz.dim)).log_mass
    np.testing.assert_allclose(jnp.exp(log_mass[0] - log_mass[1]), 1.5, rtol=1e-12)
