"""Lattice field theories: actions, exact samplers, observables with honest errors, configuration files.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

import importlib
from typing import Any

_HOME = {
    "Configurations": "files",
    "GaugeField": "files",
    "inspect": "files",
    "read_configurations": "files",
    "read_gauge_field": "files",
    "write_configurations": "files",
    "write_ildg": "files",
    "write_nersc": "files",
    "write_npz": "files",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"retrodict.lattice.{_HOME[name]}"), name)
    raise AttributeError(f"module 'retrodict.lattice' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_HOME)
