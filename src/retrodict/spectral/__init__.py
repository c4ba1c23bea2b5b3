"""Spectral functions: Euclidean correlators -> the spectral function behind them, with bands that can be trusted.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if TYPE_CHECKING:
    from retrodict.spectral.amortised import amortised_reconstruction as amortised_reconstruction
    from retrodict.spectral.ansatz import FreeGrid as FreeGrid
    from retrodict.spectral.ansatz import NeuralFunction as NeuralFunction
    from retrodict.spectral.ansatz import NeuralList as NeuralList
    from retrodict.spectral.ansatz import PeaksAndContinuum as PeaksAndContinuum
    from retrodict.spectral.ansatz import SmoothSpectrum as SmoothSpectrum
    from retrodict.spectral.ansatz import SparseSpectrum as SparseSpectrum
    from retrodict.spectral.ansatz import WithTotalWeight as WithTotalWeight
    from retrodict.spectral.ansatz.layers import ListNetwork as ListNetwork
    from retrodict.spectral.ansatz.layers import PointNetwork as PointNetwork
    from retrodict.spectral.autocorrelation import integrated_times as integrated_times
    from retrodict.spectral.classical.compare import compare_methods as compare_methods
    from retrodict.spectral.classical.problem import linear_problem as linear_problem
    from retrodict.spectral.correlator import Correlator as Correlator
    from retrodict.spectral.correlator import check_sign as check_sign
    from retrodict.spectral.correlator import check_symmetry as check_symmetry
    from retrodict.spectral.data import read_correlator as read_correlator
    from retrodict.spectral.data import read_samples as read_samples
    from retrodict.spectral.estimation import Errors as Errors
    from retrodict.spectral.estimation import estimate as estimate
    from retrodict.spectral.estimation import hartlap_inflation as hartlap_inflation
    from retrodict.spectral.kernels import BosonicMatsubara as BosonicMatsubara
    from retrodict.spectral.kernels import EvenMatsubara as EvenMatsubara
    from retrodict.spectral.kernels import FermionicMatsubara as FermionicMatsubara
    from retrodict.spectral.kernels import KallenLehmann as KallenLehmann
    from retrodict.spectral.kernels import Thermal as Thermal
    from retrodict.spectral.kernels import UserKernel as UserKernel
    from retrodict.spectral.kernels import ZeroTemperature as ZeroTemperature
    from retrodict.spectral.mock import MockCorrelator as MockCorrelator
    from retrodict.spectral.problems import problem as problem
    from retrodict.spectral.published import published_reconstruction as published_reconstruction
    from retrodict.spectral.resampling import Bootstrap as Bootstrap
    from retrodict.spectral.resampling import Jackknife as Jackknife
    from retrodict.spectral.samples import CorrelatorSamples as CorrelatorSamples
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
