"""A stand-in for a result, of bands that are told apart by their numbers: for the figures of domains.

Each band of the posterior is `base` times 1.0 (2.5 %), 1.1, 1.2 (median), 1.35 and 1.5 (97.5 %), its mean 1.25 and its
standard deviation 0.15 times it; that of the prior is three times as high.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

FACTORS = {"q2_5": 1.0, "q16": 1.1, "median": 1.2, "q84": 1.35, "q97_5": 1.5, "mean": 1.25, "sd": 0.15}


class Stand:
    """As much of a `Result` as figures ask for."""

    def __init__(
        self,
        functions: Mapping[str, tuple[np.ndarray, np.ndarray]],
        quantities: Mapping[str, Mapping[str, Any]],
        tree: xr.DataTree,
        present: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        self.shapes, self.numbers, self.tree, self.present = functions, quantities, tree, present or {}

    def band(self, name: str, factor: float = 1.0) -> dict[str, np.ndarray]:
        x, base = self.shapes[name]
        return {"x": x, **{key: factor * value * base for key, value in FACTORS.items()}}

    def prior_band(self, name: str) -> dict[str, np.ndarray]:
        return self.band(name, 3.0)

    def draws(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        values = self.present.get(name, np.ones((4, len(self.shapes[name][0]))))
        return values, np.full(len(values), 1 / len(values))

    def quantities(self) -> Mapping[str, Mapping[str, Any]]:
        return self.numbers

    def unit(self, name: str) -> str:
        return "GeV^-2"

    def label(self, name: str) -> str:
        return name


def check(drawn: Any, base: np.ndarray, factor: float = 1.0) -> None:
    """Each edge of a drawn band is where it should be, NaN where `base` is.

    Args:
        drawn: a `Band`.
        base: of the band.
        factor: 3 for the prior.
    """
    for name in ("q2_5", "q16", "median", "q84", "q97_5"):
        np.testing.assert_allclose(getattr(drawn, name), factor * FACTORS[name] * base, err_msg=name)
