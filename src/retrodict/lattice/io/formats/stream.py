"""Reader of the configurations that a run directory keeps; `lattice.core.configurations` describes the format."""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import JSON, parse_json
from retrodict.lattice.core.configurations import LARGEST, MAGIC, Configurations, seal
from retrodict.lattice.io.formats.refusal import failed

LONGEST_HEADER: Final = 65536  # bytes
_SEAL: Final = 32  # bytes
_KINDS: Final = ("<f4", "<f8")


def recognises(head: bytes) -> bool:
    """Whether a file that begins with `head` is a stream of configurations."""
    return head.startswith(MAGIC[:-2])


def parse(data: bytes, where: str) -> Configurations:
    """The configurations in `data`, every seal verified. Raises `InputError` naming the check that failed."""
    if not data.startswith(MAGIC):
        raise failed("version", where, got=repr(data[: len(MAGIC)]), expected=repr(MAGIC))
    end = data.find(b"\n", len(MAGIC), LONGEST_HEADER) + 1
    if not end:
        raise failed("header", where, got="no end of the header", expected=f"one within {LONGEST_HEADER} bytes")
    header = data[len(MAGIC) : end]
    theory, parameters, shape, kind = _read_header(header, where)
    body = math.prod(shape) * int(kind[-1])
    count, rest = divmod(len(data) - end, body + _SEAL)
    if rest or not count:
        why = "the file is cut short" if rest else "it holds no configuration"
        got = f"{count} configurations and {rest} bytes more"
        raise failed("size", where, got=got, expected=f"records of {body + _SEAL} bytes", why=why)
    records = np.frombuffer(data, np.uint8, offset=end).reshape(count, body + _SEAL)
    for index, record in enumerate(records):
        if record[body:].tobytes() != seal(header, index, record[:body].tobytes()):
            raise failed("checksum", where, got=f"configuration {index} of {count}", why="the numbers were altered")
    numbers = np.ascontiguousarray(records[:, :body]).view(kind).reshape(count, *shape)
    fields = numbers.astype(numbers.dtype.newbyteorder("="))
    if not np.all(np.isfinite(fields)):
        raise failed("finite", where, got="a number that is not finite", expected="finite fields")
    return Configurations(fields, theory, parameters, {"size": "passed", "checksum": "passed"})


def _read_header(header: bytes, where: str) -> tuple[str, Mapping[str, JSON], tuple[int, ...], str]:
    try:
        content = parse_json(header.decode(), where)
        theory, parameters = str(content["theory"]), dict(content["parameters"])
        shape, kind = content["shape"], content["type"]
    except (InputError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise failed("header", where, got=str(error).split("\n")[0][:80], expected="a line of JSON") from error
    whole = isinstance(shape, list) and 0 < len(shape) <= 8 and all(type(n) is int and n > 0 for n in shape)
    if kind not in _KINDS or not whole or math.prod(shape) * 8 > LARGEST:
        raise failed("dimensions", where, got=f"{kind} {shape}"[:80], expected=f"{_KINDS} and at most {LARGEST} bytes")
    return theory, parameters, tuple(shape), kind
