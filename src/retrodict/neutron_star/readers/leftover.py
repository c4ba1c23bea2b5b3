"""Columns of samples that a reader does not use: named where they are harmless, refused where they may matter."""

import re
from collections.abc import Iterable
from typing import Final

from retrodict.base.column_names import COUNTERS
from retrodict.base.columns import note_unused, unused
from retrodict.base.errors import InputError
from retrodict.base.table_rows import Columns

HARMLESS: Final = re.compile(r"^(log_?|ln_?)(likelihood|prior|posterior|prob|l|p)\w*$|^lp_*$|^chi2$|^posterior$")
AN_ERROR, A_WEIGHT, A_TIDE = "an error", "a weight", "a tidal deformability"
A_BOUND, A_CORRELATION = "a bound or a quantile", "a correlation of mass and radius"
_OF_A_STAR: Final = r"^(mass|m|radius|r|req|r_eq)_?"
MATTERS: Final = {  # what a column may be, by its name, and what to do about it
    AN_ERROR: (
        re.compile(r"err|sigma|unc(ert|_|$)|(^|_)(std|sd|stat|syst?|d[mr]|d_[mr])($|_)"),
        "measured stars have the errors mass_error and radius_error, or mass_error_minus, mass_error_plus and so on; "
        "samples have none",
    ),
    A_BOUND: (
        re.compile(
            _OF_A_STAR + r"(min|max|lo|hi|low|high|lower|upper|plus|minus|[qp]?_?\d+|ci_?\d*|var)(_\w+)?$|^var_"
        ),
        "measured stars have errors of one sigma, mass_error, or mass_error_minus and mass_error_plus: differences "
        "from the value, not bounds; so for the radius",
    ),
    A_CORRELATION: (
        re.compile(r"^(cov|corr|rho_?(mr|rm)$)|_(cov|corr)$"),
        "errors of measured stars are taken as independent: give samples of the star instead",
    ),
    A_WEIGHT: (
        re.compile(
            r"^(w|wt|wts|wgt|prob\w*|log_?w\w*|ln_?w\w*|pdf|mult|multiplicity|counts?|frequency)$|weight|likelihood"
        ),
        "name it weight if it is one (not its logarithm)",
    ),
    A_TIDE: (
        re.compile(r"lambda|^lam($|\d|_)|tidal|^k_?2$|love"),
        "a curve M, R, Lambda of a theory is no data",
    ),
}


def refuse_left_out(
    table: Columns, used: Iterable[str | None], expected: str, kinds: Iterable[str] = tuple(MATTERS)
) -> None:
    """Refuse a column that is not used and looks as if it should be.

    Args:
        table: the columns of a file.
        used: names of those that are used.
        expected: what the file should hold, for the message.
        kinds: what is looked for: `AN_ERROR`, `A_WEIGHT`, `A_TIDE`.

    Raises:
        InputError: for the first such column.
    """
    taken = set(used)
    for name in table.names:
        told = next((kind for kind in kinds if MATTERS[kind][0].search(name)), None)
        if name not in taken and told is not None and not HARMLESS.search(name):
            raise InputError(
                "a column that may matter would be left out",
                where=table.where(name=name),
                got=f"{name}, which looks like {told}",
                expected=expected,
                fix=f"{MATTERS[told][1]}; or give the file without this column",
            )


def notes_on(table: Columns, used: Iterable[str | None]) -> tuple[str, ...]:
    """What was assumed of a table, and the columns of it that are not used.

    Args:
        table: the columns of a file.
        used: names of those that are used.
    """
    return (*table.notes, *note_unused(unused(table, (*used, *COUNTERS))))
