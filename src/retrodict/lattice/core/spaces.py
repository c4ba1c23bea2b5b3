"""Spaces of fields: what a sampler needs to draw momenta, to move along them and to stay on the manifold.

A tangent vector ("momentum", "velocity", "gradient") of a group-valued field is an element of its Lie algebra, taken on
the left: x moves to exp(p) x. The norm of a tangent is such that standard normal momenta have kinetic energy |p|^2 / 2.
"""

from abc import abstractmethod
from collections.abc import Callable
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Complex, Inexact

from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.lattice.core import su2, su3

Field: TypeAlias = Inexact[Array, "..."]  # one configuration: (*group axes, direction, *lattice), or (*lattice)
Tangent: TypeAlias = Inexact[Array, "..."]  # one tangent vector of the space of a field


class AbstractSpace(eqx.Module):
    """The manifold of a field."""

    @property
    def is_real_line(self) -> bool:
        """Whether each number of a field may be any real number."""
        return False

    @abstractmethod
    def gaussian(self, key: Key, x: Field) -> Tangent:
        """Standard normal momenta for the field `x`."""

    @abstractmethod
    def norm_squared(self, p: Tangent) -> Scalar:
        """The sum of squares of the components of tangent vectors."""

    @abstractmethod
    def move(self, x: Field, p: Tangent) -> Field:
        """The field `x` after a unit time with constant velocity `p`: x + p, or exp(p) x."""

    @abstractmethod
    def velocity(self, x: Field, dx: Field) -> Tangent:
        """The tangent vector of a change `dx` of the numbers that represent `x`."""

    @abstractmethod
    def repair(self, x: Field) -> Field:
        """The field without the rounding errors that lead off the manifold; angles in (-pi, pi]."""

    def as_tangent(self, derivative: Tangent) -> Tangent:
        """The tangent vector of a gradient that JAX takes in the numbers of a tangent vector: the same, if they are
        the components of `norm_squared`."""
        return derivative


class AbstractFlatSpace(AbstractSpace):
    """Numbers that move by addition."""

    def gaussian(self, key: Key, x: Field) -> Tangent:
        return jr.normal(key, x.shape, x.dtype)

    def norm_squared(self, p: Tangent) -> Scalar:
        return jnp.sum(p**2)

    def move(self, x: Field, p: Tangent) -> Field:
        return x + p

    def velocity(self, x: Field, dx: Field) -> Tangent:
        return dx


class RealSpace(AbstractFlatSpace):
    """Real numbers."""

    @property
    def is_real_line(self) -> bool:
        return True

    def repair(self, x: Field) -> Field:
        return x


class Circle(AbstractFlatSpace):
    """Angles in radians."""

    def repair(self, x: Field) -> Field:
        return wrap(x)


class UnitQuaternions(AbstractSpace):
    """SU(2); tangents `(3, ...)` are the components along i sigma_a / 2."""

    def gaussian(self, key: Key, x: Float[Array, "4 ..."]) -> Float[Array, "3 ..."]:
        return jr.normal(key, (3, *x.shape[1:]), x.dtype)

    def norm_squared(self, p: Float[Array, "3 ..."]) -> Scalar:
        return jnp.sum(p**2)

    def move(self, x: Float[Array, "4 ..."], p: Float[Array, "3 ..."]) -> Float[Array, "4 ..."]:
        return su2.multiply(su2.exponential(p), x)

    def velocity(self, x: Float[Array, "4 ..."], dx: Float[Array, "4 ..."]) -> Float[Array, "3 ..."]:
        return 2 * su2.multiply(dx, su2.adjoint(x))[1:]

    def repair(self, x: Float[Array, "4 ..."]) -> Float[Array, "4 ..."]:
        return su2.unitarise(x)


class SpecialUnitary3(AbstractSpace):
    """SU(3); tangents `(3, 3, ...)` are traceless antihermitian."""

    def gaussian(self, key: Key, x: Complex[Array, "3 3 ..."]) -> Complex[Array, "3 3 ..."]:
        return su3.gaussian_generator(key, x.shape[2:], jnp.real(x).dtype)

    def norm_squared(self, p: Complex[Array, "3 3 ..."]) -> Scalar:
        return 2 * jnp.sum(jnp.abs(p) ** 2)

    def move(self, x: Complex[Array, "3 3 ..."], p: Complex[Array, "3 3 ..."]) -> Complex[Array, "3 3 ..."]:
        return su3.multiply(su3.exponential(p), x)

    def velocity(self, x: Complex[Array, "3 3 ..."], dx: Complex[Array, "3 3 ..."]) -> Complex[Array, "3 3 ..."]:
        return su3.traceless_antihermitian(su3.multiply(dx, su3.adjoint(x)))

    def repair(self, x: Complex[Array, "3 3 ..."]) -> Complex[Array, "3 3 ..."]:
        return su3.unitarise(x)

    def as_tangent(self, derivative: Complex[Array, "3 3 ..."]) -> Complex[Array, "3 3 ..."]:
        """The projection on the algebra, halved for the norm; JAX returns the conjugate of the gradient."""
        return 0.5 * su3.traceless_antihermitian(jnp.conj(derivative))


def wrap(angle: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The same angle in (-pi, pi] [radians]."""
    return angle - 2 * np.pi * jnp.ceil(angle / (2 * np.pi) - 0.5)


def push_forward(space: AbstractSpace, transformation: Callable[[Field], Field], x: Field, p: Tangent) -> Tangent:
    """The push-forward of a tangent vector by a transformation of fields.

    Args:
        space: the space of the field.
        transformation: maps a field to a field of the same shape.
        x: the field at which the tangent vector is taken.
        p: the tangent vector at `x`.

    Returns:
        The tangent vector at `transformation(x)`.
    """
    _, change = jax.jvp(lambda step: transformation(space.move(x, step)), (jnp.zeros_like(p),), (p,))
    return space.velocity(transformation(x), change)


def gradient_along(space: AbstractSpace, function: Callable[[Field], Scalar], x: Field) -> Tangent:
    """The gradient of a function of the field as a tangent vector, by automatic differentiation.

    For group-valued fields slower than a gradient written by hand, and its independent check.

    Args:
        space: the space of the field.
        function: maps a field to a number.
        x: the field at which the gradient is taken.
    """
    momentum = jax.eval_shape(lambda field: space.gaussian(jr.key(0), field), x)
    zero = jnp.zeros(momentum.shape, momentum.dtype)
    return space.as_tangent(jax.grad(lambda p: function(space.move(x, p)))(zero))
