"""The kinds of files of this domain: known by their first bytes, a trained model by its seal, a history by its
columns."""

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


def claim_history(head: FileHead) -> Claim:
    """A table whose rows are numbered as trajectories; by a name that other tables have, too, a guess."""
    from retrodict.inference.history_files import TELLING, TIMES

    names = head.names
    if len(names) > 1 and any(name in TELLING for name in names):
        return Claim(Strength.EXACT, 1.0, f"columns {', '.join(names[:8])}")
    if len(names) > 1 and names[0] in TIMES:
        return Claim(Strength.WEAK, 1 / len(names), f"column {names[0]}")
    return NO_CLAIM


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
        "monte_carlo_history",
        "a Monte Carlo history",
        "retrodict.inference.history:inspect",
        recognise="retrodict.lattice.io.kinds:claim_history",
        together="retrodict.inference.history:inspect_replica",
    ),
    Reader(
        "trained_model",
        "a trained model of a lattice field",
        "retrodict.generate.saved:inspect",
        forms=("zip",),
        recognise="retrodict.lattice.io.kinds:claim_model",
    ),
)
