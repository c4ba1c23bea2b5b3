"""Posteriors of amplitudes: predictions by independent integrals, known truths recovered, bands that cover them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import binom, norm

from retrodict.base.constants import HBAR_C
from retrodict.hadron.amplitudes.analysis import LineShape, PhaseShifts
from retrodict.hadron.amplitudes.binning import bin_operator
from retrodict.hadron.amplitudes.forward import intensity
from retrodict.hadron.amplitudes.mock import TRUTH
from retrodict.hadron.amplitudes.models import EffectiveRange, ScatteringLength
from retrodict.hadron.amplitudes.report import class_probabilities, figures, sections
from retrodict.inference.closure import run_inline
from retrodict.inference.infer import infer
from retrodict.inference.laplace import Laplace
from tests.hadron.amplitudes import corpus

ALLOWED = 0.02  # probability of either tail


@pytest.fixture(scope="module")
def deuteron(tmp_path_factory):
    path = tmp_path_factory.mktemp("phases") / "phases.csv"
    path.write_text(corpus.phases())
    target = PhaseShifts(corpus.NUCLEONS).posterior(path)
    return target, infer(target, Laplace(draws=400), seed=0)


def test_phase_shifts_of_an_expansion_give_it_back(deuteron):
    """Exact data of a = 5.42 fm, r = 1.75 fm with errors of 0.3 degrees."""
    _, result = deuteron
    for name, truth in (("scattering_length", 5.42), ("effective_range", 1.75)):
        number = result.quantities()[name]
        assert abs(number["mean"] - truth) < 0.3 * number["sd"]
    kappa = HBAR_C * (1 - np.sqrt(1 - 2 * 1.75 / 5.42)) / 1.75
    assert_allclose(result.quantities()["pole_momentum_imaginary"]["median"], kappa, rtol=3e-3)
    assert class_probabilities(result) == {"bound, sheet 1": pytest.approx(1.0)}


def test_the_report_says_what_fit_and_network_find(deuteron):
    target, result = deuteron
    kinds, table, network = sections(result, target)
    assert kinds.table.rows[0] == ("bound, sheet 1", pytest.approx(1.0))
    assert table.table.rows[0][0] == "1"
    assert "Both say bound" in network.text
    assert [figure.name for figure in figures(result)] == ["phase_shift", "pole_map"]
    x = figures(result)[1].panels[0].layers[1].x
    assert_allclose(np.median(x), result.quantities()["pole_real"]["median"], rtol=2e-2)


def test_bins_are_means_smeared_by_the_resolution():
    """Against scipy's quadrature of the line shape times the probability to be seen in the bin."""
    channels = corpus.PAIRS
    analysis = LineShape(channels, ScatteringLength(), resolution=2.7)
    forward = analysis.forward(corpus.EDGES[:-1], corpus.EDGES[1:], analysis.posterior(None).forward.channels)
    parameters = {name: jnp.asarray(value) for name, value in TRUTH.items()}
    line = jax.jit(lambda e: intensity(forward.amplitude, forward.channels, parameters, e))
    found = np.asarray(forward.operator @ line(forward.nodes))

    def seen(energy, low, high):
        share = norm.cdf((high - energy) / 2.7) - norm.cdf((low - energy) / 2.7)
        return float(line(jnp.asarray([energy]))[0]) * share / (high - low)

    for i in (3, 17, 30):
        low, high = corpus.EDGES[i], corpus.EDGES[i + 1]
        exact, _ = quad(seen, low - 20, high + 20, args=(low, high), points=[forward.channels.threshold], limit=200)
        assert_allclose(found[i], exact, rtol=2e-6)
    _, flat = bin_operator(corpus.EDGES[:-1], corpus.EDGES[1:], 0.0)
    assert_allclose(flat.sum(axis=1), 1.0, rtol=1e-14)


def test_the_mean_of_a_spectrum_is_signal_and_background_of_their_shares():
    """total (f s + (1 - f) b): a flat background alone, and a signal alone, which peaks where |T11|^2 does."""
    analysis = LineShape(corpus.PAIRS, background=0)
    edges = corpus.EDGES
    forward = analysis.forward(edges[:-1], edges[1:], analysis.posterior(None).forward.channels)
    parameters = {name: jnp.asarray(value) for name, value in TRUTH.items()} | {"total": jnp.asarray(500.0)}
    flat, _ = forward(parameters | {"signal_fraction": jnp.asarray(0.0)})
    assert_allclose(flat, 500.0, rtol=1e-12)
    signal, _ = forward(parameters | {"signal_fraction": jnp.asarray(1.0)})
    centres = 0.5 * (edges[1:] + edges[:-1])
    exact = np.asarray(intensity(forward.amplitude, forward.channels, parameters, jnp.asarray(centres)))
    away = np.abs(centres - forward.channels.threshold) > 3.0  # the cusp is narrower than a bin
    shape, expected = np.asarray(signal)[away], exact[away]
    assert_allclose(shape / shape.mean(), expected / expected.mean(), rtol=0.01)
    assert_allclose(np.mean(np.asarray(signal)), 500.0, rtol=1e-12)


def tails(count, total):
    return binom.cdf(count, total, 0.68), binom.sf(count - 1, total, 0.68)


@pytest.fixture(scope="module")
def covered(deuteron):
    """scale -> how many of the 68 % bands of the pole hold the truth, and of how many, if errors are so much too small.

    The prior is narrow enough for the Gaussian approximation: what is tested is the way from data to the band.
    """
    narrow = EffectiveRange(0.18, 0.02, 1.75, 0.2)
    target = eqx.tree_at(lambda t: t.ansatz.priors, deuteron[0], tuple(narrow.priors().values()))
    method = Laplace(draws=300, starts=2, steps=30)

    def place(key, scale):
        truth_key, data_key, run_key = jr.split(key, 3)
        z = target.init(truth_key)
        exact = target.forward_pass(z).prediction
        mock = exact + scale * (target.likelihood.sample(data_key, exact) - exact)
        draws = run_inline(target.with_data(mock), method, run_key).position[0]
        poles = jax.vmap(lambda x: target.derived(x)["pole_momentum_imaginary"])(draws)
        return jnp.mean(poles < target.derived(z)["pole_momentum_imaginary"])

    places = jax.jit(lambda keys, scale: jax.lax.map(lambda key: place(key, scale), keys, batch_size=20))

    def count(scale):
        u = np.asarray(places(jr.split(jr.key(4), 120), jnp.asarray(scale)))
        return int(np.sum(np.abs(u - 0.5) < 0.34)), len(u)

    return count


def test_bands_of_the_pole_cover_the_truth(covered):
    assert min(tails(*covered(1.0))) > ALLOWED


def test_bands_of_errors_that_are_half_as_large_do_not(covered):
    """The planted twin: mock data scatter twice as much as the likelihood believes."""
    assert tails(*covered(2.0))[0] < 1e-3
