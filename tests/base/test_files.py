"""The door through which every file comes in: what it lets pass, to the last bit, and what it refuses."""

import errno
import gzip
import os

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrodict.base import atomic
from retrodict.base.arrays import read_npy, read_npz
from retrodict.base.column_names import parse_names
from retrodict.base.columns import read_columns
from retrodict.base.errors import InputError, StorageError
from retrodict.base.files import (
    Source,
    form_of,
    hash_file,
    parse_json,
    parse_yaml,
    read_bytes,
    read_json,
    read_text,
    read_yaml,
)
from retrodict.base.gzipped import read_unpacked, unpack
from retrodict.base.hdf5 import list_hdf5, read_hdf5
from retrodict.base.recognition import FileHead
from retrodict.base.table_rows import Columns
from retrodict.base.tables import format_table, parse_table
from retrodict.base.units import factor, is_unit
from retrodict.neutron_star.units import ENERGY_DENSITY, NUMBER_DENSITY

EMPTY_SHA = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def table(tmp_path, content: str | bytes, **options) -> Columns:
    path = tmp_path / "table.txt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_columns(path, **options)


# --- bytes and text ---------------------------------------------------------------------------------------------------


def test_provenance_is_the_sha256_of_the_bytes(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    data, source = read_bytes(tmp_path / "empty")
    assert (data, source.sha256, source.size) == (b"", EMPTY_SHA, 0)
    (tmp_path / "long").write_bytes(b"x" * 3_000_000)
    assert hash_file(tmp_path / "long") == read_bytes(tmp_path / "long")[1]


def test_a_file_over_the_limit_is_refused_by_its_size_alone(tmp_path):
    path = tmp_path / "sparse"
    with open(path, "wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(InputError, match="too large"):
        read_bytes(path, 1000)
    (tmp_path / "exact").write_bytes(b"x" * 1000)
    assert len(read_bytes(tmp_path / "exact", 1000)[0]) == 1000


def test_a_name_that_is_nearly_right_is_suggested(tmp_path):
    (tmp_path / "correlator.csv").write_text("")
    with pytest.raises(InputError, match=r"did you mean .*correlator\.csv"):
        read_bytes(tmp_path / "corelator.csv")


def test_text_is_strict_utf8_with_or_without_a_byte_order_mark(tmp_path):
    (tmp_path / "mark").write_bytes(b"\xef\xbb\xbfM\xe2\x98\x89\r\n")
    assert read_text(tmp_path / "mark")[0] == "M☉\r\n"
    (tmp_path / "bad").write_bytes(b"one\ntwo\xff\n")
    with pytest.raises(InputError, match="bad:2"):
        read_text(tmp_path / "bad")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_refused(tmp_path, encoding):
    (tmp_path / "text").write_bytes("mass, radius\n".encode(encoding))
    with pytest.raises(InputError):
        read_text(tmp_path / "text")


def test_the_form_is_seen_in_the_content(tmp_path):
    np.save(tmp_path / "a.npy", np.ones(3), allow_pickle=False)
    assert form_of((tmp_path / "a.npy").rename(tmp_path / "a.csv").read_bytes()) == "npy"
    assert form_of(b'\xef\xbb\xbf {"a": 1}') == "json"
    assert form_of(b"1 2 3") == "text"
    assert form_of(b"\x80\x04\x95") == "pickle"


# --- numbers in text --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a [km], b\n1.5, -2e3\n.5, 7.\n",
        "# a remark\na [km] b\r\n1.5 -2e3\r\n.5\t7.\r\n",
        "# a [km]  b\n 1.5 -2D3\n\n .5 7. # a remark\n",
        "a [km], b,\n1.5, -2e3,\n.5, 7.,\n",
        '"a [km]", "b"\n"1.5", "-2e3"\n.5, 7.\n',
        "A (km), B\n1.5, -2E+3\n0.5, 7\n",
    ],
)
def test_one_table_in_many_spellings(tmp_path, text):
    found = table(tmp_path, text)
    assert found.names == ("a", "b")
    assert found.units == ("km", "")
    np.testing.assert_array_equal(found.values, [[1.5, -2000.0], [0.5, 7.0]])


