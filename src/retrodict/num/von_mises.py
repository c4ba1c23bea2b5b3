r"""The von Mises law of an angle, as that of a spin $\mathbf u = (\cos\theta, \sin\theta)$ in a field $\mathbf h$.

$p(\theta) = e^{\mathbf h\cdot\mathbf u}/(2\pi I_0(|\mathbf h|))$: `(..., 2)` fields hold direction and
concentration in one smooth parameter, without a seam and without an angle where the field vanishes.

Source of the sampler: Best, Fisher, Applied Statistics 28 (1979) 152, rewritten without cancellations: with
$b = 2\kappa/(1+\sqrt{1+4\kappa^2})$ the proposal is a wrapped Cauchy law, $\tan(\theta/2) =
\sqrt{(1-b)/(1+b)}\tan(\pi u/2)$ for uniform u in (-1, 1), accepted with probability $c\,e^{1-c}$ where
$c = 1/(1+b\cos\pi u)$.
"""

import math
from typing import Final

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Bool, Float, Key

LOG_TURN: Final = math.log(2 * math.pi)
TRIES: Final = 4  # proposals a round: at least 66 % are accepted, so that one round mostly suffices

Angles = Float[Array, "..."]
Vectors = Float[Array, "... 2"]


def unit(angle: Angles) -> Vectors:
    """(cos, sin)."""
    return jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=-1)


def length(field: Vectors) -> Angles:
    """The length of h, with a derivative of zero where h vanishes."""
    return jnp.sqrt(jnp.sum(field**2, axis=-1) + jnp.finfo(field.dtype).tiny)


def log_i0(kappa: Angles) -> Angles:
    """ln I_0, for any size of the argument, in single and in double precision."""
    return jnp.abs(kappa) + jnp.log(jax.scipy.special.i0e(kappa))


def log_density(direction: Vectors, field: Vectors) -> Angles:
    """ln p of an angle, with respect to d theta.

    Args:
        direction: unit vector of the angle, shape (..., 2).
        field: h, shape (..., 2).
    """
    return jnp.sum(direction * field, axis=-1) - log_i0(length(field)) - LOG_TURN


def draw(key: Key, field: Vectors) -> Angles:
    """One exact draw for each field, in (-pi, pi]; to be compiled and vmapped.

    Args:
        key: of the random numbers.
        field: h, shape (..., 2).
    """
    kappa = length(field)

    def waiting(state: tuple[Key, Angles, Bool[Array, "..."]]) -> Bool[Array, ""]:
        return ~jnp.all(state[2])

    def round_of_proposals(state: tuple[Key, Angles, Bool[Array, "..."]]) -> tuple[Key, Angles, Bool[Array, "..."]]:
        key, angle, done = state
        key, here = jr.split(key)
        proposed, accepted = _proposals(here, kappa)
        first = jnp.argmax(accepted, axis=0)[None]
        angle = jnp.where(done, angle, jnp.take_along_axis(proposed, first, axis=0)[0])
        return key, angle, done | jnp.any(accepted, axis=0)

    start = (key, jnp.zeros_like(kappa), jnp.zeros(kappa.shape, bool))
    _, turn, _ = jax.lax.while_loop(waiting, round_of_proposals, start)
    angle = turn + jnp.arctan2(field[..., 1], field[..., 0])
    return angle - 2 * np.pi * jnp.ceil(angle / (2 * np.pi) - 0.5)


def _proposals(key: Key, kappa: Angles) -> tuple[Float[Array, "try ..."], Bool[Array, "try ..."]]:
    """Angles around zero and which of them are accepted."""
    root = jnp.sqrt(1 + 4 * kappa**2)
    b = 2 * kappa / (1 + root)
    without = (1 + 1 / (root + 2 * kappa)) / (1 + root)  # 1 - b
    u, accept = jr.uniform(key, (2, TRIES, *kappa.shape), kappa.dtype)
    u = 2 * u - 1
    angle = 2 * jnp.arctan(jnp.sqrt(without / (1 + b)) * jnp.tan(0.5 * np.pi * u))
    c = 1 / (1 + b * jnp.cos(np.pi * u))
    return angle, accept < c * jnp.exp(1 - c)
