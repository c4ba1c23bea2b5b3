"""Mock data of known truth: proton and neutron in the deuteron's channel, and a narrow peak near a threshold."""

from collections.abc import Callable

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Float

from retrodict.base.constants import HBAR_C
from retrodict.base.types import Array, Scalar
from retrodict.hadron.amplitudes.readers import Phases, Spectrum
from retrodict.hadron.amplitudes.sheets import OneChannel

Edges = Float[np.ndarray, " bins"]
RANGE, BINDING = 1.39, 0.2316  # fm^-1: of Yamaguchi's separable potential, with the deuteron at k = 0.2316i fm^-1
PHASE_ERROR = 0.3  # deg
TRUTH = {"m11": 200.0, "m22": 60.0, "m12": 180.0}  # MeV: a virtual state on sheet 4
EVENTS, SIGNAL, SLOPES = 900.0, 0.12, (0.25, -0.1)  # a bin; share of the signal; background
FIRST, LAST, WIDTH = 4250.0, 4380.0, 2.0  # MeV: the binning in which LHCb published the P_c(4312)
PUBLISHED_THRESHOLD = 4317.5  # MeV, of Sigma_c D


def mock_phases(channel: OneChannel) -> Phases:
    """Phase shifts of Yamaguchi's potential at twenty energies, with errors of 0.3 degrees.

    Source: Yamaguchi, Phys. Rev. 95 (1954) 1628.

    Args:
        channel: masses.
    """
    energy = np.concatenate([[0.5, 1.0, 2.0, 3.0], np.arange(5.0, 41.0, 2.5)])
    k = np.sqrt(2 * channel.reduced_mass * energy)
    delta = np.rad2deg(np.arctan2(k, yamaguchi(k, HBAR_C * RANGE, HBAR_C * BINDING)))
    noise = PHASE_ERROR * np.random.default_rng(1).standard_normal(len(k))
    return Phases(energy, None, delta + noise, np.full(len(k), PHASE_ERROR), "mock", ())


def yamaguchi(k: np.ndarray, beta: float, kappa: float) -> np.ndarray:
    """k cot(delta) of the separable potential with form factor 1/(p^2 + beta^2) and a pole at i kappa.

    Args:
        k: momentum, any shape.
        beta: range parameter, in the unit of k.
        kappa: pole on the imaginary axis; negative: a virtual state.
    """
    strength = (beta + kappa) ** 2
    return ((beta**2 + k**2) ** 2 - strength * (beta**2 - k**2)) / (2 * beta * strength)


def mock_spectrum(
    threshold: float, forward_of: Callable[[Edges, Edges], Callable[[dict[str, Scalar]], tuple[Array, Array]]]
) -> Spectrum:
    """Counts of a scattering-length amplitude over a smooth background, with Poisson's errors.

    Args:
        threshold: the upper one [MeV]; the bins begin 67.5 MeV below it.
        forward_of: (lower edges, upper edges) -> (parameters -> mean counts, validity).
    """
    edges = np.arange(FIRST, LAST + 0.5 * WIDTH, WIDTH) - PUBLISHED_THRESHOLD + np.round(2 * threshold) / 2
    truth = TRUTH | {"total": EVENTS, "signal_fraction": SIGNAL, "background1": SLOPES[0], "background2": SLOPES[1]}
    mean, _ = forward_of(edges[:-1], edges[1:])({name: jnp.asarray(value) for name, value in truth.items()})
    counts = np.asarray(jr.poisson(jr.key(4), mean), dtype=float)
    return Spectrum(edges[:-1], edges[1:], counts, None, "spectrum", "mock", ())
