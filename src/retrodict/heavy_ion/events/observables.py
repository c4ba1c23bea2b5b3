r"""Yields, spectra, the mean transverse momentum and its fluctuations, and classes of multiplicity.

Means are over particles of all events, not means of event means; densities are divided by the widths of their bins;
events without particles count. The fluctuation is that of pairs, $\langle\Delta p_{T,i}\Delta p_{T,j}\rangle$, free of
the noise of finite multiplicity (ALICE, EPJC 74, 3077 = arXiv:1407.5530).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.shapes import Bool, Float
from retrodict.heavy_ion.events.errors import Estimate, jackknife, ratio
from retrodict.heavy_ion.events.table import EventTable

HADRON: Final = 100  # codes from here on
PARTONS: Final = (1, 2, 3, 4, 5, 6, 21)
MID: Final = 0.5  # half a unit of pseudorapidity or rapidity on either side


@dataclass(frozen=True)
class Acceptance:
    """Which charged hadrons are looked at.

    Args:
        eta: largest pseudorapidity, either sign.
        pt_min: least transverse momentum for flow and correlators, GeV.
        pt_max: largest one, GeV.
        gap: of pseudorapidity between two particles, for flow with a gap.
    """

    eta: float = 1.0
    pt_min: float = 0.2
    pt_max: float = 5.0
    gap: float = 1.0

    def __post_init__(self) -> None:
        for name in ("eta", "pt_min", "pt_max", "gap"):
            if isinstance(getattr(self, name), bool) or not isinstance(getattr(self, name), int | float):
                raise InputError(f"{name} is no number", got=repr(getattr(self, name))[:40], expected="a number")
        if not (self.eta > 0 and 0 <= self.pt_min < self.pt_max and 0 <= self.gap < 2 * self.eta):
            got = f"eta {self.eta}, pt_min {self.pt_min}, pt_max {self.pt_max}, gap {self.gap}"
            expected = "eta > 0, 0 <= pt_min < pt_max in GeV, 0 <= gap < 2 eta"
            raise InputError("an acceptance that holds no pair of particles", got=got, expected=expected)

    def charged(self, table: EventTable) -> Bool[np.ndarray, " particles"]:
        """The charged hadrons in the window of pseudorapidity, whatever their momentum."""
        return charged_hadrons(table) & (np.abs(table.eta) < self.eta)

    def for_flow(self, table: EventTable) -> Bool[np.ndarray, " particles"]:
        """Those between the least and the largest transverse momentum."""
        pt = table.pt
        return self.charged(table) & (pt >= self.pt_min) & (pt < self.pt_max)

    def sides(self, table: EventTable) -> tuple[Bool[np.ndarray, " particles"], Bool[np.ndarray, " particles"]]:
        """Those on either side of the gap."""
        chosen, eta = self.for_flow(table), table.eta
        return chosen & (eta < -0.5 * self.gap), chosen & (eta > 0.5 * self.gap)


def charged_hadrons(table: EventTable) -> Bool[np.ndarray, " particles"]:
    """Charged particles that are no leptons.

    Args:
        table: the events.
    """
    return (table.charge != 0) & (np.abs(table.pdg) >= HADRON)


def refuse_others(table: EventTable) -> None:
    """Refuse lists from which yields cannot be counted.

    Args:
        table: the events.

    Raises:
        InputError: for partons, and for holes, which have to be subtracted.
    """
    if np.isin(np.abs(table.pdg), PARTONS).any():
        fix = "give the file of hadrons"
        raise InputError("partons where hadrons are due", where=table.source.path, expected="hadrons", fix=fix)
    if holes := int(np.sum(table.status < 0)):
        why = "a hole of the medium is to be subtracted, and these observables only add"
        fix = "write the file with statusToSkip, so that it holds no negative status"
        got = f"{holes} particles of negative status"
        raise InputError("holes among the particles", where=table.source.path, got=got, why=why, fix=fix)


def density(
    table: EventTable,
    chosen: Bool[np.ndarray, " particles"],
    values: Float[np.ndarray, " particles"],
    edges: Sequence[float],
) -> Estimate:
    """Particles of an event per unit of some quantity, in bins.

    Args:
        table: the events.
        chosen: which particles.
        values: the quantity.
        edges: of the bins, in the unit of the quantity.
    """
    places, bins = np.asarray(edges, float), len(edges) - 1
    index = np.searchsorted(places, values, side="right") - 1
    inside = chosen & (index >= 0) & (index < bins)
    cells = index[inside] * table.events + table.event_of[inside]
    counts = np.bincount(cells, minlength=bins * table.events).reshape(bins, table.events)
    sums = np.concatenate([counts / np.diff(places)[:, None], np.ones((bins, table.events))]) * table.weight
    return jackknife(ratio, sums.T)


def spectrum(
    table: EventTable, chosen: Bool[np.ndarray, " particles"], width: float, edges: Sequence[float]
) -> Estimate:
    r"""$d^2N/(2\pi p_T\,dp_T\,d\eta)$ in GeV^-2, with the centre of each bin as $p_T$.

    Args:
        table: the events.
        chosen: which particles.
        width: of the window in pseudorapidity or rapidity from which they are.
        edges: of the bins of transverse momentum, GeV.
    """
    places = np.asarray(edges, float)
    scale = 2 * np.pi * 0.5 * (places[1:] + places[:-1]) * width
    found = density(table, chosen, table.pt, edges)
    return Estimate(found.value / scale, found.error / scale)


def mean_pt(table: EventTable, chosen: Bool[np.ndarray, " particles"]) -> Estimate:
    """The mean transverse momentum, GeV, and the covariance of pairs, GeV^2, which is zero without fluctuations.

    Args:
        table: the events.
        chosen: which particles.
    """
    place, pt = table.event_of[chosen], table.pt[chosen]
    count = np.bincount(place, minlength=table.events).astype(float)
    first, second = (np.bincount(place, pt**power, table.events) for power in (1, 2))
    pairs = count * (count - 1)
    sums = np.stack([first, count, first**2 - second, (count - 1) * first * (count > 0), pairs]) * table.weight

    def values(s: Float[np.ndarray, "... sums"]) -> Float[np.ndarray, "... values"]:
        mean = s[..., 0] / s[..., 1]
        covariance = (s[..., 2] - 2 * mean * s[..., 3]) / s[..., 4] + mean**2
        return np.stack([mean, covariance], axis=-1)

    return jackknife(values, sums.T)


def centrality(counts: Float[np.ndarray, " events"]) -> Float[np.ndarray, " events"]:
    """The percentile of each event by its multiplicity, 0 for the largest; events of equal multiplicity share theirs.

    Args:
        counts: multiplicity of each event, those without particles included.
    """
    _, index, number = np.unique(counts, return_inverse=True, return_counts=True)
    above = len(counts) - np.cumsum(number)
    return (100.0 * (above + 0.5 * number) / len(counts))[index]


def selected(table: EventTable, events: Bool[np.ndarray, " events"]) -> EventTable:
    """Some of the events, with all their particles.

    Args:
        table: the events.
        events: which.
    """
    keep = np.repeat(events, np.diff(table.offsets))
    columns = {name: getattr(table, name)[keep] for name in ("pdg", "px", "py", "pz", "E", "charge", "status")}
    offsets = np.concatenate([[0], np.cumsum(np.diff(table.offsets)[events])])
    return replace(table, offsets=offsets, **columns, impact=table.impact[events], weight=table.weight[events])
