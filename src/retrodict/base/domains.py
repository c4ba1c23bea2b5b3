"""The domains that are installed: those of the house by a table, those of other packages by an entry point.

A package brings a domain by an entry point of the group `retrodict.domains`, in its `pyproject.toml`:

    [project.entry-points."retrodict.domains"]
    decay = "retrodict_decay.domain:DOMAIN"

A broken one is named with its package, and takes no other down.
"""

import dataclasses
import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from retrodict.base.domain import Domain, ImportPath, resolve
from retrodict.base.errors import InputError

GROUP = "retrodict.domains"
HOUSE: Mapping[str, ImportPath] = {
    "neutron_star": "retrodict.neutron_star.manifest:DOMAIN",
    "spectral": "retrodict.spectral.manifest:DOMAIN",
    "lattice": "retrodict.lattice.manifest:DOMAIN",
    "hadron": "retrodict.hadron.manifest:DOMAIN",
    "heavy_ion": "retrodict.heavy_ion.manifest:DOMAIN",
}


@dataclass(frozen=True)
class Broken:
    """A domain of another package that cannot be used.

    Args:
        name: of its entry point.
        package: the distribution that brings it.
        why: what is wrong with it, in one line.
    """

    name: str
    package: str
    why: str

    def __str__(self) -> str:
        return f"the domain {self.name} of the package {self.package} cannot be used: {self.why}"


@dataclass(frozen=True)
class Installed:
    """All domains by name, in the order in which they are asked, and those that are broken."""

    domains: Mapping[str, Domain]
    broken: tuple[Broken, ...] = ()


@cache
def installed() -> Installed:
    """The domains of the house and of other packages; found once in a process."""
    import importlib.metadata  # a fifth of the time that `retrodict --help` takes

    domains: dict[str, Domain] = {name: check(_domain_at(path, "retrodict")) for name, path in HOUSE.items()}
    broken = []
    for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda entry: entry.name):
        package = entry.dist.name if entry.dist else entry.module.partition(".")[0]
        try:
            domain = check(_domain_at(entry.value, package), domains.values())
            _check_modules(domain)
        except InputError as error:
            detail = error.why or error.got
            broken.append(Broken(entry.name, package, f"{error.what} ({detail})" if detail else error.what))
        except Exception as error:  # noqa: BLE001 (somebody else's code: whatever it raises, the other domains work)
            broken.append(Broken(entry.name, package, f"{type(error).__name__}: {error}"[:400]))
        else:
            domains[domain.name] = domain
    return Installed(domains, tuple(broken))


def usable() -> Installed:
    """The domains of `installed` whose problems and methods can be imported; the others are broken, too."""
    found, broken = {}, list(installed().broken)
    for name, domain in installed().domains.items():
        try:
            for path in (domain.problem, *domain.methods.values()):
                resolve(path)
        except Exception as error:  # noqa: BLE001 (somebody else's code, as above)
            broken.append(Broken(name, domain.package, f"{type(error).__name__}: {error}"[:400]))
        else:
            found[name] = domain
    return Installed(found, tuple(broken))


def domain(name: str) -> Domain:
    """The domain that a config names.

    Raises:
        InputError: for a name that nobody brings, with the nearest one; for one that is broken, with its package.
    """
    found = installed()
    if name in found.domains:
        return found.domains[name]
    for broken in found.broken:
        if broken.name == name:
            fix = f"update or remove the package: pip install -U {broken.package}"
            raise InputError(
                f"the domain {name!r} is broken", where=f"package {broken.package}", why=broken.why, fix=fix
            )
    names = sorted(found.domains)
    raise InputError(
        f"there is no domain {name!r}", expected=f"one of {', '.join(names)}", fix=did_you_mean(name, names)
    )


