"""Packages whose names are imported on first use, so that reading a file, or `--help`, does not wait for JAX.

The list of names is written once, as the imports that type checkers and editors read:

    if TYPE_CHECKING:
        from retrodict.inference.nuts import NUTS as NUTS
    else:
        __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)

At run time that block is not executed; `lazy_names` reads it and imports each name when it is asked for.
"""

import ast
import importlib
from collections.abc import Callable
from pathlib import Path


def lazy_names(package: str, file: str) -> tuple[Callable[[str], object], Callable[[], list[str]], list[str]]:
    """Make a package import its public names on first use.

    Args:
        package: name of the package, its `__name__`.
        file: path of its `__init__.py`, its `__file__`.

    Returns:
        What the package must call `__getattr__`, `__dir__` and `__all__`.
    """
    homes = public_names(Path(file).read_text(encoding="utf-8"))

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        if homes[name] == package:
            return importlib.import_module(f"{package}.{name}")
        return getattr(importlib.import_module(homes[name]), name)

    return get, lambda: sorted(homes), sorted(homes)


def public_names(source: str) -> dict[str, str]:
    """The names that the `if TYPE_CHECKING:` block of a package imports.

    Args:
        source: text of the package's `__init__.py`.

    Returns:
        For each name the module that it is imported from: the package itself for a package inside it.
    """
    blocks = [node for node in ast.parse(source).body if isinstance(node, ast.If)]
    typing = [node for node in blocks if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"]
    imports = [node for block in typing for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}
