"""The kinds of files of this domain, and the columns by which each is known."""

from pathlib import Path
from typing import Final

from retrodict.base.domain import Reader
from retrodict.base.recognition import NO_CLAIM, Claim, Column, FileHead, Layout, Strength
from retrodict.base.tables import WEIGHT_NAMES
from retrodict.base.units import NUMBER
from retrodict.neutron_star.columns import (
    BARYON_NAMES,
    COMBINED_LAMBDA,
    COMPONENT_LAMBDA,
    ENERGY_NAMES,
    MASS_ERROR_NAMES,
    MASS_NAMES,
    PRESSURE_NAMES,
    RADIUS_ERROR_NAMES,
    RADIUS_NAMES,
)
from retrodict.neutron_star.units import ENERGY_DENSITY, LENGTH, MASS, NUMBER_DENSITY, PRESSURE

DESCRIBE: Final = "retrodict.neutron_star.readers.inspect:inspect"
MEMBERS: Final = ("eos.nb", "eos.thermo")  # that every table of CompOSE has

_MASS, _RADIUS = Column(MASS_NAMES, MASS), Column(RADIUS_NAMES, LENGTH)
_ERRORS = Column(("mass_error*", "radius_error*", *MASS_ERROR_NAMES, *RADIUS_ERROR_NAMES))
_WORDS = Column(("name", "source", "reference", "object", *WEIGHT_NAMES))
_PRESSURE, _ENERGY = Column(PRESSURE_NAMES, PRESSURE), Column(ENERGY_NAMES, ENERGY_DENSITY)
_BARYON = Column(BARYON_NAMES, {**NUMBER_DENSITY, **ENERGY_DENSITY})  # a rest-mass density is understood, too
_MERGER = Column(("m1*", "m2*", "mass1", "mass2", "mass_1*", "mass_2*", *WEIGHT_NAMES))


def claim_compose(head: FileHead) -> Claim:
    """A folder with the files of a CompOSE table, or one of these files."""
    from retrodict.neutron_star.readers.compose import is_compose

    if head.form == "folder":
        present = [(Path(head.path) / name).is_file() for name in MEMBERS]
        if all(present):
            return Claim(Strength.EXACT, 1.0, "the files of CompOSE")
        return Claim(Strength.WEAK, 1.0, "files of CompOSE, not all of them") if any(present) else NO_CLAIM
    return Claim(Strength.EXACT, 1.0, "a file of a CompOSE table") if is_compose(head.path) else NO_CLAIM


def claim_unnamed(head: FileHead) -> Claim:
    """Numbers without names: this domain says what they may be."""
    if head.columns or not head.starts_with_a_number:
        return NO_CLAIM
    return Claim(Strength.WEAK, 0.0, "a table without names")


READERS: Final = (
    Reader(
        "equation_of_state",
        "an equation of state",
        DESCRIBE,
        layouts=(
            Layout((_PRESSURE, _ENERGY), (_BARYON,)),
            Layout((_PRESSURE, _BARYON)),
            Layout((_ENERGY, _BARYON)),
        ),
        forms=("folder", "text"),
        recognise="retrodict.neutron_star.readers.kinds:claim_compose",
    ),
    Reader(
        "mass_radius_observations",
        "measured masses and radii",
        DESCRIBE,
        layouts=(Layout((_MASS, _RADIUS, _ERRORS), (_ERRORS, _WORDS)),),
        field="problem.data",
    ),
    Reader(
        "mass_radius_samples",
        "posterior samples of a mass and a radius",
        DESCRIBE,
        layouts=(Layout((_MASS, _RADIUS), (_WORDS,)),),
        field="problem.samples",
        several=True,
    ),
    Reader(
        "tidal_samples",
        "gravitational-wave samples of a merger",
        DESCRIBE,
        layouts=(
            Layout((Column(COMBINED_LAMBDA, NUMBER),), (_MERGER, *(Column(names) for names in COMPONENT_LAMBDA))),
            Layout(tuple(Column(names, NUMBER) for names in COMPONENT_LAMBDA), (_MERGER,)),
        ),
        field="problem.tides",
        several=True,
    ),
    Reader(
        "table_without_names",
        "numbers without names",
        DESCRIBE,
        forms=("text",),
        recognise="retrodict.neutron_star.readers.kinds:claim_unnamed",
    ),
)
