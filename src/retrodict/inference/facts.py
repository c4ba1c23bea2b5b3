"""The figures of a run, by name: what the verdict looks at and `diagnostics` shows."""

from collections.abc import Callable
from typing import Any, Final

import jax
import numpy as np

from retrodict.inference.diagnostics import (
    genealogy_bulk_ess,
    genealogy_tail_ess,
    pareto_smooth,
    rhat_and_bulk_ess,
    tail_ess,
    weight_ess,
)
from retrodict.inference.evaluate import Evaluated
from retrodict.num.weighted import normalised_weights
from retrodict.problem.target import AbstractTarget
from retrodict.run.method import Draws

FEWEST: Final = 8  # draws a chain below which convergence cannot be judged
LATENTS: Final = 256  # latents looked at, evenly chosen: a network has thousands, all alike


def facts_of(target: AbstractTarget, draws: Draws, found: Evaluated) -> dict[str, Any]:
    """Convergence, weights, invalid draws, and what the method has noted about itself."""
    chains, count = draws.log_weight.shape
    equal = np.all(np.isfinite(draws.log_weight)) and np.ptp(draws.log_weight) == 0
    weighted = not equal or "idle_draws" in draws.statistics
    facts: dict[str, Any] = {"kind": draws.kind, "chains": chains, "draws": count}
    facts |= _validity(draws, found)
    if draws.kind == "point":
        return facts | _noted(draws)
    if weighted:
        facts |= _of_weights(draws, found)
    elif "ancestor" in draws.statistics:
        facts |= _of_particles(target, draws, found)
    elif draws.kind == "exact" and count >= FEWEST:
        facts |= _of_chains(target, draws, found)
    return facts | _noted(draws)


def _validity(draws: Draws, found: Evaluated) -> dict[str, Any]:
    counted = np.ravel(draws.log_weight) > -np.inf
    invalid = float(np.mean(~found.valid[counted])) if np.any(counted) else 1.0
    weights = normalised_weights(np.ravel(draws.log_weight), found.valid)
    undefined = {}
    for name, values in found.derived.items():
        finite = np.any(np.isfinite(values.reshape(len(values), -1)), axis=1)
        if (missing := float(np.sum(weights[~finite]))) > 0:
            undefined[name] = missing
    return {"invalid_fraction": invalid, "undefined_fraction": undefined}


def _of_weights(draws: Draws, found: Evaluated) -> dict[str, Any]:
    log_weight = np.where(found.valid, np.ravel(draws.log_weight), -np.inf)
    return {"weight_ess": float(weight_ess(log_weight)), "pareto_k": float(pareto_smooth(log_weight)[1])}


def _of_chains(target: AbstractTarget, draws: Draws, found: Evaluated) -> dict[str, Any]:
    """R-hat and effective sample sizes of each derived quantity (of each latent where there is none), worst first.

    The worst is sought among those by which the target wants to be judged; of odd ones the changes of sign are counted.
    """
    table, latents = _table(target, draws, found), _latents(draws)
    each = {name: _chain_figures(values) for name, values in (table or latents).items() if values.size}
    facts: dict[str, Any] = {"per_quantity": each if table else {}}
    decisive = {name: figures for name, figures in each.items() if name in target.decisive} if table else each
    facts |= _worst(decisive, "rhat", max) | _worst(decisive, "ess_bulk", min) | _worst(decisive, "ess_tail", min)
    if target.odd:
        facts["sign_changes"] = {name: _sign_changes(table[name]) for name in target.odd}
    if table and latents:
        facts["latent_rhat"] = max(_chain_figures(values)["rhat"] for values in latents.values())
    return facts


def _of_particles(target: AbstractTarget, draws: Draws, found: Evaluated) -> dict[str, Any]:
    """Effective sample sizes of a population, in which particles with one ancestor may be copies."""
    table, ancestor = _table(target, draws, found), np.ravel(draws.statistics["ancestor"])
    each = {}
    for name, values in (table or _latents(draws)).items():
        if values.size:
            bulk, tail = (size(values[0], ancestor) for size in (genealogy_bulk_ess, genealogy_tail_ess))
            each[name] = {"ess_bulk": float(np.min(bulk)), "ess_tail": float(np.min(tail))}
    return {"per_quantity": each if table else {}} | _worst(each, "ess_bulk", min) | _worst(each, "ess_tail", min)


def _table(target: AbstractTarget, draws: Draws, found: Evaluated) -> dict[str, np.ndarray]:
    """The derived quantities `(chain, draw, point)`."""
    shape = draws.log_weight.shape
    return {q.name: _everywhere_finite(found.derived[q.name].reshape(*shape, -1)) for q in target.quantities}


def _worst(each: dict[str, dict[str, float]], figure: str, worst: Callable[..., str]) -> dict[str, Any]:
    """The worst figure, and whose it is."""
    if not each:
        return {}
    name = worst(each, key=lambda name: each[name][figure])
    return {figure: each[name][figure], f"{figure}_worst": name}


def _everywhere_finite(values: np.ndarray) -> np.ndarray:
    """The points of a function's grid at which all draws have a value."""
    return values[..., np.all(np.isfinite(values), axis=(0, 1))]


def _chain_figures(values: np.ndarray) -> dict[str, float]:
    rhat, bulk = rhat_and_bulk_ess(values)
    return {
        "rhat": float(np.max(rhat)),
        "ess_bulk": float(np.min(bulk)),
        "ess_tail": float(np.min(tail_ess(values))),
    }


def _sign_changes(values: np.ndarray) -> int:
    """How often the sign changes from one draw to the next, in all chains together."""
    return int(np.sum(np.signbit(values[:, 1:]) != np.signbit(values[:, :-1])))


def _latents(draws: Draws) -> dict[str, np.ndarray]:
    """The latents as one array `(chain, draw, some)`; nothing for a configuration made of several arrays."""
    leaves = jax.tree.leaves(draws.position)
    if len(leaves) != 1:
        return {}
    values = np.reshape(leaves[0], (*draws.log_weight.shape, -1))
    return {"the latents": values[..., :: max(1, values.shape[-1] // LATENTS)]}


def _noted(draws: Draws) -> dict[str, Any]:
    """The method's own figures: means of what it gives per draw (that counts), numbers and histories as they are."""
    facts: dict[str, Any] = {}
    counted = draws.log_weight > -np.inf
    for name, value in draws.statistics.items():
        value = np.asarray(value)
        value = value[counted] if value.shape == counted.shape else value
        if name == "ancestor":
            continue  # a name, not a figure
        if name.endswith("_history"):
            facts[name] = value.tolist()
            continue
        if name == "divergent":
            facts |= {"divergences": int(np.sum(value)), "divergent_fraction": float(np.mean(value))}
        elif name in ("reversible", "converged"):
            facts[f"{'irreversible' if name == 'reversible' else 'unconverged'}_fraction"] = float(
                np.mean(~(value > 0))
            )
        elif value.size == 1:
            facts[name] = value.item()
        elif np.issubdtype(value.dtype, np.number):
            facts[f"mean_{name}"] = float(np.mean(value))
    return facts
