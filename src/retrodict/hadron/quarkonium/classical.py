r"""The classical way: a screened potential of the literature, fitted by least squares.

$V_R = -\alpha\hbar c\,(e^{-mr}/r + m) + \sigma(1 - e^{-mr})/m$ (Karsch, Mehr, Satz 1988) and
$V_I = c\,T\,\phi(mr)$ with $\phi(x) = 2\int_0^\infty dz\,\frac{z}{(z^2+1)^2}\left[1 - \frac{\sin zx}{zx}\right]$
(Laine, Philipsen, Romatschke, Tassler 2007), one Debye mass m a temperature. Hard thermal loops have $c = \alpha$; with
`strength` it is free at every temperature.
"""

from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.optimize import least_squares

from retrodict.base.constants import HBAR_C
from retrodict.base.types import Array, Vector
from retrodict.hadron.quarkonium.potentials import MEV_FM, ComplexPotential
from retrodict.hadron.quarkonium.setup import setup_of
from retrodict.problem.posterior import Posterior

NODES: Final = 64
FIRST: Final = (np.log(0.4), np.log(0.2))  # of coupling and string tension [GeV^2]


class Fit(NamedTuple):
    """A potential and how well it describes the data."""

    potential: ComplexPotential
    chi2: float
    parameters: int
    debye_mass: Float[np.ndarray, " temperatures"]  # MeV


def screened(
    log: Vector, temperature: Float[Array, " temperatures"], radius: Float[Array, " radii"], *, strength: bool
) -> ComplexPotential:
    """The potential of given parameters.

    Args:
        log: logarithms of alpha, sigma [GeV^2], then m [fm^-1] at each temperature, then c there if `strength`.
        temperature: T [MeV].
        radius: r [fm].
        strength: whether c is free.
    """
    count = temperature.shape[0]
    coupling, tension = jnp.exp(log[0]), jnp.exp(log[1])
    m = jnp.exp(log[2 : 2 + count])[:, None]
    c = jnp.exp(log[2 + count :])[:, None] if strength else coupling
    decay = jnp.exp(-m * radius)
    real = tension * MEV_FM * (1.0 - decay) / m - coupling * HBAR_C * (decay / radius + m)
    return ComplexPotential(real, c * temperature[:, None] * thermal_loss(m * radius), coupling, tension)


def thermal_loss(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """phi(x), which rises from 0 to 1.

    Args:
        x: m r, positive.
    """
    node, weight = np.polynomial.legendre.leggauss(NODES)
    angle, weight = 0.25 * np.pi * (node + 1.0), 0.25 * np.pi * weight  # z = tan(angle)
    z = np.tan(angle)
    return 1.0 - 2.0 * jnp.sinc(x[..., None] * z / np.pi) @ (weight * z / (z**2 + 1.0))


def fit_screened(target: Posterior, *, strength: bool) -> Fit:
    """The least-squares fit of the screened potential to the data of a posterior.

    Args:
        target: of this analysis.
        strength: whether the loss has a strength of its own at each temperature.
    """
    medium = setup_of(target).medium
    temperature, radius = medium.temperature, medium.radius
    count = temperature.shape[0]

    def residual(log: Vector) -> Float[Array, " data"]:
        potential = screened(log, temperature, radius, strength=strength)
        return target.likelihood.residual(target.forward(potential)[0])

    start = jnp.array([*FIRST, *[np.log(0.5)] * count, *([0.0] * count if strength else [])])
    value, slope = jax.jit(residual), jax.jit(jax.jacfwd(residual))
    jacobian: Any = lambda x: np.asarray(slope(jnp.asarray(x)))  # noqa: E731 (SciPy's types know words alone)
    found = least_squares(lambda x: np.asarray(value(jnp.asarray(x))), np.asarray(start), jacobian)
    best = jnp.asarray(found.x)
    masses = HBAR_C * np.exp(found.x[2 : 2 + count])
    return Fit(screened(best, temperature, radius, strength=strength), 2.0 * float(found.cost), len(start), masses)
