"""Numbers without names: their ranges, and what they could be; no reader guesses by position, the user must say."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retrodict.base.description import value_range
from retrodict.base.domain import Domain
from retrodict.base.errors import InputError
from retrodict.base.files import JSON, read_text
from retrodict.base.tables import parse_numbers
from retrodict.cli.domains import load

MOST_SHOWN = 12  # columns whose ranges are given


def describe_unnamed(path: Path, domains: Sequence[Domain]) -> dict[str, JSON]:
    """The columns of a table without a header, and the headers that domains think possible.

    Args:
        path: the file.
        domains: those that are asked.

    Raises:
        InputError: if the rows are no table of numbers.
    """
    text, source = read_text(path)
    rows = [row for _, row in parse_numbers(text.replace(",", " "), path)]
    rows = rows[1:] if len(rows) > 1 and len(rows[0]) == 1 < len(rows[1]) else rows
    if len({len(row) for row in rows}) != 1:
        raise InputError("rows have different numbers of cells", where=str(path), expected="a table")
    matrix = np.asarray(rows)
    hooks = [(domain, load(domain.headers, domain)) for domain in domains if domain.headers]
    headers = [(header, domain.name) for domain, possible in hooks for header in possible(matrix)]
    shown = {f"column_{i + 1}": value_range(column, "") for i, column in enumerate(matrix.T[:MOST_SHOWN])}
    more = {"further_columns": matrix.shape[1] - MOST_SHOWN} if matrix.shape[1] > MOST_SHOWN else {}
    return {
        "kind": "table_without_names",
        "domain": None,
        "file": source.path,
        "format": "text",
        "rows": len(matrix),
        "sha256": source.sha256,
        "size": {"value": source.size, "unit": "bytes"},
        "columns": shown,
        **more,
        "could_be": [{"header": header, "domain": domain} for header, domain in headers],
        "warnings": ["the columns have no names: nothing is read by position alone"],
        "header_to_add": headers[0][0] if headers else "name [unit], name [unit], ...",
        "or": f'retrodict inspect {path} --columns "{headers[0][0] if headers else "name [unit], name [unit], ..."}"',
    }
