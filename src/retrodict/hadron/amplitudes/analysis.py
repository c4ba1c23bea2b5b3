"""Phase shifts and line shapes as posteriors of an amplitude, whose poles are what is reported."""

from typing import Annotated

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from retrodict.base.errors import InputError
from retrodict.base.files import PathLike
from retrodict.base.types import Array, Float
from retrodict.hadron.amplitudes.binning import bin_operator
from retrodict.hadron.amplitudes.forward import (
    Parametrised,
    PhaseShiftForward,
    SpectrumForward,
    SquareForward,
    phase_shift,
)
from retrodict.hadron.amplitudes.mock import mock_phases, mock_spectrum
from retrodict.hadron.amplitudes.models import (
    AbstractAmplitude,
    EffectiveRange,
    Flatte,
    KMatrix,
    Parameters,
    ScatteringLength,
)
from retrodict.hadron.amplitudes.poles import pole_quantities, quantities_of
from retrodict.hadron.amplitudes.readers import Phases, Spectrum, check_unitarity, read_line_shape, read_phases
from retrodict.hadron.amplitudes.sheets import Channels, OneChannel, TwoChannels
from retrodict.problem.analysis import AbstractAnalysis
from retrodict.problem.covariance import Covariance
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.non_gaussian import Poisson
from retrodict.problem.posterior import Posterior
from retrodict.problem.prior import LogNormal, Normal, Uniform
from retrodict.problem.target import Quantity

Mass = Annotated[float, Field(gt=0)]
LIGHTEST = 0.1  # MeV: a pair lighter than 10 MeV was given in GeV
TOTAL_SPREAD, SLOPE_SPREAD = 0.3, 1.0  # of the logarithm of the mean intensity; of each power of the background
SHOWN = 120  # energies of a phase-shift curve
RELATIVISTIC = 1.5  # times the lighter mass: momenta beyond it are refused
REACH = 2.0  # times the range of the data, within which poles are listed by their sheet


class PhaseShifts(AbstractAnalysis):
    """Phase shifts of two particles in an S wave, and the pole nearest to their threshold.

    Args:
        masses: of the two particles [MeV].
        amplitude: the parametrisation with its priors.
        upper: energies above threshold beyond which data are left out [MeV].
        columns: names and units of the columns, where the file has none.
    """

    masses: tuple[Mass, Mass] = eqx.field(static=True)
    amplitude: EffectiveRange = eqx.field(static=True, default=EffectiveRange())
    upper: Annotated[float, Field(gt=0)] | None = eqx.field(static=True, default=None)
    columns: str = eqx.field(static=True, default="")

    def posterior(self, data: PathLike | None) -> Posterior:
        channel = OneChannel(_masses(self.masses, "problem.analysis.masses"))
        phases = mock_phases(channel) if data is None else read_phases(data, self.columns)
        k = _momenta(phases, channel)
        energy = k**2 / (2 * channel.reduced_mass)
        keep = energy <= (self.upper or np.inf)
        _enough(int(keep.sum()), len(self.amplitude.priors()), "problem.analysis.upper")
        turns = 180.0 * float(np.floor(np.median(phases.delta[keep]) / 180.0))
        momentum = jnp.asarray(k[keep])
        likelihood = Gaussian(jnp.asarray(phases.delta[keep]), Covariance.diagonal(phases.error[keep]))
        forward = PhaseShiftForward(self.amplitude, channel, momentum, turns)
        shown = np.linspace(float(energy[keep].min()), float(energy[keep].max()), SHOWN)
        at = jnp.asarray(np.sqrt(2 * channel.reduced_mass * shown))
        amplitude, reach = self.amplitude, REACH * float(shown[-1])

        def derive(unknown: Parameters, prediction: Float[Array, " points"]) -> dict[str, Array]:
            found = pole_quantities(amplitude, channel, unknown, channel.threshold, reach)
            return found | {"phase_shift": phase_shift(unknown, at) + turns}

        curve = Quantity("phase_shift", "deg", r"$\delta$", tuple(shown.tolist()), "energy", "MeV", "energy")
        return Posterior(
            _ansatz({**amplitude.priors()}),
            forward,
            likelihood,
            derive=derive,
            quantities=(*quantities_of(channel), curve),
            notes=phases.notes,
        )


