r"""A stream of scalar configurations: a line of magic, a line of JSON, then one sealed record a configuration.

The JSON names the theory, the parameters, the shape of a configuration and the type of its numbers (`<f4` or `<f8`). A
record is the numbers followed by the SHA-256 of header, position in the stream and numbers: a flipped bit, a missing,
doubled or exchanged record is noticed.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import MEBIBYTE, Source, parse_json
from retrodict.lattice.io.formats.refusal import failed

MAGIC: Final = b"RETRODICT-CONFIGURATIONS 1\n"
LONGEST_HEADER: Final = 65536
LARGEST: Final = 1024 * MEBIBYTE
_SEAL: Final = 32
_KINDS: Final = ("<f4", "<f8")


@dataclass(frozen=True, eq=False)
class Configurations:
    """Scalar fields `(configuration, *sites)`, float32 or float64, and where they come from.

    `theory` names the action; `parameters` are its couplings, JSON values by name.
    """

    fields: np.ndarray
    theory: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    source: Source | None = None

    def __post_init__(self) -> None:
        if self.fields.ndim < 2 or self.fields.dtype not in (np.float32, np.float64):
            raise ValueError(
                f"fields must be real (configuration, *sites), not {self.fields.dtype} {self.fields.shape}"
            )

    @property
    def precision(self) -> int:
        """Bits of each number: 32 or 64."""
        return 8 * self.fields.dtype.itemsize


def recognises(head: bytes) -> bool:
    """Whether a file that begins with `head` is a stream of configurations."""
    return head.startswith(MAGIC[:-2])


def encode(configurations: Configurations) -> bytes:
    """The bytes of a file."""
    numbers = configurations.fields
    kind = f"<f{numbers.dtype.itemsize}"
    header = _header(configurations.theory, configurations.parameters, numbers.shape[1:], kind)
    bodies = (np.ascontiguousarray(one, dtype=kind).tobytes() for one in numbers)
    sealed = (body + _seal(header, index, body) for index, body in enumerate(bodies))
    return b"".join([MAGIC, header, *sealed])


def parse(data: bytes, where: str) -> Configurations:
    """The configurations in `data`, every seal verified. Raises `InputError` naming the check that failed."""
    if not data.startswith(MAGIC):
        raise failed("version", where, got=repr(data[: len(MAGIC)]), expected=repr(MAGIC))
    end = data.find(b"\n", len(MAGIC), LONGEST_HEADER) + 1
    if not end:
        raise failed("header", where, got="no end of the header", expected=f"one within {LONGEST_HEADER} bytes")
    header = data[len(MAGIC) : end]
    theory, parameters, shape, kind = _understood(header, where)
    body = math.prod(shape) * int(kind[-1])
    count, rest = divmod(len(data) - end, body + _SEAL)
    if rest or not count:
        why = "the file is cut short" if rest else "it holds no configuration"
        got = f"{count} configurations and {rest} bytes more"
        raise failed("size", where, got=got, expected=f"records of {body + _SEAL} bytes", why=why)
    records = np.frombuffer(data, np.uint8, offset=end).reshape(count, body + _SEAL)
    for index, record in enumerate(records):
        if record[body:].tobytes() != _seal(header, index, record[:body].tobytes()):
            raise failed("checksum", where, got=f"configuration {index} of {count}", why="the numbers were altered")
    numbers = np.ascontiguousarray(records[:, :body]).view(kind).reshape(count, *shape)
    fields = numbers.astype(numbers.dtype.newbyteorder("="))
    if not np.all(np.isfinite(fields)):
        raise failed("finite", where, got="a number that is not finite", expected="finite fields")
    return Configurations(fields, theory, parameters, {"size": "passed", "checksum": "passed"})


def _header(theory: str, parameters: Mapping[str, Any], shape: tuple[int, ...], kind: str) -> bytes:
    content = {"theory": theory, "parameters": dict(parameters), "shape": list(shape), "type": kind}
    return json.dumps(content, allow_nan=False).encode() + b"\n"


def _seal(header: bytes, index: int, body: bytes) -> bytes:
    return hashlib.sha256(header + index.to_bytes(8, "little") + body).digest()


def _understood(header: bytes, where: str) -> tuple[str, Mapping[str, Any], tuple[int, ...], str]:
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
