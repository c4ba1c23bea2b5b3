r"""The same measurement with one more point between any two, by which `retrodict plan` doubles the points.

New points have the errors of their neighbours (geometric mean). Noise of neighbours with correlation $c > 0$ is taken
to decay exponentially in between, so that the noise in the middle is $\frac{\sqrt c}{1 + c}$ times the sum of its
neighbours' and an independent rest of variance $\frac{1 - c}{1 + c}$: independent data gain a point, strongly
correlated ones nothing. The covariance of the old points stays.
"""

import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Float
from retrodict.problem.compression import compress
from retrodict.problem.covariance import Covariance
from retrodict.problem.posterior import Posterior
from retrodict.spectral.derived import derivation_of
from retrodict.spectral.discretisation import prior_draws
from retrodict.spectral.kernels import Grid, operator


def refined_data(target: Posterior) -> Posterior:
    """A posterior with 2 n - 1 instead of n points on the same range.

    Its central values, on which no plan depends, are interpolated.

    Args:
        target: the posterior of a spectral function.

    Raises:
        InputError: for the posterior of another domain.
    """
    derive = derivation_of(target)
    x, noise = with_midpoints(np.asarray(derive.x), derive.likelihood.covariance)
    matrix = operator(derive.kernel, x, Grid(derive.grid.omega, derive.grid.weight))
    mean = jnp.interp(x, derive.x, derive.likelihood.mean)
    forward, likelihood = compress(matrix, mean, noise, prior_draws(target.ansatz))
    return Posterior(target.ansatz, forward, likelihood, target.prior)


def with_midpoints(
    x: Float[np.ndarray, " points"], covariance: Covariance
) -> tuple[Float[np.ndarray, " more"], Covariance]:
    """Points with their midpoints, and the covariance of all of them.

    Args:
        x: points, ascending, shape (points,).
        covariance: of the data at the points.
    """
    matrix = np.asarray(covariance.matrix())
    error = np.sqrt(np.diag(matrix))
    neighbours = np.clip(np.diag(matrix, 1) / (error[1:] * error[:-1]), 0.0, 1.0)
    middle = np.sqrt(error[1:] * error[:-1])
    pull = np.sqrt(neighbours) / (1 + neighbours)
    rows = np.zeros((2 * len(x) - 1, len(x)))
    rows[::2] = np.eye(len(x))
    rows[1::2] = (pull * middle / error[:-1])[:, None] * np.eye(len(x))[:-1]
    rows[1::2] += (pull * middle / error[1:])[:, None] * np.eye(len(x))[1:]
    rest = np.zeros(len(rows))
    rest[1::2] = middle**2 * (1 - neighbours) / (1 + neighbours)
    points = np.interp(np.arange(len(rows)) / 2, np.arange(len(x)), x)
    return points, Covariance.full(rows @ matrix @ rows.T + np.diag(rest))
