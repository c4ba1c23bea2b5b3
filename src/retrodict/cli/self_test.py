"""A problem with an exact answer through the whole machinery: what `retrodict doctor` computes."""

import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float, Vector
from retrodict.inference.infer import infer
from retrodict.inference.map import MAP
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import LinearForward
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior

X, Y, ERROR = np.array([0.0, 0.5, 1.0]), np.array([1.0, 2.1, 2.9]), 0.1


class Coefficients(AbstractAnsatz):
    """The latents themselves."""

    @property
    def dim(self) -> int:
        return 2

    def __call__(self, z: Vector) -> Float[Array, " dim"]:
        """Unchanged."""
        return z


def line_error() -> float:
    """How far the most probable straight line is from its closed form, at worst."""
    operator = np.stack([np.ones(3), X], axis=1)
    likelihood = Gaussian(jnp.asarray(Y), Covariance.diagonal(np.full(3, ERROR)))
    target = Posterior(Coefficients(), LinearForward(jnp.asarray(operator)), likelihood)
    (found,), _ = infer(target, MAP(starts=1), prior_draws=2).draws("z")
    exact = np.linalg.solve(operator.T @ operator + ERROR**2 * np.eye(2), operator.T @ Y)
    return float(np.max(np.abs(found - exact)))
