r"""Spin models in d dimensions.

Ising: $S = -K\sum s_x s_{x+\mu}$ with spins +-1. XY: $S = -\beta\sum\cos(\theta_x - \theta_{x+\mu})$ with angles.
"""

from itertools import combinations
from typing import TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.lattice.core import observables as measure
from retrodict.lattice.core.action import (
    AbstractAction,
    Baseline,
    EmbeddedSpins,
    Picture,
    mirrored_angles,
    signs,
)
from retrodict.lattice.core.estimates import MeanFunction
from retrodict.lattice.core.interactions import AngleBonds
from retrodict.lattice.core.limits import Precision, checked_shape
from retrodict.lattice.core.spaces import AbstractSpace, Circle, RealSpace, wrap
from retrodict.lattice.core.symmetries import Symmetry, negated, of_sites, turned
from retrodict.lattice.theories import reference
from retrodict.lattice.theories.phi4 import forward_sum
from retrodict.problem.target import Quantity

Spins: TypeAlias = Float[Array, "*lattice"]  # one spin a site, +1 or -1
Angles: TypeAlias = Float[Array, "*lattice"]  # one angle a site [radians]


class Ising(AbstractAction):
    """Spins +1 or -1; the observable `energy` is -sum s s' / V.

    Args:
        shape: extents of the periodic lattice [a].
        coupling: K = J / T.
        precision: bits of the field's numbers, 32 or 64.

    Raises:
        InputError: for a shape or precision that cannot be.

    Example:
        >>> theory = Ising((4, 4), coupling=0.4)
        >>> round(theory.exact_values()["energy"], 6)
        -1.379116
    """

    space: AbstractSpace = eqx.field(init=False, default_factory=RealSpace)
    shape: tuple[int, ...] = eqx.field(static=True, converter=checked_shape)
    coupling: float
    precision: Precision = eqx.field(static=True, default=64, kw_only=True)

    def action(self, x: Spins) -> Scalar:
        return -self.coupling * jnp.sum(x * forward_sum(x))

    def gradient(self, x: Spins) -> Spins:
        fix = "{kind: Cluster, trajectory: false}"
        raise InputError("spins that are +1 or -1 have no gradient", fix=f"method: {fix}")

    def hot(self, key: Key) -> Spins:
        return jr.rademacher(key, self.shape, self.dtype)

    def cold(self) -> Spins:
        return jnp.ones(self.shape, self.dtype)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        moments = ((f"M{n}", f"$M^{n}$") for n in measure.MOMENTS)
        plain = measure.plain_numbers(
            ("energy", "$E / V$"), ("M", "$M$"), ("abs_M", "$|M|$"), ("V_M2", "$V M^2$"), *moments, ("G_p", "$G(p)$")
        )
        return (*plain, measure.on_distances("correlator", self.shape[0], "$G(t)$"))

    def observables(self, x: Spins) -> dict[str, Float[Array, "..."]]:
        energy = -jnp.mean(x * forward_sum(x))
        correlator = measure.slice_correlator(x)
        momentum = measure.smallest_momentum(x)
        return {"energy": energy, **measure.magnetisation(x, x.size), "G_p": momentum, "correlator": correlator}

    @property
    def mean_functions(self) -> tuple[MeanFunction, ...]:
        return measure.susceptibility(self.volume), measure.BINDER, measure.correlation_length(self.shape)

    @property
    def slow(self) -> tuple[str, ...]:
        return "abs_M", "energy"

    @property
    def odd(self) -> tuple[str, ...]:
        return ("M",)

    @property
    def unconstrained(self) -> bool:
        """A spin is +1 or -1."""
        return False

    def exact_values(self) -> dict[str, float]:
        """The symmetry and, on a square torus of more than two sites in each direction, Kaufman's solution."""
        square = len(self.shape) == 2 and len(set(self.shape)) == 1
        if not (square and self.shape[0] > 2 and self.coupling > 0):
            return {"M": 0.0}
        return {"M": 0.0, "energy": reference.ising_energy(self.shape[0], float(self.coupling))}

    def symmetries(self, key: Key) -> dict[str, Symmetry]:
        return {**of_sites(self.shape), "Z2": negated}

    @property
    def embedded_spins(self) -> EmbeddedSpins:
        return EmbeddedSpins(self.coupling, True, signs)

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        """Clusters alone: spins have no gradient."""
        return ("clusters",) if self.coupling >= 0 else ()


