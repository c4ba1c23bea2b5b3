"""Mock data: a source of two components, 75 % Gaussian of 1.0 fm and 25 % exponential of 1.5 fm, errors of 0.01."""

from dataclasses import replace
from typing import Final

import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Float
from retrodict.hadron.femtoscopy.model import CorrelationForward, Unknown
from retrodict.hadron.femtoscopy.reading import CorrelationData
from retrodict.hadron.femtoscopy.sources import two_component
from retrodict.problem.ansatz import AbstractAnsatz

MOMENTUM: Final = 2.0 * np.arange(1, 61)  # MeV
RADIUS, HALO, LENGTH = 1.0, 0.25, 1.5  # fm, share, fm
ERROR: Final = 0.01  # of each point: 1 % of the uncorrelated pairs
SEED: Final = 15
NOTE: Final = (
    "mock data: 75 % of the pairs from a Gaussian source of 1.0 fm, 25 % from an exponential one of 1.5 fm; C at 60"
    " momenta with errors of 0.01, made by the same wave functions that the fit has"
)


def without_values() -> CorrelationData:
    """The momenta of the mock data; the values are still missing."""
    nothing = np.ones(len(MOMENTUM))
    return CorrelationData(MOMENTUM, nothing, ERROR * nothing)


def truth(
    radius: Float[np.ndarray, " radii"], potential: AbstractAnsatz | None, latent: float, numbers: dict[str, float]
) -> Unknown:
    """The unknown behind the mock data.

    Args:
        radius: of the source's grid [fm].
        potential: the one that is fitted; None if there is none.
        latent: its true latents.
        numbers: of the experiment, by name.
    """
    source = two_component(jnp.asarray(radius), RADIUS, HALO, LENGTH)
    true = jnp.zeros(0) if potential is None else potential(jnp.full(potential.dim, latent))
    return Unknown(source, {}, true, {**numbers})


def mock_data(forward: CorrelationForward, unknown: Unknown) -> CorrelationData:
    """Values with errors of 0.01, the same ones each time.

    Args:
        forward: at the momenta of `without_values`.
        unknown: the truth.
    """
    value = np.asarray(forward(unknown)[0])
    error = np.full(len(value), ERROR)
    noise = np.random.default_rng(SEED).standard_normal(len(value))
    return replace(without_values(), value=value + error * noise, error=error, notes=(NOTE,))
