"""A generative model as an exact sampler: gather configurations, train on them and on the action, propose, correct.

One method of the one loop. Its stages (`lattice.models.stages`), each of which may be left out where the model allows,
follow one another: a Markov chain gathers configurations, whose own verdict is kept; the model is trained on them by
its own loss; it is trained on the action by the reverse Kullback-Leibler divergence; then it proposes configurations,
which independence Metropolis turns into chains that leave exp(-S) invariant whatever the quality of the model. The
chains visit only what the model draws: configurations held out show whether that is everything.

`result.diagnostics` holds each observable as `markov_chain` does, from the corrected chains (`NAME`, `NAME_error`,
`NAME_tau`), from the uncorrected and hence biased proposals (`raw_NAME`, `raw_NAME_error`) and from the chain that
gathered (`data_NAME`, ...); the figures of the weights (`ess`, `pareto_k`, `log_weight_variance`, `log_evidence` and
its error); the acceptance; the losses; and, where the action is symmetric under a change of sign, how unevenly the
proposals fall on the two signs (`raw_imbalance`, in standard errors).

Sources: Albergo, Kanwar, Shanahan, Phys. Rev. D 100 (2019) 034515; Nicoli et al., Phys. Rev. Lett. 126 (2021) 032001
(the free energy).
"""

from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from typing import Annotated, ClassVar, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from pydantic import Field

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Count, Flag, Float, Int, Key, PyTree
from retrodict.generate.continuous_flow import EquivariantFlow
from retrodict.generate.learners import FromAction, FromData
from retrodict.generate.model import Density, Recipe
from retrodict.generate.saved import pack_model
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.lattice.core.action import AbstractAction, require_action
from retrodict.lattice.models.stages import (
    Draw,
    Fit,
    Gather,
    Kept,
    ReverseKL,
    Stage,
    State,
    blank_record,
    run_stage,
)
from retrodict.lattice.models.trained import MODEL_FILE, Trained, Untrained, untrained
from retrodict.lattice.samplers.markov_chain import AbstractMarkovChain
from retrodict.lattice.samplers.methods import HMC, Cluster, HeatBath
from retrodict.lattice.samplers.proposal_diagnostics import LossHistory, ModelDensity, TrainingData
from retrodict.lattice.samplers.proposals import (
    CHECKED,
    along_chains,
    corrected,
    coverage,
    estimate_measured,
    estimate_uncorrected,
    proposed,
    redrawn,
    weight_diagnostics,
)
from retrodict.problem.target import AbstractTarget
from retrodict.run.diagnostic import Diagnostic
from retrodict.run.method import Draws, Kind, Record, Work

MOST_CHECKED: Final = 2048  # configurations held out, of which the density of the model is computed
SETTLING: Final = 1 / 8  # of the draws, taken before the first one that counts
FIT: Final = Train(steps=3000, learning_rate=Cosine(1e-2, 1e-4))


