"""A trained centrality meter: what it says of events, how far it is trusted, and what it was not trained on."""

from dataclasses import dataclass
from typing import Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from retrodict.base.errors import InputError
from retrodict.heavy_ion.centrality.network import (
    LEAST_ERROR,
    Example,
    MeterLearner,
    Recipe,
    SetNetwork,
    SummaryNetwork,
    Tracks,
    said,
)
from retrodict.heavy_ion.centrality.summaries import summaries
from retrodict.heavy_ion.events.table import EventTable
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.run.loop import advance

HELD: Final = 0.15  # share of the training events that is held out, for the best weights and the size of errors
FEWEST: Final = 200  # events of a training set
RATE: Final = Cosine(4e-3, 2e-5)
TOGETHER: Final = 500  # events that are evaluated at a time
INSIDE: Final = 0.998  # share of the training events that count as inside
TAIL: Final = 3.0  # standard errors outside the range of impact parameters
BINS: Final = 16  # of the impact parameter, in which the training set is made flat
FEW: Final = 20  # events of a step with fewer do not tell a covariance
HEAVIEST: Final = 5.0  # weight of an event there, in units of the mean


class Measured(NamedTuple):
    """What is said of each event.

    Args:
        mean: impact parameter, fm.
        error: standard error, fm.
        inside: whether an event is like those of the training.
    """

    mean: Float[np.ndarray, " events"]
    error: Float[np.ndarray, " events"]
    inside: Bool[np.ndarray, " events"]


class Standard(NamedTuple):
    """Centre and spread of what a network sees.

    Args:
        centre: of each number.
        spread: of each.
    """

    centre: Float[np.ndarray, " numbers"]
    spread: Float[np.ndarray, " numbers"]

    def __call__(self, examples: Tracks | Float[np.ndarray, "events numbers"]) -> Example:
        """Standardised examples.

        Args:
            examples: of events.
        """
        if isinstance(examples, Tracks):
            seen = (examples.seen - self.centre.astype(np.float32)) / self.spread.astype(np.float32)
            return examples._replace(seen=seen * examples.weight[..., None])
        return jnp.asarray((examples - self.centre) / self.spread, jnp.float32)


@dataclass(frozen=True, eq=False)
class Meter:
    """A trained network.

    Args:
        recipe: how it was made.
        network: with its weights.
        standard: of what it sees.
        largest: impact parameter of the training set, fm.
        stretch: by which errors are multiplied, from the events held out.
        support: centre and inverse covariance of summaries in steps of the impact parameter, and the farthest distance.
    """

    recipe: Recipe
    network: SummaryNetwork | SetNetwork
    standard: Standard
    largest: float
    stretch: float
    support: tuple[Float[np.ndarray, "steps numbers"], Float[np.ndarray, "steps numbers numbers"], float]

    def __call__(self, table: EventTable) -> Measured:
        """Impact parameters of events.

        Args:
            table: the events.
        """
        examples = self.standard(self.recipe.examples(table))
        say = eqx.filter_jit(lambda network, part: said(network, part, LEAST_ERROR / self.largest))
        parts = []
        for start in range(0, table.events, TOGETHER):
            index = np.minimum(np.arange(start, start + TOGETHER), table.events - 1)  # one shape, one program
            part = say(self.network, jax.tree.map(lambda leaf, index=index: leaf[index], examples))
            parts.append(np.stack(part)[:, : table.events - start])
        mean, error = np.concatenate(parts, axis=1).astype(float) * self.largest
        error = self.stretch * error
        beyond = (mean < -TAIL * error) | (mean > self.largest + TAIL * error)
        return Measured(mean, error, (self.distance(table) <= self.support[2]) & ~beyond)

    def distance(self, table: EventTable) -> Float[np.ndarray, " events"]:
        """How far the summaries of events are from those of the training set, in standard deviations.

        The training set is a narrow curve, so distances are from its parts in steps of the impact parameter, and the
        least counts.

        Args:
            table: the events.
        """
        centre, inverse, _ = self.support
        away = _support_numbers(table)[None] - centre[:, None]
        square = np.einsum("bei,bij,bej->be", away, inverse, away)
        return np.sqrt(square.min(axis=0) / centre.shape[1])


