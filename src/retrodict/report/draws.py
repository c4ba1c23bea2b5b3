"""What the figures and tables take out of a result: draws with their meaning, groups that may be absent."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import xarray as xr
from jaxtyping import Float, Real

from retrodict.run.result import Result


@dataclass(frozen=True)
class Variable:
    """A derived quantity, a number or a function on a grid: its draws from posterior and prior, and its meaning.

    Args:
        name: as in the result.
        label: as in figures and tables.
        unit: of the quantity.
        values: draws of the posterior, shape (draw, ...).
        weight: of these draws, shape (draw,).
        prior: draws of the prior; empty for a target without one.
        prior_weight: of these draws.
        grid: abscissae of a function; empty for a number.
        grid_name: of the abscissa.
        grid_unit: of the abscissa.
    """

    name: str
    label: str
    unit: str
    values: Real[np.ndarray, "draw *point"]
    weight: Float[np.ndarray, " draw"]
    prior: Real[np.ndarray, "prior_draw *prior_point"]
    prior_weight: Float[np.ndarray, " prior_draw"]
    grid: Real[np.ndarray, " grid"]
    grid_name: str = ""
    grid_unit: str = ""

    @property
    def varies(self) -> bool:
        """Whether the draws differ: a constant has no density."""
        usable = self.values[self.weight > 0]
        return usable.size > 0 and bool(np.ptp(usable) > 0)


def scalars(result: Result) -> list[Variable]:
    """The derived numbers, in the order of the tables."""
    return _distinct([_variable(result, name) for name in result.scalars])


def functions(result: Result) -> list[Variable]:
    """The derived functions, in the order of the tables."""
    return _distinct([_variable(result, name) for name in result.functions])


def _distinct(variables: list[Variable]) -> list[Variable]:
    """Labels by which two rows can be told apart: with the grid, or else the name, where several have the same."""
    of_grids = [f"{v.label} over {v.grid_name}" if v.grid_name else v.label for v in variables]
    own, gridded = Counter(v.label for v in variables), Counter(of_grids)
    labels = (
        v.label if own[v.label] == 1 else longer if gridded[longer] == 1 else f"{v.label} ({v.name})"
        for v, longer in zip(variables, of_grids, strict=True)
    )
    return [replace(variable, label=label) for variable, label in zip(variables, labels, strict=True)]


def group(result: Result, name: str) -> xr.Dataset:
    """One group of the tree; an empty dataset if it is absent."""
    return result.tree[name].to_dataset() if name in result.tree.children else xr.Dataset()


def chains(result: Result, name: str) -> Real[np.ndarray, "chain draw ..."]:
    """The draws of the quantity `name`, chain by chain."""
    return result.bank[name].values


def _variable(result: Result, name: str) -> Variable:
    attributes = group(result, "posterior")[name].attrs
    function = name in result.functions
    grid = group(result, "posterior")[f"{name}_grid"].values if function else np.empty(0)
    axis = (str(attributes.get("grid_name", "")), str(attributes.get("grid_unit", "")))
    draws = (*result.draws(name), *result.prior_draws(name))
    return Variable(name, result.label(name), result.unit(name), *draws, grid, *(axis if function else ("", "")))
