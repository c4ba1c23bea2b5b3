"""Small targets and methods for the tests of the machinery; none of them is physics worth having."""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.errors import InputError
from retrodict.problem.target import AbstractTarget, Quantity
from retrodict.run.method import Draws, Record


class Banana(AbstractTarget):
    """log p = -x^2/2 - (y - b x^2)^2 / (2 w^2): skewed, curved, cheap."""

    bend: jax.Array
    width: float = 0.3

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return (Quantity("x"),)

    def init(self, key):
        return jr.normal(key, (2,))

    def log_density(self, x):
        return -0.5 * x[0] ** 2 - 0.5 * ((x[1] - self.bend * x[0] ** 2) / self.width) ** 2

    def derived(self, x):
        return {"x": x[0]}


class Cliff(AbstractTarget):
    """A normal density that is not a number beyond `edge`."""

    edge: float

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return ()

    def init(self, key):
        return jnp.zeros(2)

    def log_density(self, x):
        return jnp.where(x[0] > self.edge, jnp.nan, -0.5 * jnp.sum(x**2))

    def derived(self, x):
        return {}


class WalkState(NamedTuple):
    position: jax.Array
    log_density: jax.Array
    own_key: jax.Array  # a key in the state, so that checkpoints meet one
    network: eqx.nn.MLP  # a module with static fields and functions, for the same reason


@dataclass(frozen=True)
class RandomWalk:
    """Random-walk Metropolis; Metropolis et al., J. Chem. Phys. 21 (1953) 1087."""

    steps: int = 200
    step_size: float = 0.5
    chains: int = 4
    far: float = 1e9  # done as soon as a chain has come this far
    push: float = 0.0  # a drift towards trouble

    references: ClassVar[tuple[str, ...]] = ()
    uses_gradient: ClassVar[bool] = False

    @property
    def positions_per_step(self) -> int:
        return self.chains

    def check(self, target: AbstractTarget) -> None:
        pass

    def init(self, target: Any, key: jax.Array) -> WalkState:
        place, own, network = jr.split(key, 3)
        position = jax.vmap(target.init)(jr.split(place, self.chains))
        mlp = eqx.nn.MLP(2, 2, 3, 1, activation=jnp.tanh, key=network)
        return WalkState(position, jax.vmap(target.log_density)(position), own, mlp)

    def step(self, target: Any, state: WalkState, key: jax.Array, index: jax.Array) -> tuple[WalkState, Record]:
        own, extra = jr.split(state.own_key)
        move, choice = jr.split(jr.fold_in(key, jr.bits(extra)))
        jump = self.step_size * jr.normal(move, state.position.shape) + self.push
        proposal = state.position + jump + 1e-3 * jax.vmap(state.network)(state.position)
        density = jax.vmap(target.log_density)(proposal)
        accept = jnp.log(jr.uniform(choice, density.shape)) < density - state.log_density
        accept = accept | jnp.isnan(density)
        position = jnp.where(accept[:, None], proposal, state.position)
        log_density = jnp.where(accept, density, state.log_density)
        record = Record(jnp.isfinite(log_density).all(), {"acceptance": jnp.mean(accept)}, {"x": position, "i": index})
        return WalkState(position, log_density, own, state.network), record

    def done(self, state: WalkState) -> jax.Array:
        return jnp.max(jnp.abs(state.position[:, 0])) > self.far

    def finish(self, target: Any, state: WalkState, history: Any) -> Draws:
        position = jnp.swapaxes(jnp.asarray(history["x"]), 0, 1)
        return Draws(position, jnp.zeros(position.shape[:2]), "exact", {})


def noisy_square(config: Any, key: jax.Array, index: int) -> dict[str, jax.Array]:
    """A task; `killer` names a task whose worker dies of it, once (or each time if `always`)."""
    if config.get("killer") == index and (config.get("always") or not Path(config["marker"]).exists()):
        Path(config["marker"]).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if config.get("wrong") == index:
        raise InputError("this task cannot be done")
    if config.get("crash") == index:
        raise ZeroDivisionError("by design")
    time.sleep(config.get("seconds", 0.0))
    return {"square": index**2 + config["noise"] * jr.normal(key, (3,))}
