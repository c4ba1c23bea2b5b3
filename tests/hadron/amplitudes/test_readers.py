"""Tables of phase shifts and line shapes: recognised, read with their units, refused in words where they are wrong."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError
from retrodict.base.recognition import FileHead, Strength
from retrodict.hadron.amplitudes.analysis import LineShape, PhaseShifts
from retrodict.hadron.amplitudes.models import EffectiveRange
from retrodict.hadron.amplitudes.readers import describe_line_shape, describe_phases, read_line_shape, read_phases
from retrodict.hadron.manifest import DOMAIN
from tests.hadron.amplitudes import corpus
from tests.refusals import refuse_bad_file

CASES = list(corpus.cases())


def written(folder, text):
    path = folder / "table.csv"
    path.write_text(text)
    return path


def claims(path):
    return {reader.kind: reader.claim(FileHead(path)).strength for reader in DOMAIN.readers}


def test_phase_shifts_are_read_with_their_units(tmp_path):
    """MeV and degrees; GeV and radians are converted; momenta in fm^-1, too."""
    found = read_phases(written(tmp_path, corpus.phases()))
    assert_allclose(found.delta, corpus.DELTA, rtol=1e-9)
    header = "k [fm^-1], delta [rad], error [rad]"
    text = corpus.csv(header, corpus.MOMENTUM / 197.3269804, np.deg2rad(corpus.DELTA), np.full(7, 0.01))
    other = read_phases(written(tmp_path, text))
    assert_allclose(other.momentum, corpus.MOMENTUM, rtol=1e-8)
    assert_allclose(other.delta, corpus.DELTA, rtol=1e-8)
    assert_allclose(other.error, np.rad2deg(0.01), rtol=1e-9)
    assert claims(tmp_path / "table.csv")["phase_shifts"] == Strength.EXACT


def test_spectra_are_read_with_edges_counts_and_errors(tmp_path):
    found = read_line_shape(written(tmp_path, corpus.spectrum()))
    assert found.error is None
    assert_allclose(found.high, corpus.EDGES[1:])
    centres = corpus.csv("mass [GeV], counts", 5e-4 * (corpus.EDGES[1:] + corpus.EDGES[:-1]), corpus.COUNTS)
    assert_allclose(read_line_shape(written(tmp_path, centres)).low, corpus.EDGES[:-1], atol=1e-6)
    assert claims(tmp_path / "table.csv")["line_shape"] == Strength.EXACT
    published = read_line_shape(written(tmp_path, corpus.hepdata()))
    assert_allclose(published.error, corpus.COUNTS**0.5, rtol=1e-9)
    assert_allclose(published.low, corpus.EDGES[:-1])
    assert claims(tmp_path / "table.csv")["line_shape"] == Strength.EXACT


def test_what_inspect_says_of_them(tmp_path):
    phases = describe_phases(written(tmp_path, corpus.phases()))
    assert (phases["kind"], phases["points"], phases["energy"]["largest"]) == ("phase_shifts", 7, 50.0)
    shape = describe_line_shape(written(tmp_path, corpus.hepdata()))
    assert (shape["kind"], shape["points"], shape["values"]) == ("line_shape", 40, "intensities")
    assert shape["energy"]["least"] == 4281.0


def test_counts_of_an_energy_alone_belong_to_nobody_here(tmp_path):
    """Another package reads them (see examples): no certain claim on `E [MeV], counts`."""
    path = written(tmp_path, corpus.csv("E [MeV], counts", corpus.ENERGY, np.round(corpus.DELTA)))
    assert max(claims(path).values()) <= Strength.WEAK
    path = written(tmp_path, corpus.csv("k [MeV], C, error", corpus.ENERGY, corpus.DELTA, corpus.DELTA))
    assert max(claims(path)[kind] for kind in ("phase_shifts", "line_shape")) <= Strength.WEAK


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_file_is_one_clear_error(case, tmp_path):
    refuse_bad_file(case, tmp_path)


def test_the_corpus_has_its_size():
    assert len({case.name for case in CASES}) == len(CASES) >= 30


@pytest.mark.parametrize(
    "analysis",
    [
        PhaseShifts((0.938, 0.939)),
        LineShape(corpus.PAIRS, EffectiveRange()),
        LineShape((corpus.NUCLEONS,), EffectiveRange()),
        LineShape(corpus.PAIRS[::-1]),
        LineShape(corpus.PAIRS, near=2000.0),
        PhaseShifts(corpus.NUCLEONS, upper=1.0),
    ],
    ids=["masses in GeV", "pairs too many", "no mock", "wrong order", "near nothing", "too few data"],
)
def test_an_analysis_that_contradicts_itself_is_refused(analysis):
    with pytest.raises(InputError):
        analysis.posterior(None)
