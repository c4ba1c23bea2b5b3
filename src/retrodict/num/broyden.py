"""Roots of small nonlinear systems whose Jacobian is nearly the identity: Broyden's method, compiled and vmappable."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from retrodict.base.types import Array, Flag, Float, Int, Scalar, Vector

DIVERGED = 1e12  # squared length of a step, in units of the first, beyond which the iteration is given up


class Root(NamedTuple):
    """The end of an iteration."""

    position: Vector  # the last one
    converged: Flag  # whether the last step was short enough
    iterations: Int[Array, ""]  # steps taken


class _Search(NamedTuple):
    position: Vector
    value: Vector
    inverse: Float[Array, "size size"]  # of the Jacobian, corrected by the steps so far
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
    """Solve function(x) = 0 for a preconditioned function: its Jacobian at the start is about the identity.

    Each iteration costs one value. A fixed Jacobian converges only while the true one stays close to it; the rank-one
    corrections of C. G. Broyden, Math. Comp. 19 (1965) 577 ("good" update) reach much further.

    Args:
        function: the equations; values of the shape of its argument, (dim,).
        start: where the iteration begins, shape (dim,).
        squared_length: the norm of a step, squared.
        tolerance: the iteration has converged when a step is shorter.
        iterations: the most steps.
    """

    def step(at: _Search) -> _Search:
        move = -at.inverse @ at.value
        position = at.position + move
        value = function(position)
        change = at.inverse @ (value - at.value)
        overlap = move @ change
        safe = jnp.where(overlap == 0.0, 1.0, overlap)
        inverse = at.inverse + jnp.outer(move - change, move @ at.inverse) / safe
        length = squared_length(move)
        first = jnp.where(at.iterations == 0, length, at.first)
        return _Search(position, value, inverse, length, first, at.iterations + 1)

    def unfinished(at: _Search) -> Flag:
        runs_away = at.length > DIVERGED * at.first
        return (at.length > tolerance**2) & (at.iterations < iterations) & ~runs_away

    far = jnp.asarray(jnp.inf)
    begin = _Search(start, function(start), jnp.eye(start.size), far, far, jnp.asarray(0))
    end = jax.lax.while_loop(unfinished, step, begin)
    return Root(end.position, end.length <= tolerance**2, end.iterations)
