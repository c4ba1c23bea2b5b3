"""Everything that an inference found, as one tree with ArviZ's group and dimension names."""

import dataclasses
import json
from typing import Any

import jax
import numpy as np
import xarray as xr

from retrodict import __version__
from retrodict.base.types import JSON
from retrodict.inference.compare import Comparison
from retrodict.inference.evaluate import Evaluated
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import AbstractTarget, Estimated, Quantity
from retrodict.run.diagnostic import DIAGNOSTICS_SCHEMA, Diagnostic, to_json
from retrodict.run.method import Draws, Method
from retrodict.run.result import Result, plain
from retrodict.run.result_files import SCHEMA_VERSION
from retrodict.run.verdict import Verdict


def assemble(
    target: AbstractTarget,
    method: Method,
    seed: int,
    draws: Draws,
    found: Evaluated,
    answers: tuple[Estimated, ...],
    diagnostics: tuple[Diagnostic, ...],
    compared: Comparison | None,
    verdict: Verdict,
) -> Result:
    """Put everything into one result.

    Args:
        target: what was sampled.
        method: the algorithm, of which name, settings and references are noted.
        seed: of the run.
        draws: the answer of the method.
        found: the same draws evaluated, one after the other.
        answers: what the target estimates.
        diagnostics: records of all producers.
        compared: the draws beside data and prior; None for a target without data.
        verdict: the outcome of the findings.
    """
    shape = draws.log_weight.shape
    posterior = _derived(target.quantities, found.derived, shape)
    leaves = jax.tree.leaves(draws.position)
    if len(leaves) == 1 and np.ndim(leaves[0]) == 3:
        posterior["z"] = (("chain", "draw", "latent"), np.asarray(leaves[0]))
    groups = {"/posterior": posterior, "/sample_stats": _statistics(draws, found)}
    if answers:
        groups["/estimates"] = _estimates(answers)
    if compared is not None:
        groups |= _compared(target, compared)
    attributes = _attributes(target, method, seed, diagnostics, verdict)
    return Result(xr.DataTree.from_dict({"/": xr.Dataset(attrs=attributes), **groups}))


def _derived(quantities: tuple[Quantity, ...], derived: dict[str, np.ndarray], shape: tuple[int, ...]) -> xr.Dataset:
    """Derived quantities over (chain, draw[, <name>_grid])."""
    chain, draw = (np.arange(size) for size in shape)
    dataset = xr.Dataset(coords={"chain": chain, "draw": draw})
    for quantity in quantities:
        grid = f"{quantity.name}_grid"
        dims = ("chain", "draw", *((grid,) if quantity.is_function else ()))
        values = derived[quantity.name].reshape(*shape, *derived[quantity.name].shape[1:])
        meaning = {name: getattr(quantity, name) for name in ("unit", "label", "grid_name", "grid_unit", "column")}
        if quantity.is_function:
            meaning["grid_name"] = quantity.grid_name or "x"
            dataset = dataset.assign_coords({grid: (grid, quantity.x, {"unit": quantity.grid_unit})})
        dataset[quantity.name] = (dims, values, meaning)
    return dataset


def _estimates(answers: tuple[Estimated, ...]) -> xr.Dataset:
    """`NAME` and `NAME_error`, a number or over the grid of the function, with what is known about both."""
    dataset = xr.Dataset()
    for one in answers:
        quantity, grid = one.about, f"{one.about.name}_grid"
        dims = (grid,) if quantity.is_function else ()
        meaning = {name: getattr(quantity, name) for name in ("unit", "label")}
        known = {"tau_int": one.tau, "tau_int_error": one.tau_error, "effective_size": one.effective_size}
        known |= {"exact": one.exact, "deviation": one.deviation}
        meaning |= {name: float(number) for name, number in known.items() if number is not None}
        if quantity.is_function:
            dataset = dataset.assign_coords({grid: (grid, quantity.x)})
        dataset[quantity.name] = (dims, np.asarray(one.value, dtype=float), meaning)
        dataset[f"{quantity.name}_error"] = (dims, np.asarray(one.error, dtype=float))
    return dataset


def _statistics(draws: Draws, found: Evaluated) -> xr.Dataset:
    shape = draws.log_weight.shape
    columns = {"log_weight": draws.log_weight, "log_likelihood": found.log_likelihood, "lp": found.log_density}
    columns |= {"valid": found.valid}
    columns |= {} if draws.ancestor is None else {"ancestor": draws.ancestor}
    columns |= {name: value for name, value in draws.statistics.items() if np.shape(value) == shape}
    return xr.Dataset({name: (("chain", "draw"), np.reshape(value, shape)) for name, value in columns.items()})


