r"""The ideal gas of massive gluons and quarks at zero chemical potential, in units of the temperature.

With $x = m/T$, $E = \sqrt{p^2 + x^2}$, $f_\pm = 1/(e^E \mp 1)$ (upper sign: gluons) and $d$ states,

$$\frac{s}{T^3} = \frac{d}{2\pi^2}\int p^2 dp\,\Big(E + \frac{p^2}{3E}\Big) f_\pm , \qquad
\frac{P}{T^4} = \frac{d}{6\pi^2}\int dp\,\frac{p^4}{E} f_\pm .$$

Momenta are $p = \exp(t - e^{-t})$ with equal steps of t (Takahasi, Mori, Publ. RIMS 9 (1974) 721), exact to 1e-12 for
any mass. Units: masses and momenta in T, results in powers of T.
"""

from collections.abc import Callable
from functools import wraps
from typing import Final, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float

GLUON_STATES: Final = 16.0  # two polarisations of eight colours
QUARK_STATES: Final = 12.0  # of one flavour: two spins, three colours, quark and antiquark
_STEPS = np.linspace(-3.2, 3.9, 40)
MOMENTUM: Final = np.exp(_STEPS - np.exp(-_STEPS))  # p/T
WEIGHT: Final = MOMENTUM * (1 + np.exp(-_STEPS)) * (_STEPS[1] - _STEPS[0])  # dp/T of each


class Species(NamedTuple):
    """A kind of quasi-particle."""

    name: str  # of its mass among the derived quantities
    states: float  # d, with all flavours that share the mass
    sign: float  # +1: Bose, -1: Fermi

    @property
    def is_quark(self) -> bool:
        """Whether it is a fermion, which carries baryon number 1/3."""
        return self.sign < 0


SPECIES: Final = (
    Species("mass_gluon", GLUON_STATES, 1.0),
    Species("mass_light", 2 * QUARK_STATES, -1.0),
    Species("mass_strange", QUARK_STATES, -1.0),
)
Ratio: TypeAlias = Float[Array, "..."]  # x = m/T of one species, any shape
Gas: TypeAlias = Callable[[Ratio, Species], Float[Array, "..."]]


def by_element(function: Gas) -> Gas:
    """A function of each element of x alone, whose derivative is one more such function: no sum over momenta for each
    tangent.

    Args:
        function: `(x, species) -> values`, values of the shape of x.
    """

    @wraps(function)
    def of_species(x: Ratio, species: Species) -> Float[Array, "..."]:
        @jax.custom_jvp
        def values(x: Ratio) -> Float[Array, "..."]:
            return function(x, species)

        @values.defjvp
        def rule(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
            value, slope = jax.jvp(lambda x: function(x, species), primals, (jnp.ones_like(primals[0]),))
            return value, slope * tangents[0]

        return values(x)

    return of_species


@by_element
def entropy(x: Ratio, species: Species) -> Float[Array, "..."]:
    """s/T^3 of one species.

    Args:
        x: m/T.
        species: which.

    Example:
        >>> round(float(entropy(jnp.asarray(1e-6), SPECIES[0])), 9)
        7.018385352
    """
    energy, occupation = _occupation(x, species)
    return _integral(species, MOMENTUM**2 * (energy + MOMENTUM**2 / (3 * energy)) * occupation)


@by_element
def pressure(x: Ratio, species: Species) -> Float[Array, "..."]:
    """P/T^4 of the ideal gas of one species.

    Args:
        x: m/T.
        species: which.
    """
    energy, occupation = _occupation(x, species)
    return _integral(species, MOMENTUM**4 / (3 * energy) * occupation)


def scalar_density(x: Ratio, species: Species) -> Float[Array, "..."]:
    """Minus the derivative of P/T^4 with respect to x at a fixed temperature.

    Args:
        x: m/T.
        species: which.
    """
    energy, occupation = _occupation(x, species)
    return _integral(species, MOMENTUM**2 * x[..., None] / energy * occupation)


@by_element
def susceptibility(x: Ratio, species: Species) -> Float[Array, "..."]:
    """Second derivative of P/T^4 with respect to mu_q/T, of quarks; 1 for each massless flavour.

    How the masses depend on the chemical potential does not matter: the net density is zero for every mass at mu = 0.

    Args:
        x: m/T.
        species: light or strange quarks.
    """
    _, occupation = _occupation(x, species)
    return _integral(species, MOMENTUM**2 * occupation * (1 + species.sign * occupation))


@by_element
def shear(x: Ratio, species: Species) -> Float[Array, "..."]:
    r"""$\eta / (\tau T^4)$ of one species with the relaxation time $\tau$, [1/T]: the integral of
    $d\,p^6 f (1 \pm f) / (30 \pi^2 E^2)$.

    Args:
        x: m/T.
        species: which.
    """
    energy, occupation = _occupation(x, species)
    flow = MOMENTUM**6 / energy**2 * occupation * (1 + species.sign * occupation)
    return _integral(species, flow) / 15.0


def _occupation(x: Ratio, species: Species) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    """E/T and f at the nodes of the momentum, a last axis."""
    energy = jnp.sqrt(MOMENTUM**2 + x[..., None] ** 2)
    decay = jnp.exp(-energy)
    bose_gap = -jnp.expm1(-energy) if species.sign > 0 else 1 + decay
    return energy, decay / bose_gap


def _integral(species: Species, integrand: Float[Array | np.ndarray, "... momenta"]) -> Float[Array, "..."]:
    """d / (2 pi^2) times the integral over the momentum."""
    return species.states / (2 * np.pi**2) * jnp.asarray(integrand) @ jnp.asarray(WEIGHT)
