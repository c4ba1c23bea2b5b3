"""What the parts of a config mean, in the words of their own source: docstrings, and comments behind fields."""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

_ARGUMENTS = re.compile(r"^Args:\n((?: {4}.*\n?|\n)*)", re.MULTILINE)
_ARGUMENT = re.compile(r"^(\w+): (.*(?:\n {4}.*)*)", re.MULTILINE)


def summary(thing: Callable[..., Any]) -> str:
    """The first line of a docstring.

    Args:
        thing: a class or function.
    """
    return (thing.__doc__ or "").strip().partition("\n")[0]


def meanings(callable_: Callable[..., Any]) -> dict[str, str]:
    """What each argument means: by `Args` of the docstring, of a class also by the comment behind a field.

    A class speaks for what it inherits, too, unless it says better itself.

    Args:
        callable_: a class or function.

    Example:
        >>> from retrodict.inference.schedule import Cosine
        >>> meanings(Cosine)["stop"]
        'value at the last step'
    """
    owners = reversed(callable_.__mro__[:-1]) if isinstance(callable_, type) else [callable_]
    found: dict[str, str] = {}
    for owner in owners:
        if isinstance(owner, type):
            found |= _behind_fields(owner)
        found |= _in_docstring(owner)
    return found


def _in_docstring(thing: Callable[..., Any]) -> dict[str, str]:
    block = _ARGUMENTS.search(inspect.cleandoc(thing.__doc__ or ""))
    arguments = _ARGUMENT.findall(textwrap.dedent(block[1])) if block else []
    return {name: " ".join(text.split()) for name, text in arguments}


def _behind_fields(kind: type) -> dict[str, str]:
    """Comments on the lines of annotated fields; none for a class whose source is not there."""
    try:
        source = textwrap.dedent(inspect.getsource(kind))
    except (OSError, TypeError):
        return {}
    (tree,), lines = ast.parse(source).body, source.splitlines()
    fields = [node for node in getattr(tree, "body", []) if isinstance(node, ast.AnnAssign)]
    comments = {ast.unparse(node.target): lines[(node.end_lineno or 0) - 1].partition("  # ")[2] for node in fields}
    return {name: text for name, text in comments.items() if text}
