"""Generative models, and the corrections that make exact samplers of them.

A model draws configurations independently of each other. How its bias is removed depends on what is known of the
density of its draws: `Density`. Names are imported on first use.
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
    "Diffusion": "score",
    "EquivariantFlow": "continuous_flow",
    "FromAction": "learners",
    "FromData": "learners",
    "importance": "exact",
    "independence_metropolis": "exact",
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
    "Spline": "elementwise",
    "Symmetrised": "symmetrised",
    "VarianceExploding": "noise",
    "VariancePreserving": "noise",
    "with_trained_weights": "learners",
}

__getattr__, __dir__ = lazy_names(__name__, _HOME)
