"""What a domain says of itself: one frozen description, and heavy things named by import path.

A domain (neutron stars, spectral functions, ...) is a package with a module that defines `DOMAIN = Domain(...)`.
Nothing of the domain but this module is imported before it is used: no JAX to list demos, to read a table or to refuse
a config. The description holds everything that the house asks of a domain; there is no other contract.
"""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from retrodict.base.errors import InputError
from retrodict.base.files import JSON
from retrodict.base.recognition import NO_CLAIM, Claim, FileHead, Layout, strongest

ImportPath = str  # "package.module:name"


@dataclass(frozen=True)
class Reader:
    """A kind of file that a domain reads.

    Args:
        kind: the word by which `inspect` calls it, such as `mass_radius_samples`.
        title: the same in plain words, for messages.
        describe: `(path, **options) -> JSON`, a mapping with `kind`, ranges and units, `warnings`, and `config` lines
            to paste; `failures`, each with its `file` and `error`, where a folder holds files that break the rules. Its
            further parameters are what a user may say of a file, `columns="mass, radius"` or `group=...`.
            Raises `InputError` for a file of its kind that breaks its rules.
        layouts: the columns of such a table, each an alternative.
        forms: forms of files (`text`, `json`, `npy`, `zip`, `hdf5`, `folder`, `pattern`, `pickle`) that `recognise` is
            asked about; all if empty.
        recognise: `(FileHead) -> Claim`, for what is known by a signature and not by columns.
        field: the field of a config to which such a file belongs, such as `problem.data`; empty if there is none.
        several: whether that field is a list of files.
        together: `(paths) -> list of JSON`, several files of this kind in one call of `inspect`, such as the members of
            an ensemble; each is described by itself if empty.
        analyse: `(paths, **options) -> Analysed`, numbers straight from such files without a fit: `retrodict analyse`;
            its further parameters are what `--set` may say.
    """

    kind: str
    title: str
    describe: ImportPath
    layouts: tuple[Layout, ...] = ()
    forms: tuple[str, ...] = ()
    recognise: ImportPath = ""
    field: str = ""
    several: bool = False
    together: ImportPath = ""
    analyse: ImportPath = ""

    def claim(self, head: FileHead) -> Claim:
        """How well the file fits this kind. Raises `InputError` for a broken file that is certainly of this kind."""
        claims = [layout.claim(head.columns) for layout in self.layouts] if self.layouts and head.columns else []
        if self.recognise and (not self.forms or head.form in self.forms):
            claims.append(resolve(self.recognise)(head))
        return strongest(claims) if claims else NO_CLAIM


@dataclass(frozen=True)
class ReportHooks:
    """What a domain adds to reports and comparisons. All but `figures` may be left empty.

    Args:
        figures: `(result) -> sequence of Figure`, from the numbers of a run alone.
        sections: `(result, target, *, run) -> sequence of Section`, further sections of the page.
        baselines: `(result, target, *, run) -> Section`, the same data or action by the methods of the literature:
            `retrodict compare DIR --methods`.
        baseline_methods: `() -> mapping`, name -> class or function of each of them, for `retrodict list`.
        tables: `(target, latents) -> Tables`, one table a draw, for `retrodict export --to csv`.
        refined_data: `(target) -> target` with a data point between any two, for `retrodict plan`.
        subject: `(target) -> str`, one line for the top of the page, such as couplings and volume.
    """

    figures: ImportPath
    sections: ImportPath = ""
    baselines: ImportPath = ""
    baseline_methods: ImportPath = ""
    tables: ImportPath = ""
    refined_data: ImportPath = ""
    subject: ImportPath = ""


class Analysed(NamedTuple):
    """Numbers with errors, straight from files.

    Args:
        found: all of them, JSON-ready, with `warnings`.
        heading: lines above the table.
        table: rows of words, the first one the names of the columns.
    """

    found: Mapping[str, JSON]
    heading: Sequence[str]
    table: Sequence[Sequence[str]]


class Placed(NamedTuple):
    """Where data files go in a config."""

    fields: Mapping[str, Any]  # config field -> value
    notes: Sequence[str] = ()  # what the readers assumed or left out
    template: str = ""  # the config for data of this kind; that of the domain if empty


@dataclass(frozen=True)
class Domain:
    """A field of physics with its problems, files, methods and words.

    Args:
        name: the word after `domain:` in a config; a Python identifier.
        title: one line on what it does.
        problem: `(...) -> target`; its signature, with types and defaults, is the section `problem` of a config.
        report: what it adds to reports.
        template: the commented config that `retrodict new` writes; it runs as it is.
        demos: name -> config, for `retrodict demo`.
        methods: kind -> class of the methods that serve this domain alone; those of `retrodict.inference` serve all.
        readers: the kinds of files that it reads.
        place_data: `(files, **options) -> Placed`, where the files' own fields (`Reader.field`) are not enough; the
            options are those of `--set` that its signature names, and it gives them their place.
        headers: `(matrix) -> tuple of headers`, what numbers without names could be in this domain.
        exports: format -> `(directory, target, format) -> {file name: bytes}`, beside `csv` and `netcdf`.
        symbols: unit -> TeX, for units that are more than letters: `{"Msun": r"M_\\odot"}`.
        references: BibTeX keys that every paper with results of this domain owes.
        bibliography: BibTeX file of the domain, `package:file.bib`.
        package: the distribution that brings it.
    """

    name: str
    title: str
    problem: ImportPath
    report: ReportHooks
    template: str
    demos: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, ImportPath] = field(default_factory=dict)
    readers: tuple[Reader, ...] = ()
    place_data: ImportPath = ""
    headers: ImportPath = ""
    exports: Mapping[str, ImportPath] = field(default_factory=dict)
    symbols: Mapping[str, str] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    bibliography: str = ""
    package: str = "retrodict"

    @property
    def takes_data(self) -> bool:
        """Whether any kind of file has a place in its configs: a lattice theory is sampled, not fitted."""
        return any(reader.field for reader in self.readers)


@dataclass(frozen=True)
class Kinds:
    """The classes that may stand where a signature asks for an abstract one: `Annotated[AbstractAction, Kinds(...)]`.

    Args:
        path: `() -> tuple of classes`; asked when a config is read.
    """

    path: ImportPath

    def classes(self) -> tuple[type, ...]:
        """The classes, imported now."""
        return tuple(resolve(self.path)())


def resolve(path: ImportPath, owner: str = "") -> Any:
    """The object that an import path names.

    Args:
        path: `package.module:name`.
        owner: who gave the path, for the message.

    Raises:
        InputError: if there is no such module or name.
    """
    module, colon, name = path.partition(":")
    try:
        if not colon:
            raise ImportError("no colon between module and name")
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        where = owner or "a domain of retrodict"
        expected = "package.module:name of something that is installed"
        raise InputError(
            "an import path leads nowhere", where=where, got=path, expected=expected, why=str(error)[:300]
        ) from error
