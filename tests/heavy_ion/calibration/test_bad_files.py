"""Bad designs, outputs, ranges and measurements: each one clear error, and nothing written."""

import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.heavy_ion.calibration.parametrisation import JetscapeViscosity, PrattSoundSpeed, curves_of
from retrodict.heavy_ion.calibration.readers.measured_files import read_measurements
from retrodict.heavy_ion.calibration.readers.ranges import box, read_ranges
from retrodict.heavy_ion.calibration.readers.runs import join, read_design, read_outputs
from retrodict.heavy_ion.calibration.readers.sims import read_sims_outputs
from retrodict.heavy_ion.calibration.training import matched
from tests.refusals import fingerprint, guarded

POINTS = 12
PARAMETERS = np.random.default_rng(0).uniform(1.0, 2.0, (POINTS, 3)).round(4)
DESIGN = "index,norm,nucleon_width [fm],Tswitch [GeV]\n" + "".join(
    f"{i},{a},{b},{c}\n" for i, (a, b, c) in enumerate(PARAMETERS.tolist())
)
OUTPUTS = "index,dNch_deta[0 5],dNch_deta[5 10],v22[0 5],v22[0 5] error\n" + "".join(
    f"{i},{1000 * a},{800 * a},{0.03 * b},{0.001}\n" for i, (a, b, _) in enumerate(PARAMETERS.tolist())
)
RANGES = "param,min,max\nnorm,1,2\nnucleon_width,1,2\nTswitch,1,2\n"
HEAD = "observable,centrality_low [%],centrality_high [%],value,error\n"
MEASURED = HEAD + "dNch_deta,0,5,1500,60\ndNch_deta,5,10,1200,45\nv22,0,5,0.04,0.002\n"
PARTS = MEASURED.replace("value,error", "value,stat_error,sys_error").replace("60", "60,30").replace("45\n", "45,9\n")
PARTS = PARTS.replace("0.002", "0.002,0.001")
SIDES = HEAD.replace("error", "stat_error,sys_error_plus,sys_error_minus") + (
    "v22,0,5,0.04,0.002,0.003,-0.002\nv22,5,10,0.05,0.002,0.003,-0.002\n"
)
YAML = """\
independent_variables:
- header: {name: Centrality, units: '%'}
  values: [{low: 0, high: 5}, {low: 5, high: 10}]
dependent_variables:
- header: {name: '$v_2\\{2\\}$'}
  values:
  - {value: 0.04, errors: [{symerror: 0.001, label: stat}, {asymerror: {plus: 0.002, minus: -0.001}, label: sys}]}
  - {value: 0.05, errors: [{symerror: '2%', label: stat}, {asymerror: {plus: 0.002, minus: -0.001}, label: sys}]}
"""
CSV = """\
#: name: Table 1
Centrality [%],Centrality [%] LOW,Centrality [%] HIGH,$v_2$,stat +,stat -,sys +,sys -
2.5,0,5,0.04,0.001,-0.001,0.002,-0.001
7.5,5,10,0.05,0.001,-0.001,0.002,-0.001
"""


def design(path):
    return read_design(path)


def outputs(path):
    return read_outputs(path)


def ranges(path):
    return box(("norm", "nucleon_width", "Tswitch"), PARAMETERS, path)


def measured(path):
    return read_measurements(path)


def beside(path):
    """The good design, with outputs from a file."""
    good = path.with_name("good.csv")
    good.write_text(DESIGN)
    return join(read_design(good), read_outputs(path))


def compared(path):
    """Good runs, with measurements from a file."""
    first, second = path.with_name("design.csv"), path.with_name("outputs.csv")
    first.write_text(DESIGN)
    second.write_text(OUTPUTS)
    return matched(join(read_design(first), read_outputs(second)), read_measurements(path))


def lacking(text, row):
    return "".join(line for i, line in enumerate(text.splitlines(keepends=True)) if i != row)


