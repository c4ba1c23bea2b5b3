"""Signatures read from source text agree with those of the imported classes, and refuse a config without JAX."""

import subprocess
import sys

import pytest

from retrodict.base.domains import HOUSE
from retrodict.base.domains import domain as named_domain
from retrodict.cli import domains
from retrodict.cli.config.outline import outline
from retrodict.cli.config.signature import Unread, expectation, is_class, options, parameters
from retrodict.inference import METHODS

PATHS = sorted(
    {*METHODS.values(), *(named_domain(name).problem for name in HOUSE)}
    | {path for name in HOUSE for path in named_domain(name).methods.values()}
)
READ = {"neutron_star", "spectral"}  # the problem of tables, of which nothing may be left unread


def differences(original, made, where: str):
    """Where an outline and its original do not ask for the same."""
    real, read = parameters(original), parameters(made)
    yield from (f"{where}: {name} is missing" for name in real.keys() - read.keys())
    for name, one in read.items():
        if one.annotation is Unread:
            continue
        if name not in real:
            yield f"{where}: {name} is nothing that a config can give"
            continue
        if real[name].required != one.required:
            yield f"{where}: {name} may be left out"
        if expectation(real[name].annotation) != expectation(one.annotation):
            yield f"{where}: {name} is {expectation(one.annotation)}, not {expectation(real[name].annotation)}"
        kinds, outlines = (
            [item for item in options(a) if is_class(item)] for a in (real[name].annotation, one.annotation)
        )
        for kind, inner in zip(kinds, outlines, strict=True):
            yield from differences(kind, inner, f"{where}.{kind.__name__}")


@pytest.mark.parametrize("path", PATHS)
def test_an_outline_asks_for_what_its_original_asks_for(path):
    made = outline(path)
    assert made is not Unread
    assert list(differences(domains.load(path), made, path)) == []


@pytest.mark.parametrize("name", sorted(READ))
def test_nothing_of_a_problem_of_tables_is_left_unread(name):
    def unread(made):
        for key, one in parameters(made).items():
            if one.annotation is Unread:
                yield key
            yield from (key for kind in options(one.annotation) if is_class(kind) for key in unread(kind))

    assert list(unread(outline(named_domain(name).problem))) == []


@pytest.mark.parametrize("path", ["retrodict.inference.nuts:Nothing", "nosuchpackage.module:Kind", "numpy:ndarray"])
def test_what_cannot_be_read_refuses_nothing(path):
    assert outline(path) is Unread


WRONG = {
    "unknown key": ("{dat: stars.csv}", "NUTS", "did you mean data?"),
    "wrong type": ("{data: classic18, pulsars: 3}", "NUTS", "a list"),
    "wrong number": ("{data: classic18}", "{kind: NUTS, chains: two}", "an integer"),
    "number out of bounds": ("{data: classic18, least_maximum_mass: -1}", "NUTS", "greater than"),
    "unknown kind": ("{ansatz: NeuralSoundspeed}", "NUTS", "did you mean NeuralSoundSpeed?"),
    "unknown method": ("{data: classic18}", "NUT", "did you mean NUTS?"),
    "missing file": ("{data: strs.csv}", "NUTS", "did you mean stars.csv?"),
    "missing key": ("{chiral: {sigmas: 2}}", "NUTS", "file: the path of a file"),
}


def test_a_config_that_is_wrong_by_its_structure_is_refused_without_jax(tmp_path):
    """One process for all: none of them imports JAX or NumPy, by `check` and by `run`."""
    (tmp_path / "stars.csv").write_text("mass [Msun]\n1.4\n")
    for name, (problem, method, _) in WRONG.items():
        text = f"domain: neutron_star\nproblem: {problem}\nmethod: {method}\n"
        (tmp_path / f"{name.replace(' ', '_')}.yaml").write_text(text)
    code = f"""
import sys, pathlib
from retrodict.cli.main import execute
for path in sorted(pathlib.Path({str(tmp_path)!r}).glob("*.yaml")):
    for words in (["check"], ["run", "--out", {str(tmp_path / "out")!r}]):
        print(path.stem, file=sys.stderr)
        assert execute([words[0], str(path), *words[1:]]) == 2
print([name for name in ("jax", "equinox", "numpy", "scipy") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert not (tmp_path / "out").exists()
    for name, (_, _, said) in WRONG.items():
        answers = done.stderr.split(f"{name.replace(' ', '_')}\n")[1:]
        assert len(answers) == 2
        assert all(said in answer.partition("\n\n")[0] for answer in answers)
