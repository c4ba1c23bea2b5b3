"""Files are claimed by names and units: each by its own domain, a doubtful one by nobody until the user has decided."""

import json

import pytest

from retrodict.base.domain import Domain, Reader, ReportHooks
from retrodict.base.domains import installed
from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.recognition import Column, FileHead, Layout, Strength
from retrodict.cli.main import execute
from retrodict.cli.recognise import candidates, describe

ROWS = "\n0.2, 120, 3\n0.4, 60, 3\n0.8, 20, 2\n1.2, 5, 1\n"
STARS = "\n1.4, 0.1, 12.0, 0.5\n1.6, 0.1, 12.1, 0.6\n2.0, 0.1, 11.8, 0.7\n"
PHASES = "".join(f"{10 * k}, {60 - 4 * k}, 1\n" for k in range(1, 9))
COUNTS = "".join(f"{4.30 + 0.002 * k:.3f}, {100 + k}\n" for k in range(20))
OURS = {
    "E [MeV], delta [deg], error\n" + PHASES: ("hadron", "phase_shifts"),
    "m [GeV], counts\n" + COUNTS: ("hadron", "line_shape"),
    "tau [GeV^-1], G, sigma" + ROWS: ("spectral", "correlator"),
    "p [GeV], D, error" + ROWS: ("spectral", "correlator"),
    "t, C, err" + ROWS: ("spectral", "correlator"),
    "# tau G sigma" + ROWS: ("spectral", "correlator"),
    "mass [Msun], mass_error [Msun], radius [km], radius_error [km]" + STARS: (
        "neutron_star",
        "mass_radius_observations",
    ),
    "0.2, 120\n0.4, 60\n0.8, 20\n": (None, "table_without_names"),
    "".join(f"C {0.97 + 0.01 * (k % 3)} 0.6{k} 0.4{k % 4}\n" for k in range(8)): ("spectral", "correlator"),
}
FOREIGN = (
    "r [fm], V [MeV], error",  # a potential between hadrons
    "p [GeV], dN, error",  # a particle spectrum
    "pT [GeV], v2, error",
)


