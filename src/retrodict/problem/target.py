"""The only contract that a method sees: a density, its starting points, and what to report.

`AbstractTarget` is all that a sampler of configurations needs. `AbstractLeastSquares` adds the structure that most
inverse problems have, white latents and a whitened residual, on which Gauss-Newton, randomised maximum a posteriori,
importance sampling and manifold lifting are built.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np

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


class AbstractTarget(eqx.Module):
    """A density over positions `x`: one float array, or any pytree of them."""

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
