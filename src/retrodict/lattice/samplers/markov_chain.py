"""Markov chains as a method of the one loop: many chains of a few updates, measured at each step.

Only what was measured on a configuration is kept, and the configurations at which the chains end. `result.quantities()`
gives for each observable and each function of means its value, error and integrated autocorrelation time by the Gamma
method (`result.diagnostics` the same as `NAME`, `NAME_error`, `NAME_tau`, `NAME_tau_error`), `result.diagnostics`
whether the chains are thermalised. By default half of the chains start ordered, and the two halves must agree.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Inexact, Shaped
from pydantic import Field

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Count, CountOrZero, Flag, Float, Int, Key, PyTree, Scalar
from retrodict.inference.step_size import StepSize, adapted, initial_step_size
from retrodict.lattice.core.action import AbstractAction, Measured, require_action, require_memory
from retrodict.lattice.io.start import start_configurations, wanted_by
from retrodict.lattice.samplers.chain_diagnostics import Started, Thermalised, UpdateFigures
from retrodict.lattice.samplers.updates import Moved, Update
from retrodict.num.autocorrelation import gamma_method
from retrodict.num.thermalisation import thermalisation
from retrodict.problem.target import AbstractTarget
from retrodict.run.method import Draws, Kind, Record, Work
from retrodict.run.sharding import spread

FIRST_SIZE = 0.02  # of a step; ten times as much is tried first
LOOPS: Final = 6.0  # steps of a trajectory, comparisons of cluster labels, rejections of a heat bath: about


class State(NamedTuple):
    """All chains.

    Args:
        field: their configurations.
        sizes: the step size of each update.
    """

    field: Inexact[Array, "chains ..."]
    sizes: tuple[StepSize, ...]


class Kept(NamedTuple):
    """What each step leaves behind.

    Args:
        measured: what was measured on the configuration of each chain.
        acceptance: probabilities of acceptance.
        energy_change: dH.
    """

    measured: Measured
    acceptance: Float[Array, "chains updates"]
    energy_change: Float[Array, "chains updates"]


@dataclass(frozen=True)
class AbstractMarkovChain(ABC):
    """Markov chains of some updates.

    Args:
        chains: number of chains.
        warmup: first steps of each, during which step sizes are tuned.
        draws: measured steps of each.
        cold: share of the chains that start ordered; the others start disordered.
        start: where the chains start instead: a run directory, at whose last configurations they go on (also with other
            couplings), or a file of configurations, see `lattice.io.start`. Each chain takes one of them in turn.
        references: keys of the literature to cite.
        kind: "exact" or "approximate".
    """

    chains: Count = 16
    warmup: CountOrZero = 200
    draws: Annotated[int, Field(ge=4)] = 1000
    cold: Annotated[float, Field(ge=0, le=1)] = 0.5
    start: Path | None = field(default=None, kw_only=True)

    references: ClassVar[tuple[str, ...]] = ()
    kind: ClassVar[Kind] = "exact"
    uses_gradient: ClassVar[bool] = True

    @property
    @abstractmethod
    def updates(self) -> tuple[Update, ...]:
        """What is done in each step, in this order."""

    @property
    def steps(self) -> int:
        """Warm-up and draws."""
        return self.warmup + self.draws

    @property
    def positions_per_step(self) -> int:
        """Chains."""
        return self.chains

    def check(self, target: AbstractTarget) -> None:
        """Raise `InputError` if an update does not apply to `target`."""
        require_action(target, type(self).__name__)
        if self.chains < 1 or self.draws < 4 or self.warmup < 0 or not 0 <= self.cold <= 1:
            expected = "chains >= 1, draws >= 4, warmup >= 0, 0 <= cold <= 1"
            raise InputError("no such Markov chain", got=str(self)[:120], expected=expected)
        assert isinstance(target, AbstractAction)
        for update in self.updates:
            update.check(target)
        if self.start is not None:
            start_configurations(self.start, wanted_by(target))
        require_memory(target, self.chains, self.steps, type(self).__name__)

    def init(self, target: AbstractAction, key: Key) -> State:
        """Disordered and ordered starts, or the configurations of `start`."""
        sizes = tuple(initial_step_size(FIRST_SIZE) for _ in self.updates)
        if self.start is not None:
            return State(jax.vmap(target.space.repair)(self._started(target)), sizes)
        hot = jax.vmap(target.hot)(spread(jr.split(key, self.chains)))
        ordered = jnp.arange(self.chains) < round(self.cold * self.chains)
        mask = ordered.reshape(-1, *(1,) * (hot.ndim - 1))
        return State(jnp.where(mask, target.cold(), hot), sizes)

    def _started(self, target: AbstractAction) -> Inexact[Array, "chains ..."]:
        """The configurations of `start`, read when the run starts and not when it is compiled."""
        path, wanted, turns = self.start, wanted_by(target), np.arange(self.chains)
        assert path is not None

        def read() -> Inexact[np.ndarray, "chains ..."]:
            stored = start_configurations(path, wanted)
            return stored[turns % len(stored)]

        shape = jax.ShapeDtypeStruct((self.chains, *wanted.field.shape), wanted.field.dtype)
        return spread(jax.pure_callback(read, shape))

    def step(self, target: AbstractAction, state: State, key: Key, index: Int[Array, ""]) -> tuple[State, Record]:
        """All updates of all chains, then a measurement.

        Args:
            target: the action.
            state: the chains.
            key: random key.
            index: number of the step.
        """
        warm, field, sizes, infos = index < self.warmup, state.field, [], []
        for number, (update, size) in enumerate(zip(self.updates, state.sizes, strict=True)):
            used = jnp.exp(jnp.where(warm, size.log, size.log_average))
            moved = _moved(update, target, field, jr.fold_in(key, number), used)
            field = jax.vmap(target.space.repair)(moved.field)
            sizes.append(_tuned(size, moved, update, warm))
            infos.append(moved)
        acceptance = jnp.stack([jnp.asarray(info.acceptance, float) for info in infos], axis=1)
        change = jnp.stack([jnp.asarray(info.energy_change, float) for info in infos], axis=1)
        measured = jax.vmap(target.measured)(field)
        metrics = {"acceptance": jnp.mean(acceptance), "action": -jnp.mean(measured.log_density)}
        finite = jnp.all(jnp.isfinite(jnp.abs(field))) & jnp.all(jnp.isfinite(measured.log_density))
        return State(field, tuple(sizes)), Record(finite, metrics, Kept(measured, acceptance, change))

    def done(self, state: State) -> Flag:
        """Never early."""
        return jnp.asarray(False)

    def finish(self, target: AbstractAction, state: State, history: PyTree[Shaped[Array | np.ndarray, "..."]]) -> Draws:
        """What was measured after the warm-up, with diagnostics.

        Args:
            target: the action.
            state: the chains at the end.
            history: what the steps have kept.
        """
        after: Kept = jax.tree.map(lambda leaf: np.swapaxes(np.asarray(leaf)[self.warmup :], 0, 1), history)
        acceptance, change = (np.moveaxis(np.asarray(x), 2, 0) for x in (after.acceptance, after.energy_change))
        figures = [
            _figures(*of_update) for of_update in zip(self.updates, acceptance, change, state.sizes, strict=True)
        ]
        return Draws(
            after.measured,
            np.zeros(after.measured.log_density.shape),  # type: ignore[arg-type]
            self.kind,
            {"acceptance": after.acceptance.mean(axis=2)},
            final=last_configurations(state),
            diagnostics=(*figures, self._thermalised(target, after.measured.derived), *self._starts),
        )

    def work(self, target: Any) -> tuple[Work, ...]:
        """All its steps."""
        arguments = target, eqx.filter_eval_shape(self.init, target, jr.key(0)), jr.key(0), jnp.asarray(0)
        return (Work("sampling", self.step, arguments, self.steps, loops=LOOPS),)

    @property
    def _starts(self) -> tuple[Started, ...]:
        """What is to be said of the start."""
        return () if self.start is None else (Started(str(self.start)),)

    def _thermalised(self, target: AbstractAction, derived: dict[str, Array]) -> Thermalised:
        """Early against late, hot against cold, for each slow observable."""
        ordered, tests = round(self.cold * self.chains), []
        for name in target.slow:
            values = np.asarray(derived[name])
            tests.append(thermalisation(values))
            if 0 < ordered < self.chains and self.start is None:
                tests.append(thermalisation(values[ordered:], values[:ordered]))
        return Thermalised(all(test.passed for test in tests), min(test.length for test in tests))


def _figures(
    update: Update,
    acceptance: Float[np.ndarray, "chain draw"],
    energy_change: Float[np.ndarray, "chain draw"],
    size: StepSize,
) -> UpdateFigures:
    """How one update has worked after the warm-up."""
    figures = UpdateFigures(type(update).__name__, float(acceptance.mean()))
    if np.any(energy_change):
        violation = gamma_method(np.exp(-energy_change))
        figures = figures._replace(exp_dh=violation.value, exp_dh_error=violation.error)
    if update.wanted is not None:
        figures = figures._replace(step_size=float(np.exp(np.asarray(size.log_average))))
    return figures


def last_configurations(state: State) -> Inexact[np.ndarray, "chains ..."]:
    """The configurations at which all chains stand: independent of each other, to be written or trained on."""
    return np.asarray(state.field)


@eqx.filter_jit
def updated(
    update: Update, action: AbstractAction, field: Inexact[Array, "chains ..."], key: Key, size: float
) -> Moved:
    """One update of many chains, compiled: for tests and benchmarks.

    Args:
        update: the update.
        action: the action.
        field: one configuration a chain.
        key: random key.
        size: the step size.
    """
    return _moved(update, action, field, key, jnp.asarray(size))


def _moved(
    update: Update, action: AbstractAction, field: Inexact[Array, "chains ..."], key: Key, size: Scalar
) -> Moved:
    keys = spread(jr.split(key, len(field)))
    return jax.vmap(lambda x, k: update.apply(action, x, k, size))(field, keys)


def _tuned(size: StepSize, moved: Moved, update: Update, warm: Flag) -> StepSize:
    if update.wanted is None:
        return size
    new = adapted(size, jnp.asarray(moved.acceptance, float), update.wanted)
    ceiling = np.log(update.largest)
    new = new._replace(log=jnp.minimum(new.log, ceiling), log_average=jnp.minimum(new.log_average, ceiling))
    return jax.tree.map(lambda a, b: jnp.where(warm, a, b), new, size)
