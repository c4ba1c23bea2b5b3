"""Forces between hadrons: potentials, phase shifts, poles and sources from what is measured or computed on a lattice.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if TYPE_CHECKING:
    from retrodict.hadron.potentials import literature as literature
    from retrodict.hadron.problems import problem as problem
    from retrodict.hadron.scattering.effective_range import effective_range as effective_range
    from retrodict.hadron.scattering.finite_volume import finite_volume_levels as finite_volume_levels
    from retrodict.hadron.scattering.finite_volume import luescher_k_cot_delta as luescher_k_cot_delta
    from retrodict.hadron.scattering.grid import RadialGrid as RadialGrid
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
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
