"""Equations of state from standard-normal latents: seven ansaetze, all above the same marginalised crust."""

from retrodict.neutron_star.ansatz.parts import CoreGrid, RandomFunction, log_stiffness_trend
from retrodict.neutron_star.ansatz.pressure import NeuralPressure, PiecewisePolytropes
from retrodict.neutron_star.ansatz.sound_speed import (
    FirstOrderTransition,
    GaussianProcessSoundSpeed,
    NeuralSoundSpeed,
    PiecewiseLinearSoundSpeed,
    SpectralSoundSpeed,
)

__all__ = [
    "CoreGrid",
    "FirstOrderTransition",
    "GaussianProcessSoundSpeed",
    "NeuralPressure",
    "NeuralSoundSpeed",
    "PiecewiseLinearSoundSpeed",
    "PiecewisePolytropes",
    "RandomFunction",
    "SpectralSoundSpeed",
    "log_stiffness_trend",
]
