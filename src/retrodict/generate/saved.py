"""Trained models on disk, with what they were trained for: another action, volume or recipe is refused by name.

One sealed file of arrays (`run.container`), which runs no code; the structure is built anew from the recipe.
"""

import dataclasses
from pathlib import Path
from typing import Any, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import PathLike, Source, hash_file, read_head
from retrodict.base.types import JSON
from retrodict.generate.model import AbstractModel, Recipe
from retrodict.run.container import DamagedError, is_sealed, pack, read, write
from retrodict.run.result import plain

KIND: Final = "retrodict model"
LARGEST: Final = 2**30  # bytes
WRITTEN: Final = "one written by save_model, as model.npz of a run directory is"


def save_model(path: PathLike, model: AbstractModel, recipe: Recipe, target: Any) -> None:
    """Write the arrays of `model`, made by `recipe` for `target`. Raises `StorageError`."""
    write(Path(path), *_content(model, recipe, target))


def pack_model(model: AbstractModel, recipe: Recipe, target: Any) -> bytes:
    """The bytes of such a file."""
    return pack(*_content(model, recipe, target))


def load_model(path: PathLike, recipe: Recipe, target: Any) -> AbstractModel:
    """The model in a file.

    Raises `InputError` if the file is damaged or of another kind, or if its model was trained for another target or
    made by another recipe: the message names the fields that differ.
    """
    where = str(path)
    arrays, meta, _ = _read(path)
    refuse_other(where, "target", meta["target"], describe(target))
    refuse_other(where, "recipe", meta["recipe"], describe(recipe))
    like, static = eqx.partition(recipe.on(target, jr.key(0)), eqx.is_array)
    leaves, structure = jax.tree.flatten(like)
    found = [arrays.get(f"leaf/{i}") for i in range(len(leaves))]
    for leaf, array in zip(leaves, found, strict=True):
        if array is None or array.shape != leaf.shape or array.dtype != leaf.dtype:
            got = "nothing" if array is None else f"{array.dtype} {array.shape}"
            what, expected = "the file of the model lacks an array", f"{leaf.dtype} {leaf.shape}"
            raise InputError(what, where=where, got=got, expected=expected)
    return eqx.combine(jax.tree.unflatten(structure, [jnp.asarray(array) for array in found]), static)


def inspect(path: PathLike) -> dict[str, JSON]:
    """Describe the file of a model, JSON-ready: `kind`, `recipe`, `target`, how many numbers were learnt or measured.

    Raises `UnknownKind` for another file, `InputError` for a damaged one.
    """
    read_head(path)  # refuses what is no regular file
    if not is_sealed(path):
        raise UnknownKind("not the file of a model", where=str(path), got="a file without its seal", expected=WRITTEN)
    arrays, meta, source = _read(path)
    return {
        "kind": KIND,
        "recipe": meta["recipe"],
        "target": meta["target"],
        "numbers": sum(array.size for array in arrays.values()),
        "checks": {"checksum": "passed"},
        "path": source.path,
        "sha256": source.sha256,
        "size": source.size,
    }


def _read(path: PathLike) -> tuple[dict[str, np.ndarray], dict[str, Any], Source]:
    where = str(path)
    source = hash_file(path, LARGEST)  # refuses what is no regular file, or too large to be one of ours
    try:
        arrays, meta = read(Path(path))
    except DamagedError as error:
        raise InputError("the file of the model is damaged", where=where, got=str(error)) from error
    if not isinstance(meta, dict) or meta.get("kind") != KIND:
        raise UnknownKind("not the file of a model", where=where, got="a sealed file of another kind", expected=WRITTEN)
    return arrays, meta, source


def _content(model: AbstractModel, recipe: Recipe, target: Any) -> tuple[dict[str, np.ndarray], JSON]:
    leaves = jax.tree.leaves(eqx.filter(model, eqx.is_array))
    meta = {"kind": KIND, "target": describe(target), "recipe": describe(recipe)}
    return {f"leaf/{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)}, meta


def describe(thing: Any) -> JSON:
    """A frozen dataclass or module as its kind and its fields, by name, in plain numbers."""
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = {field.name: describe(getattr(thing, field.name)) for field in dataclasses.fields(thing)}
        return {"kind": type(thing).__name__, **fields}
    if isinstance(thing, tuple | list):
        return [describe(one) for one in thing]
    return plain(np.asarray(thing) if isinstance(thing, jax.Array) else thing)


def refuse_other(where: str, role: str, stored: JSON, wanted: JSON) -> None:
    """Raise `InputError` unless two descriptions agree."""
    names = sorted(set(stored) | set(wanted))
    different = [name for name in names if stored.get(name) != wanted.get(name)]
    if different:
        raise InputError(
            f"the model was made for another {role}: {', '.join(different)} differ",
            where=where,
            got=", ".join(f"{name}={stored.get(name)}" for name in different),
            expected=", ".join(f"{name}={wanted.get(name)}" for name in different),
            why="its weights mean nothing there",
            fix="train a model for this one, or name the action that it was trained for",
        )
