"""Yields, spectra, mean momenta and classes: closed forms, and what is known to go wrong elsewhere."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from retrodict.base.errors import InputError
from retrodict.heavy_ion.events.analyse import CLASSES, analyse, observables
from retrodict.heavy_ion.events.observables import (
    Acceptance,
    centrality,
    charged_hadrons,
    density,
    mean_pt,
    selected,
    spectrum,
)
from tests.heavy_ion.events import grammars, toys


def test_densities_are_divided_by_widths_and_count_events_without_particles():
    """Their integral is the mean multiplicity; the error is that of the mean, exactly."""
    rng, sizes = np.random.default_rng(0), np.array([40, 0, 55, 30, 0, 61] * 20)
    eta = rng.uniform(-2, 2, sizes.sum())
    table = toys.table(sizes, np.ones(len(eta)), np.zeros(len(eta)), eta)
    edges = (-2.0, -1.5, 0.0, 0.25, 2.0)
    found = density(table, charged_hadrons(table), table.eta, edges)
    assert found.value @ np.diff(edges) == pytest.approx(sizes.mean(), rel=1e-12)
    one = density(table, charged_hadrons(table), table.eta, (-2.5, 2.5))
    assert one.value[0] == pytest.approx(sizes.mean() / 5, rel=1e-12)
    assert one.error[0] == pytest.approx(sizes.std(ddof=1) / 5 / np.sqrt(len(sizes)), rel=1e-9)


def test_a_spectrum_of_an_exponential_comes_back():
    r"""d2N/(2 pi pT dpT deta) = N exp(-pT/T)/(2 pi T^2 width) in narrow bins."""
    rng, temperature, events = np.random.default_rng(1), 0.25, 400
    sizes = rng.poisson(200, events)
    pt = rng.gamma(2.0, temperature, sizes.sum())
    table = toys.table(sizes, pt, rng.uniform(0, 6, len(pt)), rng.uniform(-1, 1, len(pt)))
    edges = np.linspace(0.0, 1.5, 31)
    found = spectrum(table, charged_hadrons(table), 2.0, edges.tolist())
    middle = 0.5 * (edges[1:] + edges[:-1])
    expected = 200 * np.exp(-middle / temperature) / (2 * np.pi * temperature**2 * 2.0)
    pulls = (found.value - expected) / found.error
    assert np.std(pulls) == pytest.approx(1.0, abs=0.4)
    assert np.all(np.abs(pulls) < 5)


def test_the_mean_momentum_is_one_of_particles_not_of_events():
    table = toys.table([1, 3, 0], [1.0, 2.0, 2.0, 2.0], np.zeros(4))
    assert mean_pt(table, charged_hadrons(table)).value[0] == pytest.approx(7 / 4)


def test_fluctuations_of_the_mean_momentum_are_those_of_events():
    """Temperatures that vary by 10 % give C = (0.1 <pT>)^2; none gives zero, however few the particles."""
    for spread in (0.1, 0.0):
        rng, events = np.random.default_rng(3), 4000
        sizes = rng.poisson(12, events)
        factor = np.repeat(1 + spread * rng.standard_normal(events), sizes)
        table = toys.table(sizes, np.abs(rng.gamma(2.0, 0.25, len(factor)) * factor), np.zeros(len(factor)))
        found = mean_pt(table, charged_hadrons(table))
        assert abs(found.value[1] - (spread * 0.5) ** 2) < 4 * found.error[1]
        assert found.error[1] < 5e-4
        # by nested sums in the first events
        few = selected(table, np.arange(events) < 6)
        parts = [few.pt[a:b] for a, b in zip(few.offsets[:-1], few.offsets[1:], strict=True)]
        mean = few.pt.mean()
        pairs = [(x[i] - mean) * (x[j] - mean) for x in parts for i in range(len(x)) for j in range(len(x)) if i != j]
        assert mean_pt(few, charged_hadrons(few)).value[1] == pytest.approx(np.mean(pairs), rel=1e-9)


def test_classes_of_multiplicity_do_not_depend_on_the_order_of_events():
    """Events of equal multiplicity share their percentile; all classes together hold every event, the last included."""
    rng = np.random.default_rng(4)
    counts = rng.poisson(3.0, 500).astype(float)
    share, order = centrality(counts), rng.permutation(500)
    assert_array_equal(centrality(counts[order]), share[order])
    assert np.all((share > 0) & (share < 100))
    assert share[np.argmin(counts)] == share.max()
    assert share.mean() == pytest.approx(50.0, abs=1e-9)
    table = toys.flowing(400, 60.0, 0.1, seed=5, spread=0.8)
    found = observables(table, Acceptance())
    assert [each["high"] for each in found["classes"]][-1] == CLASSES[-1]
    assert sum(each["events"] for each in found["classes"]) == 400
    densities = [each["quantities"]["dNch_deta"]["value"] for each in found["classes"]]
    assert densities == sorted(densities, reverse=True)
    assert any("events of all centralities" in warning for warning in found["warnings"])


def test_windows_hold_what_they_say():
    table = toys.small(seed=6)
    window = Acceptance(eta=0.5, pt_min=0.5, pt_max=2.0, gap=0.4)
    chosen = window.for_flow(table)
    expected = (np.abs(table.eta) < 0.5) & (table.pt >= 0.5) & (table.pt < 2.0)
    assert_array_equal(chosen, expected)
    left, right = window.sides(table)
    assert np.all(table.eta[left] < -0.2)
    assert np.all(table.eta[right] > 0.2)
    assert not np.any(charged_hadrons(toys.table([3], np.ones(3), np.zeros(3), pdg=[11, 111, -13])))
    for wrong in ({"eta": 0.0}, {"pt_min": 3.0, "pt_max": 1.0}, {"gap": 2.5}):
        with pytest.raises(InputError):
            Acceptance(**wrong)


def test_rapidities_of_particles_along_the_beam_are_outside_every_window():
    table = toys.table([2], [1.0, 1.0], [0.0, 1.0], [0.7, -1.2])
    assert_allclose(table.eta, [0.7, -1.2], rtol=1e-12)
    assert_allclose(np.tanh(table.rapidity), table.pz / table.E)
    along = toys.table([1], [0.0], [0.0])
    assert np.isinf(along.eta[0])
    assert not Acceptance().charged(along)[0]


def test_analysed_events_have_numbers_with_errors_and_nothing_of_holes_or_partons(tmp_path):
    """What the hook of `retrodict analyse` gives: the file, its window, quantities, functions and the table."""
    path = tmp_path / "events.dat"
    path.write_text(grammars.oscar_2013(grammars.events((40,) * 30)))
    analysed = analyse([path], eta=2.0, gap=0.5)
    numbers = analysed.found["quantities"]
    assert numbers["dNch_deta"]["value"] > 5 * numbers["dNch_deta"]["error"] > 0
    assert analysed.found["acceptance"]["eta"] == 2.0
    assert len(analysed.found["functions"]["dNch_deta"]["value"]) == 20
    assert ("mean_pT [GeV]", analysed.table[5][1]) == analysed.table[5]
    path.write_text(grammars.jetscape(grammars.events((5,)), status=-1))
    with pytest.raises(InputError, match="holes"):
        analyse([path])
    quarks = grammars.jetscape(grammars.events((5,))).replace("N_hadrons", "N_partons").replace(" 27 ", " 0 ")
    path.write_text(quarks.replace("0 211 0", "0 2 0").replace("0 -211 0", "0 21 0").replace("1 111 0", "1 -1 0"))
    found = [row for row in path.read_text().splitlines() if row.split()[1] in ("2", "21", "-1")]
    if found:
        with pytest.raises(InputError, match="partons"):
            analyse([path])
    with pytest.raises(InputError, match="one file"):
        analyse([path, path])
    far = toys.table([4], np.ones(4), np.zeros(4), np.full(4, 6.0))
    with pytest.raises(InputError, match="no charged hadrons"):
        observables(far, Acceptance())
