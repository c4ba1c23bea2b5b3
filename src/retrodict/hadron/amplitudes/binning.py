"""What a detector makes of a line shape: means over bins, smeared by the resolution of the mass."""

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr

NODES = 4  # Gauss-Legendre nodes of a bin without smearing
FINE = 0.35  # distance of the nodes in standard deviations of the resolution
CLOSER, LAYERS = 5.0, 4  # ratio and number of the shorter intervals on each side of a cusp
REACH = 5.0  # standard deviations beyond the outer edges

Numbers = Float[np.ndarray, " bins"]


def bin_operator(
    low: Numbers, high: Numbers, resolution: float, breaks: tuple[float, ...] = ()
) -> tuple[Float[np.ndarray, " nodes"], Float[np.ndarray, "bins nodes"]]:
    """Energies at which a line shape is computed, and the matrix from there to means over the bins.

    Args:
        low: lower edges [MeV].
        high: upper edges [MeV].
        resolution: standard deviation of the measured mass [MeV]; 0 for none.
        breaks: energies of cusps (thresholds) [MeV], at which intervals of the quadrature end.
    """
    x, w = np.polynomial.legendre.leggauss(NODES)
    if resolution == 0:
        half, centre = 0.5 * (high - low), 0.5 * (high + low)
        matrix = np.kron(np.eye(len(low)), 0.5 * w)
        return (centre[:, None] + half[:, None] * x).ravel(), matrix
    start, end = low[0] - REACH * resolution, high[-1] + REACH * resolution
    step = NODES * FINE * resolution
    inner = [b for b in breaks if start < b < end]
    ends = zip([start, *inner], [*inner, end], strict=True)
    even = [np.linspace(a, b, 1 + max(1, int(np.ceil((b - a) / step)))) for a, b in ends]
    close = [b + side * step / CLOSER**n for b in inner for side in (-1, 1) for n in range(1, LAYERS + 1)]
    edges = np.unique(np.concatenate([*even, close]))
    edges = edges[(edges >= start) & (edges <= end)]
    half, centre = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
    nodes, weights = (centre[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()
    inside = ndtr((high[:, None] - nodes) / resolution) - ndtr((low[:, None] - nodes) / resolution)
    return nodes, weights * inside / (high - low)[:, None]
