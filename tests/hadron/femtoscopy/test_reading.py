"""Tables of correlation functions: good ones of every form, and bad ones, each refused with one clear error."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.cli.recognise import describe
from retrodict.hadron.femtoscopy.experiment import read_resolution
from retrodict.hadron.femtoscopy.potentials import TablePotential
from retrodict.hadron.femtoscopy.reading import read_correlation_function, read_covariance
from tests.refusals import fingerprint, guarded

GOOD = "k [MeV], C, error\n" + "".join(f"{10 * i}, {1 + 2 / i}, 0.02\n" for i in range(1, 9))
HEAD = "#: name: Table 1\n#: keyword reactions: P P --> P P\n"
NAMES = '"$k^{*}$ [GeV/$c$]","$k^{*}$ [GeV/$c$] LOW","$k^{*}$ [GeV/$c$] HIGH","$C(k^{*})$",stat +,stat -,sys +,sys -\n'
ROWS = "".join(f"{0.01 * i - 0.005},{0.01 * (i - 1):.2f},{0.01 * i},1.{i},0.03,-0.03,0.05,-0.03\n" for i in range(1, 9))
YAML = """\
independent_variables:
- header: {name: '$k^{*}$', units: 'MeV/$c$'}
  values: [{low: 0, high: 10}, {low: 10, high: 20}, {low: 20, high: 30}, {low: 30, high: 40}]
dependent_variables:
- header: {name: '$C(k^{*})$'}
  values:
  - {value: 1.4, errors: [{symerror: 0.03, label: stat}, {asymerror: {plus: 0.05, minus: -0.03}, label: sys}]}
  - {value: 1.3, errors: [{symerror: 0.03, label: stat}, {asymerror: {plus: 0.05, minus: -0.03}, label: sys}]}
  - {value: 1.2, errors: [{symerror: 0.03, label: stat}, {asymerror: {plus: 0.05, minus: -0.03}, label: sys}]}
  - {value: 1.1, errors: [{symerror: 0.03, label: stat}, {asymerror: {plus: 0.05, minus: -0.03}, label: sys}]}
