"""What the proposals of a model say: their weights, their uncorrected answers, and the chains that correct them."""

from typing import Any, Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from scipy.special import logsumexp

from retrodict.base.types import Array, Bool, Float, Int, Key, UInt32
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


def proposed(target: AbstractAction, model: AbstractModel, key: Key, count: int) -> tuple[Measured, Array, Array]:
    """Proposals, measured; their log weights; how far log q of some of them is from that of the same configuration."""
    x, log_q = jax.vmap(model.sample)(spread(jr.split(key, count)))
    assert log_q is not None
    measured = jax.vmap(target.measured)(x)
    mismatch = jnp.zeros(())
    if model.density is Density.EXACT:
        mismatch = jnp.max(jnp.abs(jax.vmap(model.log_prob)(x[:CHECKED]) - log_q[:CHECKED]))
    return measured, measured.log_density - jnp.asarray(log_q, float), jnp.asarray(mismatch, float)


def along_chains(tree: Any, chains: int) -> Any:
    """Arrays `(step, batch)` as `(chain, proposals of that chain)`; a remainder is left out."""

    def one(leaf: np.ndarray) -> np.ndarray:
        flat = np.asarray(leaf).reshape(-1, *leaf.shape[2:])
        each = len(flat) // chains
        return flat[: chains * each].reshape(chains, each, *flat.shape[1:])

    return jax.tree.map(one, tree)


class Corrected(NamedTuple):
    """Chains of independence Metropolis."""

    measured: Measured  # (chain, draw)
    accepted: Bool[np.ndarray, "chain draw"]
    last: Int[np.ndarray, " chain"]  # where each chain ends: numbers of proposals, all chains' in one row


def corrected(proposals: Measured, log_weight: Float[np.ndarray, "chain proposal"], key: Key, draws: int) -> Corrected:
    """The last `draws` of each chain of independence Metropolis along its proposals."""
    keys = jr.split(key, len(log_weight))
    indices, accepted = jax.jit(jax.vmap(independence_metropolis))(jnp.asarray(log_weight), keys)
    at, rows = np.asarray(indices)[:, -draws:], np.arange(len(log_weight))[:, None]
    measured = jax.tree.map(lambda leaf: leaf[rows, at], proposals)
    last = rows[:, 0] * log_weight.shape[1] + at[:, -1]
    return Corrected(measured, np.asarray(accepted)[:, -draws:], last)


def redrawn(
    model: AbstractModel, keys: UInt32[np.ndarray, "step words"], batch: int, numbers: Int[np.ndarray, " some"]
) -> Float[Array, "some ..."]:
    """The proposals of those `numbers` once more: of each batch only its key was kept."""
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
    target: AbstractAction, model: AbstractModel, held_out: Float[Array, "held ..."], log_weight: np.ndarray
) -> Coverage:
    """What configurations that the model has not seen say of where it draws.

    Weights of the model's own draws cannot tell: where it draws nothing, nothing is missed. A configuration of the
    theory whose weight exceeds that of every draw (by `BEYOND` in the logarithm) lies outside: `uncovered` is the share
    of such. And since the theory visits heavy weights in proportion, 1 / <w / Z> over its configurations is the
    effective share too (`ess_of_data`), which draws that have missed rare heavy weights overestimate.
    """
    log_q = np.concatenate([_log_prob(model, held_out[i : i + CHUNK]) for i in range(0, len(held_out), CHUNK)])
    log_w = np.asarray(jax.jit(jax.vmap(target.log_density))(held_out), dtype=float) - log_q
    log_z, heaviest = logsumexp(log_weight) - np.log(log_weight.size), np.max(log_weight)
    share = float(np.exp(log_z + np.log(len(log_w)) - logsumexp(log_w)))
    return Coverage(float(np.mean(log_w > heaviest + BEYOND)), len(held_out), share)


@eqx.filter_jit
def _log_prob(model: AbstractModel, x: Array) -> Array:
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
