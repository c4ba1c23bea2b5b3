"""What theory says of matter: bounds that brute force confirms, and likelihoods that obey the identity."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError
from retrodict.neutron_star import problems
from retrodict.neutron_star.ansatz import CoreGrid, GaussianProcessSoundSpeed
from retrodict.neutron_star.eos.equation_of_state import integrate_sound_speed
from retrodict.neutron_star.forward import Prediction
from retrodict.neutron_star.likelihood.theory import Reachability, pressure_gain, read_pressure_band
from retrodict.neutron_star.problems import ChiralBand, PerturbativeQCD

START = {"energy_density": 600.0, "pressure": 150.0}  # MeV fm^-3
DENSITY = 0.6  # fm^-3
ANSATZ = GaussianProcessSoundSpeed(CoreGrid(intervals=40))
HIGH = PerturbativeQCD(density=6.5, density_error=0.4, pressure=3800.0, pressure_error=1000.0)


def matter(speed, top=2.0):
    """mu, n, p at both ends of matter whose c_s^2 is `speed` on equal steps of ln n from DENSITY to `top` [fm^-3]."""
    nodes = jnp.linspace(jnp.log(DENSITY), jnp.log(top), len(speed) + 1)
    whole = integrate_sound_speed(nodes, jnp.repeat(jnp.asarray(speed)[:, None], 3, axis=1), *START.values())
    eps, p = whole.energy_density, whole.pressure
    n = jnp.exp(nodes)
    low = ((eps[0, 0] + p[0, 0]) / n[0], n[0], p[0, 0])
    return low, ((eps[-1, 2] + p[-1, 2]) / n[-1], n[-1], p[-1, 2])


def test_no_stable_causal_matter_leaves_the_bounds():
    """Brute force: 500 sound speeds in four pieces, among them many with transitions and with c_s^2 = 1."""
    speeds = jnp.repeat(jnp.clip(1.6 * jr.uniform(jr.key(0), (500, 4)) - 0.3, 0.0, 1.0), 10, axis=1)
    speeds = speeds[speeds.sum(axis=1) > 0]
    low, high = jax.jit(jax.vmap(matter))(speeds)
    least, most = pressure_gain(low[0], low[1], high[0], high[1])
    place = (high[2] - low[2] - least) / (most - least)
    assert place.min() > -1e-6  # c_s^2 = 1 throughout is the bound itself, to the accuracy of the integration
    assert place.max() < 1 + 1e-6
    assert place.min() < 0.1 < 0.9 < place.max()  # they come near enough to mean something


@pytest.mark.parametrize("first", ["stiff", "jump"])
def test_both_bounds_are_reached(first):
    """c_s^2 = 1 and then a transition gives the least gain of pressure, the other order the greatest."""
    speed = np.repeat([1.0, 0.0] if first == "stiff" else [0.0, 1.0], 400)
    low, high = matter(speed)
    bounds = pressure_gain(low[0], low[1], high[0], high[1])
    assert_allclose(high[2] - low[2], bounds[0 if first == "stiff" else 1], rtol=1e-9)


def test_superluminal_matter_breaks_a_bound():
    """The planted fault: with c_s^2 = 1.5 the pressure gains less than causality allows."""
    low, high = matter(np.repeat([1.5, 0.0], 100))
    least, _ = pressure_gain(low[0], low[1], high[0], high[1])
    assert high[2] - low[2] < least


class Centre(NamedTuple):
    central_density: jax.Array  # fm^-3


def predicted(matter):
    """A prediction as far as likelihoods of matter need it, with the heaviest star's centre at 0.9 fm^-3."""
    return Prediction(branch=None, heaviest=Centre(jnp.asarray(0.9)), sequence=None, matter=matter)


@pytest.fixture(scope="module")
def prediction():
    return predicted(ANSATZ(jnp.zeros(ANSATZ.dim)))


def reach(pressure, error=100.0, matching=None):
    return Reachability(jnp.array([6.5, pressure]), jnp.array([0.3, error]), 2600.0, matching)


def test_what_is_reachable_costs_nothing_and_what_is_not_is_refused_smoothly(prediction):
    low, high = (float(x) for x in reach(3800.0)._range(prediction))
    assert 0 < low < 3800 < high
    assert abs(reach(0.5 * (low + high)).log_prob(prediction)) < 1e-6
    assert_allclose(reach(low).log_prob(prediction), np.log(0.5), atol=1e-6)
    assert reach(low - 1000.0).log_prob(prediction) < -50.0
    pressures = jnp.array([low - 5000.0, low, 0.5 * (low + high), high + 5000.0])
    one = jax.value_and_grad(lambda p: reach(p).log_prob(prediction))
    assert np.isfinite(jax.jit(jax.vmap(one))(pressures)).all()


