"""The centrality meter: what it may not depend on, errors that hold, and what it was not trained on."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from retrodict.base.errors import InputError
from retrodict.heavy_ion.centrality import analysis, saved
from retrodict.heavy_ion.centrality.analysis import Centrality, ImpactParameters, training_events
from retrodict.heavy_ion.centrality.meter import HELD, Meter, flat_weights, train
from retrodict.heavy_ion.centrality.network import MeterLearner, Summaries, Tracks, TrackSets
from retrodict.heavy_ion.centrality.summaries import NAMES, summaries
from retrodict.heavy_ion.centrality.toy import ToyEvents, toy_events
from retrodict.heavy_ion.events.observables import selected
from retrodict.run.container import DamagedError
from tests.heavy_ion.events import grammars, toys

RECIPE = Summaries(steps=500, width=24)
TRAINED, TESTED = 1300, 600


@pytest.fixture(scope="module")
def events() -> ToyEvents:
    return toy_events(3, TRAINED + TESTED)


@pytest.fixture(scope="module")
def learnt(events) -> ToyEvents:
    first = np.arange(TRAINED + TESTED) < TRAINED
    return ToyEvents(selected(events.table, first), events.impact_parameter[first])


@pytest.fixture(scope="module")
def unseen(events) -> ToyEvents:
    last = np.arange(TRAINED + TESTED) >= TRAINED
    return ToyEvents(selected(events.table, last), events.impact_parameter[last])


@pytest.fixture(scope="module")
def meter(learnt) -> Meter:
    return train(*learnt, RECIPE)


def coverage(found, truth, scale=1.0):
    pull = (truth - found.mean) / (scale * found.error)
    return np.std(pull), np.mean(np.abs(pull) < 1), np.mean(np.abs(pull) < 1.96)


def test_errors_hold_for_events_that_were_not_seen(meter, unseen):
    """Width of the pulls one within 7 %, 68 and 95 % of the truths inside; errors that are halved fail."""
    found = meter(unseen.table)
    width, inner, outer = coverage(found, unseen.impact_parameter)
    assert abs(width - 1) < 0.12
    assert abs(inner - 0.683) < 0.06
    assert abs(outer - 0.95) < 0.03
    halved = coverage(found, unseen.impact_parameter, scale=0.5)  # the planted fault
    assert abs(halved[0] - 1) > 0.5
    assert abs(halved[1] - 0.683) > 0.2


def test_the_network_is_better_than_a_polynomial_of_the_multiplicity(meter, learnt, unseen):
    root = [np.sqrt(np.diff(each.table.offsets)) for each in (learnt, unseen)]
    polynomial = np.polyfit(root[0], learnt.impact_parameter, 4)
    found = meter(unseen.table)
    wrong = [np.polyval(polynomial, root[1]) - unseen.impact_parameter, found.mean - unseen.impact_parameter]
    rms = [np.sqrt(np.mean(each**2)) for each in wrong]
    assert rms[1] < 0.96 * rms[0] < 1.0


def test_a_network_of_tracks_knows_neither_their_order_nor_the_orientation():
    table = toys.small(sizes=(12, 9, 15))
    network = TrackSets().network(jax.random.key(0))
    examples = TrackSets().examples(table)
    wanted = jax.vmap(network)(examples)
    order = jax.random.permutation(jax.random.key(1), examples.weight.shape[1])
    shuffled = Tracks(*(leaf[:, order] for leaf in examples))
    assert_allclose(jax.vmap(network)(shuffled), wanted, rtol=2e-5, atol=1e-6)
    turned = toys.table(np.diff(table.offsets), table.pt, table.phi + 0.7, table.eta, table.pdg)
    assert_allclose(jax.vmap(network)(TrackSets().examples(turned)), wanted, rtol=2e-4, atol=1e-5)
    deformed = toys.table(np.diff(table.offsets), table.pt, 0.5 * table.phi, table.eta, table.pdg)
    assert np.max(np.abs(jax.vmap(network)(TrackSets().examples(deformed)) - wanted)) > 1e-4


def test_a_network_of_tracks_learns(learnt):
    """A short training is better than knowing the prior alone, whose spread is 16/sqrt(12) fm = 4.6 fm."""
    few = np.arange(TRAINED) < 300
    part = ToyEvents(selected(learnt.table, few), learnt.impact_parameter[few])
    found = train(*part, TrackSets(steps=80, width=8, sums=8))(selected(learnt.table, ~few))
    assert np.sqrt(np.mean((found.mean - learnt.impact_parameter[~few]) ** 2)) < 3.0


def test_events_of_another_kind_are_outside(meter, unseen):
    """Twice the multiplicity, or momenta three times as large: nothing that was learnt holds for them."""
    table = unseen.table
    assert np.mean(meter(table).inside) > 0.99
    central = unseen.impact_parameter < 4
    doubled = selected(table, central)
    twice = toys.table(
        2 * np.diff(doubled.offsets),
        np.concatenate([np.tile(x, 2) for x in np.split(doubled.pt, doubled.offsets[1:-1])]),
        np.concatenate([np.tile(x, 2) for x in np.split(doubled.phi, doubled.offsets[1:-1])]),
        np.concatenate([np.tile(x, 2) for x in np.split(doubled.eta, doubled.offsets[1:-1])]),
    )
    assert np.mean(meter(twice).inside) < 0.05
    hard = toys.table(np.diff(table.offsets), 3 * table.pt, table.phi, table.eta, table.pdg)
    assert np.mean(meter(selected(hard, central)).inside) < 0.05


def test_events_of_any_density_are_made_flat():
    b = 14 * np.sqrt(np.random.default_rng(0).uniform(size=40_000))
    weight = flat_weights(b)
    counts, _ = np.histogram(b, 7, (0, 14), weights=weight)
    assert_allclose(counts[1:] / counts[1:].mean(), 1.0, atol=0.05)
    assert counts[0] > 0.6 * counts[1:].mean()  # where the weight is bounded
    assert_allclose(flat_weights(np.linspace(0.001, 16, 1600)), 1.0, rtol=1e-9)


def test_summaries_are_what_their_names_say():
    table = toys.small(seed=8)
    found = summaries(table, forward=0.3)
    assert found.shape == (table.events, len(NAMES))
    for i, (a, b) in enumerate(zip(table.offsets[:-1], table.offsets[1:], strict=True)):
        pt, eta, phi = table.pt[a:b], table.eta[a:b], table.phi[a:b]
        assert_allclose(found[i, :4] ** 2, [b - a, np.sum(eta > 0.3), pt.sum(), np.abs(table.pz[a:b]).sum()], atol=1e-9)
        if b > a:
            q = abs(np.exp(2j * phi).sum()) ** 2 / (b - a)
            weighted = abs((pt * np.exp(2j * phi)).sum()) ** 2 / (pt**2).sum()
            assert_allclose(found[i, 4:], [pt.mean(), eta.mean(), eta.std(), q, weighted], rtol=1e-7, atol=1e-9)


def test_the_toy_is_the_collision_that_it_says(events):
    """Multiplicity falls with b, no track outside the window, nothing beyond the nuclei but spectators' protons."""
    table, b = events
    assert table.eta.min() > 0.9
    assert table.eta.max() < 3.6
    counts = np.diff(table.offsets)
    means = [counts[(b >= low) & (b < low + 2)].mean() for low in range(0, 14, 2)]
    assert means == sorted(means, reverse=True)
    assert np.all(np.abs(table.pdg[np.repeat(b > 15.5, counts)]) == 2212) or counts[b > 15.5].mean() < 20


