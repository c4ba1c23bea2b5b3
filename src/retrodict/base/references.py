"""The literature: BibTeX entries by key, from the file `references.bib` of the house and of each domain."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources

from retrodict.base.domains import installed

_ENTRY = re.compile(r"^@(\w+)\{([^,\s]+),\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^\s*(\w+)\s*=\s*\{(.*?)\},?\s*$", re.MULTILINE)
_ACCENTS = {
    '\\"': "\u0308",
    "\\'": "\u0301",
    "\\`": "\u0300",
    "\\^": "\u0302",
    "\\~": "\u0303",
    "\\c": "\u0327",
    "\\v": "\u030c",
}
_LETTERS = {
    r"\o": "ø",
    r"\O": "Ø",
    r"\ss": "ß",
    r"\l": "ł",
    r"\L": "Ł",
    r"\i": "i",
    r"\&": "&",
    "--": "–",
    "~": " ",
    "``": "“",
    "''": "”",
}


@dataclass(frozen=True)
class Reference:
    """One entry of the bibliography."""

    key: str  # by which it is cited
    kind: str  # article, book, software, ...
    bibtex: str  # the entry as it stands in the file
    fields: dict[str, str]  # in plain Unicode, by lower-case name

    @property
    def authors(self) -> list[str]:
        """Family names."""
        people = self.fields.get("author", "").split(" and ")
        return [person.split(",")[0].strip() for person in people if person.strip()]

    @property
    def short(self) -> str:
        """`Hoffman & Gelman (2014)`."""
        names = self.authors
        few = 0 < len(names) < 3 and names[-1] != "others"
        who = " & ".join(names) if few else f"{names[0]} et al." if names else self.key
        return f"{who} ({self.fields.get('year', 'n.d.')})"

    @property
    def source(self) -> str:
        """Journal, volume, page; or the archive; or the institution; empty if none is known."""
        known = self.fields
        if "journal" not in known:
            return f"arXiv:{known['eprint']}" if "eprint" in known else known.get("institution", "")
        place = ", ".join(known[name] for name in ("volume", "pages") if name in known)
        return f"{known['journal']} {place}".strip()

    @property
    def url(self) -> str:
        """Where it can be read: its DOI, or the archive, or a page of its own; empty if none is known."""
        known = self.fields
        if "doi" in known:
            return f"https://doi.org/{known['doi']}"
        return f"https://arxiv.org/abs/{known['eprint']}" if "eprint" in known else known.get("url", "")


@cache
def library() -> dict[str, Reference]:
    """All entries by key: those of the house, then those of each domain, in the order of their files."""
    texts = [_text("retrodict.base:references.bib"), *(_text(one.bibliography) for one in installed().domains.values())]
    entries = [_reference(match) for text in texts for match in _ENTRY.finditer(text)]
    by_key: dict[str, Reference] = {}
    for entry in entries:
        by_key.setdefault(entry.key, entry)
    return by_key


def _text(place: str) -> str:
    """The content of `package:file.bib`; nothing where there is none."""
    package, _, name = place.partition(":")
    try:
        return resources.files(package).joinpath(name).read_text(encoding="utf-8") if name else ""
    except (ModuleNotFoundError, OSError):
        return ""  # a citation without its entry says so where it is printed


def find(keys: Iterable[str]) -> list[Reference]:
    """The entries of `keys`, each once, in their order; keys without an entry are left out."""
    return [library()[key] for key in dict.fromkeys(keys) if key in library()]


def bibtex(keys: Iterable[str]) -> str:
    """A BibTeX file of `keys`; a key without an entry becomes a comment that says so."""
    keys = list(dict.fromkeys(keys))
    missing = [f"% no entry is known for {' '.join(key.split())}" for key in keys if key not in library()]
    return "\n\n".join([*missing, *(entry.bibtex for entry in find(keys))]) + "\n"


def _reference(match: re.Match[str]) -> Reference:
    kind, key, body = match.groups()
    fields = {name.lower(): _unicode(value) for name, value in _FIELD.findall(body)}
    return Reference(key, kind.lower(), match[0].strip(), fields)


def _unicode(text: str) -> str:
    """Plain text of a BibTeX field: accents applied, braces dropped."""
    import unicodedata

    text = re.sub(r"(\\[\"'`^~]|\\[cv](?=[\s{]))\s*\{?\\?(\w)\}?", lambda m: m[2] + _ACCENTS[m[1]], text)
    for code, letter in _LETTERS.items():
        text = re.sub(re.escape(code) + (r"(?![A-Za-z])\s*" if code[-1].isalpha() else ""), letter, text)
    return unicodedata.normalize("NFC", re.sub(r"[{}]", "", text).replace("\\", ""))
