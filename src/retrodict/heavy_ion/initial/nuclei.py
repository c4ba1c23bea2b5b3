r"""Nucleons in a deformed nucleus: a Woods-Saxon density whose radius depends on the angle,

$$\rho(r, \theta) \propto \left(1 + e^{(r - R(\theta))/a}\right)^{-1}, \qquad
  R(\theta) = R\,(1 + \beta_2 Y_{20} + \beta_3 Y_{30} + \beta_4 Y_{40}).$$

Positions are the inverse of the distribution function at given random numbers, not accepted or refused: with the same
key they move smoothly with R, a and beta, so that two nuclei can be compared with common random numbers.
"""

from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from retrodict.base.errors import InputError
from retrodict.base.types import Scalar

__all__ = ["Nucleus", "nucleon_positions", "nucleus"]

_TABLE: Final = {  # symbol: nucleons, R [fm], a [fm], beta2; as in the program TRENTo, of lead as ALICE takes it
    "Pb": (208, 6.62, 0.546, 0.0),
    "Au": (197, 6.38, 0.535, 0.0),
    "Xe": (129, 5.36, 0.590, 0.162),
}
_ANGLES: Final = 129  # nodes of cos(theta)
_RADII: Final = 33  # nodes of R(theta)
_DEPTHS: Final = 1024  # nodes of -ln(1 - u), where u is the share of the nucleus within r
_DEEPEST: Final = 24.0
_FINE: Final = 4096  # nodes of r from which these are interpolated
_CANDIDATES: Final = 24  # directions tried for a nucleon that is too close to another


class Nucleus(eqx.Module):
    """A nucleus of Woods-Saxon form.

    Args:
        nucleons: number of nucleons A.
        radius: R, fm.
        diffuseness: a, fm.
        beta2: quadrupole deformation.
        beta3: octupole deformation.
        beta4: hexadecapole deformation.
        minimum_distance: least distance between two nucleons, fm; None means that they are independent.
    """

    nucleons: int = eqx.field(static=True)
    radius: Scalar
    diffuseness: Scalar
    beta2: Scalar | None = None
    beta3: Scalar | None = None
    beta4: Scalar | None = None
    minimum_distance: Scalar | None = None

    @property
    def deformed(self) -> bool:
        """Whether a deformation is given, be it zero."""
        return any(beta is not None for beta in (self.beta2, self.beta3, self.beta4))


def nucleus(symbol: str) -> Nucleus:
    """A nucleus by its symbol: Pb (208), Au (197), Xe (129, deformed).

    Args:
        symbol: one of these.

    Raises:
        InputError: for another one.

    Example:
        >>> nucleus("Pb").nucleons
        208
    """
    if symbol not in _TABLE:
        raise InputError(
            "unknown nucleus", got=symbol, expected=", ".join(_TABLE), fix="make a Nucleus(...) of your own"
        )
    nucleons, radius, diffuseness, beta2 = _TABLE[symbol]
    return Nucleus(nucleons, jnp.asarray(radius), jnp.asarray(diffuseness), beta2=jnp.asarray(beta2) if beta2 else None)


def radius_at(nucleus: Nucleus, cosine: Float[Array, " n"]) -> Float[Array, " n"]:
    """R(theta) [fm].

    Args:
        nucleus: a nucleus.
        cosine: cos(theta), shape (n,).
    """
    c2 = cosine**2
    shapes = (
        (nucleus.beta2, jnp.sqrt(5.0 / (16.0 * jnp.pi)) * (3.0 * c2 - 1.0)),
        (nucleus.beta3, jnp.sqrt(7.0 / (16.0 * jnp.pi)) * cosine * (5.0 * c2 - 3.0)),
        (nucleus.beta4, 3.0 / (16.0 * jnp.sqrt(jnp.pi)) * (35.0 * c2**2 - 30.0 * c2 + 3.0)),
    )
    stretch = sum((beta * shape for beta, shape in shapes if beta is not None), jnp.ones_like(cosine))
    return nucleus.radius * stretch


def nucleons_within(radius: Float[Array, " n"], diffuseness: Scalar) -> Float[Array, " n"]:
    """The integral of r^2 / (1 + exp((r - R)/a)) over all r [fm^3], exact to exp(-2 R/a).

    Args:
        radius: R, fm, shape (n,).
        diffuseness: a, fm.
    """
    cubic = radius**3 / 3.0 + jnp.pi**2 / 3.0 * diffuseness**2 * radius
    return cubic + 2.0 * diffuseness**3 * jnp.exp(-radius / diffuseness)


def _cubed_radii(radius: Scalar, diffuseness: Scalar, largest: Scalar) -> Float[Array, " depths"]:
    """r^3 at which -ln(share of the nucleus outside r) takes its nodes."""
    r = jnp.linspace(0.0, 1.0, _FINE, dtype=radius.dtype) * largest
    density = r**2 * jax.nn.sigmoid((radius - r) / diffuseness)
    shells = 0.5 * (density[1:] + density[:-1])
    outside = jnp.cumsum(shells[::-1])[::-1]
    depth = jnp.concatenate([jnp.zeros(1, r.dtype), -jnp.log(outside[1:] / outside[0])])
    return jnp.interp(jnp.linspace(0.0, _DEEPEST, _DEPTHS, dtype=r.dtype), depth, r[:-1] ** 3)


def _bilinear(
    table: Float[Array, "radii depths"], row: Float[Array, " n"], column: Float[Array, " n"]
) -> Float[Array, " n"]:
    """A table between its nodes, at fractional indices within its bounds."""
    i = jnp.clip(row.astype(int), 0, table.shape[0] - 2) if table.shape[0] > 1 else jnp.zeros(row.shape, int)
    j = jnp.clip(column.astype(int), 0, table.shape[1] - 2)
    s, t = row - i, jnp.minimum(column - j, 1.0)
    near = table[i, j] * (1.0 - t) + table[i, j + 1] * t
    if table.shape[0] == 1:
        return near
    return (1.0 - s) * near + s * (table[i + 1, j] * (1.0 - t) + table[i + 1, j + 1] * t)


