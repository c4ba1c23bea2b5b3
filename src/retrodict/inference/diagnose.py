"""All records of diagnostics of a run: those of the method, and those that follow from draws, target and data."""

from typing import Final

import jax
import numpy as np

from retrodict.base.types import Float
from retrodict.inference.compare import Comparison
from retrodict.inference.estimates import EstimateQuality
from retrodict.inference.evaluate import Evaluated
from retrodict.inference.findings.chains import Convergence, SignChanges, Values, convergence, sign_changes
from retrodict.inference.findings.draws import DrawCount, draw_means, validity
from retrodict.inference.findings.fit import FitQuality
from retrodict.inference.findings.information import Information
from retrodict.inference.findings.notes import ProblemNotes
from retrodict.inference.findings.particles import particle_sizes
from retrodict.inference.findings.weights import ImportanceWeights, weigh
from retrodict.problem.target import AbstractTarget, Estimated
from retrodict.run.diagnostic import Diagnostic, pick
from retrodict.run.method import Draws

FEWEST: Final = 8  # draws a chain below which convergence cannot be judged
LATENTS: Final = 256  # latents looked at, evenly chosen: a network has thousands, all alike


def diagnose(
    target: AbstractTarget,
    draws: Draws,
    evaluated: Evaluated,
    *,
    estimates: tuple[Estimated, ...] = (),
    comparison: Comparison | None = None,
    idle: int = 0,
) -> tuple[Diagnostic, ...]:
    """Collect the records of all producers.

    Args:
        target: what was sampled.
        draws: the answer of the method, on the host.
        evaluated: the same draws evaluated, one after the other.
        estimates: what the target estimates from them.
        comparison: the draws beside data and prior; None for a target without data.
        idle: number of draws of negligible weight that were left out before.
    """
    chains, count = draws.log_weight.shape
    sampling = () if draws.kind == "point" else _sampling(target, draws, evaluated, idle)
    signs = pick(SignChanges, sampling)
    chains_only = pick(Convergence, sampling) is not None
    quality = EstimateQuality(estimates, signs.undecided if signs else (), draws.kind == "exact", chains_only)
    data = () if comparison is None else _data(target, comparison)
    return (
        DrawCount(draws.kind, chains, count, idle, bool(estimates)),
        *sampling,
        *(record for record in draws.diagnostics if pick(type(record), sampling) is None),
        validity(np.asarray(draws.log_weight), evaluated.valid, evaluated.derived),
        draw_means(np.asarray(draws.log_weight), {name: np.asarray(x) for name, x in draws.statistics.items()}),
        *data,
        quality,
        ProblemNotes(target.notes),
    )


def _sampling(target: AbstractTarget, draws: Draws, evaluated: Evaluated, idle: int) -> tuple[Diagnostic, ...]:
    """What weights, genealogy or chains say, whichever the draws have."""
    log_weight = np.asarray(draws.log_weight)
    equal = np.all(np.isfinite(log_weight)) and np.ptp(log_weight) == 0
    if idle or not equal:
        valid = np.where(evaluated.valid, np.ravel(log_weight), -np.inf)
        return (weigh(pick(ImportanceWeights, draws.diagnostics), valid, exact=draws.kind == "exact"),)
    values, latents = _values(target, log_weight.shape, evaluated), _latents(draws)
    if draws.ancestor is not None:
        return (particle_sizes(values or latents, np.ravel(draws.ancestor), derived=bool(values)),)
    if draws.kind != "exact" or log_weight.shape[1] < FEWEST:
        return ()
    signs = (sign_changes(values, target.odd),) if target.odd else ()
    return convergence(values, target.decisive, latents), *signs


def _data(target: AbstractTarget, comparison: Comparison) -> tuple[Diagnostic, ...]:
    """Fit, and what was learnt."""
    rank, prior_invalid = comparison.seen.effective_rank, float(np.mean(~comparison.prior.valid))
    spreads = comparison.shrinkage, target.quantities, comparison.narrowing
    learnt = Information(len(comparison.best), rank, prior_invalid, *spreads)
    return FitQuality(*(comparison.fit[name] for name in ("chi2", "dof", "p"))), learnt


def _values(target: AbstractTarget, shape: tuple[int, ...], evaluated: Evaluated) -> dict[str, Values]:
    """The derived quantities `(chain, draw, point)`, of functions the points at which all draws have a value."""
    values = {q.name: evaluated.derived[q.name].reshape(*shape, -1) for q in target.quantities}
    return {name: column[..., np.all(np.isfinite(column), axis=(0, 1))] for name, column in values.items()}


def _latents(draws: Draws) -> dict[str, Float[np.ndarray, "chain draw latent"]]:
    """The latents, at most about `LATENTS` of them; nothing for a configuration made of several arrays."""
    leaves = jax.tree.leaves(draws.position)
    if len(leaves) != 1:
        return {}
    values = np.reshape(leaves[0], (*draws.log_weight.shape, -1))
    return {"the latents": values[..., :: max(1, values.shape[-1] // LATENTS)]}
