"""Lattice field theories: actions, exact samplers, observables with honest errors, configuration files.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from retrodict.base.lazy import lazy_names

_HOME = {
    "AbstractAction": "core.action",
    "anharmonic": "theories.paths",
    "Autoregressive": "models.autoregressive.recipe",
    "Cluster": "samplers.methods",
    "Configurations": "io.files",
    "ContinuumPhi4": "theories.phi4",
    "double_well": "theories.paths",
    "GaugeField": "io.files",
    "GaugeFlow": "models.gauge_flow",
    "GuidedHMC": "samplers.guided",
    "Haar": "models.u1.flux",
    "harmonic": "theories.paths",
    "HeatBath": "samplers.methods",
    "HMC": "samplers.methods",
    "inspect": "io.files",
    "Ising": "theories.spins",
    "Langevin": "samplers.methods",
    "last_configurations": "samplers.markov_chain",
    "LatticeSMC": "samplers.smc",
    "Leapfrog": "samplers.updates",
    "IndependenceMetropolis": "models.independence_metropolis",
    "MALA": "samplers.methods",
    "MeanFunction": "core.estimates",
    "Omelyan": "samplers.updates",
    "FeynmanPath": "theories.paths",
    "Phi4": "theories.phi4",
    "read_configurations": "io.files",
    "read_gauge_field": "io.files",
    "scalar_process": "models.scalar_score",
    "SharedFlux": "models.u1.flux",
    "SU2": "theories.groups",
    "SU3": "theories.groups",
    "to_continuum": "theories.phi4",
    "to_lattice": "theories.phi4",
    "U1": "theories.groups",
    "Trained": "models.trained",
    "U1Diffusion": "models.u1.training",
    "u1_process": "models.u1.diffusion",
    "Wilson": "theories.wilson",
    "write_configurations": "io.files",
    "write_ildg": "io.files",
    "write_nersc": "io.files",
    "write_npz": "io.files",
    "XY": "theories.spins",
}

__getattr__, __dir__ = lazy_names(__name__, _HOME)
