"""Where searches and chains start: at valid draws of the prior, or at optima of randomised problems."""

import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Flag, Float, Int, Key, PyTree
from retrodict.inference.least_squares import minimise
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget, promoted
from retrodict.run.sharding import spread

ITERATIONS = 120
TEMPERATURE = 1e6  # squared data residuals are divided by this at first
TRIES = 50  # draws of the prior, to find one that is valid

Position = PyTree[Float[Array, "..."]]


def valid_start(target: AbstractTarget, key: Key) -> Position:
    """A starting point of the target where its density does not vanish (or the last one tried).

    Args:
        target: the target.
        key: of the starting point.
    """
    density = target.log_likelihood if isinstance(target, AbstractLeastSquares) else target.log_density

    def drawn(k: Key) -> Position:
        return promoted(target, target.init(k))

    def again(carry: tuple[Int[Array, ""], Position]) -> tuple[Int[Array, ""], Position]:
        return carry[0] + 1, drawn(jr.fold_in(key, carry[0]))

    def invalid(carry: tuple[Int[Array, ""], Position]) -> Flag:
        return ~jnp.isfinite(density(carry[1])) & (carry[0] < TRIES)

    return jax.lax.while_loop(invalid, again, again((jnp.asarray(0), drawn(key))))[1]


def starting_points(target: AbstractTarget, key: Key, count: int) -> Position:
    """Independent starting points, about as widely spread as the posterior itself.

    For least squares: one randomised maximum a posteriori each, from a cold start at a draw of the prior with the noise
    annealed. They lie in the typical set however precise the data are, and in every mode that prior draws lead to.

    Args:
        target: the target.
        key: of all starting points.
        count: their number, the leading axis of what is returned.
    """
    if isinstance(target, AbstractLeastSquares):
        return jax.vmap(lambda k: _randomised(target, k))(spread(jr.split(key, count)))
    return jax.vmap(lambda k: valid_start(target, k))(spread(jr.split(key, count)))


def _randomised(target: AbstractLeastSquares, key: Key) -> Float[Array, " dim"]:
    start_key, noise_key = jr.split(key)
    member, position = target.randomised(noise_key), valid_start(target, start_key)
    return minimise(member, position, iterations=ITERATIONS, temperature=TEMPERATURE, tolerance=1e-2).position
