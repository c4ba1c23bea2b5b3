r"""A target around one point, and the mode next to a point, by the program that evaluates draws.

After its draws a run needs a Jacobian at a handful of points only, and its compilation would cost more than all of
them. So $\partial r/\partial z_i$ is the central difference $(r(z + h e_i) - r(z - h e_i))/2h$ of residuals that the
compiled program of `evaluate` returns, all positions in one call. Its error is $h^2/6$ of a third derivative, and some
$10^{-12}$ of the residual by rounding. With more than `DIFFERENCED` latents the exact derivative is compiled.
"""

from typing import Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float, Vector
from retrodict.inference.evaluate import BATCH, residuals_at
from retrodict.inference.gauss_newton import linearise
from retrodict.problem.target import AbstractLeastSquares

STEP: Final = 1e-4  # h, in standard deviations of the prior
DIFFERENCED: Final = 4 * BATCH  # latents
ITERATIONS: Final = 30
TOLERANCE: Final = 1e-3  # distance to the mode, in standard deviations of the posterior, that is small enough
LEAST: Final = 1e-3  # fall of the cost, which is chi2 and more, worth another iteration
DAMPINGS: Final = np.concatenate([[0.0], np.geomspace(1e-9, 1.0, 31)])  # relative to the largest curvature
LENGTHS: Final = np.array([0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0])  # of a step; 32 dampings x 8 fill a batch


class Linearisation(NamedTuple):
    """A target around one point, on the host."""

    position: Float[np.ndarray, " latent"]
    residual: Float[np.ndarray, " data"]  # whitened
    prior: Float[np.ndarray, " latent"]  # prior residual
    pulls: Float[np.ndarray, " pull"]
    jacobian: Float[np.ndarray, "data latent"]  # of the residual


def linearise_at(target: AbstractLeastSquares, z: Float[Array | np.ndarray, " latent"]) -> Linearisation:
    """Residuals, pulls and the Jacobian at `z`.

    Args:
        target: the problem.
        z: latents, shape (latent,).
    """
    z = np.asarray(z)
    if len(z) > DIFFERENCED:
        here = residuals_at(target, z[None])
        return Linearisation(
            z, here.residual[0], here.prior[0], here.pulls[0], np.asarray(_jacobian(target, jnp.asarray(z)))
        )
    shifts = STEP * np.eye(len(z))
    found = residuals_at(target, np.concatenate([z[None], z + shifts, z - shifts]))
    middle, above, below = np.split(found.residual, [1, 1 + len(z)])
    up, down = np.split(found.valid[1:, None], 2)
    # At the edge of what is valid the difference is taken to the inner side.
    difference = np.where(up, above, middle) - np.where(down, below, middle)
    jacobian = difference / (STEP * np.maximum(1.0, up.astype(float) + down))
    return Linearisation(z, middle[0], found.prior[0], found.pulls[0], jacobian.T)


def nearest_mode(target: AbstractLeastSquares, start: Float[Array | np.ndarray, " latent"]) -> Linearisation:
    """The linearisation at the mode downhill from `start`, where the cost $|r|^2 + |p|^2$ has no slope left.

    Each iteration tries Gauss-Newton steps with all `DAMPINGS`, from none to nearly straight downhill, and all
    `LENGTHS` at once, and takes the best (Levenberg, Quart. Appl. Math. 2 (1944) 164).

    Args:
        target: the problem.
        start: latents, shape (latent,).
    """
    here = linearise_at(target, start)
    for _ in range(ITERATIONS):
        steps, distance = _steps(here)
        if distance < TOLERANCE:
            break
        found = residuals_at(target, here.position + steps)
        costs = np.where(found.valid, _cost(found.residual, found.prior), np.inf)
        best = int(np.nanargmin(costs))
        fall = _cost(here.residual, here.prior) - costs[best]
        if fall > 0:
            here = linearise_at(target, here.position + steps[best])
        if not fall > LEAST:
            break
    return here


def _steps(here: Linearisation) -> tuple[Float[np.ndarray, "step latent"], float]:
    """All steps to try, and the length of the undamped one in standard deviations of the posterior."""
    _, s, directions = np.linalg.svd(here.jacobian, full_matrices=False)
    slope = here.jacobian.T @ here.residual + here.prior
    seen = directions @ slope
    rest = slope - directions.T @ seen  # in directions that no datum sees the prior alone counts
    damping = DAMPINGS[:, None] * np.max(s, initial=1.0) ** 2
    steps = -(seen / (1 + s**2 + damping)) @ directions - rest / (1 + damping)
    trials = (LENGTHS[:, None, None] * steps).reshape(-1, len(slope))
    return trials, float(np.sqrt(np.sum(seen**2 / (1 + s**2)) + np.sum(rest**2)))


def _cost(residual: Float[np.ndarray, "... data"], prior: Float[np.ndarray, "... latent"]) -> Float[np.ndarray, "..."]:
    return np.sum(residual**2, axis=-1) + np.sum(prior**2, axis=-1)


@eqx.filter_jit
def _jacobian(target: AbstractLeastSquares, z: Vector) -> Float[Array, "data latent"]:
    return linearise(target, z).jacobian
