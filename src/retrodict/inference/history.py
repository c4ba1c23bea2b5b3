"""Means of Monte Carlo histories with errors by the Gamma method, and what speaks against them: early entries that
differ from the later ones, replica that disagree or never move, chains too short for their autocorrelation."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float, Int
from scipy.special import gammaincc

from retrodict.base.files import JSON, PathLike
from retrodict.base.format import value_with_error
from retrodict.inference.history_files import MonteCarloHistory, Replicum, column_names, read_history
from retrodict.num.autocorrelation import SHORTEST, Estimate, gamma_method, replica_agreement

CUTS: Final = 25  # trial cuts up to half of the history
EARLY: Final = (0.02, 0.1)  # of the history: the blocks whose means are compared with that of the last half
EQUILIBRIUM: Final = 1e-3  # chance of a larger distance above which it is one of equilibrium
DISAGREEMENT: Final = 0.01  # chance Q of the scatter of the replica below which they disagree
SHORT: Final = 20.0  # autocorrelation times of the shortest replicum
ROUNDING: Final = 1e-12  # of the size of a quantity: what varies less does not vary
SHOWN: Final = 8  # of a list in a message


def analyse_history(history: MonteCarloHistory, discard: int = 0) -> dict[str, JSON]:
    """Estimate the mean of each quantity with its error, and say what speaks against it; JSON-ready.

    Args:
        history: what was measured.
        discard: trajectories to leave out at the beginning of each replicum.

    Returns:
        `replica` with their ranges and gaps, `discarded`, `quantities` (each with `mean`, `error`, `tau_int`,
        `tau_int_error`, in trajectories, `effective_size`, `agreement_q` of several replica, `thermalised_after`
        trajectories, counted from the first of all; None where no number is known), and `warnings`.

    Raises:
        InputError: if too few entries remain.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> replicum = Replicum("run1", np.arange(400), rng.standard_normal((400, 1)))
        >>> found = analyse_history(MonteCarloHistory(("plaquette",), ("",), (replicum,)))
        >>> print(round(found["quantities"]["plaquette"]["error"], 2), found["warnings"])
        0.05 []
    """
    kept = history.after(discard)
    warnings: list[str] = [f"assumed: {note}" for note in history.notes]
    rows = {name: _quantity(kept, number, warnings) for number, name in enumerate(kept.names)}
    cuts = {name: row["thermalised_after"] for name, row in rows.items() if row["thermalised_after"] != 0}
    if cuts:
        known = [cut for cut in cuts.values() if cut is not None]
        never = [name for name, cut in cuts.items() if cut is None]
        unit = _unit(kept)
        if never:
            warnings.append(f"not thermalised: {_listed(never)} drift through the whole history: a longer run")
        if known:
            slow = [name for name, cut in cuts.items() if cut is not None]
            text = f"the beginning differs from the rest in {_listed(slow)}"
            warnings.append(f"{text}: use --discard {discard + max(known)} ({unit})")
    for row in rows.values():
        if row["thermalised_after"] is not None:
            row["thermalised_after"] += discard
    return {
        "kind": "monte_carlo_history",
        "replica": [_told(one, kept) for one in kept.replica],
        "entries": sum(len(one.times) for one in kept.replica),
        "counted_in": kept.counted_in,
        "discarded": discard,
        "quantities": rows,
        "warnings": warnings,
        "files": [{"path": source.path, "sha256": source.sha256, "size": source.size} for source in history.sources],
    }


def inspect(path: PathLike) -> dict[str, JSON]:
    """Describe the history in one file, nothing discarded: `analyse_history` of it."""
    return _described([path])


def inspect_replica(paths: Sequence[PathLike]) -> list[dict[str, JSON]]:
    """Describe files of the same columns as replica of one run; others by themselves."""
    groups: dict[tuple[str, ...], list[PathLike]] = {}
    for path in paths:
        groups.setdefault(column_names(path), []).append(path)
    return [_described(group) for group in groups.values()]


def _described(paths: Sequence[PathLike]) -> dict[str, JSON]:
    found = analyse_history(read_history(paths))
    return {**found, "next": f"retrodict analyse {' '.join(map(str, paths))} --discard N"}


def _quantity(history: MonteCarloHistory, number: int, warnings: list[str]) -> dict[str, JSON]:
    """The row of one quantity; what speaks against it goes to `warnings`."""
    name, unit = history.names[number], history.units[number]
    chains, times = history.of(name), history.times
    mean = float(np.concatenate(chains).mean())
    row: dict[str, JSON] = {"mean": mean, "error": None, "tau_int": None, "tau_int_error": None}
    row |= {"effective_size": None, "unit": unit, "thermalised_after": 0}
    size = max(float(np.abs(values).max()) for values in chains)
    frozen = [
        one.name for one, values in zip(history.replica, chains, strict=True) if np.ptp(values) <= ROUNDING * size
    ]
    if len(frozen) == len(chains):
        differ = np.ptp([values[0] for values in chains]) > ROUNDING * size
        where = "in any replicum, and the replica differ" if differ else "at all"
        warnings.append(f"{name} never changed {where}: no error is known")
        return row
    if frozen:
        warnings.append(f"{name} never changed in {_listed(frozen)}, but in the other replica")
    estimate = gamma_method(chains, times=times)
    row |= {"error": estimate.error, "tau_int": estimate.tau, "tau_int_error": estimate.tau_error}
    row["effective_size"] = estimate.effective_size
    if len(chains) > 1:
        agreement = replica_agreement(chains, times=times)
        row |= {"agreement_q": agreement.q, "replica_means": list(agreement.means)}
        row["replica_errors"] = list(agreement.errors)
        if agreement.q < DISAGREEMENT:
            pairs = zip(agreement.means, agreement.errors, strict=True)
            means = _listed([value_with_error(value, error) for value, error in pairs])
            warnings.append(f"the replica disagree in {name}: Q = {agreement.q:.2g}, means {means}")
    short = _too_short(estimate, history.times)
    if short:
        warnings.append(f"{name}: {short}: its error is a lower bound")
    row["thermalised_after"] = _cut(history, chains)
    return row


def _too_short(estimate: Estimate, times: Sequence[Int[np.ndarray, " _"]]) -> str:
    length = sum(int(stamp[-1] - stamp[0]) for stamp in times) / (estimate.tau + estimate.tau_error)
    if not estimate.closed:
        return "its autocorrelation is not seen to decay"
    return f"all replica together are only {length:.0f} autocorrelation times long" if length < SHORT else ""


def _cut(history: MonteCarloHistory, chains: Sequence[Float[np.ndarray, " _"]]) -> int | None:
    """Trajectories after which the early entries agree with the last half of each replicum; None if they never do.

    The mean of the fiftieth and of the tenth of a replicum that follow a trial cut are compared with that of its last
    half, with the fluctuations and the autocorrelation of the last halves; the distances of all replica make one chi2,
    so that hot and cold starts do not cancel.
    """
    begins = [int(stamp[-1] - stamp[0]) // 2 for stamp in history.times]
    late = [
        _between(stamp, values, begin, np.inf)
        for stamp, values, begin in zip(history.times, chains, begins, strict=True)
    ]
    if any(len(values) < SHORTEST for _, values in late):
        return 0
    one_entry, drifts = _steadiness(late)
    if drifts:
        return None
    for cut in np.unique(np.linspace(0, max(begins), CUTS).astype(int)).tolist():
        chances = []
        for share in EARLY:
            chi2, count = 0.0, 0
            for (_, tail), stamp, values, begin in zip(late, history.times, chains, begins, strict=True):
                _, block = _between(stamp, values, cut, cut + max(2 * share * begin, 1))
                if cut <= begin and len(block):
                    # Entries of a block shorter than the autocorrelation are one measurement at most.
                    variance = min(one_entry / len(block), tail.var()) + one_entry / len(tail)
                    distance = block.mean() - tail.mean()
                    chi2 += distance**2 / variance if variance > 0 else (np.inf if distance else 0.0)
                    count += 1
            chances.append(gammaincc(0.5 * max(count, 1), 0.5 * chi2))
        if min(chances) > EQUILIBRIUM:
            return int(cut)
    return None


def _steadiness(late: Sequence[tuple[Int[np.ndarray, " _"], Float[np.ndarray, " _"]]]) -> tuple[float, bool]:
    """2 tau Gamma(0) of the last halves, the squared error of a mean being its N-th part, and whether they drift.

    Each is halved again, and the fluctuations are those about the mean of each quarter, so that a drift does not hide
    itself among them.
    """
    quarters = [_between(*one, *part) for one in late for part in _halves(one[0])]
    if any(len(values) < SHORTEST for _, values in quarters):
        return _variance_of_one(late), False
    one_entry = _variance_of_one(quarters)
    chi2 = 0.0
    for (_, first), (_, second) in zip(quarters[::2], quarters[1::2], strict=True):
        variance = one_entry * (1 / len(first) + 1 / len(second))
        distance = first.mean() - second.mean()
        chi2 += distance**2 / variance if variance > 0 else (np.inf if distance else 0.0)
    return one_entry, bool(gammaincc(0.5 * len(late), 0.5 * chi2) < EQUILIBRIUM)


def _variance_of_one(parts: Sequence[tuple[Int[np.ndarray, " _"], Float[np.ndarray, " _"]]]) -> float:
    """2 tau Gamma(0) from the fluctuations of each part about its own mean."""
    times, values = [stamp for stamp, _ in parts], [series for _, series in parts]
    if len(parts) == 1:
        estimate = gamma_method(values, times=times)
        return estimate.error**2 * estimate.entries
    return replica_agreement(values, times=times).errors[0] ** 2 * len(values[0])


def _halves(stamp: Int[np.ndarray, " time"]) -> tuple[tuple[float, float], tuple[float, float]]:
    middle = float(stamp[-1] - stamp[0] + 1) / 2
    return (0.0, middle), (middle, np.inf)


def _between(
    stamp: Int[np.ndarray, " time"], values: Float[np.ndarray, " time"], begin: float, end: float
) -> tuple[Int[np.ndarray, " kept"], Float[np.ndarray, " kept"]]:
    keep = (stamp >= stamp[0] + begin) & (stamp < stamp[0] + end)
    return stamp[keep], values[keep]


def _told(one: Replicum, history: MonteCarloHistory) -> dict[str, JSON]:
    """What is said of a replicum: its range, step and gaps."""
    gaps = np.diff(one.times)
    step = int(np.bincount(gaps).argmax()) if gaps.max() < 2**24 else int(gaps.min())
    told: dict[str, JSON] = {"name": one.name, "entries": len(one.times)}
    told |= {"first": int(one.times[0]), "last": int(one.times[-1]), "step": step}
    if np.any(gaps % step):
        told["irregular"] = f"steps of {int(gaps.min())} to {int(gaps.max())}"
    elif missing := int(np.sum(gaps // step - 1)):
        told["missing"] = missing
    return told


def _unit(history: MonteCarloHistory) -> str:
    return "entries" if history.counted_in == "entry" else f"in units of {history.counted_in}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def table(found: Mapping[str, JSON]) -> list[tuple[str, ...]]:
    """The rows of a table of `analyse_history`: value with error, autocorrelation time, effective size, Q, and cut.

    Args:
        found: what `analyse_history` returned.
    """
    several = len(found["replica"]) > 1
    head = ("quantity", "value (error)", f"tau_int [{found['counted_in']}]", "effective", "thermalised after")
    rows: list[tuple[str, ...]] = [(*head, "Q of replica") if several else head]
    for name, row in found["quantities"].items():
        title = f"{name} [{row['unit']}]" if row["unit"] else name
        known = row["error"] is not None
        value = value_with_error(row["mean"], row["error"] if known else np.nan)
        tau = value_with_error(row["tau_int"], row["tau_int_error"]) if known else ""
        size = f"{row['effective_size']:.0f}" if known else ""
        cut = "never" if row["thermalised_after"] is None else str(row["thermalised_after"])
        q = (f"{row['agreement_q']:.2g}" if "agreement_q" in row else "",) if several else ()
        rows.append((title, value, tau, size, cut if known else "", *q))
    return rows
