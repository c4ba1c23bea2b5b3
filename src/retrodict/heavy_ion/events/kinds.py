"""The files of events that this domain knows by their first line. Nothing heavy is imported here."""

import re
from typing import Final

from retrodict.base.domain import Reader
from retrodict.base.recognition import NO_CLAIM, Claim, FileHead, Strength

SIGNATURES: Final = (  # of the first line, whatever its version: a wrong version is refused by the reader in words
    ("OSCAR 1997", re.compile(r"\s*OSC19\d\d\w?\s*$")),
    ("OSCAR 1999", re.compile(r"#\s*OSC19\d\d\w?\s*$")),
    ("OSCAR 2013", re.compile(r"#!(OSC|ASCII\b)")),
    ("UrQMD", re.compile(r"\s*UQMD\s+version:")),
    ("JETSCAPE", re.compile(r"#\s*(JETSCAPE_FINAL_STATE\b|Event\s+\d+\s+weight\s|\S+\s+Event\d+ID\s)")),
    ("TRENTo grid", re.compile(r"#\s*event\s+\d+\s*$")),
)


def format_of(head: FileHead) -> str:
    """The name of the format; empty if it is none of events.

    Args:
        head: of the file.
    """
    if head.form == "hdf5":
        return "TRENTo HDF5" if _has_events(head.path) else ""
    if head.form != "text" or head.given:
        return ""
    if head.first.startswith(b"SMSH"):
        return "SMASH binary"
    if head.is_binary:
        return ""
    lines = head.first[:4096].decode("utf-8-sig", errors="replace").splitlines()
    first = next((line for line in lines if line.strip()), "")
    name = next((name for name, signature in SIGNATURES if signature.match(first)), "")
    if name == "TRENTo grid" and not any(re.match(r"#\s*npart\s*=", line) for line in lines[:8]):
        return ""
    return name or ("TRENTo table" if _is_trento_row(first) else "")


def claim_events(head: FileHead) -> Claim:
    """Particle lists and initial conditions, by the signature of their format.

    Args:
        head: of the file.
    """
    name = format_of(head)
    return Claim(Strength.EXACT, 1.0, name) if name else NO_CLAIM


def _is_trento_row(line: str) -> bool:
    cells = line.split()
    if len(cells) < 8 or not cells[0].isdigit() or not re.fullmatch(r"\d+\.\d+", cells[1]):
        return False
    from retrodict.heavy_ion.events.trento import is_table_row, is_three_dimensional

    return is_table_row(line) or is_three_dimensional(line)


def _has_events(path: str) -> bool:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            return "event_0" in file and isinstance(file.get("event_0", getlink=True), h5py.HardLink)
    except (OSError, RuntimeError, ValueError):
        return False


READERS: Final = (
    Reader(
        "events",
        "events: lists of particles, or initial conditions of TRENTo",
        "retrodict.heavy_ion.events.reading:describe",
        forms=("text", "hdf5"),
        recognise="retrodict.heavy_ion.events.kinds:claim_events",
        field="problem.data",
        analyse="retrodict.heavy_ion.events.analyse:analyse",
    ),
)
