"""The posterior of the parameters of a simulator: uniform prior, emulator, errors of measurements and emulator."""

from typing import Final, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr
from jaxtyping import Float

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Flag, Vector
from retrodict.heavy_ion.calibration.emulators import AbstractEmulator
from retrodict.heavy_ion.calibration.parametrisation import ENERGY, FUNCTIONS, REPORTED, Curves, Features
from retrodict.heavy_ion.calibration.readers.measurements import Measurements
from retrodict.heavy_ion.calibration.readers.ranges import Ranges
from retrodict.heavy_ion.calibration.readers.runs import Runs
from retrodict.heavy_ion.calibration.training import Joint, Record, flag_note, left_out, record_of
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import AbstractForward
from retrodict.problem.labelled import Labelled
from retrodict.problem.likelihood import AbstractLikelihood, Gaussian
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import Quantity

PREDICTED: Final = "predicted_observables"


class UniformBox(AbstractAnsatz[Float[Array, " parameters"]]):
    """Parameters that are uniform between two ends, as push-forward of standard-normal latents.

    Args:
        low: lower ends, shape (parameters,).
        high: upper ends.
    """

    low: Float[Array, " parameters"]
    high: Float[Array, " parameters"]

    @property
    def dim(self) -> int:
        return self.low.shape[0]

    def __call__(self, z: Vector) -> Float[Array, " parameters"]:
        """low + (high - low) Phi(z).

        Args:
            z: latents, shape (parameters,).
        """
        return self.low + (self.high - self.low) * ndtr(z)


class EmulatedSimulator(AbstractForward[Float[Array, " parameters"], Float[Array, " bins"]]):
    """What the simulator would give, by its emulator.

    Args:
        features: of its parameters.
        emulator: of its outputs.
    """

    features: Features
    emulator: AbstractEmulator

    def __call__(self, unknown: Float[Array, " parameters"]) -> tuple[Float[Array, " bins"], Flag]:
        """The outputs that were measured, in the order of the measurements.

        Args:
            unknown: parameters, shape (parameters,).
        """
        prediction = self.emulator.mean(self.features(unknown))
        return prediction, jnp.all(jnp.isfinite(prediction))


class Derived(eqx.Module):
    """What is reported: every parameter, the functions that they stand for, and the outputs."""

    names: tuple[str, ...] = eqx.field(static=True)
    curves: Curves
    record: Record

    def __call__(self, unknown: Float[Array, " parameters"], prediction: Float[Array, " bins"]) -> dict[str, Array]:
        """Quantities by name.

        Args:
            unknown: parameters.
            prediction: outputs.
        """
        parameters = {name: unknown[i] for i, name in enumerate(self.names)}
        return {**parameters, **self.curves.reported(unknown), PREDICTED: prediction}


class Setup(NamedTuple):
    """Everything that a posterior of this analysis is made of."""

    measured: Measurements
    runs: Runs  # with the outputs that were measured, in their order
    ranges: Ranges
    features: Features
    emulator: AbstractEmulator
    correlation_length: float | None  # per cent, of correlated systematic errors
    validation: str = ""  # what points of another design say of the emulator


def posterior_of(setup: Setup) -> Posterior[Float[Array, " parameters"], Float[Array, " bins"]]:
    """The posterior of the parameters, given an emulator.

    Args:
        setup: what it is made of.
    """
    ansatz = UniformBox(jnp.asarray(setup.ranges.low), jnp.asarray(setup.ranges.high))
    forward = EmulatedSimulator(setup.features, setup.emulator)
    design = setup.runs.design
    return Posterior(
        ansatz,
        forward,
        likelihood_of(setup.measured, setup.correlation_length, np.asarray(setup.emulator.covariance)),
        derive=Derived(
            design.names, setup.features.curves, record_of(Joint(setup.measured, setup.runs), setup.validation)
        ),
        quantities=quantities_of(setup),
        notes=notes_of(setup),
    )


