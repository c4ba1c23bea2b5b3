"""The symmetries of lattice theories as functions on fields, for actions, samplers and networks alike.

A symmetry T leaves the action unchanged, S(T x) = S(x); a gradient, a force or a velocity field v follows it,
v(T x) = T v(x), where T acts on tangents by `spaces.pushed`. Rotations are an exchange of two axes after a reflection.
"""

from collections.abc import Callable

import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Key
from retrodict.lattice.theories.groups import SU2, SU3, U1, AbstractGroup
from retrodict.lattice.theories.wilson import direction, shifted

Symmetry = Callable[[Array], Array]


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


def negated(field: Array) -> Array:
    """Z2: phi -> -phi, or theta -> -theta."""
    return -field


def turned(angle: float) -> Symmetry:
    """O(2): all angles turned by the same one."""
    return lambda field: field + angle


def links_reflected(group: AbstractGroup, axis: int, count: int) -> Symmetry:
    """Links on `count` site axes, mirrored in one: those along it are reversed and begin one site earlier."""

    def transform(x: Array) -> Array:
        mirrored = [jnp.roll(jnp.flip(direction(group, x, mu), axis - count), 1, axis - count) for mu in range(count)]
        mirrored[axis] = group.inverse(shifted(mirrored[axis], axis, count))
        return jnp.stack(mirrored, axis=group.axes)

    return transform


def links_exchanged(group: AbstractGroup, a: int, b: int, count: int) -> Symmetry:
    """Links with two directions of equal extent exchanged."""

    def transform(x: Array) -> Array:
        order = list(range(count))
        order[a], order[b] = b, a
        moved = [jnp.swapaxes(direction(group, x, mu), a - count, b - count) for mu in order]
        return jnp.stack(moved, axis=group.axes)

    return transform


def links_rotated(group: AbstractGroup, a: int, b: int, count: int) -> Symmetry:
    """Links turned by 90 degrees in the plane of two directions of equal extent."""
    reflect, exchange = links_reflected(group, a, count), links_exchanged(group, a, b, count)
    return lambda x: exchange(reflect(x))


def gauge_transformed(group: AbstractGroup, g: Array, count: int) -> Symmetry:
    """U_mu(x) -> g(x) U_mu(x) g(x + mu)^-1 with one group element a site."""

    def transform(x: Array) -> Array:
        moved = [
            group.multiply(group.multiply(g, direction(group, x, mu)), group.inverse(shifted(g, mu, count)))
            for mu in range(count)
        ]
        return jnp.stack(moved, axis=group.axes)

    return transform


def conjugated(group: AbstractGroup) -> Symmetry:
    """Charge conjugation: U -> U*, which for SU(2) is a gauge transformation."""
    if isinstance(group, U1):
        return lambda x: -x
    if isinstance(group, SU3):
        return jnp.conj
    return lambda x: x * jnp.asarray([1, -1, 1, -1], x.dtype).reshape(4, *(1,) * (x.ndim - 1))


def centre_transformed(group: AbstractGroup, count: int) -> Symmetry:
    """All links in time on one slice times an element of the centre: Polyakov loops turn, nothing local changes."""

    def transform(x: Array) -> Array:
        time = count - 1
        here = jnp.arange(x.shape[-1]) == 0
        link = direction(group, x, time)
        if isinstance(group, U1):
            changed = link + 1.0 * here
        else:
            element = -1.0 if isinstance(group, SU2) else jnp.exp(2j * jnp.pi / 3).astype(x.dtype)
            changed = jnp.where(here, element * link, link)
        return x.at[(slice(None),) * group.axes + (time,)].set(changed)

    return transform


def of_sites(shape: tuple[int, ...]) -> dict[str, Symmetry]:
    """Translations, reflections and, where extents agree, exchanges and rotations of a field on sites, by name."""
    count = len(shape)
    found: dict[str, Symmetry] = {"translation": translated(tuple(range(1, count + 1)))}
    found |= {f"reflection {a}": reflected(a) for a in range(count)}
    for a in range(count):
        for b in range(a):
            if shape[a] == shape[b]:
                found |= {f"exchange {a}{b}": exchanged(a, b), f"rotation {a}{b}": rotated(a, b)}
    return found


def of_links(group: AbstractGroup, shape: tuple[int, ...], key: Key) -> dict[str, Symmetry]:
    """The same for links, with a random gauge transformation, charge conjugation and a centre transformation."""
    count = len(shape)
    dtype = jnp.zeros(0).dtype
    found: dict[str, Symmetry] = {"translation": translated(tuple(range(1, count + 1)))}
    found |= {f"reflection {a}": links_reflected(group, a, count) for a in range(count)}
    for a in range(count):
        for b in range(a):
            if shape[a] == shape[b]:
                found[f"exchange {a}{b}"] = links_exchanged(group, a, b, count)
                found[f"rotation {a}{b}"] = links_rotated(group, a, b, count)
    found["gauge"] = gauge_transformed(group, group.haar(jr.fold_in(key, 1), shape, dtype), count)
    return found | {"conjugation": conjugated(group), "centre": centre_transformed(group, count)}
