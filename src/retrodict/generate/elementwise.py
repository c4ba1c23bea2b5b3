"""Increasing maps of single numbers, with their inverses: what a coupling does to each number that it changes.

Parameters come from a network as `(parameter, ...)`, zero for the identity. With z -> -z and the parameters `mirrored`,
each map turns into minus itself: a network that mirrors its answer when its input is negated makes an odd coupling.

Source of the spline: Durkan, Bekasov, Murray, Papamakarios, NeurIPS 2019.
"""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp

from retrodict.base.types import Array

Mapped = tuple[Array, Array]  # numbers, and the logarithms of the slopes of the map that made them
Knots = tuple[Array, Array, Array]  # positions, values and slopes at all knots of a spline

LEAST: Final = 1e-3  # share of a bin, and slope at a knot


@runtime_checkable
class Elementwise(Protocol):
    """A family of increasing maps."""

    @property
    def parameters(self) -> int:
        """How many numbers choose one of them."""
        ...

    def mirrored(self, parameters: Array) -> Array:
        """The parameters of x -> -f(-x)."""
        ...

    def forward(self, x: Array, parameters: Array) -> Mapped:
        """f(x) and ln f'."""
        ...

    def inverse(self, y: Array, parameters: Array) -> Mapped:
        """The x with f(x) = y, and ln f'(x)."""
        ...


@dataclass(frozen=True)
class Affine:
    """exp(s) x + t."""

    @property
    def parameters(self) -> int:
        """s and t."""
        return 2

    def mirrored(self, parameters: Array) -> Array:
        """(s, -t)."""
        return jnp.stack([parameters[0], -parameters[1]])

    def forward(self, x: Array, parameters: Array) -> Mapped:
        """exp(s) x + t."""
        s, t = parameters
        return jnp.exp(s) * x + t, s

    def inverse(self, y: Array, parameters: Array) -> Mapped:
        """exp(-s) (y - t)."""
        s, t = parameters
        return jnp.exp(-s) * (y - t), s


class Bin(NamedTuple):
    """The part of a spline in which a number lies: left end, width, height and the slopes at both ends."""

    x: Array
    y: Array
    width: Array
    height: Array
    left: Array
    right: Array


@dataclass(frozen=True)
class Spline:
    """A rational-quadratic spline of `bins` bins between -`bound` and `bound`, continued by the identity."""

    bins: int = 8
    bound: float = 4.0

    @property
    def parameters(self) -> int:
        """Widths, heights, and slopes between bins."""
        return 3 * self.bins - 1

    def mirrored(self, parameters: Array) -> Array:
        """Each group in reverse order."""
        return jnp.concatenate([part[::-1] for part in self._groups(parameters)])

    def forward(self, x: Array, parameters: Array) -> Mapped:
        """f(x) and ln f'."""
        y, log_slope = _forward(self._knots(parameters), x)
        inside = jnp.abs(x) < self.bound
        return jnp.where(inside, y, x), jnp.where(inside, log_slope, 0.0)

    def inverse(self, y: Array, parameters: Array) -> Mapped:
        """By the stable root of a quadratic equation."""
        x, log_slope = _inverse(self._knots(parameters), y)
        inside = jnp.abs(y) < self.bound
        return jnp.where(inside, x, y), jnp.where(inside, log_slope, 0.0)

    def _groups(self, parameters: Array) -> tuple[Array, Array, Array]:
        return parameters[: self.bins], parameters[self.bins : 2 * self.bins], parameters[2 * self.bins :]

    def _knots(self, parameters: Array) -> Knots:
        widths, heights, slopes = self._groups(parameters)
        ends = jnp.ones_like(slopes[:1])
        slopes = jnp.concatenate([ends, _positive(slopes), ends])
        return _cut(widths, self.bound), _cut(heights, self.bound), slopes


@dataclass(frozen=True)
class CircleSpline:
    """A rational-quadratic spline of `bins` bins from the circle to itself: it leaves -pi where it is.

    The slope is periodic. Source: Rezende et al., ICML 2020.
    """

    bins: int = 8

    @property
    def parameters(self) -> int:
        """Widths, heights, and slopes at the left ends of bins."""
        return 3 * self.bins

    def mirrored(self, parameters: Array) -> Array:
        """Each group in reverse order; the slope at the seam stays the first."""
        widths, heights, slopes = jnp.split(parameters, 3)
        return jnp.concatenate([widths[::-1], heights[::-1], slopes[:1], slopes[:0:-1]])

    def forward(self, x: Array, parameters: Array) -> Mapped:
        """f(x) and ln f', for -pi <= x <= pi."""
        return _forward(self._knots(parameters), x)

    def inverse(self, y: Array, parameters: Array) -> Mapped:
        """By the stable root of a quadratic equation."""
        return _inverse(self._knots(parameters), y)

    def _knots(self, parameters: Array) -> Knots:
        widths, heights, slopes = jnp.split(parameters, 3)
        slopes = _positive(jnp.concatenate([slopes, slopes[:1]]))
        return _cut(widths, math.pi), _cut(heights, math.pi), slopes


def _positive(slopes: Array) -> Array:
    """Slopes at knots: one for zero."""
    return LEAST + jax.nn.softplus(slopes + math.log(math.expm1(1 - LEAST)))


def _cut(logits: Array, bound: float) -> Array:
    """Knots between -bound and bound: evenly spaced for zeros."""
    share = LEAST + (1 - LEAST * len(logits)) * jax.nn.softmax(logits, axis=0)
    start = jnp.zeros_like(share[:1])
    return bound * (2 * jnp.concatenate([start, jnp.cumsum(share, axis=0)]) - 1)


def _forward(knots: Knots, x: Array) -> Mapped:
    one = _bin(knots, x, knots[0])
    y, slope = _rational(one, jnp.clip((x - one.x) / one.width, 0.0, 1.0))
    return y, jnp.log(slope)


def _inverse(knots: Knots, y: Array) -> Mapped:
    one = _bin(knots, y, knots[1])
    steep, rise = one.height / one.width, jnp.clip(y - one.y, 0.0, one.height)
    bend = one.left + one.right - 2 * steep
    a = one.height * (steep - one.left) + rise * bend
    b = one.height * one.left - rise * bend
    c = -steep * rise
    place = jnp.clip(2 * c / (-b - jnp.sqrt(jnp.maximum(b**2 - 4 * a * c, 0.0))), 0.0, 1.0)
    _, slope = _rational(one, place)
    return one.x + place * one.width, jnp.log(slope)


def _bin(knots: Knots, value: Array, along: Array) -> Bin:
    """The bin in which `value` lies between the knots `along`."""
    x, y, slope = knots
    index = jnp.clip(jnp.sum(value >= along[1:-1], axis=0), 0, len(x) - 2)[None]

    def at(table: Array, step: int) -> Array:
        return jnp.take_along_axis(table, index + step, axis=0)[0]

    left, bottom = at(x, 0), at(y, 0)
    return Bin(left, bottom, at(x, 1) - left, at(y, 1) - bottom, at(slope, 0), at(slope, 1))


def _rational(one: Bin, place: Array) -> Mapped:
    """Value and slope at a share `place` of the bin (eqs. 4, 5 of the source)."""
    steep, rest = one.height / one.width, place * (1 - place)
    below = steep + (one.left + one.right - 2 * steep) * rest
    value = one.y + one.height * (steep * place**2 + one.left * rest) / below
    slope = steep**2 * (one.right * place**2 + 2 * steep * rest + one.left * (1 - place) ** 2) / below**2
    return value, slope
