r"""Networks that say the impact parameter of an event with its error: of its summaries, or of its tracks as a set.

A set is seen through sums: weights $f_k(p_T, \eta, q)$ of each track, a small network, are added up, and so are
$g_k e^{2i\varphi}$, of which only the modulus is used. Neither the order of the tracks nor the orientation of the event
can matter (deep sets: Zaheer et al., arXiv:1703.06114; PointNet: Qi et al., arXiv:1612.00593).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Count, Float, Int, Key, PyTree, Scalar
from retrodict.heavy_ion.centrality.summaries import NAMES, summaries
from retrodict.heavy_ion.events.table import EventTable
from retrodict.problem.learner import AbstractLearner

MANY: Final = 50.0  # tracks, by which sums are divided
SEEN: Final = 3  # numbers of a track beside its azimuth
LEAST_ERROR: Final = 0.05  # fm


class Tracks(NamedTuple):
    """Charged tracks of events, padded with tracks of weight zero.

    Args:
        seen: transverse momentum [GeV], pseudorapidity and charge [e].
        angle: cosine and sine of twice the azimuth.
        weight: one of a track, zero of the padding.
    """

    seen: Float[Array, "*events tracks 3"]
    angle: Float[Array, "*events tracks 2"]
    weight: Float[Array, "*events tracks"]


Example: TypeAlias = Tracks | Float[Array, "..."]


class SummaryNetwork(eqx.Module):
    """A network of the summaries of an event, beside a straight line.

    Args:
        layers: the network.
        line: the straight line.
    """

    layers: eqx.nn.MLP
    line: eqx.nn.Linear

    def __call__(self, example: Float[Array, " summaries"]) -> Float[Array, " 2"]:
        """Impact parameter in units of its range and the logarithm of its error, raw.

        Args:
            example: standardised summaries.
        """
        return self.layers(example) + self.line(example)


class SetNetwork(eqx.Module):
    """A network of the tracks of an event.

    Args:
        track: from a track to its weights.
        event: from sums of these to the answer.
        flows: how many of the weights are summed with the azimuth.
    """

    track: eqx.nn.MLP
    event: eqx.nn.MLP
    flows: int = eqx.field(static=True)

    def __call__(self, example: Tracks) -> Float[Array, " 2"]:
        """Impact parameter in units of its range and the logarithm of its error, raw.

        Args:
            example: standardised tracks of one event.
        """
        weights = jax.vmap(self.track)(example.seen) * example.weight[:, None]
        sums = jnp.sum(weights[:, self.flows :], axis=0) / MANY
        turned = weights[:, : self.flows].T @ example.angle
        count = jnp.sum(example.weight)
        modulus = jnp.sum(turned**2, axis=1) / (count + 1.0)
        size = jnp.stack([jnp.sqrt(count / MANY), jnp.log1p(count)])
        return self.event(jnp.concatenate([sums, modulus, size]))


@dataclass(frozen=True)
class Summaries:
    """Learn from numbers that are counted in each event.

    Args:
        steps: updates in training.
        width: units of the two hidden layers.
        forward: pseudorapidity beyond which a track is counted as forward.
    """

    steps: Count = 1500
    width: Count = 48
    forward: float = 3.0

    batch: ClassVar[int] = 512  # events of an update

    def examples(self, table: EventTable) -> Float[np.ndarray, "events summaries"]:
        """What the network sees of events.

        Args:
            table: the events.
        """
        return summaries(table, self.forward)

    def network(self, key: Key) -> SummaryNetwork:
        """Fresh weights.

        Args:
            key: random key.
        """
        one, two = jr.split(key)
        sizes = len(NAMES)
        return SummaryNetwork(
            eqx.nn.MLP(sizes, 2, self.width, 2, jax.nn.silu, key=one, dtype=jnp.float32),
            eqx.nn.Linear(sizes, 2, key=two, dtype=jnp.float32),
        )


@dataclass(frozen=True)
class TrackSets:
    """Learn from the tracks of each event.

    Args:
        steps: updates in training.
        width: units of a hidden layer of a track; an event has four times as many.
        sums: weights of a track that are added up.
        flows: weights that are added up with the azimuth.
    """

    steps: Count = 2000
    width: Count = 24
    sums: Count = 16
    flows: Count = 4

    batch: ClassVar[int] = 128  # events of an update

    def examples(self, table: EventTable) -> Tracks:
        """What the network sees of events.

        Args:
            table: the events.
        """
        charged = np.flatnonzero((table.charge != 0) & np.isfinite(table.eta))
        event = table.event_of[charged]
        sizes = np.bincount(event, minlength=table.events)
        place = np.arange(len(charged)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        most = int(sizes.max(initial=1))
        padded = np.zeros((6, table.events, most), np.float32)
        phi = table.phi[charged]
        columns = (table.pt[charged], table.eta[charged], table.charge[charged], np.cos(2 * phi), np.sin(2 * phi), 1.0)
        for i, values in enumerate(columns):
            padded[i, event, place] = values
        seen, angle = (jnp.asarray(np.moveaxis(x, 0, -1)) for x in (padded[:3], padded[3:5]))
        return Tracks(seen, angle, jnp.asarray(padded[5]))

    def network(self, key: Key) -> SetNetwork:
        """Fresh weights.

        Args:
            key: random key.
        """
        one, two = jr.split(key)
        out, wide = self.sums + self.flows, 4 * self.width
        return SetNetwork(
            eqx.nn.MLP(SEEN, out, self.width, 2, jax.nn.silu, key=one, dtype=jnp.float32),
            eqx.nn.MLP(out + 2, 2, wide, 2, jax.nn.silu, key=two, dtype=jnp.float32),
            self.flows,
        )


Recipe: TypeAlias = Summaries | TrackSets


class MeterLearner(AbstractLearner):
    """Minus the logarithm of a normal density of the impact parameter, with mean and error from the network.

    Args:
        network: its sizes.
        recipe: how it is made.
        examples: of all events, standardised.
        truth: impact parameters in units of the largest.
        weight: of each event, of mean one.
        held: how many of the first events are held out.
        least: error below which none is claimed, in the same unit.
    """

    network: SummaryNetwork | SetNetwork
    recipe: Recipe = eqx.field(static=True)
    examples: Example
    truth: Float[Array, " events"]
    weight: Float[Array, " events"]
    held: int = eqx.field(static=True)
    least: float = eqx.field(static=True)

    def init(self, key: Key) -> PyTree[Float[Array, "..."]]:
        """Fresh weights."""
        return eqx.filter(self.recipe.network(key), eqx.is_inexact_array)

    def loss(self, x: PyTree[Float[Array, "..."]], key: Key, batch: int) -> Scalar:
        """The mean over events drawn at random from those that are not held out."""
        return self._surprise(x, jr.randint(key, (batch,), self.held, len(self.truth)))

    def validation(self, x: PyTree[Float[Array, "..."]]) -> Scalar:
        """The mean over the events held out."""
        return self._surprise(x, jnp.arange(self.held))

    def _surprise(self, x: PyTree[Float[Array, "..."]], index: Int[Array, " chosen"]) -> Scalar:
        chosen = jax.tree.map(lambda leaf: leaf[index], self.examples)
        mean, error = said(eqx.combine(x, self.network), chosen, self.least)
        pull = (self.truth[index] - mean) / error
        weight = self.weight[index]
        return jnp.sum(weight * (0.5 * pull**2 + jnp.log(error))) / jnp.sum(weight)


def said(
    network: Callable[..., Float[Array, " 2"]], examples: Example, least: float
) -> tuple[Float[Array, " events"], Float[Array, " events"]]:
    """What a network says of events: mean and error in units of the largest impact parameter.

    Args:
        network: with its weights.
        examples: standardised.
        least: error below which none is claimed.
    """
    raw = jax.vmap(network)(examples)
    return 0.5 + 0.3 * raw[:, 0], least + 0.06 * jax.nn.softplus(raw[:, 1] + 0.5)
