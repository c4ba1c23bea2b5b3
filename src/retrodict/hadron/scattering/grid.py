"""Equidistant radii on which a potential and waves are tabulated."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from retrodict.base.errors import InputError


class RadialGrid(eqx.Module):
    """The radii step, 2 step, ..., points * step; the origin, where every wave vanishes, is not among them.

    Args:
        step: distance of neighbours [fm].
        points: how many; the last radius lies outside the range of the force.

    Raises:
        InputError: for a step that is not positive, or fewer than eight points.
    """

    step: float = eqx.field(static=True)
    points: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        if not 0 < self.step < float("inf"):
            raise InputError("the step of a radial grid", got=str(self.step), expected="a positive length in fm")
        if self.points < 8:
            raise InputError("too few radii", got=str(self.points), expected="at least 8")

    @property
    def r(self) -> Float[Array, " points"]:
        """The radii [fm]."""
        return self.step * jnp.arange(1, self.points + 1)
