"""What the program takes from its environment, and what it is: tracebacks, the folder of compiled code, the process."""

import os
import platform
import tempfile
from pathlib import Path
from typing import Final

DEBUG: Final = "--debug"


class Program:
    """Whether this process is the program `retrodict`, which may be ended, and not somebody's notebook."""

    ours: bool = False


def cache_folder() -> Path:
    """Where compiled code is kept: by machine, because it is made for one processor."""
    given = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    if given:
        return Path(given)
    return _caches() / "retrodict" / f"compiled-{platform.node() or 'here'}"


def _caches() -> Path:
    """The user's folder of caches; a temporary one where nobody has a home, as in some containers."""
    given = os.environ.get("XDG_CACHE_HOME")
    if given:
        return Path(given)
    try:
        return Path.home() / ".cache"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"retrodict-{os.getuid()}"