def train(table: EventTable, impact_parameter: Float[np.ndarray, " events"], recipe: Recipe, *, seed: int = 0) -> Meter:
    """Train a meter on events of known impact parameter; a flat prior is made of whatever density they have.

    Args:
        table: the events.
        impact_parameter: of each, fm.
        recipe: what the network sees, and how long it learns.
        seed: of order, weights and batches.

    Raises:
        InputError: for too few events, or impact parameters that are all the same.
    """
    count, largest = table.events, float(np.max(impact_parameter, initial=0.0))
    if count < FEWEST or not np.ptp(impact_parameter) > 0.1 * largest:
        expected = f"at least {FEWEST} events of different impact parameters"
        raise InputError("nothing to learn centrality from", got=f"{count} events", expected=expected)
    order = np.random.default_rng(seed).permutation(count)
    raw = jax.tree.map(lambda leaf: leaf[order], recipe.examples(table))
    standard = _standard(raw)
    truth, held = impact_parameter[order], round(HELD * count)
    least = LEAST_ERROR / largest
    network = recipe.network(jax.random.key(seed))
    weight = flat_weights(truth)
    scaled, weights = (jnp.asarray(x, jnp.float32) for x in (truth / largest, weight))
    learner = MeterLearner(network, recipe, standard(raw), scaled, weights, held, least)
    method = Train(recipe.steps, min(recipe.batch, count - held), RATE, max(1, recipe.steps // 30))
    best = eqx.combine(advance(learner, method, seed=seed).state.best, network)
    centre, inverse = _spread(_support_numbers(table), _step(impact_parameter))
    meter = Meter(recipe, best, standard, largest, 1.0, (centre, inverse, np.inf))
    examples = jax.tree.map(lambda leaf: leaf[:held], learner.examples)
    mean, error = (np.asarray(x, float) for x in said(best, examples, least))
    pull = (truth[:held] / largest - mean) / error
    stretch = float(np.sqrt(np.average(pull**2, weights=weight[:held])))
    farthest = float(np.quantile(meter.distance(table), INSIDE))
    return Meter(recipe, best, standard, largest, stretch, (centre, inverse, farthest))


def flat_weights(impact_parameter: Float[np.ndarray, " events"]) -> Float[np.ndarray, " events"]:
    """Weights with which events of any density of impact parameters stand for a flat one; none above five.

    Args:
        impact_parameter: of the events, fm.
    """
    index = _step(impact_parameter)
    weight = 1.0 / np.bincount(index, minlength=BINS)[index]
    return np.minimum(weight / weight.mean(), HEAVIEST)


def _standard(examples: Tracks | Float[np.ndarray, "events numbers"]) -> Standard:
    if isinstance(examples, Tracks):
        kept = np.asarray(examples.seen)[np.asarray(examples.weight) > 0].astype(float)
    else:
        kept = np.asarray(examples, float)
    return Standard(kept.mean(axis=0), kept.std(axis=0) + 1e-6)


def _support_numbers(table: EventTable) -> Float[np.ndarray, "events numbers"]:
    return summaries(table, forward=np.inf)[:, [0, 2, 3, 4, 5, 6]]


def _step(impact_parameter: Float[np.ndarray, " events"]) -> Int[np.ndarray, " events"]:
    """The step of the impact parameter in which each event is, from 0."""
    edges = np.linspace(0.0, float(impact_parameter.max()) * (1 + 1e-9), BINS + 1)
    return np.clip(np.searchsorted(edges, impact_parameter, side="right") - 1, 0, BINS - 1)


def _spread(
    numbers: Float[np.ndarray, "events numbers"], step: Int[np.ndarray, " events"]
) -> tuple[Float[np.ndarray, "steps numbers"], Float[np.ndarray, "steps numbers numbers"]]:
    """Centre and inverse covariance in each step that has enough events."""
    ridge = 1e-4 * np.diag(np.var(numbers, axis=0) + 1e-12)
    parts = [numbers[step == i] for i in range(BINS) if np.sum(step == i) > FEW]
    if not parts:
        parts = [numbers]
    inverse = [np.linalg.inv(np.cov(part.T) + ridge) for part in parts]
    return np.array([part.mean(axis=0) for part in parts]), np.array(inverse)
