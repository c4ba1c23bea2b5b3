"""What is sought: priors over spectral functions, swapped by one argument."""

from retrodict.spectral.ansatz.frame import AbstractSpectrum, Frame
from retrodict.spectral.ansatz.mixture import PeaksAndContinuum, SumOfParts
from retrodict.spectral.ansatz.smooth import SmoothSpectrum

__all__ = ["AbstractSpectrum", "Frame", "PeaksAndContinuum", "SmoothSpectrum", "SumOfParts"]
