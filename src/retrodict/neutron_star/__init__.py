"""Neutron stars: masses, radii and tidal deformabilities -> the equation of state of cold dense matter.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from retrodict.base.lazy import lazy_names

_HOME = {
    "EquationOfState": "eos",
    "FirstOrderTransition": "ansatz",
    "GaussianProcessSoundSpeed": "ansatz",
    "MarginalMassRadius": "likelihood",
    "NeuralPressure": "ansatz",
    "NeuralSoundSpeed": "ansatz",
    "PiecewiseLinearSoundSpeed": "ansatz",
    "PiecewisePolytropes": "ansatz",
    "ProfileMassRadius": "likelihood",
    "PressureBand": "theory",
    "PulsarMass": "likelihood",
    "Reachability": "theory",
    "Spectral": "ansatz",
    "Stars": "forward",
    "StellarSequence": "sequence",
    "from_piecewise_polytropes": "eos",
    "from_sound_speed": "eos",
    "from_table": "eos",
    "maximum_mass": "sequence",
    "observations": "data",
    "problem": "problems",
    "read_equation_of_state": "data",
    "read_mass_radius_samples": "data",
    "read_observations": "data",
    "read_pressure_band": "theory",
    "read_tidal_samples": "data",
    "reproduction": "problems",
    "solve": "tov",
    "star_at_mass": "sequence",
    "stars_at_mass": "sequence",
}

__getattr__, __dir__ = lazy_names(__name__, _HOME)
