"""The stages of `IndependenceMetropolis`: gather configurations, train on them, train on the action, draw.

Each stage takes so many `steps` of the one loop, and its `step` is a pure function of the state of the run. They follow
one another by the index of the step (`run_stage`), so that checkpoints, resuming and the log are those of every method.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Flag, Float, Int, Key, PyTree, Scalar, UInt32
from retrodict.generate.learners import FromAction, FromData
from retrodict.generate.model import AbstractModel, M, with_weights
from retrodict.inference.train import State as Training
from retrodict.inference.train import Train
from retrodict.lattice.core.action import AbstractAction, Measured
from retrodict.lattice.samplers import markov_chain
from retrodict.lattice.samplers.markov_chain import AbstractMarkovChain
from retrodict.lattice.samplers.proposals import proposed
from retrodict.problem.learner import AbstractLearner
from retrodict.run.method import Record

HELD_OUT: Final = 1 / 8  # of the examples, the last ones of all chains


class State(NamedTuple):
    """The state of the run; None for what no stage needs.

    Args:
        chain: the state of the Markov chain that gathers configurations (`markov_chain.State`).
        examples: the configurations gathered so far, zero in empty slots.
        model: the generative model.
        training: the state of the optimiser.
        accept_key: random key of the accept-reject steps.
    """

    chain: PyTree
    examples: Float[Array, "slots chains *field"] | None
    model: AbstractModel
    training: Training
    accept_key: Key


class Kept(NamedTuple):
    """What each step leaves behind, stacked over steps by the loop; zero where the step belongs to another stage.

    Args:
        data: what the Markov chain that gathers keeps (`markov_chain.Kept`).
        loss: mean loss of the training since the last validation.
        validation: the best validation loss so far.
        proposals: what was measured on the draws of the model.
        log_weight: ln w = -S - ln q of the draws.
        mismatch: the largest difference of ln q of a draw and ln q of the same configuration.
        key: random key of the draws, as numbers: the draws themselves are made again where they are needed.
    """

    data: PyTree
    loss: Float[Array, "*step"]
    validation: Float[Array, "*step"]
    proposals: Measured
    log_weight: Float[Array, "*step batch"]
    mismatch: Float[Array, "*step"]
    key: UInt32[Array, "*step words"]


@runtime_checkable
class Stage(Protocol):
    """A part of a run."""

    @property
    def steps(self) -> int:
        """How many steps of the loop it takes."""
        ...

    def step(
        self, target: AbstractAction, state: State, blank: Kept, key: Key, index: Int[Array, ""]
    ) -> tuple[State, Record]:
        """One step.

        Args:
            target: the lattice action.
            state: the state of the run.
            blank: zeros in the shape of what a step keeps.
            key: random key of the step.
            index: number of the step within this stage.
        """
        ...


@dataclass(frozen=True)
class Gather:
    """A Markov chain gathers configurations; at its last step the model takes its scale from them.

    Args:
        chain: the sampler.
        every: of its measured steps one in so many gives an example from each chain.
    """

    chain: AbstractMarkovChain
    every: int

    @property
    def steps(self) -> int:
        """Warm-up and draws of the sampler."""
        return self.chain.steps

    @property
    def slots(self) -> int:
        """The number of examples from each chain."""
        return self.chain.draws // self.every

    def empty(self, chain: markov_chain.State) -> Float[Array, "slots chains *field"]:
        """An array for the examples.

        Args:
            chain: a state of the sampler.
        """
        return jnp.zeros((self.slots, *chain.field.shape), chain.field.dtype)

    def split(
        self, examples: Float[Array, "slots chains *field"]
    ) -> tuple[Float[Array, "training *field"], Float[Array, "held_out *field"]]:
        """The examples to train on, and those held out: an eighth of each chain, its last ones.

        Args:
            examples: of all chains.
        """
        held_out = max(1, round(HELD_OUT * self.slots))
        return _all_chains(examples[:-held_out]), _all_chains(examples[-held_out:])

    def step(
        self, target: AbstractAction, state: State, blank: Kept, key: Key, index: Int[Array, ""]
    ) -> tuple[State, Record]:
        """One step of the sampler, whose configuration is kept when it is due; arguments as of `Stage`."""
        assert state.examples is not None
        chain, record = self.chain.step(target, state.chain, key, index)
        after_warmup = index - self.chain.warmup
        slot = jnp.clip(after_warmup // self.every, 0, self.slots - 1)
        due = (after_warmup >= 0) & (after_warmup % self.every == 0)
        examples = state.examples.at[slot].set(jnp.where(due, chain.field, state.examples[slot]))
        last = index == self.steps - 1
        model = _change_if(last, state.model, lambda model: model.initialise_from(self.split(examples)[0]))
        state = state._replace(chain=chain, examples=examples, model=model)
        return state, Record(record.finite, _metrics(blank.loss), blank._replace(data=record.kept))


@dataclass(frozen=True)
class Fit:
    """The model is trained on the configurations, by its own loss; at the last step its sampler is tuned.

    Args:
        train: the optimiser.
        gather: the stage that gathered the configurations.
    """

    train: Train
    gather: Gather

    @property
    def steps(self) -> int:
        """One for each validation."""
        return self.train.steps // self.train.every

    def step(
        self, target: AbstractAction, state: State, blank: Kept, key: Key, index: Int[Array, ""]
    ) -> tuple[State, Record]:
        """Train until the next validation; after the last one the model is tuned. Arguments: see `Stage`."""
        assert state.examples is not None
        examples, held_out = self.gather.split(state.examples)
        learner = FromData(state.model, examples, held_out)
        state, record = _train(self.train, learner, state, blank, key, index)
        model = _change_if(index == self.steps - 1, state.model, lambda model: model.tune_sampler(examples))
        return state._replace(model=model), record


@dataclass(frozen=True)
class ReverseKL:
    """The model is trained on the action alone, by the reverse Kullback-Leibler divergence.

    Args:
        train: the optimiser.
    """

    train: Train

    @property
    def steps(self) -> int:
        """One for each validation."""
        return self.train.steps // self.train.every

    def step(
        self, target: AbstractAction, state: State, blank: Kept, key: Key, index: Int[Array, ""]
    ) -> tuple[State, Record]:
        """Train until the next validation; arguments as of `Stage`."""
        return _train(self.train, FromAction(state.model, target), state, blank, key, index)


@dataclass(frozen=True)
class Draw:
    """The model proposes configurations.

    Args:
        batch: proposals a step.
        steps: the number of batches.
    """

    batch: int
    steps: int

    def step(
        self, target: AbstractAction, state: State, blank: Kept, key: Key, index: Int[Array, ""]
    ) -> tuple[State, Record]:
        """Propose a batch of configurations with their weights; arguments as of `Stage`."""
        proposals, log_weight, mismatch = proposed(target, state.model, key, self.batch)
        kept = blank._replace(proposals=proposals, log_weight=log_weight, mismatch=mismatch, key=jr.key_data(key))
        ess = jnp.exp(2 * jax.nn.logsumexp(log_weight) - jax.nn.logsumexp(2 * log_weight)) / self.batch
        return state, Record(~jnp.any(jnp.isnan(log_weight)), _metrics(blank.loss, ess), kept)


def run_stage(
    stages: Mapping[str, Stage], target: AbstractAction, state: State, blank: Kept, key: Key, index: Int[Array, ""]
) -> tuple[State, Record]:
    """One step of the stage to which a step of the loop belongs.

    Args:
        stages: all stages of a run, in their order, by name.
        target: the lattice action.
        state: the state of the run.
        blank: zeros in the shape of what a step keeps (see `blank_record`).
        key: random key of the step.
        index: number of the step in the whole run.

    Returns:
        The new state and the record, whose metrics tell, as `NAME_done`, which share of each stage is done.
    """
    starts = jnp.asarray([0, *accumulate(stage.steps for stage in stages.values())][:-1])
    number = jnp.searchsorted(starts, index, side="right") - 1
    arrays, static = eqx.partition(state, eqx.is_array)

    def branch(stage: Stage) -> Callable[[State], tuple[State, Record]]:
        def step(arrays: State) -> tuple[State, Record]:
            new, record = stage.step(target, eqx.combine(arrays, static), blank, key, index - starts[number])
            return eqx.filter(new, eqx.is_array), record

        return step

    arrays, record = jax.lax.switch(number, [branch(stage) for stage in stages.values()], arrays)
    done = {
        f"{name}_done": jnp.clip((index + 1 - start) / stage.steps, 0.0, 1.0)
        for (name, stage), start in zip(stages.items(), starts, strict=True)
    }
    return eqx.combine(arrays, static), record._replace(metrics={**done, **record.metrics})


def blank_record(gather: Gather | None, batch: int, target: AbstractAction, state: State) -> Kept:
    """Zeros in the shape of what a step keeps.

    Args:
        gather: the stage that gathers configurations, if there is one.
        batch: proposals a step.
        target: the lattice action.
        state: the state of the run.
    """
    data = None
    if gather:
        index = jnp.asarray(0)
        data = eqx.filter_eval_shape(gather.chain.step, target, state.chain, jr.key(0), index)[1].kept
    drawn = eqx.filter_eval_shape(proposed, target, state.model, jr.key(0), batch)
    zero = jnp.zeros((), float)
    return Kept(_zeros(data), zero, zero, *(_zeros(part) for part in drawn), key=_zeros(jr.key_data(jr.key(0))))


def _train(
    train: Train, learner: AbstractLearner, state: State, blank: Kept, key: Key, index: Int[Array, ""]
) -> tuple[State, Record]:
    """As many steps of training as lie between two validations, from the weights of the model at the first of them."""

    def optimise(count: Int[Array, ""], carry: tuple[Training, Scalar, Flag]) -> tuple[Training, Scalar, Flag]:
        training, loss, finite = carry
        training, record = train.step(learner, training, jr.fold_in(key, count), index * train.every + count)
        return training, loss + jnp.asarray(record.kept.loss, float) / train.every, finite & record.finite

    fresh = train.init(learner, key)
    training = jax.tree.map(lambda new, old: jnp.where(index == 0, new, old), fresh, state.training)
    start = training, jnp.zeros((), float), jnp.asarray(True)
    training, loss, finite = jax.lax.fori_loop(0, train.every, optimise, start)
    state = state._replace(training=training, model=with_weights(state.model, training.best))
    kept = blank._replace(loss=loss, validation=jnp.asarray(training.best_validation, float))
    return state, Record(finite, _metrics(loss), kept)


def _change_if(now: Flag, model: M, change: Callable[[M], M]) -> M:
    """The model after a change of the content of its arrays, if it is due."""
    arrays, static = eqx.partition(model, eqx.is_array)
    changed = lambda: eqx.filter(change(eqx.combine(arrays, static)), eqx.is_array)  # noqa: E731
    return eqx.combine(jax.lax.cond(now, changed, lambda: arrays), static)


def _all_chains(examples: Float[Array, "slots chains *field"]) -> Float[Array, "examples *field"]:
    return examples.reshape(-1, *examples.shape[2:])


def _zeros(tree: PyTree) -> PyTree:
    """Zeros for a tree of arrays, or of shapes and types."""
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), tree)


def _metrics(loss: Scalar, ess: Scalar | float = 0.0) -> dict[str, Scalar]:
    return {"loss": loss, "ess": jnp.asarray(ess, float)}
