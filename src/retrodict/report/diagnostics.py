"""Convergence: what a run noted about itself, in words, by what it is about. The raw names are in `result.json`."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from retrodict.base.types import JSON
from retrodict.inference.findings.chains import R_HAT, SAMPLE_SIZE
from retrodict.inference.findings.draws import INVALID
from retrodict.inference.findings.particles import ANCESTORS
from retrodict.inference.findings.weights import PARETO_K
from retrodict.report.draws import functions, scalars
from retrodict.report.html import Safe, join, label, table, tag
from retrodict.report.tables import DASH, number
from retrodict.run.result import Result


class Meaning(NamedTuple):
    """One figure in words."""

    words: str  # with its unit, if it has one; a figure without a unit is a number or a fraction
    limit: str = ""  # where it should be


DRAWS, CHAINS, WEIGHTS = "Draws", "Chains", "Weights and evidence"
SEARCHES, INFORMATION = "Searches", "Prior and data"
MODEL, DATA, OTHER = "Model", "Training configurations", "Also noted"
GROUPS: Final[Mapping[str, Mapping[str, Meaning]]] = {
    DRAWS: {
        "chains": Meaning("chains"),
        "draws": Meaning("draws of a chain"),
        "idle_draws": Meaning("further draws, of no weight"),
        "invalid_fraction": Meaning("draws without a likelihood (fraction)", f"≤ {INVALID.warn:g}"),
        "mean_acceptance": Meaning("acceptance, mean"),
        "mean_misfit": Meaning("χ² of the residuals, mean"),
        "mean_tree_depth": Meaning("doublings of a trajectory, mean"),
        "mean_gradients": Meaning("gradients a draw, mean"),
        "mean_energy": Meaning("energy, mean"),
    },
    CHAINS: {
        "latent_rhat": Meaning("R-hat of the worst latent", f"≤ {R_HAT.warn:g}"),
        "divergent_fraction": Meaning("divergent transitions (fraction)", "0"),
        "irreversible_fraction": Meaning("irreversible trajectories, refused (fraction)"),
        "restarted": Meaning("chains restarted in the warm-up"),
        "step_size": Meaning("step of the integrator (time of the trajectory)"),
        "thermalised": Meaning("thermalised", "yes"),
        "shortest_chain": Meaning("length of a chain (autocorrelation times)"),
    },
    WEIGHTS: {
        "weight_ess": Meaning("effective draws after weighting", f"≥ {SAMPLE_SIZE.warn:g}"),
        "importance_ess": Meaning("effective draws by the raw weights"),
        "ess": Meaning("effective draws by the weights (fraction)"),
        "pareto_k": Meaning("tail index of the weights, Pareto k", f"≤ {PARETO_K.warn:g}"),
        "log_weight_variance": Meaning("variance of ln w"),
        "ancestors": Meaning("prior draws that the particles stem from (effective)", f"≥ {ANCESTORS.warn:g}"),
        "beta": Meaning("power of the likelihood that was reached", "1"),
        "log_evidence": Meaning("ln Z"),
        "log_evidence_error": Meaning("standard error of ln Z"),
    },
    SEARCHES: {
        "unconverged_fraction": Meaning("searches that did not converge (fraction)", "0"),
        "kept_fraction": Meaning("members kept by their fit (fraction)"),
        "basins": Meaning("separate valleys in which members sit", "1"),
        "outside_main_basin": Meaning("members outside the main valley (fraction)"),
        "log_density": Meaning("ln of the density at the optimum"),
        "misfit": Meaning("χ² at the optimum"),
        "loss": Meaning("loss of the last step"),
        "validation": Meaning("best validation loss"),
    },
    INFORMATION: {
        "latents": Meaning("latents"),
        "effective_rank": Meaning("latent directions that the data determine"),
        "prior_invalid_fraction": Meaning("prior draws without a likelihood (fraction)"),
    },
    MODEL: {
        "density_mismatch": Meaning("largest difference of ln q of a draw, computed in two ways"),
        "uncovered": Meaning("held-out configurations that it hardly draws (fraction)", "0"),
        "held_out": Meaning("held-out configurations"),
        "ess_of_data": Meaning("effective draws by the held-out configurations (fraction)"),
        "raw_imbalance": Meaning("imbalance of the signs (standard errors)"),
        "steps_in_all": Meaning("steps of all stages"),
    },
}
_PLACE = {name: (group, meaning) for group, names in GROUPS.items() for name, meaning in names.items()}
# Figures of one update of a chain, or of one quantity: the name of which is the rest of theirs.
_OF: Final[tuple[tuple[str, str, Meaning], ...]] = (
    (r"acceptance_of_(\w+)", CHAINS, Meaning("acceptance of the {}")),
    (r"exp_dH_of_(\w+)_error", CHAINS, Meaning("standard error of ⟨exp(−ΔH)⟩ of the {}")),
    (r"exp_dH_of_(\w+)", CHAINS, Meaning("⟨exp(−ΔH)⟩ of the {}", "1")),
    (r"step_size_of_(\w+)", CHAINS, Meaning("step of the {} (time of the trajectory)")),
    (r"raw_sign_(\w+)", MODEL, Meaning("mean sign of {} over its draws", "0")),
    (r"mean_(\w+)", DRAWS, Meaning("{}, mean")),
)
_ENDS = ("", "_error", "_tau", "_tau_error")  # of the figures of an estimated number
_IN_OTHER_TABLES = {"schema", "kind", "per_quantity", "divergences", "undefined_fraction"}


def convergence_table(result: Result) -> Safe | None:
    """R-hat and effective sample sizes of each quantity; None where there are no chains to compare."""
    each = result.diagnostics.get("per_quantity") or {}
    if not isinstance(each, dict) or not each:
        return None
    names = {variable.name: label(variable.label) for variable in [*scalars(result), *functions(result)]}
    rows = [[names.get(name, name), *_convergence_cells(row)] for name, row in each.items()]
    content = table(["Quantity", "R-hat", "bulk ESS", "tail ESS"], rows, name="Convergence")
    return tag("div", tag("h3", "Chains by quantity"), content)


def _convergence_cells(row: Mapping[str, JSON]) -> Iterable[str]:
    rhat, bulk, tail = (row.get(name) for name in ("rhat", "ess_bulk", "ess_tail"))
    yield f"{rhat:.3f}{_mark(rhat > R_HAT.warn)}" if rhat is not None else DASH
    for size in (bulk, tail):
        yield f"{size:.0f}{_mark(size < SAMPLE_SIZE.warn)}" if size is not None else DASH


def _mark(bad: bool) -> str:
    return " ▲" if bad else ""


def diagnostics_tables(result: Result) -> Safe:
    """Everything else that the run noted about itself: one small table for each thing that it is about."""
    rows: dict[str, list[list[str]]] = {}
    for name, value in _figures(result).items():
        group, meaning = meaning_of(name)
        rows.setdefault(group, []).append([meaning.words, number(value), meaning.limit])
    order = [group for group in (*GROUPS, DATA, OTHER) if group in rows]
    return join(_group(name, rows[name]) for name in order)


def meaning_of(name: str) -> tuple[str, Meaning]:
    """What a figure is about, and its words; those of the training configurations are marked `data_`."""
    if name in _PLACE:
        return _PLACE[name]
    if name.startswith("data_"):
        return DATA, meaning_of(name.removeprefix("data_"))[1]
    for pattern, group, meaning in _OF:
        if found := re.fullmatch(pattern, name):
            return group, Meaning(meaning.words.format(_in_words(found[1])), meaning.limit)
    return OTHER, Meaning(_in_words(name))


def _in_words(name: str) -> str:
    """`WindingStep` and `winding_step` as `winding step`; a symbol, `M`, as it is."""
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("_", " "))
    return apart.lower() if len(name) > 2 else apart


def _figures(result: Result) -> dict[str, JSON]:
    """The figures that stand in no other table."""
    estimated = {f"{begin}{name}{end}" for begin in ("", "raw_", "data_") for name in result.estimated for end in _ENDS}
    elsewhere = _IN_OTHER_TABLES | estimated
    return {
        name: value
        for name, value in result.diagnostics.items()
        if name not in elsewhere
        and isinstance(value, int | float)
        and not name.startswith(("rhat", "ess_bulk", "ess_tail"))
    }


def _group(title: str, rows: list[list[str]]) -> Safe:
    """A table with its own heading; without a column of limits where it has none."""
    limited = any(row[-1] for row in rows)
    head = ["", "Value", *(["Should be"] if limited else [])]
    cells = rows if limited else [row[:-1] for row in rows]
    return tag("div", tag("h3", title), table(head, cells, name=title))
