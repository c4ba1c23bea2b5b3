"""Lattice field theories: actions, exact samplers, observables with honest errors, configuration files.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from retrodict.base.lazy import lazy_names

_HOME = {
    "AbstractAction": "action",
    "anharmonic": "paths",
    "Autoregressive": "autoregressive",
    "Cluster": "methods",
    "Configurations": "files",
    "ContinuumPhi4": "phi4",
    "double_well": "paths",
    "GaugeField": "files",
    "GaugeFlow": "gauge_flow",
    "GuidedHMC": "guided",
    "Haar": "u1_flux",
    "harmonic": "paths",
    "HeatBath": "methods",
    "HMC": "methods",
    "inspect": "files",
    "Ising": "spins",
    "Langevin": "methods",
    "last_configurations": "markov_chain",
    "LatticeSMC": "smc",
    "Leapfrog": "updates",
    "Learned": "learned",
    "MALA": "methods",
    "MeanFunction": "action",
    "Omelyan": "updates",
    "Path": "paths",
    "Phi4": "phi4",
    "read_configurations": "files",
    "read_gauge_field": "files",
    "scalar_process": "scalar_score",
    "SharedFlux": "u1_flux",
    "SU2": "groups",
    "SU3": "groups",
    "to_continuum": "phi4",
    "to_lattice": "phi4",
    "U1": "groups",
    "Trained": "trained",
    "U1Diffusion": "u1_training",
    "u1_process": "u1_diffusion",
    "Wilson": "wilson",
    "write_configurations": "files",
    "write_ildg": "files",
    "write_nersc": "files",
    "write_npz": "files",
    "XY": "spins",
}

__getattr__, __dir__ = lazy_names(__name__, _HOME)
