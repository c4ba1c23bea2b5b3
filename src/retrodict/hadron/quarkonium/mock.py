r"""Mock data of a known potential: a string that the medium screens a little, and a loss that grows with T and r.

$V_R = -\alpha\hbar c/r + \sigma(1 - e^{-\mu r})/\mu$ with $\mu = 0.15\,\mathrm{fm}^{-1}\,T/200\,\mathrm{MeV}$, and
$V_I = 836\,\mathrm{MeV}\,(T/334\,\mathrm{MeV})^{3/2}\,r^2/(r^2 + 1\,\mathrm{fm}^2)$: neither belongs to an ansatz of
this folder. Temperatures and states are those of the lattice data behind Shi et al. (2022); no number is theirs.
"""

from functools import cache
from typing import Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from retrodict.base.constants import HBAR_C
from retrodict.hadron.quarkonium.potentials import MEV_FM, ComplexPotential
from retrodict.hadron.quarkonium.spectrum import BOTTOM, InMediumSpectrum, Spectrum, mesh_for
from retrodict.hadron.quarkonium.states import QuarkoniumStates, State

TEMPERATURES: Final = (151.0, 173.0, 199.0, 251.0, 293.0, 334.0)  # MeV
ERRORS: Final = {  # of mass and width [MeV]
    State(1, 0): (2.0, 4.0),
    State(2, 0): (8.0, 12.0),
    State(3, 0): (15.0, 25.0),
    State(1, 1): (5.0, 8.0),
    State(2, 1): (12.0, 20.0),
}
COUPLING, STRING_TENSION = 0.406, 0.221  # 1, GeV^2


def true_potential(temperature: Float[np.ndarray, " temperatures"], radius: np.ndarray) -> ComplexPotential:
    """The potential behind the mock data.

    Args:
        temperature: T [MeV].
        radius: r [fm].
    """
    t, r = jnp.asarray(temperature)[:, None], jnp.asarray(radius)
    screening = 0.15 * t / 200.0
    string = STRING_TENSION * MEV_FM * (1.0 - jnp.exp(-screening * r)) / screening
    loss = 836.0 * (t / 334.0) ** 1.5 * r**2 / (r**2 + 1.0)
    return ComplexPotential(string - COUPLING * HBAR_C / r, loss, jnp.asarray(COUPLING), jnp.asarray(STRING_TENSION))


@cache
def true_spectrum() -> Spectrum:
    """Masses and widths of all mock states at all mock temperatures."""
    mesh = mesh_for(BOTTOM)
    forward = InMediumSpectrum(mesh, BOTTOM, tuple((state.n, state.l) for state in ERRORS))
    return eqx.filter_jit(forward)(true_potential(np.array(TEMPERATURES), np.asarray(mesh.r)))[0]


def mock_states(seed: int = 0, *, precision: float = 1.0, noise: float = 1.0) -> QuarkoniumStates:
    """Mock data: the spectrum of `true_potential` with Gaussian errors.

    Args:
        seed: of the errors.
        precision: factor of the errors that are stated.
        noise: of the errors that are made, in units of those; 0 for exact values.
    """
    count = len(TEMPERATURES)
    mass_error, width_error = (precision * np.tile([pair[i] for pair in ERRORS.values()], count) for i in (0, 1))
    spectrum = true_spectrum()
    drawn = noise * np.random.default_rng(seed).standard_normal((2, len(mass_error)))
    mass = np.asarray(spectrum.mass).ravel() + drawn[0] * mass_error
    # An estimate of a width that falls below zero is published as zero.
    width = np.maximum(np.asarray(spectrum.width).ravel() + drawn[1] * width_error, 0.0)
    temperature = np.repeat(TEMPERATURES, len(ERRORS))
    return QuarkoniumStates(temperature, tuple(ERRORS) * count, mass, mass_error, width, width_error, "mock")
