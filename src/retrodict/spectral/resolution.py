r"""What a correlator resolves of a spectral function: an analysis of the linearised posterior.

Around a draw $z$ let $K$ be the operator in units of the noise, $D = \partial\rho/\partial z$ and $J = K D = U S V^T$.
The posterior mean then responds to the truth with the *resolution matrix*

$$A = \frac{\partial\rho_\mathrm{mean}}{\partial\rho_\mathrm{true}} = D J^T (1 + J J^T)^{-1} K
    = D V \frac{S}{1 + S^2} U^T K .$$

A row is an averaging kernel: the posterior mean at $\omega_*$ is the truth averaged with it. $A\rho$ is the part of
$\rho$ that comes from the data and $(1 - A)\rho$ the part that comes from the prior. Modes enter with the weight
$s^2/(1 + s^2)$ where Shi, Wang and Zhou count those above the noise with one and the rest with zero.

Sources: Backus, Gilbert, Geophys. J. 16 (1968) 169; Rodgers, Inverse Methods for Atmospheric Sounding (2000), ch. 2;
Shi, Wang, Zhou, Comput. Phys. Commun. 282 (2023) 108547.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float, Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.forward import LinearForward
from retrodict.problem.posterior import Posterior
from retrodict.spectral.derived import derivation_of

Nodes = Float[np.ndarray, " nodes"]


class AveragingKernel(NamedTuple):
    """A row of the resolution matrix as d ln rho_mean(at) / d ln rho_true(omega), a density in ln omega.

    Args:
        at: the frequency.
        omega: nodes, in the same unit, shape (nodes,).
        density: the kernel at the nodes, per e-fold of omega, shape (nodes,).
        area: its integral, the share of rho(at) that the data determine: 1 for all, 0 where the prior does.
        width: of Backus and Gilbert, sqrt(12 int (ln omega - ln at)^2 a^2 / int a^2), in e-folds: the length of a box
            around `at`; more if the kernel lies beside it.
    """

    at: float
    omega: Nodes
    density: Nodes
    area: float
    width: float


@dataclass(frozen=True)
class LinearView:
    """A problem with a linear forward model around one spectral function, on the nodes of a quadrature."""

    omega: Nodes  # frequencies
    weight: Nodes  # of the quadrature, in the unit of omega
    rho: Nodes  # the spectral function
    operator: Float[np.ndarray, "modes nodes"]  # K, in units of the noise, with the weights of the quadrature
    slope: Float[np.ndarray, "nodes latents"]  # D

    @cached_property
    def svd(
        self,
    ) -> tuple[Float[np.ndarray, "modes values"], Float[np.ndarray, " values"], Float[np.ndarray, "values latents"]]:
        """U, S and V^T of J = K D: the unknown in units of its prior, the data in units of their noise."""
        left, value, right = np.linalg.svd(self.operator @ self.slope, full_matrices=False)
        return left, value, right

    @property
    def singular_values(self) -> Float[np.ndarray, " values"]:
        """S, descending: by how many standard deviations of the noise one of the prior moves the data."""
        return self.svd[1]

    @cached_property
    def modes(self) -> Float[np.ndarray, "values nodes"]:
        """D V: the change of rho [its unit] by one prior standard deviation along each singular direction."""
        return self.svd[2] @ self.slope.T

    @cached_property
    def matrix(self) -> Float[np.ndarray, "nodes nodes"]:
        """A, acting on values of rho at the nodes."""
        left, value, _ = self.svd
        return self.modes.T @ ((value / (1 + value**2))[:, None] * (left.T @ self.operator))


def resolution(target: Posterior, z: Vector) -> LinearView:
    """Linearise a spectral problem.

    Args:
        target: its posterior.
        z: latents at which it is linearised, such as the best draw of a run, shape (dim,).

    Raises:
        InputError: for the posterior of another domain.
    """
    grid, forward = derivation_of(target).grid, target.forward
    assert isinstance(forward, LinearForward)
    rho, slope = _linearise(target.ansatz, jnp.asarray(z))
    arrays = (grid.omega, grid.weight, rho, forward.operator, slope)
    return LinearView(*(np.asarray(array) for array in arrays))


def null_space(view: LinearView, level: float = 1.0) -> Float[np.ndarray, "directions nodes"]:
    """Changes of rho by one prior standard deviation that move the data by less than `level` of the noise.

    Args:
        view: the linearised problem.
        level: how far the data may move, in standard deviations of the noise.

    Returns:
        Changes of rho in its unit, in the order of falling singular values; last those that move no datum at all.
    """
    _, values, directions = np.linalg.svd(view.operator @ view.slope, full_matrices=True)
    seen = np.zeros(len(directions))
    seen[: len(values)] = values
    return directions[seen < level] @ view.slope.T


def determined_directions(
    singular_values: Float[np.ndarray, " values"], noise: float | Float[np.ndarray, " levels"] = 1.0
) -> Float[np.ndarray, " levels"]:
    """Number of directions that the data determine, the sum of s^2 / (s^2 + noise^2).

    Args:
        singular_values: of the linearised problem, shape (values,).
        noise: errors in units of those of the data, one number or several, shape (levels,).

    Returns:
        The number for every noise, shape (levels,).

    Example:
        >>> determined_directions(np.array([10.0, 1.0, 0.1]), np.array([1.0, 10.0])).round(2)
        array([1.5 , 0.51])
    """
    square = np.asarray(singular_values, dtype=float) ** 2
    level = np.atleast_1d(np.asarray(noise, dtype=float))[:, None] ** 2
    return np.sum(square / (square + level), axis=1)


def kernel_singular_values(view: LinearView) -> Float[np.ndarray, " values"]:
    """Singular values of the operator without a prior, for changes d ln rho normalised over ln omega.

    Each is the number of standard deviations of the noise by which the data move when rho changes along the singular
    direction by 100 % over one e-fold.

    Args:
        view: the linearised problem.
    """
    log_step = view.weight / view.omega
    return np.linalg.svd(view.operator * view.rho / np.sqrt(log_step), compute_uv=False)


def averaging_kernel(view: LinearView, at: float) -> AveragingKernel:
    """The averaging kernel at the node next to a frequency; rho must not vanish there.

    Args:
        view: the linearised problem.
        at: the frequency.
    """
    row = int(np.argmin(np.abs(np.log(view.omega / at))))
    share = view.matrix[row] * view.rho / view.rho[row]
    log_step = view.weight / view.omega
    density, area = share / log_step, float(np.sum(share))
    place = float(view.omega[row])
    square = density**2 * log_step
    spread = 12 * np.sum(np.log(view.omega / place) ** 2 * square) / np.sum(square)
    return AveragingKernel(place, view.omega, density, area, float(np.sqrt(spread)))


def data_part(view: LinearView) -> Nodes:
    """A rho, the part of rho that comes from the data."""
    return view.matrix @ view.rho


def prior_part(view: LinearView) -> Nodes:
    """(1 - A) rho, the part of rho that comes from the prior."""
    return prior_response(view, view.rho)


def prior_response(view: LinearView, change: Nodes) -> Nodes:
    """Change of the posterior mean when the prior changes rho at fixed latents: (1 - A) change.

    With the smooth part of an ansatz as the change, this over rho is d ln rho / d ln m for its default model m.

    Args:
        view: the linearised problem.
        change: of rho on the nodes, in its unit, shape (nodes,).
    """
    return change - view.matrix @ change


def data_share(view: LinearView) -> Nodes:
    """A rho / rho; one minus it is d ln rho / d ln (scale of the prior). NaN where rho vanishes."""
    return np.divide(data_part(view), view.rho, out=np.full(view.rho.shape, np.nan), where=view.rho != 0)


@eqx.filter_jit
def _linearise(
    ansatz: AbstractAnsatz, z: Float[Array, " latents"]
) -> tuple[Float[Array, " nodes"], Float[Array, "nodes latents"]]:
    """rho on the nodes, and its derivative by the latents."""
    return ansatz(z), jax.jacfwd(ansatz)(z)
