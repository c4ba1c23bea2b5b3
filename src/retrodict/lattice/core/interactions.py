r"""The interactions that models and samplers know how to use, as an action states them (`AbstractAction.interaction`).

A model that is made for one form of the action asks for that form, not for a theory by its name: every theory that
states the form can use the model.
"""

from typing import NamedTuple, TypeAlias

from retrodict.base.types import Scalar


class AngleBonds(NamedTuple):
    r"""One angle a site, $S = -\beta\sum_{x,\mu}\cos(\theta_x - \theta_{x+\mu})$: plane spins.

    Args:
        beta: the coupling of nearest neighbours.
    """

    beta: Scalar | float


class HoppingField(NamedTuple):
    r"""One real number a site: the lattice convention of $\phi^4$ theory.

    $S = \sum_x[-2\kappa\sum_\mu\phi_x\phi_{x+\mu} + (1-2\lambda)\phi_x^2 + \lambda\phi_x^4]$.

    Args:
        kappa: the hopping parameter.
        lam: the quartic coupling lambda.
    """

    kappa: Scalar | float
    lam: Scalar | float


class PlanePlaquettes(NamedTuple):
    r"""U(1) links in two dimensions, $S = \beta\sum_p(1 - \cos p)$ of the plaquette angles p.

    Args:
        beta: the inverse coupling.
    """

    beta: Scalar | float


Interaction: TypeAlias = AngleBonds | HoppingField | PlanePlaquettes
