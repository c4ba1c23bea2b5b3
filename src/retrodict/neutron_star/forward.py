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
    """What the likelihoods look at, and what derived quantities are read from."""

    branch: Branch
    heaviest: Star
    sequence: StellarSequence
    matter: EquationOfState | None  # only where a likelihood looks at matter itself


class Stars(AbstractForward):
    """Equation of state -> the stable stars, with mass, radius, tidal deformability and moment of inertia.

    Valid if the heaviest star lies inside the grid, is causal to its centre and weighs at least
    `least_maximum_mass` [Msun] (1.9 is the selection of the source papers). `matter` hands the equation of
    state on to likelihoods that look at it.
    """

    least_maximum_mass: float = eqx.field(static=True, default=LIGHTEST)
    matter: bool = eqx.field(static=True, default=False)

    def __call__(self, unknown: EquationOfState) -> tuple[Prediction, Flag]:
        """The stars, and whether there is a stable branch to speak of."""
        return predict(solve(unknown), self.least_maximum_mass, unknown if self.matter else None)


def predict(
    sequence: StellarSequence, lightest: float = LIGHTEST, matter: EquationOfState | None = None
) -> tuple[Prediction, Flag]:
    """The prediction that a sequence of stars makes, exact or emulated, and whether there is a stable branch."""
    heaviest = maximum_mass(sequence)
    branch = stable_branch(sequence, heaviest)
    valid = heaviest.valid & (heaviest.mass >= lightest) & jnp.all(jnp.isfinite(branch.rise))
    return Prediction(branch, heaviest, sequence, matter), valid
