"""Bad and hostile correlator files: one clear error that names the file, exit 2, no code run, nothing written."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrodict.base.errors import InputError
from retrodict.spectral.data import Correlator, read_correlator
from retrodict.spectral.inspect import inspect
from tests.refusals import EDITS, FUZZ, damage, guarded, inspect_bad_file, refuse_bad_file, refuse_hostile_files, said
from tests.spectral.readers import corpus

CASES = list(corpus.cases())


@pytest.mark.parametrize("form", corpus.FORMS, ids=lambda form: form.name)
def test_the_good_file_from_which_the_bad_ones_are_made_is_read(form, tmp_path):
    path, good = tmp_path / form.file, form.make()
    form.write(path, good)
    with guarded():
        read = form.read(path)
    mean = good["samples"].mean(axis=0) if "samples" in good else good["mean"]
    np.testing.assert_allclose(read.grid, good["grid"], rtol=1e-14)
    np.testing.assert_allclose(read.mean, mean, rtol=1e-12)
    if "error" in good:
        np.testing.assert_allclose(read.error, good["error"], rtol=1e-14)
    if "covariance" in good:
        np.testing.assert_allclose(read.covariance, good["covariance"], rtol=1e-13)
    if "samples" in good:
        spread = good["samples"].std(axis=0, ddof=1) / np.sqrt(len(good["samples"]))
        np.testing.assert_allclose(read.error, spread, rtol=1e-10)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_file_is_one_clear_error(case, tmp_path):
    _, message = refuse_bad_file(case, tmp_path)
    assert str(tmp_path) in message


def test_the_hostile_files_are_refused_within_seconds_and_a_gigabyte(tmp_path):
    refuse_hostile_files(corpus, tmp_path)


SEVERAL = ("hdf5-several", "gvar-two-tags")  # inspect lists them


@pytest.mark.parametrize("case", [case for case in CASES if case.read is read_correlator], ids=lambda case: case.name)
def test_inspecting_a_bad_file_is_the_same_clear_error(case, tmp_path):
    _, message = inspect_bad_file(case, tmp_path, inspect)
    assert (message is None) == (case.name in SEVERAL)
    assert message is None or str(tmp_path) in message


def test_the_corpus_has_its_size():
    assert len({case.name for case in CASES}) == len(CASES) >= 300


@pytest.mark.parametrize("name", ["", "a\x00b", "x" * 5000, "/dev/zero", "/proc/self/mem", ".", "*", "*.h5"])
def test_a_path_that_is_no_data_file_is_refused(name):
    with guarded(), pytest.raises(InputError):
        read_correlator(name)


# --- fuzzing ----------------------------------------------------------------------------------------------------------

FUZZ = settings(FUZZ, max_examples=50)
TEXT = "0123456789.eE+-,; \t\r\n#[]{}\":'nainftaupDGsigmcov_\u00a0\ufeff\x00"
FILES = [form.name for form in corpus.FORMS if form.name != "samples-hadrons"]


def survives(path: Path, data: bytes) -> None:
    """Refused with the name of the file, or accepted with a covariance that can be used."""
    path.write_bytes(data)
    kept: list[Correlator] = []
    message = said(lambda: kept.append(read_correlator(path)))
    assert (str(path) in message) if message is not None else np.linalg.eigvalsh(kept[0].correlation)[0] > 0.0


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Callable[[str], bytes]:
    content = {}
    for name in FILES:
        form = corpus.BY_NAME[name]
        path = tmp_path_factory.mktemp(name) / form.file
        form.write(path, form.make())
        content[name] = path.read_bytes()
    return lambda name: content[name]


@FUZZ
@given(data=st.binary(max_size=400) | st.text(TEXT, max_size=400).map(lambda text: text.encode()))
def test_no_bytes_whatever_crash_the_reader(data, tmp_path):
    survives(tmp_path / "fuzz", data)


@pytest.mark.parametrize("form", FILES)
@FUZZ
@given(edits=EDITS)
def test_no_damage_to_a_good_file_crashes_the_reader(form, edits, good, tmp_path):
    """Bytes are replaced, inserted and removed anywhere in a file that was good."""
    survives(tmp_path / "fuzz", damage(good(form), edits))


@FUZZ
@given(new=st.binary(min_size=1, max_size=6), place=st.floats(0, 1))
def test_no_damage_to_one_of_the_files_of_a_folder_crashes_its_reader(new, place, tmp_path):
    """One configuration of many is broken: refused with the name of its file, or still a correlator."""
    folder = tmp_path / "folder"
    corpus.write_hadrons(folder, {"samples": corpus.measured()["samples"][:5]})
    file = folder / "pt_ll.30.h5"
    data = bytearray(file.read_bytes())
    start = int(place * len(data))
    data[start : start + len(new)] = new
    file.write_bytes(bytes(data))
    message = said(lambda: read_correlator(folder))
    assert message is None or str(folder) in message


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4),
    max_leaves=8,
)
KEYS = ["type", "layout", "value", "data", "cdata", "tag"]


@FUZZ
@given(key=st.sampled_from(KEYS), value=JSON)
def test_no_value_in_a_pyerrors_document_crashes_its_reader(key, value, tmp_path):
    document = corpus.pyerrors_document(corpus.measured()["samples"])
    document["obsdata"][0][key] = value
    survives(tmp_path / "fuzz.json", json.dumps(document).encode())
