"""The models that `IndependenceMetropolis` can train, and a trained one as the model of another run."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from retrodict.base.types import Key
from retrodict.generate.continuous_flow import EquivariantFlow
from retrodict.generate.coupling import CheckerboardFlow, MatsubaraFlow
from retrodict.generate.model import AbstractModel, Recipe
from retrodict.generate.saved import load_model, transfer_model
from retrodict.generate.symmetrised import Symmetrised
from retrodict.lattice.models.autoregressive.recipe import Autoregressive
from retrodict.lattice.models.gauge_flow import GaugeFlow
from retrodict.lattice.models.scalar_score import ScalarDiffusion
from retrodict.lattice.models.u1.flux import SharedFlux
from retrodict.lattice.models.u1.training import U1Diffusion
from retrodict.problem.target import AbstractTarget

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
    """A model that another run has trained. Without `data` and `fit` of the new run it is used as it is.

    A model of another action, volume or recipe is refused, and the fields that differ are named; with `transfer` it may
    be one of another coupling and volume. Its weights are then taken as they are, and draws are as exact as any:
    corrected by their own weights, of which the report tells how even they are.

    Args:
        path: the file of the model, `model.npz` of a run directory.
        recipe: the recipe by which it was made.
        transfer: whether to move the weights from the coupling and the volume of their training to those of this run:
            of `U1Diffusion`, `GaugeFlow`, `SharedFlux` and `Autoregressive`, whose weights know neither.

    Example:
        >>> from pathlib import Path
        >>> from retrodict.generate import EquivariantFlow
        >>> from retrodict.lattice import IndependenceMetropolis, Trained
        >>> flow = Trained(Path("runs/flow/model.npz"), EquivariantFlow())
        >>> IndependenceMetropolis(flow, data=None, fit=None, draws=100, batch=640).lengths
        {'gather': 0, 'fit': 0, 'reverse_kl': 0, 'draw': 12}
    """

    path: Path
    recipe: Untrained | Recipe
    transfer: bool = False

    def on(self, target: AbstractTarget, key: Key) -> AbstractModel:
        """The model of the file.

        Args:
            target: the action for which it was trained; to which it is moved with `transfer`.
            key: random key of the draws on which the sampler of a moved model is tuned.

        Raises:
            InputError: if the file is damaged, or its model was trained for another target or by another recipe; with
                `transfer`, if its weights cannot be moved.
        """
        if self.transfer:
            return transfer_model(self.path, self.recipe, target, key)
        return load_model(self.path, self.recipe, target)


def untrained(recipe: Untrained | Trained | Recipe) -> Untrained | Recipe:
    """The recipe by which a model was made.

    Args:
        recipe: a recipe, or a trained model.
    """
    return recipe.recipe if isinstance(recipe, Trained) else recipe
