"""From a config file to a problem and a method, ready to run."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from retrodict.base.domain import Domain, ImportPath
from retrodict.base.domains import did_you_mean, installed
from retrodict.base.domains import domain as named_domain
from retrodict.base.errors import InputError, InputErrors
from retrodict.base.files import JSON
from retrodict.cli import domains
from retrodict.cli.config.build import Built, Session, build, build_call, construct, resolved
from retrodict.cli.config.document import KEYS, Document, read_document
from retrodict.cli.config.outline import outline
from retrodict.cli.config.overrides import with_overrides

if TYPE_CHECKING:
    from retrodict.run.result import Result

Find: TypeAlias = Callable[
    [ImportPath, Domain | None], Callable[..., object]
]  # the class or function behind an import path


@dataclass(frozen=True, eq=False)
class Config:
    """A checked config. Everything it names has been built, save the problem itself, which reads the data.

    `resolved` is the config with every default filled in; it loads to the same thing.
    """

    path: Path  # of the file
    text: str  # the file, byte for byte
    domain: str  # its name
    method: Any  # the dataclass of the method, with its settings
    seed: int  # of the random numbers
    resolved: dict[str, JSON]
    inputs: tuple[Path, ...]  # files that it names
    arguments: dict[str, JSON]  # of the domain's `problem`
    notes: tuple[str, ...] = ()  # settings that overrides have left out

    @cached_property
    def problem(self) -> Any:
        """The target; reads the data. Raises `InputError`."""
        domain = named_domain(self.domain)
        return domains.load(domain.problem, domain)(**self.arguments)

    def run(self, out: str | os.PathLike[str] | None = None, **options: Any) -> "Result":
        """`infer` with this problem, method and seed; a run directory is written if `out` names one."""
        from retrodict.inference.infer import infer

        return infer(self.problem, self.method, seed=self.seed, path=None if out is None else Path(out), **options)


def load_config(path: str | os.PathLike[str], overrides: tuple[str, ...] = (), *, seed: int | None = None) -> Config:
    """Read and check a config file.

    Args:
        path: of a YAML file.
        overrides: `method.chains=8`, put on top in turn (see `with_overrides`).
        seed: in place of that of the file.

    Raises:
        InputErrors: all that is wrong with it, at once.
    """
    extra = () if seed is None else (f"seed={seed}",)
    return from_document(with_overrides(read_document(Path(path)), (*overrides, *extra)))


def from_document(document: Document) -> Config:
    """Check a config that has been read: by its structure first, for which nothing is imported.

    Raises:
        InputErrors: all that is wrong with its structure; if that is right, all that its parts refuse.
    """
    session, *_ = _built(document, lambda path, _: outline(path))
    if session.errors and not session.passed:
        raise InputErrors(session.sorted_errors())
    session, domain, arguments, method = _built(document, domains.load)
    if domain is None or arguments is None or method is None or session.errors:
        raise InputErrors(session.sorted_errors())
    seed = document.value.get("seed", 0)
    return Config(
        path=document.path,
        text=document.text,
        domain=domain.name,
        method=method.value,
        seed=seed,
        resolved={
            "domain": domain.name,
            "problem": resolved(arguments),
            "method": method.resolved,
            "seed": seed,
        },
        inputs=tuple(dict.fromkeys(session.inputs)),
        arguments={name: item.value for name, item in arguments.items()},
        notes=document.notes,
    )


def _built(document: Document, find: Find) -> tuple[Session, Domain | None, dict[str, Built] | None, Built | None]:
    """The domain, the arguments of its problem, and the method, from classes and functions as `find` gives them; None
    for what cannot be made, of which the errors are in the session."""
    session = Session(document, errors=list(document.errors))
    _check_keys(session)
    domain = _domain(session)
    problem = find(domain.problem, domain) if domain else None
    arguments = build_call(session, problem, _section(document, "problem"), ("problem",)) if problem else None
    method = _method(session, domain, find)
    build(session, int, document.value.get("seed", 0), ("seed",))
    return session, domain, arguments, method


def to_yaml(value: JSON) -> str:
    """YAML 1.2 that `load` reads back to the same value."""
    import io

    from ruamel.yaml import YAML

    yaml, stream = YAML(typ="safe", pure=True), io.StringIO()
    yaml.default_flow_style, yaml.width = False, 4096
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.dump(value, stream)
    return stream.getvalue()


def _section(document: Document, name: str) -> JSON:
    """A section left empty is one of defaults."""
    section = document.value.get(name)
    return {} if section is None else section


def _check_keys(session: Session) -> None:
    for name in session.document.value:
        if name not in KEYS:
            fix = did_you_mean(str(name), list(KEYS))
            session.refuse((name,), f"unknown key {name!r}", expected=f"one of {', '.join(KEYS)}", fix=fix)


def _domain(session: Session) -> Domain | None:
    name = session.document.value.get("domain")
    if not isinstance(name, str):
        words = " | ".join(sorted(installed().domains))
        return session.refuse(("domain",), "missing key", expected=f"domain: {words}")
    try:
        return named_domain(name)
    except InputError as error:
        return _refuse(session, ("domain",), error)


def _method(session: Session, domain: Domain | None, find: Find) -> Built | None:
    section = session.document.value.get("method")
    section = {"kind": section} if isinstance(section, str) else section
    kind = section.get("kind") if isinstance(section, dict) else None
    if not isinstance(section, dict) or not isinstance(kind, str):
        words = " | ".join(sorted(domains.methods_of(domain)))
        return session.refuse(("method",), "missing key", expected=f"method: {{kind: {words}}}", fix="kind: NUTS")
    try:
        method = find(domains.method_path(kind, domain), domain)
    except InputError as error:
        return _refuse(session, ("method", "kind"), error)
    rest = {name: value for name, value in section.items() if name != "kind"}
    arguments = build_call(session, method, rest, ("method",))
    made = None if arguments is None else construct(session, method, arguments, ("method",))
    return None if made is None or arguments is None else Built(made, {"kind": kind, **resolved(arguments)})


def _refuse(session: Session, at: tuple[str, ...], error: InputError) -> None:
    """Note a miss in a table of names at its key."""
    session.refuse(at, error.what, expected=error.expected, why=error.why, fix=error.fix)
