"""The problem of this domain: an action in, its observables with their errors out."""

from typing import Annotated

from pydantic import Field

from retrodict.base.domain import Kinds
from retrodict.base.errors import InputError
from retrodict.lattice.core.action import AbstractAction

__all__ = ["problem"]


def problem(
    theory: Annotated[AbstractAction, Kinds("retrodict.lattice.theories:kinds")],
    *,
    baselines: Annotated[float, Field(ge=0, le=3600)] = 10.0,
) -> AbstractAction:
    """The action of a lattice theory, checked: its density can be normalised, and its lattice has neighbours.

    Args:
        theory: an action with its couplings and its volume. A config names any theory of the folder `theories`.
        baselines: CPU seconds (beside compilation) in which the report lets other samplers of the same action run, to
            stand beside this one; none if zero.

    Raises:
        InputError: for an action that is not bounded below, or a direction of a single site.
    """
    if min(theory.shape) < 2:
        raise InputError("each direction needs two sites", where="problem.theory", got=str(theory.shape))
    unstable = theory.instability()
    if unstable:
        expected = "an action that grows without bound in every direction"
        raise InputError("exp(-S) cannot be normalised", where="problem.theory", got=unstable, expected=expected)
    return theory
