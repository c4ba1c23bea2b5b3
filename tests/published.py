"""A result whose every published number is known in closed form: skewed quantities under uneven weights.

Two latents are drawn from wide normals, evenly spread over their quantiles, and weighted to narrow ones. What is
derived from them is log-normal, so that median, mean, standard deviation and quantiles have formulas, all different.
The prior of the latents is standard normal, and the data are linear in them: the fit has formulas, too.
"""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from scipy.stats import chi2, norm

from retrodict.inference.infer import conclude
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import LinearForward
from retrodict.problem.likelihood import Gaussian, Independent
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import Quantity
from retrodict.run.method import Draws
from retrodict.run.result import Result
from tests.inference.exact import Exact

DRAWS = 4000
LEVELS = {"q2_5": 0.025, "q16": 0.16, "median": 0.5, "q84": 0.84, "q97_5": 0.975}
GRID = (0.5, 1.0, 1.5, 2.0)  # n_sat
RADIUS, WIDTH = 12.0, 0.6  # km, and its slope against the first latent
POSTERIOR = ((0.4, 0.5), (-0.2, 0.7))  # mean and standard deviation of each latent
PROPOSAL = ((0.1, 1.2), (0.0, 1.3))

OPERATOR = np.array([[1.0, 0.0], [0.8, 0.2], [0.5, -0.4], [0.0, 1.0], [0.3, 0.6]])
DATA = np.array([1.9, 0.1, 0.7, -0.9, 0.8])
ERROR = np.array([0.5, 0.4, 0.6, 0.5, 0.7])
FIRST = 3  # data of the first of two instruments


class LogNormal(NamedTuple):
    """exp(N(location, scale)) and its statistics."""

    location: float
    scale: float

    def quantile(self, probability):
        return np.exp(self.location + self.scale * norm.ppf(probability))

    def probability(self, value):
        return norm.cdf((np.log(value) - self.location) / self.scale)

    @property
    def mean(self):
        return np.exp(self.location + 0.5 * self.scale**2)

    @property
    def sd(self):
        return self.mean * np.sqrt(np.expm1(self.scale**2))


def radius(latents=POSTERIOR) -> LogNormal:
    (mean, sd), _ = latents
    return LogNormal(np.log(RADIUS) + WIDTH * mean, WIDTH * sd)


def mass(latents=POSTERIOR) -> LogNormal:
    _, (mean, sd) = latents
    return LogNormal(mean, sd)


def pressure(x: float, latents=POSTERIOR) -> LogNormal:
    (mean, sd), _ = latents
    return LogNormal(x * mean, x * sd)


PRIOR = ((0.0, 1.0), (0.0, 1.0))


class Identity(AbstractAnsatz):
    """The latents themselves are the unknown."""

    size: int = eqx.field(static=True, default=2)

    @property
    def dim(self):
        return self.size

    def __call__(self, z):
        return z


def derive(z, prediction):
    return {
        "radius": RADIUS * jnp.exp(WIDTH * z[0]),
        "mass": jnp.exp(z[1]),
        "pressure": jnp.exp(jnp.asarray(GRID) * z[0]),
    }


QUANTITIES = (
    Quantity("radius", "km", "$R$"),
    Quantity("mass", "Msun", "$M$"),
    Quantity("pressure", "MeV fm^-3", "$P$", grid=GRID, grid_name="density", grid_unit="n_sat"),
)


def gaussian(rows: slice) -> Gaussian:
    return Gaussian(jnp.asarray(DATA[rows]), Covariance.diagonal(ERROR[rows]))


def problem() -> Posterior:
    """Two instruments, `counter` and `meter`."""
    terms = {"counter": gaussian(slice(FIRST)).of(lambda y: y[:FIRST]), "meter": gaussian(slice(FIRST, None)).of(_rest)}
    return posterior(Independent(**terms))


def posterior(likelihood) -> Posterior:
    forward = LinearForward(jnp.asarray(OPERATOR))
    return Posterior(Identity(), forward, likelihood, derive=derive, quantities=QUANTITIES)


def _rest(y):
    return y[FIRST:]


def bank() -> tuple[np.ndarray, np.ndarray]:
    """Latents (draw, 2), which fill the quantiles of the proposal evenly, and the logarithms of their weights."""
    count = np.arange(DRAWS)
    uniform = np.stack([(count + 0.5) / DRAWS, np.mod((count + 0.5) * 0.5 * (np.sqrt(5) - 1), 1.0)], axis=1)
    mean, sd = np.transpose(PROPOSAL)
    latents = mean + sd * norm.ppf(uniform)
    wanted, spread = np.transpose(POSTERIOR)
    log_weight = norm.logpdf(latents, wanted, spread) - norm.logpdf(latents, mean, sd)
    order = np.random.default_rng(5).permutation(DRAWS)  # nothing may hang on the order
    return latents[order], log_weight.sum(axis=1)[order] + 3.0


def skewed(prior_draws: int = 2000, target: Posterior | None = None) -> Result:
    """The result."""
    latents, log_weight = bank()
    draws = Draws(jnp.asarray(latents)[None], jnp.asarray(log_weight)[None], "exact", {})
    return conclude(problem() if target is None else target, Exact(), draws, seed=4, prior_draws=prior_draws)


def quantile(values: np.ndarray, probability: float, weights: np.ndarray) -> float:
    """A weighted quantile by bisection: where the smoothed distribution function, half of each step, reaches it.

    Written without sorting, cumulative sums or interpolation of ranks: not the package's way.
    """
    total = np.sum(weights)
    low, high = np.min(values[weights > 0]), np.max(values[weights > 0])
    for _ in range(80):
        middle = 0.5 * (low + high)
        below = (np.sum(weights[values < middle]) + 0.5 * np.sum(weights[values == middle])) / total
        low, high = (middle, high) if below < probability else (low, middle)
    return 0.5 * (low + high)


class Fit(NamedTuple):
    """The mode of the linear problem, and what follows."""

    pulls: np.ndarray
    rank: float
    singular_values: np.ndarray

    @property
    def chi2(self):
        return float(np.sum(self.pulls**2))

    def dof(self, positions: int = 0):
        return len(DATA) - positions - self.rank

    def p(self, positions: int = 0):
        return float(chi2.sf(self.chi2, self.dof(positions)))


def fit() -> Fit:
    """By the normal equations."""
    whitened = OPERATOR / ERROR[:, None]
    mode = np.linalg.solve(np.eye(2) + whitened.T @ whitened, whitened.T @ (DATA / ERROR))
    square = np.linalg.eigvalsh(whitened.T @ whitened)[::-1]
    return Fit((OPERATOR @ mode - DATA) / ERROR, float(np.sum(square / (1 + square))), np.sqrt(square))


def check_statistics(found, truth: LogNormal, tolerance: float = 1.5e-3) -> None:
    """Quantiles within `tolerance` of their probability, moments within half a per cent."""
    for name, level in LEVELS.items():
        assert abs(truth.probability(float(found[name])) - level) < tolerance, name
    assert abs(float(found["mean"]) / truth.mean - 1) < 5e-3
    assert abs(float(found["sd"]) / truth.sd - 1) < 1e-2
