"""Everything that an inference found, as one tree with ArviZ's group and dimension names."""

import dataclasses
import json
from typing import Any, Final

import jax
import numpy as np
import xarray as xr

from retrodict import __version__
from retrodict.base.types import JSON, Float, Int
from retrodict.inference.compare import Comparison
from retrodict.inference.evaluate import Evaluated
from retrodict.num.equal_weights import equally_weighted
from retrodict.num.weighted import normalised_weights
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import AbstractTarget, Estimated, Quantity
from retrodict.run.diagnostic import DIAGNOSTICS_SCHEMA, Diagnostic, to_json
from retrodict.run.method import Draws, Method
from retrodict.run.plain import plain
from retrodict.run.result import Result
from retrodict.run.result_files import SCHEMA_VERSION
from retrodict.run.verdict import Verdict

# ArviZ's names of what methods record of a draw, under which it draws divergences and looks for energies.
ARVIZ: Final = {"divergent": "diverging", "acceptance": "acceptance_rate", "gradients": "n_steps"}
POINTWISE: Final = (
    "log p(datum | parameters); where errors are correlated, log p(datum | all other data of its set, parameters)"
    " (Buerkner, Gabry, Vehtari 2021), whose sum is not the log likelihood: that is sample_stats/total_log_likelihood"
)


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
    groups = _of_draws(target, draws, found)
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


def _of_draws(target: AbstractTarget, draws: Draws, found: Evaluated) -> dict[str, xr.Dataset]:
    """The equally weighted draws; beside them the weighted ones that they represent, where these are others."""
    shape = draws.log_weight.shape
    posterior = _derived(target.quantities, found.derived, shape)
    leaves = jax.tree.leaves(draws.position)
    if len(leaves) == 1 and np.ndim(leaves[0]) == 3:
        posterior["z"] = (("chain", "draw", "latent"), np.asarray(leaves[0]))
    statistics = _statistics(draws, found)
    weights = normalised_weights(np.ravel(draws.log_weight), found.valid).reshape(shape)
    relatives = None if draws.ancestor is None else np.asarray(draws.ancestor)
    chosen = equally_weighted(weights, _columns(posterior), relatives)
    of_data = {} if found.pointwise is None else {"/log_likelihood": _pointwise(target, found, shape, chosen)}
    if chosen is None:
        return {"/posterior": posterior, "/sample_stats": statistics, **of_data}
    about = _taken(statistics, chosen).assign(bank_draw=(("chain", "draw"), chosen))
    equal = {"/posterior": _taken(posterior, chosen), "/sample_stats": about, **of_data}
    if weights.min() == weights.max() > 0:  # the same draws in another order
        return equal
    weighted = posterior.assign(log_weight=(("chain", "draw"), np.asarray(draws.log_weight)))
    return {**equal, "/weighted_posterior": weighted, "/weighted_sample_stats": statistics}


def _columns(posterior: xr.Dataset) -> Float[np.ndarray, "draw column"]:
    """The derived numbers and the latents of all draws, chains one after the other."""
    arrays = [variable.values for variable in posterior.data_vars.values() if variable.ndim == 2]
    arrays += [*np.moveaxis(posterior["z"].values, -1, 0)] if "z" in posterior else []
    count = posterior.sizes["chain"] * posterior.sizes["draw"]
    return np.stack([np.ravel(array) for array in arrays], axis=1) if arrays else np.zeros((count, 0))


def _taken(dataset: xr.Dataset, chosen: Int[np.ndarray, "chain draw"]) -> xr.Dataset:
    """Some of the draws, which are numbered chains one after the other, as chains."""

    def take(variable: xr.DataArray) -> xr.Variable:
        flat = variable.values.reshape(-1, *variable.shape[2:])
        return xr.Variable(variable.dims, flat[chosen], variable.attrs)

    grids = {name: coordinate for name, coordinate in dataset.coords.items() if name not in ("chain", "draw")}
    return _numbered(xr.Dataset({name: take(variable) for name, variable in dataset.data_vars.items()}, grids))


def _numbered(dataset: xr.Dataset) -> xr.Dataset:
    return dataset.assign_coords({name: np.arange(dataset.sizes[name]) for name in ("chain", "draw")})


def _pointwise(
    target: AbstractTarget,
    found: Evaluated,
    shape: tuple[int, ...],
    chosen: Int[np.ndarray, "chain draw"] | None,
) -> xr.Dataset:
    """Log likelihoods of single data, of the equally weighted draws."""
    assert found.pointwise is not None
    chosen = np.arange(len(found.pointwise)).reshape(shape) if chosen is None else chosen
    names = _datum_names(target, found.pointwise.shape[1])
    dataset = xr.Dataset({"data": (("chain", "draw", "datum"), found.pointwise[chosen], {"content": POINTWISE})})
    return _numbered(dataset.assign_coords(datum=names))


def _datum_names(target: AbstractTarget, count: int) -> list[str]:
    """`NAME[0]`, `NAME[1]`, ... by the terms of the likelihood; `NAME` for a term that is one datum."""
    sizes = target.data_by_term() if isinstance(target, Posterior) else {"data": count}
    return [name if size == 1 else f"{name}[{i}]" for name, size in sizes.items() for i in range(size)]


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
    columns = {"total_log_likelihood": found.log_likelihood, "lp": found.log_density, "valid": found.valid}
    columns |= {} if draws.ancestor is None else {"ancestor": draws.ancestor}
    columns |= {ARVIZ.get(name, name): value for name, value in draws.statistics.items() if np.shape(value) == shape}
    over = ("chain", "draw")
    return _numbered(xr.Dataset({name: (over, np.reshape(value, shape)) for name, value in columns.items()}))


def _compared(target: AbstractTarget, compared: Comparison) -> dict[str, xr.Dataset]:
    fit: dict[str, Any] = {"pulls": ("pull", compared.pulls), "best": ("latent", compared.best)}
    fit |= _fit_by_term(compared)
    seen: dict[str, Any] = {"singular_values": ("latent", compared.seen.singular_values)}
    seen |= {"directions": (("mode", "latent"), compared.seen.directions)}
    for name, values in compared.shrinkage.items():
        seen[f"shrinkage_{name}"] = ((f"{name}_grid",) if values.ndim else (), values)
    valid = compared.prior.valid
    derived = {name: values[valid] for name, values in compared.prior.derived.items()}
    return {
        "/prior": _derived(target.quantities, derived, (1, int(np.sum(valid)))),
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
    """The data by the names of the terms, or `data`; with a number behind, where they are several arrays."""
    if not isinstance(target, Posterior):
        return xr.Dataset()
    named: dict[str, np.ndarray] = {}
    for name, term in (target.likelihood.terms or {"data": target.likelihood}).items():
        leaves = jax.tree.leaves(term.data)
        named |= {name if len(leaves) == 1 else f"{name}_{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
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
