"""Equally weighted draws out of weighted ones, for whoever knows no weights."""

from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

SEED: Final = 0  # of the choice among equals
MOST: Final = 20_000  # weighted draws that are balanced one by one
BALANCED: Final = 12  # quantities whose means and spreads are kept, at most

Matrix = Float[np.ndarray, "draw column"]


def equally_weighted(
    weights: Float[np.ndarray, "chain draw"],
    values: Float[np.ndarray, "all_draws column"],
    relatives: Int[np.ndarray, "chain draw"] | None = None,
) -> Int[np.ndarray, "chain_left draw_left"] | None:
    """Numbers of the draws, chains one after the other, that represent a weighted sample with equal weights.

    Chains stay chains. Where only some draws count and these equally, the others are left out. Of draws with unequal
    weights as many are chosen as the sample has effective ones, (sum w)^2 / sum w^2, in one chain in a random order:
    who takes them for independent draws finds the errors that the weighted sample has. Each is repeated by the whole
    number next above or below its share, such that the means and mean squares of `values` stay as they are (balanced
    sampling by the cube method: Deville, Tillé, Biometrika 91 (2004) 893). Relatives among particles stand in a row, so
    that an autocorrelation says how alike they are.

    Args:
        weights: not negative, not necessarily normalised.
        values: quantities of all draws, chains one after the other, the important ones first; NaN where a draw has
            none.
        relatives: number of the ancestor of each particle of a population; None for chains.

    Returns:
        Shape (chain, draw); None if all draws count equally as they are, (1, 0) if none counts.

    Example:
        >>> equally_weighted(np.array([[0.0, 1.0, 0.0, 1.0]]), np.zeros((4, 0))).tolist()
        [[1, 3]]
        >>> equally_weighted(np.repeat([[0.5, 1.5]], 300, axis=1), np.zeros((600, 0))).shape
        (1, 480)
    """
    flat = weights.ravel()
    used = np.flatnonzero(flat > 0)
    if used.size and np.ptp(flat[used]) > 0:
        return _balanced(used, flat, values)[None]
    if relatives is not None:
        return _by_family(used, relatives.ravel())[None]
    return None if used.size == flat.size else _counted(weights > 0)


def _balanced(
    used: Int[np.ndarray, " used"], weights: Float[np.ndarray, " draw"], values: Matrix
) -> Int[np.ndarray, " n"]:
    """As many draws as are effective, each repeated by about its share."""
    random = np.random.default_rng(SEED)
    used = random.permutation(used)
    share = weights[used] / np.sum(weights[used])
    count = max(1, round(1 / np.sum(share**2)))
    if used.size > MOST:
        middle = (np.arange(MOST) + 0.5) / MOST
        used, copies = np.unique(used[np.searchsorted(np.cumsum(share), middle)], return_counts=True)
        order = random.permutation(used.size)
        used, share = used[order], copies[order] / MOST
    expected = count * share
    whole = np.floor(expected)
    chosen = whole + _cube(expected - whole, _constraints(values[used], share), random)
    return random.permutation(np.repeat(used, chosen.astype(int)))


def _constraints(values: Matrix, share: Float[np.ndarray, " draw"]) -> Float[np.ndarray, "draw constraint"]:
    """One, then each quantity in its own units, then their squares."""
    values = values[:, :BALANCED]
    finite = np.isfinite(values)
    weight = share[:, None] * finite
    total = np.maximum(np.sum(weight, axis=0), np.finfo(float).tiny)
    known = np.where(finite, values, 0.0)
    centred = np.where(finite, known - np.sum(weight * known, axis=0) / total, 0.0)
    spread = np.sqrt(np.sum(weight * centred**2, axis=0) / total)
    varying = spread > 0
    units = centred[:, varying] / spread[varying]
    return np.concatenate([np.ones((len(values), 1)), units, units**2 - 1], axis=1)


def _cube(
    chance: Float[np.ndarray, " draw"], constraints: Matrix, random: np.random.Generator
) -> Float[np.ndarray, " draw"]:
    """0 or 1 for each draw, 1 with the given chance, such that sums of the constraints stay: the first ones longest.

    A few draws at a time move along a direction in which no constraint changes, until one of them is 0 or 1.
    """
    chance = chance.copy()
    waiting = [int(i) for i in np.flatnonzero(_undecided(chance))]
    active: list[int] = []
    while waiting or len(active) > 1:
        missing = constraints.shape[1] + 1 - len(active)
        active, waiting = active + waiting[:missing], waiting[missing:]
        kept = min(constraints.shape[1], len(active) - 1)
        direction = np.linalg.svd(constraints[active, :kept].T)[2][-1] if kept else np.ones(1)
        here = chance[active]
        with np.errstate(divide="ignore", invalid="ignore"):
            ends = np.stack([(1 - here) / direction, -here / direction])
        ends = np.where(np.abs(direction) > 1e-12, ends, np.array([[np.inf], [-np.inf]]))
        forward, back = np.min(np.max(ends, axis=0)), -np.max(np.min(ends, axis=0))
        step = forward if random.uniform() * (forward + back) < back else -back
        chance[active] = np.clip(here + step * direction, 0.0, 1.0)
        active = [i for i, open_ in zip(active, _undecided(chance[active]), strict=True) if open_]
    return np.round(chance)


def _undecided(chance: Float[np.ndarray, " some"]) -> Bool[np.ndarray, " some"]:
    return (chance > 1e-9) & (chance < 1 - 1e-9)


def _by_family(used: Int[np.ndarray, " used"], relatives: Int[np.ndarray, " draw"]) -> Int[np.ndarray, " used"]:
    """The families in a random order, the members of each in their own."""
    _, family = np.unique(relatives[used], return_inverse=True)
    rank = np.random.default_rng(SEED).permutation(family.max(initial=0) + 1)
    return used[np.argsort(rank[family], kind="stable")]


def _counted(counts: np.ndarray) -> Int[np.ndarray, "chain_left draw_left"]:
    """The draws that count, in their order: chains of unequal length are stretched to one length by repetition."""
    chains, length = counts.shape
    if chains == 1:
        return np.flatnonzero(counts)[None]
    rows = [np.flatnonzero(row) + i * length for i, row in enumerate(counts)]
    stretched = [row[np.arange(length) * row.size // length] for row in rows if row.size]
    return np.stack(stretched) if stretched else np.zeros((1, 0), dtype=int)
