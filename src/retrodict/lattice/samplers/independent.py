"""Draws of a model that needs no training, with importance weights: a baseline without autocorrelation.

The draws of all steps together are one weighted sample; so a run may end after any number of them.
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Shaped

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Flag, Float, Int, Key, PyTree
from retrodict.generate.model import AbstractModel, Density, Recipe
from retrodict.lattice.core.action import AbstractAction, Measured, require_action
from retrodict.lattice.samplers.proposals import proposed, weight_diagnostics
from retrodict.problem.target import AbstractTarget
from retrodict.run.method import Draws, Record


class State(NamedTuple):
    """The state of the sampler.

    Args:
        model: the model, which never changes.
    """

    model: AbstractModel


class Kept(NamedTuple):
    """What each step leaves behind.

    Args:
        measured: the draws, measured.
        log_weight: logarithms of their weights.
    """

    measured: Measured
    log_weight: Float[Array, " batch"]


@dataclass(frozen=True)
class Independent:
    """Independent draws of a model with importance weights.

    Args:
        model: recipe of a model that needs no training.
        batch: draws of a step.
        steps: number of steps.
        references: keys of the literature to cite.
    """

    model: Recipe
    batch: int = 256
    steps: int = 2000

    references: ClassVar[tuple[str, ...]] = ("nicoli2021",)
    uses_gradient: ClassVar[bool] = False

    @property
    def positions_per_step(self) -> int:
        """A batch."""
        return self.batch

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` for targets that the model does not draw, and for a model without a density."""
        require_action(target, type(self).__name__)
        model = self.model.on(target, jr.key(0))
        if model.density is Density.UNKNOWN:
            raise InputError("draws of unknown density have no weights", got=type(model).__name__)

    def init(self, target: AbstractAction, key: Key) -> State:
        """The model."""
        return State(self.model.on(target, key))

    def step(self, target: AbstractAction, state: State, key: Key, index: Int[Array, ""]) -> tuple[State, Record]:
        """Draw one batch.

        Args:
            target: the action.
            state: the model.
            key: random key.
            index: number of the step; not used.
        """
        measured, log_weight, _ = proposed(target, state.model, key, self.batch)
        metrics = {"log_weight": jnp.mean(log_weight)}
        return state, Record(~jnp.any(jnp.isnan(log_weight)), metrics, Kept(measured, log_weight))

    def done(self, state: State) -> Flag:
        """Never early."""
        return jnp.asarray(False)

    def finish(self, target: AbstractAction, state: State, history: PyTree[Shaped[Array | np.ndarray, "..."]]) -> Draws:
        """All batches as one row of weighted draws.

        Args:
            target: the action.
            state: the model.
            history: what the steps have kept.
        """
        kept: Kept = jax.tree.map(lambda leaf: np.asarray(leaf).reshape(1, -1, *leaf.shape[2:]), history)
        log_weight = np.asarray(kept.log_weight)
        diagnostics = weight_diagnostics(log_weight)
        return Draws(kept.measured, log_weight, "exact", {}, diagnostics=diagnostics)  # type: ignore[arg-type]
