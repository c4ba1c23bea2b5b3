"""The kinds of files of this domain: each is known by its first bytes, and a trained model by its seal."""

from pathlib import Path
from typing import Final

from retrodict.base.domain import Reader
from retrodict.base.recognition import NO_CLAIM, Claim, FileHead, Strength


def claim_configuration(head: FileHead) -> Claim:
    """Gauge links of NERSC, ILDG, SciDAC, MILC, openQCD or in an archive of ours, or a stream of configurations."""
    from retrodict.lattice.io.files import format_of

    name = format_of(head)
    if name == "openQCD" and head.columns:
        return NO_CLAIM  # a table: this format has no signature but its extents
    return Claim(Strength.EXACT, 1.0, name) if name else NO_CLAIM


def claim_model(head: FileHead) -> Claim:
    """A trained model, as a run keeps it."""
    from retrodict.run.container import is_sealed

    return Claim(Strength.EXACT, 1.0, "an archive with our seal") if is_sealed(Path(head.path)) else NO_CLAIM


READERS: Final = (
    Reader(
        "gauge_configuration",
        "configurations of a lattice field",
        "retrodict.lattice.io.files:inspect",
        forms=("text", "zip"),
        recognise="retrodict.lattice.io.kinds:claim_configuration",
        together="retrodict.lattice.io.ensemble:inspect_files",
    ),
    Reader(
        "gauge_ensemble",
        "a folder of gauge configurations",
        "retrodict.lattice.io.ensemble:inspect_folder",
        forms=("folder", "pattern"),
        recognise="retrodict.lattice.io.ensemble:claim_folder",
    ),
    Reader(
        "trained_model",
        "a trained model of a lattice field",
        "retrodict.generate.saved:inspect",
        forms=("zip",),
        recognise="retrodict.lattice.io.kinds:claim_model",
    ),
)
