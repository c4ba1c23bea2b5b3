"""Names and units by which the files of a calibration are known. Nothing heavy is imported here."""

import re
from typing import Final

from retrodict.base.recognition import NO_CLAIM, Claim, Column, FileHead, Layout, Strength

PER_CENT: Final = {"%": 1.0, "percent": 1.0, "pct": 1.0}
OBSERVABLE: Final = ("observable", "observables", "obs")
LOW: Final = ("centrality_low", "cent_low", "centrality_min", "cent_min", "cent_lo")
HIGH: Final = ("centrality_high", "cent_high", "centrality_max", "cent_max", "cent_hi")
VALUE: Final = ("value", "mean", "measured")
TOTAL: Final = ("error", "total_error", "uncertainty", "err", "sigma")
ERRORS: Final = {
    "statistical": ("stat_error", "stat", "statistical_error", "stat_err", "statistical"),
    "systematic": ("sys_error", "sys", "syst_error", "systematic_error", "sys_err", "sys_uncorrelated_error"),
    "correlated": ("sys_correlated_error", "sys_corr_error", "correlated_error", "sys_correlated", "sys_corr"),
    "normalisation": ("normalisation_error", "normalization_error", "norm_error", "norm"),
}
KNOWN_PARAMETERS: Final = (  # of simulators of heavy-ion collisions, as their designs call them
    "trento_p",
    "nucleon_width",
    "dmin3",
    "tau_fs",
    "tau_r",
    "tswitch",
    "t_switch",
    "t_sw",
    "eta_over_s*",
    "zeta_over_s*",
    "shear_relax_time_factor",
    "sigma_k",
    "etas_*",
    "zetas_*",
)
OUTPUT: Final = re.compile(r"[A-Za-z][^\[\],\t]*\[\s*\d+(?:\.\d*)?[\s,]+\d+(?:\.\d*)?\s*%?\s*\]")
_MEASURED: Final = (Column(OBSERVABLE), Column(LOW, PER_CENT), Column(HIGH, PER_CENT), Column(VALUE))
_ERRORS: Final = tuple(
    Column(tuple(part for name in names for part in (name, f"{name}_plus", f"{name}_minus")))
    for names in (TOTAL, *ERRORS.values())
)
MEASUREMENTS: Final = (Layout(_MEASURED, _ERRORS),)
RANGES: Final = (Layout((Column(("param", "parameter")), Column(("min",)), Column(("max",)))),)


def claim_measurements(head: FileHead) -> Claim:
    """By the form of a table of HEPData with a centrality in it, or a folder of such.

    Args:
        head: the beginning of a file.
    """
    if head.form == "folder":
        from pathlib import Path

        files = [file for file in sorted(Path(head.path).iterdir()) if file.suffix in (".yaml", ".yml", ".csv")]
        return claim_measurements(FileHead(files[0])) if files else NO_CLAIM
    text = head.first.decode("utf-8", errors="replace") if head.form == "text" and not head.is_binary else ""
    known = text.startswith("#: ") or "dependent_variables:" in text
    if known and "centrality" in text.lower():
        return Claim(Strength.EXACT, 1.0, "a table of HEPData over centrality")
    return NO_CLAIM


def claim_outputs(head: FileHead) -> Claim:
    """By columns `observable[low high]`.

    Args:
        head: the beginning of a file.
    """
    if head.form == "zip":
        from retrodict.base.arrays import npz_names

        found = [bool(OUTPUT.match(name)) for name in npz_names(head.path)]
        return Claim(Strength.EXACT, 1.0, "arrays observable[low high]") if found and any(found) else NO_CLAIM
    line = head.first_rows[0] if head.first_rows and not head.is_binary else ""
    return Claim(Strength.EXACT, 1.0, "columns observable[low high]") if OUTPUT.search(line) else NO_CLAIM


def claim_design(head: FileHead) -> Claim:
    """By the names that simulators of heavy-ion collisions give to their parameters.

    Args:
        head: the beginning of a file.
    """
    from fnmatch import fnmatchcase

    if head.damage is not None or not head.columns or claim_outputs(head).strength:
        return NO_CLAIM
    known = [name for name in head.names if any(fnmatchcase(name, one) for one in KNOWN_PARAMETERS)]
    if len(known) < 2:
        return NO_CLAIM
    return Claim(Strength.NAMES, len(known) / len(head.names), f"parameters {', '.join(known[:6])}")
