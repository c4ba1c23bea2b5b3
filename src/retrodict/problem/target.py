"""The contract between problems and methods: a density, its starting points, and what to report.

`AbstractTarget` is all that a sampler of configurations needs. `AbstractLeastSquares` adds the structure that most
inverse problems have, standard-normal latents and a whitened residual, on which Gauss-Newton, randomised maximum a
posteriori, importance sampling and constrained HMC are built.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Flag, Float, Int, Key, PyTree, Scalar, Shaped, Vector

Position = TypeVar("Position")  # arrays, or their shapes and types
Leaf = Shaped[Array, "..."] | jax.ShapeDtypeStruct


@dataclass(frozen=True)
class Quantity:
    """What a derived number, or a function on a grid, means: for tables, axes and exports.

    Args:
        name: key in `derived`.
        unit: unit of the values, empty for a pure number.
        label: for axes, in LaTeX or plain text; the name if empty.
        grid: points at which a function is given, a tuple so that the description is hashable; empty for a number.
        grid_name: what the grid is, for axes.
        grid_unit: its unit.
        column: name of the grid in exported tables.

    Example:
        >>> Quantity("radius", "km").is_function
        False
    """

    name: str
    unit: str = ""
    label: str = ""
    grid: tuple[float, ...] = ()
    grid_name: str = ""
    grid_unit: str = ""
    column: str = "x"

    @property
    def is_function(self) -> bool:
        """Whether the quantity is a function on `grid` rather than one number."""
        return bool(self.grid)

    @property
    def x(self) -> Float[np.ndarray, " grid"]:
        """The grid as an array, in `grid_unit`."""
        return np.asarray(self.grid)


class Estimated(NamedTuple):
    """A number, or a function on a grid, that belongs to a whole distribution: a mean, or what follows from means.

    Args:
        about: what the number means.
        value: a number, or values on the grid of `about`.
        error: standard error, not the spread of the distribution; NaN where the draws do not determine it.
        tau: integrated autocorrelation time in steps of one chain.
        tau_error: its standard error.
        effective_size: number of independent draws with the same error.
        complete: False if the chains were too short for `tau` to converge: then the error is a lower bound.
        exact: the value, where it is known from elsewhere.
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
        """Value minus exact value in standard errors; None where there is nothing to compare."""
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
        """Whether a position may be any real numbers, as methods that move along straight lines need it."""
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
        ancestor: Int[np.ndarray, "..."] | None,
    ) -> tuple[Estimated, ...]:
        """Answers that belong to all draws together; none unless overridden.

        Args:
            derived: derived quantities of all draws by name, leading axes (chain, draw).
            log_weight: of each draw, shape (chain, draw).
            ancestor: number of the ancestor of each particle of a population, in which relatives are not independent;
                None for chains.
        """
        return ()

    def files(self, final: PyTree[np.ndarray]) -> dict[str, bytes]:
        """What a run directory keeps of the last positions, by file name; nothing unless overridden.

        Args:
            final: positions at which the chains ended, leading axis chain.
        """
        return {}

    @property
    @abstractmethod
    def quantities(self) -> tuple[Quantity, ...]:
        """The meaning of each entry of `derived`, in the order of the tables."""

    @abstractmethod
    def init(self, key: Key) -> PyTree[Float[Array, "..."]]:
        """A random starting point, over-dispersed: the prior where there is one.

        Args:
            key: random key.
        """

    @abstractmethod
    def log_density(self, x: PyTree[Float[Array, "..."]], /) -> Scalar:
        """log p(x), up to a constant; -inf where the physics has no answer.

        Args:
            x: a position, as `init` returns it.
        """

    @abstractmethod
    def derived(self, x: PyTree[Float[Array, "..."]], /) -> dict[str, Array]:
        """What is reported about `x`, by the names of `quantities`.

        Args:
            x: a position, as `init` returns it.
        """

    @property
    def decisive(self) -> tuple[str, ...]:
        """The quantities by which convergence is assessed: all, unless overridden."""
        return tuple(quantity.name for quantity in self.quantities)

    @property
    def odd(self) -> tuple[str, ...]:
        """Quantities that an exact symmetry turns into their negative: their signs show whether both halves of the
        space were visited. None unless overridden."""
        return ()


