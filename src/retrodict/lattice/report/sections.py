"""Sections of the report of a lattice run: configurations, distributions, autocorrelation and cost, other samplers."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import Inexact

from retrodict.base.errors import InputError
from retrodict.base.figure import Bars, Figure, Guide, Layer, Panel
from retrodict.base.format import value_with_error
from retrodict.base.section import Cell, Run, Section, Table
from retrodict.generate.exact import MAX_PARETO_K
from retrodict.inference.findings.particles import ANCESTORS, Population
from retrodict.inference.findings.weights import Evidence, ImportanceWeights
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.io.saved_configurations import saved_configurations
from retrodict.lattice.report.baselines import Sampler, SamplerRun, baselines, run_for
from retrodict.lattice.report.distributions import distributions
from retrodict.lattice.report.learning import learning
from retrodict.lattice.report.pictures import pictures
from retrodict.lattice.samplers.chain_diagnostics import Thermalised, updates_from_json
from retrodict.lattice.samplers.proposal_diagnostics import ModelDensity
from retrodict.problem.target import Estimated
from retrodict.run.diagnostic import from_json, pick
from retrodict.run.log import read_events

if TYPE_CHECKING:
    from retrodict.run.result import Result

DEFAULT_SECONDS: Final = 10.0
THIS: Final = "this run"
MILLI: Final = 1e3


def sections(result: "Result", target: AbstractAction, *, run: Run | None = None) -> tuple[Section, ...]:
    """The sections of the report that only a lattice run has.

    Args:
        result: the result of a run.
        target: its action.
        run: the directory and the arguments of the run.

    Returns:
        Configurations, distributions, autocorrelation and cost, and other samplers; nothing for a point, which has no
        means.
    """
    if not result.estimated:
        return ()
    final = saved_configurations(run.directory, target) if run is not None else None
    parts = [] if final is None else [_configurations(target, final)]
    figures = distributions(result, target, final)
    parts += [Section("distributions", "Distributions", "", None, figures)] if figures else []
    training = learning(result, target)
    parts += [training] if training else []
    parts.append(sampling(result, target, run))
    if run is not None and run.arguments.get("baselines") and others(result, target):
        parts.append(methods(result, target, run=run))
    return tuple(parts)


def sampling(result: "Result", target: AbstractAction, run: Run | None) -> Section:
    """Thermalisation and acceptance in words, and a table of autocorrelation times and costs.

    Args:
        result: the result of a run.
        target: its action.
        run: the directory and the arguments of the run.
    """
    numbers, seconds = result.quantities(), cpu_seconds(result, run)
    rows: list[tuple[Cell, ...]] = []
    for name in (*target.slow, *(function.name for function in target.mean_functions)):
        row = numbers[name]
        size = row.get("effective_size")
        cost = MILLI * seconds / size if seconds and size and "tau_int" in row else None
        value = value_with_error(row["mean"], row["error"])
        tau = value_with_error(row["tau_int"], row["tau_int_error"]) if "tau_int" in row else None
        rows.append((result.label(name), value, tau, f"{size:.0f}" if size else None, cost))
    head = ("Observable", "Value", r"$\tau_\mathrm{int}$ (steps)", "Effective samples", "CPU ms for one")
    return Section("sampling", "Autocorrelation and cost", _in_words(result, target), Table(head, tuple(rows)))


def methods(result: "Result", target: AbstractAction, *, run: Run | None = None) -> Section:
    """Run other samplers of the same action, each for its share of the time, and compare them with this run.

    Args:
        result: the result of a run.
        target: its action.
        run: the directory and the arguments of the run.

    Raises:
        InputError: for a run without means to compare with.
    """
    if not result.estimated:
        fix = "a run by one that samples, such as HMC"
        raise InputError("this run has sampled nothing", got=str(result.tree.attrs["method"]), fix=fix)
    seconds = DEFAULT_SECONDS if run is None else run.arguments.get("baselines") or DEFAULT_SECONDS
    samplers = others(result, target)
    runs = [run_for(target, name, method, seconds / len(samplers)) for name, method in samplers.items()]
    names = compared(target)
    head = ("Sampler", *(_label(result, name) for name in names), r"$\tau_\mathrm{int}$", "CPU ms for one", "Remark")
    own = (THIS, *(_value(result, name) for name in names), *_own_cost(result, target, run))
    rows = (own, *(_row(other, target, names) for other in runs))
    text = (
        f"The same action, sampled by others for about {seconds / max(len(samplers), 1):.0f} CPU seconds each, with"
        " standard errors. The autocorrelation time, in steps of one chain, is that of the slowest of these numbers,"
        " the cost that of one effective sample of it, without compilation and warm-up; of independent draws, their"
        " weights say how many are effective. Times depend on the machine, their ratios less so."
    )
    return Section("methods", "Other samplers", text, Table(head, rows), (_figure(result, names, runs),))


def others(result: "Result", target: AbstractAction) -> dict[str, Sampler]:
    """The baselines of the method of this run."""
    return baselines(target, str(result.tree.attrs["method"]), result.provenance["method"])


def compared(target: AbstractAction) -> tuple[str, ...]:
    """The observables by which samplers are compared: the slow ones and the first function of means."""
    return (*target.slow, *(function.name for function in target.mean_functions[:1]))


def cpu_seconds(result: "Result", run: Run | None) -> float | None:
    """CPU seconds that the draws have cost, after compilation: of all stages where there is training."""
    warmup = result.provenance["method"].get("warmup") or 0
    seconds = None if run is None else step_seconds(run.directory, warmup)
    model = from_json(ModelDensity, result.diagnostics)
    steps = result.diagnostics["draws"] if model is None else model.steps_in_all
    return seconds * steps if seconds else None


def step_seconds(directory: Path, warmup: int = 0) -> float | None:
    """CPU seconds of a step, from the log of a run, without compilation.

    Args:
        directory: the run directory.
        warmup: number of first steps that do not count.

    Returns:
        The seconds; None where the log does not hold them.
    """
    path = directory / "events.jsonl"
    events = read_events(path) if path.is_file() else []
    spent, steps, before, fresh = 0.0, 0, 0, True
    for event in events:
        if event.get("event") in ("started", "resumed"):
            fresh = True
        if event.get("event") == "chunk":
            if not fresh and "cpu" in event and before >= warmup:
                spent, steps = spent + event["cpu"], steps + event["step"] - before
            before, fresh = event["step"], False
    return spent / steps if steps else None


def _configurations(target: AbstractAction, final: Inexact[np.ndarray, "chain ..."]) -> Section:
    text = f"Of {len(final)} configurations that the run has kept; `configurations.bin` holds them."
    return Section("configurations", "Configurations", text, None, (pictures(target, final),))


def _in_words(result: "Result", target: AbstractAction) -> str:
    thermalised = from_json(Thermalised, result.diagnostics)
    slow = ", ".join(f"`{name}`" for name in target.slow)
    sentences = []
    if thermalised is not None:
        length = f"the shortest chain is {thermalised.shortest_chain:.0f} autocorrelation times long, by {slow}"
        verdict, agree = (
            ("are thermalised", "early and late parts agree, and so do ordered and disordered starts")
            if thermalised.thermalised
            else (
                "are NOT thermalised",
                "early and late parts, or ordered and disordered starts, disagree, or the chains are too short to tell",
            )
        )
        sentences.append(f"The chains {verdict}: {length}; {agree}.")
    for update in updates_from_json(result.diagnostics):
        if update.acceptance < 1:
            sentences.append(f"{update.update} is accepted {update.acceptance:.0%} of the time.")
        if update.exp_dh is not None:
            violation = value_with_error(update.exp_dh, update.exp_dh_error or 0.0)
            sentences.append(f"<exp(-dH)> of {update.update} = {violation}; it should be 1.")
    trained = from_json(ModelDensity, result.diagnostics) is not None
    included = "after compilation, training included" if trained else "after compilation and warm-up"
    sentences.append(f"Costs are CPU times {included}.")
    return " ".join(sentences)


def _own_cost(result: "Result", target: AbstractAction, run: Run | None) -> tuple[Cell, Cell, Cell]:
    """tau_int of the slowest observable, the cost of one sample of it, and the verdict."""
    numbers, seconds = result.quantities(), cpu_seconds(result, run)
    correlated = {name: numbers[name] for name in target.slow if "tau_int" in numbers.get(name, {})}
    if not correlated:
        return None, None, f"verdict {result.verdict.status}"
    row = max(correlated.values(), key=lambda row: row["tau_int"])
    cost = MILLI * seconds / row["effective_size"] if seconds else None
    return value_with_error(row["tau_int"], row["tau_int_error"]), cost, f"verdict {result.verdict.status}"


def _row(other: SamplerRun, target: AbstractAction, names: tuple[str, ...]) -> tuple[Cell, ...]:
    numbers = other.numbers()
    if not numbers:
        return other.name, *(None for _ in names), None, None, "not far enough in its time"
    values = [value_with_error(float(numbers[name].value), float(numbers[name].error)) for name in names]
    slow = [numbers[name] for name in target.slow if numbers[name].effective_size]
    if not slow:
        return other.name, *values, None, None, "nothing moved"
    worst = min(slow, key=lambda estimate: estimate.effective_size or 0.0)
    tau = None if worst.tau is None else value_with_error(worst.tau, worst.tau_error or 0.0)
    cost = other.cost(worst.about.name)
    return other.name, *values, tau, None if cost is None else MILLI * cost, _remark(other, slow)


def _remark(other: SamplerRun, slow: list[Estimated]) -> str:
    """Doubts about the errors of the row, or that there are none."""
    if evidence := pick(Evidence, other.diagnostics):
        ln_z = value_with_error(float(evidence.log_evidence), float(evidence.log_evidence_error or 0.0))
        population, weights = pick(Population, other.diagnostics), pick(ImportanceWeights, other.diagnostics)
        few = population is not None and float(population.ancestors) < ANCESTORS.warn
        heavy = weights is not None and float(weights.pareto_k) > MAX_PARETO_K
        doubt = "; too few ancestors: errors too small" if few else "; heavy weights: errors too small" if heavy else ""
        return f"{'independent draws; ' if weights else ''}ln Z = {ln_z}{doubt}"
    thermalised = pick(Thermalised, other.diagnostics)
    if not all(estimate.complete for estimate in slow) or (thermalised and not thermalised.thermalised):
        return "not thermalised: errors too small"
    return "thermalised"


def _figure(result: "Result", names: tuple[str, ...], runs: list[SamplerRun]) -> Figure:
    panels = []
    for name in names:
        row, label = result.quantities()[name], _label(result, name)
        values = {THIS: (row["mean"], row["error"])}
        values |= {
            other.name: (float(other.numbers()[name].value), float(other.numbers()[name].error))
            for other in runs
            if other.estimates
        }
        finite = {sampler: pair for sampler, pair in values.items() if pair[1] == pair[1]}
        bars = Bars(tuple(finite), [pair[0] for pair in finite.values()], [pair[1] for pair in finite.values()])
        exact: list[Layer] = [Guide(row["exact"], vertical=True, label="exact")] if "exact" in row else []
        panels.append(Panel(label, "", (*exact, bars), row["unit"]))
    caption = "The slow observables by each sampler, with standard errors."
    return Figure("methods", "Other samplers", caption, tuple(panels))


def _label(result: "Result", name: str) -> str:
    return result.label(name) if name in result.quantities() else name


def _value(result: "Result", name: str) -> str:
    row = result.quantities()[name]
    return value_with_error(row["mean"], row["error"])
