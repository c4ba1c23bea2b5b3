"""From parameters to what is measured: phase shifts, |f|^2, and the mean intensities of bins."""

import equinox as eqx
import jax.numpy as jnp

from retrodict.base.constants import HBAR_C
from retrodict.base.types import Array, Flag, Float, Scalar, Vector
from retrodict.hadron.amplitudes.models import AbstractAmplitude, EffectiveRange, Parameters, k_cot_delta
from retrodict.hadron.amplitudes.poles import causal
from retrodict.hadron.amplitudes.sheets import Channels, OneChannel
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.forward import AbstractForward
from retrodict.problem.prior import LogNormal, Normal, Uniform


class Parametrised(AbstractAnsatz[dict[str, Scalar]]):
    """Parameters by name, each a push-forward of one latent.

    Args:
        names: of the parameters.
        priors: of each.
    """

    names: tuple[str, ...] = eqx.field(static=True)
    priors: tuple[Normal | LogNormal | Uniform, ...]

    @property
    def dim(self) -> int:
        return len(self.names)

    def __call__(self, z: Vector) -> dict[str, Scalar]:
        return {name: prior(z[i]) for i, (name, prior) in enumerate(zip(self.names, self.priors, strict=True))}


class PhaseShiftForward(AbstractForward[Parameters, Float[Array, " points"]]):
    """Phase shifts [deg] at given momenta, 0 ... 180 deg: continuous, 180 deg at threshold for a bound state.

    Args:
        amplitude: the parametrisation.
        channel: masses.
        momentum: of the data [MeV].
        turns: added [deg]; a multiple of 180.
    """

    amplitude: EffectiveRange = eqx.field(static=True)
    channel: OneChannel
    momentum: Float[Array, " points"]
    turns: float = eqx.field(static=True)

    def __call__(self, unknown: Parameters) -> tuple[Float[Array, " points"], Flag]:
        valid = causal(self.amplitude, self.channel, unknown)
        return phase_shift(unknown, self.momentum) + self.turns, valid


def phase_shift(parameters: Parameters, momentum: Float[Array, " points"]) -> Float[Array, " points"]:
    """delta [deg] between 0 and 180.

    Args:
        parameters: of the effective-range expansion.
        momentum: k [MeV], shape (points,).
    """
    return jnp.rad2deg(jnp.arctan2(momentum, k_cot_delta(parameters, momentum).real))


class SpectrumForward(AbstractForward[Parameters, Float[Array, " bins"]]):
    r"""Mean intensity of each bin: total (f s + (1 - f) b), signal s and background b of mean one over the bins.

    s is $k_1|T_{11}|^2$ and b the exponential of a polynomial, hence positive.

    Args:
        amplitude: the parametrisation.
        channels: masses and thresholds.
        nodes: energies of the quadrature [MeV].
        operator: from there to means over the bins.
        powers: of the background at the nodes, shape (powers, nodes).
        low: lower edges of the bins [MeV].
        high: upper edges [MeV].
        resolution: standard deviation of the measured mass [MeV].
    """

    amplitude: AbstractAmplitude = eqx.field(static=True)
    channels: Channels
    nodes: Float[Array, " nodes"]
    operator: Float[Array, "bins nodes"]
    powers: Float[Array, "powers nodes"]
    low: Float[Array, " bins"]
    high: Float[Array, " bins"]
    resolution: float = eqx.field(static=True)

    def __call__(self, unknown: Parameters) -> tuple[Float[Array, " bins"], Flag]:
        signal = self.operator @ intensity(self.amplitude, self.channels, unknown, self.nodes)
        slopes = jnp.array([unknown[f"background{i + 1}"] for i in range(len(self.powers))])
        smooth = self.operator @ jnp.exp(slopes @ self.powers if len(self.powers) else jnp.zeros_like(self.nodes))
        share = unknown["signal_fraction"]
        shape = share * signal / jnp.mean(signal) + (1 - share) * smooth / jnp.mean(smooth)
        return unknown["total"] * shape, jnp.asarray(True) & jnp.all(jnp.isfinite(shape))


def intensity(
    amplitude: AbstractAmplitude, channels: Channels, parameters: Parameters, energy: Float[Array, " points"]
) -> Float[Array, " points"]:
    """k1 |T11|^2 [1/MeV], zero below the lowest threshold.

    Args:
        amplitude: the parametrisation.
        channels: masses and thresholds.
        parameters: values by name.
        energy: total energy [MeV], shape (points,).
    """
    variable = channels.variable(energy)
    momenta = channels.momenta(variable)
    ratio = amplitude.ratio(parameters, channels.energy(variable), momenta)
    return momenta[0].real * (ratio.first.real**2 + ratio.first.imag**2) / jnp.abs(ratio.denominator) ** 2


class SquareForward(AbstractForward[Parameters, Float[Array, " points"]]):
    """|f|^2 [fm^2] at given momenta.

    Args:
        amplitude: the parametrisation.
        channel: masses.
        momentum: k [MeV].
    """

    amplitude: EffectiveRange = eqx.field(static=True)
    channel: OneChannel
    momentum: Float[Array, " points"]

    def __call__(self, unknown: Parameters) -> tuple[Float[Array, " points"], Flag]:
        cot = k_cot_delta(unknown, self.momentum).real
        return HBAR_C**2 / (cot**2 + self.momentum**2), causal(self.amplitude, self.channel, unknown)
