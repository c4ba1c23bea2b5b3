"""Momenta and energies must belong together: what is in MeV under a header that says GeV is seen by the masses.

Nucleons of a nucleus may be off their mass shells: UrQMD writes Fermi momenta that the energies do not know.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.shapes import Bool, Float, Int
from retrodict.heavy_ion.events.species import MASSES

ON_SHELL: Final = 1e-3  # of E^2: how far E^2 - p^2 may be from m^2 in a file with six digits
SEEN: Final = 0.03  # of E: a smaller mass cannot be told from E and p with six digits
MANY: Final = 0.5  # share of the particles that must be on their shells
FEW: Final = 0.1  # share that another unit may leave off them
FACTOR: Final = (300.0, 30_000.0)  # between GeV and MeV, of a mass or of an energy
NUCLEONS: Final = (2112, 2212)


def refuse_wrong_units(
    part: Mapping[str, Float[np.ndarray, " particles"]], pdg: Int[np.ndarray, " particles"], path: str
) -> int:
    """How many particles are not on their mass shells.

    Args:
        part: `px`, `py`, `pz`, `E` and, if it is known, `mass`, GeV.
        pdg: codes.
        path: the file, for the message.

    Raises:
        InputError: if most are not, nucleons aside, or if the masses are those of MeV.
    """
    square = part["E"] ** 2 - part["px"] ** 2 - part["py"] ** 2 - part["pz"] ** 2
    off = _off_shell(part, square, part["E"])
    free = ~np.isin(np.abs(pdg), NUCLEONS)
    counted = free if free.any() else np.ones_like(free)
    if np.mean(off[counted]) > MANY:
        explained = _other_unit(part, counted)
        if explained or free.any():
            raise _off_their_shells(explained, path)
    known = np.full(len(pdg), np.nan)
    for code, value in MASSES.items():
        known[np.abs(pdg) == code] = value
    seen = np.isfinite(known) & (square > 0) & ~off
    seen &= np.maximum(known**2, square) > (SEEN * part["E"]) ** 2
    if np.any(seen):
        ratio = float(np.median(np.sqrt(square[seen]) / known[seen]))
        if FACTOR[0] < max(ratio, 1 / ratio) < FACTOR[1]:
            unit = "MeV" if ratio > 1 else "TeV"
            fix = f"multiply momenta and energies by {'1e-3' if ratio > 1 else '1e3'}, or write the file in GeV"
            got = f"masses of pions, kaons and protons {ratio:.4g} times the true ones"
            raise InputError(f"momenta in {unit} where GeV are due", where=path, got=got, fix=fix)
    return int(np.sum(off))


def _off_shell(
    part: Mapping[str, Float[np.ndarray, " particles"]],
    square: Float[np.ndarray, " particles"],
    energy: Float[np.ndarray, " particles"],
) -> Bool[np.ndarray, " particles"]:
    """Whether E^2 - p^2 is not m^2, or is negative where no mass is known, or E itself is negative."""
    margin = ON_SHELL * energy**2 + 1e-6
    off = np.abs(square - part["mass"] ** 2) > margin if "mass" in part else square < -margin
    return off | (energy < 0)


def _other_unit(part: Mapping[str, Float[np.ndarray, " particles"]], counted: Bool[np.ndarray, " particles"]) -> str:
    """Which columns would put the counted particles back on their shells if they were in MeV; empty if none."""
    wide, long_, energy = part["px"] ** 2 + part["py"] ** 2, part["pz"] ** 2, part["E"]
    trials = {
        "px and py are in MeV": (energy, 1e-6 * wide + long_),
        "px, py and pz are in MeV": (energy, 1e-6 * (wide + long_)),
        "E is in MeV": (1e-3 * energy, wide + long_),
    }
    for name, (e, momentum) in trials.items():
        if np.mean(_off_shell(part, e**2 - momentum, e)[counted]) < FEW:
            return name
    return ""


def _off_their_shells(unit: str, path: str) -> InputError:
    why = "a header of GeV promises GeV for every column" if unit else ""
    fix = "multiply these columns by 1e-3" if unit else "check the order of the columns: the header names them"
    what, got = "most particles are not on their mass shell", unit or "E^2 - p^2 is not m^2"
    return InputError(what, where=path, got=got, why=why, fix=fix)
