"""The ends of the tree: numbers, words, paths and arrays, checked strictly (a quoted "1e-3" is a word)."""

import types
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pydantic

from retrodict.base.domains import did_you_mean
from retrodict.base.files import FOLDERS, JSON
from retrodict.cli.config.signature import Annotation, expectation, is_array, plain

RUN = "result.json"  # by which a run directory is known

_STRICT = pydantic.ConfigDict(strict=True, allow_inf_nan=False)


class Mismatch(ValueError):
    """A leaf is not of its type; the builder says where."""

    def __init__(self, expected: str, fix: str = "") -> None:
        self.expected, self.fix = expected, fix
        super().__init__(expected)


def leaf(annotation: Annotation, value: JSON, folder: Path) -> Any:
    """`value` as `annotation`, or `Mismatch`. Relative paths start in `folder`."""
    annotation = plain(annotation)
    if annotation in (None, types.NoneType):
        return _null(value)
    if get_origin(annotation) is Literal:
        return _word(get_args(annotation), value)
    if get_origin(annotation) is not None and get_args(annotation)[0] is Path:
        return _path(value, folder, several=FOLDERS in getattr(annotation, "__metadata__", ()))
    if annotation is Path:
        return _path(value, folder)
    if is_array(annotation):
        return _array(annotation, value)
    return _scalar(annotation, value)


def _null(value: JSON) -> None:
    if value is not None:
        raise Mismatch("null")


def _word(words: tuple[Any, ...], value: JSON) -> Any:
    for word in words:
        if word == value and type(word) is type(value):
            return word
        if isinstance(word, str) and type(value) is int and word == str(value):
            return word  # the data set 2025, say: a number only by accident
    fix = did_you_mean(value, [str(word) for word in words]) if isinstance(value, str) else ""
    raise Mismatch("one of " + ", ".join(str(word) for word in words), fix)


def _path(value: JSON, folder: Path, *, several: bool = False) -> Path:
    """An existing file or run directory, or a folder or a pattern of files where `several` will do; whether it may be
    read is its reader's business."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise Mismatch("the path of a file")
    path = folder / Path(value).expanduser()
    many = several and (path.is_dir() or ("*" in path.name and any(path.parent.glob(path.name))))
    if many or path.is_file() or (path / RUN).is_file():
        return path.resolve()
    if path.exists():
        raise Mismatch("the path of a file", f"{path} is not a file")
    siblings = [near.name for near in path.parent.iterdir()] if path.parent.is_dir() else []
    near = did_you_mean(path.name, siblings)
    raise Mismatch("a file or a run that exists", near or f"put the file at {path}")


def _array(annotation: Annotation, value: JSON) -> Any:
    """A float64 array with the number of axes that the annotation asks for."""
    import numpy as np

    numbers: Any = float | list[float] | list[list[float]]
    try:
        array = np.asarray(pydantic.TypeAdapter(numbers, config=_STRICT).validate_python(value), dtype=float)
    except (pydantic.ValidationError, ValueError, TypeError) as error:
        raise Mismatch("a number or a list of numbers") from error
    axes = annotation.dim_str.split()
    if "..." not in annotation.dim_str and "*" not in annotation.dim_str and array.ndim != len(axes):
        raise Mismatch(("a number", "a list of numbers", "a list of lists of numbers")[min(len(axes), 2)])
    if annotation.array_type is np.ndarray:
        return array
    import jax.numpy as jnp

    return jnp.asarray(array)


def _scalar(annotation: Annotation, value: JSON) -> Any:
    try:
        return pydantic.TypeAdapter(annotation, config=_STRICT).validate_python(value)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        bound = first["type"] in ("greater_than", "greater_than_equal", "less_than", "less_than_equal", "finite_number")
        fix = "write it without quotes" if isinstance(value, str) and _is_number(value) else ""
        said = first["msg"].removeprefix("Input should be ")
        raise Mismatch(f"{expectation(annotation)} {said}" if bound else expectation(annotation), fix) from error


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
