"""What the program takes from its environment: the switch for tracebacks, the folder of compiled code."""

import os
import platform
from pathlib import Path

DEBUG = "--debug"


def cache_folder() -> Path:
    """Where compiled code is kept: by machine, because it is made for one processor."""
    given = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else base / "retrodict" / f"compiled-{platform.node() or 'here'}"
