r"""A coupling flow for U(1) links in two dimensions that is gauge equivariant.

Of every four rows of links along one direction one is changed. A link of it borders two plaquettes: the *active* one,
a, gains what the link does, the *passive* one, b, loses it. Their sum s = a + b, and the two rows of plaquettes beyond
on either side, do not change. From the cosines and sines of these a network computes the parameters of an increasing
map F of the circle,

$$a = \tfrac12 s + d,\qquad d \to F(d),\quad \theta \to \theta + F(d) - d,\qquad \ln\det = \sum\ln F'(d).$$

The conditional law of the link in the Wilson action is even in d, of concentration $2\beta\cos(s/2)$. Where that
vanishes, $s = \pm\pi$, the sign of s/2 jumps; parameters are multiplied by $\cos(s/2)$, so that there the map is the
identity, and the flow is continuous. Links change by functions of plaquettes: gauge transformations commute with it
exactly; so do translations by four sites along either axis and charge conjugation, under which the parameters are
mirrored. All eight masks, two directions times four rows, take turns. The weights of the convolutions do not depend on
the volume.

Sources: Kanwar et al., Phys. Rev. Lett. 125 (2020) 121601 (active, passive and frozen plaquettes; there the map acts on
a, given frozen plaquettes only); Rezende et al., ICML 2020 (splines on the circle).
"""

import math
from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Int, Key, PyTree, Scalar
from retrodict.generate.coupling import convolve, with_bias
from retrodict.generate.elementwise import CircleSpline
from retrodict.generate.model import AbstractModel, Density, Sample
from retrodict.lattice.core.spaces import wrap
from retrodict.lattice.models.u1.flux import Haar, Links, SharedFlux, require_u1_plane
from retrodict.lattice.theories.plane import curl
from retrodict.problem.target import AbstractTarget

PERIOD: Final = 4  # rows
ROWS: Final = (0, 2, 1, 3)  # which of them is changed in turn
INPUTS: Final = 10  # cosines and sines of the sum and of four rows of plaquettes
HAAR: Final = Haar()

State: TypeAlias = tuple[Links, Scalar]  # links, and the sum of ln F' of the layers so far


class GaugeCouplings(AbstractModel):
    """A coupling flow of U(1) links; layers of even index change links along the first direction.

    Args:
        weights: kernels and biases of the convolutions, of all layers stacked.
        base: the model of the links before the first layer.
        map: the increasing map F of the circle.
    """

    density: ClassVar[Density] = Density.EXACT  # known for any configuration
    weights: PyTree[Float[Array, "layers ..."]]
    base: AbstractModel
    map: CircleSpline = eqx.field(static=True)

    def sample(self, key: Key) -> Sample:
        """One configuration, angles in (-pi, pi].

        Args:
            key: random key.
        """
        z, log_prob = self.base.sample(key)
        assert log_prob is not None
        x, change = self._through(z, backwards=False)
        return Sample(x, log_prob - change)

    def log_prob(self, x: Links) -> Scalar:
        """log q, by the inverse maps in reverse order.

        Args:
            x: angles of the links [rad].
        """
        z, change = self._through(x, backwards=True)
        return self.base.log_prob(z) - change

    def loss(self, x: Links, key: Key) -> Scalar:
        """-log q a plaquette."""
        return -self.log_prob(x) / x[0].size

    def _through(self, x: Links, *, backwards: bool) -> State:
        """All layers; the sum of the logarithms of the slopes in the direction of drawing."""

        def pair_of_layers(state: State, layers: tuple[PyTree, Int[Array, ""]]) -> tuple[State, None]:
            weights, row = layers
            for mu in (1, 0) if backwards else (0, 1):
                own = jax.tree.map(lambda leaf, mu=mu: leaf[mu], weights)
                state = self._layer(state, own, mu, row, backwards)
            return state, None

        pairs = jax.tree.map(lambda leaf: leaf.reshape(-1, 2, *leaf.shape[1:]), self.weights)
        count = len(jax.tree.leaves(pairs)[0])
        rows = jnp.asarray(np.resize(ROWS, count))
        x, change = jax.lax.scan(pair_of_layers, (x, jnp.zeros((), x.dtype)), (pairs, rows), reverse=backwards)[0]
        return wrap(x), change

    def _layer(self, state: State, weights: PyTree, mu: int, row: Int[Array, ""], backwards: bool) -> State:
        """Change the links of direction `mu` in every fourth row, from `row` on."""
        x, total = state
        x = jnp.roll(exchange_directions(x) if mu else x, -row, axis=-1)
        stripes = curl(x).reshape(x.shape[1], -1, PERIOD)
        before = jnp.roll(stripes, 1, axis=1)
        middle = 0.5 * wrap(stripes[..., 0] + before[..., 3])
        beyond = (stripes[..., 1], stripes[..., 2], before[..., 2], before[..., 1])
        parameters = jnp.cos(middle) * self._parameters(weights, jnp.stack([2 * middle, *beyond]))
        place = wrap(stripes[..., 0] - middle)
        new, slope = (self.map.inverse if backwards else self.map.forward)(place, parameters)
        change = jnp.pad((new - place)[..., None], ((0, 0), (0, 0), (0, PERIOD - 1))).reshape(x.shape[1:])
        x = jnp.roll(jnp.stack([x[0] + change, x[1]]), row, axis=-1)
        return exchange_directions(x) if mu else x, total + jnp.sum(slope)

    def _parameters(
        self, weights: PyTree, angle: Float[Array, "5 columns stripes"]
    ) -> Float[Array, "parameter columns stripes"]:
        """The parameters of the map of each active plaquette; mirrored where all angles are negated."""
        cosine, sine = jnp.cos(angle), jnp.sin(angle)
        outputs, negated = (_network(weights, jnp.concatenate([cosine, sign * sine])) for sign in (1, -1))
        return 0.5 * (outputs + self.map.mirror(negated))


