"""Every action on a small lattice with unequal and with equal extents, its symmetries, and fields to try them on.

A new theory states its symmetries itself, and is tested by adding a small lattice of it here: a test fails until then.
"""

from typing import NamedTuple

import jax.random as jr
import pytest

from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.core.symmetries import Symmetry
from retrodict.lattice.theories.groups import SU2, SU3, U1
from retrodict.lattice.theories.paths import double_well, harmonic
from retrodict.lattice.theories.phi4 import ContinuumPhi4, Phi4
from retrodict.lattice.theories.spins import XY, Ising
from retrodict.lattice.theories.wilson import Wilson


class Case(NamedTuple):
    """An action and what leaves it unchanged."""

    action: AbstractAction
    symmetries: dict[str, Symmetry]


def _case(action: AbstractAction, *only: str) -> Case:
    symmetries = action.symmetries(jr.key(7))
    return Case(action, {name: symmetry for name, symmetry in symmetries.items() if not only or name in only})


FOUR = ("rotation 31", "gauge")  # enough in four dimensions, where compiling takes seconds
CASES = {
    "phi4 2d": _case(Phi4((4, 4), 0.27, 0.022)),
    "phi4 3d": _case(Phi4((3, 4, 3), 0.2, 0.1)),
    "phi4 continuum": _case(ContinuumPhi4((4, 4), -1.0, 8.0)),
    "Ising": _case(Ising((4, 4), 0.44)),
    "XY 2d": _case(XY((4, 4), 1.0)),
    "harmonic": _case(harmonic(8, 0.2)),
    "double well": _case(double_well(8, 0.2, 1.0)),
    "U(1) 2d": _case(Wilson(U1(), (4, 4), 2.0)),
    "U(1) 3d": _case(Wilson(U1(), (4, 3, 4), 1.5, loops=1)),
    "SU(2) 2d": _case(Wilson(SU2(), (4, 4), 2.0)),
    "SU(2) 4d": _case(Wilson(SU2(), (2, 3, 2, 3), 2.3, loops=1), *FOUR),
    "SU(3) 2d": _case(Wilson(SU3(), (4, 4), 5.0)),
    "SU(3) 4d": _case(Wilson(SU3(), (2, 3, 2, 3), 6.0, loops=1), *FOUR),
}
SMOOTH = [name for name in CASES if name != "Ising"]
LONG_TO_COMPILE = ("SU(3) 4d",)


def _each(names):
    """(case, symmetry) for parametrised tests."""
    return [
        pytest.param(name, symmetry, marks=pytest.mark.slow if name in LONG_TO_COMPILE else ())
        for name in names
        for symmetry in CASES[name].symmetries
    ]


EACH_SYMMETRY = _each(CASES)
EACH_SMOOTH_SYMMETRY = _each(SMOOTH)
