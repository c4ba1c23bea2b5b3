"""Checkpoints: state, history, step and fingerprint in one sealed file; the newest valid one is resumed from."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from retrodict import __version__
from retrodict.base.atomic import storage_error, write_bytes
from retrodict.base.errors import InputError, StorageError
from retrodict.base.types import JSON, Array, Key, PyTree, Shaped
from retrodict.run.container import DamagedError, read, write
from retrodict.run.directory import RunDirectory
from retrodict.run.fingerprint import is_key

SCHEMA_VERSION: Final = 1
KEPT: Final = 2  # one may be damaged by the crash that makes us need the other

Leaf: TypeAlias = Shaped[Array, "..."] | Shaped[np.ndarray, "..."] | Key | jax.ShapeDtypeStruct
Stored: TypeAlias = Shaped[np.ndarray, "..."]


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on as if it had never stopped."""

    state: PyTree  # of arrays, PRNG keys among them
    history: PyTree[Stored]  # leading axis: steps taken
    step: int  # steps taken
    seed: int  # of the run
    seconds: float  # spent in the loop so far, all attempts together
    finished: bool  # whether all steps were taken


def save(directory: RunDirectory, checkpoint: Checkpoint, fingerprint: str) -> Path:
    """Write a checkpoint, then drop all but the newest `KEPT`.

    Args:
        directory: the run directory.
        checkpoint: what to write.
        fingerprint: of the computation: target, method and seed.

    Returns:
        The path of the file.

    Raises:
        StorageError: if the disk fails; older checkpoints are then intact.
    """
    path = directory.checkpoints / f"ckpt-{checkpoint.step:010d}.npz"
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise storage_error(path.parent, error) from error
    meta = {
        "schema_version": SCHEMA_VERSION,
        "retrodict_version": __version__,
        "fingerprint": fingerprint,
        "key": np.asarray(jax.random.key_data(jax.random.key(checkpoint.seed))).tolist(),
        **{name: getattr(checkpoint, name) for name in ("step", "seed", "seconds", "finished")},
    }
    write(path, {**_number_leaves("state", checkpoint.state), **_number_leaves("history", checkpoint.history)}, meta)
    for old in _newest_first(directory)[KEPT:]:
        old.unlink(missing_ok=True)
    return path


def keep_two(directory: RunDirectory) -> None:
    """Copy the first checkpoint of a run, if there is space, so that from then on one damaged file never costs it.

    Args:
        directory: the run directory.
    """
    paths = _newest_first(directory)
    if len(paths) == 1:
        with contextlib.suppress(StorageError):
            write_bytes(paths[0].with_suffix(".copy.npz"), paths[0].read_bytes())


def load_newest(directory: RunDirectory, fingerprint: str, state: PyTree, history: PyTree) -> Checkpoint | None:
    """The newest valid checkpoint, or None if there is none at all.

    A damaged file is skipped with one warning.

    Args:
        directory: the run directory.
        fingerprint: of the computation that resumes.
        state: structure to restore into; leaves need only a `dtype`.
        history: the same for what the steps have kept.

    Raises:
        InputError: if all are damaged, or if the newest valid one has another fingerprint.
    """
    paths = _newest_first(directory)
    for path in paths:
        try:
            arrays, meta = read(path)
        except DamagedError as error:
            directory.warn(f"skipping a damaged checkpoint, {path}: {error}")
            continue
        _check_fingerprint(path, meta, fingerprint)
        return Checkpoint(
            state=_restore("state", arrays, state, _as_jax),
            history=_restore("history", arrays, history, _as_numpy),
            **{name: meta[name] for name in ("step", "seed", "seconds", "finished")},
        )
    if paths:
        raise InputError(
            "all checkpoints are damaged",
            where=str(directory.checkpoints),
            got=", ".join(path.name for path in paths),
            fix="--force to start again",
        )
    return None


def _newest_first(directory: RunDirectory) -> list[Path]:
    return sorted(directory.checkpoints.glob("ckpt-*.npz"), reverse=True)


def _check_fingerprint(path: Path, meta: dict[str, JSON], fingerprint: str) -> None:
    if meta["schema_version"] > SCHEMA_VERSION:
        raise InputError("the checkpoint is of a newer program", where=str(path), got=str(meta["retrodict_version"]))
    if meta["fingerprint"] != fingerprint:
        raise InputError(
            "the checkpoint belongs to another computation",
            where=str(path),
            got=f"fingerprint {meta['fingerprint'][:12]}",
            expected=f"fingerprint {fingerprint[:12]}",
            why="the target, its data, the method or the seed have changed since it was written",
            fix="resume with the configuration that it was started with, or --force to start again",
        )


def _number_leaves(prefix: str, tree: PyTree) -> dict[str, Stored]:
    return {f"{prefix}/{i}": _plain(leaf) for i, leaf in enumerate(jax.tree.leaves(tree))}


def _restore(prefix: str, arrays: dict[str, Stored], like: PyTree, convert: Callable[[Stored, Leaf], Leaf]) -> PyTree:
    leaves, structure = jax.tree.flatten(like)
    return jax.tree.unflatten(structure, [convert(arrays[f"{prefix}/{i}"], leaf) for i, leaf in enumerate(leaves)])


def _plain(leaf: Shaped[Array, "..."] | Stored) -> Stored:
    return np.asarray(jax.random.key_data(leaf) if is_key(leaf) else leaf)


def _as_jax(array: Stored, like: Leaf) -> Leaf:
    if is_key(like):
        return jax.random.wrap_key_data(jnp.asarray(array), impl=jax.random.key_impl(jnp.empty((), like.dtype)))
    return jnp.asarray(_as_numpy(array, like))


def _as_numpy(array: Stored, like: Leaf) -> Stored:
    # Types that NumPy knows only as an extension (bfloat16) come back as raw bytes.
    return array.view(like.dtype) if array.dtype.kind == "V" else array
