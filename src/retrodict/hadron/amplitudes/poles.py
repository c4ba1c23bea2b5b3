"""Poles of an amplitude on every sheet, and what is reported of them for each draw."""

import jax.numpy as jnp
from jaxtyping import Complex

from retrodict.base.constants import HBAR_C
from retrodict.base.types import Array, Flag, Scalar
from retrodict.hadron.amplitudes.models import AbstractAmplitude, Parameters
from retrodict.hadron.amplitudes.sheets import Channels, OneChannel, TwoChannels, coefficients, nearest, roots
from retrodict.problem.target import Quantity

MOMENTUM = 100.0  # MeV: about the size of momenta at poles that matter
ROUNDING = 1e-10  # of a complex number, below which a part of it is none
ON_AXIS = 1e-6  # |Re k| / |k| below which a pole lies on the imaginary axis


def poles(amplitude: AbstractAmplitude, channels: Channels, parameters: Parameters) -> Complex[Array, " poles"]:
    """All poles in the uniformising variable (k of one channel [MeV], omega of two).

    Args:
        amplitude: the parametrisation.
        channels: masses and thresholds.
        parameters: values by name.
    """
    two = isinstance(channels, TwoChannels)
    radius = 1.0 if two else MOMENTUM

    def polynomial(variable: Complex[Array, " points"]) -> Complex[Array, " points"]:
        ratio = amplitude.ratio(parameters, channels.energy(variable), channels.momenta(variable))
        return ratio.denominator * (variable ** (amplitude.degree // 2) if two else 1.0)

    return roots(coefficients(polynomial, amplitude.degree, radius), radius)


def upper_pole(amplitude: AbstractAmplitude, channels: TwoChannels, parameters: Parameters) -> Complex[Array, ""]:
    """The pole nearest to the upper threshold when the channels are decoupled: its momentum [MeV].

    Args:
        amplitude: the parametrisation.
        channels: masses and thresholds.
        parameters: values by name.
    """

    def polynomial(k: Complex[Array, " points"]) -> Complex[Array, " points"]:
        return amplitude.upper_alone(parameters, k**2 / (2 * channels.reduced_mass), k)

    found = roots(coefficients(polynomial, amplitude.upper_degree, MOMENTUM), MOMENTUM)
    return found[jnp.argmin(jnp.abs(found))]


def pole_quantities(
    amplitude: AbstractAmplitude, channels: Channels, parameters: Parameters, near: float, reach: float
) -> dict[str, Array]:
    """The pole nearest to an energy and its kind, the nearest one of each sheet, scattering parameters.

    Distances are those in the uniformising variable from the physical point at `near`, so that a pole that hides
    behind a cut is far. Of two mirror images the one nearer to it counts; Im E is given with the sign of a decay.

    Args:
        amplitude: the parametrisation.
        channels: masses and thresholds.
        parameters: values by name.
        near: energy [MeV], total.
        reach: distance from the threshold [MeV] beyond which a pole is not listed by its sheet: the data do not see it.
    """
    found = poles(amplitude, channels, parameters)
    seen = channels.variable(jnp.asarray(near))
    images = jnp.minimum(jnp.abs(found - seen), jnp.abs(-jnp.conj(found) - seen))
    sheet = channels.sheet(found)
    index = jnp.argmin(images)
    k, energy = _clean(channels.momenta(found)[-1]), _clean(channels.energy(found))
    out: dict[str, Array] = {
        "pole_real": energy[index].real,
        "pole_imaginary": -jnp.abs(energy[index].imag),
        "pole_momentum_real": jnp.abs(k[index].real),
        "pole_momentum_imaginary": k[index].imag,
        "pole_sheet": sheet[index],
    }
    alone = k[index] if isinstance(channels, OneChannel) else upper_pole(amplitude, channels, parameters)
    on_axis = jnp.abs(alone.real) <= ON_AXIS * jnp.abs(alone)
    out |= {
        "bound": 1.0 * (on_axis & (alone.imag > 0)),
        "virtual": 1.0 * (on_axis & (alone.imag <= 0)),
        "resonance": 1.0 * ~on_axis,
    }
    seen_at, real, imaginary = jnp.abs(energy) <= reach, [], []
    for number in range(1, channels.sheets + 1):
        i, there = nearest(images, seen_at & (sheet == number))
        real.append(jnp.where(there, energy[i].real, jnp.nan))
        imaginary.append(jnp.where(there, -jnp.abs(energy[i].imag), jnp.nan))
    out |= {"pole_real_by_sheet": jnp.stack(real), "pole_imaginary_by_sheet": jnp.stack(imaginary)}
    return out | scattering_parameters(amplitude, channels, parameters)


def _clean(values: Complex[Array, " poles"]) -> Complex[Array, " poles"]:
    """Real and imaginary parts that are rounding errors become zero."""
    size = ROUNDING * jnp.abs(values)
    real = jnp.where(jnp.abs(values.real) < size, 0.0, values.real)
    return real + 1j * jnp.where(jnp.abs(values.imag) < size, 0.0, values.imag)


def scattering_parameters(
    amplitude: AbstractAmplitude, channels: Channels, parameters: Parameters
) -> dict[str, Scalar]:
    """Scattering length and effective range [fm] of one channel; the complex length of the upper one of two.

    Args:
        amplitude: the parametrisation.
        channels: masses and thresholds.
        parameters: values by name.
    """
    if isinstance(channels, OneChannel):
        inverse = parameters["inverse_length"] / HBAR_C
        return {
            "inverse_scattering_length": inverse,
            "scattering_length": 1 / inverse,
            "effective_range": parameters["effective_range"] * HBAR_C,
        }
    threshold = channels.variable(jnp.asarray(channels.threshold))
    ratio = amplitude.ratio(parameters, channels.energy(threshold), channels.momenta(threshold))
    length = -HBAR_C * ratio.second / ratio.denominator
    return {"scattering_length_real": length.real, "scattering_length_imaginary": length.imag}


def quantities_of(channels: Channels) -> tuple[Quantity, ...]:
    """The meaning of `pole_quantities`.

    Args:
        channels: masses and thresholds.
    """
    one = isinstance(channels, OneChannel)
    threshold = "threshold" if one else "upper threshold"
    rows = [
        Quantity("pole_real", "MeV", f"Re E - {threshold}"),
        Quantity("pole_imaginary", "MeV", "Im E"),
        Quantity("pole_momentum_real", "MeV", "|Re k|"),
        Quantity("pole_momentum_imaginary", "MeV", "Im k"),
        Quantity("pole_sheet", "", "sheet"),
        *(Quantity(word, "", f"probability: {word}") for word in ("bound", "virtual", "resonance")),
    ]
    sheets = tuple(float(number) for number in range(1, channels.sheets + 1))
    for part, label in (("real", f"Re E - {threshold}"), ("imaginary", "Im E")):
        rows.append(Quantity(f"pole_{part}_by_sheet", "MeV", label, sheets, "sheet", "", "sheet"))
    if one:
        lengths = [Quantity("inverse_scattering_length", "fm^-1", "$1/a$"), Quantity("scattering_length", "fm", "$a$")]
        return (*rows, *lengths, Quantity("effective_range", "fm", "$r$"))
    parts = [
        Quantity(f"scattering_length_{part}", "fm", f"{short} a")
        for part, short in (("real", "Re"), ("imaginary", "Im"))
    ]
    return (*rows, *parts)


def causal(amplitude: AbstractAmplitude, channels: OneChannel, parameters: Parameters) -> Flag:
    """Whether the pole nearest to threshold is not a complex one of the physical sheet, which no potential makes.

    Args:
        amplitude: the parametrisation.
        channels: masses.
        parameters: values by name.
    """
    found = poles(amplitude, channels, parameters)
    k = found[jnp.argmin(jnp.abs(found))]
    return (k.imag <= 0) | (jnp.abs(k.real) <= ON_AXIS * jnp.abs(k))