"""
IDENTITY = "1 0 0\n0 1 0\n0 0 1\n"
POTENTIAL = "r [fm], V [MeV]\n0.1, -50\n0.5, -30\n1.0, -5\n1.5, -1\n2.0, 0\n"


def table(text: str, path: PathLike) -> object:
    return read_correlation_function(path)


def covariance(text: str, path: PathLike) -> object:
    return read_covariance(path, 3)


def resolution(text: str, path: PathLike) -> object:
    return read_resolution(path, 3)


def potential(text: str, path: PathLike) -> object:
    return TablePotential(path).on(np.array([0.5, 1.0]))


BAD = {
    "momenta in GeV under a MeV header": (table, GOOD.replace("0, ", "0e-3, "), "too small for MeV"),
    "momenta in MeV under a GeV header": (table, GOOD.replace("MeV", "GeV"), "too large for GeV"),
    "no unit of the momentum": (table, GOOD.replace(" [MeV]", ""), "has no unit"),
    "an unknown unit": (table, GOOD.replace("MeV", "furlong"), "unknown unit"),
    "no names": (table, GOOD.split("\n", 1)[1], "no names"),
    "no errors": (table, GOOD.replace("error", "remark"), "error"),
    "no values": (table, GOOD.replace("C,", "D,"), "the column C is missing"),
    "no momenta": (table, GOOD.replace("k [MeV]", "x [MeV]"), "the column k is missing"),
    "an error of zero": (table, GOOD.replace("2.0, 0.02", "2.0, 0.0"), "error is not positive"),
    "a negative error": (table, GOOD.replace("2.0, 0.02", "2.0, -0.02"), "error is not positive"),
    "a negative value": (table, GOOD.replace("20, 2.0", "20, -2.0"), "is negative"),
    "counts": (table, GOOD.replace("20, 2.0", "20, 200000.0"), "counts"),
    "unsorted momenta": (table, GOOD.replace("20, 2.0", "75, 2.0"), "not ascending"),
    "a momentum twice": (table, GOOD.replace("20, 2.0", "10, 2.0"), "not ascending"),
    "a momentum of zero": (table, GOOD.replace("10, 3.0", "0, 3.0"), "not positive"),
    "three rows": (table, "\n".join(GOOD.split("\n")[:4]) + "\n", "too few points"),
    "a value that is missing": (table, GOOD.replace("20, 2.0", "20, nan"), "not finite"),
    "a word among the numbers": (table, GOOD.replace("20, 2.0", "20, two"), "two"),
    "a row that is too short": (table, GOOD.replace("20, 2.0, 0.02", "20, 2.0"), "cell|column|row"),
    "several tables in one CSV": (table, HEAD + NAMES + ROWS + "\n" + NAMES + ROWS, "several tables"),
    "a CSV of HEPData without names": (table, HEAD + ROWS, "without names"),
    "ends of bins in the wrong order": (
        table,
        HEAD + NAMES.replace("LOW", "X").replace("HIGH", "LOW").replace("X", "HIGH") + ROWS,
        "lower end",
    ),
    "two variables in a YAML": (table, YAML + YAML.split("\n", 3)[3].split("\n", 1)[1], "2 dependent_variables"),
    "a YAML that lacks a value": (table, YAML.replace(", {low: 30, high: 40}", ""), "different lengths"),
    "a YAML without units": (table, YAML.replace(", units: 'MeV/$c$'", ""), "unit of the momentum"),
    "a YAML with a word for a value": (table, YAML.replace("value: 1.4", "value: high"), "not a number"),
    "a covariance that is not symmetric": (covariance, IDENTITY.replace("1 0 0", "1 0.5 0"), "not symmetric"),
    "a covariance of another size": (covariance, "1 0\n0 1\n", "another size"),
    "a variance of zero": (covariance, IDENTITY.replace("0 0 1", "0 0 0"), "variance is not positive"),
    "a resolution of columns": (resolution, "1 0.5 0\n0 0.5 0\n0 0 1\n", "no shares"),
    "a resolution of another size": (resolution, "1 0\n0 1\n", "another size"),
    "a potential in inverse fm": (
        potential,
        POTENTIAL.replace("-50", "-0.25")
        .replace("-30", "-.15")
        .replace("-5,", "-.02,")
        .replace("-5\n", "-.02\n")
        .replace("-1\n", "-.005\n"),
        "too weak for MeV",
    ),
    "a potential without units": (potential, POTENTIAL.replace(" [MeV]", ""), "has no unit"),
    "a potential that ends too early": (potential, POTENTIAL.replace("2.0, 0", "2.0, -20"), "does not vanish"),
    "a potential of unsorted distances": (potential, POTENTIAL.replace("1.5,", "0.7,"), "distances"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_one_clear_error(name, tmp_path):
    read, text, words = BAD[name]
    path = tmp_path / "x.txt"
    path.write_text(text)
    before = fingerprint(tmp_path)
    with guarded(), pytest.raises(InputError, match=words) as caught:
        read(text, path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 800
    assert fingerprint(tmp_path) == before


def test_units_and_twice_the_momentum_are_converted(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(GOOD)
    plain = read_correlation_function(path)
    assert_allclose(plain.momentum, 10.0 * np.arange(1, 9))
    assert_allclose(plain.value, 1 + 2 / np.arange(1, 9))
    path.write_text(GOOD.replace("k [MeV]", "kstar [GeV/c]").replace("0, ", "e-2, "))
    assert_allclose(read_correlation_function(path).momentum, plain.momentum)
    path.write_text(GOOD.replace("k [MeV]", "q_inv [MeV]"))
    assert_allclose(read_correlation_function(path).momentum, 0.5 * plain.momentum)


@pytest.mark.parametrize(("text", "suffix"), [(HEAD + NAMES + ROWS, "csv"), (YAML, "yaml")])
def test_tables_of_hepdata_are_read_with_bins_and_both_errors(text, suffix, tmp_path):
    path = tmp_path / f"table.{suffix}"
    path.write_text(text)
    data = read_correlation_function(path)
    assert_allclose(data.momentum[:3], [5.0, 15.0, 25.0])
    assert_allclose(data.low[:3], [0.0, 10.0, 20.0], atol=1e-12)
    assert_allclose(data.high[:3], [10.0, 20.0, 30.0])
    assert_allclose(data.error, np.hypot(0.03, 0.04))
    assert "quadrature" in data.notes[0]
    found = describe(path)
    assert (found["kind"], found["domain"], found["bins"]) == ("correlation_function", "hadron", True)


def test_a_table_of_momenta_in_mev_belongs_to_this_domain_and_says_what_it_lacks(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(GOOD)
    found = describe(path)
    assert (found["kind"], found["domain"], found["points"]) == ("correlation_function", "hadron", 8)
    assert found["columns"]["momentum"]["largest"] == 80.0
    assert any("which particles" in warning for warning in found["warnings"])
    assert any("not one" in warning for warning in found["warnings"])
    assert "a Euclidean correlator (spectral)" in found["also_possible"]
