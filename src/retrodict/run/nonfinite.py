"""Saying where a number stopped being one."""

from collections.abc import Iterator, Mapping

import jax
import numpy as np

from retrodict.base.errors import NotFiniteError
from retrodict.base.types import Array, PyTree, Shaped
from retrodict.run.fingerprint import is_key
from retrodict.run.progress import in_words

_SHOWN = 4  # values of a leaf, leaves of a state

Values = Shaped[np.ndarray, "..."]
State = PyTree[Shaped[Array, "..."]]


def not_finite(method: str, step: int, metrics: Mapping[str, float], before: State, after: State) -> NotFiniteError:
    """The error that names the step, the parameters that it started from, and what is not finite after it.

    Args:
        method: its name.
        step: number of the step; the first is 0.
        metrics: of that step.
        before: arrays of the state before the step.
        after: arrays of the state after the step.
    """
    broken = {name: leaf for name, leaf in _floats(after) if not np.isfinite(leaf).all()}
    parameters = [f"{name} = {_values(leaf)}" for name, leaf in _rows(dict(_floats(before)), broken).items()]
    counts = [
        f"{name}: {np.count_nonzero(~np.isfinite(leaf))} of {leaf.size} not finite" for name, leaf in broken.items()
    ]
    return NotFiniteError(
        f"not a finite number at step {step}",
        where=method,
        got="; ".join([in_words(metrics), *counts[:_SHOWN]]).strip("; "),
        why="the step started from " + "; ".join(parameters[:_SHOWN]),
        fix="evaluate the target at these parameters; a smaller step or a narrower prior may avoid them",
    )


def _floats(state: State) -> Iterator[tuple[str, Values]]:
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        if not is_key(leaf) and np.issubdtype(leaf.dtype, np.inexact):
            yield jax.tree_util.keystr(path).lstrip(".") or "state", np.asarray(leaf)


def _rows(leaves: dict[str, Values], broken: dict[str, Values]) -> dict[str, Values]:
    """Of leaves that share the leading axis of the first broken one (chains, members), the row that broke; else all."""
    leaf = next((leaf for leaf in broken.values() if leaf.ndim), None)
    if leaf is None:
        return leaves
    row = int(np.argwhere(~np.isfinite(leaf))[0][0])
    rows = {f"{name}[{row}]": each[row] for name, each in leaves.items() if each.shape[:1] == leaf.shape[:1]}
    return rows or leaves


def _values(leaf: Values) -> str:
    shown = " ".join(f"{value:.6g}" for value in leaf.ravel()[:_SHOWN])
    more = " ..." if leaf.size > _SHOWN else ""
    return f"[{shown}{more}] (shape {leaf.shape}, norm {np.linalg.norm(leaf.ravel()):.6g})"