class Evaluation(NamedTuple):
    """Everything that follows from one forward pass at a latent vector."""

    log_likelihood: Scalar  # -inf where invalid
    residual: Float[Array, " data"]  # whitened
    pulls: Float[Array, " pulls"]  # (prediction - datum) / error
    derived: dict[str, Array]  # by the names of the quantities
    valid: Flag  # whether the physics has an answer
    pointwise: Float[Array, " datum"] | None = None  # log p of each datum, where the likelihood is made of data


class AbstractLeastSquares(AbstractTarget):
    r"""A target with standard-normal latents and a whitened residual.

    $$\log p(z) = -\tfrac12 |z - \bar z|^2 - \tfrac12 |r(z)|^2 + \mathrm{const}$$

    where valid. Every bounded likelihood has this form, Gaussian or not (see `problem.likelihood`).
    """

    @property
    @abstractmethod
    def dim(self) -> int:
        """The number of latents."""

    @abstractmethod
    def residual(self, z: Vector) -> Float[Array, " data"]:
        """r(z), finite even where the physics is invalid.

        Args:
            z: latents, shape (dim,).
        """

    @abstractmethod
    def prior_residual(self, z: Vector) -> Vector:
        """Latents minus their prior mean; standard normal under the prior.

        Args:
            z: latents, shape (dim,).
        """

    @abstractmethod
    def log_likelihood(self, z: Vector) -> Scalar:
        """Normalised log p(data | z); -inf where invalid.

        Args:
            z: latents, shape (dim,).
        """

    @abstractmethod
    def evaluate(self, z: Vector) -> Evaluation:
        """Likelihood, residual, pulls, derived quantities and validity in one forward pass.

        Args:
            z: latents, shape (dim,).
        """

    @abstractmethod
    def randomised(self, key: Key, *, data: bool = True, prior: bool = True) -> "AbstractLeastSquares":
        """The target with noise added once more to its data, and its prior mean drawn from the prior.

        Args:
            key: random key.
            data: whether to add noise to the data.
            prior: whether to draw the prior mean.
        """

    @abstractmethod
    def simulated(self, key: Key, truth: Vector) -> "AbstractLeastSquares":
        """The target with mock data.

        Args:
            key: random key.
            truth: latents that are taken for the truth, shape (dim,).
        """

    def full_residual(self, z: Vector) -> Float[Array, " all"]:
        """Data and prior residuals together: half its square is minus the log density, up to a constant.

        Args:
            z: latents, shape (dim,).
        """
        return jnp.concatenate([self.residual(z), self.prior_residual(z)])


def promoted(target: AbstractTarget, x: Position) -> Position:
    """A position in the precision in which this package computes: whole numbers and float32 become float64.

    Args:
        target: whose position it is; one that is not `unconstrained` (angles, spins, links) keeps its own.
        x: the position, of arrays or of their shapes.
    """

    def promote(leaf: Leaf) -> Leaf:
        if not (jnp.issubdtype(leaf.dtype, jnp.floating) or jnp.issubdtype(leaf.dtype, jnp.integer)):
            return leaf
        wide = jnp.promote_types(leaf.dtype, jnp.float64)
        return leaf.astype(wide) if isinstance(leaf, jax.Array) else jax.ShapeDtypeStruct(leaf.shape, wide)

    return jax.tree.map(promote, x) if target.unconstrained else x


def require_unconstrained(target: AbstractTarget, method: str) -> None:
    """Check that positions may move along straight lines.

    Args:
        target: what a method is to run on.
        method: its name, for the message.

    Raises:
        InputError: if `target` is not `unconstrained`.
    """
    if not target.unconstrained:
        raise InputError(
            f"{method} moves along straight lines, and these fields live on a curved or discrete space",
            got=type(target).__name__,
            fix="HMC for angles and links, Cluster for spins",
        )
