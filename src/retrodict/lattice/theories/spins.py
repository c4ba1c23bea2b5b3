r"""Spin models in d dimensions.

Ising: $S = -K\sum s_x s_{x+\mu}$ with spins +-1. XY: $S = -\beta\sum\cos(\theta_x - \theta_{x+\mu})$ with angles.
"""

from itertools import combinations

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
from retrodict.lattice.core.interactions import AngleBonds
from retrodict.lattice.core.spaces import AbstractSpace, Circle, RealSpace, wrapped
from retrodict.lattice.theories.phi4 import forward_sum
from retrodict.problem.target import Quantity


class Ising(AbstractAction):
    """Spins +-1 with coupling `coupling` (K = J / T); `energy` is -sum s s' / V."""

    space: AbstractSpace
    shape: tuple[int, ...] = eqx.field(static=True)
    coupling: float
    precision: Precision = eqx.field(static=True)

    def __init__(self, shape: tuple[int, ...], coupling: float, precision: Precision = 64):
        self.space, self.shape = RealSpace(), checked_shape(shape)
        self.coupling, self.precision = coupling, precision

    def action(self, x: Array) -> Scalar:
        return -self.coupling * jnp.sum(x * forward_sum(x))

    def gradient(self, x: Array) -> Array:
        fix = "{kind: Cluster, trajectory: false}"
        raise InputError("spins that are +1 or -1 have no gradient", fix=f"method: {fix}")

    def hot(self, key: Key) -> Array:
        return jr.rademacher(key, self.shape, real_dtype(self.precision))

    def cold(self) -> Array:
        return jnp.ones(self.shape, real_dtype(self.precision))

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        moments = ((f"M{n}", f"$M^{n}$") for n in measure.MOMENTS)
        plain = described(
            ("energy", "$E / V$"), ("M", "$M$"), ("abs_M", "$|M|$"), ("V_M2", "$V M^2$"), *moments, ("G_p", "$G(p)$")
        )
        return (*plain, on_distances("correlator", self.shape[0], "$G(t)$"))

    def observables(self, x: Array) -> dict[str, Array]:
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


class XY(AbstractAction):
    """Angles with coupling `beta`; `cos` is the mean of cos(theta - theta') over all bonds."""

    space: AbstractSpace
    shape: tuple[int, ...] = eqx.field(static=True)
    beta: float
    precision: Precision = eqx.field(static=True)

    def __init__(self, shape: tuple[int, ...], beta: float, precision: Precision = 64):
        self.space, self.shape = Circle(), checked_shape(shape)
        self.beta, self.precision = beta, precision

    @property
    def interaction(self) -> AngleBonds:
        return AngleBonds(self.beta)

    def action(self, x: Array) -> Scalar:
        bonds = [jnp.sum(jnp.cos(x - jnp.roll(x, -1, axis))) for axis in range(x.ndim)]
        return -self.beta * jnp.sum(jnp.stack(bonds))

    def gradient(self, x: Array) -> Array:
        return jax.grad(self.action)(x)

    def hot(self, key: Key) -> Array:
        return jr.uniform(key, self.shape, real_dtype(self.precision), -np.pi, np.pi)

    def cold(self) -> Array:
        return jnp.zeros(self.shape, real_dtype(self.precision))

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        plain = described(
            ("cos", r"$\cos\Delta\theta$"),
            ("abs_M", "$|M|$"),
            ("M2", "$M^2$"),
            ("M4", "$M^4$"),
            ("current2", r"$(\Sigma\,\sin\Delta\theta)^2 / V$"),
            ("vortices", "vortex pairs $/ V$"),
        )
        return (*plain, on_distances("correlator", self.shape[0], "$G(t)$"))

    def observables(self, x: Array) -> dict[str, Array]:
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


def winding_numbers(x: Array) -> list[Array]:
    """The vorticity -1, 0 or 1 of each plaquette, one array a plane: bond differences in (-pi, pi] around it."""
    differences = [wrapped(jnp.roll(x, -1, axis) - x) for axis in range(x.ndim)]
    around = [
        differences[a] + jnp.roll(differences[b], -1, a) - jnp.roll(differences[a], -1, b) - differences[b]
        for a, b in combinations(range(x.ndim), 2)
    ]
    return [jnp.round(total / (2 * np.pi)) for total in around]


def vortex_pairs(x: Array) -> Array:
    """The number of vortices plus that of antivortices, halved: in two dimensions the number of pairs."""
    return sum((0.5 * jnp.sum(jnp.abs(n)) for n in winding_numbers(x)), jnp.zeros((), x.dtype))
