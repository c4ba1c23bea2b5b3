r"""The same measurement with a point more between any two: what `retrodict plan` means by twice the points.

New points have the errors of their neighbours (geometric mean). Noise of neighbours with correlation $c > 0$ is taken
to decay exponentially in between, so that the noise in the middle is $\frac{\sqrt c}{1 + c}$ times the sum of its
neighbours' and an independent rest of variance $\frac{1 - c}{1 + c}$: independent data gain a point, strongly
correlated ones nothing. The points there were keep their covariance.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Float
from retrodict.problem.compression import compress
from retrodict.problem.covariance import Covariance
from retrodict.problem.posterior import Posterior
from retrodict.spectral.discretisation import prior_draws
from retrodict.spectral.kernels import Grid, operator


def refined_data(target: Posterior) -> Posterior:
    """`target` with 2 n - 1 points on the same range; its central values, on which no plan depends, interpolated."""
    derive: Any = target.derive
    x, noise = with_midpoints(np.asarray(derive.x), derive.likelihood.covariance)
    matrix = operator(derive.kernel, x, Grid(derive.frame.omega, derive.frame.weight))
    mean = jnp.interp(x, derive.x, derive.likelihood.mean)
    forward, likelihood = compress(matrix, mean, noise, prior_draws(target.ansatz))
    return Posterior(target.ansatz, forward, likelihood, target.prior)


def with_midpoints(
    x: Float[np.ndarray, " points"], covariance: Covariance
) -> tuple[Float[np.ndarray, " more"], Covariance]:
    """The points with those half way between, and the covariance of all of them."""
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