def likelihood_of(
    measured: Measurements, correlation_length: float | None, emulator: Float[np.ndarray, "bins bins"]
) -> AbstractLikelihood[Float[Array, " bins"]]:
    """Gaussian errors of measurements and emulator together, whitened so that each pull stays close to one datum.

    Args:
        measured: the measurements.
        correlation_length: of correlated systematic errors [%].
        emulator: covariance of the emulator.

    Raises:
        InputError: for correlated errors without a length.
    """
    covariance = symmetric_whitening(measured.covariance(correlation_length) + emulator)
    return Labelled(Gaussian(jnp.asarray(measured.value), covariance), tuple(map(str, measured.bins)))


def symmetric_whitening(matrix: Float[np.ndarray, "bins bins"]) -> Covariance:
    r"""$W = P^{-1/2}D^{-1/2}$ with the correlations P and variances D.

    Of all whitenings this one keeps each pull most correlated with its datum: Kessy, Lewin, Strimmer, Am. Stat. 72
    (2018) 309.

    Args:
        matrix: a covariance.

    Raises:
        InputError: unless it is positive definite.
    """
    sigma = np.sqrt(np.diag(matrix))
    value, vector = np.linalg.eigh(matrix / np.outer(sigma, sigma))
    if not value[0] > 1e-12 * value[-1]:
        fix = "a normalisation needs independent errors beside it"
        raise InputError("the errors are singular: some differences of measurements would be exact", fix=fix)
    whitener = (vector / np.sqrt(value)) @ vector.T / sigma
    root = sigma[:, None] * ((vector * np.sqrt(value)) @ vector.T)
    determinant = np.sum(np.log(value)) + 2.0 * np.sum(np.log(sigma))
    return Covariance(jnp.asarray(whitener), jnp.asarray(root), jnp.asarray(determinant))


def quantities_of(setup: Setup) -> tuple[Quantity, ...]:
    """What `Derived` reports.

    Args:
        setup: what a posterior is made of.
    """
    design, curves = setup.runs.design, setup.features.curves
    units = dict(zip(design.names, design.units, strict=True))
    reported = curves.reported(jnp.asarray(design.values[0]))
    grids = {
        name: (ENERGY, "e", "GeV fm^-3", "e") if name == "sound_speed_squared" else (REPORTED, "T", "GeV", "T")
        for name in reported
    }
    rows = tuple(float(i) for i in range(len(setup.measured.bins)))
    return (
        *(Quantity(name, units[name]) for name in design.names),
        *(Quantity(name, "", FUNCTIONS[name], *grid) for name, grid in grids.items()),
        Quantity(PREDICTED, "", "outputs", rows, "row of the measurements", "", "row"),
    )


def notes_of(setup: Setup) -> tuple[str, ...]:
    """What the reader of any result should know of the files and the emulator.

    Args:
        setup: what a posterior is made of.
    """
    found = left_out(setup.emulator, setup.runs.outputs.values)
    scale = np.sqrt(np.diag(np.asarray(setup.emulator.covariance)))
    share = float(np.mean(scale**2 / (scale**2 + setup.measured.error**2)))
    worst = setup.measured.bins[int(np.argmax(found.error))]
    quality = (
        f"the emulator learnt from {len(setup.runs.design.index)} points gives back points left out to"
        f" {np.sqrt(np.mean(found.error**2)):.2f} of the spread of the outputs (worst: {worst},"
        f" {found.error.max():.2f}); pulls {found.width:.2f} wide; its part of the likelihood's variance is"
        f" {share:.0%}"
    )
    validated = (setup.validation,) if setup.validation else ()
    frozen = "the covariance of the emulator is that averaged over the design: the same everywhere in the prior"
    return (
        *setup.measured.notes,
        *setup.runs.notes,
        *setup.ranges.notes,
        quality,
        *validated,
        frozen,
        *flag_note(setup.runs.design.index.tolist(), found),
    )
