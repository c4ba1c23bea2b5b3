"""Spectral functions: Euclidean correlators -> the spectral function behind them, with bands that can be trusted.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from retrodict.base.lazy import lazy_names

_HOME = {
    "amortised_reconstruction": "amortised",
    "Bootstrap": "resampling",
    "BosonicMatsubara": "kernels",
    "check_sign": "correlator",
    "check_symmetry": "correlator",
    "compare_methods": "classical.compare",
    "Correlator": "correlator",
    "CorrelatorSamples": "samples",
    "Errors": "estimate",
    "estimate": "estimate",
    "EvenMatsubara": "kernels",
    "FermionicMatsubara": "kernels",
    "FreeGrid": "ansatz",
    "hartlap_inflation": "estimate",
    "integrated_times": "autocorrelation",
    "Jackknife": "resampling",
    "KallenLehmann": "kernels",
    "linear_problem": "classical.problem",
    "ListNetwork": "ansatz.layers",
    "MockCorrelator": "mock",
    "NeuralFunction": "ansatz",
    "NeuralList": "ansatz",
    "PeaksAndContinuum": "ansatz",
    "PointNetwork": "ansatz.layers",
    "problem": "problems",
    "published_reconstruction": "published",
    "read_correlator": "data",
    "read_samples": "data",
    "SmoothSpectrum": "ansatz",
    "SparseSpectrum": "ansatz",
    "Thermal": "kernels",
    "UserKernel": "kernels",
    "WithTotalWeight": "ansatz",
    "ZeroTemperature": "kernels",
}

__getattr__, __dir__ = lazy_names(__name__, _HOME)
