r"""Two modes that a change of all signs exchanges, made of a model of one of them.

Where the theory has the symmetry $x\to-x$, the model

$$p(x) = \tfrac12\left[q(x) + q(-x)\right]$$

has both modes in equal shares, whatever q is. What is modelled is the deviation $y = x - c$ of the fields of positive
mean from their average c: deep in a broken phase it has one mode, and nearly is a Gaussian field. Both terms of the
density are kept, so that it is exact where the modes overlap too, where q reaches beyond zero.

Source of the idea, a mixture of broken-symmetry flows: Hackett, Hsieh, Pontula, Albergo, Boyda, Chen, Chen, Cranmer,
Kanwar, Shanahan, arXiv:2107.00734.
"""

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.generate.continuous_flow import EquivariantFlow
from retrodict.generate.coupling import CheckerboardFlow, MatsubaraFlow
from retrodict.generate.model import AbstractModel, Density, Recipe, Sample, real_field


class TwoModes(AbstractModel):
    """`one` models the deviation from `centre` of fields of positive mean; the other mode is its mirror image."""

    density: ClassVar[Density] = Density.EXACT
    unbounded: ClassVar[bool] = True
    one: AbstractModel
    centre: Scalar

    @property
    def weights(self) -> PyTree:
        """Those of the model of one mode."""
        return self.one.weights

    def sample(self, key: Key) -> Sample:
        sign_key, one_key = jr.split(key)
        y, log_prob = self.one.sample(one_key)
        assert log_prob is not None
        x = self.centre + y
        sign = jr.rademacher(sign_key, (), x.dtype)
        return Sample(sign * x, _mixed(log_prob, self._of_one(-x)))

    def log_prob(self, x: Array) -> Scalar:
        """log q(x) + q(-x), less ln 2."""
        return _mixed(self._of_one(x), self._of_one(-x))

    def loss(self, x: Array, key: Key) -> Scalar:
        """That of the one mode, on the side of x where the mean is positive."""
        return self.one.loss(folded(x) - self.centre, key)

    def adapted(self, examples: Float[Array, "examples ..."]) -> "TwoModes":
        """About the mean of the examples, all turned to positive means."""
        one_side = jax.vmap(folded)(examples)
        centre = jnp.mean(one_side)
        return eqx.tree_at(lambda m: (m.one, m.centre), self, (self.one.adapted(one_side - centre), centre))

    def settled(self, examples: Float[Array, "examples ..."]) -> "TwoModes":
        """As the one mode is settled."""
        return eqx.tree_at(lambda m: m.one, self, self.one.settled(jax.vmap(folded)(examples) - self.centre))

    def _of_one(self, x: Array) -> Scalar:
        return self.one.log_prob(x - self.centre)


@dataclass(frozen=True)
class Symmetrised:
    """The recipe: `model`, of exact density and best without the symmetry itself, as one of two modes."""

    model: EquivariantFlow | CheckerboardFlow | MatsubaraFlow | Recipe = field(
        default_factory=lambda: EquivariantFlow(odd=False)
    )

    references: ClassVar[tuple[str, ...]] = ("hackett2021",)

    def on(self, target: Any, key: Key) -> TwoModes:
        """Both modes about zero, until `adapted` finds them.

        Raises `InputError` unless fields are one real number a site and the model knows the density of any of them.
        """
        like = real_field(target, key, "two modes of opposite sign are")
        one = self.model.on(target, key)
        if one.density is not Density.EXACT:
            got = f"{type(one).__name__} ({one.density.value})"
            raise InputError("the density of a mirror image must be known too", got=got, expected="exact")
        return TwoModes(one=one, centre=jnp.zeros((), like.dtype))  # type: ignore[call-arg]


def folded(x: Array) -> Array:
    """x or -x, whichever has the positive mean."""
    return jnp.where(jnp.mean(x) < 0, -x, x)


def _mixed(one: Scalar, other: Scalar) -> Scalar:
    """The logarithm of the mean of two densities."""
    return jnp.logaddexp(one, other) - math.log(2)
