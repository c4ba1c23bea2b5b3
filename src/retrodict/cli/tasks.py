"""What other processes compute of a run: blocks of ensemble members, blocks of closures.

A task is its function, the resolved config and an index: every machine that sees the file system can do it.
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import JSON, Key
from retrodict.cli.config.document import Document
from retrodict.cli.config.load import Config, from_document
from retrodict.inference.closure import Closures, bank_of, close, close_by_bank, join
from retrodict.inference.ensemble import Ensemble, Members
from retrodict.inference.importance import Importance
from retrodict.run.tasks import Arrays

MEMBERS = 64  # of an ensemble in one task
CLOSURES = 50  # data sets in one task
DRAWS = 100  # of each answer that a closure looks at

# --- ensembles --------------------------------------------------------------------------------------------------------


def ensemble_tasks(method: Any) -> int:
    """How many tasks an ensemble makes. Raises `InputError` for a method that is not made of independent members."""
    if not isinstance(method, Ensemble):
        got, fix = type(method).__name__, "run without --dask, or use method.kind=Ensemble"
        raise InputError("--dask spreads ensembles and validations only", got=got, fix=fix)
    return -(-method.members // MEMBERS)


def ensemble_block(config: JSON, key: Key, index: int) -> Arrays:
    """Optimise the members number `index * MEMBERS` and following, each to its end.

    Args:
        config: resolved config of the run.
        key: of the task; unused, since members have keys of their own.
        index: of the block.
    """
    loaded = _loaded(json.dumps(config, sort_keys=True))
    return _flat(_optimised(loaded.method, loaded.problem, jr.key(loaded.seed), _block(loaded.method, index)))


def ensemble_state(config: Config, blocks: Sequence[Arrays]) -> Members:
    """All members, from the blocks in their order: what the loop would have ended with."""
    parts = [_unflat(config, index, block) for index, block in enumerate(blocks)]
    return jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *parts)


def _block(method: Ensemble, index: int) -> tuple[int, int]:
    return index * MEMBERS, min((index + 1) * MEMBERS, method.members)


def _start(method: Ensemble, target: Any, key: Key, block: tuple[int, int]) -> Members:
    """The same starts and noise as in one piece."""
    start_key, noise_key = jr.split(jr.fold_in(key, 0))
    starts, noises = (jr.split(k, method.members)[slice(*block)] for k in (start_key, noise_key))
    return method.start(target, starts, noises)


@eqx.filter_jit
def _optimised(method: Ensemble, target: Any, key: Key, block: tuple[int, int]) -> Members:
    def more(carry: tuple[Any, Any]) -> Any:
        return (carry[1] < method.steps) & ~method.done(carry[0])

    def step(carry: tuple[Any, Any]) -> tuple[Any, Any]:
        return method.step(target, carry[0], jr.fold_in(key, carry[1] + 1), carry[1])[0], carry[1] + 1

    return jax.lax.while_loop(more, step, (_start(method, target, key, block), jnp.asarray(0)))[0]


def _flat(state: Members) -> Arrays:
    plain = state._replace(key=jr.key_data(state.key))
    return {f"{number:03d}": np.asarray(leaf) for number, leaf in enumerate(jax.tree.leaves(plain))}


def _unflat(config: Config, index: int, arrays: Arrays) -> Members:
    block = _block(config.method, index)
    shapes = jax.eval_shape(lambda: _start(config.method, config.problem, jr.key(config.seed), block))
    structure = jax.tree.structure(shapes)
    state = jax.tree.unflatten(structure, [jnp.asarray(arrays[name]) for name in sorted(arrays)])
    return state._replace(key=jr.wrap_key_data(state.key))


# --- closures ---------------------------------------------------------------------------------------------------------


def closure_block(config: JSON, key: Key, index: int) -> Arrays:
    """Compute the closures number `index * CLOSURES` and following.

    Args:
        config: resolved config of the run under `config`, and the `seed` of the series.
        key: of the task; unused, since closures have keys of their own.
        index: of the block.
    """
    loaded = _loaded(json.dumps(config["config"], sort_keys=True))
    indices = range(index * CLOSURES, (index + 1) * CLOSURES)
    found = _closures(loaded, config["seed"], indices)
    named = {f"{kind}:{name}": leaf for kind in ("pit", "mean", "truth") for name, leaf in getattr(found, kind).items()}
    whole = {**named, "misfit": found.misfit, "effective": found.effective, "valid": found.valid}
    return {name: np.asarray(leaf) for name, leaf in whole.items()}


def closures_of(blocks: Sequence[Arrays], count: int) -> Closures:
    """The first `count` closures of the blocks in their order."""
    whole = join([_closures_from(block) for block in blocks])
    return jax.tree.map(lambda leaf: leaf[:count], whole)


def _closures(loaded: Config, seed: int, indices: range) -> Closures:
    if isinstance(loaded.method, Importance):
        return close_by_bank(loaded.problem, seed=seed, indices=indices, bank=_bank(loaded, seed))
    return close(loaded.problem, loaded.method, seed=seed, indices=indices, draws=DRAWS, batch=CLOSURES)


def _closures_from(arrays: Arrays) -> Closures:
    block = {name: jnp.asarray(array) for name, array in arrays.items()}
    kinds = {
        kind: {name.partition(":")[2]: leaf for name, leaf in block.items() if name.startswith(f"{kind}:")}
        for kind in ("pit", "mean", "truth")
    }
    return Closures(**kinds, misfit=block["misfit"], effective=block["effective"], valid=block["valid"])


# --- once a process ---------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _loaded(text: str) -> Config:
    return from_document(Document(json.loads(text), Path("config.resolved.yaml"), {}, text))


@lru_cache(maxsize=1)
def _bank(loaded: Config, seed: int) -> Any:
    return bank_of(loaded.problem, seed=seed, draws=loaded.method.draws)
