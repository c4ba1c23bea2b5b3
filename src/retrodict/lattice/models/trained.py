"""The models that `IndependenceMetropolis` can train, and one that it has trained, as the model of another run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

from retrodict.base.types import Key
from retrodict.generate.continuous_flow import EquivariantFlow
from retrodict.generate.coupling import CheckerboardFlow, MatsubaraFlow
from retrodict.generate.model import AbstractModel, Recipe
from retrodict.generate.saved import load_model
from retrodict.generate.symmetrised import Symmetrised
from retrodict.lattice.models.autoregressive.recipe import Autoregressive
from retrodict.lattice.models.gauge_flow import GaugeFlow
from retrodict.lattice.models.scalar_score import ScalarDiffusion
from retrodict.lattice.models.u1.flux import SharedFlux
from retrodict.lattice.models.u1.training import U1Diffusion

MODEL_FILE: Final = "model.npz"

Untrained: TypeAlias = (
    EquivariantFlow
    | CheckerboardFlow
    | MatsubaraFlow
    | ScalarDiffusion
    | Autoregressive
    | U1Diffusion
    | SharedFlux
    | GaugeFlow
    | Symmetrised
)


@dataclass(frozen=True)
class Trained:
    """The model in the file `path`, `model.npz` of a run directory, which `recipe` made.

    Without `data` and `fit` nothing is learnt anew. A model of another action, volume or recipe is refused, and the
    fields that differ are named.
    """

    path: Path
    recipe: Untrained | Recipe

    def on(self, target: Any, key: Key) -> AbstractModel:
        """The model of the file. Raises `InputError` where it is damaged, or not of this target."""
        return load_model(self.path, self.recipe, target)


def untrained(recipe: Untrained | Trained | Recipe) -> Untrained | Recipe:
    """What made the model in the first place."""
    return recipe.recipe if isinstance(recipe, Trained) else recipe
