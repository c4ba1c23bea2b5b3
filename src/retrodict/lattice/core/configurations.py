"""Configurations as a run directory keeps them: a line of magic, a line of JSON, then one sealed record each.

The JSON names the theory, the parameters, the shape of a configuration and the type of its numbers (`<f4` or `<f8`). A
record is the numbers followed by the SHA-256 of header, position in the stream and numbers: a flipped bit, a missing,
doubled or exchanged record is noticed. `lattice.io.formats.stream` reads it. Needs NumPy only.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from retrodict.base.files import JSON, MEBIBYTE, Source
from retrodict.base.shapes import Complex, Float, Inexact, Shaped

FILE: Final = "configurations.bin"  # in a run directory
MAGIC: Final = b"RETRODICT-CONFIGURATIONS 1\n"
LARGEST: Final = 1024 * MEBIBYTE  # of a file


@dataclass(frozen=True, eq=False)
class Configurations:
    """Fields of many configurations, as real numbers, and where they come from.

    Args:
        fields: float32 or float64, shape (configuration, *layout); the action says what the axes are.
        theory: name of the action.
        parameters: couplings, group, shape and layout of the action by name, JSON values.
        checks: what was verified when the file was read, by name: "passed", or why it could not be made.
        source: the file that they were read from.

    Raises:
        ValueError: unless `fields` is a real array of at least two axes.

    Example:
        >>> import numpy as np
        >>> Configurations(np.zeros((2, 4, 4)), "Phi4", {"kappa": 0.2}).precision
        64
    """

    fields: Shaped[np.ndarray, "..."]
    theory: str = ""
    parameters: Mapping[str, JSON] = field(default_factory=dict)
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


def encode(configurations: Configurations) -> bytes:
    """The bytes of a file."""
    numbers = configurations.fields
    kind = f"<f{numbers.dtype.itemsize}"
    header = _header(configurations.theory, configurations.parameters, numbers.shape[1:], kind)
    bodies = (np.ascontiguousarray(configuration, dtype=kind).tobytes() for configuration in numbers)
    sealed = (body + seal(header, index, body) for index, body in enumerate(bodies))
    return b"".join([MAGIC, header, *sealed])


def seal(header: bytes, index: int, body: bytes) -> bytes:
    """The SHA-256 that ends a record.

    Args:
        header: the line of JSON, with its end of line.
        index: position of the configuration in the stream.
        body: the numbers of the configuration.
    """
    return hashlib.sha256(header + index.to_bytes(8, "little") + body).digest()


def real_numbers(fields: Inexact[np.ndarray, "configuration ..."]) -> Float[np.ndarray, "configuration ..."]:
    """The numbers that are stored for configurations `(configuration, ...)`: complex ones as real and imaginary parts
    on a second axis."""
    return np.stack([np.real(fields), np.imag(fields)], axis=1) if np.iscomplexobj(fields) else fields


def complex_numbers(fields: Float[np.ndarray, "configuration 2 ..."]) -> Complex[np.ndarray, "configuration ..."]:
    """The inverse of `real_numbers` for complex configurations."""
    return fields[:, 0] + 1j * fields[:, 1]


def _header(theory: str, parameters: Mapping[str, JSON], shape: tuple[int, ...], kind: str) -> bytes:
    content = {"theory": theory, "parameters": dict(parameters), "shape": list(shape), "type": kind}
    return json.dumps(content, allow_nan=False).encode() + b"\n"
