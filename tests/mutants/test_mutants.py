"""The list of planted faults stays true: each can still be planted, its tests exist, and a sample of ten is killed."""

import ast

import pytest

from tests.mutants.faults import PACKAGE, ROOT, CannotBePlanted, Fault, copied, killed, planted, read, run_tests

FAULTS = read()
ROOMS = {"base", "num", "problem", "run", "inference", "generate", "report", "cli"}
DOMAINS = {"hadron", "heavy_ion", "lattice", "neutron_star", "spectral"}
SAMPLE = [fault for fault in FAULTS if fault.quick]


def test_the_list_is_long_and_covers_every_folder():
    assert len(FAULTS) >= 120
    assert len({(fault.file, fault.old, fault.new, fault.occurrence) for fault in FAULTS}) == len(FAULTS)
    assert {fault.file.split("/")[0] for fault in FAULTS} == ROOMS | DOMAINS
    assert len(SAMPLE) == 10


def test_every_fault_can_be_planted():
    for fault in FAULTS:
        ast.parse(planted(fault, (PACKAGE / fault.file).read_text()))


def test_a_fault_whose_line_is_gone_is_an_error():
    fault = Fault("num/weighted.py", "no such line", "x", (), "")
    with pytest.raises(CannotBePlanted, match="0 times"):
        planted(fault, "a = 1\n")
    with pytest.raises(CannotBePlanted, match="2 times"):
        planted(fault._replace(old="a"), "a = a\n")
    assert planted(fault._replace(old="a", occurrence=2), "a = a\n") == "a = x\n"


def test_every_killing_test_exists():
    functions: dict[str, set[str]] = {}
    for fault in FAULTS:
        for file, _, name in (test.partition("::") for test in fault.tests):
            if file not in functions:
                body = ast.parse((ROOT / file).read_text()).body
                functions[file] = {node.name for node in body if isinstance(node, ast.FunctionDef)}
            assert name in functions[file], f"{file}::{name}, for {fault.name}"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    source = copied(tmp_path_factory.mktemp("planted"))
    sound = run_tests(sorted({test for fault in SAMPLE for test in fault.tests}), source)
    assert sound.returncode == 0, sound.stdout[-2000:] + sound.stderr
    return source


@pytest.mark.parametrize("fault", SAMPLE, ids=lambda fault: fault.file)
def test_a_planted_fault_is_killed(fault, source):
    dead, printed = killed(fault, source)
    assert dead, printed
