"""The stars of an equation of state: the forward model of the mass-radius inverse problem."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp

from retrodict.base.types import Flag
from retrodict.neutron_star.eos.equation_of_state import EquationOfState
from retrodict.neutron_star.stars.branch import LIGHTEST, Branch, stable_branch
from retrodict.neutron_star.stars.sequence import Star, StellarSequence, maximum_mass
from retrodict.neutron_star.stars.tov import solve
from retrodict.problem.forward import AbstractForward


class Prediction(NamedTuple):
    """Input of the likelihoods and of the derived quantities."""

    branch: Branch  # the stable stars
    heaviest: Star  # the star of the maximum mass
    sequence: StellarSequence  # all stars of the grid
    matter: EquationOfState | None  # None unless `Stars(matter=True)`


class Stars(AbstractForward):
    """Equation of state -> the stable stars, with mass, radius, tidal deformability and moment of inertia.

    A prediction is valid if the heaviest star lies inside the grid, is causal to its centre and is heavy enough.

    Example:
        >>> Stars(least_maximum_mass=1.9).matter
        False
    """

    least_maximum_mass: float = eqx.field(static=True, default=LIGHTEST)  # Msun; 1.9 in the source papers
    matter: bool = eqx.field(static=True, default=False)  # whether likelihoods need the matter itself

    def __call__(self, unknown: EquationOfState) -> tuple[Prediction, Flag]:
        """The stars, and whether the prediction is valid.

        Args:
            unknown: equation of state, crust included.
        """
        return predict(solve(unknown), self.least_maximum_mass, unknown if self.matter else None)


def predict(
    sequence: StellarSequence, lightest: float = LIGHTEST, matter: EquationOfState | None = None
) -> tuple[Prediction, Flag]:
    """The prediction that a sequence of stars makes, exact or emulated.

    Args:
        sequence: stars of rising central density.
        lightest: least mass of the heaviest star [Msun].
        matter: equation of state to hand on to the likelihoods, None if no likelihood needs it.

    Returns:
        The prediction, and whether it is valid.
    """
    heaviest = maximum_mass(sequence)
    branch = stable_branch(sequence, heaviest)
    valid = heaviest.valid & (heaviest.mass >= lightest) & jnp.all(jnp.isfinite(branch.rise))
    return Prediction(branch, heaviest, sequence, matter), valid
