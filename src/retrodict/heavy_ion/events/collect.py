"""Rows of numbers from the lines of a file: many events at a time become columns, and each row is checked.

A row that does not fit is named by its line.
"""

import io
import math
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import hash_file
from retrodict.heavy_ion.events.lines import Lines, Rows
from retrodict.heavy_ion.events.shells import refuse_wrong_units
from retrodict.heavy_ion.events.species import charge, unknown
from retrodict.heavy_ion.events.table import UNSAID, Beams, EventTable
from retrodict.heavy_ion.events.urqmd_species import pdg_of

FLUSH: Final = 4_000_000  # bytes of rows that are turned into numbers at once
FEWEST: Final = 7  # columns of any row of particles: what has fewer is a header
MOST: Final = 20_000_000  # particles of one event
_EMPTY: Final = np.zeros(0)


class Layout(NamedTuple):
    """What stands in a row.

    Args:
        columns: names in the order of the file; those that are not used may have any name.
    """

    columns: tuple[str, ...]

    @property
    def used(self) -> dict[str, int]:
        """The columns that are read, and where they stand."""
        wanted = ("px", "py", "pz", "E", "mass", "pdg", "status", "ityp", "iso3", "charge")
        return {name: self.columns.index(name) for name in wanted if name in self.columns}


