"""The recipe of the autoregressive models: which of them serves which interaction."""

from dataclasses import dataclass
from typing import ClassVar

from retrodict.base.errors import InputError
from retrodict.base.types import Key
from retrodict.generate.explicit import AbstractExplicit
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.core.interactions import AngleBonds, HoppingField, PlanePlaquettes
from retrodict.lattice.models.autoregressive.angles import angle_mixture
from retrodict.lattice.models.autoregressive.network import Size
from retrodict.lattice.models.autoregressive.plaquettes import flux_mixture
from retrodict.lattice.models.autoregressive.scalar import normal_mixture
from retrodict.lattice.models.u1.flux import Haar
from retrodict.problem.target import AbstractTarget


@dataclass(frozen=True)
class Autoregressive:
    """An autoregressive model: each number is drawn from a mixture whose parameters depend on the earlier ones.

    For the angles of an XY model and for a phi^4 field (lattice convention), sites are drawn in turn, on a lattice of
    even extents; for U(1) links in two dimensions, plaquettes are.

    Args:
        components: of each mixture; of a scalar field these are pairs of opposite sign.
        channels: linear combinations of the earlier sites; of plaquettes, harmonics of the flux of the earlier ones.
        width: hidden units of each site's network; of plaquettes, of the one network with two layers.

    Example:
        >>> import equinox as eqx, jax.random as jr
        >>> from retrodict.lattice import XY, Autoregressive
        >>> model = eqx.filter_eval_shape(Autoregressive().on, XY((8, 8), beta=1.0), jr.key(0))  # nothing is computed
        >>> type(model).__name__, model.weights.causal.shape
        ('AngleMixture', (32, 8, 32))
    """

    components: int = 3
    channels: int = 8
    width: int = 24

    references: ClassVar[tuple[str, ...]] = ("wang2022can", "wu2019")  # keys of the bibliography

    def on(self, target: AbstractTarget, key: Key) -> AbstractExplicit:
        """The untrained model of a theory: a free field, or uniform links.

        Args:
            target: a lattice action.
            key: random key of the initial weights.

        Raises:
            InputError: for other theories, odd extents and sizes below one.
        """
        if min(self.components, self.channels, self.width) < 1:
            raise InputError("no such model", got=str(self), expected="components, channels, width >= 1")
        if isinstance(target, AbstractAction):
            size, dtype = Size(self.components, self.channels, self.width), target.cold().dtype
            match target.interaction:
                case AngleBonds(beta):
                    return angle_mixture(size, target.shape, beta, dtype, key)
                case HoppingField(kappa, lam):
                    return normal_mixture(size, target.shape, kappa, lam, dtype, key)
                case PlanePlaquettes():
                    return flux_mixture(size, Haar().on(target, key), key)
        expected = "XY angles, phi^4 in the lattice convention, U(1) links in two dimensions"
        raise InputError(
            "there is no autoregressive model of this theory", got=type(target).__name__, expected=expected
        )
