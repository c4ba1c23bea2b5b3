"""Lattice field theories: actions, exact samplers, observables with honest errors, configuration files.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if TYPE_CHECKING:
    from retrodict.lattice.core.action import AbstractAction as AbstractAction
    from retrodict.lattice.core.estimates import MeanFunction as MeanFunction
    from retrodict.lattice.io.files import Configurations as Configurations
    from retrodict.lattice.io.files import GaugeField as GaugeField
    from retrodict.lattice.io.files import inspect as inspect
    from retrodict.lattice.io.files import read_configurations as read_configurations
    from retrodict.lattice.io.files import read_gauge_field as read_gauge_field
    from retrodict.lattice.io.files import write_configurations as write_configurations
    from retrodict.lattice.io.files import write_ildg as write_ildg
    from retrodict.lattice.io.files import write_nersc as write_nersc
    from retrodict.lattice.io.files import write_npz as write_npz
    from retrodict.lattice.models.autoregressive.recipe import Autoregressive as Autoregressive
    from retrodict.lattice.models.gauge_flow import GaugeFlow as GaugeFlow
    from retrodict.lattice.models.independence_metropolis import IndependenceMetropolis as IndependenceMetropolis
    from retrodict.lattice.models.scalar_score import scalar_process as scalar_process
    from retrodict.lattice.models.trained import Trained as Trained
    from retrodict.lattice.models.u1.diffusion import u1_process as u1_process
    from retrodict.lattice.models.u1.flux import Haar as Haar
    from retrodict.lattice.models.u1.flux import SharedFlux as SharedFlux
    from retrodict.lattice.models.u1.training import U1Diffusion as U1Diffusion
    from retrodict.lattice.samplers.guided import GuidedHMC as GuidedHMC
    from retrodict.lattice.samplers.markov_chain import last_configurations as last_configurations
    from retrodict.lattice.samplers.methods import HMC as HMC
    from retrodict.lattice.samplers.methods import MALA as MALA
    from retrodict.lattice.samplers.methods import Cluster as Cluster
    from retrodict.lattice.samplers.methods import HeatBath as HeatBath
    from retrodict.lattice.samplers.methods import Langevin as Langevin
    from retrodict.lattice.samplers.smc import LatticeSMC as LatticeSMC
    from retrodict.lattice.samplers.updates import Leapfrog as Leapfrog
    from retrodict.lattice.samplers.updates import Omelyan as Omelyan
    from retrodict.lattice.theories.groups import SU2 as SU2
    from retrodict.lattice.theories.groups import SU3 as SU3
    from retrodict.lattice.theories.groups import U1 as U1
    from retrodict.lattice.theories.paths import FeynmanPath as FeynmanPath
    from retrodict.lattice.theories.paths import anharmonic as anharmonic
    from retrodict.lattice.theories.paths import double_well as double_well
    from retrodict.lattice.theories.paths import harmonic as harmonic
    from retrodict.lattice.theories.phi4 import ContinuumPhi4 as ContinuumPhi4
    from retrodict.lattice.theories.phi4 import Phi4 as Phi4
    from retrodict.lattice.theories.phi4 import to_continuum as to_continuum
    from retrodict.lattice.theories.phi4 import to_lattice as to_lattice
    from retrodict.lattice.theories.spins import XY as XY
    from retrodict.lattice.theories.spins import Ising as Ising
    from retrodict.lattice.theories.wilson import Wilson as Wilson
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
