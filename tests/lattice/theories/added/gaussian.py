r"""A theory in one file: the free scalar field.

$S = \sum_x [\tfrac12\sum_\mu(\phi_{x+\mu}-\phi_x)^2 + \tfrac12m^2\phi_x^2]$.
"""

from functools import reduce

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.lattice.core import observables as measure
from retrodict.lattice.core.action import AbstractAction, EmbeddedSpins, signs
from retrodict.lattice.core.limits import Precision, checked_shape
from retrodict.lattice.core.spaces import AbstractSpace, RealSpace
from retrodict.lattice.core.symmetries import negated, of_sites


class GaussianField(AbstractAction):
    """A free field of mass m [a^-1]."""

    space: AbstractSpace = eqx.field(init=False, default_factory=RealSpace)
    shape: tuple[int, ...] = eqx.field(static=True, converter=checked_shape)
    mass_squared: float
    precision: Precision = eqx.field(static=True, default=64, kw_only=True)

    def action(self, x):
        bonds = sum(jnp.sum((jnp.roll(x, -1, axis) - x) ** 2) for axis in range(x.ndim))
        return 0.5 * (bonds + self.mass_squared * jnp.sum(x**2))

    def gradient(self, x):
        neighbours = sum(jnp.roll(x, step, axis) for axis in range(x.ndim) for step in (1, -1))
        return (2 * x.ndim + self.mass_squared) * x - neighbours

    def hot(self, key):
        return jr.normal(key, self.shape, self.dtype)

    def cold(self):
        return jnp.zeros(self.shape, self.dtype)

    @property
    def quantities(self):
        plain = measure.plain_numbers(("phi2", r"$\phi^2$"), ("M", "$M$"), ("V_M2", "$V M^2$"))
        return (*plain, measure.on_distances("correlator", self.shape[0], "$G(t)$"))

    def observables(self, x):
        moments = measure.magnetisation(x, x.size)
        numbers = {"phi2": jnp.mean(x**2), "M": moments["M"], "V_M2": moments["V_M2"]}
        return {**numbers, "correlator": measure.slice_correlator(x)}

    @property
    def mean_functions(self):
        return ()

    @property
    def slow(self):
        return "V_M2", "phi2"

    @property
    def odd(self):
        return ("M",)

    def exact_values(self):
        """The mean of 1 / (p^2 + m^2) over all momenta, and its value at zero momentum."""
        squares = (4 * np.sin(np.pi * np.arange(extent) / extent) ** 2 for extent in self.shape)
        momenta = reduce(np.add.outer, squares)
        return {"phi2": float(np.mean(1 / (momenta + self.mass_squared))), "M": 0.0, "V_M2": 1 / self.mass_squared}

    def instability(self):
        return f"mass_squared = {self.mass_squared:g}" if self.mass_squared <= 0 else ""

    def symmetries(self, key):
        return {**of_sites(self.shape), "Z2": negated}

    @property
    def embedded_spins(self):
        return EmbeddedSpins(1.0, False, signs)
