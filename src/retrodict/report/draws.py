"""What the figures and tables take out of a result: draws with their meaning, groups that may be absent."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from retrodict.run.result import Result


@dataclass(frozen=True)
class Variable:
    """A derived quantity: draws `(n, ...)` with weights `(n,)`, the same before the data, and what it means.

    `prior` is empty for a target without one; `grid` is empty for a number.
    """

    name: str
    label: str
    unit: str
    values: np.ndarray
    weight: np.ndarray
    prior: np.ndarray
    prior_weight: np.ndarray
    grid: np.ndarray
    grid_name: str = ""
    grid_unit: str = ""

    @property
    def varies(self) -> bool:
        """Whether it has a density: a constant has none."""
        usable = self.values[self.weight > 0]
        return usable.size > 0 and bool(np.ptp(usable) > 0)


def scalars(result: Result) -> list[Variable]:
    """The derived numbers, in the order of the tables."""
    return [_named(result, name) for name in result.scalars]


def functions(result: Result) -> list[Variable]:
    """The derived functions, in the order of the tables."""
    return [_named(result, name) for name in result.functions]


def group(result: Result, name: str) -> xr.Dataset:
    """One group of the tree; an empty dataset if it is absent."""
    return result.tree[name].to_dataset() if name in result.tree.children else xr.Dataset()


def chains(result: Result, name: str) -> np.ndarray:
    """Draws of a quantity as `(chain, draw, ...)`."""
    return group(result, "posterior")[name].values


def _named(result: Result, name: str) -> Variable:
    attributes = group(result, "posterior")[name].attrs
    function = name in result.functions
    grid = group(result, "posterior")[f"{name}_grid"].values if function else np.empty(0)
    axis = (str(attributes.get("grid_name", "")), str(attributes.get("grid_unit", "")))
    draws = (*result.draws(name), *result.prior_draws(name))
    return Variable(name, result.label(name), result.unit(name), *draws, grid, *(axis if function else ("", "")))
