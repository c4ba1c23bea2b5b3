"""Ansaetze for the sound speed: causal and thermodynamically stable whatever the latents."""

import itertools

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float, Scalar, Vector
from retrodict.neutron_star.ansatz.parts import (
    LOG_SATURATION,
    CoreGrid,
    Network,
    RandomFunction,
    log_stiffness_trend,
    log_stiffness_width,
    sound_speed_squared,
    uniform,
)
from retrodict.neutron_star.eos.crust import interval_points
from retrodict.neutron_star.eos.equation_of_state import EquationOfState, from_sound_speed
from retrodict.problem.ansatz import AbstractAnsatz


class GaussianProcessSoundSpeed(AbstractAnsatz):
    """phi = trend + width x Gaussian process in ln n: the default, a smooth prior with soft and stiff matter.

    Latents: the modes of the process, then the join. Compare Landry, Essick, PRD 99, 084049 (2019), who take the
    process over ln p.

    Example:
        >>> GaussianProcessSoundSpeed().dim
        21
    """

    grid: CoreGrid = CoreGrid()  # where the nodes are
    process: RandomFunction = RandomFunction()  # the random function of unit amplitude

    @property
    def dim(self) -> int:
        return self.process.modes + 1

    def __call__(self, z: Vector) -> EquationOfState:
        """Map latents to cold matter.

        Args:
            z: standard-normal latents, shape (dim,).
        """
        nodes = self.grid.nodes(self.grid.join(z[-1]))
        x = interval_points(nodes) - LOG_SATURATION
        random = self.process(z[:-1], x, self.grid.lowest, self.grid.highest)
        return from_sound_speed(nodes, sound_speed_squared(log_stiffness_trend(x) + log_stiffness_width(x) * random))


class NeuralSoundSpeed(AbstractAnsatz):
    """phi = trend + network in ln n. Latents: the weights, then the join.

    Example:
        >>> NeuralSoundSpeed().dim
        194
    """

    grid: CoreGrid = CoreGrid()  # where the nodes are
    network: Network = Network()  # the random function
    amplitude: float = eqx.field(static=True, default=1.0)  # standard deviation of phi over the width of the prior

    @property
    def dim(self) -> int:
        return self.network.dim + 1

    def __call__(self, z: Vector) -> EquationOfState:
        """Map latents to cold matter.

        Args:
            z: standard-normal latents, shape (dim,).
        """
        nodes = self.grid.nodes(self.grid.join(z[-1]))
        x = interval_points(nodes) - LOG_SATURATION
        phi = log_stiffness_trend(x) + self.amplitude * log_stiffness_width(x) * self.network(
            z[:-1], _unit(x, self.grid)
        )
        return from_sound_speed(nodes, sound_speed_squared(phi))


class SpectralSoundSpeed(AbstractAnsatz):
    """phi as a low polynomial of ln n about the trend: a causal spectral expansion with few parameters.

    Legendre coefficients with standard deviation amplitude / (1 + order); latents: the coefficients, then the join.
    Source: Lindblom, PRD 97, 123019 (2018), whose Upsilon = exp(phi); he expands in ln p or ln h, here it is ln n.

    Example:
        >>> SpectralSoundSpeed(terms=4).dim
        5
    """

    grid: CoreGrid = CoreGrid()  # where the nodes are
    terms: int = eqx.field(static=True, default=6)  # number of Legendre polynomials
    amplitude: float = eqx.field(static=True, default=1.2)  # standard deviation of the first coefficient

    @property
    def dim(self) -> int:
        return self.terms + 1

    def __call__(self, z: Vector) -> EquationOfState:
        """Map latents to cold matter.

        Args:
            z: standard-normal latents, shape (dim,).
        """
        nodes = self.grid.nodes(self.grid.join(z[-1]))
        x = interval_points(nodes) - LOG_SATURATION
        coefficient = self.amplitude * z[:-1] / (1.0 + np.arange(self.terms))
        shape = _legendre(_unit(x, self.grid), self.terms)
        phi = log_stiffness_trend(x) + log_stiffness_width(x) * (shape @ coefficient)
        return from_sound_speed(nodes, sound_speed_squared(phi))


