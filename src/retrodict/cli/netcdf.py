"""What `retrodict export --to netcdf` writes: one NetCDF 4 file that xarray, and whatever else reads NetCDF, opens.

Every array says its `units` and its `long_name`. Masses in Msun and densities in n_sat are no units of UDUNITS, so the
file follows the names of the CF conventions and not the conventions as a whole.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from retrodict.cli.tables import STATISTICS, Tables, grid_unit

if TYPE_CHECKING:
    from retrodict.run.result import Result


def netcdf(result: "Result", tables: Tables) -> bytes:
    """The file.

    The group `bands` holds functions over (statistic, grid) and numbers over (statistic); `draws` all draws of them
    over (draw, grid) and (draw) with their `weight`; a group for each table of the domain has its columns over (draw,
    row), of equally weighted draws. Groups share nothing, so that each opens by itself.
    """
    source = {"source": f"retrodict {result.tree.attrs['retrodict_version']}"}
    groups = {"/": xr.Dataset(attrs=source), "/bands": _bands(result), "/draws": _draws(result)}
    groups |= {f"/{name}": _table(columns) for name, columns in tables.items()}
    return bytes(xr.DataTree.from_dict(groups).to_netcdf(engine="h5netcdf"))


def _bands(result: "Result") -> xr.Dataset:
    variables: dict[str, Any] = {}
    for name in result.functions:
        values = np.stack([result.band(name)[statistic] for statistic in STATISTICS])
        variables[name] = (("statistic", _grid(result, name)), values, _about(result, name))
    for name, numbers in result.quantities().items():
        variables[name] = ("statistic", np.array([numbers[key] for key in STATISTICS]), _about(result, name))
    coordinates = {"statistic": list(STATISTICS), **dict(_grids(result))}
    return xr.Dataset(variables, coordinates, {"title": "posterior bands"})


def _draws(result: "Result") -> xr.Dataset:
    """Every draw that has a weight."""
    weight = result.weights()
    kept = weight > 0
    meaning = {"units": "1", "long_name": "posterior weight; the weights sum to one"}
    variables: dict[str, Any] = {"weight": ("draw", weight[kept], meaning)}
    for name in result.functions:
        variables[name] = (("draw", _grid(result, name)), result.draws(name)[0][kept], _about(result, name))
    for name in result.scalars:
        variables[name] = ("draw", result.draws(name)[0][kept], _about(result, name))
    return xr.Dataset(variables, dict(_grids(result)), {"title": "posterior draws"})


def _table(columns: dict[str, tuple[np.ndarray, str]]) -> xr.Dataset:
    variables = {
        name: (("draw", "row"), values, {"units": unit or "1", "long_name": name.replace("_", " ")})
        for name, (values, unit) in columns.items()
    }
    return xr.Dataset(variables, attrs={"title": "one table a draw, all draws of equal weight; short ones end in NaN"})


def _grids(result: "Result") -> Iterator[tuple[str, Any]]:
    for name in result.functions:
        about = {"units": grid_unit(result, name) or "1", "long_name": _grid_name(result, name)}
        yield _grid(result, name), (_grid(result, name), result.band(name)["x"], about)


def _grid(result: "Result", name: str) -> str:
    """The dimension of a function: what its grid is called, if all functions on such a grid share its points."""
    called = _grid_name(result, name)
    x = result.band(name)["x"]
    same = [other for other in result.functions if _grid_name(result, other) == called]
    shared = all(np.array_equal(result.band(other)["x"], x) for other in same)
    taken = {*result.functions, *result.scalars}
    dimension = called.replace(" ", "_")
    return dimension if shared and dimension not in taken else f"{name}_grid"


def _grid_name(result: "Result", name: str) -> str:
    return result.tree["posterior"][name].attrs["grid_name"]


def _about(result: "Result", name: str) -> dict[str, str]:
    return {"units": result.unit(name) or "1", "long_name": name.replace("_", " "), "label": result.label(name)}
