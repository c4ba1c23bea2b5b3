"""Configuration files: what an independent program wrote is read, what we write comes back bit by bit, and whatever was
altered on the way is refused by the name of the check that noticed."""

import contextlib
import json
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from retrodict.base.errors import InputError
from retrodict.lattice.io import files
from retrodict.lattice.io.gauge_field import compute_layout, file_layout, with_third_row
from tests.lattice.io import encoders
from tests.lattice.io.encoders import random_links, slow_plaquette

LINKS = random_links()
SINGLE = LINKS.astype(np.complex64)
STORED = {  # links, byte order, bytes a number, rows
    "NERSC 64 big": (LINKS, ">", 8, 3),
    "NERSC 64 little": (LINKS, "<", 8, 3),
    "NERSC 32 big": (SINGLE, ">", 4, 3),
    "NERSC 32 little": (SINGLE, "<", 4, 3),
    "NERSC 64 two rows": (LINKS, ">", 8, 2),
    "NERSC 32 two rows": (SINGLE, "<", 4, 2),
    "ILDG 64": (LINKS, ">", 8, 3),
    "ILDG 32": (SINGLE, ">", 4, 3),
    "SciDAC 64": (LINKS, ">", 8, 3),
    "SciDAC 32": (SINGLE, ">", 4, 3),
    "openQCD": (LINKS, "<", 8, 3),
    "MILC little": (SINGLE, "<", 4, 3),
    "MILC big": (SINGLE, ">", 4, 3),
}
ANGLES, AT_T = (-np.pi / 3, 0.0, np.pi / 3), (-np.pi, np.pi / 3, 2 * np.pi / 3)
OPEN, SF = encoders.open_links(), encoders.sf_links(ANGLES)
HALF_OPEN = OPEN.copy()
HALF_OPEN[-1, 0, 0, 0, 3] = np.eye(3)
CHECKED = [name for name in STORED if name != "openQCD"]


def foreign(name):
    """The file that the independent program writes."""
    links, order, size, rows = STORED[name]
    match name.split()[0]:
        case "NERSC":
            return encoders.nersc(links, order, size, rows)
        case "ILDG":
            return encoders.ildg(links, size)
        case "SciDAC":
            return encoders.scidac(links, size)
        case "MILC":
            return encoders.milc(links, order)
        case _:
            return encoders.openqcd(links)


@pytest.fixture
def file(tmp_path):
    def write(data):
        path = tmp_path / "configuration"
        path.write_bytes(data)
        return path

    return write


def refusal(path):
    """The message with which a file is refused."""
    with pytest.raises(InputError) as caught:
        files.read_gauge_field(path)
    return str(caught.value)


@pytest.mark.parametrize("name", STORED)
def test_a_file_of_another_program_is_read_to_the_last_bit(name, file):
    links, _, _, rows = STORED[name]
    found = files.read_gauge_field(file(foreign(name)))
    stored = slice(0, rows)
    assert found.links.dtype == links.dtype
    assert_array_equal(found.links[..., stored, :], links[..., stored, :])
    assert_allclose(found.links, links, atol=1e-6 if found.precision == 32 else 1e-14)
    assert found.format == name.split()[0] + (" v5" if name.startswith("MILC") else "")


@pytest.mark.parametrize("links", [LINKS, SINGLE], ids=["64 bits", "32 bits"])
@pytest.mark.parametrize(
    "write",
    [
        lambda path, field: files.write_nersc(path, field),
        lambda path, field: files.write_nersc(path, field, big_endian=False),
        lambda path, field: files.write_ildg(path, field, lfn="lfn://here/there"),
        files.write_npz,
    ],
    ids=["NERSC big", "NERSC little", "ILDG", "npz"],
)
def test_what_is_written_comes_back_bit_by_bit(write, links, tmp_path):
    path, again = tmp_path / "first", tmp_path / "second"
    write(path, files.GaugeField(links))
    found = files.read_gauge_field(path)
    assert found.links.dtype == links.dtype
    assert_array_equal(found.links, links)
    write(again, found)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("links", [LINKS, SINGLE], ids=["64 bits", "32 bits"])
