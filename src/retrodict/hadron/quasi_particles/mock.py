"""A mock table whose truth is known: the equation of state of HotQCD, and masses that have exactly its entropy density.

One entropy density does not fix three masses; the truth has m_g/m_ud rising from 1.05 to 1.5 and m_s^2 - m_ud^2 of
(130 MeV)^2, which are not the middle of the priors.
"""

from typing import Final

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.types import Array, Float
from retrodict.hadron.quasi_particles.gas import SPECIES, entropy, susceptibility
from retrodict.hadron.quasi_particles.table import LatticeTable
from retrodict.hadron.quasi_particles.thermodynamics import sum_over
from retrodict.num.hot_qcd import RANGE, equation_of_state

STRANGE_SPLIT: Final = 130.0  # MeV
HALVINGS: Final = 60
TEMPERATURES: Final = np.linspace(*RANGE, 28)  # MeV


def true_masses(temperature: Float[Array, " temperatures"]) -> Float[Array, "species temperatures"]:
    """Masses [MeV] of gluons, light and strange quarks with the entropy density of HotQCD, by bisection.

    Args:
        temperature: T [MeV], within the range of the parametrisation.
    """
    wanted = equation_of_state(temperature).entropy_density

    def halve(_: int, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = 0.5 * (low + high)
        heavy = sum_over(entropy, _with_ratios(middle, temperature) / temperature) < wanted
        return jnp.where(heavy, low, middle), jnp.where(heavy, middle, high)

    ends = jnp.full_like(temperature, 10.0), jnp.full_like(temperature, 3000.0)
    return _with_ratios(jax.lax.fori_loop(0, HALVINGS, halve, ends)[0], temperature)


def mock_table(error: float, *, seed: int | None = 0, susceptibilities: bool = False) -> LatticeTable:
    """Entropy density and trace anomaly at 28 temperatures, and susceptibilities if wanted.

    Args:
        error: one standard deviation, relative to the values; of the trace anomaly at least to 1.
        seed: of the noise; None: no noise.
        susceptibilities: whether chi2_B and chi2_S are there, too.
    """
    t = jnp.asarray(TEMPERATURES)
    truth = equation_of_state(t)
    value = {"entropy_density": truth.entropy_density, "trace_anomaly": truth.trace_anomaly}
    if susceptibilities:
        x = true_masses(t) / t
        light, strange = (susceptibility(x[i], SPECIES[i]) for i in (1, 2))
        value |= {"baryon_susceptibility": (light + strange) / 9, "strangeness_susceptibility": strange}
    sigma = {
        name: error * (jnp.maximum(values, 1.0) if name == "trace_anomaly" else values)
        for name, values in value.items()
    }
    if seed is not None:
        keys = jr.split(jr.key(seed), len(value))
        value = {
            name: v + sigma[name] * jr.normal(k, v.shape) for (name, v), k in zip(value.items(), keys, strict=True)
        }
    numbers = {name: np.asarray(v) for name, v in value.items()}, {name: np.asarray(v) for name, v in sigma.items()}
    return LatticeTable(TEMPERATURES, *numbers, "mock")


def _with_ratios(
    light: Float[Array, " temperatures"], temperature: Float[Array, " temperatures"]
) -> Float[Array, "species temperatures"]:
    ratio = 1.5 - 0.45 * jnp.exp(-(temperature - RANGE[0]) / 60.0)
    return jnp.stack([ratio * light, light, jnp.sqrt(light**2 + STRANGE_SPLIT**2)])
