"""Forces between hadrons: potentials, phase shifts, poles and sources from what is measured or computed on a lattice.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if TYPE_CHECKING:
    from retrodict.hadron.amplitudes.analysis import LineShape as LineShape
    from retrodict.hadron.amplitudes.analysis import PhaseShifts as PhaseShifts
    from retrodict.hadron.femtoscopy.analysis import Femtoscopy as Femtoscopy
    from retrodict.hadron.femtoscopy.sources import ExponentialSource as ExponentialSource
    from retrodict.hadron.femtoscopy.sources import GaussianSource as GaussianSource
    from retrodict.hadron.femtoscopy.sources import LevySource as LevySource
    from retrodict.hadron.femtoscopy.sources import NeuralSource as NeuralSource
    from retrodict.hadron.femtoscopy.sources import TwoComponentSource as TwoComponentSource
    from retrodict.hadron.hal_qcd.analysis import HalQcd as HalQcd
    from retrodict.hadron.hal_qcd.correlator import RCorrelator as RCorrelator
    from retrodict.hadron.hal_qcd.leading_order import leading_order_potential as leading_order_potential
    from retrodict.hadron.hal_qcd.readers import read_r_correlator as read_r_correlator
    from retrodict.hadron.holography.analysis import Holography as Holography
    from retrodict.hadron.potentials.ansatz import Envelope as Envelope
    from retrodict.hadron.potentials.ansatz import GaussianProcessPotential as GaussianProcessPotential
    from retrodict.hadron.potentials.ansatz import NeuralPotential as NeuralPotential
    from retrodict.hadron.potentials.ansatz import SumOfGaussians as SumOfGaussians
    from retrodict.hadron.problems import problem as problem
    from retrodict.hadron.quarkonium.analysis import Quarkonium as Quarkonium
    from retrodict.hadron.quasi_particles.analysis import QuasiParticles as QuasiParticles
    from retrodict.hadron.scattering.effective_range import effective_range as effective_range
    from retrodict.hadron.scattering.finite_volume import finite_volume_levels as finite_volume_levels
    from retrodict.hadron.scattering.finite_volume import luescher_k_cot_delta as luescher_k_cot_delta
    from retrodict.hadron.scattering.grid import RadialGrid as RadialGrid
    from retrodict.hadron.scattering.lagrange_mesh import LagrangeMesh as LagrangeMesh
    from retrodict.hadron.scattering.lagrange_mesh import bound_states as bound_states
    from retrodict.hadron.scattering.numerov import jost_function as jost_function
    from retrodict.hadron.scattering.numerov import scattering_states as scattering_states
    from retrodict.hadron.scattering.phases import followed_phase_shift as followed_phase_shift
    from retrodict.hadron.scattering.phases import phase_shift_response as phase_shift_response
    from retrodict.hadron.scattering.poles import find_poles as find_poles
    from retrodict.hadron.scattering.poles import poles_of_rational as poles_of_rational
    from retrodict.hadron.scattering.r_matrix import Channel as Channel
    from retrodict.hadron.scattering.r_matrix import LegendreMesh as LegendreMesh
    from retrodict.hadron.scattering.r_matrix import phase_shift as phase_shift
    from retrodict.hadron.scattering.r_matrix import scattering_matrix as scattering_matrix
    from retrodict.hadron.wave_functions.analysis import WaveFunctions as WaveFunctions
    from retrodict.hadron.wave_functions.kernel import NeuralKernel as NeuralKernel
    from retrodict.hadron.wave_functions.kernel import SmoothKernel as SmoothKernel
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
