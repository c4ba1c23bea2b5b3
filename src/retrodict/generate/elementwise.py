"""Increasing maps of single numbers, with their inverses: the transformers of coupling layers.

Parameters come from a network with shape `(parameter, *number)`; zero parameters give the identity. The parameters
`mirror(p)` belong to the map x -> -f(-x): a network whose output is mirrored when its input is negated makes an odd
coupling layer.

Source of the spline: Durkan, Bekasov, Murray, Papamakarios, NeurIPS 2019.
"""

import math
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, runtime_checkable

import jax
import jax.numpy as jnp

from retrodict.base.types import Array, Float

Numbers = Float[Array, "*number"]
Parameters = Float[Array, "parameter *number"]
Mapped = tuple[Numbers, Numbers]  # numbers, and the logarithms of the slopes of the map that made them
Knots = tuple[Float[Array, "knot *number"], Float[Array, "knot *number"], Float[Array, "knot *number"]]

MIN_SHARE: Final = 1e-3  # of a bin, and least slope at a knot


@runtime_checkable
class Elementwise(Protocol):
    """A family of increasing maps of single numbers."""

    @property
    def parameters(self) -> int:
        """Number of parameters of one map."""
        ...

    def mirror(self, parameters: Parameters) -> Parameters:
        """The parameters of x -> -f(-x).

        Args:
            parameters: those of f, shape `(parameter, *number)`.
        """
        ...

    def forward(self, x: Numbers, parameters: Parameters) -> Mapped:
        """f(x) and ln f'(x).

        Args:
            x: numbers, shape `*number`.
            parameters: one map a number, shape `(parameter, *number)`.
        """
        ...

    def inverse(self, y: Numbers, parameters: Parameters) -> Mapped:
        """The x with f(x) = y, and ln f'(x).

        Args:
            y: numbers, shape `*number`.
            parameters: one map a number, shape `(parameter, *number)`.
        """
        ...


@dataclass(frozen=True)
class Affine:
    """exp(s) x + t, with the parameters s and t.

    Example:
        >>> y, log_slope = Affine().forward(jnp.array([1.0]), jnp.array([[0.0], [0.5]]))
        >>> y.tolist(), log_slope.tolist()
        ([1.5], [0.0])
    """

    @property
    def parameters(self) -> int:
        """Two: s and t."""
        return 2

    def mirror(self, parameters: Parameters) -> Parameters:
        """(s, -t)."""
        return jnp.stack([parameters[0], -parameters[1]])

    def forward(self, x: Numbers, parameters: Parameters) -> Mapped:
        """exp(s) x + t."""
        s, t = parameters
        return jnp.exp(s) * x + t, s

    def inverse(self, y: Numbers, parameters: Parameters) -> Mapped:
        """exp(-s) (y - t)."""
        s, t = parameters
        return jnp.exp(-s) * (y - t), s


class Bin(NamedTuple):
    """The bin of a spline in which a number lies."""

    x: Numbers  # left end
    y: Numbers  # value there
    width: Numbers  # along x
    height: Numbers  # along y
    left: Numbers  # slope at the left end
    right: Numbers  # slope at the right end


@dataclass(frozen=True)
class Spline:
    """A rational-quadratic spline on a finite interval, continued by the identity.

    Args:
        bins: number of bins.
        bound: the interval is -bound ... bound.

    Example:
        >>> Spline(bins=8).parameters
        23
    """

    bins: int = 8
    bound: float = 4.0

    @property
    def parameters(self) -> int:
        """Widths, heights, and slopes between bins."""
        return 3 * self.bins - 1

    def mirror(self, parameters: Parameters) -> Parameters:
        """Each group in reverse order."""
        return jnp.concatenate([part[::-1] for part in self._groups(parameters)])

    def forward(self, x: Numbers, parameters: Parameters) -> Mapped:
        """f(x) and ln f'."""
        y, log_slope = _forward(self._knots(parameters), x)
        inside = jnp.abs(x) < self.bound
        return jnp.where(inside, y, x), jnp.where(inside, log_slope, 0.0)

    def inverse(self, y: Numbers, parameters: Parameters) -> Mapped:
        """By the stable root of a quadratic equation."""
        x, log_slope = _inverse(self._knots(parameters), y)
        inside = jnp.abs(y) < self.bound
        return jnp.where(inside, x, y), jnp.where(inside, log_slope, 0.0)

    def _groups(
        self, parameters: Parameters
    ) -> tuple[Float[Array, "bin *number"], Float[Array, "bin *number"], Float[Array, "inner *number"]]:
        return parameters[: self.bins], parameters[self.bins : 2 * self.bins], parameters[2 * self.bins :]

    def _knots(self, parameters: Parameters) -> Knots:
        widths, heights, slopes = self._groups(parameters)
        ends = jnp.ones_like(slopes[:1])
        slopes = jnp.concatenate([ends, _positive(slopes), ends])
        return _cut(widths, self.bound), _cut(heights, self.bound), slopes


