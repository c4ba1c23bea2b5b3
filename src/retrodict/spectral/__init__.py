"""Spectral functions: Euclidean correlators -> the spectral function behind them, with bands that can be trusted.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

import importlib
from typing import Any

_HOME = {
    "Bootstrap": "resampling",
    "Correlator": "correlator",
    "CorrelatorSamples": "samples",
    "Errors": "estimate",
    "Jackknife": "resampling",
    "MockCorrelator": "mock",
    "check_sign": "correlator",
    "check_symmetry": "correlator",
    "estimate": "estimate",
    "hartlap_inflation": "estimate",
    "integrated_times": "autocorrelation",
    "read_correlator": "data",
    "read_samples": "data",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(f"retrodict.spectral.{_HOME[name]}"), name)
    raise AttributeError(f"module 'retrodict.spectral' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(_HOME)
