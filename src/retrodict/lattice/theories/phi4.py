r"""Scalar $\phi^4$ theory in d dimensions, in the two conventions, and the exact map between them.

Lattice: $S = \sum_x [-2\kappa\sum_\mu\phi_x\phi_{x+\mu} + (1-2\lambda)\phi_x^2 + \lambda\phi_x^4]$. Continuum:
$S = \sum_x [\tfrac12\sum_\mu(\varphi_{x+\mu}-\varphi_x)^2 + \tfrac12 m^2\varphi_x^2 + \tfrac{g}{4!}\varphi_x^4]$.

They are equal, configuration by configuration, for
$\varphi = \sqrt{2\kappa}\,\phi$, $m^2 = (1-2\lambda)/\kappa - 2d$, $g = 6\lambda/\kappa^2$.

Source: Smit, "Introduction to quantum fields on a lattice" (2002), section 3; Wang, Aarts, Zhou, JHEP 05 (2024) 060.
"""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Key, Scalar
from retrodict.lattice.core import scalar_observables as measure
from retrodict.lattice.core.action import (
    AbstractAction,
    MeanFunction,
    Precision,
    checked_shape,
    described,
    on_distances,
    real_dtype,
)
from retrodict.lattice.core.interactions import HoppingField
from retrodict.lattice.core.spaces import AbstractSpace, RealSpace
from retrodict.problem.target import Quantity


class AbstractPhi4(AbstractAction):
    """What the theory is in either convention: a real field that a change of all signs leaves as likely as it was."""

    precision: eqx.AbstractVar[Precision]

    def hot(self, key: Key) -> Array:
        return jr.normal(key, self.shape, real_dtype(self.precision))

    def cold(self) -> Array:
        """Uniform, where the action of a uniform field is least (not below 1): chains need not fall there."""
        square, quartic = self.uniform
        minimum = jnp.where(quartic > 0, -square / (2 * jnp.where(quartic > 0, quartic, 1.0)), 0.0)
        return jnp.full(self.shape, jnp.sqrt(jnp.maximum(minimum, 1.0)), real_dtype(self.precision))

    @property
    @abstractmethod
    def uniform(self) -> tuple[Scalar | float, Scalar | float]:
        """a and b of the action a phi^2 + b phi^4 of a site of a uniform field."""

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        plain = described(
            ("M", "$M$"),
            ("abs_M", "$|M|$"),
            ("V_M2", "$V M^2$"),
            *((f"M{n}", f"$M^{n}$") for n in measure.MOMENTS),
            ("phi2", r"$\phi^2$"),
            ("action_density", "$S / V$"),
            ("G_p", r"$G(p_\mathrm{min})$"),
        )
        return (*plain, on_distances("correlator", self.shape[0], "$G(t)$"))

    def observables(self, x: Array) -> dict[str, Array]:
        return {
            **measure.magnetisation(x, x.size),
            "phi2": jnp.mean(x**2),
            "action_density": self.action(x) / x.size,
            "G_p": measure.smallest_momentum(x),
            "correlator": measure.slice_correlator(x),
        }

    @property
    def mean_functions(self) -> tuple[MeanFunction, ...]:
        cumulants = (measure.cumulant(order) for order in (4, 6, 8))
        length = measure.correlation_length(self.shape)
        return (measure.susceptibility(self.volume), measure.BINDER, length, *cumulants)

    @property
    def slow(self) -> tuple[str, ...]:
        return "abs_M", "action_density"

    @property
    def odd(self) -> tuple[str, ...]:
        return ("M",)


class Phi4(AbstractPhi4):
    """The lattice convention: hopping parameter `kappa`, quartic coupling `lam` (lambda), on a periodic `shape`."""

    space: AbstractSpace
    shape: tuple[int, ...] = eqx.field(static=True)
    kappa: float
    lam: float
    precision: Precision = eqx.field(static=True)

    def __init__(self, shape: tuple[int, ...], kappa: float, lam: float, precision: Precision = 64):
        self.space, self.shape = RealSpace(), checked_shape(shape)
        self.kappa, self.lam, self.precision = kappa, lam, precision

    @property
    def uniform(self) -> tuple[Scalar | float, Scalar | float]:
        return 1 - 2 * self.lam - 2 * len(self.shape) * self.kappa, self.lam

    @property
    def interaction(self) -> HoppingField:
        return HoppingField(self.kappa, self.lam)

    def action(self, x: Array) -> Scalar:
        square = x**2
        local = (1 - 2 * self.lam) * square + self.lam * square**2
        return jnp.sum(local - 2 * self.kappa * x * forward_sum(x))

    def gradient(self, x: Array) -> Array:
        local = (2 - 4 * self.lam) * x + 4 * self.lam * x**3
        return local - 2 * self.kappa * neighbour_sum(x)


class ContinuumPhi4(AbstractPhi4):
    """The continuum convention: `mass_squared` (negative in the broken phase) and `coupling` g of phi^4 / 4!."""

    space: AbstractSpace
    shape: tuple[int, ...] = eqx.field(static=True)
    mass_squared: float
    coupling: float
    precision: Precision = eqx.field(static=True)

    def __init__(self, shape: tuple[int, ...], mass_squared: float, coupling: float, precision: Precision = 64):
        self.space, self.shape = RealSpace(), checked_shape(shape)
        self.mass_squared, self.coupling, self.precision = mass_squared, coupling, precision

    @property
    def uniform(self) -> tuple[Scalar | float, Scalar | float]:
        return 0.5 * self.mass_squared, self.coupling / 24

    def action(self, x: Array) -> Scalar:
        square = x**2
        local = (len(self.shape) + 0.5 * self.mass_squared) * square + self.coupling / 24 * square**2
        return jnp.sum(local - x * forward_sum(x))

    def gradient(self, x: Array) -> Array:
        return jax.grad(self.action)(x)


def to_continuum(theory: Phi4) -> ContinuumPhi4:
    """The same theory of the field sqrt(2 kappa) phi."""
    if theory.kappa <= 0:
        raise InputError("only a positive kappa has a continuum convention", got=f"kappa={theory.kappa}")
    mass_squared = (1 - 2 * theory.lam) / theory.kappa - 2 * len(theory.shape)
    return ContinuumPhi4(theory.shape, mass_squared, 6 * theory.lam / theory.kappa**2, theory.precision)


def to_lattice(theory: ContinuumPhi4) -> Phi4:
    """The same theory of the field phi / sqrt(2 kappa): the inverse of `to_continuum`."""
    hopping = theory.mass_squared + 2 * len(theory.shape)
    root = hopping + np.sqrt(hopping**2 + 4 * theory.coupling / 3)
    if theory.coupling < 0 or root <= 0:
        got = f"mass_squared={theory.mass_squared}, coupling={theory.coupling}"
        raise InputError("the theory has no ground state", got=got, expected="a stable potential")
    kappa = float(2 / root)
    return Phi4(theory.shape, kappa, theory.coupling * kappa**2 / 6, theory.precision)


def neighbour_sum(x: Array) -> Array:
    """The sum of the field over the 2d neighbours of each site."""
    return sum(jnp.roll(x, step, axis) for axis in range(x.ndim) for step in (1, -1))  # type: ignore[return-value]


def forward_sum(x: Array) -> Array:
    """The sum of the field over the forward neighbours of each site: each bond once."""
    return sum(jnp.roll(x, -1, axis) for axis in range(x.ndim))  # type: ignore[return-value]