def test_two_rows_come_back_bit_by_bit_and_the_third_follows(links, tmp_path):
    path, again = tmp_path / "first", tmp_path / "second"
    files.write_nersc(path, files.GaugeField(links), rows=2)
    found = files.read_gauge_field(path)
    assert_array_equal(found.links, with_third_row(links[..., :2, :]))
    files.write_nersc(again, found, rows=2)
    assert again.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ["NERSC 64 big", "NERSC 32 little", "NERSC 64 two rows"])
def test_our_nersc_data_are_those_of_the_other_program(name, tmp_path):
    links, order, _, rows = STORED[name]
    path = tmp_path / "configuration"
    files.write_nersc(path, files.GaugeField(links), rows=rows, big_endian=order == ">")
    ours, theirs = path.read_bytes(), foreign(name)
    assert ours.split(b"END_HEADER\n", 1)[1] == theirs.split(b"END_HEADER\n", 1)[1]
    assert theirs[theirs.index(b"CHECKSUM") :].split(b"\n")[0] in ours


def test_our_ildg_records_are_those_of_the_other_program(tmp_path):
    path = tmp_path / "configuration"
    files.write_ildg(path, files.GaugeField(LINKS))
    ours, theirs = path.read_bytes(), encoders.ildg(LINKS)
    for name in (b"suma", b"sumb"):
        assert ours.split(b"<%s>" % name)[1].split(b"<")[0] == theirs.split(b"<%s>" % name)[1].split(b"<")[0]
    data = b"".join(encoders.sites(LINKS, ">", 8))
    assert data in ours
    assert data in theirs


