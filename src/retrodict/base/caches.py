"""The user's folder of things that could be made again: compiled programs, trained emulators."""

import os
import tempfile
from pathlib import Path


def caches() -> Path:
    """The user's folder of caches; a temporary one where nobody has a home, as in some containers."""
    given = os.environ.get("XDG_CACHE_HOME")
    if given:
        return Path(given)
    try:
        return Path.home() / ".cache"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"retrodict-{os.getuid()}"
