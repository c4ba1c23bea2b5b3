"""Ready-made problems: an action in, its observables with their errors out."""

from typing import Annotated

from pydantic import Field

from retrodict.base.errors import InputError
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.theories.paths import FeynmanPath
from retrodict.lattice.theories.phi4 import ContinuumPhi4, Phi4
from retrodict.lattice.theories.spins import XY, Ising
from retrodict.lattice.theories.wilson import Wilson

__all__ = ["problem"]

Theory = Phi4 | ContinuumPhi4 | Ising | XY | Wilson | FeynmanPath


def problem(theory: Theory, *, baselines: Annotated[float, Field(ge=0, le=3600)] = 10.0) -> AbstractAction:
    """The action of a lattice theory, checked: its density can be normalised, and its lattice has neighbours.

    `baselines` are the CPU seconds (beside compilation) in which the report lets other samplers of the same action run
    and stand beside this one; none if zero. Raises `InputError`.
    """
    if min(theory.shape) < 2:
        raise InputError("each direction needs two sites", where="problem.theory", got=str(theory.shape))
    unstable = theory.instability()
    if unstable:
        expected = "an action that grows without bound in every direction"
        raise InputError("exp(-S) cannot be normalised", where="problem.theory", got=unstable, expected=expected)
    return theory
