r"""Cumulants: from moments, from draws with errors, and along a diffusion.

Source for the diffusion: Aarts, Habibi, Wang, Zhou, arXiv:2410.21212. With linear drift the generating function obeys
$W_t[J] = W_0[fJ] + \tfrac12\Xi J^2$, so $\kappa_n(t) = f^n\kappa_n(0) + \Xi\,\delta_{n2}$: noise touches the second
cumulant only, and where f = 1 all others are conserved.
"""

from math import comb
from typing import Final

import numpy as np
from jaxtyping import Float

from retrodict.base.errors import InputError

BLOCKS: Final = 50  # of the jackknife


def cumulants(moments: Float[np.ndarray, "order ..."]) -> Float[np.ndarray, "order ..."]:
    r"""All cumulants from the raw moments: $\kappa_n = m_n - \sum_{k<n} \binom{n-1}{k-1}\kappa_k m_{n-k}$.

    Args:
        moments: m_1, m_2, ... along the first axis.
    """
    kappa: list[Float[np.ndarray, "..."]] = []
    for n in range(1, len(moments) + 1):
        lower = sum(comb(n - 1, k - 1) * kappa[k - 1] * moments[n - k - 1] for k in range(1, n))
        kappa.append(moments[n - 1] - lower)
    return np.array(kappa)


def weighted_cumulants(
    x: Float[np.ndarray, " node"], weight: Float[np.ndarray, " node"], order: int
) -> Float[np.ndarray, " order"]:
    """Cumulants 1 ... `order` of a quadrature rule: no draws, no statistical error.

    Args:
        x: nodes, shape (node,).
        weight: their weights, not necessarily normalised, shape (node,).
        order: the highest.
    """
    share = np.asarray(weight, dtype=float) / np.sum(weight)
    return cumulants(np.array([share @ np.asarray(x, dtype=float) ** n for n in range(1, order + 1)]))


def sample_cumulants(
    x: Float[np.ndarray, " draw"], order: int, *, even: bool = False
) -> tuple[Float[np.ndarray, " order"], Float[np.ndarray, " order"]]:
    """Cumulants 1 ... `order` of independent draws with standard errors, by the jackknife over blocks of draws.

    Relative errors grow with the order like those of the moments: look at them.

    Args:
        x: independent draws, shape (draw,).
        order: the highest.
        even: sets the odd moments to zero, for distributions that are even by symmetry.

    Returns:
        Cumulants and standard errors, shape (order,) each.

    Raises:
        InputError: if there are fewer draws than blocks.
    """
    x = np.asarray(x, dtype=float)
    if x.ndim != 1 or len(x) < BLOCKS:
        raise InputError("too few draws for cumulants with errors", got=str(x.shape), expected=f"(draws >= {BLOCKS},)")
    x = x[: len(x) // BLOCKS * BLOCKS]
    orders = np.arange(1, order + 1)
    blocks = np.stack([np.mean((x**n).reshape(BLOCKS, -1), axis=1) for n in orders])
    if even:
        blocks[0::2] = 0.0
    without = cumulants((blocks.sum(axis=1, keepdims=True) - blocks) / (BLOCKS - 1))
    value = cumulants(blocks.mean(axis=1))
    bias = (BLOCKS - 1) * (without.mean(axis=1) - value)
    return value - bias, np.sqrt((BLOCKS - 1) * np.var(without, axis=1))


def diffuse(kappa: Float[np.ndarray, " order"], mean_factor: float, variance: float) -> Float[np.ndarray, " order"]:
    r"""The cumulants of $f x + \sqrt\Xi\,n$ from those of x.

    Args:
        kappa: cumulants of x, from order one on, shape (order,).
        mean_factor: f.
        variance: $\Xi$, that of the noise.
    """
    noisy = np.asarray(kappa, dtype=float) * mean_factor ** np.arange(1, len(kappa) + 1)
    noisy[1] += variance
    return noisy