@dataclass
class Collector:
    """Takes rows and the ends of events, and gives the table.

    Args:
        lines: the file.
        layout: what stands in a row.
    """

    lines: Lines
    layout: Layout
    _waiting: Rows | None = None  # the last block of an event that has no end yet
    _rows: list[Rows] = field(default_factory=list)
    _bytes: int = 0
    _counts: list[int] = field(default_factory=list)
    _impact: list[float] = field(default_factory=list)
    _weight: list[float] = field(default_factory=list)
    _parts: list[dict[str, np.ndarray]] = field(default_factory=list)
    _known: dict[int, float] = field(default_factory=dict)  # charge of each code
    _off_shell: int = 0

    def block(self, count: int, event: str, *, word: bytes = b"#") -> None:
        """Take the particles of an event, in place of earlier ones of the same event.

        Args:
            count: how many there are by the header above them.
            event: the event, for messages.
            word: what stands in every header and in no row.

        Raises:
            InputError: if the file ends before, or another header stands among them.
        """
        if not 0 <= count <= MOST:
            got = f"{count} particles in {event}"
            raise InputError("an impossible number of particles", where=self.lines.where, got=got)
        rows = self.lines.rows(count)
        if word in rows.data:
            before = rows.data[: rows.data.index(word)].count(b"\n")
            raise miscounted(f"{self.lines.path}:{rows.first + before}", event, count, before)
        if rows.count < count:
            raise truncated(self.lines, event, f"its header says {count} particles, {rows.count} rows follow")
        width = len(rows.data.rstrip().rsplit(b"\n", 1)[-1].split())
        if count and width != len(self.layout.columns) and width < FEWEST:
            raise miscounted(self.lines.where, event, count, count - 1)
        self._waiting = rows

    def uncounted(self, column: int, value: bytes, event: str) -> None:
        """Take the rows behind a block, if as many at its beginning are of a kind that headers do not count.

        Args:
            column: in which this kind is seen.
            value: by this word.
            event: the event, for messages.

        Raises:
            InputError: if they are not: the count is wrong.
        """
        further, width = [], len(self.layout.columns)
        while len((self.lines.peek() or "").split()) == width:
            further.append(self.lines.rows(1).data)
        if not further or self._waiting is None:
            return
        data = self._waiting.data + b"".join(further)
        if any(line.split()[column] != value for line in data.split(b"\n", len(further))[: len(further)]):
            raise miscounted(self.lines.where, event, self._waiting.count, self._waiting.count + len(further))
        self._waiting = Rows(data, self._waiting.first, self._waiting.count + len(further))

    def block_to_comment(self, event: str) -> None:
        """Take the particles of an event up to the next comment.

        Args:
            event: the event, for messages.

        Raises:
            InputError: if the file ends before.
        """
        first, found = self.lines.number + 1, []
        while (line := self.lines.peek()) is not None and not line.startswith("#"):
            found.append(self.lines.rows(1).data)
        if self.lines.peek() is None:
            raise truncated(self.lines, event, "no line that closes it")
        self._waiting = Rows(b"".join(found), first, len(found))

    def drop(self) -> None:
        """Forget the block that was taken last: it is not the final state."""
        self._waiting = None

    def end(self, impact: float = math.nan, weight: float = 1.0) -> None:
        """The event is complete.

        Args:
            impact: its impact parameter, fm.
            weight: of the event.
        """
        if self._waiting is not None and self._waiting.count:
            self._rows.append(self._waiting)
            self._bytes += len(self._waiting.data)
        self._counts.append(self._waiting.count if self._waiting else 0)
        self._impact.append(impact)
        self._weight.append(weight)
        self._waiting = None
        if self._bytes > FLUSH:
            self._flush()

    @property
    def events(self) -> int:
        """Events that are complete."""
        return len(self._counts)

    @property
    def last(self) -> int:
        """Particles of the block that was taken last."""
        return self._waiting.count if self._waiting else self._counts[-1] if self._counts else 0

    def table(
        self, format_: str, *, writer: str = "", beams: Beams = UNSAID, notes: tuple[str, ...] = ()
    ) -> EventTable:
        """All events that were taken.

        Args:
            format_: of the file, with its version.
            writer: the program that wrote it.
            beams: what collided.
            notes: what was left out or assumed.

        Raises:
            InputError: for a row that is wrong, and for a file without events.
        """
        self._flush()
        if not self._counts:
            raise InputError("a list of particles without an event", where=self.lines.path, expected="events")
        columns = {
            name: np.concatenate([part[name] for part in self._parts]) if self._parts else _EMPTY
            for name in ("px", "py", "pz", "E")
        }
        whole = {
            name: np.concatenate([part[name] for part in self._parts]) if self._parts else _EMPTY.astype(kind)
            for name, kind in (("pdg", np.int32), ("charge", np.float32), ("status", np.int16))
        }
        impact, weight = np.array(self._impact), np.array(self._weight)
        unsaid = ["impact parameter"] if np.isnan(impact).all() else []
        unsaid += ["beam energy"] if math.isnan(beams.energy) else []
        unsaid += [] if beams.system else ["colliding nuclei"]
        if self._off_shell:
            share = f"{self._off_shell} of {len(whole['pdg'])}"
            notes = (*notes, f"{share} particles are not on their mass shell (Fermi momenta, rounding)")
        source, offsets = hash_file(self.lines.path), np.concatenate([[0], np.cumsum(self._counts, dtype=np.int64)])
        return EventTable(
            source, format_, writer, offsets, **columns, **whole, impact=impact, weight=weight,
            beams=beams, missing=tuple(unsaid), notes=notes,
        )  # fmt: skip

    def _flush(self) -> None:
        if not self._rows:
            return
        part = self._numbers()
        if "ityp" in part:
            codes, wrong = pdg_of(part.pop("ityp"), part.pop("iso3"), part["charge"])
            if len(wrong):
                raise self._at(int(wrong[0]), "a particle that UrQMD does not have: no such ityp, 2*I3 and charge")
            part["pdg"] = codes
        pdg = part["pdg"].astype(np.int64)
        if np.any(pdg != part["pdg"]):
            raise self._at(int(np.argmax(pdg != part["pdg"])), "a PDG code that is no whole number")
        codes, index = np.unique(pdg, return_inverse=True)
        strange = unknown(code for code in codes.tolist() if code not in self._known)
        if strange:
            where = int(np.argmax(pdg == strange[0]))
            raise self._at(where, f"an unknown species: {strange[0]} is no code of the Particle Data Group")
        self._known |= {code: charge(code) or 0.0 for code in codes.tolist() if code not in self._known}
        if "E" not in part:
            part["E"] = np.sqrt(part["px"] ** 2 + part["py"] ** 2 + part["pz"] ** 2 + part["mass"] ** 2)
        self._off_shell += refuse_wrong_units(part, pdg, self.lines.path)
        kept = {name: part[name] for name in ("px", "py", "pz", "E")}
        kept["pdg"] = pdg.astype(np.int32)
        kept["charge"] = np.array([self._known[code] for code in codes.tolist()], np.float32)[index]
        kept["status"] = part.get("status", np.zeros(len(pdg))).astype(np.int16)
        self._parts.append(kept)
        self._rows, self._bytes = [], 0

    def _numbers(self) -> dict[str, np.ndarray]:
        """The columns of all rows that wait; raises `InputError` with the line of the first that is wrong."""
        import pandas as pd

        used, width = self.layout.used, len(self.layout.columns)
        data = b"".join(rows.data for rows in self._rows)
        if b"D" in data:
            data = data.replace(b"D", b"E")  # Fortran's exponents
        try:
            frame = pd.read_csv(io.BytesIO(data), sep=r"\s+", header=None, dtype=np.float64, quoting=3)
        except (ValueError, OverflowError, pd.errors.ParserError) as error:
            raise self._first_wrong(str(error)) from error
        values = frame.to_numpy()
        if values.shape != (sum(rows.count for rows in self._rows), width) or not np.isfinite(values).all():
            raise self._first_wrong("a number is missing, or one too many")
        return {name: np.ascontiguousarray(values[:, place]) for name, place in used.items()}

    def _first_wrong(self, why: str) -> InputError:
        """The error that names the first row which is not made of the numbers that are due."""
        for rows in self._rows:
            for i, line in enumerate(rows.data.decode("utf-8", "replace").splitlines()):
                cells = line.replace("D", "E").split()
                if len(cells) != len(self.layout.columns) or not all(map(_is_finite, cells)):
                    return self._wrong_row(rows.first + i, line, cells)
        return InputError("the rows are no table of numbers", where=self.lines.path, got=why[:200])

    def _wrong_row(self, line: int, text: str, cells: list[str]) -> InputError:
        columns, where = self.layout.columns, f"{self.lines.path}:{line}"
        if len(cells) == len(columns):
            bad = next(i for i, cell in enumerate(cells) if not _is_finite(cell))
            return InputError("not a finite number", where=f"{where}, column {columns[bad]}", got=cells[bad][:40])
        expected = f"{len(columns)} columns: {' '.join(columns)}"
        fix = "if the count of its event is wrong, or lines are lost, write the file again"
        what = "a row of particles with too many or too few columns"
        return InputError(what, where=where, got=f"{len(cells)}: {text.strip()[:120]}", expected=expected, fix=fix)

    def _at(self, index: int, what: str) -> InputError:
        """An error with the line of the particle that waits at this place."""
        for rows in self._rows:
            if index < rows.count:
                text = rows.data.decode("utf-8", "replace").splitlines()[index]
                return InputError(what, where=f"{self.lines.path}:{rows.first + index}", got=text.strip()[:160])
            index -= rows.count
        return InputError(what, where=self.lines.path)


def truncated(lines: Lines, event: str, why: str) -> InputError:
    """The error for a file that ends within an event.

    Args:
        lines: the file.
        event: the event that is not complete.
        why: what is missing.
    """
    fix = "the run that wrote it was cut off, or the copy is not complete: copy it again, or remove the last event"
    return InputError(f"the file ends within {event}", where=lines.where, got=why, expected="whole events", fix=fix)


def miscounted(where: str, event: str, said: int, found: int) -> InputError:
    """The error for a header that counts another number of particles than follow.

    Args:
        where: the line.
        event: of the header.
        said: particles that it counts.
        found: rows that follow; more than that where it counts too few.
    """
    got = f"{event} has {'more than ' if found > said else ''}{min(found, said)} rows, its header says {said}"
    fix = "lines were lost or added, or files were joined in the middle of an event: write the file again"
    return InputError("a count of particles that disagrees with the rows", where=where, got=got, fix=fix)


def _is_finite(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False
