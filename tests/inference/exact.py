"""A problem with a known answer for the tests of all that judges answers: linear, Gaussian, and solved exactly."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import LinearForward
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import Quantity
from retrodict.run.method import Draws, Record

GRID = tuple(np.linspace(0.0, 1.0, 5).tolist())


class Identity(AbstractAnsatz):
    """The latents themselves are the unknown."""

    size: int = eqx.field(static=True)

    @property
    def dim(self) -> int:
        return self.size

    def __call__(self, z):
        return z


def derive(unknown, prediction):
    """The sum, one latent that the data do not see (the last), and the line through the first two on a grid."""
    x = jnp.asarray(GRID)
    return {"total": jnp.sum(unknown), "unseen": unknown[-1], "line": unknown[0] + x * unknown[1]}


QUANTITIES = (
    Quantity("total", "MeV", "sum"),
    Quantity("unseen"),
    Quantity("line", "fm", grid=GRID, grid_name="x", grid_unit="fm"),
)


def linear_problem(*, error=0.5, latents=4, points=6, seed=3, shift=0.0) -> Posterior:
    """Data that see all latents but the last; `shift` adds that many errors to the data, which no latent explains."""
    rng = np.random.default_rng(seed)
    operator = rng.standard_normal((points, latents))
    operator[:, -1] = 0.0
    data = operator @ rng.standard_normal(latents) + error * (rng.standard_normal(points) + shift)
    likelihood = Gaussian(jnp.asarray(data), Covariance.diagonal(np.full(points, error)))
    forward = LinearForward(jnp.asarray(operator))
    return Posterior(Identity(latents), forward, likelihood, derive=derive, quantities=QUANTITIES)


class Moments(NamedTuple):
    mean: jax.Array
    root: jax.Array  # covariance = root @ root.T


def exact_moments(target) -> Moments:
    """Posterior mean and root of the covariance of a linear problem with white prior."""
    origin = jnp.zeros(target.dim)
    jacobian = jax.jacfwd(target.residual)(origin)
    precision = jnp.eye(target.dim) + jacobian.T @ jacobian
    covariance = jnp.linalg.inv(precision)
    return Moments(-covariance @ jacobian.T @ target.residual(origin), jnp.linalg.cholesky(covariance))


class Exact(eqx.Module):
    """Independent draws from the exact posterior of a linear problem; the faults are for the twins that must fail.

    They are arrays, so that all twins share one compilation.
    """

    steps: int = eqx.field(static=True, default=100)
    chains: int = eqx.field(static=True, default=4)
    width: jax.Array | float = eqx.field(converter=jnp.asarray, default=1.0)  # scales the spread
    bias: jax.Array | float = eqx.field(converter=jnp.asarray, default=0.0)  # shift in posterior standard deviations

    references: ClassVar[tuple[str, ...]] = ()
    uses_gradient: ClassVar[bool] = False

    @property
    def positions_per_step(self):
        return self.chains

    def check(self, target):
        pass

    def init(self, target, key):
        return exact_moments(target)

    def step(self, target, state, key, index):
        noise = jr.normal(key, (self.chains, target.dim))
        spread = jnp.sqrt(jnp.sum(state.root**2, axis=1))
        z = state.mean + self.bias * spread + self.width * noise @ state.root.T
        return state, Record(jnp.all(jnp.isfinite(z)), {"norm": jnp.mean(z**2)}, z)

    def done(self, state):
        return jnp.asarray(False)

    def finish(self, target, state, history):
        position = jnp.swapaxes(jnp.asarray(history), 0, 1)
        return Draws(position, jnp.zeros(position.shape[:2]), "exact", {})
