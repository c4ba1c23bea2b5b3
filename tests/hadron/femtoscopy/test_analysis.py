"""From a correlation function to a source: what is recovered, what bands cover, what the report says."""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

import retrodict as rd
from retrodict.base.errors import InputError
from retrodict.hadron.femtoscopy.analysis import Femtoscopy
from retrodict.hadron.femtoscopy.comparison import estimates, linear_data, problem_of
from retrodict.hadron.femtoscopy.experiment import Known, measured, nodes_of
from retrodict.hadron.femtoscopy.mock import HALO, LENGTH, RADIUS, without_values
from retrodict.hadron.femtoscopy.pair import Channel
from retrodict.hadron.femtoscopy.potentials import FittedScale, GaussianPotential, LiteraturePotential
from retrodict.hadron.femtoscopy.reading import CorrelationData
from retrodict.hadron.femtoscopy.report import figures, sections
from retrodict.hadron.femtoscopy.sources import GaussianSource, TwoComponentSource, gaussian, two_component
from retrodict.inference.gauss_newton import linearise

DRAWS = 400
MOCKS = jr.split(jr.key(5), 2000)


@pytest.fixture(scope="module")
def analysis():
    return Femtoscopy(source=TwoComponentSource(), normalisation=Known(1.0, 0.02), step=0.1, r_max=25.0)


@pytest.fixture(scope="module")
def target(analysis):
    return analysis.posterior(None)


@pytest.fixture(scope="module")
def result(target):
    return rd.infer(target, rd.Laplace(draws=DRAWS, starts=2, steps=60), seed=1)


def test_core_and_halo_are_found_within_their_errors(result):
    truth = {"radius": RADIUS, "halo": HALO, "tail_length": LENGTH, "normalisation": 1.0, "tail_probability": 0.0926}
    for name, value in truth.items():
        found = result.quantities()[name]
        assert abs(found["median"] - value) < 3.0 * found["sd"], name


def test_the_report_says_how_far_other_ways_are(result, target):
    names = [figure.name for figure in figures(result)]
    assert names == ["source", "correlation_function"]
    by_name = {section.name: section for section in sections(result, target)}
    assert set(by_name) == {"ratio", "methods", "lednicky", "left-open"}
    rows = {row[0]: row for row in by_name["methods"].table.rows}
    assert rows["Gaussian source"][1] > 3.0 * rows["this run, median"][1]
    own = result.quantities()["tail_probability"]["median"]
    assert_allclose(rows["this run, median"][3], own)
    assert "4 unknown numbers" in by_name["left-open"].text
    assert len(by_name["lednicky"].table.rows) == 6


def test_tikhonov_is_three_times_farther_from_the_truth_than_the_posterior(result, target):
    parts = problem_of(target, result)
    linear = linear_data(target, parts)
    step, radius = parts.derivation.setup.distances.step, linear.radius
    truth = np.asarray(two_component(jnp.asarray(radius), RADIUS, HALO, LENGTH))
    (tikhonov, best, _), inversion = estimates(linear)
    own = np.asarray(parts.best.source)
    far, near = (step * np.sum(np.abs(source - truth)) for source in (tikhonov.source, own))
    assert far > 3.0 * near
    assert_allclose(step * np.sum(tikhonov.source), 1.0, rtol=1e-3)
    assert 20.0 < inversion.chi2 < 120.0
    assert_allclose(best.chi2, linear.chi2(best.source))


def test_a_gaussian_source_is_recovered_to_half_a_percent(target):
    """Exact data; the kernel of the fixture serves another source."""
    forward = target.forward
    radius = jnp.asarray(target.derive.setup.distances.radius)
    data = 1.0 + forward.kernel @ (forward.step * gaussian(radius, 1.37))
    sizes = jnp.linspace(1.2, 1.5, 3001)
    chi2 = jax.vmap(lambda size: jnp.sum((1.0 + forward.kernel @ (forward.step * gaussian(radius, size)) - data) ** 2))
    assert_allclose(sizes[jnp.argmin(chi2(sizes))], 1.37, rtol=2e-4)


