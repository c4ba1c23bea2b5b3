"""Symmetries of lattices as functions on fields: translations, reflections, rotations, and those of one site.

A symmetry T leaves the action unchanged, S(T x) = S(x); a gradient, a force or a velocity field v is equivariant,
v(T x) = T v(x), where T acts on tangents by `spaces.push_forward`. Rotations exchange two axes after a reflection.
Symmetries of links are in `theories.symmetries`.
"""

from collections.abc import Callable
from typing import TypeAlias

import jax.numpy as jnp

from retrodict.lattice.core.spaces import Field

Symmetry: TypeAlias = Callable[[Field], Field]


def translated(steps: tuple[int, ...]) -> Symmetry:
    """x -> x + steps, for any field whose last axes are sites."""
    return lambda field: jnp.roll(field, steps, axis=tuple(range(-len(steps), 0)))


def reflected(axis: int) -> Symmetry:
    """A field on sites, mirrored in one axis: site 0 stays where it is."""
    return lambda field: jnp.roll(jnp.flip(field, axis), 1, axis)


def exchanged(a: int, b: int) -> Symmetry:
    """A field on sites with two axes of equal length exchanged."""
    return lambda field: jnp.swapaxes(field, a, b)


def rotated(a: int, b: int) -> Symmetry:
    """A field on sites, turned by 90 degrees in the plane of two axes of equal length."""
    return lambda field: exchanged(a, b)(reflected(a)(field))


def negated(field: Field) -> Field:
    """Z2: phi -> -phi, or theta -> -theta."""
    return -field


def turned(angle: float) -> Symmetry:
    """O(2): all angles turned by the same `angle` [radians]."""
    return lambda field: field + angle


def of_sites(shape: tuple[int, ...]) -> dict[str, Symmetry]:
    """Symmetries of a periodic lattice, for a field on its sites.

    Args:
        shape: extents of the lattice.

    Returns:
        A translation, reflections and, where extents agree, exchanges and rotations, by name.
    """
    count = len(shape)
    symmetries: dict[str, Symmetry] = {"translation": translated(tuple(range(1, count + 1)))}
    symmetries |= {f"reflection {a}": reflected(a) for a in range(count)}
    for a in range(count):
        for b in range(a):
            if shape[a] == shape[b]:
                symmetries |= {f"exchange {a}{b}": exchanged(a, b), f"rotation {a}{b}": rotated(a, b)}
    return symmetries
