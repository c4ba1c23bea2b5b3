r"""The surface on which a fluid becomes particles: where the energy density falls through a given value.

A surface element is the flux difference of "there is fluid" through a cell of the lattice in $(\tau, x, y)$: with F
the part of a face on which the linear interpolation of $e^{1/4}$ exceeds the value, $d\sigma_\mu =
\tau\,(F_\mathrm{lower} - F_\mathrm{upper})$ times the area of the face. Neighbours share their faces, so the surface
has no holes, whatever its shape. Velocity and dissipation are interpolated to the mean of the points where the surface
cuts the edges of the cell.

The smooth twin has $H(g/w)$, a sigmoid, at the corners in place of the cut: every number of it is a smooth function of
the fluid.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from retrodict.base.types import Scalar
from retrodict.heavy_ion.hydrodynamics.evolution import History
from retrodict.heavy_ion.hydrodynamics.fluid import Shear

__all__ = ["Surface", "entropy_through", "freeze_out_surface", "smooth_freeze_out_surface"]

_CORNERS = tuple((i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1))
_EDGES = tuple(
    (a, b)
    for a in _CORNERS
    for b in _CORNERS
    if sum(b) == sum(a) + 1 and all(p <= q for p, q in zip(a, b, strict=True))
)
_FAINTEST = 1e-4  # part of a cell's face: a smooth element below it is left out


class Surface(NamedTuple):
    """Elements of a surface of constant energy density, in any order; those that are not used have no area.

    Args:
        area: tau d sigma_mu, covariant components along tau, x, y, fm^3 per unit of rapidity, shape (elements, 3).
        time: tau, fm.
        x: fm.
        y: fm.
        ux: u^x.
        uy: u^y.
        dissipation: shear and bulk pressure; zero in an ideal fluid.
        found: number of cells that the surface crosses: where it exceeds the elements, some were left out.
    """

    area: Float[Array, "elements 3"]
    time: Float[Array, " elements"]
    x: Float[Array, " elements"]
    y: Float[Array, " elements"]
    ux: Float[Array, " elements"]
    uy: Float[Array, " elements"]
    dissipation: Shear
    found: Int[Array, ""]


def freeze_out_surface(history: History, energy: Scalar | float, spacing: Scalar | float, elements: int) -> Surface:
    """The faceted surface of a fluid that starts above it and ends below.

    Args:
        history: the fluid at equidistant times.
        energy: energy density on the surface, GeV fm^-3.
        spacing: of the grid, fm.
        elements: room for so many of them.
    """
    level = jnp.sqrt(jnp.sqrt(history.flow.energy)) - jnp.asarray(energy, history.flow.energy.dtype) ** 0.25
    corner = level[:-1, :-1, :-1]
    highest, lowest = corner, corner
    for i, j, k in _CORNERS:
        other = _shifted(level, i, j, k)
        highest, lowest = jnp.maximum(highest, other), jnp.minimum(lowest, other)
    crossed = (highest > 0.0) & (lowest <= 0.0)
    return _elements(history, level, crossed, spacing, elements, None)


def smooth_freeze_out_surface(
    history: History, energy: Scalar | float, spacing: Scalar | float, elements: int, width: float = 0.05
) -> Surface:
    """The same with a surface that is smeared over neighbouring cells, for gradients.

    Args:
        history: the fluid at equidistant times.
        energy: energy density on the surface, GeV fm^-3.
        spacing: of the grid, fm.
        elements: room for so many of them.
        width: of the sigmoid in e^(1/4), relative to its value on the surface.
    """
    root = jnp.asarray(energy, history.flow.energy.dtype) ** 0.25
    level = (jnp.sqrt(jnp.sqrt(history.flow.energy)) - root) / (width * root)
    inside = jax.nn.sigmoid(level)
    lowest = inside[:-1, :-1, :-1]
    spread = sum((jnp.abs(_shifted(inside, *corner) - lowest) for corner in _CORNERS), jnp.zeros_like(lowest))
    return _elements(history, level, spread > _FAINTEST, spacing, elements, width)


def _shifted(field: Float[Array, "times x y"], i: int, j: int, k: int) -> Float[Array, "cells_t cells_x cells_y"]:
    """A corner of each cell."""
    return field[tuple(slice(shift, size - 1 + shift) for shift, size in zip((i, j, k), field.shape, strict=True))]


def _elements(
    history: History,
    level: Float[Array, "times x y"],
    wanted: Array,
    spacing: Scalar | float,
    elements: int,
    smooth: float | None,
) -> Surface:
    """The elements of the wanted cells."""
    flow = history.flow
    t, i, j = jnp.nonzero(wanted, size=elements, fill_value=-1)
    used = t >= 0
    t, i, j = (jnp.maximum(index, 0) for index in (t, i, j))

    def at(field: Array) -> dict[tuple[int, int, int], Array]:
        return {corner: field[t + corner[0], i + corner[1], j + corner[2]] for corner in _CORNERS}

    g = at(level)
    if smooth is None:
        weights, faces = _edge_weights(g), _cut_faces(g)
    else:
        inside = {corner: jax.nn.sigmoid(value) for corner, value in g.items()}
        slope = {corner: value * (1.0 - value) + 1e-12 for corner, value in inside.items()}
        total = sum(slope.values(), jnp.zeros_like(slope[_CORNERS[0]]))
        weights = {corner: value / total for corner, value in slope.items()}
        faces = _mean_faces(inside)
    position = [sum(weights[c] * c[axis] for c in _CORNERS) for axis in range(3)]
    dt = history.time[1] - history.time[0]
    time = history.time[0] + (t + position[0]) * dt
    sides = (spacing**2, dt * spacing, dt * spacing)
    area = jnp.stack(
        [jnp.where(used, time * face * side, 0.0) for face, side in zip(faces, sides, strict=True)], axis=-1
    )

    def mean(field: Array) -> Array:
        # Trilinear at the position; corner weights of the smooth twin are its own interpolation.
        corners = at(field)
        if smooth is not None:
            return sum((weights[c] * corners[c] for c in _CORNERS), jnp.zeros_like(time))
        part = [(1.0 - p, p) for p in position]
        return sum((part[0][c[0]] * part[1][c[1]] * part[2][c[2]] * corners[c] for c in _CORNERS), jnp.zeros_like(time))

    none = jnp.zeros_like(time)
    dissipation = Shear(none, none, none, none) if flow.dissipation is None else Shear(*map(mean, flow.dissipation))
    middle = 0.5 * (level.shape[1] - 1)
    x, y = ((index + p - middle) * spacing for index, p in ((i, position[1]), (j, position[2])))
    return Surface(area, time, x, y, mean(flow.ux), mean(flow.uy), dissipation, jnp.sum(wanted))


def _edge_weights(g: dict[tuple[int, int, int], Array]) -> dict[tuple[int, int, int], Array]:
    """Weights of the corners whose mean is that of the points at which the edges are cut."""
    weights = {corner: jnp.zeros_like(g[corner]) for corner in _CORNERS}
    count = jnp.zeros_like(g[_CORNERS[0]])
    for a, b in _EDGES:
        cut = (g[a] > 0.0) != (g[b] > 0.0)
        share = jnp.where(cut, g[a] / jnp.where(cut, g[a] - g[b], 1.0), 0.0)
        weights[a] = weights[a] + jnp.where(cut, 1.0 - share, 0.0)
        weights[b] = weights[b] + share
        count = count + cut
    return {corner: weight / jnp.maximum(count, 1.0) for corner, weight in weights.items()}


def _part_of_triangle(a: Array, b: Array, c: Array) -> Array:
    """The part of a triangle on which the linear function with these corner values is positive."""

    def alone(p: Array, q: Array, r: Array) -> Array:
        return p**2 / jnp.where((p - q) * (p - r) == 0.0, 1.0, (p - q) * (p - r))

    positive = jnp.stack([value > 0.0 for value in (a, b, c)])
    number = jnp.sum(positive, axis=0)
    odd = (number == 1)[None] == positive  # the corner that differs from the two others
    lonely = jnp.where(odd[0], alone(a, b, c), jnp.where(odd[1], alone(b, c, a), alone(c, a, b)))
    return jnp.where(number == 0, 0.0, jnp.where(number == 3, 1.0, jnp.where(number == 1, lonely, 1.0 - lonely)))


def _cut_faces(g: dict[tuple[int, int, int], Array]) -> list[Array]:
    """Part of the lower face less part of the upper one that is above the surface, along each axis."""
    return _faces(lambda p, q, r, s: 0.5 * (_part_of_triangle(p, q, s) + _part_of_triangle(p, r, s)), g)


def _mean_faces(inside: dict[tuple[int, int, int], Array]) -> list[Array]:
    return _faces(lambda p, q, r, s: 0.25 * (p + q + r + s), inside)


def _faces(part: Callable[..., Array], g: dict[tuple[int, int, int], Array]) -> list[Array]:
    found = []
    for axis in range(3):
        squares = []
        for side in (0, 1):
            corners = [value for corner, value in g.items() if corner[axis] == side]
            squares.append(part(*corners))
        found.append(squares[0] - squares[1])
    return found


def flux_through(surface: Surface) -> Float[Array, " elements"]:
    """u^mu d sigma_mu of each element, fm^3 per unit of rapidity.

    Args:
        surface: elements.
    """
    gamma = jnp.sqrt(1.0 + surface.ux**2 + surface.uy**2)
    return gamma * surface.area[:, 0] + surface.ux * surface.area[:, 1] + surface.uy * surface.area[:, 2]


def entropy_through(surface: Surface, entropy: Scalar | float) -> Scalar:
    """Entropy per unit of rapidity that leaves through a surface.

    Args:
        surface: elements.
        entropy: its density on the surface, fm^-3.
    """
    return entropy * jnp.sum(flux_through(surface))
