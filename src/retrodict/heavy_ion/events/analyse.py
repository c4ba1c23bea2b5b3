"""`retrodict analyse events.oscar`: yields, spectra, flow and charge correlators with their errors, without a fit."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from retrodict.base.domain import Analysed
from retrodict.base.errors import InputError
from retrodict.base.files import JSON, PathLike
from retrodict.base.format import value_with_error
from retrodict.base.shapes import Bool, Float
from retrodict.heavy_ion.events.correlators import NAMES, charge_correlators
from retrodict.heavy_ion.events.errors import Estimate
from retrodict.heavy_ion.events.flow import Flow, cumulants, differential, gap, q_vectors
from retrodict.heavy_ion.events.observables import (
    MID,
    Acceptance,
    centrality,
    charged_hadrons,
    density,
    mean_pt,
    refuse_others,
    selected,
    spectrum,
)
from retrodict.heavy_ion.events.reading import read_events
from retrodict.heavy_ion.events.table import EventTable

ETA: Final = tuple(0.5 * i for i in range(-10, 11))
PT: Final = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)  # GeV
FLOW_PT: Final = (0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0, 3.0, 5.0)
HARMONICS: Final = (2, 3, 4)
SPECIES: Final = {"pion": 211, "kaon": 321, "proton": 2212}  # both charges
CLASSES: Final = (0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 100)  # per cent
FEWEST: Final = 20  # events of a class
SPREAD: Final = 0.3  # of the multiplicity, relative: more is a mixture of centralities


def analyse(
    paths: Sequence[PathLike], *, eta: float = 1.0, pt_min: float = 0.2, pt_max: float = 5.0, gap: float = 1.0
) -> Analysed:
    """Observables of the events in a file, with errors.

    Args:
        paths: one file.
        eta: largest pseudorapidity of charged hadrons, either sign.
        pt_min: least transverse momentum for flow and correlators, GeV.
        pt_max: largest one, GeV.
        gap: of pseudorapidity between two particles, for flow with a gap.

    Raises:
        InputError: for several files, a window without particles, and as `read_events` raises it.
    """
    if len(paths) > 1:
        raise InputError("one file of events at a time", got=", ".join(map(str, paths)), fix="retrodict analyse FILE")
    table = read_events(paths[0])
    found = observables(table, Acceptance(eta, pt_min, pt_max, gap))
    heading = [f"{table.source.path}: {table.format}, {table.events} events, {table.particles} particles"]
    return Analysed(found, heading, _rows(found))


def observables(table: EventTable, acceptance: Acceptance) -> dict[str, JSON]:
    """All observables of some events, JSON-ready.

    Args:
        table: the events.
        acceptance: which charged hadrons.

    Returns:
        `quantities`, each with value, error and unit; `functions` in bins of pseudorapidity and transverse momentum;
        `classes` of multiplicity; `warnings`.

    Raises:
        InputError: if there are partons or holes, or no charged hadrons in the window.
    """
    refuse_others(table)
    seen = acceptance.charged(table)
    if not seen.any():
        fix = "--set eta=... for another window; fixed-target lists may be in the frame of the target"
        got = f"none with |eta| < {acceptance.eta}"
        raise InputError("no charged hadrons", where=table.source.path, got=got, fix=fix)
    quantities = _quantities(table, acceptance)
    counts = table.per_event(seen).astype(float)
    warnings = list(table.notes)
    if counts.std() > SPREAD * counts.mean():
        warnings.append("events of all centralities: cumulants of four and six particles mix them; see the classes")
    unseen = [name for name, one in quantities.items() if one["value"] is None]
    if unseen:
        warnings.append(f"not seen within three standard errors, or of the wrong sign: {', '.join(unseen)}")
    return {
        "kind": "events",
        "format": table.format,
        "events": table.events,
        "particles": table.particles,
        "acceptance": {
            "eta": acceptance.eta,
            "pt_min": {"value": acceptance.pt_min, "unit": "GeV"},
            "pt_max": {"value": acceptance.pt_max, "unit": "GeV"},
            "gap": acceptance.gap,
        },
        "quantities": quantities,
        "functions": _functions(table, acceptance),
        "classes": _classes(table, acceptance, counts),
        "missing": list(table.missing),
        "warnings": warnings,
        "files": [{"path": table.source.path, "sha256": table.source.sha256, "size": table.source.size}],
    }


def _quantities(table: EventTable, acceptance: Acceptance) -> dict[str, JSON]:
    chosen, mid = acceptance.for_flow(table), charged_hadrons(table)
    out: dict[str, JSON] = {"dNch_deta": _first(density(table, mid, table.eta, (-MID, MID)), "")}
    y = table.rapidity
    for name, code in SPECIES.items():
        out[f"dN_dy_{name}"] = _first(density(table, np.abs(table.pdg) == code, y, (-MID, MID)), "")
    mean, covariance = _pairs(mean_pt(table, acceptance.charged(table)))
    out["mean_pT"], out["pT_covariance"] = _number(*mean, "GeV"), _number(*covariance, "GeV^2")
    q = q_vectors(table, chosen, 8)
    sides = [q_vectors(table, side, max(HARMONICS)) for side in acceptance.sides(table)]
    for n in HARMONICS:
        for order, flow in cumulants(q, n, table.weight, {2: 6, 3: 4}.get(n, 2)).items():
            out |= _flow_numbers(f"v{n}{{{order}}}", f"c{n}{{{order}}}", flow)
        out |= _flow_numbers(f"v{n}{{2, gap}}", f"c{n}{{2, gap}}", gap(sides[0], sides[1], n, table.weight))
    correlators = charge_correlators(table, chosen)
    for name, found in zip(("gamma", "delta"), correlators, strict=True):
        for i, pair in enumerate(NAMES):
            out[f"{name}_{pair}"] = _number(float(found.value[i]), float(found.error[i]), "")
    return out


def _functions(table: EventTable, acceptance: Acceptance) -> dict[str, JSON]:
    charged, seen = charged_hadrons(table), acceptance.charged(table)
    out = {
        "dNch_deta": _function(density(table, charged, table.eta, ETA), ETA, "eta", "", ""),
        "spectrum_charged": _function(spectrum(table, seen, 2 * acceptance.eta, PT), PT, "pT", "GeV", "GeV^-2"),
    }
    mid = np.abs(table.rapidity) < MID
    for name, code in SPECIES.items():
        found = spectrum(table, (np.abs(table.pdg) == code) & mid, 2 * MID, PT)
        out[f"spectrum_{name}"] = _function(found, PT, "pT", "GeV", "GeV^-2")
    for n in HARMONICS[:2]:
        found = differential(table, acceptance.sides(table), np.array(FLOW_PT), n)
        out[f"v{n}{{2, gap}}_of_pT"] = _function(found, FLOW_PT, "pT", "GeV", "")
    return out


def _classes(table: EventTable, acceptance: Acceptance, counts: Float[np.ndarray, " events"]) -> list[JSON]:
    """Observables by the multiplicity in the window; a class with too few events joins nothing and is left out."""
    share, out = centrality(counts), []
    for low, high in pairwise(CLASSES):
        events: Bool[np.ndarray, " events"] = (share >= low) & (share < high)
        if events.sum() < FEWEST:
            continue
        part = selected(table, events)
        chosen = acceptance.for_flow(part)
        q = q_vectors(part, chosen, 4)
        numbers: dict[str, JSON] = {
            "dNch_deta": _first(density(part, charged_hadrons(part), part.eta, (-MID, MID)), "")
        }
        numbers["mean_pT"] = _number(*_pairs(mean_pt(part, acceptance.charged(part)))[0], "GeV")
        for n, most in ((2, 4), (3, 2)):
            for order, flow in cumulants(q, n, part.weight, most).items():
                numbers |= _flow_numbers(f"v{n}{{{order}}}", "", flow)
        known = part.impact[np.isfinite(part.impact)]
        if len(known):
            numbers["impact_parameter"] = _number(float(known.mean()), float(known.std() / math.sqrt(len(known))), "fm")
        least, largest = counts[events].min(), counts[events].max()
        ends = {"multiplicity_least": int(least), "multiplicity_largest": int(largest)}
        out.append({"low": low, "high": high, "unit": "%", "events": int(events.sum()), **ends, "quantities": numbers})
    return out


def _rows(found: dict[str, JSON]) -> list[tuple[str, ...]]:
    """The table that is printed: quantities with errors, then the classes."""
    rows: list[tuple[str, ...]] = [("quantity", "value (error)")]
    for name, one in found["quantities"].items():
        rows.append((f"{name} [{one['unit']}]" if one["unit"] else name, _shown(one)))
    for each in found["classes"]:
        for name, one in each["quantities"].items():
            title = f"{each['low']}-{each['high']} % {name}"
            rows.append((f"{title} [{one['unit']}]" if one["unit"] else title, _shown(one)))
    return rows


def _shown(one: JSON) -> str:
    if one["value"] is None:
        return "not seen"
    return value_with_error(one["value"], math.nan if one["error"] is None else one["error"])


def _number(value: float, error: float, unit: str) -> JSON:
    return {"value": _finite(value), "error": _finite(error), "unit": unit}


def _first(found: Estimate, unit: str) -> JSON:
    return _number(float(found.value[0]), float(found.error[0]), unit)


def _pairs(found: Estimate) -> list[tuple[float, float]]:
    return [(float(value), float(error)) for value, error in zip(found.value, found.error, strict=True)]


def _flow_numbers(name: str, cumulant: str, flow: Flow) -> dict[str, JSON]:
    out = {name: _number(flow.flow, flow.flow_error, "")}
    return out | ({cumulant: _number(flow.cumulant, flow.error, "")} if cumulant else {})


def _function(found: Estimate, edges: Sequence[float], x: str, x_unit: str, unit: str) -> JSON:
    return {
        "x": x,
        "x_unit": x_unit,
        "edges": list(edges),
        "value": [_finite(float(value)) for value in found.value],
        "error": [_finite(float(error)) for error in found.error],
        "unit": unit,
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
