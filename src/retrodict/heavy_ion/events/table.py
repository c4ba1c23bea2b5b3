"""Events as columns: the particles of all events one behind the other, and what is known of each event."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from retrodict.base.files import Source
from retrodict.base.shapes import Bool, Float, Int


class Beams(NamedTuple):
    """What a file says of the collision.

    Args:
        system: projectile and target, such as `(197,79)+(197,79)` with mass and charge numbers; empty if not said.
        energy: in GeV; NaN if not said.
        meaning: what this energy is, such as `sqrt(s_NN)` or `beam energy per nucleon`.
    """

    system: str = ""
    energy: float = float("nan")
    meaning: str = ""


UNSAID: Final = Beams()


@dataclass(frozen=True, eq=False)
class EventTable:
    """Final-state particles of many events.

    Args:
        source: the file.
        format: its format with version.
        writer: the program that wrote it, where the file says so.
        offsets: particles of event i are those from offsets[i] to offsets[i + 1]; events without any are kept.
        pdg: codes of the Particle Data Group.
        px: momentum along x, GeV.
        py: momentum along y, GeV.
        pz: momentum along the beam, GeV.
        E: energy, GeV.
        charge: electric charge, e.
        status: of JETSCAPE; negative for holes, whose momenta are to be subtracted. Zero where a file has none.
        impact: impact parameter of each event, fm; NaN where the file does not say.
        weight: of each event.
        beams: what collided.
        missing: what the file does not say.
        notes: what the reader left out or assumed.
    """

    source: Source
    format: str
    writer: str
    offsets: Int[np.ndarray, " edges"]
    pdg: Int[np.ndarray, " particles"]
    px: Float[np.ndarray, " particles"]
    py: Float[np.ndarray, " particles"]
    pz: Float[np.ndarray, " particles"]
    E: Float[np.ndarray, " particles"]
    charge: Float[np.ndarray, " particles"]
    status: Int[np.ndarray, " particles"]
    impact: Float[np.ndarray, " events"]
    weight: Float[np.ndarray, " events"]
    beams: Beams = UNSAID
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def events(self) -> int:
        """How many events there are."""
        return len(self.offsets) - 1

    @property
    def particles(self) -> int:
        """How many particles all events have."""
        return len(self.pdg)

    @cached_property
    def event_of(self) -> Int[np.ndarray, " particles"]:
        """The event of each particle, from 0."""
        return np.repeat(np.arange(self.events, dtype=np.int32), np.diff(self.offsets))

    @property
    def pt(self) -> Float[np.ndarray, " particles"]:
        """Transverse momentum, GeV."""
        return np.hypot(self.px, self.py)

    @property
    def phi(self) -> Float[np.ndarray, " particles"]:
        """Azimuth, from -pi to pi."""
        return np.arctan2(self.py, self.px)

    @property
    def eta(self) -> Float[np.ndarray, " particles"]:
        """Pseudorapidity; infinite along the beam."""
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.arcsinh(self.pz / self.pt)
        return np.where(np.isnan(value), np.inf, value)

    @property
    def rapidity(self) -> Float[np.ndarray, " particles"]:
        """Rapidity; infinite for a massless particle along the beam."""
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.arctanh(self.pz / self.E)
        return np.where(np.isnan(value), np.inf, value)

    def per_event(self, chosen: Bool[np.ndarray, " particles"]) -> Int[np.ndarray, " events"]:
        """How many of the chosen particles each event has.

        Args:
            chosen: which particles to count.
        """
        return np.bincount(self.event_of[chosen], minlength=self.events)

    def species(self) -> Mapping[int, int]:
        """How many particles there are of each code, the most frequent first."""
        codes, counts = np.unique(self.pdg, return_counts=True)
        order = np.argsort(-counts, kind="stable")
        return {int(codes[i]): int(counts[i]) for i in order}
