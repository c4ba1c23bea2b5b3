"""Cumulants and charge correlators against nested sums over different particles; their errors against repetition."""

from itertools import permutations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.heavy_ion.events.correlators import charge_correlators
from retrodict.heavy_ion.events.errors import GROUPS, jackknife, ratio
from retrodict.heavy_ion.events.flow import QVectors, cumulants, differential, four, gap, q_vectors, six, two
from tests.heavy_ion.events import toys


def everything(table):
    return np.ones(table.particles, bool)


def by_event(table, values):
    return [values[a:b] for a, b in zip(table.offsets[:-1], table.offsets[1:], strict=True)]


def nested(phi, signs):
    """Sum of exp(i sum_k s_k phi_k) over tuples of different particles, and their number."""
    tuples = np.array(list(permutations(range(len(phi)), len(signs))), int).reshape(-1, len(signs))
    return float(np.exp(1j * (phi[tuples] @ np.array(signs))).sum().real) if len(tuples) else 0.0, len(tuples)


@pytest.mark.parametrize("n", [2, 3])
def test_sums_over_tuples_are_nested_sums(n):
    """Two, four and six different particles; events with too few hold none."""
    table = toys.small()
    q = q_vectors(table, everything(table), 3 * n)
    for one, signs in ((two, (n, -n)), (four, (n, n, -n, -n)), (six, (n, n, n, -n, -n, -n))):
        expected = [nested(phi, signs) for phi in by_event(table, table.phi)]
        assert_allclose(one(q, n).T, expected, atol=2e-9)


def test_cumulants_are_of_sums_over_all_events():
    """<<k>> is a sum over tuples of all events by their number: not a mean of event means, nor a product of sums."""
    weight = np.array([1.0, 2.0, 1.0, 0.5, 1.0, 3.0, 1.0])
    table = toys.small(weight=weight)
    found = cumulants(q_vectors(table, everything(table), 6), 2, table.weight)
    means = []
    for signs in ((2, -2), (2, 2, -2, -2), (2, 2, 2, -2, -2, -2)):
        sums = np.array([nested(phi, signs) for phi in by_event(table, table.phi)])
        means.append((weight @ sums[:, 0]) / (weight @ sums[:, 1]))
    a, b, c = means
    assert_allclose([found[k].cumulant for k in (2, 4, 6)], [a, b - 2 * a**2, c - 9 * b * a + 12 * a**3], rtol=1e-9)


def test_a_gap_leaves_pairs_of_both_sides():
    table = toys.small()
    sides = (table.eta < -0.25, table.eta > 0.25)
    q = [q_vectors(table, side, 2) for side in sides]
    pairs = []
    for phi, left, right in zip(*(by_event(table, x) for x in (table.phi, *sides)), strict=True):
        pairs += [np.cos(2 * (a - b)) for a in phi[left] for b in phi[right]]
    assert gap(*q, 2, table.weight).cumulant == pytest.approx(np.mean(pairs), rel=1e-9)
    edges = np.array([0.3, 1.2, 2.5])
    found = differential(table, sides, edges, 2)
    per_bin: list[list[float]] = [[], []]
    for phi, pt, left, right in zip(*(by_event(table, x) for x in (table.phi, table.pt, *sides)), strict=True):
        for of, other in ((left, right), (right, left)):
            for i in np.flatnonzero(of):
                per_bin[int(pt[i] > 1.2)] += [np.cos(2 * (phi[i] - phi[j])) for j in np.flatnonzero(other)]
    with np.errstate(invalid="ignore"):
        assert_allclose(found.value, np.array([np.mean(x) for x in per_bin]) / np.sqrt(np.mean(pairs)), rtol=1e-9)


def test_charge_correlators_are_nested_sums():
    """Three different particles, a and b of the given charges; delta without the third."""
    table = toys.small(seed=3)
    sums = {kind: np.zeros(4) for kind in ("opposite", "same")}
    pairs = np.zeros(2)
    for phi, charge in zip(by_event(table, table.phi), by_event(table, table.charge), strict=True):
        for a, b in permutations(range(len(phi)), 2):
            pairs += (np.cos(2 * (phi[a] - phi[b])), 1)
            kind = "same" if charge[a] == charge[b] else "opposite"
            third = [np.cos(phi[a] + phi[b] - 2 * phi[c]) for c in range(len(phi)) if c not in (a, b)]
            sums[kind] += (sum(third), len(third), np.cos(phi[a] - phi[b]), 1)
    found = charge_correlators(table, everything(table))
    gamma = [sums[kind][0] / sums[kind][1] / np.sqrt(pairs[0] / pairs[1]) for kind in sums]
    delta = [sums[kind][2] / sums[kind][3] for kind in sums]
    assert_allclose(found.delta.value, [*delta, delta[0] - delta[1]], rtol=1e-9)
    assert_allclose(found.gamma.value, [*gamma, gamma[0] - gamma[1]], rtol=1e-9)