class PiecewiseLinearSoundSpeed(AbstractAnsatz):
    """c_s^2 linear in n between knots at fixed densities, from its crust value at the join.

    Each knot has phi = trend + amplitude z. Compare Annala et al., Nature Phys. 16 (2020) 907 (linear in the chemical
    potential) and Tews et al., ApJ 860, 149 (2018). Latents: the knots and the top, then the join.

    Raises:
        ValueError: if the knots do not ascend between the highest join and the top.

    Example:
        >>> PiecewiseLinearSoundSpeed(knots=(1.0, 2.0, 4.0)).dim
        5
    """

    grid: CoreGrid = CoreGrid()  # where the nodes are
    knots: tuple[float, ...] = eqx.field(static=True, default=(1.0, 1.6, 2.4, 3.4, 4.8, 7.0))  # n_sat, ascending
    amplitude: float = eqx.field(static=True, default=1.5)  # standard deviation of phi at a knot over that width
    crust_value: float = eqx.field(static=True, default=0.008)  # c_s^2 at the join

    def __check_init__(self) -> None:
        edges = (self.grid.highest_join, *self.knots, self.grid.top)
        if any(b <= a for a, b in itertools.pairwise(edges)):
            raise ValueError(f"knots must ascend between the highest join and the top, got {edges}")

    @property
    def dim(self) -> int:
        return len(self.knots) + 2

    def __call__(self, z: Vector) -> EquationOfState:
        """Map latents to cold matter.

        Args:
            z: standard-normal latents, shape (dim,).
        """
        join = self.grid.join(z[-1])
        densities = np.asarray((*self.knots, self.grid.top))
        breaks = [jnp.asarray(x) for x in np.log(self.knots)]
        nodes = self.grid.nodes_with_breaks(join, breaks, self._intervals())
        at = jnp.log(densities)
        speed = sound_speed_squared(log_stiffness_trend(at) + self.amplitude * log_stiffness_width(at) * z[:-1])
        abscissa = jnp.concatenate([jnp.exp(join)[None], densities])
        value = jnp.concatenate([jnp.full(1, self.crust_value), speed])
        return from_sound_speed(nodes, jnp.interp(jnp.exp(interval_points(nodes) - LOG_SATURATION), abscissa, value))

    def _intervals(self) -> list[int]:
        """Equal steps on average: shares of the grid by the width of the pieces."""
        edges = np.log([np.sqrt(self.grid.lowest_join * self.grid.highest_join), *self.knots, self.grid.top])
        return [max(2, round(share)) for share in self.grid.intervals * np.diff(edges) / (edges[-1] - edges[0])]


class FirstOrderTransition(AbstractAnsatz):
    """A Gaussian process interrupted by a Maxwell plateau (c_s^2 = 0) of free onset and width.

    The onset is log-uniform, the width ln(n_2 / n_1) uniform; above the plateau an independent shift of phi lets the
    new phase be stiffer or softer. Latents: the modes, the shift, onset, width, join. Compare Han et al., PRD 100,
    103022 (2019).

    Raises:
        ValueError: if the plateau can reach the join or the top.

    Example:
        >>> FirstOrderTransition(onset=(1.5, 4.0)).dim
        24
    """

    grid: CoreGrid = CoreGrid()  # where the nodes are
    process: RandomFunction = RandomFunction()  # the random function of unit amplitude
    onset: tuple[float, float] = eqx.field(static=True, default=(1.2, 6.0))  # n_sat, range
    width: tuple[float, float] = eqx.field(static=True, default=(0.0, 0.6))  # range of ln(n_2 / n_1)
    shift: float = eqx.field(static=True, default=1.0)  # standard deviation of phi above minus phi below

    def __check_init__(self) -> None:
        highest = self.onset[1] * np.exp(self.width[1])
        if not (self.grid.highest_join < self.onset[0] <= self.onset[1] and highest < self.grid.top):
            raise ValueError(f"the plateau must lie between the join and the top, got onset {self.onset}")

    @property
    def dim(self) -> int:
        return self.process.modes + 4

    def transition(self, z: Vector) -> tuple[Scalar, Scalar]:
        """x = ln(n / n_sat) at the onset, and the width ln(n_2 / n_1).

        Args:
            z: standard-normal latents, shape (dim,).
        """
        onset = uniform(z[-3], float(np.log(self.onset[0])), float(np.log(self.onset[1])))
        return onset, uniform(z[-2], *self.width)

    def __call__(self, z: Vector) -> EquationOfState:
        """Map latents to cold matter.

        Args:
            z: standard-normal latents, shape (dim,).
        """
        onset, width = self.transition(z)
        below, plateau = int(0.5 * self.grid.intervals), 4
        counts = [below, plateau, self.grid.intervals - below - plateau]
        nodes = self.grid.nodes_with_breaks(self.grid.join(z[-1]), [onset, onset + width], counts)
        x = interval_points(nodes) - LOG_SATURATION
        above = (np.arange(self.grid.intervals) >= below + plateau)[:, None]
        phi = log_stiffness_trend(x) + log_stiffness_width(x) * self.process(
            z[:-4], x, self.grid.lowest, self.grid.highest
        )
        speed = sound_speed_squared(phi + jnp.where(above, self.shift * z[-4], 0.0))
        flat = (np.arange(self.grid.intervals) >= below)[:, None] & ~above
        return from_sound_speed(nodes, jnp.where(flat, 0.0, speed))


def _unit(x: Float[Array, "..."], grid: CoreGrid) -> Float[Array, "..."]:
    """The grid's range of x mapped to [-1, 1]."""
    return (2.0 * x - grid.lowest - grid.highest) / (grid.highest - grid.lowest)


def _legendre(u: Float[Array, "..."], terms: int) -> Float[Array, "... terms"]:
    """P_0 ... P_(terms-1) by their recurrence."""
    values = [jnp.ones_like(u), u]
    for k in range(1, terms - 1):
        values.append(((2 * k + 1) * u * values[k] - k * values[k - 1]) / (k + 1))
    return jnp.stack(values[:terms], axis=-1)
