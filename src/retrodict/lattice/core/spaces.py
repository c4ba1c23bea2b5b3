"""Where fields live: what a sampler must know to draw momenta, to move along them and to stay on the manifold.

A tangent vector ("momentum", "velocity", "gradient") of a group-valued field is an element of its Lie algebra, taken on
the left: x moves to exp(p) x. The norm of a tangent is such that standard normal momenta have kinetic energy |p|^2 / 2.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Key, Scalar
from retrodict.lattice.core import su2, su3


class AbstractSpace(eqx.Module):
    """The manifold of a field."""

    @abstractmethod
    def gaussian(self, key: Key, x: Array) -> Array:
        """Standard normal momenta for the field `x`."""

    @abstractmethod
    def norm_squared(self, p: Array) -> Scalar:
        """The sum of squares of the components of tangent vectors."""

    @abstractmethod
    def move(self, x: Array, p: Array) -> Array:
        """Along p for unit time: x + p, or exp(p) x."""

    @abstractmethod
    def velocity(self, x: Array, dx: Array) -> Array:
        """The tangent vector of a change `dx` of the numbers that represent `x`."""

    @abstractmethod
    def repaired(self, x: Array) -> Array:
        """The field without the rounding errors that lead off the manifold; angles in (-pi, pi]."""


class RealSpace(AbstractSpace):
    """Real numbers."""

    def gaussian(self, key: Key, x: Array) -> Array:
        return jr.normal(key, x.shape, x.dtype)

    def norm_squared(self, p: Array) -> Scalar:
        return jnp.sum(p**2)

    def move(self, x: Array, p: Array) -> Array:
        return x + p

    def velocity(self, x: Array, dx: Array) -> Array:
        return dx

    def repaired(self, x: Array) -> Array:
        return x


class Circle(AbstractSpace):
    """Angles."""

    def gaussian(self, key: Key, x: Array) -> Array:
        return jr.normal(key, x.shape, x.dtype)

    def norm_squared(self, p: Array) -> Scalar:
        return jnp.sum(p**2)

    def move(self, x: Array, p: Array) -> Array:
        return x + p

    def velocity(self, x: Array, dx: Array) -> Array:
        return dx

    def repaired(self, x: Array) -> Array:
        return wrapped(x)


class UnitQuaternions(AbstractSpace):
    """SU(2); tangents `(3, ...)` are the components along i sigma_a / 2."""

    def gaussian(self, key: Key, x: Array) -> Array:
        return jr.normal(key, (3, *x.shape[1:]), x.dtype)

    def norm_squared(self, p: Array) -> Scalar:
        return jnp.sum(p**2)

    def move(self, x: Array, p: Array) -> Array:
        return su2.multiply(su2.exponential(p), x)

    def velocity(self, x: Array, dx: Array) -> Array:
        return 2 * su2.multiply(dx, su2.adjoint(x))[1:]

    def repaired(self, x: Array) -> Array:
        return su2.unitarised(x)


class SpecialUnitary3(AbstractSpace):
    """SU(3); tangents `(3, 3, ...)` are traceless antihermitian."""

    def gaussian(self, key: Key, x: Array) -> Array:
        return su3.gaussian_generator(key, x.shape[2:], jnp.real(x).dtype)

    def norm_squared(self, p: Array) -> Scalar:
        return 2 * jnp.sum(jnp.abs(p) ** 2)

    def move(self, x: Array, p: Array) -> Array:
        return su3.multiply(su3.exponential(p), x)

    def velocity(self, x: Array, dx: Array) -> Array:
        return su3.traceless_antihermitian(su3.multiply(dx, su3.adjoint(x)))

    def repaired(self, x: Array) -> Array:
        return su3.unitarised(x)


def wrapped(angle: Array) -> Array:
    """The same angle in (-pi, pi]."""
    return angle - 2 * np.pi * jnp.ceil(angle / (2 * np.pi) - 0.5)


def pushed(space: AbstractSpace, transformation: Callable[[Array], Array], x: Array, p: Array) -> Array:
    """The tangent `p` at `x` carried along by a transformation of fields."""
    _, change = jax.jvp(lambda step: transformation(space.move(x, step)), (jnp.zeros_like(p),), (p,))
    return space.velocity(transformation(x), change)


def gradient_along(space: AbstractSpace, function: Callable[[Array], Scalar], x: Array) -> Array:
    """The gradient of a function of the field as a tangent vector, by automatic differentiation.

    For group-valued fields slower than a gradient written by hand, and its independent check.
    """
    zero = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), _tangent(space, x))
    found = jax.grad(lambda p: function(space.move(x, p)))(zero)
    if isinstance(space, SpecialUnitary3):  # the convention of `norm_squared`; JAX returns the conjugate
        return 0.5 * su3.traceless_antihermitian(jnp.conj(found))
    return found


def _tangent(space: AbstractSpace, x: Array) -> Any:
    return jax.eval_shape(lambda field: space.gaussian(jr.key(0), field), x)