def test_matter_matched_at_higher_density_leaves_less_room(prediction):
    widths = [np.diff(np.asarray(reach(3800.0, matching=n)._range(prediction)))[0] for n in (3.0, 5.0, 8.0)]
    assert widths[0] > widths[1] > widths[2] > 0


def test_the_constraint_is_a_term_of_the_problem_and_off_by_default():
    plain, bounded = problems.problem(ansatz=ANSATZ), problems.problem(ansatz=ANSATZ, perturbative=HIGH)
    z = 0.5 * jr.normal(jr.key(2), (20, ANSATZ.dim))

    def difference(z):
        prediction, valid = bounded.forward(bounded.ansatz(z))
        term = bounded.likelihood.terms["perturbative_qcd"].log_prob(prediction)
        return bounded.log_likelihood(z) - plain.log_likelihood(z), term, valid

    change, term, valid = jax.jit(jax.vmap(difference))(z)
    assert valid.sum() > 5
    assert_allclose(change[valid], term[valid], atol=1e-9)
    assert (term <= 0).all()
    slopes = jax.jit(jax.vmap(jax.grad(bounded.log_likelihood)))(z[valid])
    assert np.isfinite(slopes).all()


def test_a_forward_model_that_keeps_matter_to_itself_is_named():
    with pytest.raises(InputError, match="matter"):
        reach(3800.0).log_prob(predicted(None))


def band_file(path, rows, scale=1.0):
    n = np.linspace(0.08, 0.2, rows)
    centre = 3.0 * (n / 0.16) ** 2.5
    table = np.stack([n, scale * 0.7 * centre, scale * 1.3 * centre], axis=1)
    header = "baryon_density [fm^-3], pressure_low [MeV fm^-3], pressure_high [MeV fm^-3]"
    np.savetxt(path, table, delimiter=",", header=header, comments="")
    return path


def test_a_band_with_more_rows_is_not_more_data(tmp_path, prediction):
    """Ten times the rows of one band change its chi-squared little; taken as independent they would multiply it."""
    few, many = (read_pressure_band(band_file(tmp_path / f"{k}.csv", k)) for k in (6, 60))
    chi2 = [float(jnp.sum(band.residual(prediction) ** 2)) for band in (few, many)]
    assert chi2[1] < 1.5 * chi2[0]
    independent = [read_pressure_band(tmp_path / f"{k}.csv", correlation=1e-4) for k in (6, 60)]
    chi2 = [float(jnp.sum(band.residual(prediction) ** 2)) for band in independent]
    assert chi2[1] > 5 * chi2[0]


def test_the_edges_of_a_band_are_as_many_standard_deviations_away_as_the_user_says(tmp_path, prediction):
    path = band_file(tmp_path / "band.csv", 8)
    one, two = (read_pressure_band(path, sigmas=sigmas) for sigmas in (1.0, 2.0))
    assert_allclose(two.residual(prediction), 2 * one.residual(prediction), rtol=1e-12)
    mock = jax.vmap(lambda k: one.sample(k, prediction))(jr.split(jr.key(0), 4000))
    n = one.density
    assert_allclose(jnp.std(mock, axis=0), 0.3 * 3.0 * (n / 0.16) ** 2.5, rtol=0.05)


@pytest.mark.parametrize(
    ("row", "said"),
    [("0.16, 3, 2", "not above"), ("0.16, -1, 2", "not positive"), ("0.9, 1, 2", "out of range"), ("0.1,1,2", "rise")],
)
def test_a_bad_band_is_refused_by_row_and_column(tmp_path, row, said):
    path = tmp_path / "band.csv"
    path.write_text(f"baryon_density [fm^-3], pressure_low [MeV fm^-3], pressure_high [MeV fm^-3]\n0.12, 1, 2\n{row}\n")
    with pytest.raises(InputError, match=said):
        read_pressure_band(path)


def test_a_config_can_ask_for_both(tmp_path):
    band = ChiralBand(band_file(tmp_path / "band.csv", 5))
    target = problems.problem(None, ansatz=ANSATZ, chiral=band, perturbative=HIGH)
    assert target.forward.matter
    kinds = [type(term.likelihood).__name__ for term in target.likelihood.terms.values()]
    assert kinds == ["PulsarMass", "PressureBand", "Reachability"]
