r"""Many correlated outputs of a simulator as a few uncorrelated components, and what is lost by that.

Outputs are standardised and decomposed, $Y = U S V^T$; component c of a run is $\sqrt{n}\,U_{nc}$, of unit variance
over the design. What the components left out vary is kept as a covariance of the outputs.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class Components(NamedTuple):
    """Principal components of the outputs of a design."""

    scores: Float[np.ndarray, "points components"]  # of unit variance
    basis: Float[np.ndarray, "outputs components"]  # from scores to outputs, in units of the outputs
    offset: Float[np.ndarray, " outputs"]  # mean of the outputs
    truncated: Float[np.ndarray, "outputs outputs"]  # covariance of what the components leave out

    @property
    def explained(self) -> float:
        """Share of the variance of the standardised outputs that the components carry."""
        kept, lost = np.sum(self.basis**2, axis=1), np.diag(self.truncated)
        varies = kept + lost > 0
        return float(np.mean(kept[varies] / (kept + lost)[varies]))


class Standardised(NamedTuple):
    """Columns of zero mean and unit variance; a column that does not vary keeps its unit."""

    columns: Float[np.ndarray, "points columns"]
    mean: Float[np.ndarray, " columns"]
    scale: Float[np.ndarray, " columns"]


def standardised(table: Float[np.ndarray, "points columns"]) -> Standardised:
    """Columns less their means, over their standard deviations.

    Args:
        table: one row a point.
    """
    mean, scale = table.mean(axis=0), table.std(axis=0)
    scale = np.where(scale > 1e-12 * np.abs(mean), scale, 1.0)
    return Standardised((table - mean) / scale, mean, scale)


def components_of(outputs: Float[np.ndarray, "points outputs"], count: int) -> Components:
    """The largest principal components of the standardised outputs.

    Args:
        outputs: one row a point of the design.
        count: how many components are kept, at most.
    """
    table = standardised(outputs)
    left, size, right = np.linalg.svd(table.columns, full_matrices=False)
    kept = min(count, int(np.sum(size > 1e-10 * size[0])) if size[0] > 0 else 1)
    root = np.sqrt(len(outputs))
    loadings = table.scale[:, None] * right.T * (size / root)
    truncated = loadings[:, kept:] @ loadings[:, kept:].T
    return Components(root * left[:, :kept], loadings[:, :kept], table.mean, truncated)
