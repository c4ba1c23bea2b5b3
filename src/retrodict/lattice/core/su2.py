r"""SU(2) matrices as quaternions $q_0 + i\,\vec q\cdot\vec\sigma$, the four real components first: `(4, ...)`.

Half the memory of complex matrices, a product of 16 multiplications, and the heat bath in its natural variables.
"""

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Complex

from retrodict.base.types import Array, Float, Key

Quaternion = Float[Array, "4 ..."]


@jax.jit
def multiply(a: Quaternion, b: Quaternion) -> Quaternion:
    """a b; also for multiples of group elements."""
    a0, a1, a2, a3 = a
    b0, b1, b2, b3 = b
    return jnp.stack(
        [
            a0 * b0 - a1 * b1 - a2 * b2 - a3 * b3,
            a0 * b1 + a1 * b0 - a2 * b3 + a3 * b2,
            a0 * b2 + a2 * b0 - a3 * b1 + a1 * b3,
            a0 * b3 + a3 * b0 - a1 * b2 + a2 * b1,
        ]
    )


def adjoint(a: Quaternion) -> Quaternion:
    """The Hermitian conjugate, which is the inverse of a unit quaternion."""
    return jnp.concatenate([a[:1], -a[1:]])


def norm(a: Quaternion) -> Float[Array, "..."]:
    """The square root of the determinant."""
    return jnp.sqrt(jnp.sum(a**2, axis=0))


def unitarise(a: Quaternion) -> Quaternion:
    """The quaternion of norm one in the same direction."""
    return a / norm(a)


def exponential(p: Float[Array, "3 ..."]) -> Quaternion:
    r"""$\exp(i\,\vec p\cdot\vec\sigma/2)$, differentiable at zero too."""
    square = jnp.sum(p**2, axis=0)
    safe = jnp.where(square > 1e-12, square, 1.0)
    half = 0.5 * jnp.sqrt(safe)
    small = square <= 1e-12
    cosine = jnp.where(small, 1 - square / 8, jnp.cos(half))
    sine = jnp.where(small, 0.5 - square / 48, 0.5 * jnp.sin(half) / half)
    return jnp.concatenate([cosine[None], sine * p])


def haar(key: Key, shape: tuple[int, ...], dtype: np.dtype) -> Quaternion:
    """Draw from the invariant measure.

    Args:
        key: random key.
        shape: shape of the axes behind that of the components.
        dtype: type of the real numbers.
    """
    return unitarise(jr.normal(key, (4, *shape), dtype))


def as_matrix(a: Quaternion) -> Complex[Array, "2 2 ..."]:
    """The complex matrix of a quaternion."""
    return jnp.stack(
        [jnp.stack([a[0] + 1j * a[3], a[2] + 1j * a[1]]), jnp.stack([-a[2] + 1j * a[1], a[0] - 1j * a[3]])]
    )
