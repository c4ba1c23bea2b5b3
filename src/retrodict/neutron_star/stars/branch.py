"""The stable stars of an equation of state as a chain of short chords: the input of every likelihood of this domain.

Between two stars whose central densities are neighbours on the grid there are `PIECES` chords. Where the branch is
interrupted (twin stars) chords are missing. It ends at the turning point, which lies either above the heaviest star on
the grid (last chords lead there) or below it (the chords to that star end there): so the branch moves continuously
with its matter.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from retrodict.base.types import Array, Bool, Float, Int, Key, Scalar
from retrodict.neutron_star.stars.sequence import Star, StellarSequence, distinct_nodes, lagrange, window_of

LIGHTEST = 1.0  # Msun: no lighter neutron star has been observed, and supernovae make none
TINIEST_TIDE = 1e-9
PIECES = 3  # chords between two neighbours: nine times closer to the curve than one
LARGEST = 30.0  # km: larger stars are not neutron stars, however stable


class Branch(NamedTuple):
    """Stable stars as a chain of chords; the columns are the ends of a chord, the lighter star first."""

    mass: Float[Array, "cells 2"]  # Msun
    radius: Float[Array, "cells 2"]  # km
    log_deformability: Float[Array, "cells 2"]  # ln Lambda
    rise: Float[Array, " cells"]  # the mass that the chord gains [Msun]; 0 where the stars are unstable
    maximum_mass: Scalar  # Msun
    maximum_radius: Scalar  # km, of the heaviest star


class Nodes(NamedTuple):
    """Stars for a quadrature over the mass; the weights sum to one."""

    mass: Float[Array, " stars"]  # Msun
    radius: Float[Array, " stars"]  # km
    weight: Float[Array, " stars"]  # of the quadrature, sums to one


def stable_branch(sequence: StellarSequence, heaviest: Star) -> Branch:
    """The stable part of a sequence of stars.

    Args:
        sequence: stars of rising central density.
        heaviest: their heaviest star, from `maximum_mass`.
    """
    stable = lax.stop_gradient(stable_chords(sequence.mass, sequence.radius))
    last = jnp.argmax(jnp.where(jnp.append(False, stable), sequence.mass, -jnp.inf))
    beyond = heaviest.central_density < sequence.central_density[last]  # the star `last` is no longer stable
    cut = beyond & (jnp.arange(1, sequence.mass.shape[0]) == last)
    top = _vertex(heaviest)
    ends = jax.tree.map(
        lambda y, v: jnp.concatenate(
            [jnp.stack([y[:-1], jnp.where(cut, v, y[1:])]), jnp.stack([y[last], v])[:, None]], 1
        ),
        _vertex(sequence),
        top,
    )
    first = jnp.append(jnp.arange(sequence.mass.shape[0] - 1), last)
    vertices = jax.vmap(lambda k, end: _subdivide(sequence, k, end), (0, 1))(first, ends)
    mass, radius, tide = (jnp.stack([y[:, :-1].ravel(), y[:, 1:].ravel()], axis=1) for y in vertices[:3])
    rising = jnp.repeat(jnp.append(stable, stable.any() & ~beyond), PIECES)
    rise = jnp.where(rising, jnp.maximum(mass[:, 1] - mass[:, 0], 0.0), 0.0)
    return Branch(mass, radius, tide, rise, heaviest.mass, heaviest.radius)


class _Vertex(NamedTuple):
    """Stars as far as a branch needs them."""

    mass: Float[Array, "*stars"]
    radius: Float[Array, "*stars"]
    log_deformability: Float[Array, "*stars"]
    log_enthalpy: Float[Array, "*stars"]


def _vertex(stars: StellarSequence | Star) -> _Vertex:
    """Stars that are unstable may have no tide at all; they are masked, not trusted."""
    return _Vertex(stars.mass, stars.radius, _log_tide(stars.tidal_deformability), stars.central_log_enthalpy)


def _subdivide(sequence: StellarSequence, k: Int[Array, ""], end: _Vertex) -> _Vertex:
    """The chord between two neighbours, from star `k` on, in `PIECES`: stars between them on the polynomial in h.

    Between the ends `(2,)` the chord stays straight where a polynomial would cross a transition or unbound stars.
    """
    t = jnp.arange(1, PIECES) / PIECES
    stars = _vertex(sequence)
    window, usable = window_of(sequence, k, k + 1)
    near = jax.tree.map(lambda y: y[window], stars)
    usable &= jnp.all((near.radius > 0) & (near.radius < LARGEST) & (near.log_deformability > np.log(TINIEST_TIDE)))
    inside = jax.tree.map(lambda y: y[0] + t * (y[1] - y[0]), end)
    weights = jax.vmap(lambda x: lagrange(distinct_nodes(near.log_enthalpy, usable), x))(inside.log_enthalpy)
    inner = jax.tree.map(lambda y, straight: jnp.where(usable, weights @ y, straight), near, inside)
    return jax.tree.map(lambda y, e: jnp.concatenate([e[:1], y, e[1:]]), inner, end)


def _log_tide(tide: Float[Array, "..."]) -> Float[Array, "..."]:
    return jnp.log(jnp.where(tide > TINIEST_TIDE, tide, TINIEST_TIDE))


def stable_chords(mass: Float[Array, " stars"], radius: Float[Array, " stars"]) -> Bool[Array, " chords"]:
    """Whether the stars between two neighbours are stable against radial oscillations.

    Going up in central density, a maximum of the mass makes one more mode unstable where the radius shrinks and one
    fewer where it grows; at a minimum it is the other way round. Stars larger than `LARGEST` (at the low end, where the
    grid begins among unbound ones) count as shrinking, and no chord leads to them: it would cross the whole plane.
    Source: Bardeen, Thorne, Meltzer, ApJ 145 (1966) 505.

    Args:
        mass: masses [Msun] in order of central density, shape (stars,).
        radius: radii [km], shape (stars,).

    Returns:
        One flag for each pair of neighbours, shape (stars - 1,).
    """
    gain = jnp.diff(mass)
    rising = _forward_fill(jnp.sign(jnp.where(jnp.abs(gain) < 1e-10, 0.0, gain))) > 0
    compact = (radius > 0) & (radius < LARGEST)
    shrinking = ~compact[1:-1] | (radius[2:] < radius[:-2])
    maximum, minimum = rising[:-1] & ~rising[1:], ~rising[:-1] & rising[1:]
    change = jnp.where(maximum, jnp.where(shrinking, 1, -1), 0) + jnp.where(minimum, jnp.where(shrinking, -1, 1), 0)
    modes = jnp.cumsum(jnp.append(jnp.where(rising[0], 0, 1), change))
    return rising & (modes <= 0) & compact[:-1] & compact[1:]


def _forward_fill(sign: Float[Array, " chords"]) -> Float[Array, " chords"]:
    """Zeros (a plateau of the pressure, along which the star does not change) take the sign before them."""
    index = jnp.arange(sign.shape[0])
    return sign[lax.cummax(jnp.where(sign != 0, index, 0))]


def mass_nodes(branch: Branch, lightest: float = LIGHTEST) -> Nodes:
    """Gauss-Legendre nodes on every chord for a mass that is uniform over the stable stars.

    Where no star is heavier than `lightest`, all the weight is at the heaviest star, so that results stay finite.

    Args:
        branch: stable stars.
        lightest: lower end of the range of masses [Msun].
    """
    lower, gain = branch.mass[:, 0], branch.mass[:, 1] - branch.mass[:, 0]
    start = jnp.clip((lightest - lower) / jnp.where(gain > 0, gain, 1.0), 0.0, 1.0)
    point, share = np.polynomial.legendre.leggauss(2)
    t = start[:, None] + (1 - start[:, None]) * 0.5 * (1 + point)
    weight = (branch.rise * (1 - start))[:, None] * (0.5 * share)
    mass, radius = (v[:, :1] + t * (v[:, 1:] - v[:, :1]) for v in (branch.mass, branch.radius))
    weight = jnp.append(weight.ravel(), 1e-9)
    mass, radius = jnp.append(mass.ravel(), branch.maximum_mass), jnp.append(radius.ravel(), branch.maximum_radius)
    return Nodes(mass, radius, weight / jnp.sum(weight))


def sample_stars(
    key: Key, branch: Branch, count: int, lightest: float = LIGHTEST
) -> tuple[Float[Array, " count"], Float[Array, " count"]]:
    """Draw stars whose masses are uniform over the stable ones.

    Args:
        key: random key.
        branch: stable stars.
        count: number of stars.
        lightest: lower end of the range of masses [Msun].

    Returns:
        Masses [Msun] and radii [km], each of shape (count,).
    """
    lower, gain = branch.mass[:, 0], branch.mass[:, 1] - branch.mass[:, 0]
    start = jnp.clip((lightest - lower) / jnp.where(gain > 0, gain, 1.0), 0.0, 1.0)
    weight = branch.rise * (1 - start)
    cell_key, place_key = jax.random.split(key)
    cell = jax.random.categorical(cell_key, jnp.log(weight + 1e-300), shape=(count,))
    t = start[cell] + (1 - start[cell]) * jax.random.uniform(place_key, (count,))
    mass, radius = (v[cell, 0] + t * (v[cell, 1] - v[cell, 0]) for v in (branch.mass, branch.radius))
    return mass, radius


def log_deformability_at(branch: Branch, mass: Float[Array, " stars"]) -> Float[Array, " stars"]:
    """ln Lambda at given masses, on the branch of lowest density where there are several.

    Args:
        branch: stable stars.
        mass: masses [Msun], shape (stars,); beyond the maximum mass the value of the heaviest star is taken.
    """
    stable = branch.rise > 0
    inside = stable & (branch.mass[:, 0] <= mass[:, None]) & (mass[:, None] <= branch.mass[:, 1])
    nearest = jnp.where(stable, jnp.abs(0.5 * (branch.mass[:, 0] + branch.mass[:, 1]) - mass[:, None]), jnp.inf)
    cell = jnp.where(inside.any(axis=1), jnp.argmax(inside, axis=1), jnp.argmin(nearest, axis=1))
    (m0, m1), (y0, y1) = branch.mass[cell].T, branch.log_deformability[cell].T
    t = jnp.clip((mass - m0) / jnp.where(m1 > m0, m1 - m0, 1.0), 0.0, 1.0)
    return y0 + t * (y1 - y0)
