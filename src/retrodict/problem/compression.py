r"""Linear Gaussian problems, rotated to the few directions of data space that any unknown can reach.

An ill-posed operator maps every plausible unknown into a thin slice of data space: of a hundred correlator points
perhaps fifteen combinations respond. The whitened data are rotated by the left singular vectors $U$ of what the prior
predicts; the modes whose prior spread is far below the noise are left out of the forward model, not out of
$\chi^2$, to which they contribute a constant.
"""

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import LinearForward
from retrodict.problem.likelihood import AbstractLikelihood

INVISIBLE = 1e-2  # standard deviations of the noise: modes that the prior moves by less are left out
OUTLIER = 10.0  # a prior prediction so many times the data in norm does not decide what is visible


class CompressedGaussian(AbstractLikelihood[Float[Array, " modes"]]):
    """Normal errors, for predictions that are given by their modes `basis.T @ whitened prediction`.

    Args:
        mean: measured values, shape (points,).
        covariance: of their errors.
        basis: orthonormal modes of the whitened data, shape (rank, modes).
    """

    mean: Float[Array, " points"]
    covariance: Covariance
    basis: Float[Array, "rank modes"]

    @property
    def data(self) -> Float[Array, " points"]:
        return self.mean

    @property
    def log_peak(self) -> Scalar:
        whitened = self.covariance.whiten(self.mean)
        outside = jnp.sum(whitened**2) - jnp.sum((self.basis.T @ whitened) ** 2)
        constant = self.covariance.log_determinant + self.covariance.rank * jnp.log(2 * jnp.pi)
        return -0.5 * (constant + outside)

    def residual(self, prediction: Float[Array, " modes"]) -> Float[Array, " modes"]:
        return prediction - self.basis.T @ self.covariance.whiten(self.mean)

    def pulls(self, prediction: Float[Array, " modes"]) -> Float[Array, " rank"]:
        """Whitened misfit of every point, those outside the modes included."""
        return self.basis @ prediction - self.covariance.whiten(self.mean)

    def pointwise(self, prediction: Float[Array, " modes"]) -> Float[Array, " points"]:
        return self.covariance.pointwise(self.pulls(prediction))

    def sample(self, key: Key, prediction: Float[Array, " modes"]) -> Float[Array, " points"]:
        return self.covariance.colour(self.basis @ prediction + jr.normal(key, (self.covariance.rank,)))

    def resample(self, key: Key) -> Float[Array, " points"]:
        return self.mean + self.covariance.sample(key)

    def with_data(self, data: Float[Array, " points"]) -> "CompressedGaussian":
        return CompressedGaussian(data, self.covariance, self.basis)

    def points(self, prediction: Float[Array, " modes"]) -> Float[Array, " points"]:
        """The prediction in the units of the data.

        Args:
            prediction: its modes, shape (modes,).
        """
        return self.covariance.colour(self.basis @ prediction)


def compress(
    operator: Float[Array, "points unknowns"],
    mean: Float[Array, " points"],
    covariance: Covariance,
    draws: Float[np.ndarray, "draws unknowns"],
    invisible: float = INVISIBLE,
) -> tuple[LinearForward, CompressedGaussian]:
    """Forward model and likelihood of a linear Gaussian problem in the modes of the data that the prior can reach.

    Args:
        operator: from the unknown to the prediction, shape (points, unknowns).
        mean: measured values, shape (points,).
        covariance: of their errors.
        draws: unknowns drawn from the prior, shape (draws, unknowns).
        invisible: modes that the draws move by less than this many standard deviations of the noise are left out.
    """
    whitened = covariance.whiten_columns(operator)
    predicted = np.asarray(draws) @ np.asarray(whitened).T
    size = np.linalg.norm(np.asarray(covariance.whiten(mean)))
    predicted /= np.maximum(1.0, np.linalg.norm(predicted, axis=1, keepdims=True) / (OUTLIER * size))
    left, spread, _ = np.linalg.svd(predicted.T / np.sqrt(len(predicted)), full_matrices=False)
    basis = jnp.asarray(left[:, spread > invisible])
    return LinearForward(basis.T @ whitened), CompressedGaussian(jnp.asarray(mean), covariance, basis)
