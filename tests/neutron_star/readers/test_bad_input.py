"""Bad and hostile files: one clear error that names the file, exit 2, no code run, nothing on the disk changed."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrodict.base.errors import InputError
from retrodict.base.files import parse_yaml
from retrodict.neutron_star.readers.inspect import inspect
from tests.neutron_star.readers import corpus
from tests.refusals import EDITS, FUZZ, damage, guarded, inspect_bad_file, refuse_bad_file, refuse_hostile_files, said

CASES = list(corpus.cases())
FILES = [form for form in corpus.FORMS if form.name != "eos-compose"]


@pytest.mark.parametrize("form", corpus.FORMS, ids=lambda form: form.name)
def test_the_good_file_from_which_the_bad_ones_are_made_is_read(form, tmp_path):
    path = tmp_path / form.file
    form.write(path, form.make())
    with guarded():
        read = form.read(path)
    for name, values in form.make().items():
        own = {"m1": "mass_1", "m2": "mass_2"}.get(name, name)
        np.testing.assert_allclose(getattr(read, own), values, rtol=1e-14)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_file_is_one_clear_error(case, tmp_path):
    path, message = refuse_bad_file(case, tmp_path)
    assert str(path) in message


def test_the_hostile_files_are_refused_within_seconds_and_a_gigabyte(tmp_path):
    refuse_hostile_files(corpus, tmp_path)


OF_THIS_DOMAIN = (corpus.EOS, corpus.STARS, corpus.NICER, corpus.TIDES)
OTHERWISE_FINE = ("tides-nothing",)  # samples of mass and radius


@pytest.mark.parametrize("case", [case for case in CASES if case.read in OF_THIS_DOMAIN], ids=lambda case: case.name)
def test_inspecting_a_bad_file_is_the_same_clear_error(case, tmp_path):
    path, message = inspect_bad_file(case, tmp_path, inspect)
    assert (message is None) == (case.name in OTHERWISE_FINE)
    assert message is None or str(path) in message


def test_the_corpus_has_its_size():
    assert len({case.name for case in CASES}) == len(CASES) >= 300
    assert len(corpus.FORMS) >= 15


def test_the_guard_has_teeth(tmp_path):
    """Unpickling under the guard fails before any code runs: the proof above is not empty."""
    import pickle

    data = pickle.dumps(corpus.Payload(tmp_path / "code-ran"))
    with pytest.raises(AssertionError, match="run code"), guarded():
        pickle.loads(data)  # noqa: S301  (the fault is planted here on purpose)
    with pytest.raises(AssertionError, match="writing"), guarded():
        (tmp_path / "x").write_text("x")
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="the super-user may read everything")
def test_an_unreadable_file_is_said_to_be_one(tmp_path):
    path = tmp_path / "stars.csv"
    corpus.write_csv(path, corpus.stars())
    path.chmod(0)
    with pytest.raises(InputError, match="may not be read"):
        corpus.STARS(path)


@pytest.mark.parametrize("name", ["", "a\x00b", "x" * 5000, "/dev/zero", "/proc/self/mem", "."])
def test_a_path_that_is_no_data_file_is_refused(name):
    with guarded(), pytest.raises(InputError):
        corpus.STARS(name)


# --- fuzzing ----------------------------------------------------------------------------------------------------------

TEXT = "0123456789.eE+-,; \t\r\n#[]{}\":'nainfmrslgcukMpo_^²\u00a0\ufeff\x00"


def survives(form: corpus.Form, path: Path, data: bytes) -> None:
    path.write_bytes(data)
    message = said(lambda: form.read(path))
    assert message is None or str(path) in message


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> dict[str, bytes]:
    content = {}
    for form in FILES:
        path = tmp_path_factory.mktemp(form.name) / form.file
        form.write(path, form.make())
        content[form.name] = path.read_bytes()
    return content


@pytest.mark.parametrize("form", ["stars-csv", "samples-npy", "samples-npz", "eos-json", "eos-cgs"])
@FUZZ
@given(data=st.binary(max_size=400) | st.text(TEXT, max_size=400).map(lambda text: text.encode()))
def test_no_bytes_whatever_crash_a_reader(form, data, tmp_path):
    survives(corpus.BY_NAME[form], tmp_path / "fuzz", data)


@pytest.mark.parametrize("form", [form.name for form in FILES])
@FUZZ
@given(edits=EDITS)
def test_no_damage_to_a_good_file_crashes_a_reader(form, edits, good, tmp_path):
    """Bytes are replaced, inserted and removed anywhere in a file that was good."""
    survives(corpus.BY_NAME[form], tmp_path / "fuzz", damage(good[form], edits))


@pytest.mark.parametrize("member", ["eos.nb", "eos.thermo", "eos.t", "eos.yq"])
@FUZZ
@given(text=st.text("0123456789.-+eE \n\tn", max_size=200), place=st.floats(0, 1))
def test_no_damage_to_a_compose_folder_crashes_its_reader(member, text, place, tmp_path):
    folder = tmp_path / "compose"
    corpus.write_compose(folder, corpus.sly())
    old = (folder / member).read_text()
    cut = int(place * len(old))
    (folder / member).write_text(old[:cut] + text + old[cut + len(text) :])
    message = said(lambda: corpus.EOS(folder))
    assert message is None or str(folder) in message


@FUZZ
@given(text=st.text(TEXT, max_size=300) | st.text(max_size=100))
def test_no_text_crashes_the_reader_of_configurations(text):
    message = said(lambda: parse_yaml(text, "config.yaml"))
    assert message is None or "config.yaml" in message
