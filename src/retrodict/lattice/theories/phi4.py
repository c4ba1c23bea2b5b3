r"""Scalar $\phi^4$ theory in d dimensions, in the two conventions, and the exact map between them.

Lattice: $S = \sum_x [-2\kappa\sum_\mu\phi_x\phi_{x+\mu} + (1-2\lambda)\phi_x^2 + \lambda\phi_x^4]$. Continuum:
$S = \sum_x [\tfrac12\sum_\mu(\varphi_{x+\mu}-\varphi_x)^2 + \tfrac12 m^2\varphi_x^2 + \tfrac{g}{4!}\varphi_x^4]$.

They are equal, configuration by configuration, for
$\varphi = \sqrt{2\kappa}\,\phi$, $m^2 = (1-2\lambda)/\kappa - 2d$, $g = 6\lambda/\kappa^2$.

Source: Smit, "Introduction to quantum fields on a lattice" (2002), section 3; Wang, Aarts, Zhou, JHEP 05 (2024) 060.
"""

from abc import abstractmethod
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.lattice.core import observables as measure
from retrodict.lattice.core.action import AbstractAction, EmbeddedSpins, signs
from retrodict.lattice.core.estimates import MeanFunction
from retrodict.lattice.core.interactions import HoppingField
from retrodict.lattice.core.limits import Precision, checked_shape
from retrodict.lattice.core.spaces import AbstractSpace, RealSpace
from retrodict.lattice.core.symmetries import Symmetry, negated, of_sites
from retrodict.lattice.theories import reference
from retrodict.problem.target import Quantity

Scalars: TypeAlias = Float[Array, "*lattice"]  # one real number a site


class AbstractPhi4(AbstractAction):
    """The theory in either convention: a real field with a symmetry under the change of all signs."""

    def hot(self, key: Key) -> Scalars:
        return jr.normal(key, self.shape, self.dtype)

    def cold(self) -> Scalars:
        """Uniform, where the action of a uniform field is least (not below 1): chains start in its well."""
        square, quartic = self.uniform
        minimum = jnp.where(quartic > 0, -square / (2 * jnp.where(quartic > 0, quartic, 1.0)), 0.0)
        return jnp.full(self.shape, jnp.sqrt(jnp.maximum(minimum, 1.0)), self.dtype)

    @property
    @abstractmethod
    def uniform(self) -> tuple[Scalar | float, Scalar | float]:
        """a and b of the action a phi^2 + b phi^4 of a site of a uniform field."""

    @property
    @abstractmethod
    def hopping(self) -> Scalar | float:
        """K of the term -K phi_x phi_{x+mu} of each bond between neighbours."""

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        plain = measure.plain_numbers(
            ("M", "$M$"),
            ("abs_M", "$|M|$"),
            ("V_M2", "$V M^2$"),
            *((f"M{n}", f"$M^{n}$") for n in measure.MOMENTS),
            ("phi2", r"$\phi^2$"),
            ("action_density", "$S / V$"),
            ("G_p", r"$G(p_\mathrm{min})$"),
        )
        return (*plain, measure.on_distances("correlator", self.shape[0], "$G(t)$"))

    def observables(self, x: Scalars) -> dict[str, Float[Array, "..."]]:
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

    def exact_values(self) -> dict[str, float]:
        return {"M": 0.0}

    def symmetries(self, key: Key) -> dict[str, Symmetry]:
        return {**of_sites(self.shape), "Z2": negated}

    @property
    def embedded_spins(self) -> EmbeddedSpins:
        """The signs of the field; flips of clusters leave |phi| as it is."""
        return EmbeddedSpins(self.hopping, False, signs)


class Phi4(AbstractPhi4):
    """A scalar field with phi^4 coupling in the lattice convention: hopping parameter kappa and lambda.

    Args:
        shape: extents of the periodic lattice [a].
        kappa: the hopping parameter.
        lam: the quartic coupling lambda, >= 0 for a stable theory.
        precision: bits of the field's numbers, 32 or 64.

    Raises:
        InputError: for a shape or precision that cannot be.

    Example:
        >>> theory = Phi4((4, 4), kappa=0.27, lam=0.022)
        >>> round(float(theory.action(jnp.ones((4, 4)))), 6)  # 16 (1 - lam - 4 kappa)
        -1.632
    """

    space: AbstractSpace = eqx.field(init=False, default_factory=RealSpace)
    shape: tuple[int, ...] = eqx.field(static=True, converter=checked_shape)
    kappa: float
    lam: float
    precision: Precision = eqx.field(static=True, default=64, kw_only=True)

    @property
    def uniform(self) -> tuple[Scalar | float, Scalar | float]:
        return 1 - 2 * self.lam - 2 * len(self.shape) * self.kappa, self.lam

    @property
    def hopping(self) -> Scalar | float:
        return 2 * self.kappa

    @property
    def interaction(self) -> HoppingField:
        return HoppingField(self.kappa, self.lam)

    def action(self, x: Scalars) -> Scalar:
        square = x**2
        local = (1 - 2 * self.lam) * square + self.lam * square**2
        return jnp.sum(local - 2 * self.kappa * x * forward_sum(x))

    def gradient(self, x: Scalars) -> Scalars:
        local = (2 - 4 * self.lam) * x + 4 * self.lam * x**3
        return local - 2 * self.kappa * neighbour_sum(x)

    def exact_values(self) -> dict[str, float]:
        """The symmetry and, on the 2 x 2 torus, a transfer matrix."""
        if self.shape != (2, 2):
            return {"M": 0.0}
        ring = reference.phi4_two_by_two(float(self.kappa), float(self.lam))
        return {"M": 0.0, **{name: ring[name] for name in ("phi2", "V_M2", "action_density")}}

    def instability(self) -> str:
        free = self.lam == 0 and 2 * len(self.shape) * abs(self.kappa) >= 1
        return f"kappa = {self.kappa:g}, lam = {self.lam:g}" if self.lam < 0 or free else ""


