"""The numbers that observers quote are those of the stars and of the matter that they name."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.neutron_star import derived
from retrodict.neutron_star.eos import equation_of_state as eos
from retrodict.neutron_star.forward import Stars
from retrodict.neutron_star.stars import tov

SATURATION = 0.16  # fm^-3


@pytest.fixture(scope="module")
def found():
    """Matter with a smooth sound speed, its stars, and what is derived from both."""

    @jax.jit
    def all_of_it():
        nodes = eos.core_nodes([jnp.log(0.09), jnp.log(1.4)], [120])
        matter = eos.from_sound_speed(nodes, 0.6 * jax.nn.sigmoid(2.0 * (eos.interval_points(nodes) + 1.0)))
        prediction, _ = Stars()(matter)
        return matter, prediction, derived.derive(matter, prediction)

    return jax.device_get(all_of_it())


def at_mass(found, mass, values):
    """By a cubic through the four nearest stars, in the mass itself: not the package's interpolation."""
    sequence = found[1].sequence
    stable = np.asarray(sequence.stable)
    m, y = np.asarray(sequence.mass)[stable], np.asarray(values)[stable]
    near = np.sort(np.argsort(np.abs(m - mass))[:4])
    return np.polyval(np.polyfit(m[near] - mass, y[near], 3), 0.0)


def test_stars_of_quoted_masses_are_the_stars_of_these_masses(found):
    sequence, numbers = found[1].sequence, found[2]
    for name, mass in (("radius_1.4", 1.4), ("radius_2.0", 2.0)):
        assert_allclose(numbers[name], at_mass(found, mass, sequence.radius), rtol=2e-4)
    tides = at_mass(found, 1.4, np.log(sequence.tidal_deformability))
    assert_allclose(numbers["tidal_deformability_1.4"], np.exp(tides), rtol=2e-3)
    inertia = at_mass(found, 1.338, sequence.moment_of_inertia)
    assert_allclose(numbers["moment_of_inertia_J0737"], inertia / 1e38, rtol=1e-3)
    assert 1.0 < numbers["moment_of_inertia_J0737"] < 2.5  # 10^45 g cm^2


def test_the_heaviest_star_is_the_heaviest(found):
    sequence, numbers = found[1].sequence, found[2]
    best = int(np.argmax(sequence.mass))
    assert 0 <= numbers["maximum_mass"] - sequence.mass[best] < 1e-3
    assert sequence.central_density[best - 1] < numbers["central_density"] < sequence.central_density[best + 1]


def test_curves_are_the_stars_of_their_grid(found):
    sequence, numbers = found[1].sequence, found[2]
    mass = np.asarray(derived.MASS)
    for i in (4, 8, 12):
        assert_allclose(numbers["radius"][i], at_mass(found, mass[i], sequence.radius), rtol=2e-4)
        tides = at_mass(found, mass[i], np.log(sequence.tidal_deformability))
        assert_allclose(numbers["tidal_deformability"][i], np.exp(tides), rtol=2e-3)
    assert np.isnan(numbers["radius"][mass > numbers["maximum_mass"]]).all()


def test_matter_is_that_of_multiples_of_the_saturation_density(found):
    """Pressure and sound speed between the nodes of the grid, which are given at each."""
    matter, _, numbers = found
    log_density = np.asarray(matter.log_density)

    def pressure(density):
        return np.exp(np.interp(np.log(density), log_density, np.log(matter.node_pressure)))

    for k in (2, 3, 4, 5):
        assert_allclose(numbers[f"pressure_{k}nsat"], pressure(k * SATURATION), rtol=1e-3)
    density = np.asarray(derived.DENSITY)
    core = (density * SATURATION > 0.1) & (density * SATURATION < 1.3)
    assert_allclose(numbers["pressure"][core], pressure(density[core] * SATURATION), rtol=1e-3)
    sound = 0.6 / (1 + np.exp(-2.0 * (np.log(density * SATURATION) + 1.0)))
    assert_allclose(numbers["sound_speed_squared"][core], sound[core], rtol=1e-3)
    energy = np.asarray(derived.ENERGY)
    inside = (energy > 150) & (energy < 1200)
    of_energy = np.exp(np.interp(np.log(energy), np.log(matter.node_energy_density), np.log(matter.node_pressure)))
    assert_allclose(numbers["pressure_of_energy"][inside], of_energy[inside], rtol=2e-3)
    assert_allclose(numbers["crust_core_density"], 0.09, rtol=1e-6)


def test_a_tide_is_two_thirds_of_the_love_number_over_the_fifth_power_of_the_compactness():
    """Hinderer (2008), written out once more, at compactness 0.17 and y = 0.4."""
    c, y = 0.17, 0.4
    inner = 2 * c * (6 - 3 * y + 3 * c * (5 * y - 8))
    inner += 4 * c**3 * (13 - 11 * y + c * (3 * y - 2) + 2 * c**2 * (1 + y))
    inner += 3 * (1 - 2 * c) ** 2 * (2 - y + 2 * c * (y - 1)) * np.log(1 - 2 * c)
    k2 = 8 / 5 * c**5 * (1 - 2 * c) ** 2 * (2 + 2 * c * (y - 1) - y) / inner
    assert_allclose(tov.tidal_deformability(jnp.array([c]), jnp.array([y])), 2 / 3 * k2 / c**5, rtol=1e-12)
