"""What descriptions of files share: the range of a quantity, and words that go into a config."""

import json
import re

import numpy as np

from retrodict.base.files import JSON
from retrodict.base.shapes import Float


def value_range(values: Float[np.ndarray, " values"], unit: str) -> dict[str, JSON]:
    """The least, median and largest of some numbers, with their unit.

    Args:
        values: the numbers, in `unit`.
        unit: empty for pure numbers.
    """
    return {
        "least": float(values.min()),
        "median": float(np.median(values)),
        "largest": float(values.max()),
        "unit": unit,
    }


def quoted(text: str) -> str:
    """A path or a name as YAML reads it back: in quotes where it is more than plain characters, or a number.

    Args:
        text: the path or name.

    Example:
        >>> print(quoted("data/stars.csv"), quoted("my stars.csv"), quoted("0"))
        data/stars.csv "my stars.csv" "0"
    """
    plain = re.fullmatch(r"[\w./-]+", text) and not text.startswith("-") and not re.fullmatch(r"[\d._eE-]+", text)
    return text if plain else json.dumps(text)