@given(st.lists(st.tuples(*[st.floats(allow_nan=False, allow_infinity=False)] * 2), min_size=1, max_size=20))
def test_a_table_written_and_read_has_the_same_bits(rows):
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    text = format_table(["x", "y"], ["km", ""], columns)
    found = parse_table(text.encode(), Source("x.csv", "", 0))
    assert found.values.tobytes() == np.stack(columns, axis=1).tobytes()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a, b\n1, 2\n3\n", r"table.txt:3"),
        ("a, b\n1, 2\n3, nan\n", r"table.txt:3, column b"),
        ("a, b\n1, 2\n-inf, 4\n", r"table.txt:3, column a"),
        ("a, b\n1, 2\n3, \n", "wrong number of cells"),
        ("a, b\n1, 2\n3, four\n", r"'four'"),
        ("a, b\n1, ٤\n", "not a number"),
        ("a, b\n1, 0x10\n", "not a number"),
        ("a, b\n1, 1_0\n", "not a number"),
        ("a, b\n1, 1e999\n", "not finite"),
        ("a, a\n1, 2\n", "appears twice"),
        ("a, \n1, 2\n", "wrong number of cells"),
        ("a, , c\n1, 2, 3\n", "no name"),
        ("1, 2\n3, 4\n", "columns have no names"),
        ("a, b\n", "no rows"),
        ("", "no rows"),
    ],
)
def test_an_unclear_table_is_refused_by_line_and_column(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        table(tmp_path, text)


def test_columns_named_in_the_call_override_a_header_and_may_skip(tmp_path):
    found = table(tmp_path, "x, y, z\n1, 2, 3\n", columns="mass [Msun], _, radius [km]")
    assert (found.names, found.units) == (("mass", "radius"), ("Msun", "km"))
    np.testing.assert_array_equal(found.values, [[1.0, 3.0]])
    with pytest.raises(InputError, match="wrong number of cells"):
        table(tmp_path, "1 2 3\n", columns="mass, radius")


def test_columns_of_words_are_kept_apart(tmp_path):
    found = table(tmp_path, 'name, mass\n"47 Tuc, X5", 1.2\nM13, 1.4\n', words=("name",))
    assert found.words["name"] == ("47 Tuc, X5", "M13")
    np.testing.assert_array_equal(found["mass"], [1.2, 1.4])


@pytest.mark.parametrize("text", ["", "a,,b", "[km]", "a [km", "a, A"])
def test_bad_names_are_refused(text):
    with pytest.raises(InputError):
        parse_names(text)


# --- units ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["g cm^-3", "g/cm^3", "g/cm3", "g cm-3", "g cm**-3", "g cm⁻³", "g·cm^{-3}"])
def test_a_unit_has_many_spellings(unit):
    """1 MeV/fm^3 is 1.78266e12 g/cm^3."""
    assert factor(unit, ENERGY_DENSITY, "here") == pytest.approx(1.0 / 1.7826619e12, rel=1e-7)


def test_units_agree_with_one_another():
    def worth(unit: str) -> float:
        return factor(unit, ENERGY_DENSITY, "here")

    light = 2.99792458e10
    assert worth("g cm^-3") == pytest.approx(worth("erg cm^-3") * light**2, rel=1e-12)
    assert worth("dyn cm^-2") == worth("erg/cm^3")
    assert worth("Pa") == pytest.approx(10.0 * worth("dyn cm^-2"), rel=1e-12)
    assert worth("km^-2") == pytest.approx(1e-6 * worth("m^-2"), rel=1e-12)
    assert worth("fm^-4") == pytest.approx(197.3269804, rel=1e-9)
    assert worth("MeV^4") * 197.3269804**4 == pytest.approx(worth("fm^-4"), rel=1e-12)
    assert worth("Msun km^-3") == pytest.approx(1.988409870698051e33 / 1e15 * worth("g cm^-3"), rel=1e-6)
    assert worth("1/km^2") == worth("km^-2")


@pytest.mark.parametrize("unit", ["", "g", "g cm^-2", "furlong", "MeV fm^-3 K", "MeV fm^-33333333333", "!!", "1"])
def test_a_unit_of_something_else_is_refused(unit):
    assert not is_unit(unit, NUMBER_DENSITY)
    with pytest.raises(InputError, match="unknown unit"):
        factor(unit, ENERGY_DENSITY, "here")


# --- containers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<i8", ">i2", "|u1", "|b1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_is_read_like_numpy_does_whatever_the_byte_order(tmp_path, dtype, order):
    array = np.asarray(np.arange(12).reshape(3, 4) % 2, dtype=dtype, order=order)
    np.save(tmp_path / "a.npy", array, allow_pickle=False)
    np.testing.assert_array_equal(read_npy(tmp_path / "a.npy")[0], array.astype(float))


def test_npz_hdf5_and_json_tables_are_the_same_table(tmp_path):
    mass, radius = np.array([1.0, 2.0]), np.array([10.0, 12.0])
    np.savez(tmp_path / "a", **{"mass [Msun]": mass, "radius [km]": radius})
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["star/mass"], file["star/radius"] = mass, radius
        file["star/mass"].attrs["units"], file["star/radius"].attrs["unit"] = np.bytes_("Msun"), np.bytes_("km")
        file["other"] = np.ones((2, 2))
        file["alias"] = h5py.SoftLink("/star/mass")
    (tmp_path / "a.json").write_text('{"mass [Msun]": [1, 2], "radius [km]": [10.0, 12.0], "note": "x"}')
    for name in ("a.npz", "a.h5", "a.json"):
        found = read_columns(tmp_path / name)
        assert found.names == ("mass", "radius")
        assert found.units == ("Msun", "km")
        np.testing.assert_array_equal(found.values, np.stack([mass, radius], axis=1))
        assert len(found.source.sha256) == 64


def test_hdf5_is_listed_without_being_read_and_fields_are_read_by_name(tmp_path):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["run/samples"] = np.array([(1.0, 2, b"x")], [("m", "f8"), ("k", "i4"), ("word", "S3")])
        file["run/again"] = file["run/samples"]  # a hard link: the same object twice
    datasets, _ = list_hdf5(path)
    assert next(iter(datasets.values())).fields == ("m", "k")
    assert len(datasets) == 1
    name = next(iter(datasets))
    np.testing.assert_array_equal(read_hdf5(path, [f"{name}.k"])[0][f"{name}.k"], [2.0])
    with pytest.raises(InputError, match="not an array of numbers"):
        read_hdf5(path, [f"{name}.word"])
    with pytest.raises(InputError, match="no such dataset"):
        read_hdf5(path, ["run/nothing"])


def test_several_tables_in_one_hdf5_file_must_be_told_apart(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for spin in ("low", "high"):
            file[f"{spin}/x"], file[f"{spin}/y"] = np.ones(2), np.full(2, len(spin))
    with pytest.raises(InputError, match="several tables"):
        read_columns(tmp_path / "a.h5")
    np.testing.assert_array_equal(read_columns(tmp_path / "a.h5", group="high")["y"], [4, 4])


def test_small_integers_count_as_the_floats_that_they_become(tmp_path):
    """40 million bytes on the disk are 320 million in memory: refused before that."""
    np.save(tmp_path / "a.npy", np.zeros(40_000_000, np.int8), allow_pickle=False)
    np.savez_compressed(tmp_path / "a", **{f"x{i}": np.zeros(20_000_000, np.int8) for i in range(2)})
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", (40_000_000,), "i1", compression="gzip")
    for read in (lambda: read_npy(tmp_path / "a.npy"), lambda: read_npz(tmp_path / "a.npz")):
        with pytest.raises(InputError, match="array is too large"):
            read()
    with pytest.raises(InputError, match="dataset is too large"):
        read_hdf5(tmp_path / "a.h5", ["x"])


def test_an_archive_keeps_the_names_of_its_arrays(tmp_path):
    np.savez_compressed(tmp_path / "a", x=np.ones((2, 3)), y=np.float32(2.0))
    arrays, *_ = read_npz(tmp_path / "a.npz")
    assert {name: array.shape for name, array in arrays.items()} == {"x": (2, 3), "y": ()}


# --- JSON and YAML ----------------------------------------------------------------------------------------------------


def test_yaml_is_version_1_2_and_knows_where_each_field_stands(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("# a remark\nstep: 1e-3\ncode: 010\nflag: no\nlist:\n  - {deep: 1.0e5}\ntime: 12:30:00\n")
    document = read_yaml(path)
    assert document.value == {"step": 1e-3, "code": 10, "flag": "no", "list": [{"deep": 1e5}], "time": "12:30:00"}
    assert document.where("list", 0, "deep") == f"{path}:6:6"
    assert document.where("step", "missing") == f"{path}:2:1"


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1",
        "a: *x",
        "a: !!str 1",
        "a: !secret 1",
        "%YAML 1.1\n---\na: no",
        "a: 1\na: 2",
        "a: 1\n---\nb: 2",
        "a: 2001-01-01",
        "? [1, 2]\n: 3",
        "a: [1",
        "a:\n\t- 1",
        "{" * 100,
        "[" + "1," * 30_000 + "1]",
    ],
)
def test_yaml_that_is_more_than_plain_data_is_refused(text):
    with pytest.raises(InputError, match=r"config\.yaml"):
        parse_yaml(text, "config.yaml")


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', "[" * 100_000, "{} {}", "9" * 5000, "", "{'a': 1}"])
def test_json_that_is_not_clean_is_refused(text, tmp_path):
    with pytest.raises(InputError, match=r"data\.json"):
        parse_json(text, "data.json")


def test_json_is_read(tmp_path):
    (tmp_path / "a.json").write_text('{"a": [1, 2.5, null, "x"]}')
    assert read_json(tmp_path / "a.json")[0] == {"a": [1, 2.5, None, "x"]}


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_file_is_replaced_whole(tmp_path):
    atomic.write_bytes(tmp_path / "x", b"old")
    atomic.write_text(tmp_path / "x", "new ☉")
    assert (tmp_path / "x").read_text("utf-8") == "new ☉"
    assert os.listdir(tmp_path) == ["x"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_no_temporary_one(tmp_path, monkeypatch, step):
    atomic.write_bytes(tmp_path / "x", b"old")

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(atomic.os, step, full)
    with pytest.raises(StorageError, match="disk is full") as caught:
        atomic.write_bytes(tmp_path / "x", b"new")
    assert caught.value.exit_code == 5
    assert (tmp_path / "x").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path):
    with pytest.raises(StorageError):
        atomic.write_bytes(tmp_path / "nowhere" / "x", b"")


# --- gzip, complex numbers, names -------------------------------------------------------------------------------------


def test_gzip_is_unpacked_member_by_member_and_the_hash_is_that_of_the_file(tmp_path):
    packed = gzip.compress(b"a" * 1000) + gzip.compress(b"b")
    (tmp_path / "x").write_bytes(packed)
    data, source = read_unpacked(tmp_path / "x")
    assert data == b"a" * 1000 + b"b"
    assert (source.sha256, source.size) == (read_bytes(tmp_path / "x")[1].sha256, len(packed))
    (tmp_path / "y").write_bytes(b"plain")
    assert read_unpacked(tmp_path / "y")[0] == b"plain"


def test_what_gzip_unpacks_to_is_bounded_to_the_byte():
    packed = gzip.compress(bytes(5000))
    assert len(unpack(packed, "x", limit=5000)) == 5000
    with pytest.raises(InputError, match="too much"):
        unpack(packed, "x", limit=4999)


@pytest.mark.parametrize("cut", [1, 8, 9, 20])
def test_a_gzip_file_cut_short_or_flipped_is_damaged(cut):
    packed = gzip.compress(os.urandom(100))
    with pytest.raises(InputError, match="damaged"):
        unpack(packed[:-cut], "x")
    flipped = bytearray(packed)
    flipped[-cut] ^= 1
    with pytest.raises(InputError, match="damaged"):
        unpack(bytes(flipped), "x")


def test_the_parts_of_complex_numbers_are_read_by_name(tmp_path):
    numbers = np.array([1.0 + 2.0j, 3.0 - 4.0j])
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["z"] = numbers
    datasets, _ = list_hdf5(tmp_path / "c.h5")
    assert datasets["z"].complex
    assert not datasets["z"].numeric
    arrays, _ = read_hdf5(tmp_path / "c.h5", ["z.re", "z.im"])
    np.testing.assert_array_equal(arrays["z.re"] + 1j * arrays["z.im"], numbers)
    for name in ("z", "z.abs"):
        with pytest.raises(InputError, match="not an array of numbers"):
            read_hdf5(tmp_path / "c.h5", [name])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("# one\n# a, b [m]\n1, nan\n", ("a", "b")),
        ("a b\n1 x\n", ("a", "b")),
        ("1 2\n", ()),
        ('{"a": [1], "b": [2]}', ("a", "b")),
        ("PK\x03\x04mass, radius", ()),
    ],
)
def test_names_of_columns_are_told_however_broken_the_numbers_are(text, names, tmp_path):
    (tmp_path / "x").write_text(text)
    assert FileHead(tmp_path / "x").names == names
