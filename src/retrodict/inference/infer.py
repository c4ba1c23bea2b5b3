"""The one verb: from a target and a method to a result with its diagnostics, its fit and its verdict."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final, TypeVar

import jax
import jax.random as jr
import numpy as np

from retrodict.base.atomic import write_bytes
from retrodict.base.errors import InputError
from retrodict.inference.assemble import assemble
from retrodict.inference.compare import compare
from retrodict.inference.diagnose import diagnose
from retrodict.inference.estimates import estimate
from retrodict.inference.evaluate import Evaluated, evaluate, rows
from retrodict.inference.examine import examine
from retrodict.inference.verdict import assess
from retrodict.num.weighted import normalised_weights
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget
from retrodict.run.directory import RunDirectory
from retrodict.run.loop import advance
from retrodict.run.manifest import record_outputs
from retrodict.run.method import Draws, Method, name_of
from retrodict.run.phases import Phases
from retrodict.run.result import Result
from retrodict.run.result_files import NUMBERS_FILE, TREE_FILE

IDLE: Final = 1e-6  # of the weight, that draws which are left out may carry together
PRIOR_KEY: Final = 0xFFFF_FFFF  # of the prior draws: an index that no step of the loop reaches

TargetT = TypeVar("TargetT", bound=AbstractTarget)
StateT = TypeVar("StateT")


def infer(
    target: TargetT,
    method: Method[TargetT, StateT],
    *,
    seed: int = 0,
    path: str | Path | RunDirectory | None = None,
    resume: bool = False,
    force: bool = False,
    progress: bool | None = None,
    max_time: float | None = None,
    prior_draws: int = 1000,
) -> Result:
    """Run a method on a target and assess the outcome.

    Where several processes run together (`jax.distributed`), all must call this alike; the first one writes.

    Args:
        target: what is sampled or optimised.
        method: the algorithm with its settings.
        seed: of all random numbers.
        path: the run directory, which keeps log, checkpoints, `result.nc` and `result.json`; None: nothing is written.
        resume: continue an interrupted run in `path`, bit-identically.
        force: discard what is in `path`.
        progress: whether to show how far the run is; None: on a terminal only.
        max_time: seconds after which the run stops with a checkpoint; None: no limit.
        prior_draws: draws of the prior, where there is one, with which the posterior is compared.

    Returns:
        The result with its diagnostics and its verdict.

    Raises:
        InputError: if the method cannot serve this target, or the directory cannot be used.
        NotFiniteError: if a step is not finite.
        Interrupted: on SIGTERM, SIGINT or after `max_time`; a checkpoint is written.
    """
    if isinstance(method, type):
        name = method.__name__
        raise InputError("a method is an object with its settings", got=f"the class {name}", fix=f"{name}()")
    method.check(target)
    examine(target)
    show = sys.stderr.isatty() if progress is None else progress
    with ExitStack() as stack:
        directory = RunDirectory(path) if isinstance(path, str | Path) else path
        directory = directory if jax.process_index() == 0 else None
        if directory is not None:
            stack.enter_context(directory.claim(resume=resume, force=force))
        phases = Phases(directory, wanted=show)
        prior = _prior_beside(target, seed, prior_draws)
        finished = advance(
            target, method, seed=seed, directory=directory, resume=resume, progress=show, max_time=max_time
        )
        with phases(f"finishing {name_of(method)}"):
            draws = method.finish(target, finished.state, finished.history)
        result = _conclude(target, method, draws, seed, prior, phases)
        files = _files(target, draws) if path is not None else {}  # by all processes: draws may lie on their devices
        if directory is not None:
            result.save(directory.path)
            for name, data in files.items():
                write_bytes(directory.path / name, data)
            record_outputs(directory, [TREE_FILE, NUMBERS_FILE, *files])
            directory.update(verdict=result.verdict.status)
    return result


def conclude(
    target: TargetT, method: Method[TargetT, StateT], draws: Draws, *, seed: int = 0, prior_draws: int = 1000
) -> Result:
    """Evaluate draws, compare them with the prior and the data, and assess them: everything after the loop.

    Args:
        target: what was sampled.
        method: the algorithm; only its name, settings and references are read.
        draws: its answer, or draws from elsewhere.
        seed: of the prior draws.
        prior_draws: number of draws of the prior, where there is one.

    Returns:
        The result with its diagnostics and its verdict.
    """
    return _conclude(target, method, draws, seed, lambda: _evaluate_prior(target, seed, prior_draws), Phases())


def _conclude(
    target: TargetT,
    method: Method[TargetT, StateT],
    draws: Draws,
    seed: int,
    prior: Callable[[], Evaluated | None],
    phases: Phases,
) -> Result:
    draws, idle = leave_out_idle(jax.device_get(draws))
    with phases(f"evaluating {draws.log_weight.size} draws"):
        evaluated = evaluate(target, rows(draws.position))
    with phases("estimating"):
        estimates = estimate(target, draws, evaluated)
    with phases("evaluating draws of the prior"):
        before = prior()
    comparison = None
    if isinstance(target, AbstractLeastSquares) and before is not None:
        with phases("looking for the mode, comparing with the data"):
            comparison = compare(target, draws, evaluated, before)
    with phases("assessing"):
        diagnostics = diagnose(target, draws, evaluated, estimates=estimates, comparison=comparison, idle=idle)
        verdict = assess(diagnostics)
    return assemble(target, method, seed, draws, evaluated, estimates, diagnostics, comparison, verdict)


def _prior_beside(target: AbstractTarget, seed: int, count: int) -> Callable[[], Evaluated | None]:
    """Evaluate draws of the prior in a thread of its own, beside what follows, for whoever asks for them later.

    So the program that evaluates draws is compiled while the loop samples. Where several processes run together, all
    must compute in one order: there nothing is computed before it is asked for.
    """
    if jax.process_count() > 1:
        return lambda: _evaluate_prior(target, seed, count)
    thread = ThreadPoolExecutor(1, thread_name_prefix="retrodict-prior")
    future = thread.submit(_evaluate_prior, target, seed, count)
    thread.shutdown(wait=False)
    return future.result


def _evaluate_prior(target: AbstractTarget, seed: int, count: int) -> Evaluated | None:
    """Derived quantities of draws from the prior; None for a target without one."""
    if not isinstance(target, AbstractLeastSquares):
        return None
    keys = jr.split(jr.fold_in(jr.key(seed), PRIOR_KEY), count)
    return evaluate(target, jax.jit(jax.vmap(target.init))(keys))


def _files(target: AbstractTarget, draws: Draws) -> dict[str, bytes]:
    """What target and method want to be kept in the run directory, by file name."""
    final = target.files(jax.device_get(draws.final)) if draws.final is not None else {}
    return {**final, **draws.files()}


def leave_out_idle(draws: Draws) -> tuple[Draws, int]:
    """Leave out the draws of a weighted sample that together carry less than `IDLE` of the weight.

    They change no number by a visible digit, and most draws of a bank of prior draws are such: they are neither
    evaluated again nor stored. Chains, which have an order, stay whole, and so do the optima of a search: those that
    are not the best tell whether there are others.

    Args:
        draws: the answer of a method, on the host.

    Returns:
        The other draws, and the number of those left out.
    """
    log_weight = np.asarray(draws.log_weight)
    chains, count = log_weight.shape
    if draws.kind == "point" or chains > 1 or not np.ptp(log_weight) > 0:
        return draws, 0
    share = normalised_weights(log_weight[0], np.isfinite(log_weight[0]))
    order = np.argsort(share)
    idle = np.zeros(count, dtype=bool)
    idle[order] = np.cumsum(share[order]) < IDLE
    if not idle.any():
        return draws, 0

    def leave_out(leaf: object) -> object:
        return leaf[:, ~idle] if isinstance(leaf, np.ndarray) and leaf.shape[:2] == (1, count) else leaf

    of_each_draw = (draws.position, draws.log_weight, draws.statistics, draws.diagnostics, draws.ancestor)
    position, log_weight, statistics, diagnostics, ancestor = jax.tree.map(leave_out, of_each_draw)
    others = Draws(position, log_weight, draws.kind, statistics, draws.final, draws.files, diagnostics, ancestor)
    return others, int(idle.sum())
