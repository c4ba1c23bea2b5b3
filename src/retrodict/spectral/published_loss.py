r"""The published loss of a network that stands for a spectral function: misfit without errors, and two penalties.

Source: Wang, Shi, Zhou, PRD 106, L051502 (2022), and the programs that the authors published.
"""

from typing import Final, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.problem.target import AbstractTarget, Quantity
from retrodict.spectral.ansatz.frequency_grid import Nodes
from retrodict.spectral.ansatz.layers import ListNetwork, PointNetwork, Weights, features
from retrodict.spectral.kernels import AbstractKernel, KallenLehmann
from retrodict.spectral.shapes import AbstractShape, add_noise, wsz_noise

Network = ListNetwork | PointNetwork

OMEGA: Final = np.linspace(0.04, 20.0, 500)  # the published frequencies; the first is also their spacing
MOMENTA: Final = np.linspace(0.001, 19.199, 25)
LIST: Final = ListNetwork()


class PublishedProblem(AbstractTarget):
    """The un-normalised misfit of a network's correlator, and the two penalties; positions are its weights."""

    operator: Float[Array, "points nodes"]  # from rho to the correlator
    data: Float[Array, " points"]  # values of the correlator
    omega: Nodes  # frequencies, equally spaced
    network: Network = eqx.field(static=True)  # from its weights to rho

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """The spectral function."""
        grid = tuple(np.asarray(self.omega, dtype=float).tolist())
        return (Quantity("spectral_function", "", r"$\rho$", grid, "omega", column="omega"),)

    def init(self, key: Key) -> Weights:
        """Weights as published."""
        return self.network.init(key, self.omega)

    def spectral_function(self, weights: Weights) -> Nodes:
        """rho at the frequencies."""
        return self.network.read(weights.output, self.hidden(weights), self.omega)

    def hidden(self, weights: Weights) -> Float[Array, "*nodes width"]:
        """Inputs of the output layer, constant while only that layer is trained."""
        return features(weights.hidden, self.network.inputs(self.omega))

    def misfit(self, rho: Nodes) -> Scalar:
        """Sum of squared differences from the data, in the square of their unit."""
        return jnp.sum((self.operator @ rho - self.data) ** 2)

    def loss(self, weights: Weights, decay: Scalar, smoothness: Scalar) -> Scalar:
        """The published loss.

        Args:
            weights: of the network.
            decay: lambda, of the squared weights.
            smoothness: lambda_s, of the squared differences of rho at neighbouring frequencies.
        """
        rho = self.spectral_function(weights)
        return self.misfit(rho) + 0.5 * decay * sum_of_squares(weights) + smoothness * jnp.sum(jnp.diff(rho) ** 2)

    def log_density(self, x: Weights) -> Scalar:
        """Minus the misfit: not a probability."""
        return -self.misfit(self.spectral_function(x))

    def derived(self, x: Weights) -> dict[str, Nodes]:
        """The spectral function."""
        return {"spectral_function": self.spectral_function(x)}


def published_problem(
    momentum: Float[np.ndarray, " points"],
    data: Float[np.ndarray, " data"],
    *,
    network: Network = LIST,
    kernel: AbstractKernel = KallenLehmann(),  # noqa: B008
    omega: Float[np.ndarray, " nodes"] = OMEGA,
    precision: Literal["float32", "float64"] = "float32",
) -> PublishedProblem:
    """The target of `published_reconstruction`.

    Args:
        momentum: points of the correlator, shape (points,).
        data: values of the correlator, shape (points,).
        network: from its weights to rho.
        kernel: K(x, omega).
        omega: frequencies, equally spaced, shape (nodes,).
        precision: floating-point type of the training.

    Raises:
        InputError: for data of another length than the momenta.
    """
    operator = riemann_operator(kernel, momentum, omega)
    if np.shape(data) != (len(operator),):
        raise InputError("one datum a momentum", got=f"{np.shape(data)}", expected=f"({len(operator)},)")
    matrix, values, grid = (jnp.asarray(x, dtype=precision) for x in (operator, data, omega))
    return PublishedProblem(matrix, values, grid, network)


def riemann_operator(
    kernel: AbstractKernel, x: Float[np.ndarray, " points"], omega: Float[np.ndarray, " nodes"]
) -> Float[np.ndarray, "points nodes"]:
    """K(x, omega) times the spacing: the published integral, which ends at the last frequency.

    Args:
        kernel: K(x, omega).
        x: points of the correlator, shape (points,).
        omega: frequencies, equally spaced, shape (nodes,).
    """
    return np.asarray(kernel(x, omega)) * np.mean(np.diff(omega))


def mock_with_inverse_crime(
    shape: AbstractShape, eps: float, seed: int, momentum: Float[np.ndarray, " points"] = MOMENTA
) -> Float[np.ndarray, " points"]:
    """Mock data as published: made by the same Riemann sum that inverts them, so that results look too good.

    For tests and benchmarks, which compare with the publication; `correlator_of` gives the exact correlator.

    Args:
        shape: the spectral function.
        eps: relative error of the data at the second momentum.
        seed: of the noise.
        momentum: points of the correlator, shape (points,).
    """
    exact = riemann_operator(KallenLehmann(), momentum, OMEGA) @ np.asarray(shape(OMEGA))
    return add_noise(jr.key(seed), exact, wsz_noise(exact, momentum, eps, floor=0.0))


def sum_of_squares(tree: PyTree[Float[Array, "..."]]) -> Scalar:
    """Sum of the squares of all leaves of a `tree` of arrays."""
    return sum(
        (jnp.sum(leaf**2) for leaf in jax.tree.leaves(tree)), start=jnp.zeros((), jax.tree.leaves(tree)[0].dtype)
    )