class LineShape(AbstractAnalysis):
    """A mass spectrum near thresholds, or |f|^2 of one channel, and the poles of the amplitude behind it.

    Args:
        channels: masses of each pair of particles [MeV], the one with the lower threshold first.
        amplitude: the parametrisation with its priors.
        resolution: standard deviation of the measured mass [MeV].
        background: powers in the exponent of the smooth background; 0: a flat one. |f|^2 has none.
        near: the pole nearest to this energy is reported [MeV]; None: nearest to the last threshold.
        columns: names and units of the columns, where the file has none.
        lower: masses below which bins are left out [MeV].
        upper: masses above which bins are left out [MeV].
    """

    channels: tuple[tuple[Mass, Mass], ...] = eqx.field(static=True)
    amplitude: ScatteringLength | Flatte | KMatrix | EffectiveRange = eqx.field(static=True, default=ScatteringLength())
    resolution: Annotated[float, Field(ge=0)] = eqx.field(static=True, default=0.0)
    background: Annotated[int, Field(ge=0, le=4)] = eqx.field(static=True, default=2)
    near: float | None = eqx.field(static=True, default=None)
    columns: str = eqx.field(static=True, default="")
    lower: float | None = eqx.field(static=True, default=None)
    upper: float | None = eqx.field(static=True, default=None)

    def posterior(self, data: PathLike | None) -> Posterior:
        channels = channels_of(self.channels, self.amplitude)
        shape = self._mock(channels) if data is None else read_line_shape(data, self.columns)
        if shape.kind != "spectrum":
            return self._of_squares(shape, channels)
        keep = (shape.low >= (self.lower or -np.inf)) & (shape.high <= (self.upper or np.inf))
        low, high, value = shape.low[keep], shape.high[keep], shape.value[keep]
        priors = {**self.amplitude.priors(), **_spectrum_priors(value, self.background)}
        _enough(len(value), len(priors), "problem.analysis.lower")
        _check_thresholds(low, high, channels, self.near, shape.path)
        forward = self.forward(low, high, channels)
        if shape.error is None:
            likelihood: Gaussian | Poisson = Poisson(jnp.asarray(value))
        else:
            likelihood = Gaussian(jnp.asarray(value), Covariance.diagonal(shape.error[keep]))
        near = channels.threshold if self.near is None else self.near
        amplitude, reach = self.amplitude, REACH * float(high[-1] - low[0])

        def derive(unknown: Parameters, prediction: Float[Array, " bins"]) -> dict[str, Array]:
            found = pole_quantities(amplitude, channels, unknown, near, reach)
            return found | {"signal_fraction": unknown["signal_fraction"], "line_shape": prediction}

        centres = tuple((0.5 * (low + high)).tolist())
        curve = Quantity("line_shape", "", "intensity", centres, "mass", "MeV", "mass")
        quantities = (*quantities_of(channels), Quantity("signal_fraction", "", "share of the signal"), curve)
        ansatz = _ansatz(priors)
        return Posterior(ansatz, forward, likelihood, derive=derive, quantities=quantities, notes=shape.notes)

    def forward(
        self, low: Float[np.ndarray, " bins"], high: Float[np.ndarray, " bins"], channels: Channels
    ) -> SpectrumForward:
        """From parameters to mean intensities of bins.

        Args:
            low: lower edges [MeV].
            high: upper edges [MeV].
            channels: masses and thresholds.
        """
        breaks = (sum(self.channels[0]), channels.threshold)
        nodes, operator = bin_operator(low, high, self.resolution, tuple(sorted(set(breaks))))
        x = (2 * nodes - low[0] - high[-1]) / (high[-1] - low[0])
        powers = np.stack([x ** (i + 1) for i in range(self.background)]) if self.background else np.zeros((0, len(x)))
        quadrature = jnp.asarray(nodes), jnp.asarray(operator), jnp.asarray(powers)
        edges = jnp.asarray(low), jnp.asarray(high)
        return SpectrumForward(self.amplitude, channels, *quadrature, *edges, self.resolution)

    def _mock(self, channels: Channels) -> Spectrum:
        """Mock data of the scattering-length amplitude, whatever the amplitude that is fitted."""
        if isinstance(channels, OneChannel):
            fix = "data: FILE, or two pairs of masses"
            raise InputError("the mock spectrum has two channels", where="problem.data", fix=fix)
        truth = LineShape(self.channels, ScatteringLength(), self.resolution, 2)
        return mock_spectrum(channels.threshold, lambda low, high: truth.forward(low, high, channels))

    def _of_squares(self, shape: Spectrum, channels: Channels) -> Posterior:
        """The posterior behind |f|^2 of one channel."""
        amplitude, error = self.amplitude, shape.error
        if not isinstance(channels, OneChannel) or not isinstance(amplitude, EffectiveRange) or error is None:
            fix = "amplitude: {kind: EffectiveRange}, and one pair of masses"
            raise InputError("|f|^2 in fm^2 belongs to one channel", where="problem.analysis.amplitude", fix=fix)
        k = shape.low if shape.kind == "f_squared_of_k" else np.sqrt(2 * channels.reduced_mass * shape.low)
        _check_momenta(k, channels, shape.path)
        check_unitarity(k, shape.value, error, shape.path)
        _enough(len(k), len(amplitude.priors()), shape.path)
        energy = k**2 / (2 * channels.reduced_mass)
        reach = REACH * float(energy[-1])

        def derive(unknown: Parameters, prediction: Float[Array, " points"]) -> dict[str, Array]:
            found = pole_quantities(amplitude, channels, unknown, channels.threshold, reach)
            return found | {"line_shape": prediction}

        curve = Quantity("line_shape", "fm^2", "$|f|^2$", tuple(energy.tolist()), "energy", "MeV", "energy")
        return Posterior(
            _ansatz({**amplitude.priors()}),
            SquareForward(amplitude, channels, jnp.asarray(k)),
            Gaussian(jnp.asarray(shape.value), Covariance.diagonal(error)),
            derive=derive,
            quantities=(*quantities_of(channels), curve),
            notes=(*shape.notes, "|f|^2 does not know the sign of k cot(delta): bound and virtual differ by r alone"),
        )