BAD = {
    # designs
    "a design without a name": (design, DESIGN.replace("norm", ""), "no name"),
    "a parameter twice": (design, DESIGN.replace("nucleon_width [fm]", "norm"), "appears twice"),
    "a parameter twice in two units": (design, DESIGN.replace("nucleon_width [fm]", "norm [fm]"), "parameter appears"),
    "a parameter that is missing": (design, DESIGN.replace(str(PARAMETERS[3, 1]), "nan"), "missing or not finite"),
    "a parameter that never varies": (
        design,
        "index,norm,w\n" + "".join(f"{i},{i},1.0\n" for i in range(12)),
        "one value at all points",
    ),
    "a word among the parameters": (design, DESIGN.replace(str(PARAMETERS[3, 1]), "large"), "not a number"),
    "a short row": (design, DESIGN + "12,1.0\n", "wrong number of cells"),
    "an index twice": (design, DESIGN.replace("\n3,", "\n2,"), "index occurs twice"),
    "an index that is no number of a row": (design, DESIGN.replace("\n3,", "\n3.5,"), "whole number"),
    "four points": (design, "".join(DESIGN.splitlines(keepends=True)[:5]), "too small"),
    "a header alone": (design, DESIGN.splitlines()[0] + "\n", "no rows"),
    "an empty design": (design, "\n", "empty"),
    "a design without a header": (design, lacking(DESIGN, 0), "no names"),
    "outputs in place of a design": (design, OUTPUTS, "outputs and no design"),
    # outputs
    "a design in place of outputs": (outputs, DESIGN, "no output"),
    "a bin in the wrong order": (outputs, OUTPUTS.replace("[5 10]", "[10 5]"), "range of centralities"),
    "a bin beyond 100 per cent": (outputs, OUTPUTS.replace("[5 10]", "[95 105]"), "range of centralities"),
    "a bin twice": (outputs, OUTPUTS.replace("[5 10]", "[0 5]"), "appears twice"),
    "an error without its output": (outputs, OUTPUTS.replace("v22[0 5],", "v32[0 5],"), "error without its output"),
    "a negative error of an output": (outputs, OUTPUTS.replace("0.001\n", "-0.001\n"), "negative"),
    # together
    "a design row without output": (beside, lacking(OUTPUTS, 5), "drop: \\[4\\]"),
    "outputs of a point that is not in the design": (beside, OUTPUTS.replace("\n4,", "\n44,"), "does not have"),
    "outputs with another count": (
        beside,
        "dNch_deta[0 5]\n" + "".join(f"{i}\n" for i in range(POINTS - 1)),
        "different lengths",
    ),
    "more outputs than points": (
        beside,
        "dNch_deta[0 5]\n" + "".join(f"{i}\n" for i in range(POINTS + 2)),
        "different lengths",
    ),
    # ranges
    "a range of no parameter": (ranges, RANGES + "nrm,1,2\n", "no parameter"),
    "a parameter without a range": (ranges, lacking(RANGES, 1), "no range"),
    "a range in the wrong order": (ranges, RANGES.replace("norm,1,2", "norm,2,1"), "range that is none"),
    "a range twice": (ranges, RANGES + "norm,1,2\n", "two ranges"),
    "a range in other units": (ranges, RANGES.replace("Tswitch,1,2", "Tswitch,1000,2000"), "outside of the design"),
    "a table that holds no ranges": (ranges, DESIGN, "no table of ranges"),
    # measurements
    "measurements without errors": (measured, MEASURED.replace("error", "remark"), "without errors"),
    "a measurement twice": (measured, MEASURED + "v22,0,5,0.05,0.002\n", "measured twice"),
    "an error of zero": (measured, MEASURED.replace("0.002", "0"), "without an error"),
    "a negative error": (measured, MEASURED.replace("0.002", "-0.002"), "negative"),
    "a percentage read as an absolute error": (measured, MEASURED.replace("0.002", "5"), r"error \[%\]"),
    "centralities as fractions": (
        measured,
        HEAD + "v22,0,0.05,0.04,0.002\nv22,0.05,0.1,0.05,0.002\n",
        "in per cent",
    ),
    "centralities in another unit": (measured, MEASURED.replace("low [%]", "low [fm]"), "in per cent"),
    "an error in another unit": (measured, MEASURED.replace("error", "error [GeV]"), "unit of an error"),
    "a value that is missing": (measured, MEASURED.replace("1500", "nan"), "missing or not finite"),
    "an error that is missing": (measured, MEASURED.replace(",60", ",-"), "missing or not finite"),
    "a row without an observable": (measured, MEASURED.replace("v22,", ","), "names no observable"),
    "a total beside its parts": (
        measured,
        PARTS.replace("sys_error", "sys_error,error")
        .replace("30\n", "30,50\n")
        .replace(",9\n", ",9,50\n")
        .replace("0.001\n", "0.001,0.009\n"),
        "counted twice",
    ),
    "correlated systematics counted twice": (
        measured,
        PARTS.replace("sys_error", "sys_error,sys_correlated_error")
        .replace("30\n", "30,30\n")
        .replace(",9\n", ",9,9\n")
        .replace("0.001\n", "0.001,0.001\n"),
        "counted twice",
    ),
    "one side of an error": (measured, SIDES.replace("sys_error_minus", "remark"), "one side"),
    "swapped signs": (measured, SIDES.replace("0.003,-0.002", "-0.003,0.002"), "signs .* swapped"),
    "a design in place of measurements": (measured, DESIGN, "no table of measurements"),
    "prose": (measured, "The quick brown fox\njumps over the lazy dog\n", "cells|measurements|names"),
    "measurements that the simulator does not give": (
        compared,
        MEASURED.replace("v22,0,5", "v22,5,10"),
        "does not give",
    ),
    "measurements under another name": (compared, MEASURED.replace("dNch_deta", "dNch"), "does not give"),
    "measurements in per cent of the outputs' unit": (
        compared,
        MEASURED.replace("0.04,0.002", "4.0,0.2"),
        "far apart",
    ),
}
BAD_HEPDATA = {
    "v22.yaml": {
        "a YAML over something else": (YAML.replace("Centrality", "pT"), "not one over centrality"),
        "a YAML with two variables": (
            YAML.replace("dependent_variables:\n- header: {name: '$v", "dependent_variables:\n- header: {name: '$v", 1)
            .replace("values: [{low", "values: [{low", 1)
            .replace(
                "- header: {name: Centrality", "- header: {name: pT}\n  values: [1, 2]\n- header: {name: Centrality"
            ),
            "not one over centrality",
        ),
        "a YAML that lacks a value": (YAML.replace(", {low: 5, high: 10}", ""), "different lengths"),
        "a YAML of middles": (YAML.replace("{low: 5, high: 10}", "{value: 7.5}"), "without its ends"),
        "a YAML with swapped signs": (
            YAML.replace("plus: 0.002, minus: -0.001", "plus: -0.002, minus: 0.001"),
            "signs .* swapped",
        ),
        "a YAML with a flipped statistical error": (
            YAML.replace("{symerror: 0.001, label: stat}", "{symerror: -0.001, label: stat}"),
            "signs .* swapped",
        ),
        "a YAML with a total beside its parts": (
            YAML.replace("label: sys}]", "label: sys}, {symerror: 0.009, label: total}]"),
            "counted twice",
        ),
        "a YAML with a label twice": (YAML.replace("label: sys", "label: stat"), "same label"),
        "a YAML with a word for an error": (YAML.replace("'2%'", "small"), "not a number"),
        "a YAML with a limit": (YAML.replace("value: 0.04", "value: '<0.04'"), "not a number"),
        "a YAML with an absolute percentage": (YAML.replace("'2%'", "2.0"), "larger than their values"),
    },
    "v22.csv": {
        "a CSV over something else": (CSV.replace("Centrality", "pT"), "not one over centrality"),
        "two tables in a CSV": (CSV + "\n" + CSV, "one table a file"),
        "a CSV with a short row": (CSV.replace(",0.002,-0.001\n7.5", ",0.002\n7.5"), "wrong number of cells"),
        "a CSV with one side": (CSV.replace(",sys -", ",norm -"), "one side"),
        "a CSV without signs": (CSV.replace("-0.001", "0.001"), "signs .* swapped"),
        "a CSV with two observables": (CSV.replace("sys +,sys -", "$v_3$,sys -"), "no error"),
    },
}
CASES = {
    **{name: ("table.csv", *case) for name, case in BAD.items()},
    **{name: (file, measured, *case) for file, cases in BAD_HEPDATA.items() for name, case in cases.items()},
}


