r"""SU(3) links as files hold them: NumPy only, so that looking at a configuration does not wait for JAX.

The layout is the one of the NERSC and ILDG archives: `links[t, z, y, x, mu, row, column]`, with mu = 0, 1, 2, 3 for the
directions x, y, z, t, and U_mu(x) the transporter from x + mu to x. `compute_layout` turns it into the layout in which
actions and samplers work (colour first, sites last; see `lattice.su3`), `file_layout` turns it back.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from retrodict.base.files import Source
from retrodict.base.shapes import Complex, Float, Shaped

Links: TypeAlias = Complex[np.ndarray, "t z y x mu row column"]  # as files hold them
Slice: TypeAlias = Complex[np.ndarray, "3 3 z y x"]  # of one direction, at one time

COLOURS: Final = 3
DIRECTIONS: Final = 4
PERIODIC: Final = "periodic"
OPEN: Final = "open"
TIME: Final = 3  # the direction


@dataclass(frozen=True, eq=False)
class GaugeField:
    """One gauge configuration on a four-dimensional lattice, periodic in space.

    Args:
        links: SU(3) matrices, complex64 or complex128, shape (T, Z, Y, X, 4, 3, 3); with open boundaries in time those
            from the last slice in time are zero.
        metadata: further entries of the header of the file.
        format: name of the format that it was read from.
        checks: what was verified when it was read, by name: "passed", or why it could not be made.
        source: the file that it was read from.
        boundary: the boundary in time: periodic, open, or what the reader could infer of another.

    Raises:
        ValueError: for links of another shape or type.

    Example:
        >>> links = np.broadcast_to(np.eye(3, dtype=complex), (8, 4, 4, 4, 4, 3, 3))
        >>> GaugeField(links).dimensions
        (4, 4, 4, 8)
    """

    links: Shaped[np.ndarray, "..."]
    metadata: Mapping[str, str] = field(default_factory=dict)
    format: str = ""
    checks: Mapping[str, str] = field(default_factory=dict)
    source: Source | None = None
    boundary: str = ""

    def __post_init__(self) -> None:
        shape, kind = self.links.shape, self.links.dtype
        if len(shape) != 7 or shape[4:] != (DIRECTIONS, COLOURS, COLOURS) or kind not in (np.complex64, np.complex128):
            raise ValueError(f"links must be complex (T, Z, Y, X, 4, 3, 3), not {kind} {shape}")
        if not self.boundary:
            object.__setattr__(self, "boundary", OPEN if is_open(self.links) else PERIODIC)

    @property
    def precision(self) -> int:
        """Bits of each real number: 32 or 64."""
        return 32 if self.links.dtype == np.complex64 else 64

    @property
    def dimensions(self) -> tuple[int, int, int, int]:
        """(X, Y, Z, T), the order in which headers name them."""
        t, z, y, x = self.links.shape[:4]
        return x, y, z, t


def plaquette(links: Links) -> float:
    r"""$\langle\mathrm{Re\,tr}\,U_p\rangle / 3$ over all plaquettes that exist: 1 for unit links. Summed in float64.

    Plaquettes in time from the last slice of a lattice with open boundaries do not exist (see `is_open`).
    """
    sums = plaquette_sums(links)
    return sums.mean_of(len(sums.time) - is_open(links))


def link_trace(links: Links) -> float:
    r"""$\langle\mathrm{Re\,tr}\,U_\mu(x)\rangle / 3$ over all links that exist: 1 for unit links."""
    slices, volume = len(links), math.prod(links.shape[1:4])
    existing = (DIRECTIONS * slices - is_open(links)) * volume
    return float(np.einsum("...ii->...", links).real.sum(dtype=np.float64)) / (COLOURS * existing)


def is_open(links: Links) -> bool:
    """Whether the boundaries in time are open: the links in time from the last slice are zero, by which programs such
    as openQCD mark that they do not exist."""
    return not np.any(links[-1, ..., TIME, :, :])


@dataclass(frozen=True)
class PlaquetteSums:
    r"""Sums of $\mathrm{Re\,tr}\,U_p$ over the plaquettes that begin in each slice of time.

    Args:
        space: over those within the slice, shape (T,).
        time: over those that lead to the next slice, shape (T,).
        volume: sites of a slice.
    """

    space: Float[np.ndarray, " slices"]
    time: Float[np.ndarray, " slices"]
    volume: int

    def mean_of(self, steps: int) -> float:
        """The mean over all planes in space and over those in time of the first `steps` slices, divided by 3."""
        count = COLOURS * 3 * self.volume * (len(self.space) + steps)
        return float((self.space.sum() + self.time[:steps].sum()) / count)

    @property
    def over_all(self) -> float:
        """The sum over all plaquettes, divided by 3 for each of six planes a site, whether they exist or not."""
        return float((self.space.sum() + self.time.sum()) / (COLOURS * 6 * self.volume * len(self.space)))


def plaquette_sums(links: Links) -> PlaquetteSums:
    """Sums over the plaquettes of each slice, in float64; one slice at a time, so that memory stays small."""
    total = np.zeros((2, len(links)))
    first = here = _slice(links, 0)
    for t in range(len(links)):
        there = first if t == len(links) - 1 else _slice(links, t + 1)
        for mu in range(DIRECTIONS):
            for nu in range(mu):
                ahead = there[nu] if mu == TIME else _shifted(here[nu], mu)
                total[int(mu == TIME), t] += _traces(here[mu], ahead, here[nu], _shifted(here[mu], nu))
        here = there
    return PlaquetteSums(total[0], total[1], math.prod(links.shape[1:4]))


def unitarity_violation(links: Links) -> float:
    r"""The largest entry of $|U U^\dagger - 1|$ and of $|\det U - 1|$ over the links that exist; NaN if a number is."""
    last = DIRECTIONS - is_open(links)
    with np.errstate(all="ignore"):  # damaged files hold any number
        worst = [
            _violation(u)
            for t in range(len(links))
            for u in _slice(links, t)[: last if t == len(links) - 1 else DIRECTIONS]
        ]
    return float(np.max(worst))


def zero_links(links: Links) -> int:
    """How many links are zero."""
    return int(np.sum(~np.any(links, axis=(-2, -1))))


def with_third_row(rows: Complex[np.ndarray, "*bulk 2 3"]) -> Complex[np.ndarray, "*bulk 3 3"]:
    """SU(3) matrices from their first two rows: the third is the conjugate of their cross product."""
    third = np.conj(np.cross(rows[..., 0, :], rows[..., 1, :]))
    return np.concatenate([rows, third[..., None, :]], axis=-2, dtype=rows.dtype)


def compute_layout(links: Links) -> Complex[np.ndarray, "row column mu x y z t"]:
    """The layout in which actions and samplers work: site axis i belongs to direction i."""
    return np.ascontiguousarray(np.transpose(links, (5, 6, 4, 3, 2, 1, 0)))


def file_layout(links: Complex[np.ndarray, "row column mu x y z t"]) -> Links:
    """The inverse of `compute_layout`."""
    return np.ascontiguousarray(np.transpose(links, (6, 5, 4, 3, 2, 0, 1)))


def _slice(links: Links, t: int) -> list[Slice]:
    """The links of each direction in one slice, colour first: of each matrix element one contiguous array."""
    slices = links[t].astype(np.complex128)
    return [np.ascontiguousarray(np.moveaxis(slices[..., mu, :, :], (-2, -1), (0, 1))) for mu in range(DIRECTIONS)]


def _shifted(u: Slice, along: int) -> Slice:
    """U(x + along) within the slice."""
    return np.roll(u, -1, axis=2 + 2 - along)


def _traces(a: Slice, b: Slice, d: Slice, c: Slice) -> float:
    """The sum over all sites of Re tr a b (d c)^+."""
    total = 0.0
    for i in range(COLOURS):
        for j in range(COLOURS):
            total += float(np.vdot(_entry(d, c, i, j), _entry(a, b, i, j)).real)
    return total


def _entry(a: Slice, b: Slice, i: int, j: int) -> Complex[np.ndarray, "z y x"]:
    """An entry of the product a b."""
    entry = a[i, 0] * b[0, j]
    entry += a[i, 1] * b[1, j]
    entry += a[i, 2] * b[2, j]
    return entry


def _violation(u: Slice) -> float:
    adjoint = np.conj(np.swapaxes(u, 0, 1))
    worst = [np.abs(_entry(u, adjoint, i, j) - (i == j)).max() for i in range(COLOURS) for j in range(i + 1)]
    minors = [u[1, j] * u[2, k] - u[1, k] * u[2, j] for j, k in ((1, 2), (2, 0), (0, 1))]
    determinant = sum((u[0, j] * minors[j] for j in range(1, COLOURS)), u[0, 0] * minors[0])
    return float(np.max([*worst, np.abs(determinant - 1).max()]))
