"""A method taken through all its steps in one compiled loop, and its answer compared with the exact one."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, PyTree, Scalar
from retrodict.inference.diagnostics import effective_sample_size
from retrodict.inference.findings.particles import Population
from retrodict.run.diagnostic import pick
from retrodict.run.method import Draws
from tests.inference.targets import Exact


@eqx.filter_jit
def taken(method: Any, target: Any, seed: Array) -> tuple[PyTree[Array], PyTree[Array], Scalar]:
    """Last state, everything kept, and the number of steps: compiled once for all targets of one structure."""
    key = jr.key(seed)

    def advance(carry: Any) -> Any:
        index, state, history = carry
        state, record = method.step(target, state, jr.fold_in(key, index + 1), index)
        return index + 1, state, jax.tree.map(lambda whole, one: whole.at[index].set(one), history, record.kept)

    start = method.init(target, jr.fold_in(key, 0))
    shapes = jax.eval_shape(lambda s: method.step(target, s, key, jnp.asarray(0))[1].kept, start)
    history = jax.tree.map(lambda leaf: jnp.zeros((method.steps, *leaf.shape), leaf.dtype), shapes)
    going = lambda carry: (carry[0] < method.steps) & ~method.done(carry[1])  # noqa: E731
    index, state, history = jax.lax.while_loop(going, advance, (jnp.asarray(0), start, history))
    return state, history, index


def run(target: Any, method: Any, seed: int = 0) -> tuple[Draws, int]:
    """The answer of `method`, and how many steps it took."""
    method.check(target)
    state, history, steps = taken(method, target, jnp.asarray(seed))
    history = jax.tree.map(lambda leaf: np.asarray(leaf)[: int(steps)], history)
    return method.finish(target, state, history), int(steps)


def deviations(draws: Draws, exact: Exact) -> np.ndarray:
    """Mean and covariance of two latents against `exact`, each in standard deviations of its estimated error."""
    position, weight = np.asarray(draws.position), np.exp(np.asarray(draws.log_weight))
    weight = weight / weight.sum()
    centred = position - np.einsum("cd,cdi->i", weight, position)
    columns = [*np.moveaxis(position, -1, 0), *(centred[..., i] * centred[..., j] for i, j in ((0, 0), (0, 1), (1, 1)))]
    wanted = [*exact.mean, *exact.covariance[np.triu_indices(2)]]
    return np.array([_deviation(c, weight, x, draws) for c, x in zip(columns, wanted, strict=True)])


def _deviation(column: np.ndarray, weight: np.ndarray, wanted: float, draws: Draws) -> float:
    mean = np.sum(weight * column)
    spread = np.sqrt(np.sum(weight * (column - mean) ** 2))
    if population := pick(Population, draws.diagnostics):  # particles with a common ancestor are not independent
        return (mean - wanted) / (spread / np.sqrt(float(population.ancestors)))
    if len(column) > 1:
        return (mean - wanted) / (spread / np.sqrt(float(effective_sample_size(column))))
    return (mean - wanted) / np.sqrt(np.sum((weight * (column - mean)) ** 2))