@pytest.mark.parametrize("name", CASES)
def test_a_bad_file_is_refused_with_one_clear_error(name, tmp_path):
    file, read, text, words = CASES[name]
    path = tmp_path / file
    path.write_text(text)
    if read not in (beside, compared):
        before = fingerprint(tmp_path)
        with guarded(), pytest.raises(InputError, match=words) as caught:
            read(path)
        assert fingerprint(tmp_path) == before
    else:
        with pytest.raises(InputError, match=words) as caught:
            read(path)
    assert caught.value.exit_code == 2
    assert len(str(caught.value)) < 1500


def test_the_good_files_are_read(tmp_path):
    for read, text, file in (
        (beside, OUTPUTS, "o.csv"),
        (compared, MEASURED, "m.csv"),
        (ranges, RANGES, "r.csv"),
        (measured, YAML, "v22.yaml"),
        (measured, CSV, "v22.csv"),
    ):
        path = tmp_path / file
        path.write_text(text)
        assert read(path) is not None
    assert read_ranges(tmp_path / "r.csv")["norm"] == (1.0, 2.0)


@pytest.mark.parametrize("size", [0, 100, 10944])
def test_a_binary_of_another_system_is_refused(size, tmp_path):
    path = tmp_path / "main.dat"
    path.write_bytes(bytes(size))
    with pytest.raises(InputError, match="not the outputs of this design"):
        read_sims_outputs(path)


@pytest.mark.parametrize(
    ("names", "said", "words"),
    [
        (("T_kink", "a_low"), JetscapeViscosity(), "lacks some of its parameters"),
        (("norm", "p"), JetscapeViscosity(shear_at_kink="q"), "no such column"),
        (("zmax", "T_zeta", "w_zeta"), JetscapeViscosity(bulk_asymmetry=0.0), "none in GeV"),
    ],
)
def test_curves_that_the_design_does_not_have_are_refused(names, said, words):
    values = np.full((3, len(names)), 180.0)
    with pytest.raises(InputError, match=words):
        curves_of(names, said, None, values)


def test_a_speed_of_sound_needs_its_columns():
    with pytest.raises(InputError, match="speed of sound"):
        curves_of(("norm",), JetscapeViscosity(), PrattSoundSpeed(), np.ones((3, 1)))