def check(domain: object, others: Iterable[Domain] = ()) -> Domain:
    """The same domain, if it keeps the contract.

    Args:
        domain: what an entry point led to.
        others: the domains that are there already: names, demos and exports must not clash with theirs.

    Raises:
        InputError: naming the first thing that is wrong.
    """
    if not isinstance(domain, Domain):
        expected = "a retrodict.base.domain.Domain"
        raise InputError("the entry point is no domain", got=type(domain).__name__, expected=expected)
    if not domain.name.isidentifier():
        raise InputError("the name of a domain is an identifier", got=repr(domain.name))
    for other in others:
        if other.name == domain.name:
            raise InputError(f"the name is taken by the package {other.package}", got=domain.name)
        for noun in ("demos", "symbols"):
            clash = sorted(set(getattr(domain, noun)) & set(getattr(other, noun)))
            different = [name for name in clash if getattr(domain, noun)[name] != getattr(other, noun)[name]]
            if different:
                raise InputError(f"{noun} clash with those of {other.name}", got=", ".join(different))
    for what, path in _paths(domain):
        module, colon, name = path.partition(":")
        if not (module and colon and name):
            raise InputError(f"{what} is no import path", got=repr(path), expected="package.module:name")
    if not domain.template.strip():
        raise InputError("the domain has no template: the config that `retrodict new` writes")
    return domain


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """A fix to copy when `word` looks like a slip for one of `names`, or was its name once; else nothing."""
    near = nearest(word, names)
    if near and near == RENAMED.get(word):
        return f"{word} is now called {near}"
    return f"did you mean {near}?" if near else ""


def nearest(word: str, names: Iterable[str]) -> str:
    """The one of `names` that `word` was once called by, or looks like a slip for; else nothing.

    Example:
        >>> nearest("kapa", ["kappa", "lam"])
        'kappa'
    """
    by_lower = {name.lower(): name for name in names}
    now = RENAMED.get(word, "").lower()
    near = [now] if now in by_lower else difflib.get_close_matches(word.lower(), list(by_lower), n=1)
    return by_lower[near[0]] if near else ""


RENAMED: Mapping[str, str] = {  # words of configs before version 0.2
    "Learned": "IndependenceMetropolis",
    "Manifold": "ConstrainedHMC",
    "Path": "FeynmanPath",
    "Spectral": "SpectralSoundSpeed",
    "polish": "reverse_kl",
    "rivals": "baselines",
    "shown": "reported",
}


def _domain_at(path: ImportPath, package: str) -> object:
    """What an import path leads to, if all is well a domain, which then knows its package; see `check`."""
    thing = resolve(path, f"package {package}")
    return dataclasses.replace(thing, package=package) if isinstance(thing, Domain) else thing


def _check_modules(domain: Domain) -> None:
    """Raise `InputError` for a hook whose module is not there; nothing but parent packages is imported."""
    import importlib.util

    for what, path in _paths(domain):
        module = path.partition(":")[0]
        try:
            there = importlib.util.find_spec(module) is not None
        except ModuleNotFoundError:
            there = False
        if not there:
            raise InputError(f"{what} leads nowhere", got=path, expected="a module that is installed")


def _paths(domain: Domain) -> Iterable[tuple[str, ImportPath]]:
    """Every import path that a domain names, with what it is for; optional ones only where they are given."""
    yield "problem", domain.problem
    yield "report.figures", domain.report.figures
    hooks = ("sections", "baselines", "baseline_methods", "tables", "refined_data", "subject")
    yield from ((f"report.{name}", path) for name in hooks if (path := getattr(domain.report, name)))
    yield from ((f"methods[{name}]", path) for name, path in domain.methods.items())
    yield from ((f"exports[{name}]", path) for name, path in domain.exports.items())
    for reader in domain.readers:
        yield f"reader {reader.kind}", reader.describe
        if reader.recognise:
            yield f"reader {reader.kind}", reader.recognise
        if reader.analyse:
            yield f"reader {reader.kind}", reader.analyse
    if domain.place_data:
        yield "place_data", domain.place_data
