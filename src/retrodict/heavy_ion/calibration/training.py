"""From runs of a simulator to an emulator of them, and what the runs themselves say of it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float

from retrodict.base.errors import InputError
from retrodict.heavy_ion.calibration.emulators import (
    AbstractEmulator,
    GaussianProcesses,
    NeuralEmulator,
    PolynomialChaos,
    broken_runs,
    load_emulator,
    save_emulator,
)
from retrodict.heavy_ion.calibration.emulators.pulls import means
from retrodict.heavy_ion.calibration.parametrisation import Curves, Features, raw_features
from retrodict.heavy_ion.calibration.readers.measurements import Measurements
from retrodict.heavy_ion.calibration.readers.runs import Bin, Runs, kept_rows, select
from retrodict.run.kept import kept

Recipe = GaussianProcesses | PolynomialChaos | NeuralEmulator
OTHER_UNITS: Final = 30.0  # ratio of measured to simulated numbers from which on they have other units
CONSTANT: Final = 1e-12  # spread of a feature that never varies


class Joint(NamedTuple):
    """Measurements, and the runs of a simulator with the outputs that were measured, in the same order."""

    measured: Measurements
    runs: Runs


def matched(runs: Runs, measured: Measurements, observables: tuple[str, ...] = ()) -> Joint:
    """Join measurements and outputs by observable and centrality.

    Args:
        runs: of the simulator.
        measured: the measurements.
        observables: those to compare; all that were measured if empty.

    Raises:
        InputError: for an observable that was not measured, or that the simulator does not give in the same bins, and
            for numbers in other units.
    """
    unknown = [name for name in observables if name not in measured.observables]
    if unknown:
        expected = ", ".join(measured.observables[:20])
        raise InputError(
            "an observable that was not measured",
            where="problem.analysis.observables",
            got=unknown[0],
            expected=expected,
        )
    kept = [i for i, one in enumerate(measured.bins) if not observables or one.observable in observables]
    chosen, bins = measured.only(np.array(kept)), runs.outputs.bins
    places = [next((i for i, one in enumerate(bins) if one.is_like(wanted)), None) for wanted in chosen.bins]
    missing = [str(one) for one, place in zip(chosen.bins, places, strict=True) if place is None]
    if missing:
        simulated = ", ".join(map(str, bins[:8]))
        fix = (
            "call observables alike in both files, with the same centralities; or choose: observables: [dNch_deta, ...]"
        )
        got = f"{len(missing)} of {len(chosen.bins)}: {', '.join(missing[:6])}"
        raise InputError(
            "a measurement that the simulator does not give", where=measured.path, got=got, expected=simulated, fix=fix
        )
    found = select(runs, [place for place in places if place is not None])
    _check_units(found, chosen)
    return Joint(chosen, found)


def _check_units(runs: Runs, measured: Measurements) -> None:
    middle = np.median(runs.outputs.values, axis=0)
    for name in measured.observables:
        mine = np.array([one.observable == name for one in measured.bins]) & (middle != 0.0) & (measured.value != 0.0)
        if not mine.any():
            continue
        ratio = float(np.median(np.abs(measured.value[mine] / middle[mine])))
        if not 1.0 / OTHER_UNITS < ratio < OTHER_UNITS:
            got = f"{name}: measured {measured.value[mine][0]:g}, simulated {middle[mine][0]:g} at the median"
            fix = "are they in the same units (MeV against GeV, per cent against fractions)?"
            raise InputError("measurements and outputs are far apart", where=measured.path, got=got, fix=fix)


def features_of(curves: Curves, values: Float[np.ndarray, "points parameters"]) -> Features:
    """The features of a design, centred and scaled to it.

    Args:
        curves: the viscosities that its parameters stand for.
        values: the design.
    """
    plain = tuple(i for i in range(values.shape[1]) if i not in curves.used)
    raw = np.asarray(jax.vmap(lambda point: raw_features(curves, plain, point))(jnp.asarray(values)))
    spread = raw.std(axis=0)
    scale = np.where(spread > CONSTANT, spread, 1.0)
    return Features(curves, plain, jnp.asarray(raw.mean(axis=0)), jnp.asarray(scale))


def inputs_of(features: Features, values: Float[np.ndarray, "points parameters"]) -> Float[np.ndarray, "points inputs"]:
    """The inputs of an emulator at some points.

    Args:
        features: the map.
        values: the points.
    """
    return np.asarray(jax.vmap(features)(jnp.asarray(values)))


def trained(
    recipe: Recipe, inputs: Float[np.ndarray, "points inputs"], outputs: Float[np.ndarray, "points bins"]
) -> AbstractEmulator:
    """The emulator of some runs, kept in the user's folder of caches.

    Args:
        recipe: how the runs are learnt.
        inputs: of the runs.
        outputs: of the same runs.

    Raises:
        InputError: if the runs are no design.
    """
    return kept(
        "emulators",
        repr(recipe),
        inputs,
        outputs,
        load=load_emulator,
        train=lambda: recipe.fit(inputs, outputs),
        save=save_emulator,
    )


class Record(eqx.Module):
    """Runs and measurements, as the report of a result needs them.

    Args:
        design: parameters of the points that the emulator learnt from.
        outputs: at these points, those that were measured.
        value: measured.
        error: one standard deviation of all experimental sources.
        index: of the points.
        bins: of the measurements.
        validation: what points of another design say of the emulator.
    """

    design: Float[np.ndarray, "points parameters"]
    outputs: Float[np.ndarray, "points bins"]
    value: Float[np.ndarray, " bins"]
    error: Float[np.ndarray, " bins"]
    index: tuple[int, ...] = eqx.field(static=True)
    bins: tuple[Bin, ...] = eqx.field(static=True)
    validation: str = eqx.field(static=True, default="")


def record_of(joint: Joint, validation: str = "") -> Record:
    """What a report needs of runs and measurements.

    Args:
        joint: of the same bins.
        validation: what points of another design say of the emulator.
    """
    design, outputs = joint.runs.design, joint.runs.outputs
    index = tuple(int(one) for one in design.index)
    return Record(
        design.values,
        outputs.values,
        joint.measured.value,
        joint.measured.error,
        index,
        joint.measured.bins,
        validation,
    )


class Accuracy(NamedTuple):
    """How well an emulator gives back runs that it has not seen."""

    error: Float[np.ndarray, " bins"]  # root mean square of the distance over the spread of the runs
    pull: Float[np.ndarray, " points"]  # root mean square of distance over predicted error, of each run
    width: float  # root mean square of all pulls: 1 if errors are right
    flagged: Bool[np.ndarray, " points"]  # runs whose joint pull stands out


def accuracy(
    mean: Float[np.ndarray, "points bins"],
    sd: Float[np.ndarray, "points bins"],
    values: Float[np.ndarray, "points bins"],
) -> Accuracy:
    """Compare predictions with runs that they do not know.

    Args:
        mean: predicted.
        sd: predicted errors.
        values: of the runs.
    """
    away = mean - values
    pulls = away / sd
    joint = np.sqrt(np.mean(pulls**2, axis=1))
    error = np.sqrt(np.mean(away**2, axis=0)) / values.std(axis=0)
    return Accuracy(error, joint, float(np.sqrt(np.mean(pulls**2))), broken_runs(joint))


def left_out(emulator: AbstractEmulator, outputs: Float[np.ndarray, "points bins"]) -> Accuracy:
    """The accuracy of an emulator at the points of its own design, each predicted from all others.

    Args:
        emulator: of the runs.
        outputs: that it learnt from.
    """
    found = emulator.leave_one_out
    return accuracy(np.asarray(found.mean), np.asarray(found.sd), outputs)


def unseen(emulator: AbstractEmulator, features: Features, runs: Runs) -> Accuracy:
    """The accuracy of an emulator at points of another design.

    Args:
        emulator: learnt from other runs.
        features: of its inputs.
        runs: with the outputs that it knows, in their order.
    """
    inputs = jnp.asarray(inputs_of(features, runs.design.values))
    mean = np.asarray(means(emulator, inputs))
    sd = np.sqrt(np.diag(np.asarray(emulator.covariance)))
    return accuracy(mean, np.broadcast_to(sd, mean.shape), runs.outputs.values)


def validation_of(emulator: AbstractEmulator, features: Features, runs: Runs) -> str:
    """What the points of another design say of an emulator, in words.

    Args:
        emulator: learnt from other runs.
        features: of its inputs.
        runs: with the outputs that it knows, in their order.
    """
    found = unseen(emulator, features, runs)
    good = ~found.flagged
    rows = [f"{runs.design.index[row]} ({found.pull[row]:.1f})" for row in np.flatnonzero(found.flagged)]
    clean = unseen(emulator, features, kept_rows(runs, good)) if rows else found
    told = f"; without those that are off by their joint pull, {', '.join(rows)}," if rows else ";"
    return (
        f"{len(good)} validation points are given back to {np.sqrt(np.mean(found.error**2)):.3f} of the spread of the"
        f" outputs{told} to {np.sqrt(np.mean(clean.error**2)):.3f}, with pulls {clean.width:.2f} wide"
    )


def flag_note(index: Sequence[int], found: Accuracy) -> tuple[str, ...]:
    """A note that names the runs that no smooth function of the parameters explains.

    Args:
        index: of the points of a design.
        found: their accuracy.
    """
    rows = np.flatnonzero(found.flagged)
    if not len(rows):
        return ()
    worst = rows[np.argsort(-found.pull[rows])][:12]
    names = ", ".join(f"{index[row]} ({found.pull[row]:.1f})" for row in worst)
    drop = ", ".join(str(index[row]) for row in sorted(worst.tolist()))
    return (
        f"points of the design that fit no smooth function of its parameters, with their joint pulls: {names};"
        f" look at them, and leave out what is corrupt: drop: [{drop}]",
    )
