"""Neutron stars: masses, radii and tidal deformabilities -> the equation of state of cold dense matter.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if TYPE_CHECKING:
    from retrodict.neutron_star.ansatz import FirstOrderTransition as FirstOrderTransition
    from retrodict.neutron_star.ansatz import GaussianProcessSoundSpeed as GaussianProcessSoundSpeed
    from retrodict.neutron_star.ansatz import NeuralPressure as NeuralPressure
    from retrodict.neutron_star.ansatz import NeuralSoundSpeed as NeuralSoundSpeed
    from retrodict.neutron_star.ansatz import PiecewiseLinearSoundSpeed as PiecewiseLinearSoundSpeed
    from retrodict.neutron_star.ansatz import PiecewisePolytropes as PiecewisePolytropes
    from retrodict.neutron_star.ansatz import SpectralSoundSpeed as SpectralSoundSpeed
    from retrodict.neutron_star.eos.equation_of_state import EquationOfState as EquationOfState
    from retrodict.neutron_star.eos.equation_of_state import from_piecewise_polytropes as from_piecewise_polytropes
    from retrodict.neutron_star.eos.equation_of_state import from_sound_speed as from_sound_speed
    from retrodict.neutron_star.eos.equation_of_state import from_table as from_table
    from retrodict.neutron_star.forward import Stars as Stars
    from retrodict.neutron_star.likelihood.measured_stars import MarginalMassRadius as MarginalMassRadius
    from retrodict.neutron_star.likelihood.measured_stars import ProfileMassRadius as ProfileMassRadius
    from retrodict.neutron_star.likelihood.measured_stars import PulsarMass as PulsarMass
    from retrodict.neutron_star.likelihood.theory import PressureBand as PressureBand
    from retrodict.neutron_star.likelihood.theory import Reachability as Reachability
    from retrodict.neutron_star.likelihood.theory import read_pressure_band as read_pressure_band
    from retrodict.neutron_star.problems import problem as problem
    from retrodict.neutron_star.problems import reproduction as reproduction
    from retrodict.neutron_star.readers.data import observations as observations
    from retrodict.neutron_star.readers.data import read_equation_of_state as read_equation_of_state
    from retrodict.neutron_star.readers.data import read_mass_radius_samples as read_mass_radius_samples
    from retrodict.neutron_star.readers.data import read_observations as read_observations
    from retrodict.neutron_star.readers.data import read_tidal_samples as read_tidal_samples
    from retrodict.neutron_star.stars.sequence import StellarSequence as StellarSequence
    from retrodict.neutron_star.stars.sequence import maximum_mass as maximum_mass
    from retrodict.neutron_star.stars.sequence import star_at_mass as star_at_mass
    from retrodict.neutron_star.stars.sequence import stars_at_mass as stars_at_mass
    from retrodict.neutron_star.stars.tov import solve as solve
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