@dataclass(frozen=True)
class IndependenceMetropolis:
    """Flow-based MCMC (neural independence Metropolis): a generative model proposes, Metropolis accepts.

    The method of Albergo, Kanwar and Shanahan (2019), for any model with a density: flows, autoregressive models,
    diffusion models. The model is trained on configurations (maximum likelihood, score matching), or on the action by
    the reverse Kullback-Leibler divergence (reverse-KL training), or on both in turn.

    The run directory keeps the configurations at which its chains end, and the model (`model.npz`), which `Trained`
    names as the model of another run.

    Args:
        model: the recipe of the model, or a model that another run has trained.
        data: the Markov chain that gathers configurations; None for a model that needs none.
        fit: training on these configurations; needs `data`. Validated every `fit.every` steps, which is one step of
            the loop.
        reverse_kl: training on the action by the reverse Kullback-Leibler divergence, in the same way.
        chains: number of corrected chains.
        draws: of each corrected chain.
        batch: proposals a step.
        every: of the measured steps of `data` one in so many gives an example from each chain.

    Example:
        >>> from retrodict.lattice import Cluster, IndependenceMetropolis
        >>> gather = Cluster(trajectory=True, warmup=50, draws=200)
        >>> IndependenceMetropolis(data=gather, draws=100, batch=640).lengths  # steps of the loop
        {'gather': 250, 'fit': 30, 'reverse_kl': 0, 'draw': 12}
    """

    model: Untrained | Trained | Recipe = field(default_factory=EquivariantFlow)
    data: HMC | Cluster | HeatBath | AbstractMarkovChain | None = field(
        default_factory=lambda: HMC(chains=64, warmup=200, draws=400)
    )
    fit: Train | None = FIT
    reverse_kl: Train | None = None
    chains: Count = 64
    draws: Annotated[int, Field(ge=8)] = 400
    batch: Annotated[int, Field(ge=CHECKED)] = 512
    every: Count = 4

    kind: ClassVar[Kind] = "exact"
    uses_gradient: ClassVar[bool] = False
    references: ClassVar[tuple[str, ...]] = ("liu1996", "albergo2019", "nicoli2021", "wolff2004")

    @property
    def lengths(self) -> dict[str, int]:
        """How many steps of the loop each stage takes, zero for those left out."""
        stages = self.stages
        names = ("gather", "fit", "reverse_kl", "draw")
        return {name: stages[name].steps if name in stages else 0 for name in names}

    @property
    def _gather(self) -> Gather | None:
        return Gather(self.data, self.every) if self.data else None

    def _split(
        self, examples: Float[Array, "slots chains *field"]
    ) -> tuple[Float[Array, "training *field"], Float[Array, "held_out *field"]]:
        """The examples to train on, and those held out."""
        gather = self._gather
        assert gather is not None
        return gather.split(examples)

    @property
    def stages(self) -> dict[str, Stage]:
        """The stages of the run, in their order, by name."""
        gather = self._gather
        stages: dict[str, Stage | None] = {
            "gather": gather,
            "fit": Fit(self.fit, gather) if self.fit and gather else None,
            "reverse_kl": ReverseKL(self.reverse_kl) if self.reverse_kl else None,
            "draw": Draw(self.batch, -(-self.chains * (self.draws + self._settling) // self.batch)),
        }
        return {name: stage for name, stage in stages.items() if stage and stage.steps}

    @property
    def steps(self) -> int:
        """Of all stages."""
        return sum(self.lengths.values())

    @property
    def positions_per_step(self) -> int:
        """A batch."""
        return self.batch

    @property
    def _settling(self) -> int:
        return int(np.ceil(SETTLING * self.draws))

    def check(self, target: AbstractTarget) -> None:
        """Check that the settings fit together and to the target.

        Args:
            target: a lattice action.

        Raises:
            InputError: for targets without an action, and for settings that do not fit together.
        """
        action = require_action(target, type(self).__name__)
        _check_training(self.fit, "fit")
        _check_training(self.reverse_kl, "reverse_kl")
        if self.fit and not self.data:
            raise InputError("training on configurations needs some", got="data=None", fix="fit=None, or data=HMC()")
        if min(self.chains, self.every) < 1 or self.draws < 8 or self.batch < CHECKED:
            expected = f"chains >= 1, draws >= 8, batch >= {CHECKED}, every >= 1"
            raise InputError("no such independence chains", got=str(self)[:120], expected=expected)
        if gather := self._gather:
            gather.chain.check(action)
            if gather.slots < 2:
                got = f"every={self.every}"
                raise InputError("too few configurations to learn from", got=got, fix="more data.draws")
        self._check_model(action)

    def _check_model(self, target: AbstractAction) -> None:
        """Raise `InputError` for a model that does not fit to the field, or cannot be corrected or trained."""
        model = eqx.filter_eval_shape(self.model.on, target, jr.key(0))  # nothing is computed
        if model.unbounded and not target.unconstrained:
            got = f"{type(model).__name__} for {type(target).__name__}"
            raise InputError("a model of unbounded numbers for fields that are not", got=got, fix="a model of angles")
        if model.density is Density.UNKNOWN:
            fix = "start HMC from its draws instead"
            raise InputError("draws of unknown density cannot be corrected", got=type(model).__name__, fix=fix)
        if (self.fit or self.reverse_kl) and not jax.tree.leaves(model.weights):
            got, fix = type(model).__name__, "fit=None, reverse_kl=None"
            raise InputError("there is nothing to train in this model", got=got, fix=fix)
        if self.reverse_kl:
            FromAction(model, target)

    def init(self, target: AbstractAction, key: Key) -> State:
        """An untrained model, and the chain that gathers at its start.

        Args:
            target: the lattice action.
            key: random key.
        """
        chain_key, model_key, train_key, accept_key = jr.split(key, 4)
        model = self.model.on(target, model_key)
        chain = examples = None
        if gather := self._gather:
            chain = gather.chain.init(target, chain_key)
            examples = gather.empty(chain)
        nothing = jnp.zeros((1, *target.shape))
        training = Train().init(FromData(model, nothing, nothing), train_key)
        return State(chain, examples, model, training, accept_key)

    def step(self, target: AbstractAction, state: State, key: Key, index: Int[Array, ""]) -> tuple[State, Record]:
        """One step of the stage to which `index` belongs.

        Args:
            target: the lattice action.
            state: the state of the run.
            key: random key of the step.
            index: number of the step.
        """
        blank = blank_record(self._gather, self.batch, target, state)
        return run_stage(self.stages, target, state, blank, key, index)

    def done(self, state: State) -> Flag:
        """Never early."""
        return jnp.asarray(False)

    def finish(self, target: AbstractAction, state: State, history: PyTree) -> Draws:
        """The corrected chains, with the figures of gathering, training and drawing.

        Args:
            target: the lattice action.
            state: the state after the last step.
            history: a `Kept` of arrays whose first axis is the step.
        """
        starts = dict(zip(self.lengths, accumulate(self.lengths.values()), strict=True))
        gathered, fitted, polished, drawn = (_part(history, starts[name], self.lengths[name]) for name in self.lengths)
        proposals, log_weight = along_chains((drawn.proposals, drawn.log_weight), self.chains)
        chain = corrected(proposals, log_weight, state.accept_key, self.draws)
        share, weights, evidence = weight_diagnostics(log_weight)
        records: list[Diagnostic] = [share, weights, evidence, estimate_uncorrected(target, proposals)]
        covered, training = None, list[Diagnostic]()
        if self.data:
            data = self.data.finish(target, state.chain, gathered.data)
            training.append(TrainingData(estimate_measured(target, data.position), data.diagnostics))
            if state.examples is not None and state.model.density is Density.EXACT:
                held_out = self._split(state.examples)[1][-MOST_CHECKED:]
                covered = coverage(target, state.model, held_out, log_weight)
        mismatch, density = float(np.max(np.abs(drawn.mismatch))), state.model.density.value
        records.append(ModelDensity(density, mismatch, share.ess, self.steps, covered))
        records += training
        losses = (("fit", fitted), ("reverse_kl", polished))
        records += [
            LossHistory(name, *map(np.asarray, (part.loss, part.validation))) for name, part in losses if len(part.loss)
        ]

        def files() -> dict[str, bytes]:
            last = np.asarray(redrawn(state.model, np.asarray(drawn.key), self.batch, chain.last))
            return {**target.files(last), MODEL_FILE: pack_model(state.model, untrained(self.model), target)}

        return Draws(
            chain.measured,
            np.zeros((self.chains, self.draws)),  # type: ignore[arg-type]
            self.kind,
            {"acceptance": np.asarray(chain.accepted, float)},  # type: ignore[arg-type]
            files=files,
            diagnostics=tuple(records),
        )

    def work(self, target: AbstractAction) -> tuple[Work, ...]:
        """Its stages, what is fitted between them in closed form, and the densities of what was held out.

        Args:
            target: the lattice action.
        """
        state = eqx.filter_eval_shape(self.init, target, jr.key(0))
        model, works = state.model, []
        if gather := self._gather:
            examples, held_out = eqx.filter_eval_shape(self._split, state.examples)
            works = [work._replace(name="gathering") for work in gather.chain.work(target)]
            works.append(Work("adapting", lambda model, fields: model.initialise_from(fields), (model, examples), 1))
            if self.fit:
                learner = eqx.filter_eval_shape(FromData, model, examples, held_out)
                works += [work._replace(name="training on configurations") for work in self.fit.work(learner)]
                works.append(Work("settling", lambda model, fields: model.tune_sampler(fields), (model, examples), 1))
            if model.density is Density.EXACT:
                count = min(len(held_out), MOST_CHECKED)
                works.append(Work("coverage", lambda model, x: model.log_prob(x[0]), (model, held_out), count))
        if self.reverse_kl:
            learner = eqx.filter_eval_shape(FromAction, model, target)
            works += [work._replace(name="training on the action") for work in self.reverse_kl.work(learner)]
        draw = partial(proposed, count=self.batch)
        return *works, Work("drawing", draw, (target, model, jr.key(0)), self.lengths["draw"])


def _part(history: Kept, stop: int, length: int) -> Kept:
    """What the steps before `stop` have kept, `length` of them."""
    return jax.tree.map(lambda leaf: np.asarray(leaf)[stop - length : stop], history)


def _check_training(train: Train | None, name: str) -> None:
    """Raise `InputError` unless the last step of the training is one of validation."""
    if train and train.steps % train.every:
        got, fix = f"{name}.steps={train.steps}, every={train.every}", "a multiple"
        raise InputError("training is validated at its last step", got=got, fix=fix)