def _compared(target: AbstractTarget, compared: Comparison) -> dict[str, xr.Dataset]:
    fit: dict[str, Any] = {"pulls": ("pull", compared.pulls), "best": ("latent", compared.best)}
    fit |= _fit_by_term(compared)
    seen: dict[str, Any] = {"singular_values": ("latent", compared.seen.singular_values)}
    seen |= {"directions": (("mode", "latent"), compared.seen.directions)}
    for name, values in compared.shrinkage.items():
        seen[f"shrinkage_{name}"] = ((f"{name}_grid",) if values.ndim else (), values)
    count = len(compared.prior.valid)
    prior = _derived(target.quantities, compared.prior.derived, (1, count))
    prior["valid"] = (("chain", "draw"), compared.prior.valid[None])
    return {
        "/prior": prior,
        "/fit": xr.Dataset(fit, _pull_names(target, compared), attrs=dict(compared.fit)),
        "/identifiability": xr.Dataset(seen, attrs={"effective_rank": compared.seen.effective_rank}),
        "/observed_data": _data(target),
    }


def _pull_names(target: AbstractTarget, compared: Comparison) -> dict[str, list[str]]:
    """The coordinate of the pulls, where the likelihood labels them, and the names of the terms of a product."""
    labels = [label for labels in compared.labels.values() for label in labels]
    if not labels and isinstance(target, Posterior):
        labels = list(target.likelihood.labels)
    names = {"term": list(compared.labels)} if compared.labels else {}
    return {"pull": labels, **names} if len(labels) == len(compared.pulls) else names


def _fit_by_term(compared: Comparison) -> dict[str, Any]:
    """chi2 and number of points of each term of a product, and the term to which each pull belongs."""
    if not compared.labels:
        return {}
    points = np.asarray([len(labels) for labels in compared.labels.values()])
    parts = np.split(compared.pulls, np.cumsum(points)[:-1])
    return {
        "term_chi2": ("term", np.asarray([np.sum(part**2) for part in parts])),
        "term_points": ("term", points),
        "pull_term": ("pull", np.repeat(np.arange(len(points)), points)),
    }


def _data(target: AbstractTarget) -> xr.Dataset:
    """The data leaf by leaf: `data_0`, `data_1`, ..., or `NAME`, `NAME_0`, ... by the names of the terms."""
    if not isinstance(target, Posterior):
        return xr.Dataset()
    named: dict[str, np.ndarray] = {}
    for name, term in target.likelihood.terms.items():
        leaves = jax.tree.leaves(term.data)
        named |= {name if len(leaves) == 1 else f"{name}_{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
    if not named:
        leaves = jax.tree.leaves(target.likelihood.data)
        named = {f"data_{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
    return xr.Dataset({name: ([f"{name}_{axis}" for axis in range(leaf.ndim)], leaf) for name, leaf in named.items()})


def _attributes(
    target: AbstractTarget, method: Method, seed: int, diagnostics: tuple[Diagnostic, ...], verdict: Verdict
) -> dict[str, Any]:
    figures = {"schema": DIAGNOSTICS_SCHEMA, **to_json(diagnostics)}
    settings = dataclasses.asdict(method)  # type: ignore[call-overload]
    parts = {name: type(part).__name__ for name, part in vars(target).items() if dataclasses.is_dataclass(part)}
    return {
        "schema_version": SCHEMA_VERSION,
        "retrodict_version": __version__,
        "target": f"{type(target).__name__}({', '.join(parts.values())})",
        "method": type(method).__name__,
        "seed": seed,
        "verdict": json.dumps(plain(dataclasses.asdict(verdict))),
        "diagnostics": json.dumps(plain(figures)),
        "provenance": json.dumps({"method": plain(settings), "target": parts}),
        "references": json.dumps(_references(method, figures)),
    }


def _references(method: Method, figures: dict[str, JSON]) -> list[str]:
    """BibTeX keys of the method and of the diagnostics that were computed."""
    used = {"vehtari2021": "rhat" in figures, "vehtari2024": "pareto_k" in figures}
    return list(dict.fromkeys([*method.references, *(key for key, yes in used.items() if yes)]))
