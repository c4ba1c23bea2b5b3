"""The kinds of files of this domain, and the columns by which each is known."""

from pathlib import Path
from typing import Final

from retrodict.base.column_names import WEIGHT_NAMES
from retrodict.base.domain import Reader
from retrodict.base.recognition import NO_CLAIM, Claim, Column, FileHead, Layout, Strength, strongest
from retrodict.base.units import NUMBER
from retrodict.neutron_star.columns import (
    AMBIGUOUS_NAMES,
    BARYON_NAMES,
    COMBINED_LAMBDA,
    COMPONENT_LAMBDA,
    ENERGY_NAMES,
    ERRORS_OF_STARS,
    LAMBDA_NAMES,
    MASS_NAMES,
    PRESSURE_NAMES,
    RADIUS_NAMES,
)
from retrodict.neutron_star.units import ENERGY_DENSITY, LENGTH, MASS, NUMBER_DENSITY, PRESSURE

DESCRIBE: Final = "retrodict.neutron_star.readers.inspect:inspect"
WIDTHS: Final = {2, 4}  # columns of tables that are known without names
MEMBERS: Final = ("eos.nb", "eos.thermo")  # that every table of CompOSE has

_MASS, _RADIUS = Column(MASS_NAMES, MASS), Column(RADIUS_NAMES, LENGTH)
_ERRORS = Column(("mass_error*", "radius_error*", *ERRORS_OF_STARS))
_WORDS = Column(("name", "source", "reference", "object", *WEIGHT_NAMES))
_PRESSURE, _ENERGY = Column(PRESSURE_NAMES, PRESSURE), Column(ENERGY_NAMES, ENERGY_DENSITY)
_BARYON = Column(BARYON_NAMES, {**NUMBER_DENSITY, **ENERGY_DENSITY})  # a rest-mass density is understood, too
_MERGER = Column(
    (
        "m1*",
        "m2*",
        "mass1",
        "mass2",
        "mass_1*",
        "mass_2*",
        "chirp_mass*",
        "total_mass*",
        "mass_ratio",
        "q",
        "symmetric_mass_ratio",
        "eta",
        "redshift",
        *WEIGHT_NAMES,
    )
)


def claim_matter(head: FileHead) -> Claim:
    """By the signature of CompOSE, or as one of the tables that have no names."""
    return strongest((claim_compose(head), claim_without_names(head) if head.form == "text" else NO_CLAIM))


def claim_compose(head: FileHead) -> Claim:
    """A folder with the files of a CompOSE table, or one of these files."""
    from retrodict.neutron_star.readers.compose import is_compose

    if head.form == "folder":
        present = [(Path(head.path) / name).is_file() for name in MEMBERS]
        if all(present):
            return Claim(Strength.EXACT, 1.0, "the files of CompOSE")
        return Claim(Strength.WEAK, 1.0, "files of CompOSE, not all of them") if any(present) else NO_CLAIM
    return Claim(Strength.EXACT, 1.0, "a file of a CompOSE table") if is_compose(head.path) else NO_CLAIM


def claim_without_names(head: FileHead) -> Claim:
    """Rows without names, which may be an equation of state as LALSuite, RNS or LORENE write it."""
    rows = head.first_rows[1:-1] if not head.columns and head.starts_with_a_number else ()  # the first may count them
    widths = {len(row.split()) for row in rows}
    if len(widths) == 1 and widths <= WIDTHS:
        return Claim(Strength.WEAK, 1.0, "columns without names, as in the tables of LALSuite, RNS or LORENE")
    return NO_CLAIM


READERS: Final = (
    Reader(
        "equation_of_state",
        "an equation of state",
        DESCRIBE,
        layouts=(
            Layout((_PRESSURE, _ENERGY), (_BARYON,)),
            Layout((_PRESSURE, _BARYON)),
            Layout((_ENERGY, _BARYON)),
            Layout((_PRESSURE, Column(AMBIGUOUS_NAMES, ENERGY_DENSITY)), strongest=Strength.NAMES),  # to say why not
        ),
        forms=("folder", "text"),
        recognise="retrodict.neutron_star.readers.kinds:claim_matter",
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
        "mass_radius_curve",
        "the mass-radius curve of a theory",
        DESCRIBE,
        layouts=(Layout((_MASS, _RADIUS, Column(LAMBDA_NAMES, NUMBER)), (Column(("central_density",)),)),),
    ),
)
