"""The literature that ships: every key that a method names has an entry, and every entry can be read."""

import re
from pathlib import Path

import pytest

import retrodict
from retrodict.base.references import bibtex, find, library
from retrodict.report import cite

SOURCE = Path(retrodict.__file__).parent
NAMED = re.compile(r"(?:references: ClassVar\[[^\n]*\] =|REFERENCES\b[^\n=]*=) \((.*?)\)", re.DOTALL)


def test_every_key_that_the_code_names_has_an_entry():
    cited = {key for path in SOURCE.rglob("*.py") for group in NAMED.findall(path.read_text()) for key in _keys(group)}
    assert cited
    assert cited | set(cite.SOFTWARE) <= set(library())


def _keys(group: str) -> list[str]:
    return re.findall(r'"([^"]+)"', group)


@pytest.mark.parametrize("key", sorted(library()))
def test_an_entry_says_who_what_and_when(key):
    entry = library()[key]
    assert entry.authors
    assert entry.fields["title"]
    assert re.fullmatch(r"\d{4}", entry.fields["year"])
    assert not re.search(r"[{}\\]", " ".join(entry.fields.values()))
    assert entry.bibtex.count("{") == entry.bibtex.count("}")


def test_no_key_is_given_twice():
    """Neither within a bibliography nor in two of them: the house has one, and each of its domains."""
    text = "\n".join(path.read_text() for path in sorted(SOURCE.rglob("references.bib")))
    keys = re.findall(r"^@\w+\{([^,]+),", text, re.MULTILINE)
    assert sorted(keys) == sorted(library())


def test_accents_are_written_as_letters():
    assert library()["soma2022"].authors[3] == "Stöcker"
    assert library()["ozel2016"].short == "Özel & Freire (2016)"
    assert library()["abbott2017"].short == "Abbott et al. (2017)"


def test_an_unknown_key_is_named_and_not_invented():
    assert bibtex(["hoffman2014", "nobody1900", "hoffman2014"]).count("@") == 1
    assert "% no entry is known for nobody1900" in bibtex(["nobody1900"])
    assert find(["nobody1900"]) == []
