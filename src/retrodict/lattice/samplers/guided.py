"""A Markov chain of Hamiltonian trajectories and of a trained model's independent proposals: local and global moves.

The model proposes across barriers that trajectories do not cross; trajectories sample where the model is poor.
Source: Gabrié, Rotskoff, Vanden-Eijnden, PNAS 119 (2022) e2109420119.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import jax.random as jr

from retrodict.base.errors import InputError
from retrodict.base.types import Key, Scalar
from retrodict.generate.model import AbstractModel, Density
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.core.spaces import Field
from retrodict.lattice.samplers.markov_chain import AbstractMarkovChain
from retrodict.lattice.samplers.updates import Integrator, Moved, Omelyan, Trajectory, Untuned, Update, metropolis


@dataclass(frozen=True)
class Proposal(Untuned):
    """A draw of a model, accepted by Metropolis with w = exp(-S) / q. Needs log q of the present configuration.

    Args:
        model: a model of exact density q.
    """

    model: AbstractModel

    def check(self, action: AbstractAction) -> None:
        """Raise `InputError` for a model without a density for any given configuration."""
        if self.model.density is not Density.EXACT:
            got = f"{type(self.model).__name__} ({self.model.density.value})"
            fix = "IndependenceMetropolis corrects models of path-space density"
            raise InputError("only a model of exact density can be mixed into a chain", got=got, fix=fix)

    def apply(self, action: AbstractAction, x: Field, key: Key, size: Scalar) -> Moved:
        """A new draw of the model, or the present configuration.

        Args:
            action: the action.
            x: the present configuration.
            key: random key.
            size: not used.
        """
        draw_key, accept_key = jr.split(key)
        new, log_q = self.model.sample(draw_key)
        assert log_q is not None
        change = action.action(new) + log_q - action.action(x) - self.model.log_prob(x)
        return metropolis(accept_key, x, new, change)


@dataclass(frozen=True)
class GuidedHMC(AbstractMarkovChain):
    """In each step a trajectory and a proposal of a model; other arguments as in `AbstractMarkovChain`.

    Args:
        model: a trained model of exact density.
        length: mean length of a trajectory.
        integrator: integrator of Hamilton's equations.
        acceptance: acceptance to which the step size is tuned.
        references: keys of the literature to cite.
    """

    model: AbstractModel = field(kw_only=True)
    length: float = 1.0
    integrator: Integrator = field(default_factory=Omelyan)
    acceptance: float = 0.8

    references: ClassVar[tuple[str, ...]] = ("duane1987", "omelyan2003", "gabrie2022", "wolff2004")

    @property
    def updates(self) -> tuple[Update, ...]:
        """A trajectory and a proposal."""
        return Trajectory(self.length, self.integrator, self.acceptance), Proposal(self.model)