def test_a_meter_is_kept_with_all_that_it_says(meter, unseen, tmp_path):
    saved.save_meter(tmp_path / "meter.npz", meter)
    again = saved.load_meter(tmp_path / "meter.npz", RECIPE)
    for one, other in zip(again(unseen.table), meter(unseen.table), strict=True):
        assert_array_equal(one, other)
    with pytest.raises(DamagedError):
        saved.load_meter(tmp_path / "meter.npz", Summaries(steps=501, width=24))


def test_impact_parameters_have_the_density_of_geometry():
    """P(b < x) = (x/b_max)^2, or x/b_max where it is flat."""
    z = jnp.linspace(-3, 3, 101)
    share = jax.scipy.stats.norm.cdf(z)
    assert_allclose(ImpactParameters(101, 16.0, False)(z), 16 * np.sqrt(share), rtol=1e-5)
    assert_allclose(ImpactParameters(101, 16.0, True)(z), 16 * share, rtol=1e-5)


def test_the_posterior_is_what_the_meter_says_and_the_prior_where_it_says_nothing(meter, unseen, tmp_path, monkeypatch):
    """Events of another experiment keep their prior, and the notes say how many."""
    monkeypatch.setattr(analysis, "kept", lambda *_, **__: meter)
    monkeypatch.setattr(analysis, "read_events", lambda _: unseen.table)
    target = Centrality(events=50, flat=True).posterior(tmp_path / "events")
    found = meter(selected(unseen.table, np.arange(unseen.table.events) < 50))
    z = jnp.zeros(50)
    assert_allclose(target.unknown(z), 0.5 * meter.largest, rtol=1e-6)
    pulls = np.asarray(target.residual(z))[:50]
    inside = found.inside
    assert_allclose(np.abs(pulls[inside]), np.abs((0.5 * meter.largest - found.mean) / found.error)[inside], rtol=1e-4)
    assert any("further events" in note for note in target.notes)
    hard = toys.table([60] * 5, np.full(300, 6.0), np.zeros(300), np.full(300, 2.0))
    monkeypatch.setattr(analysis, "read_events", lambda _: hard)
    target = Centrality(events=50).posterior(tmp_path / "events")
    assert any(note.startswith("5 of 5 events are unlike") for note in target.notes)
    assert np.all(np.abs(np.asarray(target.residual(jnp.zeros(5)))[:5]) < 0.1)


def test_events_to_learn_from_need_impact_parameters(tmp_path):
    path = tmp_path / "events.dat"
    path.write_text(grammars.jetscape(grammars.events((5, 5))))
    with pytest.raises(InputError, match="impact parameters"):
        training_events(str(path))
    path.write_text(grammars.oscar_2013(grammars.events((5, 5, 5))))
    assert_allclose(training_events(str(path)).impact_parameter, [1.5, 2.5, 3.5])
    with pytest.raises(InputError, match="nothing to learn"):
        train(*training_events(str(path)), RECIPE)


def test_held_out_events_are_never_trained_on(meter, learnt):
    """The gradient of the loss does not see them."""
    recipe = Summaries(steps=1)
    standard = meter.standard(recipe.examples(learnt.table))
    held = round(HELD * TRAINED)
    network = recipe.network(jax.random.key(0))
    truth = jnp.asarray(learnt.impact_parameter / 16.0, jnp.float32)
    changed = truth.at[:held].set(jnp.nan)
    learner = MeterLearner(network, recipe, standard, changed, jnp.ones(TRAINED, jnp.float32), held, 0.01)
    x = eqx.filter(network, eqx.is_inexact_array)
    assert np.isfinite(learner.loss(x, jax.random.key(2), 256))
    assert not np.isfinite(learner.validation(x))
