"""Proposals of a model: their weights, their uncorrected means, and the chains that correct them."""

from typing import Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Shaped
from scipy.special import logsumexp

from retrodict.base.types import Array, Bool, Float, Int, Key, PyTree, Scalar, UInt32
from retrodict.generate.exact import importance, independence_metropolis
from retrodict.generate.model import AbstractModel, Density
from retrodict.inference.findings.weights import Evidence, ImportanceWeights
from retrodict.lattice.core.action import AbstractAction, Measured
from retrodict.lattice.samplers.proposal_diagnostics import Coverage, EffectiveShare, Uncorrected
from retrodict.problem.target import Estimated
from retrodict.run.sharding import spread

BEYOND: Final = 1.0  # in ln w, above the largest of the draws
CHUNK: Final = 256  # configurations at once
CHECKED: Final = 4  # of a batch, whose density is compared with that of the model for a given configuration


def proposed(
    target: AbstractAction, model: AbstractModel, key: Key, count: int
) -> tuple[Measured, Float[Array, " count"], Scalar]:
    """Draw proposals and measure them.

    Args:
        target: the action.
        model: a model with a density.
        key: random key.
        count: number of proposals.

    Returns:
        The proposals, measured; their log weights; the largest difference between log q as drawn and log q as computed
        for the same configuration, over some of them (models of exact density only).
    """
    x, log_q = jax.vmap(model.sample)(spread(jr.split(key, count)))
    assert log_q is not None
    measured = jax.vmap(target.measured)(x)
    mismatch = jnp.zeros(())
    if model.density is Density.EXACT:
        mismatch = jnp.max(jnp.abs(jax.vmap(model.log_prob)(x[:CHECKED]) - log_q[:CHECKED]))
    return measured, measured.log_density - jnp.asarray(log_q, float), jnp.asarray(mismatch, float)


def along_chains(tree: PyTree[Shaped[np.ndarray, "..."]], chains: int) -> PyTree[Shaped[np.ndarray, "..."]]:
    """Arrays `(step, batch)` as `(chain, proposals of that chain)`; a remainder is left out."""

    def split(leaf: Shaped[np.ndarray, "..."]) -> Shaped[np.ndarray, "..."]:
        flat = np.asarray(leaf).reshape(-1, *leaf.shape[2:])
        length = len(flat) // chains
        return flat[: chains * length].reshape(chains, length, *flat.shape[1:])

    return jax.tree.map(split, tree)


class Corrected(NamedTuple):
    """Chains of independence Metropolis.

    Args:
        measured: the draws, shape (chain, draw).
        accepted: whether each proposal was accepted.
        last: where each chain ends: numbers of proposals, all chains' in one row.
    """

    measured: Measured
    accepted: Bool[np.ndarray, "chain draw"]
    last: Int[np.ndarray, " chain"]


def corrected(proposals: Measured, log_weight: Float[np.ndarray, "chain proposal"], key: Key, draws: int) -> Corrected:
    """Chains of independence Metropolis along given proposals.

    Args:
        proposals: the proposals, measured, shape (chain, proposal).
        log_weight: their log weights.
        key: random key.
        draws: number of draws of each chain that are kept, its last ones.
    """
    keys = jr.split(key, len(log_weight))
    indices, accepted = jax.jit(jax.vmap(independence_metropolis))(jnp.asarray(log_weight), keys)
    at, rows = np.asarray(indices)[:, -draws:], np.arange(len(log_weight))[:, None]
    measured = jax.tree.map(lambda leaf: leaf[rows, at], proposals)
    last = rows[:, 0] * log_weight.shape[1] + at[:, -1]
    return Corrected(measured, np.asarray(accepted)[:, -draws:], last)


def redrawn(
    model: AbstractModel, keys: UInt32[np.ndarray, "step words"], batch: int, numbers: Int[np.ndarray, " some"]
) -> Float[Array, "some ..."]:
    """Draw some proposals once more: of each batch only its key was kept.

    Args:
        model: the model that drew them.
        keys: key data of each batch.
        batch: draws of a batch.
        numbers: numbers of the proposals.
    """
    step, place = np.divmod(numbers, batch)
    of_batch = jax.vmap(lambda key, i: jr.split(key, batch)[i])(jr.wrap_key_data(jnp.asarray(keys[step])), place)
    return eqx.filter_jit(jax.vmap(lambda key: model.sample(key).x))(of_batch)


def estimate_measured(target: AbstractAction, measured: Measured) -> tuple[Estimated, ...]:
    """Estimate observables and functions of their means, with errors and autocorrelation times.

    Args:
        target: the action.
        measured: what was measured along chains, leading axes (chain, draw).
    """
    derived = {name: np.asarray(values) for name, values in measured.derived.items()}
    return target.estimates(derived, np.zeros(np.shape(measured.log_density)), None)


def estimate_uncorrected(target: AbstractAction, proposals: Measured) -> Uncorrected:
    """Estimate observables from the proposals as they are, and count their signs.

    Args:
        target: the action.
        proposals: measured proposals, leading axes (chain, proposal).
    """
    signs, imbalance = {}, []
    for name in target.odd:
        sign = np.sign(proposals.derived[name])
        signs[name] = float(sign.mean())
        imbalance.append(abs(float(sign.sum())) / max(np.sqrt(np.count_nonzero(sign)), 1.0))
    return Uncorrected(estimate_measured(target, proposals), signs, max(imbalance) if imbalance else None)


def coverage(
    target: AbstractAction,
    model: AbstractModel,
    held_out: Float[Array, "held ..."],
    log_weight: Float[np.ndarray, "..."],
) -> Coverage:
    """Check by configurations outside the training data whether the model draws wherever the theory does.

    Weights of the model's own draws cannot show what it never draws. A configuration of the theory whose weight exceeds
    that of every draw (by `BEYOND` in the logarithm) lies outside: `uncovered` is the share of such. And since the
    theory visits heavy weights in proportion, 1 / <w / Z> over its configurations is the effective share too
    (`ess_of_data`), which draws that have missed rare heavy weights overestimate.

    Args:
        target: the action.
        model: a model of exact density.
        held_out: configurations of the theory.
        log_weight: log weights of the model's draws.
    """
    log_q = np.concatenate([_log_prob(model, held_out[i : i + CHUNK]) for i in range(0, len(held_out), CHUNK)])
    log_w = np.asarray(jax.jit(jax.vmap(target.log_density))(held_out), dtype=float) - log_q
    log_z, heaviest = logsumexp(log_weight) - np.log(log_weight.size), np.max(log_weight)
    share = float(np.exp(log_z + np.log(len(log_w)) - logsumexp(log_w)))
    return Coverage(float(np.mean(log_w > heaviest + BEYOND)), len(held_out), share)


@eqx.filter_jit
def _log_prob(model: AbstractModel, x: Float[Array, "batch ..."]) -> Float[Array, " batch"]:
    return jax.vmap(model.log_prob)(x).astype(float)


def weight_diagnostics(
    log_weight: Float[np.ndarray, "chain proposal"],
) -> tuple[EffectiveShare, ImportanceWeights, Evidence]:
    """Effective share and spread, effective number and tail of the weights, and ln Z with its error.

    Args:
        log_weight: -S - ln q of independent draws.
    """
    found = importance(jnp.asarray(log_weight.ravel()))
    return (
        EffectiveShare(found.ess, found.variance),
        ImportanceWeights(found.pareto_k, found.ess * log_weight.size),
        Evidence(found.log_z, found.log_z_error),
    )
