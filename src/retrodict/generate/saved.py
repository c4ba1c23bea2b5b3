"""Files of trained models, with target and recipe: a model for another action, volume or recipe is refused.

One sealed file of arrays (`run.container`), which cannot run code; the structure of the model is built anew from the
recipe.
"""

import dataclasses
from pathlib import Path
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Shaped

from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import PathLike, Source, hash_file, read_head
from retrodict.base.types import JSON
from retrodict.generate.model import AbstractModel, Recipe
from retrodict.problem.target import AbstractTarget
from retrodict.run.container import DamagedError, is_sealed, pack, read, write
from retrodict.run.plain import plain

KIND: Final = "retrodict model"
MAX_BYTES: Final = 2**30
WRITTEN: Final = "one written by save_model, as model.npz of a run directory is"

Arrays = dict[str, Shaped[np.ndarray, "..."]]  # by name


def save_model(path: PathLike, model: AbstractModel, recipe: Recipe, target: AbstractTarget) -> None:
    """Write a model to a file.

    Args:
        path: the file.
        model: the model; its arrays are written.
        recipe: the recipe that made it; its settings are written.
        target: the target for which it was trained; its fields are written.

    Raises:
        StorageError: if the file cannot be written.
    """
    write(Path(path), *_content(model, recipe, target))


def pack_model(model: AbstractModel, recipe: Recipe, target: AbstractTarget) -> bytes:
    """Return the bytes of the file that `save_model` writes.

    Args:
        model: the model.
        recipe: the recipe that made it.
        target: the target for which it was trained.
    """
    return pack(*_content(model, recipe, target))


def load_model(path: PathLike, recipe: Recipe, target: AbstractTarget) -> AbstractModel:
    """Read a model from a file.

    Args:
        path: the file.
        recipe: the recipe that made the model.
        target: the target for which it was trained.

    Raises:
        InputError: if the file is damaged or of another kind, or if its model was trained for another target or made by
            another recipe: the message names the fields that differ.
    """
    where = str(path)
    arrays, meta, _ = _read(path)
    refuse_other(where, "target", meta["target"], describe(target))
    refuse_other(where, "recipe", meta["recipe"], describe(recipe))
    like, static = eqx.partition(recipe.on(target, jr.key(0)), eqx.is_array)
    leaves, structure = jax.tree.flatten(like)
    stored = [arrays.get(f"leaf/{i}") for i in range(len(leaves))]
    for leaf, array in zip(leaves, stored, strict=True):
        if array is None or array.shape != leaf.shape or array.dtype != leaf.dtype:
            got = "nothing" if array is None else f"{array.dtype} {array.shape}"
            what, expected = "the file of the model lacks an array", f"{leaf.dtype} {leaf.shape}"
            raise InputError(what, where=where, got=got, expected=expected)
    return eqx.combine(jax.tree.unflatten(structure, [jnp.asarray(array) for array in stored]), static)


def inspect(path: PathLike) -> dict[str, JSON]:
    """Describe the file of a model.

    Args:
        path: the file.

    Returns:
        A mapping as JSON has it: kind, recipe, target, how many numbers were learnt or measured, checks, path, hash.

    Raises:
        UnknownKind: if it is another file.
        InputError: if it is damaged.
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


def _read(path: PathLike) -> tuple[Arrays, dict[str, JSON], Source]:
    where = str(path)
    source = hash_file(path, MAX_BYTES)  # refuses what is no regular file, or too large to be one of ours
    try:
        arrays, meta = read(Path(path))
    except DamagedError as error:
        raise InputError("the file of the model is damaged", where=where, got=str(error)) from error
    if not isinstance(meta, dict) or meta.get("kind") != KIND:
        raise UnknownKind("not the file of a model", where=where, got="a sealed file of another kind", expected=WRITTEN)
    return arrays, meta, source


def _content(model: AbstractModel, recipe: Recipe, target: AbstractTarget) -> tuple[Arrays, JSON]:
    leaves = jax.tree.leaves(eqx.filter(model, eqx.is_array))
    meta = {"kind": KIND, "target": describe(target), "recipe": describe(recipe)}
    return {f"leaf/{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)}, meta


def describe(thing: object) -> JSON:
    """Describe a frozen dataclass or module by its kind and its fields, in plain numbers.

    Args:
        thing: the dataclass, or a sequence, array or number in it.
    """
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        fields = {field.name: describe(getattr(thing, field.name)) for field in dataclasses.fields(thing)}
        return {"kind": type(thing).__name__, **fields}
    if isinstance(thing, tuple | list):
        return [describe(item) for item in thing]
    return plain(np.asarray(thing) if isinstance(thing, jax.Array) else thing)


def refuse_other(where: str, role: str, stored: JSON, wanted: JSON) -> None:
    """Refuse a file whose description differs.

    Args:
        where: the file.
        role: what is described: target or recipe.
        stored: the description in the file.
        wanted: the description of what was asked for.

    Raises:
        InputError: unless the two agree: the message names the fields that differ.
    """
    names = sorted(set(stored) | set(wanted))
    different = [name for name in names if stored.get(name) != wanted.get(name)]
    if different:
        raise InputError(
            f"the model was made for another {role}: {', '.join(different)} differ",
            where=where,
            got=", ".join(f"{name}={stored.get(name)}" for name in different),
            expected=", ".join(f"{name}={wanted.get(name)}" for name in different),
            why="its weights have no meaning there",
            fix="train a model for this one, or name the action that it was trained for",
        )