def test_charge_separation_and_its_background():
    """Planes of charge separation give gamma of opposite sign; local charge conservation gives delta."""
    rng, events, size = np.random.default_rng(4), 3000, 40
    plane = np.repeat(rng.uniform(0, 2 * np.pi, events), size)
    sign = np.tile(np.repeat([1, -1], size // 2), events)
    angle = rng.vonmises(0.0, 0.2, events * size) + np.repeat(rng.choice([0.5, -0.5], events) * np.pi, size) * sign
    elliptic = angle - 0.2 * np.sin(2 * angle)
    table = toys.table([size] * events, np.full(events * size, 0.5), plane + elliptic, pdg=211 * sign)
    found = charge_correlators(table, everything(table))
    assert found.gamma.value[2] > 5 * found.gamma.error[2]
    pairs = np.repeat(rng.uniform(0, 2 * np.pi, events * size // 2), 2) + rng.normal(0, 0.3, events * size)
    local = toys.table(
        [size] * events, np.full(events * size, 0.5), pairs, pdg=np.tile([211, -211], events * size // 2)
    )
    delta = charge_correlators(local, everything(local)).delta
    expected = np.exp(-(0.3**2)) * (2 / size)  # one partner among the M/2 of opposite charge
    assert abs(delta.value[0] - expected) < 4 * delta.error[0]
    assert abs(delta.value[1]) < 4 * delta.error[1]


def test_flow_comes_back_and_pairs_do_not_look_like_flow_to_four():
    flowing = toys.flowing(1500, 80.0, 0.15, seed=1)
    found = cumulants(q_vectors(flowing, everything(flowing), 6), 2, flowing.weight)
    for order in (2, 4, 6):
        assert abs(found[order].flow - 0.15) < 4 * found[order].flow_error < 0.02
    rng = np.random.default_rng(2)
    phi = np.repeat(rng.uniform(0, 2 * np.pi, 60_000), 2)  # twins: correlations of two particles alone
    twins = toys.table([80] * 1500, np.ones(120_000), phi)
    found = cumulants(q_vectors(twins, everything(twins), 4), 2, twins.weight, most=4)
    assert abs(found[2].cumulant - 1 / 79) < 4 * found[2].error
    assert abs(found[4].cumulant) < 4 * found[4].error
    assert np.isnan(found[4].flow)


def test_a_weight_is_a_repetition():
    table = toys.small(weight=[1, 2, 1, 1, 1, 1, 1])
    twice = toys.small(sizes=(7, 0, 3, 6, 1, 8, 2))
    q = q_vectors(twice, everything(twice), 4)
    order = [0, 1, 1, 2, 3, 4, 5, 6]
    repeated = QVectors(q.powers[:, order])
    found = cumulants(repeated, 2, np.ones(8), most=4)
    weighted = cumulants(q_vectors(table, everything(table), 4), 2, table.weight, most=4)
    assert weighted[4].cumulant == pytest.approx(found[4].cumulant, rel=1e-12)


def test_the_error_of_a_mean_is_the_spread_by_the_root_of_the_number():
    """Exactly for a mean, for each of a thousand groups where there are more events."""
    x = np.random.default_rng(0).normal(3.0, 2.0, 500)
    found = jackknife(ratio, np.stack([x, np.ones(500)], axis=1))
    assert found.value[0] == pytest.approx(x.mean(), rel=1e-12)
    assert found.error[0] == pytest.approx(x.std(ddof=1) / np.sqrt(500), rel=1e-12)
    many = np.random.default_rng(1).normal(3.0, 2.0, 40 * GROUPS)
    found = jackknife(ratio, np.stack([many, np.ones(len(many))], axis=1))
    assert found.error[0] == pytest.approx(2.0 / np.sqrt(len(many)), rel=0.1)
    assert np.isnan(jackknife(ratio, np.array([[1.0, 1.0]])).error[0])


TRIALS, EVENTS = 250, 120


@pytest.fixture(scope="module")
def repeated():
    """Many experiments of few events each, all from one table."""
    table = toys.flowing(TRIALS * EVENTS, 50.0, 0.2, seed=7, spread=0.25)
    return q_vectors(table, everything(table), 4)


def width_of_pulls(q, inflated=1.0):
    """Standard deviation of (estimate - truth)/error over the experiments, of c2{2}, v2{2} and c2{4}."""
    pulls = []
    for trial in range(TRIALS):
        part = QVectors(q.powers[:, trial * EVENTS : (trial + 1) * EVENTS])
        found = cumulants(part, 2, np.ones(EVENTS), most=4)
        truth = {"c2": 0.2**2, "v2": 0.2, "c4": -(0.2**4)}
        numbers = {"c2": found[2][:2], "v2": found[2][2:], "c4": found[4][:2]}
        pulls.append([(numbers[name][0] - truth[name]) / (inflated * numbers[name][1]) for name in truth])
    return np.std(pulls, axis=0), np.mean(pulls, axis=0)


def test_errors_of_flow_are_those_of_the_mean(repeated):
    """Pulls over 250 experiments: width one within 4.5 %, no bias; the spread of events as an error fails."""
    width, bias = width_of_pulls(repeated)
    assert np.all(np.abs(width - 1) < 0.15), width
    assert np.all(np.abs(bias) < 0.25), bias
    spread, _ = width_of_pulls(repeated, inflated=np.sqrt(EVENTS))  # the planted fault: no root of the number of events
    assert not np.any(np.abs(spread - 1) < 0.15)
