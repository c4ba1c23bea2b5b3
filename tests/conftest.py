"""What every test shares: float64, strict dtypes and ranks, a persistent compilation cache, checked shapes."""

import os
import tempfile
from pathlib import Path

import retrodict  # noqa: F401  (float64 before JAX is imported)

CACHE = Path(os.environ.get("RETRODICT_TEST_CACHE", Path(tempfile.gettempdir()) / "retrodict-jax-cache"))
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(CACHE))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.3")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
