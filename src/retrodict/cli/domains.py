"""The table of names: which module stands behind a word in a config. Nothing is imported before it is asked for."""

import difflib
import importlib
from collections.abc import Iterator
from types import ModuleType

from retrodict.base.errors import InputError

DOMAINS: dict[str, str] = {
    "neutron_star": "retrodict.neutron_star.problems",
    "spectral": "retrodict.spectral.problems",
    "lattice": "retrodict.lattice.problems",
}

METHODS: dict[str, str] = {
    "Cluster": "retrodict.lattice.samplers.methods",
    "Ensemble": "retrodict.inference.ensemble",
    "HMC": "retrodict.lattice.samplers.methods",
    "HeatBath": "retrodict.lattice.samplers.methods",
    "Importance": "retrodict.inference.importance",
    "Langevin": "retrodict.lattice.samplers.methods",
    "Laplace": "retrodict.inference.laplace",
    "IndependenceMetropolis": "retrodict.lattice.models.independence_metropolis",
    "LatticeSMC": "retrodict.lattice.samplers.smc",
    "MALA": "retrodict.lattice.samplers.methods",
    "MAP": "retrodict.inference.map",
    "ConstrainedHMC": "retrodict.inference.constrained_hmc",
    "NUTS": "retrodict.inference.nuts",
    "SequentialMonteCarlo": "retrodict.inference.smc",
}


def domain(name: str) -> ModuleType:
    """The `problems` module of a domain. Raises `InputError` for a name that is not in the table."""
    return importlib.import_module(_module(DOMAINS, name, "domain"))


def readers() -> Iterator[ModuleType]:
    """The modules whose `inspect(path)` describes a file or raises `UnknownKind`, each imported when its turn comes."""
    return map(importlib.import_module, DOMAINS.values())


def method(name: str) -> type:
    """The dataclass of an inference method. Raises `InputError` for a name that is not in the table."""
    return vars(importlib.import_module(_module(METHODS, name, "method")))[name]


def did_you_mean(word: str, known: list[str]) -> str:
    """A fix to copy when `word` looks like a slip for one of `known`, else nothing."""
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), list(by_lower), n=1)
    return f"did you mean {by_lower[near[0]]}?" if near else ""


def _module(table: dict[str, str], name: str, noun: str) -> str:
    if name not in table:
        known = sorted(table)
        raise InputError(
            f"there is no {noun} {name!r}", expected=f"one of {', '.join(known)}", fix=did_you_mean(name, known)
        )
    return table[name]
