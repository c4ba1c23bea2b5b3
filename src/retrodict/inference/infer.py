"""The one verb: from a target and a method to a result with its diagnostics, its fit and its verdict."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import jax
import jax.random as jr
import numpy as np

from retrodict.base.atomic import write_bytes
from retrodict.inference.assemble import assemble
from retrodict.inference.compare import compare
from retrodict.inference.estimates import estimates_of, facts_of_estimates
from retrodict.inference.evaluate import Evaluated, evaluate, rows
from retrodict.inference.facts import facts_of
from retrodict.inference.verdict import assess
from retrodict.num.weighted import normalised_weights
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget
from retrodict.run.directory import RunDirectory
from retrodict.run.loop import advance
from retrodict.run.manifest import record_outputs
from retrodict.run.method import Draws, Method
from retrodict.run.result import NUMBERS_FILE, TREE_FILE, Result

IDLE: Final = 1e-6  # of the weight, that draws which are left out may carry together
PRIOR_KEY: Final = 0xFFFF_FFFF  # of the prior draws: an index that no step of the loop reaches


def infer(
    target: AbstractTarget,
    method: Method,
    *,
    seed: int = 0,
    path: str | Path | RunDirectory | None = None,
    resume: bool = False,
    force: bool = False,
    progress: bool | None = None,
    max_time: float | None = None,
    prior_draws: int = 1000,
) -> Result:
    """Run `method` on `target` and judge the outcome.

    With a `path` the run lives in that directory: log, checkpoints, `result.nc` and `result.json`; `resume` goes on
    with an interrupted run bit-identically, `force` discards what is there. With `progress` None it is shown on a
    terminal only. `prior_draws` are drawn beside (where there is a prior) to say what the data have added.

    Where several processes run together (`jax.distributed`), all must call this alike; the first one writes.

    Raises `InputError` if the method cannot serve this target or the directory cannot be used, `NotFiniteError` if a
    step is not finite, `Interrupted` (a checkpoint is written) on SIGTERM, SIGINT or after `max_time` seconds.
    """
    method.check(target)
    shown = sys.stderr.isatty() if progress is None else progress
    with ExitStack() as stack:
        directory = RunDirectory(path) if isinstance(path, str | Path) else path
        directory = directory if jax.process_index() == 0 else None
        if directory is not None:
            stack.enter_context(directory.claim(resume=resume, force=force))
        finished = advance(
            target, method, seed=seed, directory=directory, resume=resume, progress=shown, max_time=max_time
        )
        draws = method.finish(target, finished.state, finished.history)
        result = conclude(target, method, draws, seed=seed, prior_draws=prior_draws)
        files = _files(target, draws) if path is not None else {}  # by all processes: draws may lie on their devices
        if directory is not None:
            result.save(directory.path)
            for name, data in files.items():
                write_bytes(directory.path / name, data)
            record_outputs(directory, [TREE_FILE, NUMBERS_FILE, *files])
            directory.update(verdict=result.verdict.status)
    return result


def conclude(target: AbstractTarget, method: Method, draws: Draws, *, seed: int = 0, prior_draws: int = 1000) -> Result:
    """Everything after the loop: evaluate the draws, compare with the prior, look at the fit, judge.

    For draws that were come by in another way, too: only the name and the settings of `method` are looked at.
    """
    draws = without_idle(jax.device_get(draws))
    found = evaluate(target, rows(draws.position))
    answers = () if draws.kind == "point" else estimates_of(target, draws, found)
    facts, compared = facts_of(target, draws, found) | facts_of_estimates(answers), None
    if isinstance(target, AbstractLeastSquares):
        compared = compare(target, draws, found, _prior(target, seed, prior_draws))
        facts |= compared.facts
    fit, learnt = (compared.fit, compared.shrinkage) if compared else ({}, {})
    verdict = assess(facts, fit, learnt, target.quantities, target.notes)
    return assemble(target, method, seed, draws, found, answers, facts, compared, verdict)


def _files(target: AbstractTarget, draws: Draws) -> dict[str, bytes]:
    """By name: what the target wants kept of the positions at which chains ended, and what the method does."""
    final = target.files(jax.device_get(draws.final)) if draws.final is not None else {}
    return {**final, **draws.files()}


def without_idle(draws: Draws) -> Draws:
    """A weighted cloud without the draws that together carry less than `IDLE` of the weight.

    They move no number by a visible digit, and of a bank of prior draws they are most: neither evaluated again nor
    stored, they are counted as `idle_draws`. Chains, which have an order, stay whole.
    """
    log_weight = np.asarray(draws.log_weight)
    chains, count = log_weight.shape
    if chains > 1 or not np.ptp(log_weight) > 0:
        return draws
    share = normalised_weights(log_weight[0], np.isfinite(log_weight[0]))
    order = np.argsort(share)
    idle = np.zeros(count, dtype=bool)
    idle[order] = np.cumsum(share[order]) < IDLE
    if not idle.any():
        return draws

    def kept(leaf: Any) -> Any:
        return leaf[:, ~idle] if np.shape(leaf)[:2] == (1, count) else leaf

    statistics = {name: kept(value) for name, value in draws.statistics.items()}
    statistics["idle_draws"] = np.asarray(int(idle.sum()))
    position, log_weight = jax.tree.map(kept, draws.position), kept(draws.log_weight)
    return draws._replace(position=position, log_weight=log_weight, statistics=statistics)


def _prior(target: AbstractLeastSquares, seed: int, count: int) -> Evaluated:
    """Derived quantities of draws from the prior."""
    keys = jr.split(jr.fold_in(jr.key(seed), PRIOR_KEY), count)
    return evaluate(target, jax.jit(jax.vmap(target.init))(keys))
