r"""Few terms of the singular basis of the kernel: the directions that the data determine, most of them switched off.

The kernel, times the envelope of the prior, is decomposed over $\xi = \mathrm{arsinh}(\omega/u)$; f is a sum of its
right singular functions with coefficients $a\,s_k z_k$ whose local scales $s_k$ are log-normal: most are small, some
are not (the idea of the horseshoe prior with a lighter tail). Directions to which no datum responds have no
width: the bands of this ansatz are conditional on f lying in the span, and too narrow where it does not.

Sources: Otsuki, Ohzeki, Shinaoka, Yoshimi, PRE 95, 061302 (2017); Carvalho, Polson, Scott, Biometrika 97 (2010) 465.
"""

from dataclasses import dataclass
from typing import Final

import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Vector
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.prior import LogNormal
from retrodict.spectral.ansatz.frequency_grid import AbstractSpectrum, FrequencyGrid, Nodes
from retrodict.spectral.ansatz.trend import Trend, trend_on

AMPLITUDE: Final = LogNormal(1.0, 0.5)
LOCAL: Final = LogNormal(0.5, 0.8)
HYPERPARAMETERS: Final = 3


class SparsePart(AbstractAnsatz):
    """Latents: offset, slope, amplitude, then a coefficient and a local scale for each singular function."""

    trend: Trend  # link and envelope
    basis: Float[Array, "nodes modes"]  # singular functions

    @property
    def dim(self) -> int:
        return HYPERPARAMETERS + 2 * self.basis.shape[1]

    def __call__(self, z: Vector) -> Nodes:
        """rho on the nodes."""
        coefficient, scale = z[HYPERPARAMETERS:].reshape(2, -1)
        f = self.basis @ (LOCAL(scale) * coefficient)
        return self.trend(z[0], z[1], AMPLITUDE(z[2]) * f)


@dataclass(frozen=True)
class SparseSpectrum(AbstractSpectrum):
    """Right singular functions of the kernel with sparse coefficients.

    Args:
        modes: singular functions, at most one a datum.
        positive: whether rho is positive (a softplus of their sum) or of free sign.

    Raises:
        InputError: for less than one mode.

    Example:
        >>> SparseSpectrum(modes=8).positive
        True
    """

    modes: int = 16
    positive: bool = True

    def __post_init__(self) -> None:
        if self.modes < 1:
            raise InputError("a basis has at least one function", got=repr(self))

    def on(self, grid: FrequencyGrid) -> SparsePart:
        """The map from standard normal latents to rho on the nodes.

        Args:
            grid: nodes and units, with the kernel of the data.

        Raises:
            InputError: for a grid without a kernel.
        """
        if grid.kernel is None:
            what, fix = (
                "the singular basis is that of a kernel, and the grid has none",
                "frequency_grid_for(kernel, x)",
            )
            raise InputError(what, got="kernel=None", expected="K(x, omega) on the nodes", fix=fix)
        return SparsePart(trend_on(grid, positive=self.positive), jnp.asarray(singular_functions(grid, self.modes)))


def singular_functions(grid: FrequencyGrid, modes: int) -> Float[np.ndarray, "nodes modes"]:
    """The first right singular functions of the kernel, orthonormal over arsinh(omega/unit).

    Args:
        grid: nodes and units, with the kernel of the data.
        modes: how many; fewer where there are fewer points.
    """
    place = np.asarray(grid.place)
    measure = np.gradient(place)
    low = 0.0 if grid.even else 1.0
    shape = np.asarray(grid.x**low * (1 + grid.x**2) ** -2)  # of a typical spectrum: data see its changes
    seen = np.asarray(grid.kernel) * (np.asarray(grid.weight) * shape)
    seen = seen / np.linalg.norm(seen, axis=1, keepdims=True)  # points count alike, whatever their size
    inside = measure > 0
    root = np.sqrt(measure[inside])
    right = np.linalg.svd(seen[:, inside] / root, full_matrices=False)[2][:modes]
    basis = np.zeros((len(place), len(right)))
    basis[inside] = (right / root).T
    return basis
