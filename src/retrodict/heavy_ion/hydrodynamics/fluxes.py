r"""Fluxes through the faces of cells: Kurganov and Tadmor's central scheme with a limited slope of each primitive.

Both sides of a face are reconstructed from energy density, pressure, velocity and dissipation; the flux is their mean
less half the fastest signal times the jump of the density. The fastest signal along x is $(|A| + \sqrt{B})/D$ with $A
= u^\tau u^x(1 - c_s^2)$, $B = ((u^\tau)^2 - (u^x)^2 - ((u^\tau)^2 - (u^x)^2 - 1)c_s^2)c_s^2$, $D = (u^\tau)^2 -
((u^\tau)^2 - 1)c_s^2$.

Source: Kurganov and Tadmor, J. Comput. Phys. 160 (2000) 241; Schenke, Jeon and Gale, Phys. Rev. C 82 (2010) 014903.
"""

from functools import partial
from typing import Final

import jax.numpy as jnp
from jaxtyping import Array, Float

from retrodict.base.types import Scalar
from retrodict.heavy_ion.hydrodynamics.apart import compiled_apart
from retrodict.heavy_ion.hydrodynamics.fluid import Flow, Shear, time_components

__all__ = ["central_difference", "divergence", "padded"]

GHOSTS: Final = 2  # cells beyond each edge, where the fluid is that of the edge

Padded = Float[Array, "px py"]


@compiled_apart
def padded(field: Float[Array, "x y"]) -> Padded:
    """A field with two more cells on each side, equal to those at the edge.

    Args:
        field: in the plane, shape (x, y).
    """
    return jnp.pad(field, GHOSTS, mode="edge")


def _slice(field: Array, axis: int, start: int, stop: int) -> Array:
    """Along `axis` from `start` to `stop` (counted from the end), along the other direction without the ghosts."""
    cut = [slice(GHOSTS, -GHOSTS)] * 2
    cut[axis] = slice(start, field.shape[axis] - stop)
    return field[tuple(cut)]


def central_difference(field: Padded, axis: int) -> Float[Array, "x y"]:
    """Half the difference of the two neighbours: the slope times the width of a cell.

    Args:
        field: with its ghosts.
        axis: 0 along x, 1 along y.
    """
    return 0.5 * (_slice(field, axis, 3, 1) - _slice(field, axis, 1, 3))


def _minmod(left: Array, right: Array, theta: Scalar | float) -> Array:
    """The least of theta times either one-sided slope and the central one; none at an extremum."""
    size = jnp.minimum(theta * jnp.minimum(jnp.abs(left), jnp.abs(right)), 0.5 * jnp.abs(left + right))
    return jnp.where(left * right > 0.0, jnp.sign(left) * size, 0.0)


def _reconstruction(axis: int, field: Padded, theta: Scalar | float) -> tuple[Array, Array]:
    """A primitive on the lower and the upper side of each face."""
    difference = _slice(field, axis, 1, 0) - _slice(field, axis, 0, 1)
    left, right = [slice(None)] * 2, [slice(None)] * 2
    left[axis], right[axis] = slice(None, -1), slice(1, None)
    slope = 0.5 * _minmod(difference[tuple(left)], difference[tuple(right)], theta)
    inner = _slice(field, axis, 1, 1)
    return (inner + slope)[tuple(left)], (inner - slope)[tuple(right)]


def divergence(
    flow: tuple[Padded, ...], speed: Padded, axis: int, theta: Scalar | float
) -> tuple[Float[Array, "x y"], ...]:
    """What leaves each cell through its two faces along an axis: the difference of the fluxes.

    Args:
        flow: energy density, pressure, u^x, u^y and, in a viscous fluid, pi^xx, pi^xy, pi^yy, Pi, with ghosts.
        speed: c_s^2, with ghosts.
        axis: 0 along x, 1 along y.
        theta: of the limiter, from 1 (most diffusive) to 2.
    """
    sides = [_RECONSTRUCTIONS[axis](field, theta) for field in flow]
    low, high = ([side[k] for side in sides] for k in (0, 1))
    c = jnp.maximum(_slice(speed, axis, 1, 2), _slice(speed, axis, 2, 1))
    (below, flux_below, fast_below), (above, flux_above, fast_above) = (
        _DENSITIES[axis](side, c) for side in (low, high)
    )
    fastest = jnp.maximum(fast_below, fast_above)
    first, second = [slice(None)] * 2, [slice(None)] * 2
    first[axis], second[axis] = slice(None, -1), slice(1, None)
    found = []
    for a, b, fa, fb in zip(below, above, flux_below, flux_above, strict=True):
        face = 0.5 * (fa + fb - fastest * (b - a))
        found.append(face[tuple(second)] - face[tuple(first)])
    return tuple(found)


def _densities(axis: int, side: list[Array], c: Array) -> tuple[list[Array], list[Array], Array]:
    """Densities, fluxes and the fastest signal on one side of each face."""
    e, p, ux, uy = side[:4]
    along = (ux, uy)[axis]
    square = ux**2 + uy**2
    gamma = jnp.sqrt(1.0 + square)
    total = p if len(side) == 4 else p + side[7]
    w = e + total
    densities = [w * gamma**2 - total, w * gamma * ux, w * gamma * uy]
    fluxes = [w * gamma * along, w * ux * along, w * uy * along]
    fluxes[1 + axis] = fluxes[1 + axis] + total
    if len(side) > 4:
        shear = Shear(*side[4:])
        tt, tx, ty = time_components(shear, ux, uy, gamma)
        row = ((shear.xx, shear.xy), (shear.xy, shear.yy))[axis]
        densities = [d + s for d, s in zip(densities, (tt, tx, ty), strict=True)]
        fluxes = [f + s for f, s in zip(fluxes, ((tx, ty)[axis], *row), strict=True)]
        densities += [gamma * part for part in shear]
        fluxes += [along * part for part in shear]
    a = gamma * jnp.abs(along) * (1.0 - c)
    across = square - along**2
    b = (1.0 + across * (1.0 - c)) * c
    return densities, fluxes, (a + jnp.sqrt(b + 1e-12)) / (1.0 + square * (1.0 - c))


_RECONSTRUCTIONS: Final = tuple(compiled_apart(partial(_reconstruction, axis)) for axis in (0, 1))
_DENSITIES: Final = tuple(compiled_apart(partial(_densities, axis)) for axis in (0, 1))


def primitives(flow: Flow, pressure: Array) -> tuple[Array, ...]:
    """The fields of which `divergence` takes slopes, without ghosts.

    Args:
        flow: the fluid.
        pressure: P, GeV fm^-3.
    """
    fields = (flow.energy, pressure, flow.ux, flow.uy)
    return fields if flow.dissipation is None else (*fields, *flow.dissipation)
