"""Every action on a small lattice with unequal and with equal extents, its symmetries, and fields to try them on.

A new action, or a network that must respect its symmetries, is tested by adding its name here.
"""

from typing import NamedTuple

import jax.random as jr
import pytest

from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.theories import symmetries as sym
from retrodict.lattice.theories.groups import SU2, SU3, U1
from retrodict.lattice.theories.paths import double_well, harmonic
from retrodict.lattice.theories.phi4 import ContinuumPhi4, Phi4
from retrodict.lattice.theories.spins import XY, Ising
from retrodict.lattice.theories.wilson import Wilson


class Case(NamedTuple):
    """An action and what leaves it unchanged."""

    action: AbstractAction
    symmetries: dict[str, sym.Symmetry]


def _sites(action, **more):
    return Case(action, sym.of_sites(action.shape) | more)


def _links(action, *only):
    symmetries = sym.of_links(action.group, action.shape, jr.key(7))
    return Case(action, {name: one for name, one in symmetries.items() if not only or name in only})


Z2 = {"Z2": sym.negated}
FOUR = ("rotation 31", "gauge")  # enough in four dimensions, where compiling takes seconds
CASES = {
    "phi4 2d": _sites(Phi4((4, 4), 0.27, 0.022), **Z2),
    "phi4 3d": _sites(Phi4((3, 4, 3), 0.2, 0.1), **Z2),
    "phi4 continuum": _sites(ContinuumPhi4((4, 4), -1.0, 8.0), **Z2),
    "Ising": _sites(Ising((4, 4), 0.44), **Z2),
    "XY 2d": _sites(XY((4, 4), 1.0), turn=sym.turned(0.7), **Z2),
    "harmonic": _sites(harmonic(8, 0.2), **Z2),
    "double well": _sites(double_well(8, 0.2, 1.0), **Z2),
    "U(1) 2d": _links(Wilson(U1(), (4, 4), 2.0)),
    "U(1) 3d": _links(Wilson(U1(), (4, 3, 4), 1.5, loops=1)),
    "SU(2) 2d": _links(Wilson(SU2(), (4, 4), 2.0)),
    "SU(2) 4d": _links(Wilson(SU2(), (2, 3, 2, 3), 2.3, loops=1), *FOUR),
    "SU(3) 2d": _links(Wilson(SU3(), (4, 4), 5.0)),
    "SU(3) 4d": _links(Wilson(SU3(), (2, 3, 2, 3), 6.0, loops=1), *FOUR),
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
