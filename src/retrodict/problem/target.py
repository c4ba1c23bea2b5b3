"""The only contract that a method sees: a density, its starting points, and what to report.

`AbstractTarget` is all that a sampler of configurations needs. `AbstractLeastSquares` adds the structure that most
inverse problems have, white latents and a whitened residual, on which Gauss-Newton, randomised maximum a posteriori,
importance sampling and manifold lifting are built.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Flag, Float, Key, PyTree, Scalar, Vector


@dataclass(frozen=True)
class Quantity:
    """What a derived number, or a function on a grid, means: for tables, axes and exports.

    `name` is its key in `derived`; a function also has a grid, stored as a tuple so that the description is hashable.
    """

    name: str
    unit: str = ""
    label: str = ""  # for axes, in LaTeX or plain text; the name if empty
    grid: tuple[float, ...] = ()
    grid_name: str = ""
    grid_unit: str = ""
    column: str = "x"  # the grid's name in exported tables

    @property
    def is_function(self) -> bool:
        """Whether the quantity is a function on `grid` rather than one number."""
        return bool(self.grid)

    @property
    def x(self) -> np.ndarray:
        """The grid as an array, in `grid_unit`."""
        return np.asarray(self.grid)


class Estimated(NamedTuple):
    """A number, or a function on a grid, that belongs to a whole distribution: a mean, or what follows from means.

    `error` is its standard error, not the spread of the distribution; NaN where the draws say nothing of it. `tau` is
    the integrated autocorrelation time in steps of one chain. Where `complete` is false, the chains were too short for
    their memory to be seen to end, and the error is a lower bound. `exact` is the value, where it is known otherwise.
    """

    about: Quantity
    value: Float[np.ndarray, "..."]
    error: Float[np.ndarray, "..."]
    tau: float | None = None
    tau_error: float | None = None
    effective_size: float | None = None
    complete: bool = True
    exact: float | None = None

    @property
    def deviation(self) -> float | None:
        """How far the exact value lies away, in standard errors; None where there is nothing to compare."""
        if self.exact is None or not self.error > 0:
            return None
        return float((self.value - self.exact) / self.error)


class AbstractTarget(eqx.Module):
    """A density over positions `x`: one float array, or any pytree of them.

    Of an inverse problem the distribution of a derived quantity is the answer. Where the mean is the answer, as of an
    observable of a lattice theory, a target overrides `estimates`, and results report these, with their errors.
    """

    @property
    def unconstrained(self) -> bool:
        """Whether every real number may stand in a position: what methods that move along straight lines need."""
        return True

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader of any result should know about the data and the set-up: `check` prints it, verdicts repeat
        it."""
        return ()

    def estimates(
        self,
        derived: Mapping[str, Float[np.ndarray, "chain draw ..."]],
        log_weight: Float[np.ndarray, "chain draw"],
        ancestor: np.ndarray | None,
    ) -> tuple[Estimated, ...]:
        """Answers that belong to all draws together; none unless overridden.

        `derived` holds the derived quantities of draws with weights; `ancestor` numbers the ancestor of each particle
        of a population, in which relatives are not independent.
        """
        return ()

    def files(self, final: PyTree[np.ndarray]) -> dict[str, bytes]:
        """What a run directory keeps of the positions `(chain, ...)` at which chains ended, by file name; nothing
        unless overridden."""
        return {}

    @property
    @abstractmethod
    def quantities(self) -> tuple[Quantity, ...]:
        """The meaning of each entry of `derived`, in the order of the tables."""

    @abstractmethod
    def init(self, key: Key) -> PyTree[Float[Array, "..."]]:
        """A random starting point, over-dispersed: the prior where there is one."""

    @abstractmethod
    def log_density(self, x: PyTree[Float[Array, "..."]], /) -> Scalar:
        """log p(x), up to a constant; -inf where the physics has no answer."""

    @abstractmethod
    def derived(self, x: PyTree[Float[Array, "..."]], /) -> dict[str, Array]:
        """What is reported about `x`, by the names of `quantities`."""

    @property
    def decisive(self) -> tuple[str, ...]:
        """The quantities by which convergence is judged: all, unless the target knows which tell."""
        return tuple(quantity.name for quantity in self.quantities)

    @property
    def odd(self) -> tuple[str, ...]:
        """Quantities that an exact symmetry turns into their negative: their signs tell whether both halves of the
        space were visited. None unless the target says otherwise."""
        return ()


class Evaluation(NamedTuple):
    """Everything that one forward pass tells about a latent vector."""

    log_likelihood: Scalar
    residual: Float[Array, " data"]
    pulls: Float[Array, " pulls"]
    derived: dict[str, Array]
    valid: Flag


class AbstractLeastSquares(AbstractTarget):
    r"""A target with white latents and a whitened residual.

    $$\log p(z) = -\tfrac12 |z - \bar z|^2 - \tfrac12 |r(z)|^2 + \mathrm{const}$$

    where valid. Every bounded likelihood has this form, Gaussian or not (see `problem.likelihood`).
    """

    @property
    @abstractmethod
    def dim(self) -> int:
        """The number of latents."""

    @abstractmethod
    def residual(self, z: Vector) -> Float[Array, " data"]:
        """r(z), finite even where the physics is invalid."""

    @abstractmethod
    def prior_residual(self, z: Vector) -> Vector:
        """Latents minus their prior mean; standard normal under the prior."""

    @abstractmethod
    def log_likelihood(self, z: Vector) -> Scalar:
        """Normalised log p(data | z); -inf where invalid."""

    @abstractmethod
    def evaluate(self, z: Vector) -> Evaluation:
        """Likelihood, residual, pulls, derived quantities and validity in one forward pass."""

    @abstractmethod
    def randomised(self, key: Key, *, data: bool = True, prior: bool = True) -> "AbstractLeastSquares":
        """The target with noise added once more to its data, and its prior mean drawn from the prior."""

    @abstractmethod
    def simulated(self, key: Key, truth: Vector) -> "AbstractLeastSquares":
        """The target with mock data, drawn as if `truth` were the cause."""

    def full_residual(self, z: Vector) -> Float[Array, " all"]:
        """Data and prior residuals together: half its square is minus the log density, up to a constant."""
        return jnp.concatenate([self.residual(z), self.prior_residual(z)])


def require_unconstrained(target: AbstractTarget, method: str) -> None:
    """Raise `InputError` unless positions of `target` may move along straight lines."""
    if not target.unconstrained:
        raise InputError(
            f"{method} moves along straight lines, and these fields live on a curved or discrete space",
            got=type(target).__name__,
            fix="HMC for angles and links, Cluster for spins",
        )
