"""Generative models of distributions, and the corrections that make exact samplers of them.

A model proposes; what it knows of its own density decides how it may be corrected. Names are imported on first use.
"""

from retrodict.base.lazy import lazy_names

_HOME = {
    "AbstractExplicit": "explicit",
    "AbstractModel": "model",
    "Affine": "elementwise",
    "CheckerboardFlow": "coupling",
    "Density": "model",
    "EquivariantFlow": "continuous_flow",
    "FromAction": "learners",
    "FromData": "learners",
    "importance": "exact",
    "load_model": "saved",
    "MatsubaraFlow": "coupling",
    "Recipe": "model",
    "Sample": "model",
    "save_model": "saved",
    "Spline": "elementwise",
    "selected": "exact",
    "trained": "learners",
}

__getattr__, __dir__ = lazy_names(__name__, _HOME)