@dataclass(frozen=True)
class GaugeFlow:
    """The recipe of gauge-equivariant couplings of U(1) links in two dimensions. Untrained, the flow is its base.

    Args:
        layers: number of couplings, even.
        bins: of the splines.
        channels: hidden fields of the network.
        reach: width of the convolutions along a row, in sites, odd.
        base: where the flow starts: uniform links, or factorised plaquettes.

    Example:
        >>> import equinox as eqx, jax, jax.random as jr
        >>> from retrodict.lattice import U1, GaugeFlow, Wilson
        >>> model = eqx.filter_eval_shape(GaugeFlow().on, Wilson(U1(), (8, 8), beta=2.0), jr.key(0))
        >>> sum(leaf.size for leaf in jax.tree.leaves(model.weights))
        27008
    """

    layers: int = 16
    bins: int = 8
    channels: int = 16
    reach: int = 3
    base: Haar | SharedFlux = HAAR

    references: ClassVar[tuple[str, ...]] = ("kanwar2020",)  # keys of the bibliography

    def on(self, target: AbstractTarget, key: Key) -> GaugeCouplings:
        """The untrained flow of a theory.

        Args:
            target: a lattice action.
            key: random key of the initial weights.

        Raises:
            InputError: unless the theory is U(1) in two dimensions, extents are multiples of four, no shorter than the
                reach, the number of layers is even and the reach odd.
        """
        action = require_u1_plane(target, "gauge couplings")
        if any(extent % PERIOD for extent in action.shape) or min(action.shape) < self.reach:
            got, expected = f"{action.shape}, reach={self.reach}", f"multiples of {PERIOD}, no shorter than the reach"
            raise InputError("the masks of gauge couplings do not fit", got=got, expected=expected)
        if self.layers < 1 or self.layers % 2 or self.reach % 2 == 0 or min(self.bins, self.channels) < 1:
            expected = "an even number of layers, an odd reach"
            raise InputError("no such gauge couplings", got=str(self), expected=expected)
        base, map = self.base.on(target, key), CircleSpline(self.bins)
        return GaugeCouplings(self._weights(map, key, action.dtype), base, map)

    def _weights(self, map: CircleSpline, key: Key, dtype: np.dtype) -> PyTree:
        """Random hidden layers below outputs of zero."""
        first_key, second_key = jr.split(key)
        sizes = ((self.channels, INPUTS, self.reach), (self.channels, self.channels, self.reach))
        hidden = [
            jr.normal(k, (self.layers, *size, 1), dtype) / math.sqrt(size[1] * size[2])
            for k, size in zip((first_key, second_key), sizes, strict=True)
        ]
        last = jnp.zeros((self.layers, map.parameters, self.channels, 1, 1), dtype)
        return tuple(with_bias(kernel) for kernel in (*hidden, last))


def exchange_directions(x: Float[Array, "2 a b"]) -> Float[Array, "2 b a"]:
    """Exchange the two directions: plaquettes are transposed and negated.

    Args:
        x: angles of the links [rad].
    """
    return jnp.swapaxes(x[::-1], -1, -2)


def _network(weights: PyTree, x: Float[Array, "channel columns stripes"]) -> Float[Array, "parameter columns stripes"]:
    """Convolutions with hyperbolic tangents between them."""
    *hidden, last = weights
    for kernel in hidden:
        x = jnp.tanh(convolve(kernel, x))
    return convolve(last, x)
