"""Which reader describes a file: the one with the strongest claim, by the names and units or by a signature."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrodict.base.domain import Domain, Reader
from retrodict.base.domains import did_you_mean, installed
from retrodict.base.domains import domain as named_domain
from retrodict.base.errors import InputError, InputErrors, UnknownKind
from retrodict.base.files import JSON
from retrodict.base.printable import described
from retrodict.base.recognition import NO_CLAIM, Claim, FileHead, Strength
from retrodict.cli.domains import load
from retrodict.cli.unnamed import describe_unnamed

SHOWN = 12  # columns that a message lists


@dataclass(frozen=True)
class Candidate:
    """A kind of file that this one may be."""

    domain: Domain  # that reads it
    reader: Reader  # for this kind
    claim: Claim  # how well the file fits

    def __str__(self) -> str:
        return f"{self.reader.title} ({self.domain.name})"


def candidates(head: FileHead, domains: Sequence[Domain]) -> list[Candidate]:
    """All kinds that fit, the strongest claim first."""
    asked = (Candidate(domain, reader, reader.claim(head)) for domain in domains for reader in domain.readers)
    fitting = [one for one in asked if one.claim.strength]
    return sorted(fitting, key=lambda one: one.claim.order, reverse=True)


def describe(path: Path, domain: str | None = None, said: Mapping[str, JSON] | None = None) -> dict[str, JSON]:
    """What the reader with the strongest claim says of a file, with the runners-up.

    Args:
        path: a file, or a folder or a pattern of files.
        domain: the only domain to ask; all if None.
        said: what the user says of the file, such as `columns` or `group`: parameters of the readers' `describe`.

    Raises:
        InputError: if two domains claim the file equally, if no domain knows it, if it breaks the rules of its kind, or
            if its reader has no such parameter.
    """
    said = said or {}
    head = FileHead(path, str(said.get("columns") or ""))
    domains = [named_domain(domain)] if domain else list(installed().domains.values())
    ranked = candidates(head, domains)
    if domain and not ranked and not head.damage:  # nothing fits: what its readers miss in the file is the answer
        ranked = [Candidate(domains[0], reader, NO_CLAIM) for reader in domains[0].readers[:1]]
    refusals: list[InputError] = []
    while ranked:
        best, *others = ranked
        if best.claim.doubt and domain is None:
            raise _doubtful(head, best)
        rivals = [one for one in others if one.claim.order == best.claim.order and one.domain is not best.domain]
        if rivals:
            raise _tie(head, [best, *rivals])
        try:
            reader = load(best.reader.describe, best.domain)
            _refuse_unknown(said, reader, best, path)
            description = reader(path, **said)
        except UnknownKind as error:  # the names or the shape fitted, the content does not
            refusals.append(error)
            ranked = [one for one in others if one.reader.describe != best.reader.describe]
            continue
        return _with_doubts(description, best, others)
    if twice := _named_twice(head):
        raise twice
    if not head.columns and head.starts_with_a_number:
        return describe_unnamed(path, domains)
    if refusals:
        raise refusals[0] if len(refusals) == 1 else InputErrors(refusals)
    raise head.damage or _nobody(head, domains)


def _refuse_unknown(said: Mapping[str, JSON], reader: Callable[..., JSON], best: Candidate, path: Path) -> None:
    known = reading_options(reader)
    for name in said:
        if name not in known:
            what, fix = f"{best} is not read by {name!r}", did_you_mean(name, known)
            raise InputError(what, where=str(path), expected=f"one of {', '.join(known) or 'nothing'}", fix=fix)


def reading_options(reader: Callable[..., JSON]) -> tuple[str, ...]:
    """What a user may say of a file: the parameters of a reader behind the first, the file."""
    return tuple(inspect.signature(reader).parameters)[1:]


def reader_of_several(path: Path, domain: str | None = None) -> Candidate | None:
    """Who reads a file together with others of its kind; None where each file is described by itself.

    Args:
        path: a file.
        domain: the only domain to ask; all if None.
    """
    domains = [named_domain(domain)] if domain else list(installed().domains.values())
    best = next(iter(candidates(FileHead(path), domains)), None)
    certain = best is not None and best.claim.strength is Strength.EXACT and best.reader.together
    return best if certain else None


def reader_that_analyses(path: Path) -> Candidate | None:
    """Whose files `retrodict analyse` takes by a hook of a domain; None where no domain with one knows the file.

    Args:
        path: a file.
    """
    best = next(iter(candidates(FileHead(path), list(installed().domains.values()))), None)
    return best if best and best.claim.strength is Strength.EXACT and best.reader.analyse else None


def is_certain(path: Path) -> bool:
    """Whether a domain knows a file by its form: a table in YAML is no config.

    Args:
        path: a file.
    """
    found = candidates(FileHead(path), list(installed().domains.values())) if path.is_file() else []
    return bool(found) and found[0].claim.strength is Strength.EXACT


def _with_doubts(description: dict[str, JSON], best: Candidate, others: Sequence[Candidate]) -> dict[str, JSON]:
    """The description with its domain, with a warning where the claim is weak, and with the runners-up."""
    other_domains = {str(one): one for one in others if one.domain is not best.domain}
    warnings = list(description.get("warnings", []))
    if best.claim.strength is Strength.WEAK and "warnings" in description:
        warnings.insert(0, f"a guess: {best.claim.reason}")
    doubts = {"warnings": warnings} if "warnings" in description else {}
    also = {"also_possible": list(other_domains)} if other_domains else {}
    kind = {"kind": description.get("kind"), "domain": best.domain.name}
    return {**kind, **description, **doubts, **also}


def _tie(head: FileHead, equal: Sequence[Candidate]) -> InputError:
    return InputError(
        "two kinds of files fit as well",
        where=head.path,
        got="; ".join(f"{one}: {one.claim.reason}" for one in equal)[:600],
        expected="one of them",
        fix="   or: ".join(f"retrodict inspect --domain {one.domain.name} {head.path}" for one in equal),
    )


def _doubtful(head: FileHead, best: Candidate) -> InputError:
    return InputError(
        "the names of the columns mean more than one thing",
        where=head.path,
        got=best.claim.reason,
        expected=str(best),
        why=best.claim.doubt,
        fix=f"if it is that: retrodict inspect --domain {best.domain.name} {head.path}",
    )


def _named_twice(head: FileHead) -> InputError | None:
    """Why the names of a text table cannot be used, where two of them are the same."""
    from retrodict.base.columns import read_columns

    if head.columns or head.form != "text" or head.is_binary:
        return None
    try:
        read_columns(head.path)
    except InputError as error:
        return error if error.what == "a column appears twice" else None
    return None


def _nobody(head: FileHead, domains: Sequence[Domain]) -> InputError:
    names = [f"{name} [{unit}]" if unit else name for name, unit in head.columns[:SHOWN]]
    content = f"the columns {', '.join(names)}" if names else _content(head)
    titles = {domain.name: [reader.title for reader in domain.readers] for domain in domains}
    kinds = (f"{name}: {', '.join(each)}" for name, each in titles.items() if each)
    broken = "; ".join(map(str, installed().broken))
    return UnknownKind(
        "no domain knows this kind of file",
        where=head.path,
        got=content[:400],
        expected="; ".join(kinds),
        why=broken,
        fix="name the columns with their units, such as mass [Msun], in the file or in the call: --columns "
        '"mass [Msun], radius [km]"; --domain NAME asks one domain what it lacks',
    )


def _content(head: FileHead) -> str:
    if head.form == "folder" and not any(Path(head.path).iterdir()):
        return "an empty folder"
    if head.form in ("folder", "pattern"):
        return f"a {head.form} of other files"
    return described(head.first) if head.form == "text" else f"a {head.form} file"
