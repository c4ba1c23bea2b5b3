r"""The linear algebra that Gauss-Newton steps, Laplace's covariance and manifold lifting share.

A residual $r$ with Jacobian $J$ and a standard-normal prior residual $p$ have the Gauss-Newton Hessian $A = 1 + J^T J$.
Everything is solved through the smaller one of $A$ (latents) and $1 + J J^T$ (data).
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol, TypeVar, runtime_checkable

import jax
import jax.numpy as jnp
from jax.scipy.linalg import cho_solve

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Flag, Float, Scalar, Vector
from retrodict.problem.target import AbstractLeastSquares, AbstractTarget, Evaluation

Residual = Float[Array, " data"]
Jacobian = Float[Array, "data dim"]
Factor = Float[Array, "small small"]
More = TypeVar("More")

REVERSE_COST = 3  # a vector-Jacobian product costs about as much as three Jacobian-vector products


@runtime_checkable
class Whitened(Protocol):
    """What a step or a trajectory asks of a target with white latents and a whitened residual."""

    def residual(self, z: Vector) -> Residual: ...

    def evaluate(self, z: Vector) -> Evaluation: ...

    def prior_residual(self, z: Vector) -> Vector: ...


class Linearised(NamedTuple):
    """A target around one point."""

    residual: Residual  # of the data, whitened
    jacobian: Jacobian  # of the residual
    prior: Vector  # prior residual
    valid: Flag  # whether the physics has an answer


def linearise(target: Whitened, z: Vector, temperature: Scalar | float = 1.0) -> Linearised:
    """Residual over sqrt(temperature), its Jacobian, and the prior residual.

    Args:
        target: the problem.
        z: latents.
        temperature: of the data.
    """
    scale = 1 / jnp.sqrt(temperature)

    def at(x: Vector) -> tuple[Residual, Flag]:
        evaluation = target.evaluate(x)
        return scale * evaluation.residual, evaluation.valid

    (residual, valid), jacobian = value_and_jacobian(at, z)
    return Linearised(residual, jacobian, target.prior_residual(z), valid)


def value_and_jacobian(
    function: Callable[[Vector], tuple[Residual, More]], z: Vector
) -> tuple[tuple[Residual, More], Jacobian]:
    """`function(z)`, a residual and something more, and the residual's Jacobian; forward mode unless data are few."""

    def twice(x: Vector) -> tuple[Residual, tuple[Residual, More]]:
        residual, more = function(x)
        return residual, (residual, more)

    rows = jax.eval_shape(function, z)[0].size
    mode = jax.jacfwd if z.size <= REVERSE_COST * rows else jax.jacrev
    jacobian, value = mode(twice, has_aux=True)(z)
    return value, jacobian


def factorise(jacobian: Jacobian, shift: Scalar | float = 1.0) -> Factor:
    """Cholesky factor of `shift + J^T J` or of `shift + J J^T`, whichever is smaller."""
    gram = jacobian @ jacobian.T if in_data_space(jacobian) else jacobian.T @ jacobian
    return jnp.linalg.cholesky(gram + shift * jnp.eye(len(gram)))


def half_log_det(factor: Factor) -> Scalar:
    """(1/2) log det(1 + J^T J), from the factor with shift one: the same in both spaces."""
    return jnp.sum(jnp.log(jnp.diagonal(factor)))


def solve_step(
    jacobian: Jacobian, factor: Factor, residual: Residual, prior: Vector, shift: Scalar | float = 1.0
) -> Vector:
    """The step d that minimises |J d + r|^2 + |d + p|^2 + (shift - 1) |d|^2.

    In data space it is written as prior part plus correction: unlike the textbook form nothing large cancels there.

    Args:
        jacobian: J.
        factor: of the Gram matrix with the same shift (`factorise`).
        residual: r, of the data.
        prior: p, the prior residual.
        shift: one plus the damping.
    """
    if in_data_space(jacobian):
        start = -prior / shift
        return start - jacobian.T @ cho_solve((factor, True), residual + jacobian @ start)
    return -cho_solve((factor, True), jacobian.T @ residual + prior)


def refined_step(jacobian: Jacobian, factor: Factor, residual: Residual, prior: Vector) -> Vector:
    """`solve_step` with shift one and one step of refinement: accurate also for condition numbers of 1e10.

    Args:
        jacobian: of the data residual.
        factor: of the Gram matrix.
        residual: of the data.
        prior: the prior residual.
    """
    step = solve_step(jacobian, factor, residual, prior)
    return step + solve_step(jacobian, factor, residual + jacobian @ step, prior + step)


def squared_length(jacobian: Jacobian, step: Vector) -> Scalar:
    """d^T (1 + J^T J) d: the length of a step in standard deviations of the linearised posterior, squared."""
    return jnp.sum((jacobian @ step) ** 2) + jnp.sum(step**2)


def covariance(jacobian: Jacobian) -> Float[Array, "dim dim"]:
    """(1 + J^T J)^-1, the covariance of the linearised posterior."""
    factor, rows = factorise(jacobian), len(jacobian)
    return jax.vmap(lambda unit: solve_step(jacobian, factor, jnp.zeros(rows), -unit))(jnp.eye(jacobian.shape[1]))


def require_least_squares(target: AbstractTarget, method: str) -> None:
    """Raise `InputError` unless `target` offers a whitened residual."""
    if not isinstance(target, AbstractLeastSquares):
        raise InputError(
            f"{method} needs a target with white latents and a whitened residual",
            got=type(target).__name__,
            expected="an AbstractLeastSquares, such as a Posterior",
            fix="use NUTS, which needs no more than a log density (on a lattice HMC, Cluster or HeatBath)",
        )


def solve_gram(factor: Factor, right: Float[Array, "small ..."]) -> Float[Array, "small ..."]:
    """The Gram matrix of `factor` solved for `right`, vectors of the same space."""
    return cho_solve((factor, True), right)


def in_data_space(jacobian: Jacobian) -> bool:
    """Whether data are fewer than latents, so that the Gram matrix is `1 + J J^T`."""
    return jacobian.shape[0] < jacobian.shape[1]
