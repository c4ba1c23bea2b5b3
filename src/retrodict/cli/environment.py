"""What the program takes from its environment, and what it is: tracebacks, the folder of compiled code, the process."""

import os
import platform
from pathlib import Path
from typing import Final

from retrodict.base.caches import caches

DEBUG: Final = "--debug"


class Program:
    """Whether this process is the program `retrodict`, which may be ended, and not somebody's notebook."""

    ours: bool = False


def cache_folder() -> Path:
    """Where compiled code is kept: by machine, because it is made for one processor."""
    given = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    if given:
        return Path(given)
    return caches() / "retrodict" / f"compiled-{platform.node() or 'here'}"
