"""Neutron stars: masses, radii and tidal deformabilities -> the equation of state of cold dense matter.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from retrodict.base.lazy import lazy_names

_HOME = {
    "EquationOfState": "eos.equation_of_state",
    "FirstOrderTransition": "ansatz",
    "GaussianProcessSoundSpeed": "ansatz",
    "MarginalMassRadius": "likelihood.measured_stars",
    "NeuralPressure": "ansatz",
    "NeuralSoundSpeed": "ansatz",
    "PiecewiseLinearSoundSpeed": "ansatz",
    "PiecewisePolytropes": "ansatz",
    "ProfileMassRadius": "likelihood.measured_stars",
    "PressureBand": "likelihood.theory",
    "PulsarMass": "likelihood.measured_stars",
    "Reachability": "likelihood.theory",
    "SpectralSoundSpeed": "ansatz",
    "Stars": "forward",
    "StellarSequence": "stars.sequence",
    "from_piecewise_polytropes": "eos.equation_of_state",
    "from_sound_speed": "eos.equation_of_state",
    "from_table": "eos.equation_of_state",
    "maximum_mass": "stars.sequence",
    "observations": "readers.data",
    "problem": "problems",
    "read_equation_of_state": "readers.data",
    "read_mass_radius_samples": "readers.data",
    "read_observations": "readers.data",
    "read_pressure_band": "likelihood.theory",
    "read_tidal_samples": "readers.data",
    "reproduction": "problems",
    "solve": "stars.tov",
    "star_at_mass": "stars.sequence",
    "stars_at_mass": "stars.sequence",
}

__getattr__, __dir__ = lazy_names(__name__, _HOME)
