"""Folding a correlator that is periodic in imaginary time: which points mirror each other, and whether they agree."""

import math

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.shapes import Float, Int

SYMMETRY_PULL = 5.0  # standard deviations by which G(tau) and G(T - tau) may differ
_SAME = 1e-6  # of T: points nearer than this are one


def mirror_pairs(grid: Float[np.ndarray, " points"], time_extent: float, where: str) -> Int[np.ndarray, "pairs two"]:
    """Find the index pairs (i, j), i < j, with grid[i] + grid[j] = T.

    Args:
        grid: times, shape (points,).
        time_extent: T, in the unit of the grid.
        where: the file, for messages.

    Raises:
        InputError: if T is not positive or a time lies beyond it.
    """
    if not (math.isfinite(time_extent) and time_extent > 0) or grid.max() > time_extent * (1 + 1e-9):
        got, expected = f"T = {time_extent:g}", f"at least the last point, {grid.max():g}"
        raise InputError("the time extent is too small", where=where, got=got, expected=expected)
    near = np.abs(grid[:, None] + grid[None, :] - time_extent) < _SAME * time_extent
    return np.argwhere(np.triu(near, k=1))


def folding(
    grid: Float[np.ndarray, " points"], time_extent: float, where: str
) -> tuple[Float[np.ndarray, " folded"], Float[np.ndarray, "folded points"]]:
    """The folded grid, and the matrix that takes values to it: pairs are averaged, other points are mirrored.

    Args:
        grid: times, shape (points,).
        time_extent: T, in the unit of the grid.
        where: the file, for messages.

    Returns:
        Times from 0 to T/2, shape (folded,), and the matrix, shape (folded, points).

    Raises:
        InputError: as `mirror_pairs`.
    """
    mirror_pairs(grid, time_extent, where)
    folded, same = np.minimum(grid, time_extent - grid), _SAME * time_extent
    ordered = np.sort(folded)
    points = ordered[np.concatenate([[True], np.diff(ordered) > same])]
    member = np.abs(folded[None, :] - points[:, None]) < same
    return points, member / member.sum(axis=1, keepdims=True)


def require_symmetry(
    grid: Float[np.ndarray, " points"],
    mean: Float[np.ndarray, " points"],
    pairs: Int[np.ndarray, "pairs two"],
    error: Float[np.ndarray, " pairs"],
    where: str,
) -> float:
    """The largest difference of mirrored values, in units of its error.

    Args:
        grid: times, shape (points,).
        mean: values of the correlator, shape (points,).
        pairs: indices of mirrored points, as `mirror_pairs` returns them, shape (pairs, 2).
        error: one-sigma error of each difference, shape (pairs,).
        where: the file, for messages.

    Raises:
        InputError: if a difference is above five errors, or there are no pairs.
    """
    if not len(pairs):
        fix = "check the time extent, or do not fold: the data may hold one half already"
        raise InputError("no two points mirror each other", where=where, got=f"{len(grid)} points", fix=fix)
    left, right = mean[pairs[:, 0]], mean[pairs[:, 1]]
    rounding = 1e-12 * (np.abs(left) + np.abs(right)) + 1e-150
    pull = np.abs(left - right) / np.sqrt(error**2 + rounding**2)
    worst = int(np.argmax(pull))
    if pull[worst] > SYMMETRY_PULL:
        got = f"{left[worst]:.5g} at {grid[pairs[worst, 0]]:g}, {right[worst]:.5g} at {grid[pairs[worst, 1]]:g}"
        opposite = left[worst] * right[worst] < 0
        antisymmetric = "an antisymmetric correlator needs another kernel and no folding"
        fix = antisymmetric if opposite else "check the time extent, or cut at T/2 instead of folding"
        why = f"they differ by {pull[worst]:.3g} errors"
        what = "the correlator is not symmetric about T/2"
        raise InputError(what, where=where, got=got, expected="G(tau) = G(T - tau)", why=why, fix=fix)
    return float(pull[worst])
