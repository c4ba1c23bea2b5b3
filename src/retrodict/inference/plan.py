r"""What better data would buy: the errors of the linearised posterior, now and with other data.

At latents $z$ the Laplace covariance of the latents is $(1 + J^T J)^{-1}$ with the whitened Jacobian $J$; data of half
the noise have $2J$, the same data taken twice $\sqrt2 J$. A derived number with slope $g$ has the variance
$g^T (1 + J^T J)^{-1} g$. Nothing is sampled and no new data are invented. One point is enough where a posterior is
Gaussian; where it is not, its mode is a poor place, and medians over some of its draws are taken.

Source: Rodgers, Inverse Methods for Atmospheric Sounding (2000), ch. 2 (error analysis and experiment design).
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float, Vector
from retrodict.inference.gauss_newton import linearise
from retrodict.problem.target import AbstractLeastSquares

Slope = Float[np.ndarray, "*grid latent"]
Spread = Float[np.ndarray, "..."]
Spreads = dict[str, Spread]  # standard deviation of each quantity: a number, or one a grid point


class Scenario(NamedTuple):
    """Errors with one set of data, and the number of latent directions that it determines."""

    spread: Spreads  # standard deviations
    effective_rank: float  # directions that the data determine


class Plan(NamedTuple):
    """Errors before any data, with those there are, with half their noise and with twice their number."""

    prior: Scenario  # without data
    now: Scenario  # with the data there are
    noise_halved: Scenario  # errors half as large
    points_doubled: Scenario  # twice as many data


def plan(
    target: AbstractLeastSquares,
    points: Float[np.ndarray, "points latent"],
    denser: AbstractLeastSquares | None = None,
) -> Plan:
    """The plan at some draws of the posterior: medians over them.

    A quantity that has no finite slope at any of the points has NaN for its errors.

    Args:
        target: the problem.
        points: draws of the posterior.
        denser: the same problem with twice the data; None: the data are taken twice.
    """
    each = [_plan_at(target, point, denser) for point in jnp.atleast_2d(jnp.asarray(points))]
    return Plan(*(_typical(scenarios) for scenarios in zip(*each, strict=True)))


def _plan_at(target: AbstractLeastSquares, z: Vector, denser: AbstractLeastSquares | None) -> Plan:
    jacobian, slopes = jax.device_get(_slopes(target, z))
    twice = np.sqrt(2) * jacobian if denser is None else jax.device_get(_jacobian(denser, z))
    return Plan(*(scenario(each, slopes) for each in (0 * jacobian, jacobian, 2 * jacobian, twice)))


def _typical(scenarios: tuple[Scenario, ...]) -> Scenario:
    """Medians; points at which a quantity has no slope are left out for it."""
    names = scenarios[0].spread
    spread = {name: _median([each.spread[name] for each in scenarios]) for name in names}
    return Scenario(spread, float(np.median([each.effective_rank for each in scenarios])))


def _median(values: list[Spread]) -> Spread:
    known = np.ma.masked_invalid(np.stack(values))
    return np.ma.filled(np.ma.median(known, axis=0), np.nan)


def scenario(jacobian: Float[np.ndarray, "data latent"], slopes: dict[str, Slope]) -> Scenario:
    """Errors of quantities with one set of data.

    Args:
        jacobian: of the whitened residual.
        slopes: derivatives of each quantity with respect to the latents, which are the last axis.
    """
    _, values, directions = np.linalg.svd(jacobian, full_matrices=False)
    spread = {name: _spread(np.asarray(slope), values, directions) for name, slope in slopes.items()}
    return Scenario(spread, float(np.sum(values**2 / (1 + values**2))))


def _spread(slope: Slope, values: Float[np.ndarray, " mode"], directions: Float[np.ndarray, "mode latent"]) -> Spread:
    """Along each direction 1 / sqrt(1 + s^2) of the prior's spread remains, across them all of it."""
    along = slope @ directions.T
    across = np.linalg.norm(slope - along @ directions, axis=-1)
    return np.hypot(across, np.linalg.norm(along / np.sqrt(1 + values**2), axis=-1))


def shrinkage(found: Plan, of: Scenario, name: str) -> Spread:
    """1 - sd / sd(prior) of a quantity in one scenario; NaN where the prior has no spread.

    Args:
        found: the plan.
        of: one of its scenarios.
        name: of the quantity.
    """
    before, after = found.prior.spread[name], of.spread[name]
    return 1 - np.divide(after, before, out=np.full(np.shape(after), np.nan), where=before > 0)


@eqx.filter_jit
def _jacobian(target: AbstractLeastSquares, z: Vector) -> Float[Array, "data latent"]:
    return linearise(target, z).jacobian


@eqx.filter_jit
def _slopes(
    target: AbstractLeastSquares, z: Vector
) -> tuple[Float[Array, "data latent"], dict[str, Float[Array, "*grid latent"]]]:
    """The Jacobian and the slopes (..., latent); one latent at a time, for which far less has to be compiled."""

    def along(direction: Vector) -> dict[str, Float[Array, "*grid"]]:
        return jax.jvp(target.derived, (z,), (direction,))[1]

    each = jax.lax.map(along, jnp.eye(z.size))
    return linearise(target, z).jacobian, {name: jnp.moveaxis(slope, 0, -1) for name, slope in each.items()}
