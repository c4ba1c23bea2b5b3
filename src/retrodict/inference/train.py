"""Networks trained on batches: Adam with a schedule, and the parameters of the best validation."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax

from retrodict.base.errors import InputError
from retrodict.base.types import JSON, Array, Count, Flag, Float, Int, Key, PyTree, Scalar
from retrodict.inference.schedule import Constant, Cosine, Geometric
from retrodict.problem.learner import AbstractLearner
from retrodict.problem.target import AbstractTarget
from retrodict.run.diagnostic import Finding
from retrodict.run.method import Draws, Record, Work

Parameters = PyTree[Float[Array, "..."]]


COOLING = Cosine(1e-3, 1e-5)


class State(NamedTuple):
    """Parameters now, the state of the optimiser, and the best parameters so far with their validation loss."""

    parameters: Parameters
    optimiser: optax.OptState
    best: Parameters
    best_validation: Scalar  # the lowest so far


class Losses(NamedTuple):
    """The losses at the end."""

    validation: Scalar  # the best one
    loss: Scalar  # of the last batch

    def findings(self) -> tuple[Finding, ...]:
        """Nothing: losses of different problems have no common limit."""
        return ()

    def to_json(self) -> dict[str, JSON]:
        """`validation` and `loss`."""
        return {name: float(value) for name, value in self._asdict().items()}


class Kept(NamedTuple):
    """Losses of each step; the validation loss is the last one known."""

    loss: Scalar
    validation: Scalar


@dataclass(frozen=True)
class Train:
    """Adam on batches of examples; the parameters of the best validation are kept.

    A point without a spread. Source: Kingma, Ba, ICLR 2015.

    Args:
        steps: number of updates.
        batch: examples of an update.
        learning_rate: a schedule over the progress of the run.
        every: updates between two validations.
    """

    steps: Count = 10_000
    batch: Count = 256
    learning_rate: Constant | Cosine | Geometric = COOLING
    every: Count = 100

    references: ClassVar[tuple[str, ...]] = ("kingma2015",)  # BibTeX keys
    uses_gradient: ClassVar[bool] = True  # in each step

    @property
    def positions_per_step(self) -> int:
        """A batch."""
        return self.batch

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` unless `target` has a loss on batches."""
        if not isinstance(target, AbstractLearner):
            raise InputError(
                "Train needs a target with a loss on batches",
                got=type(target).__name__,
                expected="an AbstractLearner",
                fix="MAP finds the most probable point of any other target",
            )

    def init(self, target: AbstractLearner, key: Key) -> State:
        """Fresh parameters."""
        parameters = target.init(key)
        return State(parameters, optax.scale_by_adam().init(parameters), parameters, jnp.asarray(jnp.inf))

    def step(self, target: AbstractLearner, state: State, key: Key, index: Int[Array, ""]) -> tuple[State, Record]:
        """One batch; a validation if one is due, and at the last step.

        Arguments as in `Method.step`: `target`, `state`, `key`, `index`.
        """
        loss, gradient = jax.value_and_grad(lambda x: target.loss(x, key, self.batch))(state.parameters)
        direction, optimiser = optax.scale_by_adam().update(gradient, state.optimiser)
        rate = self.learning_rate(index / self.steps)
        parameters = jax.tree.map(lambda x, d: x - jnp.asarray(rate, x.dtype) * d, state.parameters, direction)
        state = State(parameters, optimiser, state.best, state.best_validation)
        due = ((index + 1) % self.every == 0) | (index + 1 == self.steps)
        state, validation = jax.lax.cond(due, lambda s: _validated(target, s), lambda s: (s, s.best_validation), state)
        loss = jnp.asarray(loss, float)
        metrics = {"loss": loss, "validation": state.best_validation}
        return state, Record(jnp.isfinite(loss), metrics, Kept(loss, validation))

    def done(self, state: State) -> Flag:
        """Never early."""
        return jnp.asarray(False)

    def finish(self, target: AbstractLearner, state: State, history: Kept) -> Draws:
        """The parameters of the best validation as the only draw.

        Arguments as in `Method.finish`: `target`, `state`, `history`.
        """
        position = jax.tree.map(lambda x: x[None, None], state.best)
        losses = Losses(state.best_validation, jnp.asarray(history.loss[-1]))
        return Draws(position, jnp.zeros((1, 1)), "point", {}, diagnostics=(losses,))

    def work(self, target: AbstractLearner) -> tuple[Work, ...]:
        """Losses with their gradients, and validations.

        Args:
            target: the learner.
        """
        key = jr.key(0)
        x = eqx.filter_eval_shape(lambda learner: learner.init(key), target)
        loss = Work("training", lambda learner, x: learner.loss(x, key, self.batch), (target, x), self.steps, True)
        times = max(1, self.steps // self.every)
        return loss, Work("validation", lambda learner, x: learner.validation(x), (target, x), times)


def _validated(target: AbstractLearner, state: State) -> tuple[State, Scalar]:
    validation = jnp.asarray(target.validation(state.parameters), float)
    better = validation < state.best_validation
    best = jax.tree.map(lambda new, old: jnp.where(better, new, old), state.parameters, state.best)
    return state._replace(best=best, best_validation=jnp.where(better, validation, state.best_validation)), validation
