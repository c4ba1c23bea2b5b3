"""Domains of other packages: found by their entry point; a broken one is named with its package and hurts no other."""

import importlib.metadata
import sys
import types

import pytest

from retrodict.base import domains
from retrodict.base.domain import Domain, Reader, ReportHooks, resolve
from retrodict.base.errors import InputError
from retrodict.cli.main import execute

GOOD = Domain(
    name="decay",
    title="counts -> a life time",
    problem="decay_package:problem",
    report=ReportHooks(figures="decay_package:figures"),
    template="domain: decay\n",
    demos={"decay": "# Counts.\ndomain: decay\n"},
)


@pytest.fixture
def bring(monkeypatch):
    """Pretend that a package brings an object as its domain."""

    def install(thing, name="decay", module="decay_package"):
        home = types.ModuleType(module)
        home.DOMAIN = thing
        monkeypatch.setitem(sys.modules, module, home)
        monkeypatch.setattr(home, "__spec__", importlib.machinery.ModuleSpec(module, None), raising=False)
        entry = importlib.metadata.EntryPoint(name, f"{module}:DOMAIN", domains.GROUP)
        monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [entry] if group == domains.GROUP else [])
        domains.installed.cache_clear()
        return domains.installed()

    yield install
    domains.installed.cache_clear()


def changed(**fields):
    return Domain(**{**vars(GOOD), **fields})


def test_a_package_brings_a_domain(bring, capsys):
    found = bring(GOOD)
    assert list(found.domains) == [*domains.HOUSE, "decay"]
    assert found.domains["decay"].package == "decay_package"
    assert execute(["demo"]) == 0
    assert "decay: Counts." in capsys.readouterr().out


BROKEN = {
    "no domain": (object(), "no domain"),
    "a hook that leads nowhere": (changed(problem="nowhere_at_all:problem"), "problem leads nowhere"),
    "a hook that is no path": (changed(report=ReportHooks(figures="figures")), "report.figures is no import path"),
    "a reader without its function": (
        changed(readers=(Reader("counts", "counts", "decay_package"),)),
        "reader counts is no import path",
    ),
    "a name that is taken": (changed(name="lattice"), "taken by the package retrodict"),
    "a demo that is taken": (changed(demos={"spectral": "domain: decay"}), "demos clash with those of spectral"),
    "a symbol that means another thing": (changed(symbols={"Msun": "M"}), "symbols clash"),
    "no template": (changed(template=" "), "no template"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_domain_is_named_with_its_package_and_takes_no_other_down(case, bring, capsys):
    thing, why = BROKEN[case]
    found = bring(thing)
    assert list(found.domains) == list(domains.HOUSE)
    (broken,) = found.broken
    assert (broken.name, broken.package) == ("decay", "decay_package")
    assert why in broken.why
    with pytest.raises(InputError, match="broken") as refusal:
        domains.domain("decay")
    assert "decay_package" in refusal.value.where
    assert execute(["demo"]) == 0
    assert "lattice-topology" in capsys.readouterr().out


def test_a_domain_whose_import_fails_is_named(bring, monkeypatch):
    """Whatever it raises on import."""

    class Failing(types.ModuleType):
        def __getattr__(self, name):
            raise ZeroDivisionError("in its own code")

    bring(GOOD)
    monkeypatch.setitem(sys.modules, "decay_package", Failing("decay_package"))
    domains.installed.cache_clear()
    (broken,) = domains.installed().broken
    assert "ZeroDivisionError: in its own code" in broken.why


def test_the_doctor_names_a_broken_domain(bring, monkeypatch):
    from retrodict.cli.doctor import _domains

    bring(object())
    finding = _domains()
    assert not finding.well
    assert "decay_package" in finding.advice


def test_names_of_all_domains_answer_a_slip(bring):
    bring(GOOD)
    with pytest.raises(InputError, match="no domain 'decaj'") as refusal:
        domains.domain("decaj")
    assert refusal.value.fix == "did you mean decay?"


def test_words_of_older_configs_are_answered_with_the_present_ones():
    assert domains.did_you_mean("Manifold", ["NUTS", "ConstrainedHMC"]) == "Manifold is now called ConstrainedHMC"
    assert domains.did_you_mean("Manifold", ["NUTS"]) == ""


@pytest.mark.parametrize("name", domains.HOUSE)
def test_every_path_of_a_domain_of_the_house_leads_somewhere(name):
    domain = domains.check(domains.domain(name))
    for _, path in domains._paths(domain):
        assert callable(resolve(path))


def test_a_path_that_leads_nowhere_is_an_error_with_its_owner():
    for path in ("retrodict.nowhere:x", "retrodict.base.domain:nothing", "retrodict.base.domain"):
        with pytest.raises(InputError, match="leads nowhere") as refusal:
            resolve(path, "package decay")
        assert refusal.value.where == "package decay"
