"""Heavy-ion collisions: from final-state particles and tables to the equation of state, viscosity and geometry.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if TYPE_CHECKING:
    from retrodict.heavy_ion.calibration.analysis import Calibration as Calibration
    from retrodict.heavy_ion.calibration.analysis import Discrepancy as Discrepancy
    from retrodict.heavy_ion.calibration.emulators import GaussianProcesses as GaussianProcesses
    from retrodict.heavy_ion.calibration.emulators import NeuralEmulator as NeuralEmulator
    from retrodict.heavy_ion.calibration.emulators import PolynomialChaos as PolynomialChaos
    from retrodict.heavy_ion.calibration.mock import mock_design as mock_design
    from retrodict.heavy_ion.calibration.mock import mock_measurements as mock_measurements
    from retrodict.heavy_ion.calibration.mock import mock_outputs as mock_outputs
    from retrodict.heavy_ion.calibration.model import likelihood_of as likelihood_of
    from retrodict.heavy_ion.calibration.model import posterior_of as posterior_of
    from retrodict.heavy_ion.calibration.parametrisation import JetscapeViscosity as JetscapeViscosity
    from retrodict.heavy_ion.calibration.parametrisation import PrattSoundSpeed as PrattSoundSpeed
    from retrodict.heavy_ion.calibration.readers.measured_files import read_measurements as read_measurements
    from retrodict.heavy_ion.calibration.readers.measurements import Measurements as Measurements
    from retrodict.heavy_ion.calibration.readers.runs import Design as Design
    from retrodict.heavy_ion.calibration.readers.runs import Outputs as Outputs
    from retrodict.heavy_ion.calibration.readers.runs import join as join
    from retrodict.heavy_ion.calibration.readers.runs import read_design as read_design
    from retrodict.heavy_ion.calibration.readers.runs import read_outputs as read_outputs
    from retrodict.heavy_ion.calibration.readers.sims import read_sims_outputs as read_sims_outputs
    from retrodict.heavy_ion.calibration.readers.sims import write_outputs as write_outputs
    from retrodict.heavy_ion.centrality.analysis import Centrality as Centrality
    from retrodict.heavy_ion.events.analyse import observables as observables
    from retrodict.heavy_ion.events.observables import Acceptance as Acceptance
    from retrodict.heavy_ion.events.reading import read_events as read_events
    from retrodict.heavy_ion.events.table import EventTable as EventTable
    from retrodict.heavy_ion.hydrodynamics.equation_of_state import EquationOfState as EquationOfState
    from retrodict.heavy_ion.hydrodynamics.equation_of_state import bag_model as bag_model
    from retrodict.heavy_ion.hydrodynamics.equation_of_state import conformal as conformal
    from retrodict.heavy_ion.hydrodynamics.equation_of_state import (
        equation_of_state_from_sound_speed as equation_of_state_from_sound_speed,
    )
    from retrodict.heavy_ion.hydrodynamics.equation_of_state import (
        equation_of_state_from_table as equation_of_state_from_table,
    )
    from retrodict.heavy_ion.hydrodynamics.equation_of_state import hot_qcd as hot_qcd
    from retrodict.heavy_ion.hydrodynamics.evolution import History as History
    from retrodict.heavy_ion.hydrodynamics.evolution import evolve as evolve
    from retrodict.heavy_ion.hydrodynamics.fluid import Flow as Flow
    from retrodict.heavy_ion.hydrodynamics.fluid import Shear as Shear
    from retrodict.heavy_ion.hydrodynamics.fluid import flow_at_rest as flow_at_rest
    from retrodict.heavy_ion.hydrodynamics.free_streaming import FreeStreaming as FreeStreaming
    from retrodict.heavy_ion.hydrodynamics.free_streaming import free_streaming as free_streaming
    from retrodict.heavy_ion.hydrodynamics.free_streaming import matched_flow as matched_flow
    from retrodict.heavy_ion.hydrodynamics.free_streaming import streamed_tensor as streamed_tensor
    from retrodict.heavy_ion.hydrodynamics.surface import Surface as Surface
    from retrodict.heavy_ion.hydrodynamics.surface import entropy_through as entropy_through
    from retrodict.heavy_ion.hydrodynamics.surface import freeze_out_surface as freeze_out_surface
    from retrodict.heavy_ion.hydrodynamics.surface import smooth_freeze_out_surface as smooth_freeze_out_surface
    from retrodict.heavy_ion.hydrodynamics.transport import Transport as Transport
    from retrodict.heavy_ion.hydrodynamics.transport import constant_viscosity as constant_viscosity
    from retrodict.heavy_ion.initial.eccentricities import centrality_classes as centrality_classes
    from retrodict.heavy_ion.initial.eccentricities import eccentricities as eccentricities
    from retrodict.heavy_ion.initial.eccentricities import eccentricities_of_density as eccentricities_of_density
    from retrodict.heavy_ion.initial.glauber import Collisions as Collisions
    from retrodict.heavy_ion.initial.glauber import glauber as glauber
    from retrodict.heavy_ion.initial.glauber import impact_parameters as impact_parameters
    from retrodict.heavy_ion.initial.grid import TransverseGrid as TransverseGrid
    from retrodict.heavy_ion.initial.nuclei import Nucleus as Nucleus
    from retrodict.heavy_ion.initial.nuclei import nucleon_positions as nucleon_positions
    from retrodict.heavy_ion.initial.nuclei import nucleus as nucleus
    from retrodict.heavy_ion.initial.trento import Trento as Trento
    from retrodict.heavy_ion.initial.trento import trento as trento
    from retrodict.heavy_ion.particles.cooper_frye import Matter as Matter
    from retrodict.heavy_ion.particles.cooper_frye import flow_coefficients as flow_coefficients
    from retrodict.heavy_ion.particles.cooper_frye import mean_momentum as mean_momentum
    from retrodict.heavy_ion.particles.cooper_frye import particle_spectrum as particle_spectrum
    from retrodict.heavy_ion.particles.cooper_frye import two_particle_flow as two_particle_flow
    from retrodict.heavy_ion.particles.cooper_frye import yield_of as yield_of
    from retrodict.heavy_ion.particles.species import Species as Species
    from retrodict.heavy_ion.particles.species import hadron_gas as hadron_gas
    from retrodict.heavy_ion.problems import problem as problem
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
