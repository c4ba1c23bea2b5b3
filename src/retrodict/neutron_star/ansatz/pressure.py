"""Ansaetze for the pressure, as in the source papers: monotone by construction, causal only where flagged so."""

import equinox as eqx
import jax
import jax.numpy as jnp

from retrodict.base.types import Array, Float, Scalar, Vector
from retrodict.neutron_star.ansatz.parts import LOG_SATURATION, CoreGrid, Network, uniform
from retrodict.neutron_star.ansatz.sound_speed import _unit
from retrodict.neutron_star.eos import crust as _crust
from retrodict.neutron_star.eos.crust import Real, Segment, interval_points
from retrodict.neutron_star.eos.equation_of_state import EquationOfState, above_crust, from_piecewise_polytropes
from retrodict.problem.ansatz import AbstractAnsatz


class NeuralPressure(AbstractAnsatz):
    r"""ln p over ln n as a monotone network: the logarithm grows by non-negative increments, $\Gamma(n) \geq 0$.

    $$\ln p = \ln p_{join} + \int \Gamma\,dx, \qquad \Gamma = \mathrm{softplus}(a + b\,\mathrm{network}(x))$$

    Thermodynamically stable for all latents. Causality is not built in: $c_s^2 = \Gamma p/(\varepsilon + p)$ may
    pass 1, and the forward model marks it as not valid where a stable star would reach it, which is the selection of
    the source papers. Latents: the weights, then the join. Sources: Soma, Wang, Shi, Stocker, Zhou, JCAP 08 (2022) 071;
    PRD 107, 083028 (2023).

    Example:
        >>> NeuralPressure().dim
        32
    """

    grid: CoreGrid = CoreGrid()  # where the nodes are
    network: Network = Network(width=10, depth=1)  # the random function in the exponent
    index: float = eqx.field(static=True, default=2.6)  # Gamma of the median curve, softplus(a)
    amplitude: float = eqx.field(static=True, default=0.5)  # b

    @property
    def dim(self) -> int:
        return self.network.dim + 1

    def __call__(self, z: Vector) -> EquationOfState:
        """Map latents to cold matter.

        Args:
            z: standard-normal latents, shape (dim,).
        """
        nodes = self.grid.nodes(self.grid.join(z[-1]))
        u = _unit(interval_points(nodes) - LOG_SATURATION, self.grid)
        offset = jnp.log(jnp.expm1(self.index))
        gamma = jax.nn.softplus(offset + self.amplitude * self.network(z[:-1], u))
        shell = _crust.crust(jnp.exp(nodes[0]))
        _, energy_density, pressure = _crust.top(shell)
        return above_crust(shell, integrate_index(nodes, gamma, energy_density, pressure))


class PiecewisePolytropes(AbstractAnsatz):
    """Three polytropes of Read et al. with uniform priors; the crust join follows from the first.

    Latents: log10 p1, Gamma_1, Gamma_2, Gamma_3. Stable by construction; where a stable star would be superluminal the
    forward model marks it as not valid. Source: Read, Lackey, Owen, Friedman, PRD 79, 124032 (2009); the ranges hold
    all but the softest entries of its Table III.

    Example:
        >>> import jax.numpy as jnp
        >>> log10_p1, gamma = PiecewisePolytropes().parameters(jnp.zeros(4))
        >>> round(float(log10_p1), 2), [round(float(g), 2) for g in gamma]
        (34.45, [3.25, 2.7, 2.6])
    """

    log10_p1: tuple[float, float] = eqx.field(static=True, default=(33.9, 35.0))  # range, of p1 [dyn cm^-2]
    gamma_1: tuple[float, float] = eqx.field(
        static=True, default=(2.0, 4.5)
    )  # range of the index below 10^14.7 g cm^-3
    gamma_2: tuple[float, float] = eqx.field(static=True, default=(1.2, 4.2))  # range of the index below 10^15 g cm^-3
    gamma_3: tuple[float, float] = eqx.field(static=True, default=(1.2, 4.0))  # range of the index above
    top: float = eqx.field(static=True, default=2.2)  # fm^-3, the density of the last node

    @property
    def dim(self) -> int:
        return 4

    def parameters(self, z: Vector) -> tuple[Scalar, tuple[Scalar, Scalar, Scalar]]:
        """log10 p1 [dyn cm^-2] and the three indices.

        Args:
            z: standard-normal latents, shape (4,).
        """
        gamma = (uniform(z[1], *self.gamma_1), uniform(z[2], *self.gamma_2), uniform(z[3], *self.gamma_3))
        return uniform(z[0], *self.log10_p1), gamma

    def __call__(self, z: Vector) -> EquationOfState:
        """Map latents to cold matter.

        Args:
            z: standard-normal latents, shape (dim,).
        """
        log10_p1, gamma = self.parameters(z)
        return from_piecewise_polytropes(log10_p1, gamma, top_density=self.top)


def integrate_index(
    nodes: Float[Array, " nodes"],
    gamma: Float[Array, "intervals 3"],
    energy_density: Real,
    pressure: Real,
) -> Segment:
    """Integrate cold matter upward from its index Gamma = d ln p / d ln n, to fourth order.

    eps / n follows from d(eps / n) = (p / n) dx.

    Args:
        nodes: x = ln(n fm^3) of the nodes, ascending, shape (nodes,).
        gamma: index at the lower end, middle and upper end of each interval, shape (intervals, 3).
        energy_density: eps at the first node [MeV fm^-3].
        pressure: p at the first node [MeV fm^-3].
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
