"""Defaults written out: how a config would have said what a signature left unsaid."""

import dataclasses
from pathlib import Path
from typing import Any

from retrodict.base.files import JSON
from retrodict.cli.config.signature import Annotation, entry_of, is_class, options, parameters

NOT_WRITTEN = object()  # a default that YAML cannot say; the signature supplies it again


def written(annotation: Annotation, value: Any) -> JSON:
    """The config that makes `value`, or `NOT_WRITTEN`."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, list | tuple):
        items = [written(entry_of(annotation), item) for item in value]
        return NOT_WRITTEN if NOT_WRITTEN in items else items
    if type(value) in options(annotation) and is_class(type(value)):
        return _written_object(value)
    if not _is_numeric(value):
        return NOT_WRITTEN
    import numpy as np

    return np.asarray(value).tolist()


def _written_object(value: Any) -> JSON:
    """By its fields, where every parameter of its constructor is one of them."""
    known = parameters(type(value))
    names = {field.name for field in dataclasses.fields(value)} if dataclasses.is_dataclass(value) else set()
    if not set(known) <= names:
        return NOT_WRITTEN
    items = {name: written(parameter.annotation, getattr(value, name)) for name, parameter in known.items()}
    return {"kind": type(value).__name__, **{k: item for k, item in items.items() if item is not NOT_WRITTEN}}


def _is_numeric(value: Any) -> bool:
    # numpy's own protocol, so that neither it nor JAX is imported here
    return "__array__" in dir(type(value))
