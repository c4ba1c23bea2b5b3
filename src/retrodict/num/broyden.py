"""Roots of small nonlinear systems whose Jacobian is nearly the identity: Broyden's method, compiled and vmappable."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from retrodict.base.types import Array, Flag, Float, Int, Scalar, Vector

HOPELESS = 1e12  # times the first step: the iteration runs away


class Root(NamedTuple):
    """Where the iteration ended, and whether its last step was short enough."""

    position: Vector
    found: Flag
    iterations: Int[Array, ""]


class _Search(NamedTuple):
    position: Vector
    value: Vector
    inverse: Float[Array, "size size"]  # of the Jacobian, as the steps so far have taught it
    length: Scalar  # of the last step, squared
    first: Scalar  # of the first step, squared
    iterations: Int[Array, ""]


def broyden_root(
    function: Callable[[Vector], Vector],
    start: Vector,
    *,
    squared_length: Callable[[Vector], Scalar],
    tolerance: float,
    iterations: int,
) -> Root:
    """A root of `function`, which is preconditioned: its Jacobian at `start` is about the identity.

    Each iteration costs one value. A fixed Jacobian converges only while the true one stays close to it; the rank-one
    corrections of C. G. Broyden, Math. Comp. 19 (1965) 577 ("good" update) reach much further. It has converged when
    the `squared_length` of a step falls below `tolerance` squared.
    """

    def step(at: _Search) -> _Search:
        move = -at.inverse @ at.value
        position = at.position + move
        value = function(position)
        taught = at.inverse @ (value - at.value)
        overlap = move @ taught
        safe = jnp.where(overlap == 0.0, 1.0, overlap)
        inverse = at.inverse + jnp.outer(move - taught, move @ at.inverse) / safe
        length = squared_length(move)
        first = jnp.where(at.iterations == 0, length, at.first)
        return _Search(position, value, inverse, length, first, at.iterations + 1)

    def unfinished(at: _Search) -> Flag:
        runs_away = at.length > HOPELESS * at.first
        return (at.length > tolerance**2) & (at.iterations < iterations) & ~runs_away

    far = jnp.asarray(jnp.inf)
    begin = _Search(start, function(start), jnp.eye(start.size), far, far, jnp.asarray(0))
    end = jax.lax.while_loop(unfinished, step, begin)
    return Root(end.position, end.length <= tolerance**2, end.iterations)