def channels_of(pairs: tuple[tuple[float, float], ...], amplitude: AbstractAmplitude) -> Channels:
    """The channels that an amplitude needs.

    Args:
        pairs: masses of each pair [MeV].
        amplitude: the parametrisation.

    Raises:
        InputError: for another number of pairs, wrong units, or thresholds in the wrong order.
    """
    where = "problem.analysis.channels"
    if len(pairs) != amplitude.channels:
        got, expected = f"{len(pairs)} pairs of masses", f"{amplitude.channels} for {type(amplitude).__name__}"
        raise InputError("the amplitude has another number of channels", where=where, got=got, expected=expected)
    checked = [_masses(pair, where) for pair in pairs]
    if len(checked) == 1:
        return OneChannel(checked[0])
    if sum(checked[0]) >= sum(checked[1]):
        got = f"{sum(checked[0]):g} and {sum(checked[1]):g} MeV"
        raise InputError("the thresholds are in the wrong order", where=where, got=got, fix="the lower one first")
    return TwoChannels(checked[0], checked[1])


def _masses(pair: tuple[float, float], where: str) -> tuple[float, float]:
    if sum(pair) < 100 * LIGHTEST:
        raise InputError(
            "masses out of range", where=where, got=f"{pair[0]:g}, {pair[1]:g} MeV", fix="masses in MeV, not GeV"
        )
    return float(pair[0]), float(pair[1])


def _ansatz(priors: dict[str, Normal | LogNormal | Uniform]) -> Parametrised:
    """Parameters with their priors; one of no spread is fixed and keeps its latent."""
    return Parametrised(tuple(priors), tuple(priors.values()))


def _spectrum_priors(value: Float[np.ndarray, " bins"], background: int) -> dict[str, Normal | LogNormal | Uniform]:
    slopes: dict[str, Normal | LogNormal | Uniform] = {
        f"background{i + 1}": Normal(0.0, SLOPE_SPREAD) for i in range(background)
    }
    return {"total": LogNormal(float(value.mean()), TOTAL_SPREAD), "signal_fraction": Uniform(0.0, 1.0), **slopes}


def _momenta(phases: Phases, channel: OneChannel) -> Float[np.ndarray, " points"]:
    k = phases.momentum if phases.energy is None else np.sqrt(2 * channel.reduced_mass * phases.energy)
    assert k is not None
    _check_momenta(k, channel, phases.path)
    return k


def _check_momenta(k: Float[np.ndarray, " points"], channel: OneChannel, path: str) -> None:
    limit = RELATIVISTIC * min(channel.masses)
    if k[-1] > limit:
        got, expected = f"k up to {k[-1]:.4g} MeV", f"below {limit:.4g} MeV, where these masses are not relativistic"
        fix = "leave out higher energies, or check the units of the energies and masses"
        raise InputError("momenta out of range", where=path, got=got, expected=expected, fix=fix)


def _check_thresholds(
    low: Float[np.ndarray, " bins"], high: Float[np.ndarray, " bins"], channels: Channels, near: float | None, path: str
) -> None:
    first = channels.threshold if isinstance(channels, OneChannel) else sum(channels.lower)
    if low[0] < first - 1e-9:
        got, fix = f"a bin from {low[0]:g} MeV", f"lower: {first:g}, or correct the masses"
        raise InputError("masses below threshold", where=path, got=got, expected=f"above {first:g} MeV", fix=fix)
    span = high[-1] - low[0]
    for energy, where in ((channels.threshold, "problem.analysis.channels"), (near, "problem.analysis.near")):
        if energy is not None and not low[0] - span <= energy <= high[-1] + span:
            got, expected = f"{energy:g} MeV", f"near the data, {low[0]:g} ... {high[-1]:g} MeV"
            raise InputError("an energy far from the data", where=where, got=got, expected=expected)


def _enough(points: int, parameters: int, where: str) -> None:
    if points <= parameters:
        raise InputError("fewer data than parameters", where=where, got=f"{points} data, {parameters} parameters")
