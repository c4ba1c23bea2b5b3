"""Generative models of distributions, and the corrections that make exact samplers of them.

A model proposes; what it knows of its own density decides how it may be corrected. Names are imported on first use.
"""

from retrodict.base.lazy import lazy_names

_HOME = {
    "AbstractExplicit": "explicit",
    "AbstractModel": "model",
    "AbstractScore": "score",
    "Affine": "elementwise",
    "AnnealedLangevin": "annealing",
    "CheckerboardFlow": "coupling",
    "Density": "model",
    "Diffusion": "diffusion",
    "EquivariantFlow": "continuous_flow",
    "FromAction": "learners",
    "FromData": "learners",
    "importance": "exact",
    "information": "diffusion",
    "load_model": "saved",
    "MatsubaraFlow": "coupling",
    "Perceptron": "score",
    "PredictorCorrector": "diffusion",
    "ProbabilityFlow": "diffusion",
    "Recipe": "model",
    "ReverseSDE": "diffusion",
    "Sample": "model",
    "save_model": "saved",
    "independence_metropolis": "exact",
    "Spline": "elementwise",
    "Symmetrised": "symmetrised",
    "with_trained_weights": "learners",
    "VarianceExploding": "noise",
    "VariancePreserving": "noise",
}

__getattr__, __dir__ = lazy_names(__name__, _HOME)
