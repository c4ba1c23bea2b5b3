r"""Closures: mock data from a known truth, inverted, and compared with that truth; one or thousands at a time.

Each closure keeps the probability integral transform of the truth among the draws, $u = P(q < q_\mathrm{true})$, ties
and the truth's own place decided at random. Truths are drawn from the prior, so that $u$ is uniform if the posterior is
right (Cook, Gelman, Rubin, J. Comput. Graph. Stat. 15 (2006) 675; Talts et al., arXiv:1804.06788).
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Bool, Flag, Float, Int, Key, PyTree, Scalar, Shaped, Vector
from retrodict.inference.diagnostics import pareto_smooth, weight_ess
from retrodict.inference.importance import Bank, fill_bank
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget
from retrodict.run.method import Draws, Method
from retrodict.run.sharding import spread, spread_already

TRIES: Final = 100  # draws of the prior until one is valid
TargetT = TypeVar("TargetT", bound=AbstractTarget)
StateT = TypeVar("StateT")
BANK_KEY: Final = 0xFFFF_FFFE  # beside the indices of the data sets


class Closures(NamedTuple):
    """What is kept of each closure; leading axis: data sets. A function has its grid as the second axis."""

    pit: dict[str, Float[Array, "sets ..."]]  # uniform in (0, 1) if the method is calibrated
    mean: dict[str, Float[Array, "sets ..."]]  # posterior mean
    truth: dict[str, Float[Array, "sets ..."]]  # the quantities of the truths
    misfit: Float[Array, " sets"]  # chi2 of the pulls at the best draw, over their number
    effective: Float[Array, " sets"]  # number of effective draws behind each answer
    valid: Bool[Array, " sets"]  # False: no valid truth was found, or the answer is not finite


def close(
    target: AbstractLeastSquares,
    method: Method[AbstractLeastSquares, StateT],
    *,
    seed: int,
    indices: Sequence[int],
    draws: int,
    batch: int,
) -> Closures:
    """Closures of a series, some of them side by side.

    Each depends on the seed and its own index only: a series may be cut into tasks in any way.

    Args:
        target: the problem; its data do not matter.
        method: the method that inverts the mock data.
        seed: of the series.
        indices: numbers of the closures.
        draws: how many draws of each answer are looked at, at most.
        batch: closures that are computed side by side.
    """
    parts = [_close_batch(target, method, keys, draws) for keys in _keys(seed, indices, batch)]
    return _joined(parts, len(indices))


def close_by_bank(target: Posterior, *, seed: int, indices: Sequence[int], bank: Bank, batch: int = 20) -> Closures:
    """Closures by importance weights on one bank of prior draws: the physics is solved for truths only.

    Args:
        target: the problem; its data do not matter.
        seed: of the series.
        indices: numbers of the closures.
        bank: prior draws with their predictions (`bank_of`).
        batch: closures that are computed side by side.
    """
    parts = [_weigh_batch(target, bank, keys) for keys in _keys(seed, indices, batch)]
    return _joined(parts, len(indices))


def bank_of(target: Posterior, *, seed: int, draws: int) -> Bank:
    """The bank that belongs to a series.

    Args:
        target: the problem.
        seed: of the series.
        draws: size of the bank.
    """
    return fill_bank(target, jr.fold_in(jr.key(seed), BANK_KEY), draws=draws)


def join(parts: Sequence[Closures]) -> Closures:
    """Closures of several tasks, in the order given.

    Args:
        parts: closures of each task.
    """
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


def run_inline(target: TargetT, method: Method[TargetT, StateT], key: Key) -> Draws:
    """A whole run as one traceable function: what `run.loop` does step by step, for vmapping over data sets.

    Args:
        target: the problem.
        method: the method.
        key: of the run.
    """

    def step(state: StateT, index: Int[Array, ""]) -> tuple[StateT, PyTree[Shaped[Array, "..."]]]:
        done = method.done(state)
        moved, record = method.step(target, state, jr.fold_in(key, index + 1), index)
        return jax.tree.map(lambda old, new: jnp.where(done, old, new), state, moved), record.kept

    state = method.init(target, jr.fold_in(key, 0))
    state, history = jax.lax.scan(step, state, jnp.arange(method.steps))
    return method.finish(target, state, history)


def transform(
    truth: Float[Array, "..."], values: Float[Array, "draws ..."], weights: Float[Array, " draws"], uniform: Scalar
) -> Float[Array, "..."]:
    """The randomised probability integral transform; equal weights give (rank + U) / (draws + 1).

    A quantity that a draw does not have (NaN) counts as below everything, for the truth and for the draws alike.

    Args:
        truth: a number, or a function on its grid.
        values: of the draws.
        weights: of the draws; they sum to one.
        uniform: a random number in (0, 1), which decides ties.
    """
    truth, values = (jnp.where(jnp.isnan(x), -jnp.inf, x) for x in (truth, values))
    own = jnp.sum(weights**2)  # one over the effective number of draws
    below = jnp.tensordot(weights, (values < truth).astype(float), axes=1)
    ties = jnp.tensordot(weights, (values == truth).astype(float), axes=1)
    return (below + uniform * (ties + own)) / (1 + own)


@eqx.filter_jit
def _close_batch(
    target: AbstractLeastSquares, method: Method[AbstractLeastSquares, StateT], keys: Key, draws: int
) -> Closures:
    keys = spread(keys)
    with spread_already():
        return jax.vmap(lambda key: _close_one(target, method, key, draws))(keys)


def _close_one(
    target: AbstractLeastSquares, method: Method[AbstractLeastSquares, StateT], key: Key, draws: int
) -> Closures:
    truth_key, data_key, method_key, rank_key = jr.split(key, 4)
    truth, valid = _valid_truth(target, truth_key)
    mock = target.simulated(data_key, truth)
    found = run_inline(mock, method, method_key)
    position = _equal_draws(found, draws)
    each = jax.vmap(mock.evaluate)(position)
    best = jnp.argmax(each.log_likelihood)
    weights = jnp.full(len(position), 1 / len(position))
    return _closure(target.derived(truth), each.derived, weights, each.pulls[best], valid, rank_key)


def _closure(
    truth: dict[str, Float[Array, "..."]],
    derived: dict[str, Float[Array, "draws ..."]],
    weights: Float[Array, " draws"],
    pulls: Float[Array, " pulls"],
    valid: Flag,
    key: Key,
) -> Closures:
    keys = dict(zip(truth, jr.split(key, len(truth)), strict=True))
    pit = {q: transform(truth[q], derived[q], weights, jr.uniform(keys[q])) for q in truth}
    mean = {q: _mean(derived[q], weights) for q in truth}
    finite = jnp.all(jnp.array([jnp.all(jnp.isfinite(u)) for u in pit.values()]))
    return Closures(pit, mean, truth, jnp.mean(pulls**2), 1 / jnp.sum(weights**2), valid & finite)


def _mean(values: Float[Array, "draws ..."], weights: Float[Array, " draws"]) -> Float[Array, "..."]:
    present = jnp.isfinite(values)
    total = jnp.tensordot(weights, jnp.where(present, values, 0.0), axes=1)
    return total / jnp.tensordot(weights, present.astype(float), axes=1)


def _valid_truth(target: AbstractLeastSquares, key: Key) -> tuple[Vector, Flag]:
    """A draw of the prior for which the physics has an answer: the rest of the prior has no posterior either."""

    def draw(index: Int[Array, ""]) -> tuple[Vector, Flag]:
        z = target.init(jr.fold_in(key, index))
        return z, target.evaluate(z).valid

    def body(carry: tuple[Int[Array, ""], Vector, Flag]) -> tuple[Int[Array, ""], Vector, Flag]:
        return carry[0] + 1, *draw(carry[0])

    def searching(carry: tuple[Int[Array, ""], Vector, Flag]) -> Flag:
        return ~carry[2] & (carry[0] < TRIES)

    first = jax.tree.map(jnp.zeros_like, jax.eval_shape(draw, jnp.asarray(0)))
    _, truth, valid = jax.lax.while_loop(searching, body, (jnp.asarray(0), *first))
    return truth, valid


def _equal_draws(found: Draws, count: int) -> Float[Array, "draws dim"]:
    """`count` equal draws at most, by systematic resampling: plain thinning if the weights are equal."""
    log_weight = jnp.ravel(found.log_weight)
    if found.kind != "point":  # of a point there are as many equal draws as anyone asks for: it claims to be certain
        count = min(count, len(log_weight))
    share = jnp.cumsum(jax.nn.softmax(log_weight))
    index = jnp.searchsorted(share, (jnp.arange(count) + 0.5) / count)
    return found.position.reshape(len(log_weight), -1)[jnp.minimum(index, len(log_weight) - 1)]


@eqx.filter_jit
def _weigh_batch(target: Posterior, bank: Bank, keys: Key) -> Closures:
    return jax.lax.map(lambda key: _weigh_one(target, bank, key), keys)


def _weigh_one(target: Posterior, bank: Bank, key: Key) -> Closures:
    truth_key, data_key, _, rank_key = jr.split(key, 4)
    truth, valid = _valid_truth(target, truth_key)
    true = target.forward_pass(truth)
    likelihood = target.likelihood.with_data(target.likelihood.at(true.nuisance).sample(data_key, true.prediction))
    log_likelihood = bank.log_likelihood(likelihood)
    log_weight, _ = pareto_smooth(log_likelihood)
    prediction, nuisance = jax.tree.map(lambda leaf: leaf[jnp.argmax(log_likelihood)], (bank.prediction, bank.nuisance))
    pulls = likelihood.at(nuisance).pulls(prediction)
    found = _closure(target.derived_from(true), bank.derived, jnp.exp(log_weight), pulls, valid, rank_key)
    return found._replace(effective=weight_ess(log_weight))


def _keys(seed: int, indices: Sequence[int], batch: int) -> Iterator[Key]:
    """Keys of the data sets in batches of one size; the last is filled up with repetitions."""
    fold = jax.vmap(lambda index: jr.fold_in(jr.key(seed), index))
    for start in range(0, len(indices), batch):
        some = np.asarray(indices[start : start + batch], dtype=np.uint32)
        yield fold(np.concatenate([some, np.repeat(some[-1:], batch - len(some))]))


def _joined(parts: list[Closures], count: int) -> Closures:
    return jax.tree.map(lambda leaf: leaf[:count], join(jax.device_get(parts)))
