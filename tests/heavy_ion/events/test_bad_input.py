"""Bad files of events are refused: one clear error, exit code 2, nothing written, no code run."""

import gzip

import numpy as np
import pytest
from hypothesis import given

from retrodict.base.gzipped import unpacked_blocks
from retrodict.heavy_ion.events.reading import read_any, read_events
from tests.heavy_ion.events import corpus, grammars
from tests.refusals import EDITS, FUZZ, damage, refuse_bad_file, refuse_hostile_files, said

CASES = list(corpus.cases())
WORDS = {
    "oscar-2013-pt-in-mev": "px and py are in MeV",
    "oscar-2013-momenta-in-mev": "px, py and pz are in MeV",
    "oscar-2013-energies-in-mev": "E is in MeV",
    "oscar-2013-all-in-mev": "momenta in MeV where GeV are due",
    "oscar-2013-units-that-say-mev": "[MeV]",
    "oscar-2013-columns-exchanged": "most particles are not on their mass shell",
    "oscar-2013-cut-in-an-event": "the file ends within event 2",
    "oscar-2013-cut-before-the-end": "the file ends within event 2",
    "oscar-2013-count-too-small": "its header says 3",
    "oscar-2013-count-too-large": "event 0 has 4 rows, its header says 6",
    "oscar-2013-one-end-lost": "event 0 has no end",
    "oscar-2013-rows-that-balance": "events.dat:6",
    "oscar-2013-nan": "events.dat:6, column px",
    "oscar-2013-unknown-species": "999 is no code of the Particle Data Group",
    "oscar-1997-count-too-small": "its header says 3",
    "oscar-1997-of-another-year": "expected: OSC1997A",
    "oscar-2014": "an unknown version of OSCAR",
    "jetscape-v9": "an unknown version of JETSCAPE",
    "jetscape-cut": "the file ends within event 3",
    "urqmd-f15": "files 15 and 16 list collisions",
    "urqmd-count-too-small": "its header says 3",
    "urqmd-count-too-large": "its header says 5",
    "trento-3d": "an event of trento3d",
    "hdf5-three-dimensions": "an event of trento3d",
    "oscar-1999-no-final-state": "has no final state",
}


def test_there_are_enough_bad_files():
    assert len(CASES) >= 90
    assert len({case.name for case in CASES}) == len(CASES)
    assert set(WORDS) <= {case.name for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_file_is_refused_in_words(case, tmp_path):
    _, message = refuse_bad_file(case, tmp_path)
    assert WORDS.get(case.name, "") in message, message


def test_the_good_files_behind_the_corpus_are_read(tmp_path):
    """What is refused is refused for its fault alone."""
    path = tmp_path / "events.dat"
    for text in (
        grammars.oscar_2013(corpus.GIVEN),
        grammars.oscar_2013(corpus.PIONS),
        grammars.oscar_1997(corpus.GIVEN),
        grammars.oscar_1999_smash(corpus.GIVEN),
        grammars.oscar_1999_urqmd(corpus.GIVEN),
        grammars.urqmd(corpus.GIVEN),
        grammars.jetscape(corpus.GIVEN),
    ):
        path.write_text(text)
        assert read_events(path).particles in (12, 24)
    corpus.good_hdf5(tmp_path / "trento.h5")
    assert read_any(tmp_path / "trento.h5").events == 3


def test_the_hostile_files_are_refused_within_seconds_and_a_gigabyte(tmp_path):
    refuse_hostile_files(corpus, tmp_path)


def test_a_gzip_bomb_and_a_cut_stream_are_refused(tmp_path):
    """Fifty megabytes of zeros in fifty kilobytes: refused while it grows."""
    path, text = tmp_path / "events.gz", grammars.oscar_2013(corpus.GIVEN).encode()
    path.write_bytes(gzip.compress(text)[:-20])
    assert "the stream ends too early" in (said(lambda: read_events(path)) or "")
    path.write_bytes(gzip.compress(bytes(5_000_000)))
    assert "unpacks to too much" in (said(lambda: sum(map(len, unpacked_blocks(path, 1000, 100_000)))) or "")
    assert sum(map(len, unpacked_blocks(path, 70_000))) == 5_000_000


@FUZZ
@given(edits=EDITS)
def test_whatever_happens_to_a_file_it_is_read_or_refused(edits, tmp_path_factory):
    """Nothing but the error of the user comes out, and a table that was read is consistent."""
    folder = tmp_path_factory.mktemp("fuzz")
    for number, text in enumerate((grammars.oscar_2013(corpus.GIVEN), grammars.urqmd(corpus.GIVEN[:1]))):
        path = folder / f"{number}.dat"
        path.write_bytes(damage(text.encode(), edits))
        if said(lambda path=path: read_any(path)) is None:
            table = read_events(path)
            assert table.offsets[-1] == table.particles
            assert np.isfinite(table.E).all()