class ContinuumPhi4(AbstractPhi4):
    """A scalar field with phi^4 coupling in the continuum convention: mass squared and g/4!.

    Args:
        shape: extents of the periodic lattice [a].
        mass_squared: m^2 [a^-2], negative in the broken phase.
        coupling: g of g phi^4 / 4! [a^(d-4)], >= 0 for a stable theory.
        precision: bits of the field's numbers, 32 or 64.

    Raises:
        InputError: for a shape or precision that cannot be.

    Example:
        >>> to_lattice(ContinuumPhi4((4, 4), mass_squared=1.0, coupling=0.0)).kappa
        0.2
    """

    space: AbstractSpace = eqx.field(init=False, default_factory=RealSpace)
    shape: tuple[int, ...] = eqx.field(static=True, converter=checked_shape)
    mass_squared: float
    coupling: float
    precision: Precision = eqx.field(static=True, default=64, kw_only=True)

    @property
    def uniform(self) -> tuple[Scalar | float, Scalar | float]:
        return 0.5 * self.mass_squared, self.coupling / 24

    @property
    def hopping(self) -> float:
        return 1.0

    def action(self, x: Scalars) -> Scalar:
        square = x**2
        local = (len(self.shape) + 0.5 * self.mass_squared) * square + self.coupling / 24 * square**2
        return jnp.sum(local - x * forward_sum(x))

    def gradient(self, x: Scalars) -> Scalars:
        return jax.grad(self.action)(x)

    def instability(self) -> str:
        unbounded = self.coupling < 0 or (self.coupling == 0 and self.mass_squared <= 0)
        return f"mass_squared = {self.mass_squared:g}, coupling = {self.coupling:g}" if unbounded else ""


def to_continuum(theory: Phi4) -> ContinuumPhi4:
    """The same theory of the field sqrt(2 kappa) phi.

    Raises:
        InputError: unless kappa is positive.

    Example:
        >>> round(to_continuum(Phi4((4, 4), kappa=0.25, lam=0.02)).mass_squared, 12)
        -0.16
    """
    if theory.kappa <= 0:
        raise InputError("only a positive kappa has a continuum convention", got=f"kappa={theory.kappa}")
    mass_squared = (1 - 2 * theory.lam) / theory.kappa - 2 * len(theory.shape)
    return ContinuumPhi4(theory.shape, mass_squared, 6 * theory.lam / theory.kappa**2, precision=theory.precision)


def to_lattice(theory: ContinuumPhi4) -> Phi4:
    """The same theory of the field phi / sqrt(2 kappa): the inverse of `to_continuum`.

    Raises:
        InputError: if the potential is not bounded below.

    Example:
        >>> round(to_lattice(to_continuum(Phi4((4, 4), kappa=0.25, lam=0.02))).lam, 12)
        0.02
    """
    hopping = theory.mass_squared + 2 * len(theory.shape)
    root = hopping + np.sqrt(hopping**2 + 4 * theory.coupling / 3)
    if theory.coupling < 0 or root <= 0:
        got = f"mass_squared={theory.mass_squared}, coupling={theory.coupling}"
        raise InputError("the theory has no ground state", got=got, expected="a stable potential")
    kappa = float(2 / root)
    return Phi4(theory.shape, kappa, theory.coupling * kappa**2 / 6, precision=theory.precision)


def neighbour_sum(x: Scalars) -> Scalars:
    """The sum of the field over the 2d neighbours of each site."""
    return sum(jnp.roll(x, step, axis) for axis in range(x.ndim) for step in (1, -1))  # type: ignore[return-value]


def forward_sum(x: Scalars) -> Scalars:
    """The sum of the field over the forward neighbours of each site: each bond once."""
    return sum(jnp.roll(x, -1, axis) for axis in range(x.ndim))  # type: ignore[return-value]
