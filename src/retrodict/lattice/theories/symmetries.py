"""Symmetries of lattice theories as functions on fields: those of sites, from `core.symmetries`, and those of links.

Links have gauge transformations, charge conjugation and centre transformations beside the symmetries of the lattice.
"""

import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Key
from retrodict.lattice.core.group import AbstractGroup, Elements
from retrodict.lattice.core.symmetries import (
    Symmetry,
    exchanged,
    negated,
    of_sites,
    reflected,
    rotated,
    translated,
    turned,
)
from retrodict.lattice.theories.links import direction, shifted

__all__ = [
    "Symmetry",
    "centre_transformed",
    "exchanged",
    "gauge_transformed",
    "links_exchanged",
    "links_reflected",
    "links_rotated",
    "negated",
    "of_links",
    "of_sites",
    "reflected",
    "rotated",
    "translated",
    "turned",
]


def links_reflected(group: AbstractGroup, axis: int, count: int) -> Symmetry:
    """Links mirrored in one: those along it are reversed and begin one site earlier.

    Args:
        group: the gauge group.
        axis: the direction that is reversed.
        count: number of directions.
    """

    def transform(x: Elements) -> Elements:
        mirrored = [jnp.roll(jnp.flip(direction(group, x, mu), axis - count), 1, axis - count) for mu in range(count)]
        mirrored[axis] = group.inverse(shifted(mirrored[axis], axis, count))
        return jnp.stack(mirrored, axis=group.axes)

    return transform


def links_exchanged(group: AbstractGroup, a: int, b: int, count: int) -> Symmetry:
    """Links with two directions of equal extent exchanged.

    Args:
        group: the gauge group.
        a: one direction.
        b: the other.
        count: number of directions.
    """

    def transform(x: Elements) -> Elements:
        order = list(range(count))
        order[a], order[b] = b, a
        moved = [jnp.swapaxes(direction(group, x, mu), a - count, b - count) for mu in order]
        return jnp.stack(moved, axis=group.axes)

    return transform


def links_rotated(group: AbstractGroup, a: int, b: int, count: int) -> Symmetry:
    """Links turned by 90 degrees in the plane of two directions of equal extent.

    Args:
        group: the gauge group.
        a: one direction.
        b: the other.
        count: number of directions.
    """
    reflect, exchange = links_reflected(group, a, count), links_exchanged(group, a, b, count)
    return lambda x: exchange(reflect(x))


def gauge_transformed(group: AbstractGroup, g: Elements, count: int) -> Symmetry:
    """U_mu(x) -> g(x) U_mu(x) g(x + mu)^-1.

    Args:
        group: the gauge group.
        g: one group element a site, shape (*group axes, *sites).
        count: number of directions.
    """

    def transform(x: Elements) -> Elements:
        moved = [
            group.multiply(group.multiply(g, direction(group, x, mu)), group.inverse(shifted(g, mu, count)))
            for mu in range(count)
        ]
        return jnp.stack(moved, axis=group.axes)

    return transform


def centre_transformed(group: AbstractGroup, count: int) -> Symmetry:
    """All links in time on one slice times an element of the centre: only Polyakov loops change.

    Args:
        group: the gauge group.
        count: number of directions.
    """

    def transform(x: Elements) -> Elements:
        time = count - 1
        link = direction(group, x, time)
        changed = jnp.where(jnp.arange(x.shape[-1]) == 0, group.times_centre(link), link)
        return x.at[(slice(None),) * group.axes + (time,)].set(changed)

    return transform


def of_links(group: AbstractGroup, shape: tuple[int, ...], key: Key) -> dict[str, Symmetry]:
    """Symmetries of Wilson's action.

    Args:
        group: the gauge group.
        shape: extents of the lattice [a].
        key: random key of the gauge transformation.

    Returns:
        Those of the lattice as in `of_sites`, a random gauge transformation, charge conjugation and a centre
        transformation, by name.
    """
    count = len(shape)
    dtype = jnp.zeros(0).dtype
    symmetries: dict[str, Symmetry] = {"translation": translated(tuple(range(1, count + 1)))}
    symmetries |= {f"reflection {a}": links_reflected(group, a, count) for a in range(count)}
    for a in range(count):
        for b in range(a):
            if shape[a] == shape[b]:
                symmetries[f"exchange {a}{b}"] = links_exchanged(group, a, b, count)
                symmetries[f"rotation {a}{b}"] = links_rotated(group, a, b, count)
    symmetries["gauge"] = gauge_transformed(group, group.haar(jr.fold_in(key, 1), shape, dtype), count)
    return symmetries | {"conjugation": group.conjugate, "centre": centre_transformed(group, count)}
