"""The gauge groups U(1), SU(2) and SU(3): the same few operations on links, each in the representation that is fast.

A link field is `(*group axes, direction, *sites)`: angles for U(1) (no group axis), quaternions `(4, ...)` for SU(2),
complex matrices `(3, 3, ...)` for SU(3). Generators as in `spaces`.
"""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Key
from retrodict.lattice.core import su2, su3
from retrodict.lattice.core.spaces import AbstractSpace, Circle, SpecialUnitary3, UnitQuaternions


class AbstractGroup(eqx.Module):
    """A compact group; every operation works on all trailing axes at once."""

    space: eqx.AbstractVar[AbstractSpace]
    axes: eqx.AbstractVar[int]  # leading axes that hold one group element
    colours: eqx.AbstractVar[int]

    @abstractmethod
    def multiply(self, a: Array, b: Array) -> Array:
        """a b."""

    @abstractmethod
    def times_inverse(self, a: Array, b: Array) -> Array:
        """a b^-1."""

    @abstractmethod
    def inverse_times(self, a: Array, b: Array) -> Array:
        """a^-1 b."""

    @abstractmethod
    def inverse(self, a: Array) -> Array:
        """The inverse of a."""

    @abstractmethod
    def trace(self, a: Array) -> Array:
        """tr a / N: complex, or real where it always is."""

    @abstractmethod
    def force(self, a: Array) -> Array:
        """The gradient of -Re tr(a) / N when a moves to exp(p) a; linear in matrices, of which a may be a sum."""

    @abstractmethod
    def rotated(self, u: Array, p: Array) -> Array:
        """u^-1 p u, for a generator p."""

    @abstractmethod
    def identity(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        """Unit elements on `shape`; `dtype` is that of the real numbers."""

    @abstractmethod
    def haar(self, key: Key, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        """Uniform random elements on `shape`."""


class U1(AbstractGroup):
    """Phases, by their angles."""

    space: AbstractSpace = Circle()
    axes: int = eqx.field(static=True, default=0)
    colours: int = eqx.field(static=True, default=1)

    def multiply(self, a: Array, b: Array) -> Array:
        return a + b

    def times_inverse(self, a: Array, b: Array) -> Array:
        return a - b

    def inverse_times(self, a: Array, b: Array) -> Array:
        return b - a

    def inverse(self, a: Array) -> Array:
        return -a

    def trace(self, a: Array) -> Array:
        return jnp.cos(a) + 1j * jnp.sin(a)

    def force(self, a: Array) -> Array:
        return jnp.sin(a)

    def rotated(self, u: Array, p: Array) -> Array:
        return p

    def identity(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return jnp.zeros(shape, dtype)

    def haar(self, key: Key, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return jr.uniform(key, shape, dtype, -np.pi, np.pi)


class SU2(AbstractGroup):
    """Unit quaternions."""

    space: AbstractSpace = UnitQuaternions()
    axes: int = eqx.field(static=True, default=1)
    colours: int = eqx.field(static=True, default=2)

    def multiply(self, a: Array, b: Array) -> Array:
        return su2.multiply(a, b)

    def times_inverse(self, a: Array, b: Array) -> Array:
        return su2.multiply(a, su2.adjoint(b))

    def inverse_times(self, a: Array, b: Array) -> Array:
        return su2.multiply(su2.adjoint(a), b)

    def inverse(self, a: Array) -> Array:
        return su2.adjoint(a)

    def trace(self, a: Array) -> Array:
        return a[0]

    def force(self, a: Array) -> Array:
        return 0.5 * a[1:]

    def rotated(self, u: Array, p: Array) -> Array:
        pure = jnp.concatenate([jnp.zeros_like(p[:1]), p])
        return su2.multiply(su2.multiply(su2.adjoint(u), pure), u)[1:]

    def identity(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return jnp.zeros((4, *shape), dtype).at[0].set(1)

    def haar(self, key: Key, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return su2.haar(key, shape, dtype)


class SU3(AbstractGroup):
    """Complex matrices, colour first."""

    space: AbstractSpace = SpecialUnitary3()
    axes: int = eqx.field(static=True, default=2)
    colours: int = eqx.field(static=True, default=3)

    def multiply(self, a: Array, b: Array) -> Array:
        return su3.multiply(a, b)

    def times_inverse(self, a: Array, b: Array) -> Array:
        return su3.times_adjoint(a, b)

    def inverse_times(self, a: Array, b: Array) -> Array:
        return su3.adjoint_times(a, b)

    def inverse(self, a: Array) -> Array:
        return su3.adjoint(a)

    def trace(self, a: Array) -> Array:
        return (a[0, 0] + a[1, 1] + a[2, 2]) / 3

    def force(self, a: Array) -> Array:
        return su3.traceless_antihermitian(a) / 6

    def rotated(self, u: Array, p: Array) -> Array:
        return su3.multiply(su3.adjoint_times(u, p), u)

    def identity(self, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        unit = jnp.eye(3, dtype=np.result_type(dtype, np.complex64)).reshape(3, 3, *(1,) * len(shape))
        return jnp.broadcast_to(unit, (3, 3, *shape))

    def haar(self, key: Key, shape: tuple[int, ...], dtype: np.dtype) -> Array:
        return su3.haar(key, shape, dtype)
