"""Generative models of distributions, and the corrections that make exact samplers of them.

A model proposes; what it knows of its own density decides how it may be corrected. Names are imported on first use.
"""

from retrodict.base.lazy import lazy_names

_HOME = {
    "AbstractModel": "model",
    "AbstractScore": "score",
    "AnnealedLangevin": "annealing",
    "Density": "model",
    "Diffusion": "diffusion",
    "FromAction": "learners",
    "FromData": "learners",
    "importance": "exact",
    "information": "diffusion",
    "Perceptron": "score",
    "PredictorCorrector": "diffusion",
    "ProbabilityFlow": "diffusion",
    "ReverseSDE": "diffusion",
    "Sample": "model",
    "selected": "exact",
    "trained": "learners",
    "VarianceExploding": "noise",
    "VariancePreserving": "noise",
}

__getattr__, __dir__ = lazy_names(__name__, _HOME)
