r"""A coupling flow for U(1) links in two dimensions that is gauge equivariant.

Of every four rows of links along one direction one is changed. A link of it borders two plaquettes: the *active* one,
a, gains what the link does, the *passive* one, b, loses it. Their sum s = a + b, and the two rows of plaquettes beyond
on either side, stay: the network sees the cosines and sines of these, and chooses an increasing map F of the circle,

$$a = \tfrac12 s + d,\qquad d \to F(d),\quad \theta \to \theta + F(d) - d,\qquad \ln\det = \sum\ln F'(d).$$

The conditional law of the link in the Wilson action is even in d, of concentration $2\beta\cos(s/2)$. Where that
vanishes, $s = \pm\pi$, the sign of s/2 jumps; parameters are multiplied by $\cos(s/2)$, so that there the map is the
identity, and the flow is continuous. Links change by functions of plaquettes: gauge transformations commute with it
exactly; so do translations by four sites along either axis and charge conjugation, for which the network's answer is
mirrored. All eight masks, two directions times four rows, take turns. Convolutions know no volume.

Sources: Kanwar et al., Phys. Rev. Lett. 125 (2020) 121601 (active, passive and frozen plaquettes; there the map acts on
a, given frozen plaquettes only); Rezende et al., ICML 2020 (splines on the circle).
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.generate.coupling import convolve, with_bias
from retrodict.generate.elementwise import CircleSpline
from retrodict.generate.model import AbstractModel, Density, Sample
from retrodict.lattice.core.spaces import wrapped
from retrodict.lattice.models.u1.flux import Haar, Links, SharedFlux, u1_in_the_plane
from retrodict.lattice.theories.plane import curl

PERIOD: Final = 4  # rows
ROWS: Final = (0, 2, 1, 3)  # which of them is changed in turn
SEEN: Final = 10  # cosines and sines of the sum and of four rows of plaquettes
HAAR: Final = Haar()

State = tuple[Links, Scalar]


class GaugeCouplings(AbstractModel):
    """`weights` of all layers stacked, `(layers, ...)`: layers of even index change links along the first direction."""

    density: ClassVar[Density] = Density.EXACT
    weights: PyTree[Float[Array, "layers ..."]]
    base: AbstractModel
    map: CircleSpline = eqx.field(static=True)

    def sample(self, key: Key) -> Sample:
        z, log_prob = self.base.sample(key)
        assert log_prob is not None
        x, change = self._through(z, backwards=False)
        return Sample(x, log_prob - change)

    def log_prob(self, x: Array) -> Scalar:
        """By the inverse maps in reverse order."""
        z, change = self._through(x, backwards=True)
        return self.base.log_prob(z) - change

    def loss(self, x: Array, key: Key) -> Scalar:
        """-log q a plaquette."""
        return -self.log_prob(x) / x[0].size

    def _through(self, x: Links, *, backwards: bool) -> State:
        """All layers; the sum of the logarithms of the slopes in the direction of drawing."""

        def both(state: State, this: tuple[PyTree, Array]) -> tuple[State, None]:
            weights, row = this
            for mu in (1, 0) if backwards else (0, 1):
                mine = jax.tree.map(lambda leaf, mu=mu: leaf[mu], weights)
                state = self._layer(state, mine, mu, row, backwards)
            return state, None

        pairs = jax.tree.map(lambda leaf: leaf.reshape(-1, 2, *leaf.shape[1:]), self.weights)
        count = len(jax.tree.leaves(pairs)[0])
        rows = jnp.asarray(np.resize(ROWS, count))
        x, change = jax.lax.scan(both, (x, jnp.zeros((), x.dtype)), (pairs, rows), reverse=backwards)[0]
        return wrapped(x), change

    def _layer(self, state: State, weights: PyTree, mu: int, row: Array, backwards: bool) -> State:
        x, total = state
        x = jnp.roll(exchanged(x) if mu else x, -row, axis=-1)
        stripes = curl(x).reshape(x.shape[1], -1, PERIOD)
        before = jnp.roll(stripes, 1, axis=1)
        middle = 0.5 * wrapped(stripes[..., 0] + before[..., 3])
        beyond = (stripes[..., 1], stripes[..., 2], before[..., 2], before[..., 1])
        parameters = jnp.cos(middle) * self._parameters(weights, jnp.stack([2 * middle, *beyond]))
        place = wrapped(stripes[..., 0] - middle)
        new, slope = (self.map.inverse if backwards else self.map.forward)(place, parameters)
        change = jnp.pad((new - place)[..., None], ((0, 0), (0, 0), (0, PERIOD - 1))).reshape(x.shape[1:])
        x = jnp.roll(jnp.stack([x[0] + change, x[1]]), row, axis=-1)
        return exchanged(x) if mu else x, total + jnp.sum(slope)

    def _parameters(self, weights: PyTree, angle: Float[Array, "5 columns stripes"]) -> Array:
        """Of the map of each active plaquette; mirrored where all angles are negated."""
        cosine, sine = jnp.cos(angle), jnp.sin(angle)
        answer, other = (_network(weights, jnp.concatenate([cosine, sign * sine])) for sign in (1, -1))
        return 0.5 * (answer + self.map.mirror(other))


@dataclass(frozen=True)
class GaugeFlow:
    """The recipe: `layers` couplings over `base`, with `channels` hidden fields that see `reach` sites along a row.

    Untrained, it is its base.
    """

    layers: int = 16
    bins: int = 8
    channels: int = 16
    reach: int = 3
    base: Haar | SharedFlux = HAAR

    references: ClassVar[tuple[str, ...]] = ("kanwar2020",)

    def on(self, target: Any, key: Key) -> GaugeCouplings:
        """A flow for `target`. Raises `InputError` unless it is U(1) in two dimensions, and masks and windows fit."""
        action = u1_in_the_plane(target, "gauge couplings")
        if any(extent % PERIOD for extent in action.shape) or min(action.shape) < self.reach:
            got, expected = f"{action.shape}, reach={self.reach}", f"multiples of {PERIOD}, no shorter than the reach"
            raise InputError("the masks of gauge couplings do not fit", got=got, expected=expected)
        if self.layers < 1 or self.layers % 2 or self.reach % 2 == 0 or min(self.bins, self.channels) < 1:
            expected = "an even number of layers, an odd reach"
            raise InputError("no such gauge couplings", got=str(self), expected=expected)
        base, map = self.base.on(target, key), CircleSpline(self.bins)
        return GaugeCouplings(self._weights(map, key, action.cold().dtype), base, map)

    def _weights(self, map: CircleSpline, key: Key, dtype: Any) -> PyTree:
        first_key, second_key = jr.split(key)
        sizes = ((self.channels, SEEN, self.reach), (self.channels, self.channels, self.reach))
        hidden = [
            jr.normal(k, (self.layers, *size, 1), dtype) / math.sqrt(size[1] * size[2])
            for k, size in zip((first_key, second_key), sizes, strict=True)
        ]
        last = jnp.zeros((self.layers, map.parameters, self.channels, 1, 1), dtype)
        return tuple(with_bias(kernel) for kernel in (*hidden, last))


def exchanged(x: Links) -> Links:
    """The two directions exchanged: plaquettes are transposed and negated."""
    return jnp.swapaxes(x[::-1], -1, -2)


def _network(weights: PyTree, x: Float[Array, "channel columns stripes"]) -> Array:
    *hidden, last = weights
    for kernel in hidden:
        x = jnp.tanh(convolve(kernel, x))
    return convolve(last, x)