@pytest.mark.parametrize("name", CHECKED)
def test_any_flipped_bit_of_the_links_is_caught_by_the_checksum(name, file):
    data, body = foreign(name), b"".join(encoders.sites(*STORED[name]))
    start = data.index(body)
    for bit in np.random.default_rng(3).integers(0, 8 * len(body), 40):
        damaged = bytearray(data)
        damaged[start + bit // 8] ^= 1 << (bit % 8)
        assert "checksum check" in refusal(file(bytes(damaged)))


def test_any_flipped_bit_of_an_archive_is_refused(tmp_path, file):
    files.write_npz(tmp_path / "whole", files.GaugeField(SINGLE))
    data = (tmp_path / "whole").read_bytes()
    start = data.index(SINGLE.tobytes()[:64])
    for bit in np.random.default_rng(4).integers(0, 8 * SINGLE.nbytes, 40):
        damaged = bytearray(data)
        damaged[start + bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(InputError):
            files.read_gauge_field(file(bytes(damaged)))


@pytest.mark.parametrize(
    ("data", "check"),
    [
        (lambda: encoders.nersc(LINKS, PLAQUETTE="0.123"), "plaquette"),
        (lambda: encoders.nersc(LINKS, LINK_TRACE="0.123"), "link_trace"),
        (lambda: encoders.nersc(LINKS, PLAQUETTE="nan"), "plaquette"),
        (lambda: encoders.nersc(LINKS, CHECKSUM="123"), "checksum"),
        (lambda: encoders.nersc(LINKS, CHECKSUM="word"), "checksum"),
        (lambda: encoders.nersc(LINKS, FLOATING_POINT="IEEE64LITTLE"), "endianness"),
        (lambda: encoders.nersc(LINKS, FLOATING_POINT="IEEE16BIG"), "floating-point"),
        (lambda: encoders.nersc(LINKS, DATATYPE="4D_SU2_GAUGE"), "datatype"),
        (lambda: encoders.nersc(LINKS, DIMENSION_4="8"), "size"),
        (lambda: encoders.nersc(LINKS, DIMENSION_4="999999999999"), "dimensions"),
        (lambda: encoders.nersc(LINKS, DIMENSION_4="4096", DIMENSION_3="4096", DIMENSION_2="4096"), "dimensions"),
        (lambda: encoders.nersc(LINKS, DIMENSION_4="-6"), "dimensions"),
        (lambda: encoders.nersc(LINKS, DIMENSION_1=None), "header"),
        (lambda: encoders.nersc(LINKS)[:-5], "size"),
        (lambda: encoders.nersc(LINKS) + b"more", "size"),
        (lambda: encoders.nersc(LINKS)[:60], "header"),
        (lambda: encoders.nersc(1.01 * LINKS), "unitarity"),
        (lambda: encoders.ildg(LINKS, suma=0x123), "checksum"),
        (lambda: encoders.ildg(LINKS, dimensions=(4, 2, 2, 4)), "size"),
        (lambda: encoders.ildg(LINKS, dimensions=(4, 0, 2, 4)), "dimensions"),
        (lambda: encoders.ildg(LINKS, field="u1gauge"), "field"),
        (lambda: encoders.ildg(LINKS)[:10_000], "size"),
        (lambda: encoders.ildg(LINKS)[:200], "size"),
        (lambda: encoders.lime_record(b"scidac-binary-data", b"1234"), "record"),
        (lambda: encoders.ildg(LINKS) + b"trailing", "record"),
        (lambda: encoders.scidac(LINKS, datatype="QDP_D3_DiracFermion"), "datatype"),
        (lambda: encoders.scidac(LINKS, count=1), "datatype"),
        (lambda: encoders.scidac(LINKS, volfmt=1), "record"),
        (lambda: encoders.scidac(LINKS)[:-1000], "size"),
        (lambda: encoders.openqcd(LINKS, plaquette=0.3), "plaquette"),
        (lambda: encoders.openqcd(OPEN, plaquette=slow_plaquette(OPEN) * 6 / 5.5), "plaquette"),  # over existing ones
        (lambda: encoders.openqcd(HALF_OPEN, plaquette=0.1), "unitarity"),
        (lambda: encoders.openqcd(SF, plaquette=0.9), "plaquette"),  # out of reach of any boundary value
        (lambda: encoders.openqcd(LINKS, order=">"), "endianness"),
        (lambda: encoders.openqcd(LINKS)[:-16], "size"),
        (lambda: encoders.openqcd(np.conj(LINKS[..., ::-1, :])), "unitarity"),
        (lambda: encoders.milc(SINGLE)[:-4], "size"),
        (lambda: encoders.milc(SINGLE)[:50], "header"),
        (lambda: encoders.milc(SINGLE, site_order=1), "site-order"),
    ],
)
def test_a_damaged_file_is_refused_by_the_name_of_the_failed_check(data, check, file):
    assert f"{check} check" in refusal(file(data()))


@pytest.mark.parametrize("data", [b"", b"BEGIN", b"plain text\n" * 100, b"\x00" * 5000, b"\x93NUMPY\x01\x00"])
def test_what_is_no_configuration_is_refused(data, file):
    assert "not a lattice configuration" in refusal(file(data))


@pytest.mark.parametrize("name", STORED)
def test_random_damage_to_a_header_ends_in_a_refusal_or_a_configuration_never_in_a_crash(name, file):
    rng, data = np.random.default_rng(9), foreign(name)
    for _ in range(20):
        damaged = bytearray(data)
        for at in rng.integers(0, 400, 3):
            damaged[at] = rng.integers(256)
        with contextlib.suppress(InputError):
            files.read_gauge_field(file(bytes(damaged)))


def test_old_files_that_state_no_byte_order_are_read_in_the_one_their_checksum_agrees_with(file):
    for order in "<>":
        found = files.read_gauge_field(file(encoders.nersc(SINGLE, order, 4, FLOATING_POINT="IEEE32")))
        assert_array_equal(found.links, SINGLE)


def test_inspection_says_what_was_measured_and_checked(file):
    found = files.inspect(file(encoders.nersc(LINKS, "<", 8, ENSEMBLE_ID="quenched")))
    assert found["kind"] == "gauge_configuration"
    assert found["dimensions"] == {"x": 4, "y": 2, "z": 2, "t": 6}
    assert found["precision"] == 64
    assert_allclose(found["plaquette"], slow_plaquette(LINKS), rtol=1e-12)
    assert_allclose(found["link_trace"], np.trace(LINKS, axis1=-2, axis2=-1).real.mean() / 3, rtol=1e-12)
    assert set(found["checks"]) == {"size", "checksum", "plaquette", "link_trace", "unitarity"}
    assert set(found["checks"].values()) == {"passed"}
    assert found["metadata"]["ENSEMBLE_ID"] == "quenched"
    json.dumps(found, allow_nan=False)


def test_a_format_without_a_checksum_says_so(file):
    assert files.inspect(file(encoders.openqcd(LINKS)))["checks"]["checksum"] == "not in this format"


def test_an_open_boundary_is_said_and_the_plaquette_averaged_over_those_that_exist(file):
    found = files.inspect(file(encoders.openqcd(OPEN)))
    x, y, z, t = encoders.DIMENSIONS
    existing = x * y * z * (3 * t + 3 * (t - 1))
    assert found["boundary"] == "open"
    assert found["checks"]["plaquette"] == "passed"
    assert_allclose(found["plaquette"], encoders.slow_sum(OPEN) / (3 * existing), rtol=1e-12)
    traces = np.trace(OPEN, axis1=-2, axis2=-1).real.sum() / (3 * x * y * z * (4 * t - 1))
    assert_allclose(found["link_trace"], traces, rtol=1e-12)
    assert_allclose(float(next(iter(found["metadata"].values()))), slow_plaquette(OPEN), rtol=1e-10)


@pytest.mark.parametrize("write", [files.write_nersc, files.write_ildg, files.write_npz])
def test_an_open_boundary_survives_another_format(write, tmp_path):
    write(tmp_path / "conf", files.GaugeField(OPEN))
    found = files.read_gauge_field(tmp_path / "conf")
    assert found.boundary == "open"
    assert_array_equal(found.links, OPEN)


@pytest.mark.parametrize(
    ("at_t", "outcome"),
    [((0.0, 0.0, 0.0), "passed with C' = 1"), (AT_T, "passed with C' of phi'"), ((0.9, 0.1, -1.0), "not made")],
)
def test_a_schroedinger_functional_is_known_by_its_links_at_time_0(at_t, outcome, file):
    found = files.inspect(file(encoders.openqcd(SF, plaquette=encoders.sf_plaquette(SF, at_t))))
    assert found["boundary"] == "Schroedinger functional"
    assert found["checks"]["plaquette"].startswith(outcome)
    x, y, z, t = encoders.DIMENSIONS
    inside = SF.copy()
    inside[-1, ..., 3, :, :] = 0
    determined = encoders.slow_sum(inside) / (3 * x * y * z * (6 * t - 3))
    assert_allclose(found["plaquette"], determined, rtol=1e-12)


def test_a_header_that_forgets_the_boundary_at_time_t_is_told_apart(file):
    found = files.inspect(file(encoders.openqcd(SF)))
    assert found["boundary"] == "Schroedinger functional by the links at time 0, periodic by the header"
    unit = np.broadcast_to(np.eye(3, dtype=complex), LINKS.shape)
    assert files.inspect(file(encoders.openqcd(unit)))["boundary"] == "periodic"
    inside = SF.copy()
    inside[-1, ..., 3, :, :] = 0
    found = files.inspect(file(encoders.openqcd(SF, plaquette=slow_plaquette(inside))))
    assert found["checks"]["plaquette"] == "passed over the plaquettes that the file determines"


def test_an_open_boundary_at_time_0_and_values_at_time_t_are_known_by_the_header_alone(file):
    found = files.inspect(file(encoders.openqcd(LINKS, plaquette=encoders.sf_plaquette(LINKS, AT_T))))
    assert found["boundary"] == "open at time 0, Schroedinger functional at time T"
    message = refusal(file(encoders.openqcd(LINKS, plaquette=encoders.sf_plaquette(LINKS, (0.9, 0.1, -1.0)))))
    assert "plaquette check" in message


def test_a_scidac_file_without_a_checksum_says_so(file):
    found = files.inspect(file(encoders.scidac(LINKS, checksum=False)))
    assert found["format"] == "SciDAC"
    assert found["checks"]["checksum"] == "no scidac-checksum record"
    assert found["boundary"].startswith("periodic, as the file does not say")


def test_a_propagator_is_refused_by_its_name(file):
    assert "QDP_D3_DiracPropagator" in refusal(file(encoders.scidac(LINKS, datatype="QDP_D3_DiracPropagator")))


def test_the_zero_byte_that_ends_a_logical_file_name_in_c_is_no_part_of_it(file, tmp_path):
    data = encoders.ildg(LINKS)[:-160] + encoders.lime_record(b"ildg-data-lfn", b"mc://here/there\0")
    field = files.read_gauge_field(file(data))
    assert field.metadata == {"ildg-data-LFN": "mc://here/there"}
    files.write_ildg(tmp_path / "again", field)
    assert b"mc://here/there" in (tmp_path / "again").read_bytes()
    assert files.read_gauge_field(tmp_path / "again").metadata == field.metadata


def test_the_layout_for_computing_is_undone_by_its_inverse():
    assert compute_layout(LINKS).shape == (3, 3, 4, *encoders.DIMENSIONS)
    assert_array_equal(file_layout(compute_layout(LINKS)), LINKS)


FIELDS = np.random.default_rng(1).standard_normal((5, 4, 6))
SCALARS = [files.Configurations(FIELDS.astype(kind), "phi4", {"kappa": 0.27}) for kind in (np.float32, np.float64)]


@pytest.mark.parametrize("configurations", SCALARS, ids=["32 bits", "64 bits"])
def test_scalar_configurations_come_back_bit_by_bit(configurations, tmp_path):
    path = tmp_path / "stream"
    files.write_configurations(path, configurations)
    found = files.read_configurations(path)
    assert found.fields.dtype == configurations.fields.dtype
    assert_array_equal(found.fields, configurations.fields)
    assert (found.theory, dict(found.parameters)) == ("phi4", {"kappa": 0.27})
    described = files.inspect(path)
    assert described["kind"] == "scalar_configurations"
    assert described["configurations"] == 5
    json.dumps(described, allow_nan=False)


def test_no_bit_of_a_stream_can_be_flipped_and_no_record_exchanged_or_cut(tmp_path, file):
    files.write_configurations(tmp_path / "stream", SCALARS[0])
    data = (tmp_path / "stream").read_bytes()
    for bit in np.random.default_rng(2).integers(0, 8 * len(data), 200):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(InputError):
            files.read_configurations(file(bytes(damaged)))
    start = data.index(b"\n", 30) + 1
    record = (len(data) - start) // 5
    swapped = data[:start] + data[start + record : start + 2 * record] + data[start : start + record]
    with pytest.raises(InputError, match="checksum"):
        files.read_configurations(file(swapped))
    with pytest.raises(InputError, match="size"):
        files.read_configurations(file(data[:-3]))


def test_looking_at_a_file_does_not_wait_for_jax(file):
    path = file(encoders.milc(SINGLE))
    code = f"import sys; from retrodict.lattice import inspect; inspect({str(path)!r}); sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
