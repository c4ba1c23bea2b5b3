"""What an inference hands back: draws with their meaning, the fit, the diagnostics and the verdict, in one tree.

On disk a result is two files (`run.result_files`): `result.nc` (NetCDF 4; groups and dimensions named as ArviZ expects
them) and `result.json` (the numbers that a person or a script asks for first).
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from retrodict.base.types import JSON, Bool, Float, Shaped
from retrodict.num.weighted import normal_statistics, normalised_weights, weighted_statistics
from retrodict.run.plain import plain
from retrodict.run.result_files import read_tree, write_result
from retrodict.run.summary import (
    FunctionRow,
    NumberRow,
    estimate_table,
    function_lines,
    header,
    number_table,
    render,
    titled,
)
from retrodict.run.verdict import Verdict


@dataclass(frozen=True, eq=False)
class Result:
    """The answer of `infer`. `tree` holds everything; the methods read it for you.

    Groups: `/posterior` and `/prior` (derived quantities over chain, draw and their own grids; `z` holds the latents),
    `/sample_stats` (lp, total_log_likelihood, diverging, ...), `/log_likelihood` (of each datum), `/fit` (pulls at the
    best draw), `/identifiability`, `/observed_data`; the last four only where the target has data, which are stored by
    the names of the terms of the likelihood. `/estimates` (values and standard errors) where the answer is a mean over
    the draws, as for the observables of a lattice theory, and not their distribution.

    The draws of `/posterior` have equal weights. Where the method weights its draws they represent those of
    `/weighted_posterior`, which has `log_weight`, and of `/weighted_sample_stats`: all methods below read these.
    """

    tree: xr.DataTree  # everything, in groups

    @property
    def verdict(self) -> Verdict:
        """How far to trust this result, in words."""
        stored = self._attribute("verdict")
        reasons, notes, remedies = (tuple(stored.get(name, ())) for name in ("reasons", "notes", "remedies"))
        return Verdict(stored["status"], reasons, notes, remedies)

    @property
    def diagnostics(self) -> dict[str, JSON]:
        """Convergence, effective sample sizes, importance weights, invalid draws."""
        return self._attribute("diagnostics")

    @property
    def provenance(self) -> dict[str, JSON]:
        """What was run: the method with its settings, versions."""
        return self._attribute("provenance")

    @property
    def references(self) -> tuple[str, ...]:
        """BibTeX keys of what was used."""
        return tuple(self._attribute("references"))

    @property
    def fit(self) -> dict[str, JSON]:
        """chi2, dof and p at the best draw; empty for a target without data."""
        if "fit" not in self.tree.children:
            return {}
        return {name: float(self.tree["fit"].attrs[name]) for name in ("chi2", "dof", "p")}

    @property
    def fit_by_term(self) -> dict[str, dict[str, JSON]]:
        """chi2 of the pulls and number of points of each term of a product of likelihoods; empty for a single one."""
        group = self.tree["fit"].dataset if "fit" in self.tree.children else xr.Dataset()
        if "term" not in group.coords:
            return {}
        rows = zip(group["term"].values, group["term_chi2"].values, group["term_points"].values, strict=True)
        return {str(name): {"chi2": float(chi2), "points": int(points)} for name, chi2, points in rows}

    @property
    def scalars(self) -> tuple[str, ...]:
        """Names of the derived numbers, in the order of the tables."""
        return tuple(name for name in self._derived() if not self._posterior[name].attrs["grid_name"])

    @property
    def functions(self) -> tuple[str, ...]:
        """Names of the derived functions, each on its grid."""
        return tuple(name for name in self._derived() if self._posterior[name].attrs["grid_name"])

    @property
    def estimated(self) -> tuple[str, ...]:
        """Names of the numbers that are means, or follow from means, and have standard errors; the headline first."""
        numbers = [str(name) for name, value in self._answers.data_vars.items() if not value.ndim]
        return tuple(name for name in numbers if not name.endswith("_error"))

    def unit(self, name: str) -> str:
        """The unit of a derived quantity.

        Args:
            name: of the quantity.
        """
        return self._variable(name).attrs["unit"]

    def label(self, name: str) -> str:
        """Its label for axes and tables: the name if it has no other.

        Args:
            name: of the quantity.
        """
        return self._variable(name).attrs["label"] or name

    def draws(self, name: str) -> tuple[Float[np.ndarray, "draw ..."], Float[np.ndarray, " draw"]]:
        """All draws of a quantity, chains one after the other, and their weights, which sum to one.

        Invalid draws are listed with weight zero: the posterior density vanishes there. A function may be NaN at points
        of its grid where a draw has no value.

        Args:
            name: of the quantity.

        Raises:
            KeyError: if there is no such quantity.
        """
        values = _flat(self._variable(name))
        return values, self._weights_for(values)

    def weights(self) -> Float[np.ndarray, " draw"]:
        """The weights of all draws, which sum to one; zero for invalid ones."""
        return self._weights_for(np.zeros(_flat(self.bank_statistics["valid"]).size))

    @property
    def bank(self) -> xr.Dataset:
        """All draws of the derived quantities as the method has made them: weighted, if it weights them."""
        return self.tree["weighted_posterior" if "weighted_posterior" in self.tree.children else "posterior"].dataset

    @property
    def bank_statistics(self) -> xr.Dataset:
        """What is known of each draw of the `bank`: `lp`, `valid`, `total_log_likelihood` and what a method records."""
        weighted = "weighted_sample_stats" in self.tree.children
        found = self.tree["weighted_sample_stats" if weighted else "sample_stats"].dataset
        # Before version 0.3 results had no group of pointwise likelihoods, and the total stood under its name.
        return found.rename(log_likelihood="total_log_likelihood") if "log_likelihood" in found else found

    def prior_draws(self, name: str) -> tuple[Float[np.ndarray, "draw ..."], Float[np.ndarray, " draw"]]:
        """The same from the prior; empty arrays for a target without one.

        Args:
            name: of the quantity.
        """
        if "prior" not in self.tree.children:
            return np.empty(0), np.empty(0)
        group = self.tree["prior"].dataset
        values = _flat(group[name])
        usable = _defined(values)
        if "valid" in group:  # results of older versions hold invalid draws, too
            usable = usable & _flat(group["valid"])
        return values, normalised_weights(np.zeros(len(values)), usable)

    def quantities(self) -> dict[str, dict[str, JSON]]:
        """The derived numbers: name -> median, mean, sd, q2_5, q16, q84, q97_5, unit.

        Of what is estimated, these belong to the estimate and not to the draws: `sd` is its standard error, the 68 %
        interval is the value -+ `error`, and `tau_int`, `tau_int_error`, `effective_size` and, where one is known, the
        `exact` value with the `deviation` from it in standard errors stand beside.
        """
        names = dict.fromkeys((*self.estimated, *self.scalars))
        return {name: {**self._numbers(name), "unit": self.unit(name)} for name in names}

    def band(self, name: str) -> dict[str, Float[np.ndarray, " point"]]:
        """A derived function: x, median, mean, sd and the quantiles of the 68 and 95 % bands, all on the grid of x.

        Of an estimated one, the bands of the estimate: its value -+ one and two standard errors.

        Args:
            name: of the function.
        """
        if name in self._answers:
            found = normal_statistics(self._answers[name].values, self._answers[f"{name}_error"].values)
        else:
            found = weighted_statistics(*self.draws(name))
        return {"x": self._grid(name), **found}

    def prior_band(self, name: str) -> dict[str, Float[np.ndarray, " point"]]:
        """The same band before the data; empty for a target without a prior.

        Args:
            name: of the function.
        """
        values, weights = self.prior_draws(name)
        return {"x": self._grid(name), **weighted_statistics(values, weights)} if values.size else {}

    def shrinkage(self, name: str) -> Float[np.ndarray, "..."]:
        """1 - sd(posterior) / sd(prior), a number or one a grid point: 1 if the data say all, 0 if they say nothing.

        Args:
            name: of the quantity.
        """
        group = self.tree.children.get("identifiability")
        known = group is not None and f"shrinkage_{name}" in group.dataset
        return group.dataset[f"shrinkage_{name}"].values if group is not None and known else np.array(np.nan)

    def summary(self) -> str:
        """The table for a terminal: verdict, fit, numbers as 1.234(56), what the data say beyond the prior."""
        numbers = [self._number_row(name) for name in self.scalars] if not self.estimated else []
        return render(
            header(self.tree.attrs, self.diagnostics, self.fit, self.fit_by_term, self.verdict),
            estimate_table(self.quantities()) if self.estimated else number_table(numbers),
            function_lines([self._function_row(name) for name in self.functions]),
        )

    def __str__(self) -> str:
        return self.summary()

    def to_json(self) -> dict[str, JSON]:
        """The content of `result.json`, without the hash of the other file."""
        attributes = self.tree.attrs
        verdict = self.verdict
        return {
            "schema_version": int(attributes["schema_version"]),
            "retrodict_version": attributes["retrodict_version"],
            "target": attributes["target"],
            "method": attributes["method"],
            "seed": int(attributes["seed"]),
            "quantities": plain(self.quantities()),
            "functions": plain({name: self._function(name) for name in self.functions}),
            "verdict": plain(asdict(verdict)),
            "fit": plain({**self.fit, **({"terms": self.fit_by_term} if self.fit_by_term else {})}),
            "diagnostics": self.diagnostics,
            "identifiability": self._identifiability(),
            "references": list(self.references),
        }

    def save(self, directory: str | os.PathLike[str]) -> None:
        """Write `result.nc` and `result.json`, each atomically.

        Args:
            directory: where to write; made if it does not exist.

        Raises:
            StorageError: if the disk fails.
        """
        write_result(self.tree, self.to_json(), Path(directory))

    @classmethod
    def load(cls, directory: str | os.PathLike[str]) -> "Result":
        """Read what `save` wrote.

        Args:
            directory: the directory of the two files.

        Raises:
            InputError: for a missing, damaged or newer file.
        """
        return cls(read_tree(Path(directory)))

    @property
    def _posterior(self) -> xr.Dataset:
        return self.bank

    def _derived(self) -> list[str]:
        return [str(name) for name in self._posterior.data_vars if "grid_name" in self._posterior[name].attrs]

    @property
    def _answers(self) -> xr.Dataset:
        group = self.tree.children.get("estimates")
        return xr.Dataset() if group is None else group.dataset

    def _variable(self, name: str) -> xr.DataArray:
        if name not in self._posterior and name in self._answers:
            return self._answers[name]
        if name not in self._posterior:
            raise KeyError(f"{name!r} is not among the derived quantities: {', '.join(self._derived())}")
        return self._posterior[name]

    def _grid(self, name: str) -> Float[np.ndarray, " point"]:
        return self._variable(name).coords[f"{name}_grid"].values

    def _weights_for(self, values: Float[np.ndarray, "draw ..."]) -> Float[np.ndarray, " draw"]:
        valid = _flat(self.bank_statistics["valid"])
        return normalised_weights(self._log_weight(valid.size), valid & _defined(values))

    def _log_weight(self, count: int) -> Float[np.ndarray, " draw"]:
        """Of all draws of the bank; results of older versions have them among the statistics."""
        for group in (self.bank, self.bank_statistics):
            if "log_weight" in group:
                return _flat(group["log_weight"])
        return np.zeros(count)

    def _numbers(self, name: str) -> dict[str, float]:
        if name in self._answers:
            value, error = (float(self._answers[key]) for key in (name, f"{name}_error"))
            known = {k: v for k, v in self._answers[name].attrs.items() if k not in ("unit", "label")}
            numbers = {key: float(number) for key, number in normal_statistics(value, error).items()}
            return {**numbers, "error": error, **known}
        return {key: float(value) for key, value in weighted_statistics(*self.draws(name)).items()}

    def _number_row(self, name: str) -> NumberRow:
        before, weights = self.prior_draws(name)
        prior = weighted_statistics(before, weights) if np.any(weights > 0) else None
        posterior = weighted_statistics(*self.draws(name))
        return NumberRow(titled(name, self.unit(name)), posterior, prior, float(self.shrinkage(name)))

    def _function(self, name: str) -> dict[str, JSON]:
        """The bands of a function with what its grid means."""
        about = self._variable(name).attrs
        grid = {"grid_name": about["grid_name"], "grid_unit": about["grid_unit"]}
        return {**self.band(name), "unit": about["unit"], **grid}

    def _function_row(self, name: str) -> FunctionRow:
        grid = self._posterior[name].attrs
        title = titled(name, self.unit(name))
        return FunctionRow(title, self._grid(name), grid["grid_name"], grid["grid_unit"], self.shrinkage(name))

    def _identifiability(self) -> dict[str, JSON]:
        if "identifiability" not in self.tree.children:
            return {}
        group = self.tree["identifiability"]
        shrinkage = {name: self.shrinkage(name).tolist() for name in self.scalars}
        return plain({"effective_rank": group.attrs.get("effective_rank"), "shrinkage": shrinkage})

    def _attribute(self, name: str) -> JSON:
        return json.loads(self.tree.attrs[name])


def load(directory: str | os.PathLike[str]) -> Result:
    """Read the result of a run.

    Args:
        directory: the run directory, which holds `result.nc` and `result.json`.

    Returns:
        What `infer` returned when it made that directory.

    Raises:
        InputError: if a file is missing, damaged or written by a newer version.
    """
    return Result.load(directory)


def _flat(variable: xr.DataArray) -> Shaped[np.ndarray, "draw ..."]:
    values = variable.values
    return values.reshape(-1, *values.shape[2:])


def _defined(values: Float[np.ndarray, "draw ..."]) -> Bool[np.ndarray, " draw"]:
    """Whether a draw has any value at all."""
    return np.any(np.isfinite(values.reshape(len(values), -1)), axis=1)
