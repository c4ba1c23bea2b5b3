"""Priors over spectral functions, exchanged by one argument."""

from retrodict.spectral.ansatz.free import FreeGrid
from retrodict.spectral.ansatz.frequency_grid import AbstractSpectrum, FrequencyGrid
from retrodict.spectral.ansatz.mixture import PeaksAndContinuum, SumOfParts
from retrodict.spectral.ansatz.network import NeuralFunction, NeuralList
from retrodict.spectral.ansatz.smooth import SmoothSpectrum
from retrodict.spectral.ansatz.sparse import SparseSpectrum
from retrodict.spectral.ansatz.total_weight import WithTotalWeight

__all__ = [
    "AbstractSpectrum",
    "FreeGrid",
    "FrequencyGrid",
    "NeuralFunction",
    "NeuralList",
    "PeaksAndContinuum",
    "SmoothSpectrum",
    "SparseSpectrum",
    "SumOfParts",
    "WithTotalWeight",
]
