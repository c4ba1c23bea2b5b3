"""Ansaetze for the pressure, as in the source papers: monotone by construction, causal only where flagged so."""

import equinox as eqx
import jax
import jax.numpy as jnp

from retrodict.base.types import Array, Float, Scalar, Vector
from retrodict.neutron_star.ansatz.parts import LOG_SATURATION, CoreGrid, Network, uniform
from retrodict.neutron_star.ansatz.sound_speed import _unit
from retrodict.neutron_star.eos import crust as _crust
from retrodict.neutron_star.eos.crust import Segment, interval_points
from retrodict.neutron_star.eos.equation_of_state import EquationOfState, above_crust, from_piecewise_polytropes
from retrodict.problem.ansatz import AbstractAnsatz


class NeuralPressure(AbstractAnsatz):
    r"""ln p over ln n as a monotone network: the logarithm grows by non-negative increments, $\Gamma(n) \geq 0$.

    $$\ln p = \ln p_{join} + \int \Gamma\,dx, \qquad \Gamma = \mathrm{softplus}(a + b\,\mathrm{network}(x))$$

    Thermodynamically stable whatever the latents. Causality is not built in: $c_s^2 = \Gamma p/(\varepsilon + p)$ may
    pass 1, and the forward model flags it where a stable star would reach it, which is the selection that the source
    papers make. Sources: Soma, Wang, Shi, Stocker, Zhou, JCAP 08 (2022) 071; PRD 107, 083028 (2023).
    """

    grid: CoreGrid = CoreGrid()
    network: Network = Network(width=10, depth=1)
    index: float = eqx.field(static=True, default=2.6)  # of the median curve
    amplitude: float = eqx.field(static=True, default=0.5)

    @property
    def dim(self) -> int:
        return self.network.dim + 1

    def __call__(self, z: Vector) -> EquationOfState:
        """White latents -> equation of state."""
        nodes = self.grid.nodes(self.grid.join(z[-1]))
        u = _unit(interval_points(nodes) - LOG_SATURATION, self.grid)
        offset = jnp.log(jnp.expm1(self.index))
        gamma = jax.nn.softplus(offset + self.amplitude * self.network(z[:-1], u))
        shell = _crust.crust(jnp.exp(nodes[0]))
        _, energy_density, pressure = _crust.top(shell)
        return above_crust(shell, integrate_index(nodes, gamma, energy_density, pressure))


class PiecewisePolytropes(AbstractAnsatz):
    """Three polytropes of Read et al. with uniform priors; the crust join follows from the first.

    Latents: log10 p1 [dyn cm^-2], Gamma_1, Gamma_2, Gamma_3. Stable by construction; where a stable star would be
    superluminal the forward model flags it. Source: Read, Lackey, Owen, Friedman, PRD 79, 124032 (2009); the ranges
    hold all but the softest entries of its Table III.
    """

    log10_p1: tuple[float, float] = eqx.field(static=True, default=(33.9, 35.0))
    gamma_1: tuple[float, float] = eqx.field(static=True, default=(2.0, 4.5))
    gamma_2: tuple[float, float] = eqx.field(static=True, default=(1.2, 4.2))
    gamma_3: tuple[float, float] = eqx.field(static=True, default=(1.2, 4.0))
    top: float = eqx.field(static=True, default=2.2)  # fm^-3

    @property
    def dim(self) -> int:
        return 4

    def parameters(self, z: Vector) -> tuple[Scalar, tuple[Scalar, Scalar, Scalar]]:
        """log10 p1 [dyn cm^-2] and the three indices."""
        gamma = (uniform(z[1], *self.gamma_1), uniform(z[2], *self.gamma_2), uniform(z[3], *self.gamma_3))
        return uniform(z[0], *self.log10_p1), gamma

    def __call__(self, z: Vector) -> EquationOfState:
        """White latents -> equation of state."""
        log10_p1, gamma = self.parameters(z)
        return from_piecewise_polytropes(log10_p1, gamma, top_density=self.top)


def integrate_index(
    nodes: Float[Array, " nodes"], gamma: Float[Array, "intervals 3"], energy_density: Scalar, pressure: Scalar
) -> Segment:
    """Cold matter from its index Gamma = d ln p / d ln n, integrated upward from the first node to fourth order.

    eps / n follows from d(eps / n) = (p / n) dx. Pressures in MeV fm^-3.
    """
    width, distance = jnp.diff(nodes), interval_points(nodes) - nodes[0]
    log_ratio = _running_integral(width, gamma)
    p = pressure * jnp.exp(log_ratio)
    per_baryon = energy_density + _running_integral(width, p * jnp.exp(-distance))
    eps = per_baryon * jnp.exp(distance)
    return Segment(nodes, eps, p, gamma * p / (eps + p))


def _running_integral(width: Float[Array, " intervals"], f: Float[Array, "intervals 3"]) -> Float[Array, "intervals 3"]:
    """Integral of `f` from the first node to the lower end, middle and upper end of each interval (parabolas)."""
    lower, middle, upper = f.T
    half = width * (5.0 * lower + 8.0 * middle - upper) / 24.0
    full = width * (lower + 4.0 * middle + upper) / 6.0
    below = jnp.concatenate([jnp.zeros(1), jnp.cumsum(full)[:-1]])
    return jnp.stack([below, below + half, below + full], axis=-1)
