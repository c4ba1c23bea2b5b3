"""Integrals over a half line or an interval, to nearly the last digit: a fixed rule for operators, an adaptive one for
reference values. The two share no node."""

from collections.abc import Callable
from typing import Final

import numpy as np
from jaxtyping import Float

from retrodict.base.errors import InputError, NotFiniteError

Nodes = Float[np.ndarray, " nodes"]

GROWTH: Final = 10.0  # how fast the steps of `half_line` in ln x grow outside its range; chosen by a convergence test
MARGIN: Final = 0.4  # distance in ln x from the ends of the range to where the growth has reached one
DEPTH_BELOW: Final = 28.0  # e-folds below the range: an integrand ~ x^0 near 0 is cut at 1e-12 of its weight
DEPTH_ABOVE: Final = 50.0  # e-folds above it: a tail ~ x^(-1-n) is cut at exp(-50 n)
MAX_PANELS: Final = 20_000


def half_line(low: float, high: float, nodes: int) -> tuple[Nodes, Nodes]:
    r"""Ascending nodes and weights for $\int_0^\infty f(x)\,dx$, with equal steps of ln x between `low` and `high`.

    $\ln x = t + e^{k(t - t_+)} - e^{-k(t - t_-)}$ with the trapezoidal rule in t: outside the range the steps grow
    doubly exponentially, so that power-like tails end after few nodes. A pole at $M \pm i\Gamma$ inside the range, step
    h, leaves an error $2 e^{-2\pi\Gamma/(M h)}$: half the nodes that Gauss-Legendre panels would need.

    Source: Takahasi, Mori, Publ. RIMS 9 (1974) 721 (the double-exponential principle).

    Args:
        low: lower end of the range in which the integrand varies.
        high: upper end.
        nodes: how many, at least 16.

    Returns:
        Nodes and weights.

    Raises:
        InputError: unless 0 < low < high and there are at least 16 nodes.
    """
    if not 0 < low < high < np.inf or nodes < 16:
        raise InputError(
            "a quadrature needs 0 < low < high and at least 16 nodes",
            got=f"low={low}, high={high}, nodes={nodes}",
        )
    lower, upper = np.log(low) - MARGIN, np.log(high) + MARGIN
    start, end = lower - np.log(DEPTH_BELOW) / GROWTH, upper + np.log(DEPTH_ABOVE) / GROWTH
    t, step = np.linspace(start, end, nodes, retstep=True)
    above, below = np.exp(GROWTH * (t - upper)), np.exp(-GROWTH * (t - lower))
    x = np.exp(t + above - below)
    return x, step * (1 + GROWTH * (above + below)) * x


def adaptive(
    function: Callable[[Nodes], Float[np.ndarray, "values nodes"]],
    edges: Float[np.ndarray, " edges"],
    *,
    rtol: float = 1e-13,
    order: int = 15,
) -> Float[np.ndarray, " values"]:
    """Integrals of several functions over an interval, by halving panels.

    A panel is halved where Gauss-Legendre rules of `order` and of twice the order differ; all open panels are evaluated
    at once.

    Args:
        function: values of all functions, shape (values, nodes), at nodes of shape (nodes,).
        edges: ends of the first panels, ascending; they belong where the functions are not smooth.
        rtol: error of each integral, relative to the integral of the absolute value.
        order: of the coarse rule.

    Raises:
        NotFiniteError: if the panels become too many.
    """
    open_edges = np.stack([edges[:-1], edges[1:]])
    total = absolute = np.zeros(1)
    for _ in range(60):
        coarse, _ = _panel_sums(function, open_edges, order)
        fine, size = _panel_sums(function, open_edges, 2 * order)
        scale = absolute + np.sum(size, axis=1)
        # The difference is the error of the coarse rule; the fine one is far better, its rounding is not.
        bad = np.any(np.abs(fine - coarse) > np.maximum(rtol * scale[:, None], 1e-14 * size), axis=0)
        total = total + np.sum(fine[:, ~bad], axis=1)
        absolute = absolute + np.sum(size[:, ~bad], axis=1)
        if not np.any(bad):
            return total
        left, right = open_edges[:, bad]
        middle = 0.5 * (left + right)
        open_edges = np.stack([np.concatenate([left, middle]), np.concatenate([middle, right])])
        if open_edges.shape[1] > MAX_PANELS:
            break
    raise NotFiniteError("an integral did not converge", why="the integrand has a singularity that is not at an edge")


def _panel_sums(
    function: Callable[[Nodes], Float[np.ndarray, "values nodes"]], edges: Float[np.ndarray, "2 panels"], order: int
) -> tuple[Float[np.ndarray, "values panels"], Float[np.ndarray, "values panels"]]:
    """The integral over each panel and that of the absolute value."""
    node, weight = np.polynomial.legendre.leggauss(order)
    half = 0.5 * (edges[1] - edges[0])[:, None]
    values = function((edges[0][:, None] + half * (1 + node)).ravel())
    weighted = values.reshape(len(values), *half.shape[:1], order) * (half * weight)
    return weighted.sum(axis=-1), np.abs(weighted).sum(axis=-1)
