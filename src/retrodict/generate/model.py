r"""The contract of a generative model: it draws configurations, and states what is known of their density.

The weight of a draw is $w = e^{-S(x)} / q(x)$ where the density q is known. Where only the probability of the whole
path that led to x is known, q is replaced by the ratio of the forward and the backward path densities:
$\langle w\rangle = Z$ still holds, so that importance weights and independence Metropolis (`generate.exact`) are the
same functions in both cases.

Source of the path-space form: Jarzynski, Phys. Rev. Lett. 78 (1997) 2690.
"""

from abc import abstractmethod
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, TypeVar, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.problem.target import AbstractTarget

if TYPE_CHECKING:  # as a type checker sees it
    from typing import ClassVar as AbstractClassVar
else:
    from equinox import AbstractClassVar


class Density(Enum):
    """What is known of the density of the draws of a model, which decides how their bias can be removed.

    Example:
        >>> Density("path-space").name
        'PATH'
    """

    EXACT = "exact"  # log q(x) of any x: weights, independence Metropolis, proposals mixed into a Markov chain
    PATH = "path-space"  # the density of the path that led to x: weights and independence Metropolis
    UNKNOWN = "unknown"  # no density: the draws can only be starting points of Markov chains


class Sample(NamedTuple):
    """One draw of a model."""

    x: Float[Array, "*site"]  # the configuration
    log_prob: Scalar | None  # log q(x), its path-space form, or None where the density is unknown


class AbstractModel(eqx.Module):
    """A distribution over arrays of one shape, `*site`.

    Args:
        density: what is known of the density of a draw.
        unbounded: whether the numbers range over the whole real line; False for angles.
        weights: all that training changes, a pytree of float arrays.
    """

    density: AbstractClassVar[Density]
    unbounded: ClassVar[bool] = False
    weights: eqx.AbstractVar[PyTree]

    @abstractmethod
    def sample(self, key: Key) -> Sample:
        """Draw one configuration, independent of all others.

        Args:
            key: random key.
        """

    @abstractmethod
    def loss(self, x: Float[Array, "*site"], key: Key) -> Scalar:
        """Training loss of one example: small where the model is likely to draw it.

        Args:
            x: the example, shape `*site`.
            key: random key of the noise over which the loss is averaged; unused where there is none.
        """

    def log_prob(self, x: Float[Array, "*site"]) -> Scalar:
        """Log density of any configuration.

        Args:
            x: the configuration, shape `*site`.

        Raises:
            InputError: if the density is not exact.
        """
        got = f"{type(self).__name__} ({self.density.value})"
        raise InputError("the density of a given configuration is unknown", got=got, expected="exact")

    def reverse_loss(self, target: AbstractTarget, key: Key) -> Scalar:
        """log q - log p of one draw; its gradient in the weights is that of the reverse Kullback-Leibler divergence.

        Args:
            target: the density p to be sampled.
            key: random key of the draw.

        Raises:
            InputError: if the density of the draws is unknown.
        """
        x, log_prob = self.sample(key)
        if log_prob is None:
            got = f"{type(self).__name__} ({self.density.value})"
            raise InputError("the density of the draws is unknown", got=got, expected="exact")
        return log_prob - target.log_density(x)

    def initialise_from(self, examples: Float[Array, "examples *site"]) -> "AbstractModel":
        """Set what is measured and not trained (a scale, a spectrum, a centre) from examples, before training.

        May be compiled: the result differs from `self` in the content of arrays only. By default `self` is returned.

        Args:
            examples: configurations, shape `(examples, *site)`.
        """
        return self

    def tune_sampler(self, examples: Float[Array, "examples *site"]) -> "AbstractModel":
        """Set what is measured of the trained model (noise levels, widths of steps) from examples, after training.

        May be compiled, as `initialise_from`. By default `self` is returned.

        Args:
            examples: configurations, shape `(examples, *site)`.
        """
        return self


@runtime_checkable
class Recipe(Protocol):
    """The settings of a model, not yet bound to a target: a frozen dataclass that a config can name."""

    def on(self, target: AbstractTarget, key: Key) -> AbstractModel:
        """Make an untrained model for the fields of a target.

        Args:
            target: the density to be sampled; fixes shape and precision of the fields.
            key: random key of the initial weights.

        Raises:
            InputError: if the recipe does not apply to the target.
        """
        ...


def real_field(target: AbstractTarget, key: Key, model: str) -> jax.ShapeDtypeStruct:
    """Return shape and type of the fields of a target.

    Args:
        target: the density to be sampled.
        key: random key; no draw is made.
        model: subject and verb of the error message, such as "a flow is".

    Raises:
        InputError: unless the fields are one array of real numbers.
    """
    like = jax.eval_shape(target.init, key)
    if not isinstance(like, jax.ShapeDtypeStruct) or not jnp.issubdtype(like.dtype, jnp.floating):
        raise InputError(f"{model} for real fields", got=type(target).__name__, expected="phi^4, paths")
    return like


M = TypeVar("M", bound=AbstractModel)


def with_weights(model: M, weights: PyTree) -> M:
    """Return the same model with other weights.

    Args:
        model: the model; not changed.
        weights: a pytree of the structure of `model.weights`.
    """
    return eqx.tree_at(lambda m: m.weights, model, weights, is_leaf=lambda leaf: leaf is None)