def _polar(
    nucleus: Nucleus, uniform: Float[Array, " n"], depth: Float[Array, " n"]
) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
    """r and cos(theta) of nucleons, in the frame of the nucleus."""
    a = nucleus.diffuseness
    if not nucleus.deformed:
        table = _cubed_radii(nucleus.radius, a, nucleus.radius + 30.0 * a)[None]
        cosine, row = 2.0 * uniform - 1.0, jnp.zeros_like(depth)
    else:
        nodes = jnp.linspace(-1.0, 1.0, _ANGLES, dtype=depth.dtype)
        radii = radius_at(nucleus, nodes)
        weight = nucleons_within(radii, a)
        share = jnp.concatenate([jnp.zeros(1, depth.dtype), jnp.cumsum(weight[1:] + weight[:-1])])
        cosine = jnp.interp(uniform, share / share[-1], nodes)
        low, high = jnp.min(radii), jnp.max(radii)
        width = jnp.maximum(high - low, 1e-6)
        rows = low + width * jnp.linspace(0.0, 1.0, _RADII, dtype=depth.dtype)
        table = jax.vmap(lambda R: _cubed_radii(R, a, high + 30.0 * a))(rows)
        row = (radius_at(nucleus, cosine) - low) / width * (_RADII - 1)
    return jnp.cbrt(_bilinear(table, row, depth * ((_DEPTHS - 1) / _DEEPEST))), cosine


def _apart(
    key: PRNGKeyArray,
    nucleus: Nucleus,
    r: Float[Array, "events nucleons"],
    cosine: Float[Array, "events nucleons"],
    azimuth: Float[Array, "events nucleons"],
) -> Float[Array, "events nucleons 3"]:
    """Positions that keep the least distance, from the centre out: directions are drawn anew, radii stay.

    As TRENTo does it: of a deformed nucleus only the azimuth is drawn anew. Where no candidate is free the last is
    taken.
    """
    assert nucleus.minimum_distance is not None
    least = nucleus.minimum_distance**2
    order = jnp.argsort(r, axis=1)
    r, cosine, azimuth = (jnp.take_along_axis(x, order, axis=1) for x in (r, cosine, azimuth))
    events, nucleons = r.shape

    def place(positions: Array, k: Array) -> tuple[Array, None]:
        one, two = jax.random.split(jax.random.fold_in(key, k))
        phi = jax.random.uniform(one, (events, _CANDIDATES), r.dtype, 0.0, 2.0 * jnp.pi).at[:, 0].set(azimuth[:, k])
        if nucleus.deformed:
            cos = jnp.broadcast_to(cosine[:, k, None], phi.shape)
        else:
            cos = jax.random.uniform(two, phi.shape, r.dtype, -1.0, 1.0).at[:, 0].set(cosine[:, k])
        candidates = _cartesian(jnp.broadcast_to(r[:, k, None], phi.shape), cos, phi)
        squares = jnp.sum((candidates[:, :, None] - positions[:, None]) ** 2, axis=-1)
        placed = jnp.arange(nucleons) < k
        free = jnp.all((squares > least) | ~placed, axis=-1)
        chosen = jnp.where(jnp.any(free, axis=1), jnp.argmax(free, axis=1), _CANDIDATES - 1)
        return positions.at[:, k].set(candidates[jnp.arange(events), chosen]), None

    return jax.lax.scan(place, jnp.zeros((events, nucleons, 3), r.dtype), jnp.arange(nucleons))[0]


def _cartesian(r: Array, cosine: Array, azimuth: Array) -> Array:
    sine = jnp.sqrt(jnp.maximum(1.0 - cosine**2, 0.0))
    return jnp.stack([r * sine * jnp.cos(azimuth), r * sine * jnp.sin(azimuth), r * cosine], axis=-1)


def _turned(key: PRNGKeyArray, positions: Float[Array, "events nucleons 3"]) -> Float[Array, "events nucleons 3"]:
    """Each nucleus in a random orientation."""
    events = positions.shape[0]
    q = jax.random.normal(key, (4, events), positions.dtype)
    w, x, y, z = q / jnp.sqrt(jnp.sum(q**2, axis=0))
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    )
    rotation = jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)
    return jnp.einsum("eij,enj->eni", rotation, positions)


def nucleon_positions(key: PRNGKeyArray, nucleus: Nucleus, events: int) -> Float[Array, "events nucleons 3"]:
    """Positions of all nucleons about the centre of the density [fm], each nucleus in a random orientation.

    Args:
        key: of the random numbers; the same key gives positions that are smooth in the parameters of the nucleus.
        nucleus: its density.
        events: number of nuclei.
    """
    keys = jax.random.split(key, 5)
    shape, dtype = (events, nucleus.nucleons), jnp.asarray(nucleus.radius).dtype
    uniform = jax.random.uniform(keys[0], shape, dtype)
    depth = jax.random.exponential(keys[1], shape, dtype)
    azimuth = jax.random.uniform(keys[2], shape, dtype, 0.0, 2.0 * jnp.pi)
    r, cosine = (x.reshape(shape) for x in _polar(nucleus, uniform.ravel(), depth.ravel()))
    if nucleus.minimum_distance is None:
        positions = _cartesian(r, cosine, azimuth)
    else:
        positions = _apart(keys[3], nucleus, r, cosine, azimuth)
    return _turned(keys[4], positions) if nucleus.deformed else positions
