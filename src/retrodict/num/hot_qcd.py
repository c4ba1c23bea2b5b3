r"""The equation of state of 2+1 flavours in the continuum, as the HotQCD collaboration parametrises it.

$$\frac{P}{T^4} = \frac12\big(1 + \tanh[c_t(t - t_0)]\big)\,
\frac{p_{id} + a_n/t + b_n/t^2 + d_n/t^4}{1 + a_d/t + b_d/t^2 + d_d/t^4} , \qquad t = T/154\,\mathrm{MeV},$$

for T = 130 to 400 MeV. Source: Bazavov et al., PRD 90, 094503 (2014), arXiv:1407.6387, eq. (16) and table II.
"""

from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float

CROSSOVER: Final = 154.0  # MeV, T_c of this parametrisation
RANGE: Final = (130.0, 400.0)  # MeV, where it holds
IDEAL: Final = 95 * np.pi**2 / 180  # P/T^4 of massless gluons and three flavours
Temperatures = Float[Array, "..."]


class EquationOfState(NamedTuple):
    """What follows from a pressure, in powers of the temperature."""

    entropy_density: Float[Array, "..."]  # s/T^3
    pressure: Float[Array, "..."]  # P/T^4
    energy_density: Float[Array, "..."]  # e/T^4
    trace_anomaly: Float[Array, "..."]  # (e - 3P)/T^4
    sound_speed_squared: Float[Array, "..."]  # dP/de


def pressure(temperature: Temperatures) -> Float[Array, "..."]:
    """P/T^4 at a temperature [MeV].

    Args:
        temperature: T [MeV], within `RANGE`.

    Example:
        >>> round(float(pressure(jnp.asarray(200.0))), 3)
        1.622
    """
    t = temperature / CROSSOVER
    above = IDEAL - 8.7704 / t + 3.92 / t**2 + 0.3419 / t**4
    below = 1 - 1.26 / t + 0.8425 / t**2 - 0.0475 / t**4
    return 0.5 * (1 + jnp.tanh(3.8706 * (t - 0.9761))) * above / below


def equation_of_state(temperature: Float[Array, " temperatures"]) -> EquationOfState:
    """All of it, by exact derivatives of the pressure.

    Args:
        temperature: T [MeV], within `RANGE`, shape (temperatures,).
    """
    slope = jax.vmap(jax.grad(pressure))
    p, rise = pressure(temperature), temperature * slope(temperature)
    bend = temperature**2 * jax.vmap(jax.grad(jax.grad(pressure)))(temperature)
    entropy = 4 * p + rise
    # T ds/dT = 3 s + T^4 d(s/T^3)/dT
    return EquationOfState(entropy, p, 3 * p + rise, rise, entropy / (3 * entropy + 5 * rise + bend))
