r"""SU(3) links as files hold them: NumPy only, so that looking at a configuration does not wait for JAX.

The layout is the one of the NERSC and ILDG archives: `links[t, z, y, x, mu, row, column]`, with mu = 0, 1, 2, 3 for the
directions x, y, z, t, and U_mu(x) the transporter from x + mu to x. `compute_layout` turns it into the layout in which
actions and samplers work (colour first, sites last; see `lattice.su3`), `file_layout` turns it back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np

from retrodict.base.files import Source
from retrodict.base.shapes import Complex, Shaped

Links: TypeAlias = Complex[np.ndarray, "t z y x mu row column"]  # as files hold them
Matrices: TypeAlias = Complex[np.ndarray, "t z y x 3 3"]  # of one direction

COLOURS: Final = 3
DIRECTIONS: Final = 4


@dataclass(frozen=True, eq=False)
class GaugeField:
    """One gauge configuration on a periodic four-dimensional lattice.

    Args:
        links: SU(3) matrices, complex64 or complex128, shape (T, Z, Y, X, 4, 3, 3).
        metadata: further entries of the header of the file.
        format: name of the format that it was read from.
        checks: what was verified when it was read, by name: "passed", or why it could not be made.
        source: the file that it was read from.

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

    def __post_init__(self) -> None:
        shape, kind = self.links.shape, self.links.dtype
        if len(shape) != 7 or shape[4:] != (DIRECTIONS, COLOURS, COLOURS) or kind not in (np.complex64, np.complex128):
            raise ValueError(f"links must be complex (T, Z, Y, X, 4, 3, 3), not {kind} {shape}")

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
    r"""$\langle\mathrm{Re\,tr}\,U_p\rangle / 3$ over all planes and sites: 1 for unit links. Summed in float64."""
    total = 0.0
    for mu in range(DIRECTIONS):
        for nu in range(mu):
            first = _direction(links, mu) @ _ahead(links, nu, mu)
            second = _direction(links, nu) @ _ahead(links, mu, nu)
            total += float(np.einsum("...ij,...ij->", first, second.conj(), optimize=True).real)
    return float(total / (COLOURS * 6 * np.prod(links.shape[:4])))


def link_trace(links: Links) -> float:
    r"""$\langle\mathrm{Re\,tr}\,U_\mu(x)\rangle / 3$ over all links: 1 for unit links."""
    return float(np.einsum("...ii->...", links).real.mean(dtype=np.float64)) / COLOURS


def unitarity_violation(links: Links) -> float:
    r"""The largest entry of $|U U^\dagger - 1|$ and of $|\det U - 1|$ over all links; NaN if any number is."""
    with np.errstate(all="ignore"):  # damaged files hold any number
        return float(np.max([_violation(_direction(links, mu)) for mu in range(DIRECTIONS)]))


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


def _direction(links: Links, mu: int) -> Matrices:
    return links[..., mu, :, :].astype(np.complex128)


def _ahead(links: Links, mu: int, along: int) -> Matrices:
    """U_mu(x + along)."""
    return np.roll(_direction(links, mu), -1, axis=3 - along)


def _violation(u: Matrices) -> float:
    product = u @ np.conj(np.swapaxes(u, -1, -2)) - np.eye(COLOURS)
    determinant = np.einsum("...i,...i->...", np.cross(u[..., 0, :], u[..., 1, :]), u[..., 2, :])
    return float(np.maximum(np.max(np.abs(product)), np.max(np.abs(determinant - 1))))
