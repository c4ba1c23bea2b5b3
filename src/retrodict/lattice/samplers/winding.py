"""Updates that change the topological charge of U(1) in two dimensions: the uniform flux of one unit, added or taken.

Proposed with either sign and accepted by Metropolis, the update is exact; local updates freeze at large beta, this one
does not: the action of the uniform flux falls as 1 / volume.
"""

from dataclasses import dataclass

import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.samplers.updates import Moved, Untuned, metropolis


@dataclass(frozen=True)
class WindingStep(Untuned):
    """Propose Q -> Q +- 1."""

    def check(self, action: AbstractAction) -> None:
        """Raise `InputError` for other theories."""
        if not action.has_charge:
            got, fix = type(action).__name__, "method.winding: false"
            raise InputError("winding updates are for U(1) in two dimensions", got=got, fix=fix)

    def apply(self, action: AbstractAction, x: Float[Array, "2 columns rows"], key: Key, size: Scalar | float) -> Moved:
        """Add the uniform flux of one unit with a random sign.

        Args:
            action: U(1) in two dimensions.
            x: link angles [radians].
            key: random key.
            size: not used.
        """
        sign_key, accept_key = jr.split(key)
        new = x + jr.rademacher(sign_key, (), x.dtype) * jnp.asarray(uniform_flux(action.shape), x.dtype)
        return metropolis(accept_key, x, new, action.action(new) - action.action(x))


def uniform_flux(shape: tuple[int, ...]) -> Float[np.ndarray, "2 columns rows"]:
    """Link angles [radians] with the same flux 2 pi / V through every plaquette: Q = 1."""
    columns, rows = shape
    links = np.zeros((2, columns, rows))
    links[1] = 2 * np.pi / (columns * rows) * np.arange(columns)[:, None]
    links[0, -1] = -2 * np.pi / rows * np.arange(rows)
    return links
