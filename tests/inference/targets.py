"""Problems whose moments and evidence are known: by formula, or by summing over a fine grid.

The two-dimensional ones share one forward model, so that each method is compiled once for all of them.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from numpy.typing import ArrayLike

from retrodict.base.types import Array, Flag, Float, Key, PyTree, Scalar, Vector
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import AbstractForward
from retrodict.problem.learner import AbstractLearner
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import AbstractTarget, Quantity
from tests.problem.toys import Identity

NOTHING = np.zeros((2, 2))
UNMEASURED = 1e3  # an error so large that its datum does not count


class Exact(NamedTuple):
    """Mean and covariance of the latents, and the log evidence."""

    mean: np.ndarray
    covariance: np.ndarray
    log_evidence: float


class Curved(AbstractForward):
    """prediction_i = slope_i z + z bend_i z + growth_i exp(z_0), valid where z_0 > border."""

    slope: Float[Array, "2 2"]
    bend: Float[Array, "2 2 2"]
    growth: Float[Array, " 2"]
    border: Scalar

    def __call__(self, unknown: Vector) -> tuple[Vector, Flag]:
        prediction = self.slope @ unknown + self.bend @ unknown @ unknown + self.growth * jnp.exp(unknown[0])
        return prediction, unknown[0] > self.border


def measured(
    data: ArrayLike,
    error: ArrayLike,
    *,
    slope: ArrayLike = NOTHING,
    bend: ArrayLike = (NOTHING, NOTHING),
    growth: ArrayLike = (0.0, 0.0),
    border: float = -np.inf,
) -> Posterior:
    """Two latents, measured by two data."""
    numbers = (jnp.asarray(x, dtype=float) for x in (slope, bend, growth, border))
    likelihood = Gaussian(jnp.asarray(data, dtype=float), Covariance.diagonal(jnp.asarray(error, dtype=float)))
    return Posterior(Identity(2), Curved(*numbers), likelihood)


def linear() -> Posterior:
    """Two correlated latents."""
    return measured([1.0, -0.5], [0.5, 0.3], slope=[[1.0, 0.4], [-0.3, 0.8]])


def skewed() -> Posterior:
    """Exponential and slightly bent; every randomised problem has one minimum."""
    return measured([1.5, 0.5], [0.7, 1.0], slope=[[0.5, 0.0], [0.0, 1.0]], growth=[0.5, 0.0])


def banana() -> Posterior:
    """An exponential and a parabola: skewed and bent."""
    return measured([1.5, 0.5], [0.5, 0.3], slope=[[0, 0], [0, 1]], bend=[NOTHING, [[1, 0], [0, 0]]], growth=[1.0, 0.0])


def sheet(noise: float) -> Posterior:
    """z_0^2 + 3 z_1^2 = 1 up to `noise`: a ring as thin as the datum is precise."""
    return measured([1.0, 0.0], [noise, UNMEASURED], bend=[np.diag([1.0, 3.0]), NOTHING])


def valleys() -> Posterior:
    """Two separate modes, one twice as heavy as the other."""
    return measured([1.5, 1.0], [0.2, 1.0], slope=[[0.1, 0], [1, 2]], bend=[np.diag([1.0, 0.0]), NOTHING])


def rosenbrock() -> Posterior:
    """The residuals 10 (z_1 - z_0^2) and 1 - z_0, times ten."""
    return measured([0.0, 1.0], [0.01, 0.1], slope=[[0, 1], [1, 0]], bend=[np.diag([-1.0, 0.0]), NOTHING])


def half_plane(border: float = 0.0) -> Posterior:
    """The linear problem with an answer for z_0 > `border` only."""
    return measured([1.0, -0.5], [0.5, 0.3], slope=[[1.0, 0.4], [-0.3, 0.8]], border=border)


def by_grid(target: Posterior, points: int = 1201, width: float = 5.0) -> Exact:
    """Moments and evidence by the rectangle rule, which converges exponentially for smooth densities."""
    axis = jnp.linspace(-width, width, points)
    grid = jnp.stack(jnp.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    log_density = np.asarray(_on_grid(target, grid))
    weight = np.exp(log_density - log_density.max())
    mean = weight @ np.asarray(grid) / weight.sum()
    centred = np.asarray(grid) - mean
    area = float(axis[1] - axis[0]) ** 2
    return Exact(mean, (weight * centred.T) @ centred / weight.sum(), np.log(weight.sum() * area) + log_density.max())


@eqx.filter_jit
def _on_grid(target: Posterior, grid: Float[Array, "points 2"]) -> Float[Array, " points"]:
    return jax.vmap(target.log_density)(grid)


class FreeField(AbstractTarget):
    """S = (1/2) sum phi (-Laplace + m^2) phi on a periodic square lattice; positions are arrays (side, side)."""

    side: int = eqx.field(static=True)
    mass: float = eqx.field(static=True)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return (Quantity("phi_squared"),)

    def init(self, key: Key) -> Float[Array, "side side"]:
        return jr.normal(key, (self.side, self.side))

    def log_density(self, x: Float[Array, "side side"]) -> Scalar:
        gradient = jnp.stack([x - jnp.roll(x, 1, axis) for axis in (0, 1)])
        return -0.5 * jnp.sum(gradient**2) - 0.5 * self.mass**2 * jnp.sum(x**2)

    def derived(self, x: Float[Array, "side side"]) -> dict[str, Array]:
        return {"phi_squared": jnp.mean(x**2)}

    def exact_phi_squared(self) -> float:
        """The mean over lattice momenta of 1 / (p^2 + m^2)."""
        square = 4 * np.sin(np.pi * np.arange(self.side) / self.side) ** 2
        return float(np.mean(1 / (square[:, None] + square + self.mass**2)))


class Line(AbstractLearner):
    """y = slope x + offset, learnt from noisy examples that are made anew for each batch."""

    slope: float = 2.0
    offset: float = -1.0

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return (Quantity("slope"),)

    def init(self, key: Key) -> PyTree[Array]:
        return {"slope": jr.normal(key), "offset": jnp.asarray(0.0)}

    def loss(self, x: PyTree[Array], key: Key, batch: int) -> Scalar:
        input_key, noise_key = jr.split(key)
        inputs = jr.uniform(input_key, (batch,), minval=-1.0)
        outputs = self.slope * inputs + self.offset + 0.1 * jr.normal(noise_key, (batch,))
        return jnp.mean((x["slope"] * inputs + x["offset"] - outputs) ** 2)

    def validation(self, x: PyTree[Array]) -> Scalar:
        inputs = jnp.linspace(-1.0, 1.0, 11)
        return jnp.mean((x["slope"] * inputs + x["offset"] - self.slope * inputs - self.offset) ** 2)

    def derived(self, x: PyTree[Array]) -> dict[str, Array]:
        return {"slope": x["slope"]}
