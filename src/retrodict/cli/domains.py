"""Which class or function stands behind a word of a config. Nothing is imported before it is asked for."""

from collections.abc import Mapping
from typing import Any

from retrodict.base.domain import Domain, ImportPath, resolve
from retrodict.base.domains import did_you_mean, installed
from retrodict.base.errors import InputError
from retrodict.inference import METHODS


def methods_of(domain: Domain | None) -> Mapping[str, ImportPath]:
    """The methods that a config of a domain may name: those of the house and its own; of no domain, all there are."""
    owners = [domain] if domain else list(installed().domains.values())
    return {**METHODS, **{kind: path for owner in owners for kind, path in owner.methods.items()}}


def method_path(kind: str, domain: Domain | None) -> ImportPath:
    """Where the dataclass of an inference method is.

    Args:
        kind: the word of the config.
        domain: whose config it is; None where that is not known.

    Raises:
        InputError: for a name that nobody has, and for a method of another domain.
    """
    methods = methods_of(domain)
    if kind in methods:
        return methods[kind]
    owners = [other.name for other in installed().domains.values() if kind in other.methods]
    what = f"the method {kind!r} belongs to the domain {owners[0]}" if owners else f"there is no method {kind!r}"
    fix = "" if owners else did_you_mean(kind, methods_of(None))
    raise InputError(what, expected=f"one of {', '.join(sorted(methods))}", fix=fix)


def method(kind: str, domain: Domain | None) -> type:
    """The dataclass of an inference method.

    Args:
        kind: the word of the config.
        domain: whose config it is; None where that is not known.

    Raises:
        InputError: as `method_path`.
    """
    return load(method_path(kind, domain), domain)


def load(path: ImportPath, domain: Domain | None = None) -> Any:
    """The object that a domain names by its import path. Raises `InputError` naming the domain's package."""
    return resolve(path, f"the domain {domain.name} of the package {domain.package}" if domain else "")
