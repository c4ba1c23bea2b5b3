r"""What a generative model is: it draws configurations, and says what it knows of their density.

The weight of a draw is $w = e^{-S(x)} / q(x)$ where q is known. Where only the probability of the whole path to x is,
q is replaced by the ratio of the forward and the backward path densities: $\langle w\rangle = Z$ holds all the same, so
that independence Metropolis and importance weights (`generate.exact`) are the same functions for both.

Source of the path-space form: Jarzynski, Phys. Rev. Lett. 78 (1997) 2690.
"""

from abc import abstractmethod
from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, TypeVar, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.problem.target import AbstractTarget

if TYPE_CHECKING:  # what a type checker is to make of it
    from typing import ClassVar as AbstractClassVar
else:
    from equinox import AbstractClassVar


class Density(Enum):
    """What a model knows of the density of its draws, and hence which correction is open to it."""

    EXACT = "exact"  # log q(x), of any x: weights, independence Metropolis, proposals mixed into a chain
    PATH = "path-space"  # of the path that led to x: weights and independence Metropolis
    UNKNOWN = "unknown"  # nothing: only a chain that starts at the draws, and forgets them


class Sample(NamedTuple):
    """One draw; `log_prob` is log q, or its path-space form, or None."""

    x: Array
    log_prob: Scalar | None


class AbstractModel(eqx.Module):
    """A distribution over arrays of one shape. `weights` is all that training changes."""

    density: AbstractClassVar[Density]
    unbounded: ClassVar[bool] = False  # whether its numbers range over the whole line: not for angles
    weights: eqx.AbstractVar[PyTree]

    @abstractmethod
    def sample(self, key: Key) -> Sample:
        """One draw; independent of all others."""

    @abstractmethod
    def loss(self, x: Array, key: Key) -> Scalar:
        """The loss of one example, averaged over noise by `key`: small where the model would have drawn it."""

    def log_prob(self, x: Array) -> Scalar:
        """log q of any configuration, where the density is exact. Raises `InputError` where it is not."""
        got = f"{type(self).__name__} ({self.density.value})"
        raise InputError("the model does not know the density of a given configuration", got=got, expected="exact")

    def reverse_loss(self, target: AbstractTarget, key: Key) -> Scalar:
        """log q - log p of one draw, with the gradient in the weights that training on an action follows.

        Raises `InputError` for a model without a density.
        """
        x, log_prob = self.sample(key)
        if log_prob is None:
            got = f"{type(self).__name__} ({self.density.value})"
            raise InputError("the model does not know the density of its draws", got=got, expected="exact")
        return log_prob - target.log_density(x)

    def adapted(self, examples: Float[Array, "examples ..."]) -> "AbstractModel":
        """The model with what is measured rather than learnt, a scale or a spectrum, taken from `examples`.

        May be compiled: the outcome differs from `self` in the content of arrays only. Nothing, unless the model says
        otherwise.
        """
        return self

    def settled(self, examples: Float[Array, "examples ..."]) -> "AbstractModel":
        """The trained model with what is measured of its weights, the steps in which it draws, from `examples`.

        Compiled as `adapted` is. Nothing, unless the model says otherwise.
        """
        return self


@runtime_checkable
class Recipe(Protocol):
    """A model before it is known of what: a frozen dataclass that a config can name."""

    def on(self, target: Any, key: Key) -> AbstractModel:
        """An untrained model for the fields of `target`. Raises `InputError` where it does not apply."""
        ...


def real_field(target: AbstractTarget, key: Key, model: str) -> jax.ShapeDtypeStruct:
    """Shape and type of the fields of `target`. Raises `InputError` unless they are one real number a site."""
    like = jax.eval_shape(target.init, key)
    if not isinstance(like, jax.ShapeDtypeStruct) or not jnp.issubdtype(like.dtype, jnp.floating):
        raise InputError(f"{model} for real fields", got=type(target).__name__, expected="phi^4, paths")
    return like


M = TypeVar("M", bound=AbstractModel)


def with_weights(model: M, weights: PyTree) -> M:
    """The same model with other weights."""
    return eqx.tree_at(lambda m: m.weights, model, weights, is_leaf=lambda leaf: leaf is None)
