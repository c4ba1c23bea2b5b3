"""What the data say beyond the prior, in directions determined and quantities learnt."""

from typing import NamedTuple

import numpy as np

from retrodict.base.types import JSON, Bool, Float
from retrodict.problem.target import Quantity
from retrodict.run.diagnostic import Finding, Severity

NARROW = 0.5  # effective width, in that of the prior, below which a quantity was learnt whatever its spread
PRIOR_DOMINATED = 0.1  # shrinkage below which a quantity is the prior's


class Information(NamedTuple):
    """The view of the data at the posterior mode, and the shrinkage of each quantity."""

    latents: int  # their number
    effective_rank: float  # latent directions that the data determine
    prior_invalid_fraction: float  # share of the prior draws without a likelihood
    shrinkage: dict[str, Float[np.ndarray, "..."]]  # 1 - sd(posterior) / sd(prior); a function has one a grid point
    quantities: tuple[Quantity, ...]  # in the order of the tables
    narrowing: dict[str, Float[np.ndarray, "..."]] = {}  # noqa: RUF012 - ratio of effective widths, as of `shrinkage`

    def findings(self) -> tuple[Finding, ...]:
        """Quantities and ranges that the prior determines; a warning only where nothing was learnt from the data."""
        known = [q for q in self.quantities if np.any(np.isfinite(self.shrinkage.get(q.name, np.nan)))]
        scalars = [quantity for quantity in known if not quantity.is_function]
        headline = scalars or known
        dominated = [q for q in headline if np.all(self._dominated(q) | np.isnan(self.shrinkage[q.name]))]
        if headline and len(dominated) == len(headline):
            text = f"the data say almost nothing: shrinkage < {PRIOR_DOMINATED} for everything reported"
            return (Finding(Severity.WARN, text, "you are looking at the prior: say so when you publish"),)
        found = []
        if names := [quantity.name for quantity in dominated if not quantity.is_function]:
            text = f"prior-dominated (shrinkage < {PRIOR_DOMINATED}): {', '.join(names)}"
            found.append(Finding(Severity.NOTE, text))
        if names := [quantity.name for quantity in scalars if np.any(self._separate(quantity))]:
            text = f"separate narrow ranges: {', '.join(names)}; the spread is the distance between them"
            found.append(Finding(Severity.NOTE, text, "look at the distribution, and quote each range"))
        for q in known:
            if q.is_function and (stretches := _stretches(q, self._dominated(q))):
                where = f"{q.grid_name or 'x'} in {', '.join(stretches)} {q.grid_unit}".rstrip()
                found.append(Finding(Severity.NOTE, f"{q.name} is prior-dominated for {where}"))
        return tuple(found)

    def _dominated(self, quantity: Quantity) -> Bool[np.ndarray, "..."]:
        """Where the prior determines a quantity: neither its spread nor its effective width is much smaller."""
        return np.asarray((self.shrinkage[quantity.name] < PRIOR_DOMINATED) & ~self._separate(quantity))

    def _separate(self, quantity: Quantity) -> Bool[np.ndarray, "..."]:
        """Where a spread like the prior's is that of narrow modes far apart."""
        narrowing = np.asarray(self.narrowing.get(quantity.name, np.nan))
        return np.asarray((self.shrinkage[quantity.name] < PRIOR_DOMINATED) & (narrowing < NARROW))

    def to_json(self) -> dict[str, JSON]:
        """`latents`, `effective_rank` and `prior_invalid_fraction`; shrinkage has a group of its own."""
        return {name: getattr(self, name) for name in ("latents", "effective_rank", "prior_invalid_fraction")}


def _stretches(quantity: Quantity, flagged: Bool[np.ndarray, " point"]) -> list[str]:
    """The stretches of the grid where `flagged` holds, as `a ... b`."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flagged, [False]]).astype(int)))
    starts, ends = edges[::2], edges[1::2] - 1
    x = quantity.x
    return [f"{x[a]:.4g} ... {x[b]:.4g}" if b > a else f"{x[a]:.4g}" for a, b in zip(starts, ends, strict=True)]
