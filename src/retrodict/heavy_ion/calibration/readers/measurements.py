"""Measured observables by centrality, with the sources of their errors kept apart."""

from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.shapes import Float
from retrodict.heavy_ion.calibration.readers.runs import Bin

Kind: TypeAlias = Literal["statistical", "systematic", "correlated", "normalisation"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
MIDDLE: Final = 0.5
WHOLE: Final = 1.0  # of a value: a larger error is no error of it
SUSPICIOUS: Final = 5e-4  # of a value: smaller errors of a multiplicity would be a triumph, or percentages
RowsOf: TypeAlias = Float[np.ndarray, " points"]


@dataclass(frozen=True, eq=False)
class ErrorSource:
    """One source of errors.

    Args:
        name: as the file has it.
        kind: statistical and systematic errors are independent from bin to bin; correlated ones fall off with the
            distance in centrality; a normalisation moves all bins of an observable together.
        size: one standard deviation, in units of the value, with the sign of its effect, shape (points,).
    """

    name: str
    kind: Kind
    size: RowsOf


@dataclass(frozen=True, eq=False)
class Measurements:
    """What was measured.

    Args:
        bins: observable and centrality of each number.
        value: the numbers, shape (points,).
        sources: of their errors.
        path: the file.
        notes: what the reader assumed.
    """

    bins: tuple[Bin, ...]
    value: RowsOf
    sources: tuple[ErrorSource, ...]
    path: str
    notes: tuple[str, ...] = ()

    @property
    def error(self) -> RowsOf:
        """One standard deviation of all sources together."""
        return np.sqrt(sum((source.size**2 for source in self.sources), np.zeros(len(self.value))))

    @property
    def observables(self) -> tuple[str, ...]:
        """The observables, each once."""
        return tuple(dict.fromkeys(one.observable for one in self.bins))

    @property
    def middle(self) -> RowsOf:
        """Middle of the centralities of each number [%]."""
        return np.array([MIDDLE * (one.low + one.high) for one in self.bins])

    def only(self, kept: np.ndarray) -> "Measurements":
        """Some of the numbers.

        Args:
            kept: which, as numbers or as flags.
        """
        rows = np.arange(len(self.value))[kept]
        sources = tuple(replace(source, size=source.size[rows]) for source in self.sources)
        return replace(self, bins=tuple(self.bins[i] for i in rows), value=self.value[rows], sources=sources)

    def covariance(self, correlation_length: float | None = None) -> Float[np.ndarray, "points points"]:
        r"""$\sum_k C^k$ of all sources.

        With $s$ the signed size of a source and $c$ the middle of a bin [%], statistical and systematic sources have
        $C_{ij} = s_i^2\delta_{ij}$, correlated ones $s_i s_j e^{-(c_i - c_j)^2/2L^2}$ between bins of one observable,
        a normalisation $s_i s_j$ there. Source: Bernhard, Moreland, Bass, Nat. Phys. 15 (2019) 1113.

        Args:
            correlation_length: L [%]. Where it is given and no source is called correlated, systematic ones are.

        Raises:
            InputError: for a correlated source without a length.
        """
        same = np.array([[one.observable == other.observable for other in self.bins] for one in self.bins])
        distance = np.subtract.outer(self.middle, self.middle)
        told = any(source.kind == "correlated" for source in self.sources)
        total = np.zeros((len(self.value), len(self.value)))
        for source in self.sources:
            kind = source.kind
            if kind == "systematic" and correlation_length is not None and not told:
                kind = "correlated"
            outer = np.outer(source.size, source.size)
            if kind == "normalisation":
                total += np.where(same, outer, 0.0)
            elif kind == "correlated":
                if correlation_length is None:
                    what = "correlated systematic errors need the length over which they are correlated"
                    fix = "correlation_length: 20   in problem.analysis: per cent of centrality"
                    raise InputError(what, where=f"{self.path}, {source.name}", fix=fix)
                total += np.where(same, outer * np.exp(-0.5 * (distance / correlation_length) ** 2), 0.0)
            else:
                total += np.diag(np.diag(outer))
        return total


def checked(found: Measurements) -> Measurements:
    """The same measurements, if they can be what they say.

    Args:
        found: of a file.

    Raises:
        InputError: for values or errors that are not finite, errors that are not positive, larger than what they belong
            to or counted twice, and a bin that occurs twice.
    """
    where = found.path
    bad = ~np.isfinite(found.value)
    if bad.any():
        got = str(found.bins[int(np.argmax(bad))])
        raise InputError("a value is missing or not finite", where=where, got=got, fix="remove the row")
    twice = next((one for i, one in enumerate(found.bins) if any(one.is_like(b) for b in found.bins[:i])), None)
    if twice is not None:
        fix = "average them first, with their correlations, or keep one"
        raise InputError("a bin is measured twice", where=where, got=str(twice), fix=fix)
    for source in found.sources:
        bad = ~np.isfinite(source.size)
        if bad.any():
            got = f"{source.name} of {found.bins[int(np.argmax(bad))]}"
            raise InputError("an error is missing or not finite", where=where, got=got, expected="a number; 0 for none")
        if np.any(source.size < 0.0) and source.kind in ("statistical", "systematic"):
            got = f"{source.name} of {found.bins[int(np.argmax(source.size < 0.0))]}"
            raise InputError("an error is negative", where=where, got=got, expected="one standard deviation > 0")
    _refuse_twice(found)
    error, size = found.error, np.abs(found.value)
    bad = ~(error > 0.0)
    if bad.any():
        got = str(found.bins[int(np.argmax(bad))])
        raise InputError("a measurement without an error", where=where, got=got, expected="an error > 0")
    large = (error > WHOLE * size) & (size > 0.0)
    if large.any():
        i = int(np.argmax(large))
        got = f"{found.bins[i]} = {found.value[i]:g} +- {error[i]:g}"
        fix = "if errors are in per cent of the value, write error [%]; leave out bins that measure nothing"
        raise InputError("an error is larger than its value", where=where, got=got, fix=fix)
    small = [
        name
        for name in found.observables
        if np.median((error / np.maximum(size, 1e-300))[[b.observable == name for b in found.bins]]) < SUSPICIOUS
    ]
    notes = (f"errors below half a per mille ({', '.join(small)}): percentages are marked error [%]",) if small else ()
    return replace(found, notes=(*found.notes, *notes))


def _refuse_twice(found: Measurements) -> None:
    """Raise for a source of which a second one is a copy."""
    for i, one in enumerate(found.sources):
        for other in found.sources[:i]:
            both = {one.kind, other.kind} & {"correlated", "normalisation"} or one.name == other.name
            if both and one.size.any() and np.allclose(np.abs(one.size), np.abs(other.size), rtol=1e-6, atol=0.0):
                fix = "keep one of the columns: correlated errors are part of the systematic ones, or stand beside them"
                got = f"{other.name} and {one.name} are equal"
                raise InputError("a systematic error is counted twice", where=found.path, got=got, fix=fix)


def together(parts: list[Measurements], path: str) -> Measurements:
    """The measurements of several files, each with its own sources of errors.

    Args:
        parts: one a file.
        path: of their folder.
    """
    bins = tuple(one for part in parts for one in part.bins)
    value = np.concatenate([part.value for part in parts])
    sources, start = [], 0
    for part in parts:
        for source in part.sources:
            size = np.zeros(len(value))
            size[start : start + len(part.value)] = source.size
            sources.append(ErrorSource(f"{part.observables[0]} {source.name}", source.kind, size))
        start += len(part.value)
    notes = tuple(dict.fromkeys(note for part in parts for note in part.notes))
    return Measurements(bins, value, tuple(sources), path, notes)


def from_sides(plus: RowsOf, minus: RowsOf, kind: Kind, where: str) -> tuple[RowsOf, Kind, list[str]]:
    """One signed size for an error with two sides, which are variations with the sign of their effect.

    An error whose sides change their signs along the bins is a variation of something that they have in common: it is
    kept with its signs, as correlated over all bins of the observable.

    Args:
        plus: upward variation, usually positive.
        minus: downward variation, usually negative.
        kind: of the source.
        where: for messages.

    Returns:
        The root mean square of both sides with the sign of `plus`, the kind, and what to note.

    Raises:
        InputError: for signs that are swapped, or flip in an error that is independent from bin to bin.
    """
    size = np.sqrt(0.5 * (plus**2 + minus**2))
    uneven = ~np.isclose(np.abs(plus), np.abs(minus), rtol=1e-3)
    notes = ["asymmetric errors are replaced by the root mean square of both sides"] if uneven.any() else []
    flipped = (plus < 0.0) | (minus > 0.0)
    if not flipped.any():
        return size, kind, notes
    some = (plus != 0.0) | (minus != 0.0)
    if flipped[some].all():
        got = f"plus {plus[some][0]:+g}, minus {minus[some][0]:+g} in every row"
        fix = "the upward variation is plus, the downward one minus: swap the columns, or restore the sign"
        raise InputError("the signs of an asymmetric error are swapped", where=where, got=got, fix=fix)
    if kind == "statistical":
        row = int(np.argmax(flipped))
        got = f"plus {plus[row]:+g}, minus {minus[row]:+g}"
        why = "a statistical error has no sign that could change along the bins"
        raise InputError("the signs of an asymmetric error are swapped", where=f"{where}, row {row}", got=got, why=why)
    sign = np.where(np.abs(plus) >= np.abs(minus), np.sign(plus), -np.sign(minus))
    notes.append("a systematic error changes its sign along the bins: kept with its signs, common to all of them")
    return np.where(sign == 0.0, 1.0, sign) * size, "normalisation", notes
