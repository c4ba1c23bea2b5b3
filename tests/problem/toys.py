"""Small problems with exact answers, shared by the tests of the core."""

import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import LinearForward
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import Quantity


class Identity(AbstractAnsatz):
    """The latents themselves are the unknown."""

    size: int

    @property
    def dim(self) -> int:
        return self.size

    def __call__(self, z: Vector) -> Vector:
        return z


def linear_gaussian(points: int = 6, dim: int = 3, error: float = 0.4, seed: int = 0) -> Posterior:
    """y = A z + noise with a random A: posterior, evidence and every band are known in closed form."""
    key_operator, key_data = jr.split(jr.key(seed))
    operator = jr.normal(key_operator, (points, dim))
    data = jr.normal(key_data, (points,)) * 2.0
    return Posterior(
        Identity(dim),
        LinearForward(operator),
        Gaussian(data, Covariance.diagonal(jnp.full(points, error))),
        derive=_first_and_profile,
        quantities=(
            Quantity("first", unit="MeV"),
            Quantity("profile", unit="fm", grid=tuple(range(dim)), grid_name="index"),
        ),
    )


def exact_posterior(target: Posterior) -> tuple[Float[Array, " dim"], Float[Array, "dim dim"]]:
    """Mean and covariance of the linear-Gaussian posterior."""
    whitened = target.likelihood.covariance.whitener[:, None] * target.forward.operator
    precision = whitened.T @ whitened + jnp.eye(target.dim)
    covariance = jnp.linalg.inv(precision)
    return covariance @ whitened.T @ target.likelihood.covariance.whiten(target.likelihood.data), covariance


def exact_log_evidence(target: Posterior) -> Float[Array, ""]:
    """log N(y | 0, A A^T + C)."""
    operator, likelihood = target.forward.operator, target.likelihood
    covariance = operator @ operator.T + likelihood.covariance.matrix()
    deviation = likelihood.data
    log_determinant = jnp.linalg.slogdet(2 * jnp.pi * covariance)[1]
    return -0.5 * (deviation @ jnp.linalg.solve(covariance, deviation) + log_determinant)


def _first_and_profile(unknown: Vector, prediction: Vector) -> dict[str, Array]:
    return {"first": unknown[0], "profile": unknown}