class XY(AbstractAction):
    """Angles; the observable `cos` is the mean of cos(theta - theta') over all bonds.

    Args:
        shape: extents of the periodic lattice [a].
        beta: the coupling J / T.
        precision: bits of the field's numbers, 32 or 64.

    Raises:
        InputError: for a shape or precision that cannot be.

    Example:
        >>> round(XY((2, 2), beta=1.0).exact_values()["cos"], 6)
        0.779561
    """

    space: AbstractSpace = eqx.field(init=False, default_factory=Circle)
    shape: tuple[int, ...] = eqx.field(static=True, converter=checked_shape)
    beta: float
    precision: Precision = eqx.field(static=True, default=64, kw_only=True)

    @property
    def interaction(self) -> AngleBonds:
        return AngleBonds(self.beta)

    def action(self, x: Angles) -> Scalar:
        bonds = [jnp.sum(jnp.cos(x - jnp.roll(x, -1, axis))) for axis in range(x.ndim)]
        return -self.beta * jnp.sum(jnp.stack(bonds))

    def gradient(self, x: Angles) -> Angles:
        return jax.grad(self.action)(x)

    def hot(self, key: Key) -> Angles:
        return jr.uniform(key, self.shape, self.dtype, -np.pi, np.pi)

    def cold(self) -> Angles:
        return jnp.zeros(self.shape, self.dtype)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        plain = measure.plain_numbers(
            ("cos", r"$\cos\Delta\theta$"),
            ("abs_M", "$|M|$"),
            ("M2", "$M^2$"),
            ("M4", "$M^4$"),
            ("current2", r"$(\Sigma\,\sin\Delta\theta)^2 / V$"),
            ("vortices", "vortex pairs $/ V$"),
        )
        return (*plain, measure.on_distances("correlator", self.shape[0], "$G(t)$"))

    def observables(self, x: Angles) -> dict[str, Float[Array, "..."]]:
        differences = [jnp.roll(x, -1, axis) - x for axis in range(x.ndim)]
        square = jnp.mean(jnp.cos(x)) ** 2 + jnp.mean(jnp.sin(x)) ** 2
        return {
            "cos": jnp.mean(jnp.stack([jnp.mean(jnp.cos(d)) for d in differences])),
            "abs_M": jnp.sqrt(square),
            "M2": square,
            "M4": square**2,
            "current2": jnp.mean(jnp.stack([jnp.sum(jnp.sin(d)) ** 2 for d in differences])) / x.size,
            "vortices": vortex_pairs(x) / x.size,
            "correlator": measure.slice_correlator(jnp.cos(x)) + measure.slice_correlator(jnp.sin(x)),
        }

    @property
    def mean_functions(self) -> tuple[MeanFunction, ...]:
        modulus = ("cos", "current2"), lambda m: m[0] - self.beta * m[1]
        helicity = MeanFunction("helicity", *modulus, r"$\Upsilon$")
        return helicity, measure.susceptibility(self.volume), measure.BINDER

    @property
    def slow(self) -> tuple[str, ...]:
        return "abs_M", "cos"

    def exact_values(self) -> dict[str, float]:
        """On the 2 x 2 torus, a ring of four spins."""
        return {"cos": reference.xy_bond(float(self.beta))} if self.shape == (2, 2) else {}

    def symmetries(self, key: Key) -> dict[str, Symmetry]:
        return {**of_sites(self.shape), "turn": turned(0.7), "Z2": negated}

    @property
    def embedded_spins(self) -> EmbeddedSpins:
        return EmbeddedSpins(self.beta, True, mirrored_angles)

    def picture(self, x: Float[np.ndarray, "*lattice"]) -> Picture:
        return Picture(np.asarray(x, dtype=float), r"$\theta$", period=2 * np.pi)


def winding_numbers(x: Angles) -> list[Float[Array, "*lattice"]]:
    """The vorticity -1, 0 or 1 of each plaquette, one array a plane: bond differences in (-pi, pi] around it."""
    differences = [wrap(jnp.roll(x, -1, axis) - x) for axis in range(x.ndim)]
    around = [
        differences[a] + jnp.roll(differences[b], -1, a) - jnp.roll(differences[a], -1, b) - differences[b]
        for a, b in combinations(range(x.ndim), 2)
    ]
    return [jnp.round(total / (2 * np.pi)) for total in around]


def vortex_pairs(x: Angles) -> Scalar:
    """The number of vortices plus that of antivortices, halved: in two dimensions the number of pairs."""
    return sum((0.5 * jnp.sum(jnp.abs(n)) for n in winding_numbers(x)), jnp.zeros((), x.dtype))
