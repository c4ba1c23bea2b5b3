"""The points of a periodic cubic lattice that the cubic group does not make of each other: 0 <= x <= y <= z <= L/2.

A function in the representation A1+ of the cubic group, as the S-wave correlator of two hadrons is, takes all its
values on this wedge. Lengths are in units of the lattice spacing.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.shapes import Float, Int

STEPS = np.concatenate([np.eye(3, dtype=int), -np.eye(3, dtype=int)])  # to the six nearest neighbours


@dataclass(frozen=True)
class CubicWedge:
    """The wedge of a lattice of even or odd extent, its points in any order.

    Args:
        points: coordinates (x, y, z) with 0 <= x <= y <= z <= L/2, shape (points, 3).
        extent: L.

    Raises:
        InputError: unless the points are those of the whole wedge, each once.
    """

    points: Int[np.ndarray, "points xyz"]
    extent: int

    def __post_init__(self) -> None:
        wedge = {tuple(point) for point in whole_wedge(self.extent).tolist()}
        given = [tuple(point) for point in np.asarray(self.points).tolist()]
        if len(set(given)) < len(given) or set(given) != wedge:
            missing, foreign = sorted(wedge - set(given)), sorted(set(given) - wedge)
            example = f"{missing[0]} is missing" if missing else f"{foreign[0]}" if foreign else "a point twice"
            raise InputError(
                "the points are not those of the cubic wedge of this lattice",
                got=f"{len(given)} points; {example}",
                expected=f"the {len(wedge)} points 0 <= x <= y <= z <= {self.extent // 2} of L = {self.extent}",
                why="the Laplacian needs all neighbours; other points follow from these by the cubic group",
            )

    @cached_property
    def index(self) -> dict[tuple[int, ...], int]:
        """Place of each point in the order of `points`."""
        return {tuple(point): place for place, point in enumerate(self.points.tolist())}

    @cached_property
    def neighbours(self) -> Int[np.ndarray, "points six"]:
        """Places of the six nearest neighbours of each point, folded back into the wedge."""
        around = self.folded(self.points[:, None, :] + STEPS)
        return np.array([[self.index[tuple(point)] for point in six] for six in around.tolist()])

    @cached_property
    def multiplicity(self) -> Int[np.ndarray, " points"]:
        """How many points of the lattice are images of each point: together L^3."""
        return np.bincount(self.place_on_lattice, minlength=len(self.points))

    @cached_property
    def place_on_lattice(self) -> Int[np.ndarray, " sites"]:
        """Place in the wedge of every site of the lattice, x slowest."""
        sides = np.arange(self.extent)
        every = self.folded(np.stack(np.meshgrid(sides, sides, sides, indexing="ij"), axis=-1).reshape(-1, 3))
        code = np.array([1, 10_000, 100_000_000])
        own = self.points @ code
        order = np.argsort(own)
        return order[np.searchsorted(own[order], every @ code)]

    @cached_property
    def distance(self) -> Float[np.ndarray, " points"]:
        """r of each point."""
        return np.sqrt(np.sum(self.points.astype(float) ** 2, axis=1))

    def folded(self, points: Int[np.ndarray, "*shape xyz"]) -> Int[np.ndarray, "*shape xyz"]:
        """The points of the wedge of which any points of the periodic lattice are images.

        Args:
            points: coordinates, any integers.
        """
        inside = np.mod(points, self.extent)
        return np.sort(np.minimum(inside, self.extent - inside), axis=-1)

    def laplacian(self, values: Float[np.ndarray, "*shape points"]) -> Float[np.ndarray, "*shape points"]:
        """The Laplacian by seven points.

        Args:
            values: of a function in A1+, last axis over the points.
        """
        return values[..., self.neighbours].sum(axis=-1) - 6.0 * values

    @cached_property
    def image_distances(self) -> Float[np.ndarray, "points images"]:
        """Distances of each point to the origin and its 26 periodic images, the shortest first."""
        shifts = np.array(list(product((0, -1, 1), repeat=3))) * self.extent
        every = np.sqrt(np.sum((self.points[:, None, :] + shifts).astype(float) ** 2, axis=-1))
        return np.sort(every, axis=1)


def whole_wedge(extent: int) -> Int[np.ndarray, "points xyz"]:
    """All points 0 <= x <= y <= z <= L/2, x slowest.

    Args:
        extent: L.

    Example:
        >>> whole_wedge(2).tolist()
        [[0, 0, 0], [0, 0, 1], [0, 1, 1], [1, 1, 1]]
    """
    sides = range(extent // 2 + 1)
    return np.array([(x, y, z) for x in sides for y in sides[x:] for z in sides[y:]])
