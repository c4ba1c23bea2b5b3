"""The impact parameter of each event as a posterior: what a network says is the likelihood, geometry the prior."""

import os
from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, hash_data
from retrodict.base.types import Array, Count, Flag, Float, Vector
from retrodict.heavy_ion.centrality.meter import train
from retrodict.heavy_ion.centrality.network import Summaries, TrackSets
from retrodict.heavy_ion.centrality.saved import load_meter, save_meter
from retrodict.heavy_ion.centrality.toy import ToyEvents, toy_events
from retrodict.heavy_ion.events.observables import refuse_others, selected
from retrodict.heavy_ion.events.reading import read_events
from retrodict.problem.analysis import AbstractAnalysis
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import AbstractForward
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import Quantity
from retrodict.run.kept import kept

TOY = "toy"
TOY_EVENTS = 8000  # of the training set
MOCK_SEED = 1  # the training events have 0


class ImpactParameters(AbstractAnsatz[Float[Array, " events"]]):
    """Impact parameters of independent events.

    Args:
        events: how many.
        largest: b_max, fm.
        flat: whether every b is as probable; if not, every place in the plane is, so that b has the density of b db.
    """

    events: int = eqx.field(static=True)
    largest: float = eqx.field(static=True)
    flat: bool = eqx.field(static=True)

    @property
    def dim(self) -> int:
        """One latent for each event."""
        return self.events

    def __call__(self, z: Vector) -> Float[Array, " events"]:
        """Impact parameters [fm].

        Args:
            z: latents, one for each event.
        """
        share = ndtr(z)
        return self.largest * (share if self.flat else jnp.sqrt(jnp.maximum(share, 1e-12)))


class AsItIs(AbstractForward[Float[Array, " events"], Float[Array, " events"]]):
    """The prediction is the impact parameter itself: the physics is in the events that the network has learnt from."""

    def __call__(self, unknown: Float[Array, " events"]) -> tuple[Float[Array, " events"], Flag]:
        return unknown, jnp.all(jnp.isfinite(unknown))


class Centrality(AbstractAnalysis):
    """The impact parameter of each event from its particles.

    Args:
        training: a particle list with impact parameters from a simulation of the same collisions, seen by the same
            detector; "toy" for gold on gold at 10 GeV per nucleon in a forward detector.
        meter: what the network sees of an event.
        events: the most events that are measured, the first ones of the file.
        flat: whether every impact parameter is as probable before the event was seen; b db if not.
    """

    training: Literal["toy"] | PathLike = eqx.field(static=True, default="toy")
    meter: Summaries | TrackSets = eqx.field(static=True, default=Summaries())
    events: Count = eqx.field(static=True, default=200)
    flat: bool = eqx.field(static=True, default=False)

    def posterior(self, data: PathLike | None) -> Posterior:
        learnt_from = TOY if self.training == TOY else hash_data(self.training)
        table = toy_events(MOCK_SEED, self.events, flat=self.flat).table if data is None else read_events(data)
        refuse_others(table)
        left_out = table.events - self.events
        table = selected(table, np.arange(table.events) < self.events)
        recipe = self.meter
        meter = kept(
            "meters",
            learnt_from,
            repr(recipe),
            load=lambda path: load_meter(path, recipe),
            train=lambda: train(*training_events(self.training), recipe),
            save=save_meter,
        )
        found = meter(table)
        # What was never seen in training says nothing: such an event keeps its prior.
        error = np.where(found.inside, found.error, 10 * meter.largest)
        mean = np.where(found.inside, found.mean, 0.5 * meter.largest)
        likelihood = Gaussian(jnp.asarray(mean), Covariance.diagonal(error))
        numbers = tuple(float(i) for i in range(1, table.events + 1))
        label = ("impact_parameter", "fm", "b", numbers, "event", "", "event")

        def derive(unknown: Float[Array, " events"], prediction: Float[Array, " events"]) -> dict[str, Array]:
            return {"impact_parameter": unknown, "mean_impact_parameter": jnp.mean(unknown)}

        return Posterior(
            ImpactParameters(table.events, meter.largest, self.flat),
            AsItIs(),
            likelihood,
            derive=derive,
            quantities=(Quantity(*label), Quantity("mean_impact_parameter", "fm", r"$\langle b\rangle$")),
            notes=_notes(int(np.sum(~found.inside)), table.events, left_out, self.training),
        )


def training_events(training: PathLike) -> ToyEvents:
    """The events from which a meter learns, with their impact parameters.

    Args:
        training: "toy", or a particle list.

    Raises:
        InputError: for a list that does not say the impact parameters.
    """
    if training == TOY:
        return toy_events(0, TOY_EVENTS)
    table = read_events(training)
    refuse_others(table)
    if not np.isfinite(table.impact).all() or not np.ptp(table.impact) > 0:
        fix = "give a list of SMASH or UrQMD over a range of impact parameters"
        got = "none, or the same for all events"
        raise InputError("events to learn from need impact parameters", where=os.fspath(training), got=got, fix=fix)
    return ToyEvents(table, table.impact)


def _notes(outside: int, events: int, left_out: int, training: PathLike) -> tuple[str, ...]:
    notes = [
        "the error holds for events like those of the training set: the same collisions, seen by the same detector; "
        "another model of multiplicity moves all impact parameters together, which no error here contains"
    ]
    if outside:
        notes.append(f"{outside} of {events} events are unlike any of the training set: they keep their prior")
    if left_out > 0:
        notes.append(f"{left_out} further events of the file are left out: raise problem.analysis.events")
    if training == TOY:
        notes.append("trained on a toy: Glauber, gamma-smeared multiplicity, spectators; no cascade, no light nuclei")
    return tuple(notes)
