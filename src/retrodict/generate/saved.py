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
from retrodict.base.types import JSON, Array, Key
from retrodict.generate.model import AbstractModel, Recipe, with_weights
from retrodict.problem.target import AbstractTarget
from retrodict.run.container import DamagedError, is_sealed, pack, read, write
from retrodict.run.plain import plain

KIND: Final = "retrodict model"
MAX_BYTES: Final = 2**30
PILOT_DRAWS: Final = 256  # of a model at another coupling or volume, on which its sampler is tuned
FIXES: Final = {
    "target": "train a model for this one; or, if its weights serve any coupling and volume, transfer: true"
}
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
    model = recipe.on(target, jr.key(0))
    leaves = jax.tree.leaves(eqx.filter(model, eqx.is_array))
    stored = [_array(where, arrays, i, leaf) for i, leaf in enumerate(leaves)]
    like, static = eqx.partition(model, eqx.is_array)
    return eqx.combine(jax.tree.unflatten(jax.tree.structure(like), stored), static)


def transfer_model(path: PathLike, recipe: Recipe, target: AbstractTarget, key: Key) -> AbstractModel:
    """Read the weights of a model and move them to another coupling or volume of the same theory.

    Levels and widths of the steps of a sampler are measured anew, on draws of the moved model itself: no configurations
    of the new theory are needed.

    Args:
        path: the file.
        recipe: the recipe that made the model.
        target: the new theory.
        key: random key of the draws.

    Raises:
        InputError: if the file is damaged, if its model was made for another kind of theory or by another recipe, if it
            holds more than weights of what it was trained on, or if its weights depend on the volume.
    """
    where = str(path)
    arrays, meta, _ = _read(path)
    refuse_other(where, "theory", *({"kind": one["kind"]} for one in (meta["target"], describe(target))))
    refuse_other(where, "recipe", meta["recipe"], describe(recipe))
    model = recipe.on(target, key)
    if type(model).initialise_from is not AbstractModel.initialise_from:
        raise InputError(
            "this model cannot be moved to another theory",
            where=where,
            got=type(recipe).__name__,
            expected="a model whose only memory of its training are its weights",
            why="it also holds a spectrum or a scale that was measured there",
            fix="train a model for this theory",
        )
    like = eqx.filter(model, eqx.is_array)
    numbers = jax.tree.unflatten(jax.tree.structure(like), range(len(jax.tree.leaves(like))))
    weights = jax.tree.map(lambda i, leaf: _array(where, arrays, i, leaf), numbers.weights, like.weights)
    moved = with_weights(model, weights)
    if type(model).tune_sampler is AbstractModel.tune_sampler:
        return moved
    return moved.tune_sampler(jax.vmap(lambda one: moved.sample(one).x)(jr.split(key, PILOT_DRAWS)))


def _array(where: str, arrays: Arrays, number: int, like: Shaped[Array, "..."]) -> Shaped[Array, "..."]:
    """An array of a model by its number, of the shape and the type that it must have."""
    array = arrays.get(f"leaf/{number}")
    if array is None or array.shape != like.shape or array.dtype != like.dtype:
        got = "nothing" if array is None else f"{array.dtype} {array.shape}"
        what, expected = "the file of the model lacks an array", f"{like.dtype} {like.shape}"
        raise InputError(what, where=where, got=got, expected=expected)
    return jnp.asarray(array)


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
        role: what is described: target, theory or recipe.
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
            why=f"a model belongs to the {role} that it was made for",
            fix=FIXES.get(role, "name the one that it was made for"),
        )
