"""Generative models, and the corrections that make exact samplers of them.

A model draws configurations independently of each other. How its bias is removed depends on what is known of the
density of its draws: `Density`. Names are imported on first use.
"""

from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if TYPE_CHECKING:
    from retrodict.generate.annealing import AnnealedLangevin as AnnealedLangevin
    from retrodict.generate.continuous_flow import EquivariantFlow as EquivariantFlow
    from retrodict.generate.coupling import CheckerboardFlow as CheckerboardFlow
    from retrodict.generate.coupling import MatsubaraFlow as MatsubaraFlow
    from retrodict.generate.diffusion import PredictorCorrector as PredictorCorrector
    from retrodict.generate.diffusion import ProbabilityFlow as ProbabilityFlow
    from retrodict.generate.diffusion import ReverseSDE as ReverseSDE
    from retrodict.generate.diffusion import information as information
    from retrodict.generate.elementwise import Affine as Affine
    from retrodict.generate.elementwise import Spline as Spline
    from retrodict.generate.exact import importance as importance
    from retrodict.generate.exact import independence_metropolis as independence_metropolis
    from retrodict.generate.explicit import AbstractExplicit as AbstractExplicit
    from retrodict.generate.learners import FromAction as FromAction
    from retrodict.generate.learners import FromData as FromData
    from retrodict.generate.learners import with_trained_weights as with_trained_weights
    from retrodict.generate.model import AbstractModel as AbstractModel
    from retrodict.generate.model import Density as Density
    from retrodict.generate.model import Recipe as Recipe
    from retrodict.generate.model import Sample as Sample
    from retrodict.generate.noise import VarianceExploding as VarianceExploding
    from retrodict.generate.noise import VariancePreserving as VariancePreserving
    from retrodict.generate.saved import load_model as load_model
    from retrodict.generate.saved import save_model as save_model
    from retrodict.generate.score import AbstractScore as AbstractScore
    from retrodict.generate.score import Diffusion as Diffusion
    from retrodict.generate.score import Perceptron as Perceptron
    from retrodict.generate.symmetrised import Symmetrised as Symmetrised
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
