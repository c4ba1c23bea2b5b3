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
    from retrodict.heavy_ion.problems import problem as problem
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
