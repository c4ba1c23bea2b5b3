r"""The mixture of a model and its mirror image, for a theory with two modes of opposite sign.

Where the theory has the symmetry $x\to-x$, the mixture

$$p(x) = \tfrac12\left[q(x) + q(-x)\right]$$

has both modes with equal probability for any q. The component q models the deviation $y = x - c$ of the fields of
positive mean from their average c: deep in a broken phase it has one mode, and is nearly Gaussian. Both terms of the
density are kept, so that it is exact also where the two components overlap.

Source of the idea, a mixture of broken-symmetry flows: Hackett, Hsieh, Pontula, Albergo, Boyda, Chen, Chen, Cranmer,
Kanwar, Shanahan, arXiv:2107.00734.
"""

import math
from dataclasses import dataclass, field
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.generate.continuous_flow import EquivariantFlow
from retrodict.generate.coupling import CheckerboardFlow, MatsubaraFlow
from retrodict.generate.model import AbstractModel, Density, Recipe, Sample, real_field
from retrodict.problem.target import AbstractTarget


class TwoModes(AbstractModel):
    """Equal mixture of a model of one mode and its mirror image: made by `Symmetrised`."""

    density: ClassVar[Density] = Density.EXACT  # that of the mixture
    unbounded: ClassVar[bool] = True  # its numbers are real
    component: AbstractModel  # of the deviation from the centre, for fields of positive mean
    centre: Scalar  # average of the fields of positive mean

    @property
    def weights(self) -> PyTree:
        """Those of the component."""
        return self.component.weights

    def sample(self, key: Key) -> Sample:
        sign_key, draw_key = jr.split(key)
        y, log_prob = self.component.sample(draw_key)
        assert log_prob is not None
        x = self.centre + y
        sign = jr.rademacher(sign_key, (), x.dtype)
        return Sample(sign * x, _mixture(log_prob, self._log_component(-x)))

    def log_prob(self, x: Float[Array, "*site"]) -> Scalar:
        """ln [q(x) + q(-x)] - ln 2."""
        return _mixture(self._log_component(x), self._log_component(-x))

    def loss(self, x: Float[Array, "*site"], key: Key) -> Scalar:
        """The loss of the component for x or -x, whichever has the positive mean."""
        return self.component.loss(fold(x) - self.centre, key)

    def initialise_from(self, examples: Float[Array, "examples *site"]) -> "TwoModes":
        """Set the centre to the mean of the examples, folded to positive means, and initialise the component."""
        one_side = jax.vmap(fold)(examples)
        centre = jnp.mean(one_side)
        return eqx.tree_at(
            lambda m: (m.component, m.centre), self, (self.component.initialise_from(one_side - centre), centre)
        )

    def tune_sampler(self, examples: Float[Array, "examples *site"]) -> "TwoModes":
        """Tune the component."""
        return eqx.tree_at(
            lambda m: m.component, self, self.component.tune_sampler(jax.vmap(fold)(examples) - self.centre)
        )

    def _log_component(self, x: Float[Array, "*site"]) -> Scalar:
        return self.component.log_prob(x - self.centre)


@dataclass(frozen=True)
class Symmetrised:
    """The recipe of a mixture with the mirror image (a mixture of broken-symmetry flows).

    Args:
        model: recipe of one component, of exact density and best without the symmetry itself.

    Example:
        >>> Symmetrised().model.odd
        False
    """

    model: EquivariantFlow | CheckerboardFlow | MatsubaraFlow | Recipe = field(
        default_factory=lambda: EquivariantFlow(odd=False)
    )

    references: ClassVar[tuple[str, ...]] = ("hackett2021",)  # keys of the bibliography

    def on(self, target: AbstractTarget, key: Key) -> TwoModes:
        """Make an untrained mixture, its centre at zero until `initialise_from` sets it.

        Args:
            target: the density to be sampled, of one real number a site.
            key: random key of the component.

        Raises:
            InputError: unless fields are one real number a site and the density of the component is exact.
        """
        like = real_field(target, key, "two modes of opposite sign are")
        component = self.model.on(target, key)
        if component.density is not Density.EXACT:
            got = f"{type(component).__name__} ({component.density.value})"
            raise InputError("the density of the mirror image must be exact too", got=got, expected="exact")
        return TwoModes(component=component, centre=jnp.zeros((), like.dtype))  # type: ignore[call-arg]


def fold(x: Float[Array, "*site"]) -> Float[Array, "*site"]:
    """x or -x, whichever has the positive mean.

    Args:
        x: a field, shape `*site`.
    """
    return jnp.where(jnp.mean(x) < 0, -x, x)


def _mixture(log_first: Scalar, log_second: Scalar) -> Scalar:
    """The logarithm of the mean of two densities."""
    return jnp.logaddexp(log_first, log_second) - math.log(2)