@pytest.fixture(scope="module")
def deviations(target):
    """Of the tail, estimate minus truth, in units of the standard deviation that the linearised posterior gives: 2000
    truths from the prior with mock data of each."""
    centre = jnp.asarray([0.1, -0.5, 0.1, 0.2])
    jacobian = np.asarray(linearise(target, centre).jacobian)
    hessian = np.eye(len(centre)) + jacobian.T @ jacobian
    slope = np.asarray(jax.grad(lambda z: target.derived(z)["tail_probability"])(centre))
    noise = -np.asarray(jax.jit(jax.vmap(lambda key: target.simulated(key, centre).residual(centre)))(MOCKS))
    truth = np.random.default_rng(0).standard_normal((len(MOCKS), len(centre)))
    found = np.linalg.solve(hessian, jacobian.T @ (truth @ jacobian.T + noise).T).T
    return (found - truth) @ slope / np.sqrt(slope @ np.linalg.solve(hessian, slope))


@pytest.mark.parametrize(("width", "right"), [(1.0, True), (0.8, False)])
def test_bands_of_the_tail_cover_what_they_promise_and_narrow_ones_do_not(deviations, width, right):
    """The 68 % interval holds 68 +- 4 % of the mocks; one of 0.8 times its width holds 58 %."""
    assert (abs(np.mean(np.abs(deviations) < width) - 0.683) < 0.04) == right


def test_what_is_measured_is_diluted_scaled_and_tilted():
    numbers = {"lambda_parameter": 0.5, "normalisation": 1.1, "slope": 0.1, "curvature": -0.02}
    found = measured(jnp.asarray([3.0, 1.0]), jnp.asarray([100.0, 200.0]), numbers)
    assert_allclose(found, [1.1 * 1.08 * 2.0, 1.1 * 1.12 * 1.0])


def test_resolution_and_bins_average_over_phase_space():
    """Of C = k^2 the average over a bin and a Gaussian, weighted with k^2, is a ratio of moments."""
    k = np.array([20.0, 60.0])
    data = CorrelationData(k, np.ones(2), np.ones(2), k - 10.0, k + 10.0)
    nodes = nodes_of(data, 3.0, None)
    assert_allclose(nodes.average.sum(axis=1), 1.0)
    fine = np.linspace(-10.0, 10.0, 4001)
    for row, middle in zip(nodes.average, k, strict=True):
        x = middle + fine
        second = np.mean(x**2 + 9.0)
        fourth = np.mean(x**4 + 6 * x**2 * 9.0 + 3 * 81.0)
        assert_allclose(row @ nodes.momentum**2, fourth / second, rtol=1e-3)
    assert_allclose(nodes_of(without_values(), 0.0, None).average, np.eye(60))


def test_a_fitted_potential_reports_its_scattering_length():
    """At the centre of the prior it is the one of the potential: a well whose scattering length has a closed form."""
    shape = LiteraturePotential("N-Omega")
    channel = Channel(1.0, 2.0, FittedScale(shape, 0.1))
    fitted = Femtoscopy(channels=(channel,), source=GaussianSource(), step=0.1, r_max=20.0).posterior(None)
    found = fitted.derived(jnp.zeros(fitted.dim))
    assert_allclose(found["scattering_length"], 5.61, rtol=3e-3)
    assert_allclose(found["scattering_length"] * found["inverse_scattering_length"], 1.0)
    assert fitted.dim == 2
    fixed = Femtoscopy(channels=(Channel(1.0, 2.0, shape),), source=GaussianSource(), step=0.1, r_max=20.0)
    z = jnp.zeros(1)
    assert_allclose(
        fitted.forward_pass(jnp.zeros(2)).prediction, fixed.posterior(None).forward_pass(z).prediction, atol=1e-9
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"channels": (Channel(0.25, 0.0, GaussianPotential((-30.0,), (1.0,))),)}, "do not sum to one"),
        ({"channels": ()}, "do not sum to one"),
        ({"channels": (Channel(1.0),)}, "says nothing"),
        ({"particles": (0.938, 1.672)}, "no hadron is that light"),
        ({"particles": ("proton", "Omegga")}, "unknown mass"),
        ({"identical": True}, "one mass"),
        ({"particles": ("pion", "pion"), "identical": True, "charge_product": -1}, "do not attract"),
        ({"lambda_parameter": Known(60.0)}, "share"),
        ({"step": 0.1, "r_max": 1.0}, "r_max"),
        (
            {
                "particles": ("proton", "proton"),
                "identical": True,
                "channels": (Channel(1.0, 1.0, GaussianPotential((-30.0,), (1.0,))),),
            },
            "acts in no partial wave",
        ),
    ],
)
def test_fields_that_contradict_each_other_are_refused(fields, words):
    with pytest.raises(InputError, match=words):
        Femtoscopy(**fields)
