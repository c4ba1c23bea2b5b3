"""Covariances as whitening maps: one module, four ways to make it, and no inverse of a matrix anywhere."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.num.correlations import LARGE, correlation_modes, is_positive, rounding, shrunk_correlation

Numbers = Array | np.ndarray


class Covariance(eqx.Module):
    r"""$C = A A^T$ through its root $A$ and a whitening map $W$ with $W A = 1$.

    Make one with `Covariance.diagonal`, `full`, `blocks` or `from_samples`. Diagonal covariances keep vectors.

    Args:
        whitener: W, or its diagonal, in 1 / (units of the data).
        root: A, or its diagonal, in units of the data.
        log_determinant: log det C of the modes kept.
    """

    whitener: Float[Array, "rank points"] | Float[Array, " points"]
    root: Float[Array, "points rank"] | Float[Array, " points"]
    log_determinant: Scalar

    @property
    def rank(self) -> int:
        """The number of modes."""
        return self.whitener.shape[0]

    def whiten(self, deviation: Float[Array, " points"]) -> Float[Array, " rank"]:
        """W d: standard normal if `deviation` has this covariance.

        Args:
            deviation: d, in units of the data, shape (points,).
        """
        return self.whitener * deviation if self.whitener.ndim == 1 else self.whitener @ deviation

    def whiten_columns(self, matrix: Float[Numbers, "points columns"]) -> Float[Array, "rank columns"]:
        """W M: the rows of an operator in units of the noise.

        Args:
            matrix: M, one row for each datum, shape (points, columns).
        """
        return self.whitener[:, None] * matrix if self.whitener.ndim == 1 else self.whitener @ matrix

    def colour(self, white: Float[Array, " rank"]) -> Float[Array, " points"]:
        """A w, the inverse of `whiten`.

        Args:
            white: w, in units of the noise, shape (rank,).
        """
        return self.root * white if self.root.ndim == 1 else self.root @ white

    def sample(self, key: Key) -> Float[Array, " points"]:
        """One draw of N(0, C).

        Args:
            key: random key.
        """
        return self.colour(jr.normal(key, (self.rank,)))

    def pointwise(self, white: Float[Array, " rank"]) -> Float[Array, " points"]:
        r"""Log density of each datum given all others, from the whitened deviation.

        With the precision $P = W^T W$ and $g = W^T w$, $\log p_i = (\log P_{ii} - \log 2\pi - g_i^2 / P_{ii}) / 2$.
        Independent errors: the log density of each datum. Source: Bürkner, Gabry, Vehtari, Comput. Stat. 36 (2021)
        1243.

        Args:
            white: what `whiten` makes of the deviation.
        """
        if self.whitener.ndim == 1:
            precision, slope = self.whitener**2, self.whitener * white
        else:
            precision, slope = jnp.sum(self.whitener**2, axis=0), white @ self.whitener
        return 0.5 * (jnp.log(precision) - jnp.log(2 * jnp.pi) - slope**2 / precision)

    @property
    def error(self) -> Float[Array, " points"]:
        """One-sigma errors of the points, in units of the data (of the modes kept)."""
        return jnp.abs(self.root) if self.root.ndim == 1 else jnp.linalg.norm(self.root, axis=1)

    def matrix(self) -> Float[Array, "points points"]:
        """C itself (of the modes kept)."""
        root = jnp.diag(self.root) if self.root.ndim == 1 else self.root
        return root @ root.T

    @staticmethod
    def diagonal(error: Float[Numbers, " points"]) -> "Covariance":
        """Covariance of independent errors.

        Args:
            error: one-sigma errors, in units of the data, shape (points,).

        Raises:
            InputError: if an error is not a positive number.

        Example:
            >>> Covariance.diagonal(np.array([0.5, 2.0])).matrix().tolist()
            [[0.25, 0.0], [0.0, 4.0]]
        """
        sigma = np.asarray(error, dtype=float)
        bad = np.flatnonzero(~(np.isfinite(sigma) & (sigma > 0)))
        if bad.size:
            raise InputError(
                f"error number {bad[0]} is not a positive number",
                got=f"{sigma[bad[0]]}",
                expected="one-sigma errors > 0",
                fix="remove the point, or give it the error that it has",
            )
        return Covariance(jnp.asarray(1 / sigma), jnp.asarray(sigma), jnp.asarray(2 * np.sum(np.log(sigma))))

    @staticmethod
    def full(matrix: Float[Numbers, "points points"], *, svd_cut: float = 0.0) -> "Covariance":
        """Covariance of correlated errors, from its matrix.

        Args:
            matrix: covariance matrix, in units of the data squared, shape (points, points).
            svd_cut: eigenvalues of the *correlation* matrix below this fraction of the largest are raised to it.
                Raising, not dropping, can only widen the result (as lsqfit does).

        Raises:
            InputError: unless the matrix is symmetric and, after the cut, positive definite.

        Example:
            >>> covariance = Covariance.full(np.array([[4.0, 1.0], [1.0, 1.0]]))
            >>> round(float(jnp.exp(covariance.log_determinant)), 6)
            3.0
        """
        covariance = _symmetric(np.asarray(matrix, dtype=float))
        if svd_cut == 0 and len(covariance) > LARGE and (found := _from_cholesky(covariance)) is not None:
            return found
        value, vector, sigma = correlation_modes(covariance, svd_cut)
        if not is_positive(value):
            raise InputError(
                f"covariance is not positive definite (smallest eigenvalue of the correlations {value[0]:.2g})",
                where=f"{len(value)} x {len(value)} matrix",
                why="too few samples for this many points, or rounded entries",
                fix="Covariance.from_samples(..., shrinkage=None)   (or: svd_cut=1e-6, or fewer points)",
            )
        return _from_modes(value, vector, sigma)

    @staticmethod
    def blocks(matrices: Sequence[Float[Numbers, "_ _"]], *, svd_cut: float = 0.0) -> "Covariance":
        """Covariance of independent groups of correlated points.

        Args:
            matrices: covariance matrix of each group, in the order of the data.
            svd_cut: as of `full`.

        Raises:
            InputError: as `full`, for the matrix of all points.

        Example:
            >>> Covariance.blocks([np.eye(2), np.array([[9.0]])]).rank
            3
        """
        size = sum(len(np.asarray(m)) for m in matrices)
        whole, start = np.zeros((size, size)), 0
        for block in map(np.asarray, matrices):
            whole[start : start + len(block), start : start + len(block)] = block
            start += len(block)
        return Covariance.full(whole, svd_cut=svd_cut)

    @staticmethod
    def from_samples(
        samples: Float[Numbers, "samples points"], *, shrinkage: float | None = None, svd_cut: float = 0.0
    ) -> "Covariance":
        """Covariance *of the mean* of independent samples, its correlations shrunk towards the diagonal.

        Args:
            samples: independent measurements of all points, shape (samples, points).
            shrinkage: weight of the diagonal, 0 ... 1; None chooses it by the estimator of Ledoit and Wolf, J.
                Multivariate Anal. 88 (2004) 365, applied to the standardised samples.
            svd_cut: as of `full`.

        The variances are those of the mean. With less than some ten samples a point the errors of a *fit* are larger
        than this covariance lets them be: multiply the covariance by `num.correlations.few_samples_inflation`.

        Raises:
            InputError: for fewer than two samples, and as `full`.

        Example:
            >>> samples = np.array([[1.0, 5.0], [3.0, 5.5], [2.0, 6.0]])
            >>> matrix = np.asarray(Covariance.from_samples(samples, shrinkage=1.0).matrix())
            >>> matrix.round(4).tolist()
            [[0.3333, 0.0], [0.0, 0.0833]]
        """
        x = np.asarray(samples, dtype=float)
        if x.ndim != 2 or len(x) < 2:
            raise InputError(
                "samples must be an array (samples, points) with at least two samples", got=f"shape {x.shape}"
            )
        shrunk, sigma, _ = shrunk_correlation(x, shrinkage)
        return Covariance.full(shrunk * np.outer(sigma, sigma) / len(x), svd_cut=svd_cut)


def _symmetric(matrix: np.ndarray) -> np.ndarray:
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise InputError("a covariance is a square matrix", got=f"shape {matrix.shape}")
    if not np.all(np.isfinite(matrix)):
        raise InputError("the covariance holds NaN or infinite entries")
    if np.any(np.diag(matrix) <= 0):
        index = int(np.argmin(np.diag(matrix)))
        raise InputError(f"variance number {index} is not positive", got=f"{matrix[index, index]}")
    if not np.allclose(matrix, matrix.T, rtol=1e-8, atol=1e-12 * np.abs(matrix).max()):
        raise InputError("the covariance is not symmetric", fix="give C[i, j] = C[j, i]")
    return 0.5 * (matrix + matrix.T)


def _from_cholesky(covariance: np.ndarray) -> Covariance | None:
    """Whitened by the inverse of the Cholesky factor; None unless surely positive definite."""
    from scipy.linalg.lapack import dpotrf, dtrtri  # type: ignore[attr-defined]

    sigma = np.sqrt(np.diag(covariance))
    correlation = covariance / np.outer(sigma, sigma)
    factor, failed = dpotrf(correlation, lower=1)
    if failed:
        return None
    inverse, _ = dtrtri(factor, lower=1)
    if not np.sum(inverse**2) * rounding(correlation) < 1:  # the least eigenvalue is at least 1 / the sum
        return None
    log_determinant = 2 * np.sum(np.log(np.diag(factor))) + 2 * np.sum(np.log(sigma))
    return Covariance(jnp.asarray(inverse / sigma), jnp.asarray(sigma[:, None] * factor), jnp.asarray(log_determinant))


def _from_modes(value: np.ndarray, vector: np.ndarray, sigma: np.ndarray) -> Covariance:
    root = sigma[:, None] * vector * np.sqrt(value)
    whitener = (vector / np.sqrt(value)).T / sigma
    log_determinant = np.sum(np.log(value)) + 2 * np.sum(np.log(sigma))
    return Covariance(jnp.asarray(whitener), jnp.asarray(root), jnp.asarray(log_determinant))