@pytest.mark.parametrize("text", OURS, ids=lambda text: text.split("\n")[0])
def test_a_file_goes_to_the_domain_whose_names_and_units_it_has(text, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(text)
    description = describe(path)
    assert (description["domain"], description["kind"]) == OURS[text]


@pytest.mark.parametrize("header", FOREIGN)
def test_a_file_of_another_field_is_claimed_by_nobody(header, tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(header + ROWS)
    with pytest.raises(UnknownKind) as refusal:
        describe(path)
    assert header.split()[0].lower() in refusal.value.got
    assert all(name in refusal.value.expected for name in ("neutron_star", "spectral", "lattice"))


def test_a_name_that_means_two_things_is_a_question_to_the_user(tmp_path, capsys):
    """C(p) is a propagator called C, or the correlation function of two particles; k in MeV says that it is this."""
    path = tmp_path / "x.csv"
    path.write_text("p [GeV], C, error" + ROWS)
    assert execute(["inspect", str(path)]) == 2
    refusal = capsys.readouterr().err
    assert "femtoscopy" in refusal
    assert f"retrodict inspect --domain spectral {path}" in refusal
    assert execute(["inspect", "--domain", "spectral", str(path), "--json"]) == 0
    description = json.loads(capsys.readouterr().out)
    assert description["kind"] == "correlator"
    assert description["warnings"][0].startswith("a guess")


def test_a_domain_that_is_asked_alone_says_what_the_file_lacks(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("r [fm], V [MeV], error" + ROWS)
    with pytest.raises(InputError, match="not a correlator"):
        describe(path, "spectral")
    path.write_text("mass, mass_error\n1.4, 0.1\n1.5, 0.1\n")
    with pytest.raises(InputError, match="radius"):
        describe(path)


def rival(name: str, layout: Layout) -> Domain:
    """A domain that reads such tables, too."""
    reader = Reader("table", f"a table of {name}", "retrodict.spectral.inspect:inspect", layouts=(layout,))
    return Domain(name, "", "no:where", ReportHooks("no:where"), "domain: it", readers=(reader,))


def test_equal_claims_are_refused_with_the_choice_to_make(tmp_path, monkeypatch):
    path = tmp_path / "x.csv"
    path.write_text("tau [GeV^-1], G, sigma" + ROWS)
    twin = rival("twin", installed().domains["spectral"].readers[0].layouts[0])
    both = {**installed().domains, "twin": twin}
    monkeypatch.setattr("retrodict.cli.recognise.installed", lambda: type(installed())(both))
    with pytest.raises(InputError, match="fit as well") as refusal:
        describe(path)
    assert "--domain spectral" in refusal.value.fix
    assert "--domain twin" in refusal.value.fix


def test_the_stronger_claim_wins_and_the_weaker_one_is_named(tmp_path, monkeypatch):
    """A layout that knows two columns of three stands behind one that knows all."""
    path = tmp_path / "x.csv"
    path.write_text("tau [GeV^-1], G, sigma" + ROWS)
    other = rival("other", Layout((Column(("tau",), {"GeV^-1": 1.0}), Column(("g",)))))
    both = {"other": other, **installed().domains}
    monkeypatch.setattr("retrodict.cli.recognise.installed", lambda: type(installed())(both))
    description = describe(path)
    assert description["domain"] == "spectral"
    assert description["also_possible"] == ["a table of other (other)"]


LENGTHS, MASSES = {"km": 1.0, "m": 1e-3}, {"Msun": 1.0}
STAR = Layout((Column(("mass", "m"), MASSES), Column(("radius", "r"), LENGTHS)))


@pytest.mark.parametrize(
    ("columns", "strength"),
    [
        ([("mass", "Msun"), ("radius", "km")], Strength.EXACT),
        ([("m", "Msun"), ("r", "km")], Strength.EXACT),
        ([("m", ""), ("r", "km")], Strength.NAMES),
        ([("mass", "kg"), ("radius", "km")], Strength.WEAK),  # its reader says which unit is wanted
        ([("mass", "kg"), ("radius", "mile")], Strength.WEAK),
        ([("mass", "")], Strength.WEAK),  # its reader says what is missing
        ([("m", "GeV"), ("r", "fm")], Strength.NONE),
        ([("m", "GeV"), ("counts", "")], Strength.NONE),
        ([("r", "")], Strength.NONE),  # one letter is no evidence
        ([("x", ""), ("y", "")], Strength.NONE),
    ],
)
def test_how_strong_a_claim_is(columns, strength):
    assert STAR.claim(columns).strength == strength


def test_a_head_tells_names_and_units_of_every_form(tmp_path):
    import numpy as np

    (tmp_path / "a.csv").write_text("Mass [Msun], radius [km]\n1, 2\n")
    (tmp_path / "a.json").write_text('{"mass [Msun]": [1.0], "radius [km]": [2.0]}')
    np.savez(tmp_path / "a.npz", **{"mass [Msun]": np.ones(2), "radius [km]": np.ones(2)})
    for name in ("a.csv", "a.json", "a.npz"):
        assert FileHead(tmp_path / name).columns == (("mass", "Msun"), ("radius", "km"))


def test_no_candidate_costs_jax(tmp_path):
    """A table is described without importing JAX: what the readers need is NumPy."""
    import subprocess
    import sys

    path = tmp_path / "x.csv"
    path.write_text("mass [Msun], mass_error [Msun], radius [km], radius_error [km]" + STARS)
    code = f"""
import sys
from retrodict.cli.main import execute
assert execute(["inspect", {str(path)!r}]) == 0 and execute(["demo"]) == 0
print([name for name in ("jax", "equinox", "scipy", "h5py", "matplotlib") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_every_kind_of_the_house_is_claimed_by_one_reader_only(tmp_path):
    """Layouts of different domains do not overlap on their own canonical headers."""
    for domain in installed().domains.values():
        for layout in (layout for reader in domain.readers for layout in reader.layouts):
            header = [
                (column.names[0].replace("*", ""), next(iter(column.units or {"": 1}))) for column in layout.required
            ]
            path = tmp_path / "x.csv"
            path.write_text(
                ", ".join(f"{n} [{u}]" if u else n for n, u in header) + "\n" + ", ".join("1" for _ in header)
            )
            ranked = candidates(FileHead(path), list(installed().domains.values()))
            assert ranked[0].domain.name == domain.name
            strongest = [one for one in ranked if one.claim.order == ranked[0].claim.order]
            assert {one.domain.name for one in strongest} == {domain.name}
