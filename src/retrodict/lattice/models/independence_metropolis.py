"""A generative model as an exact sampler: gather configurations, train, reverse_kl on the action, propose, correct.

One method of the one loop. Its stages, each of which may be left out where the model allows, follow one another by the
index of the step: a Markov chain gathers configurations, whose own verdict is kept; the model is trained on them by its
own loss; it is trained on the action by the reverse Kullback-Leibler divergence; then it proposes configurations, which
independence Metropolis turns into chains that leave exp(-S) invariant whatever the model is worth, but find only what
it draws: configurations held out tell whether that is everything.

`result.diagnostics` holds each observable as `markov_chain` does, from the corrected chains (`NAME`, `NAME_error`,
`NAME_tau`), from the uncorrected and hence biased proposals (`raw_NAME`, `raw_NAME_error`) and from the chain that
gathered (`data_NAME`, ...); what the weights say (`ess`, `pareto_k`, `log_weight_variance`, `log_evidence` and its
error); the acceptance; the losses; and how unevenly the proposals fall on the two signs (`raw_imbalance`, in standard
errors), where the action has a sign to flip.

Sources: Albergo, Kanwar, Shanahan, Phys. Rev. D 100 (2019) 034515; Nicoli et al., Phys. Rev. Lett. 126 (2021) 032001
(the free energy).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import Any, ClassVar, Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Flag, Float, Int, Key, PyTree, Scalar, UInt32
from retrodict.generate.continuous_flow import EquivariantFlow
from retrodict.generate.learners import FromAction, FromData
from retrodict.generate.model import AbstractModel, Density, M, Recipe, with_weights
from retrodict.generate.saved import pack_model
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import State as Training
from retrodict.inference.train import Train
from retrodict.lattice.core.action import AbstractAction, Measured, require_action
from retrodict.lattice.core.spaces import RealSpace
from retrodict.lattice.models.trained import MODEL_FILE, Trained, Untrained, untrained
from retrodict.lattice.samplers.markov_chain import AbstractMarkovChain
from retrodict.lattice.samplers.methods import HMC, Cluster, HeatBath
from retrodict.lattice.samplers.proposals import (
    CHECKED,
    along_chains,
    corrected,
    coverage,
    figures_of_weights,
    measured_figures,
    proposed,
    redrawn,
    uncorrected,
)
from retrodict.problem.target import AbstractTarget
from retrodict.run.method import Draws, Record, Work

HELD_OUT: Final = 1 / 8  # of the examples, the last ones of all chains
MOST_CHECKED: Final = 2048  # configurations held out, whose density is asked of the model
SETTLING: Final = 1 / 8  # of the draws, taken before the first one that counts
FIT: Final = Train(steps=3000, learning_rate=Cosine(1e-2, 1e-4))


class State(NamedTuple):
    """Where the run stands; None for what no stage needs."""

    chain: Any  # the state of the Markov chain that gathers
    examples: Float[Array, "slots chains ..."] | None
    model: AbstractModel
    training: Training
    accept_key: Key


class Kept(NamedTuple):
    """What each step leaves behind; zero where its stage has nothing to say."""

    data: Any  # the record of the Markov chain that gathers
    loss: Scalar
    validation: Scalar
    proposals: Measured
    log_weight: Float[Array, " batch"]
    mismatch: Scalar  # of two ways to the density of a draw
    key: UInt32[Array, " words"]  # of the proposals: what is wanted of them is drawn again


@dataclass(frozen=True)
class IndependenceMetropolis:
    """`model`, trained and corrected by independence Metropolis: `chains` chains of `draws`, from `batch` a step.

    The run directory keeps the configurations at which its chains end, and the model (`model.npz`), which `Trained`
    names as the model of another run.

    `data` gathers: of its measured steps one in `every` is an example from each chain. `fit` trains on them, then
    `reverse_kl` on the action; both validate every `every` of theirs, which is one step of the loop. `fit` needs
    `data`.
    """

    model: Untrained | Trained | Recipe = field(default_factory=EquivariantFlow)
    data: HMC | Cluster | HeatBath | AbstractMarkovChain | None = field(
        default_factory=lambda: HMC(chains=64, warmup=200, draws=400)
    )
    fit: Train | None = FIT
    reverse_kl: Train | None = None
    chains: int = 64
    draws: int = 400
    batch: int = 512
    every: int = 4

    kind: ClassVar[str] = "exact"
    references: ClassVar[tuple[str, ...]] = ("liu1996", "albergo2019", "nicoli2021", "wolff2004")

    @property
    def lengths(self) -> dict[str, int]:
        """How many steps of the loop each stage takes."""
        return {
            "gather": self.data.steps if self.data else 0,
            "fit": self.fit.steps // self.fit.every if self.fit else 0,
            "reverse_kl": self.reverse_kl.steps // self.reverse_kl.every if self.reverse_kl else 0,
            "draw": -(-self.chains * (self.draws + self._settling) // self.batch),
        }

    @property
    def steps(self) -> int:
        """Of all stages."""
        return sum(self.lengths.values())

    @property
    def _settling(self) -> int:
        return int(np.ceil(SETTLING * self.draws))

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` for targets without an action, and for settings that do not fit together."""
        require_action(target, type(self).__name__)
        assert isinstance(target, AbstractAction)
        _check_training(self.fit, "fit")
        _check_training(self.reverse_kl, "reverse_kl")
        if self.fit and not self.data:
            raise InputError("training on configurations needs some", got="data=None", fix="fit=None, or data=HMC()")
        if min(self.chains, self.every) < 1 or self.draws < 8 or self.batch < CHECKED:
            expected = f"chains >= 1, draws >= 8, batch >= {CHECKED}, every >= 1"
            raise InputError("no such independence chains", got=str(self)[:120], expected=expected)
        if self.data:
            self.data.check(target)
            if self._slots < 2:
                raise InputError(
                    "too few configurations to learn from", got=f"every={self.every}", fix="more data.draws"
                )
        model = eqx.filter_eval_shape(self.model.on, target, jr.key(0))  # nothing is computed
        if model.unbounded and not isinstance(target.space, RealSpace):
            got = f"{type(model).__name__} for {type(target.space).__name__}"
            raise InputError("a model of unbounded numbers for fields that are not", got=got, fix="a model of angles")
        if model.density is Density.UNKNOWN:
            fix = "start HMC from its draws instead"
            raise InputError("draws of unknown density cannot be corrected", got=type(model).__name__, fix=fix)
        if (self.fit or self.reverse_kl) and not jax.tree.leaves(model.weights):
            got, fix = type(model).__name__, "fit=None, reverse_kl=None"
            raise InputError("there is nothing to train in this model", got=got, fix=fix)
        if self.reverse_kl:
            FromAction(model, target)

    @property
    def _slots(self) -> int:
        return self.data.draws // self.every if self.data else 0

    @property
    def _held(self) -> int:
        return max(1, round(HELD_OUT * self._slots))

    def init(self, target: Any, key: Key) -> State:
        """An untrained model, and the chain that gathers at its start."""
        chain_key, model_key, train_key, accept_key = jr.split(key, 4)
        model = self.model.on(target, model_key)
        chain = examples = None
        if self.data:
            chain = self.data.init(target, chain_key)
            examples = jnp.zeros((self._slots, *chain.field.shape), chain.field.dtype)
        nothing = jnp.zeros((1, *target.shape))
        training = Train().init(FromData(model, nothing, nothing), train_key)
        return State(chain, examples, model, training, accept_key)

    def step(self, target: Any, state: State, key: Key, index: Int[Array, ""]) -> tuple[State, Record]:
        """One step of the stage to which `index` belongs."""
        blank = self._blank(target, state)
        stages = {"gather": self._gather, "fit": self._fit, "reverse_kl": self._train_on_action, "draw": self._draw}
        present = [name for name, length in self.lengths.items() if length]
        starts = jnp.asarray([0, *accumulate(self.lengths[name] for name in present)][:-1])
        number = jnp.searchsorted(starts, index, side="right") - 1
        arrays, static = eqx.partition(state, eqx.is_array)

        def branch(name: str) -> Callable[[State], tuple[State, Record]]:
            def taken(arrays: State) -> tuple[State, Record]:
                found, record = stages[name](target, eqx.combine(arrays, static), blank, key, index - starts[number])
                return eqx.filter(found, eqx.is_array), record

            return taken

        arrays, record = jax.lax.switch(number, [branch(name) for name in present], arrays)
        return eqx.combine(arrays, static), record._replace(metrics={"stage": number, **record.metrics})

    def done(self, state: State) -> Flag:
        """Never early."""
        return jnp.asarray(False)

    def finish(self, target: Any, state: State, history: PyTree[Array]) -> Draws:
        """The chains, and all that was learnt on the way."""
        starts = dict(zip(self.lengths, accumulate(self.lengths.values()), strict=True))
        gathered, fitted, polished, drawn = (_part(history, starts[name], self.lengths[name]) for name in self.lengths)
        proposals, log_weight = along_chains((drawn.proposals, drawn.log_weight), self.chains)
        chain = corrected(proposals, log_weight, state.accept_key, self.draws)
        statistics: dict[str, Any] = {"acceptance": np.asarray(chain.accepted, float)}
        statistics |= figures_of_weights(log_weight) | uncorrected(target, proposals)
        statistics |= {"density_mismatch": np.max(np.abs(drawn.mismatch)), "model_density": state.model.density.value}
        statistics |= {"steps_in_all": self.steps}
        if self.data:
            noted = self.data.finish(target, state.chain, gathered.data)
            found = noted.statistics | measured_figures(target, noted.position)
            statistics |= {f"data_{name}": value for name, value in found.items() if np.ndim(value) == 0}
            if state.examples is not None and state.model.density is Density.EXACT:
                held_out = self._split(state.examples)[1][-MOST_CHECKED:]
                statistics |= coverage(target, state.model, held_out, log_weight)
        for name, part in (("fit", fitted), ("reverse_kl", polished)):
            if len(part.loss):
                statistics |= {f"{name}_loss_history": part.loss, f"{name}_validation_history": part.validation}

        def files() -> dict[str, bytes]:
            last = redrawn(state.model, np.asarray(drawn.key), self.batch, chain.last)
            return {**target.files(last), MODEL_FILE: pack_model(state.model, untrained(self.model), target)}

        log_weight = np.zeros((self.chains, self.draws))
        return Draws(chain.measured, log_weight, self.kind, _as_arrays(statistics), files=files)  # type: ignore[arg-type]

    def work(self, target: Any) -> tuple[Work, ...]:
        """Its stages, what is fitted between them in closed form, and the densities of what was held out."""
        state = eqx.filter_eval_shape(self.init, target, jr.key(0))
        model, found = state.model, []
        if self.data:
            seen, unseen = eqx.filter_eval_shape(self._split, state.examples)
            found = [each._replace(name="gathering") for each in self.data.work(target)]
            found.append(Work("adapting", lambda model, some: model.initialise_from(some), (model, seen), 1))
            if self.fit:
                learner = eqx.filter_eval_shape(FromData, model, seen, unseen)
                found += [each._replace(name="training on configurations") for each in self.fit.work(learner)]
                found.append(Work("settling", lambda model, some: model.tune_sampler(some), (model, seen), 1))
            if model.density is Density.EXACT:
                count = min(len(unseen), MOST_CHECKED)
                found.append(Work("coverage", lambda model, x: model.log_prob(x[0]), (model, unseen), count))
        if self.reverse_kl:
            learner = eqx.filter_eval_shape(FromAction, model, target)
            found += [each._replace(name="training on the action") for each in self.reverse_kl.work(learner)]
        draw = partial(proposed, count=self.batch)
        return *found, Work("drawing", draw, (target, model, jr.key(0)), self.lengths["draw"])

    def _split(self, examples: Array) -> tuple[Array, Array]:
        """Those to learn from, and those held out."""
        return _flat(examples[: -self._held]), _flat(examples[-self._held :])

    def _gather(self, target: Any, state: State, blank: Kept, key: Key, index: Array) -> tuple[State, Record]:
        """A step of the chain; where an example is due, it is stored; the last one gives the model its scale."""
        assert self.data is not None
        assert state.examples is not None
        chain, record = self.data.step(target, state.chain, key, index)
        after = index - self.data.warmup
        slot = jnp.clip(after // self.every, 0, self._slots - 1)
        due = (after >= 0) & (after % self.every == 0)
        examples = state.examples.at[slot].set(jnp.where(due, chain.field, state.examples[slot]))
        last = index == self.data.steps - 1
        model = _changed(last, state.model, lambda model: model.initialise_from(_flat(examples[: -self._held])))
        state = state._replace(chain=chain, examples=examples, model=model)
        return state, Record(record.finite, _metrics(blank.loss), blank._replace(data=record.kept))

    def _fit(self, target: Any, state: State, blank: Kept, key: Key, index: Array) -> tuple[State, Record]:
        assert self.fit is not None
        assert state.examples is not None
        examples, held_out = self._split(state.examples)
        learner = FromData(state.model, examples, held_out)
        state, record = _trained(self.fit, learner, state, blank, key, index)
        last = index == self.lengths["fit"] - 1
        return state._replace(model=_changed(last, state.model, lambda model: model.tune_sampler(examples))), record

    def _train_on_action(self, target: Any, state: State, blank: Kept, key: Key, index: Array) -> tuple[State, Record]:
        assert self.reverse_kl is not None
        return _trained(self.reverse_kl, FromAction(state.model, target), state, blank, key, index)

    def _draw(self, target: Any, state: State, blank: Kept, key: Key, index: Array) -> tuple[State, Record]:
        proposals, log_weight, mismatch = proposed(target, state.model, key, self.batch)
        kept = blank._replace(proposals=proposals, log_weight=log_weight, mismatch=mismatch, key=jr.key_data(key))
        ess = jnp.exp(2 * jax.nn.logsumexp(log_weight) - jax.nn.logsumexp(2 * log_weight)) / self.batch
        return state, Record(~jnp.any(jnp.isnan(log_weight)), _metrics(blank.loss, ess), kept)

    def _blank(self, target: Any, state: State) -> Kept:
        """Zeros in the shape of what a step keeps."""
        data = None
        if self.data:
            index = jnp.asarray(0)
            data = eqx.filter_eval_shape(self.data.step, target, state.chain, jr.key(0), index)[1].kept
        drawn = eqx.filter_eval_shape(proposed, target, state.model, jr.key(0), self.batch)
        zero = jnp.zeros((), float)
        return Kept(_zeros(data), zero, zero, *(_zeros(part) for part in drawn), key=_zeros(jr.key_data(jr.key(0))))


def _trained(
    train: Train, learner: Any, state: State, blank: Kept, key: Key, index: Int[Array, ""]
) -> tuple[State, Record]:
    """As many steps of training as lie between two validations, from the weights of the model at the first of them."""

    def one(count: Array, carry: tuple[Training, Scalar, Flag]) -> tuple[Training, Scalar, Flag]:
        training, loss, finite = carry
        training, record = train.step(learner, training, jr.fold_in(key, count), index * train.every + count)
        return training, loss + jnp.asarray(record.kept.loss, float) / train.every, finite & record.finite

    fresh = train.init(learner, key)
    training = jax.tree.map(lambda new, old: jnp.where(index == 0, new, old), fresh, state.training)
    training, loss, finite = jax.lax.fori_loop(0, train.every, one, (training, jnp.zeros((), float), jnp.asarray(True)))
    state = state._replace(training=training, model=with_weights(state.model, training.best))
    kept = blank._replace(loss=loss, validation=jnp.asarray(training.best_validation, float))
    return state, Record(finite, _metrics(loss), kept)


def _changed(now: Flag, model: M, change: Callable[[M], M]) -> M:
    """The model after a change of the content of its arrays, if it is due."""
    arrays, static = eqx.partition(model, eqx.is_array)
    changed = lambda: eqx.filter(change(eqx.combine(arrays, static)), eqx.is_array)  # noqa: E731
    return eqx.combine(jax.lax.cond(now, changed, lambda: arrays), static)


def _part(history: Kept, stop: int, length: int) -> Kept:
    return jax.tree.map(lambda leaf: np.asarray(leaf)[stop - length : stop], history)


def _flat(examples: Array) -> Array:
    return examples.reshape(-1, *examples.shape[2:])


def _zeros(tree: Any) -> Any:
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), tree)


def _metrics(loss: Scalar, ess: Scalar | float = 0.0) -> dict[str, Scalar]:
    return {"loss": loss, "ess": jnp.asarray(ess, float)}


def _as_arrays(statistics: dict[str, Any]) -> dict[str, Any]:
    return {name: value if isinstance(value, str) else np.asarray(value) for name, value in statistics.items()}


def _check_training(train: Train | None, name: str) -> None:
    if train and train.steps % train.every:
        got, fix = f"{name}.steps={train.steps}, every={train.every}", "a multiple"
        raise InputError("training is validated at its last step", got=got, fix=fix)