@dataclass(frozen=True)
class CircleSpline:
    """A rational-quadratic spline from the circle to itself: -pi is a fixed point, and the slope is periodic.

    Source: Rezende et al., ICML 2020.

    Args:
        bins: number of bins.
    """

    bins: int = 8

    @property
    def parameters(self) -> int:
        """Widths, heights, and slopes at the left ends of bins."""
        return 3 * self.bins

    def mirror(self, parameters: Parameters) -> Parameters:
        """Each group in reverse order; the slope at the seam stays the first."""
        widths, heights, slopes = jnp.split(parameters, 3)
        return jnp.concatenate([widths[::-1], heights[::-1], slopes[:1], slopes[:0:-1]])

    def forward(self, x: Numbers, parameters: Parameters) -> Mapped:
        """f(x) and ln f', for -pi <= x <= pi."""
        return _forward(self._knots(parameters), x)

    def inverse(self, y: Numbers, parameters: Parameters) -> Mapped:
        """By the stable root of a quadratic equation."""
        return _inverse(self._knots(parameters), y)

    def _knots(self, parameters: Parameters) -> Knots:
        widths, heights, slopes = jnp.split(parameters, 3)
        slopes = _positive(jnp.concatenate([slopes, slopes[:1]]))
        return _cut(widths, math.pi), _cut(heights, math.pi), slopes


def _positive(slopes: Float[Array, "slope *number"]) -> Float[Array, "slope *number"]:
    """Slopes at knots: one for zero."""
    return MIN_SHARE + jax.nn.softplus(slopes + math.log(math.expm1(1 - MIN_SHARE)))


def _cut(logits: Float[Array, "bin *number"], bound: float) -> Float[Array, "knot *number"]:
    """Knots between -bound and bound: evenly spaced for zeros."""
    share = MIN_SHARE + (1 - MIN_SHARE * len(logits)) * jax.nn.softmax(logits, axis=0)
    start = jnp.zeros_like(share[:1])
    return bound * (2 * jnp.concatenate([start, jnp.cumsum(share, axis=0)]) - 1)


def _forward(knots: Knots, x: Numbers) -> Mapped:
    segment = _bin(knots, x, knots[0])
    y, slope = _rational(segment, jnp.clip((x - segment.x) / segment.width, 0.0, 1.0))
    return y, jnp.log(slope)


def _inverse(knots: Knots, y: Numbers) -> Mapped:
    segment = _bin(knots, y, knots[1])
    steep, rise = segment.height / segment.width, jnp.clip(y - segment.y, 0.0, segment.height)
    bend = segment.left + segment.right - 2 * steep
    a = segment.height * (steep - segment.left) + rise * bend
    b = segment.height * segment.left - rise * bend
    c = -steep * rise
    place = jnp.clip(2 * c / (-b - jnp.sqrt(jnp.maximum(b**2 - 4 * a * c, 0.0))), 0.0, 1.0)
    _, slope = _rational(segment, place)
    return segment.x + place * segment.width, jnp.log(slope)


def _bin(knots: Knots, value: Numbers, along: Float[Array, "knot *number"]) -> Bin:
    """The bin in which `value` lies between the knots `along`."""
    x, y, slope = knots
    index = jnp.clip(jnp.sum(value >= along[1:-1], axis=0), 0, len(x) - 2)[None]

    def at(table: Float[Array, "knot *number"], step: int) -> Numbers:
        return jnp.take_along_axis(table, index + step, axis=0)[0]

    left, bottom = at(x, 0), at(y, 0)
    return Bin(left, bottom, at(x, 1) - left, at(y, 1) - bottom, at(slope, 0), at(slope, 1))


def _rational(segment: Bin, place: Numbers) -> Mapped:
    """Value and slope at a fraction `place` of the bin (eqs. 4, 5 of the source)."""
    steep, rest = segment.height / segment.width, place * (1 - place)
    below = steep + (segment.left + segment.right - 2 * steep) * rest
    value = segment.y + segment.height * (steep * place**2 + segment.left * rest) / below
    slope = steep**2 * (segment.right * place**2 + 2 * steep * rest + segment.left * (1 - place) ** 2) / below**2
    return value, slope
