"""Lattice field theories: actions, exact samplers, observables with honest errors, configuration files.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

import importlib
from typing import Any

_HOME = {
    "AbstractAction": "action",
    "Cluster": "methods",
    "Configurations": "files",
    "ContinuumPhi4": "phi4",
    "GaugeField": "files",
    "HMC": "methods",
    "HeatBath": "methods",
    "Ising": "spins",
    "Langevin": "methods",
    "LatticeSMC": "smc",
    "Leapfrog": "updates",
    "MALA": "methods",
    "MeanFunction": "action",
    "Omelyan": "updates",
    "Path": "paths",
    "Phi4": "phi4",
    "SU2": "groups",
    "SU3": "groups",
    "U1": "groups",
    "Wilson": "wilson",
    "XY": "spins",
    "anharmonic": "paths",
    "double_well": "paths",
    "harmonic": "paths",
    "inspect": "files",
    "last_configurations": "markov_chain",
    "read_configurations": "files",
    "read_gauge_field": "files",
    "to_continuum": "phi4",
    "to_lattice": "phi4",
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
