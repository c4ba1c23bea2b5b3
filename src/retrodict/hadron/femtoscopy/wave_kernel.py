r"""From sources to correlation functions: C(k) = 1 + integral of p(r) (K(k, r) - 1), p = 4 pi r^2 S.

K is the average of $|\psi_k(r)|^2$ over angles and spins. The potential of a channel changes a few partial waves,

$$K = K_0 + \sum_l m (2l+1)\,\frac{u_l(r)^2 - F_l(r)^2}{(kr)^2},$$

with m = 2 for identical particles, in whose K_0 and sum only even or only odd l remain, and 1 for others.

Sources: Koonin, Phys. Lett. B 70 (1977) 43; Lisa, Pratt, Soltz, Wiedemann, Ann. Rev. Nucl. Part. Sci. 55 (2005) 357.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import spherical_jn, spherical_yn

from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float
from retrodict.hadron.femtoscopy.pair import Channel, Pair
from retrodict.hadron.femtoscopy.pair_density import PairDensity, pair_density
from retrodict.hadron.femtoscopy.potentials import AbstractFittedPotential
from retrodict.hadron.scattering.coulomb import coulomb_functions, sommerfeld_parameter
from retrodict.hadron.scattering.grid import RadialGrid
from retrodict.hadron.scattering.numerov import scattering_states

NEGLIGIBLE: Final = 1e-6  # MeV: a potential has ended
LEAST_INSIDE: Final = 20  # radii of the source inside the force

Density = Float[np.ndarray, "momenta radii"]


class Distances(NamedTuple):
    """Where sources are given, and the finer grid of the Schroedinger equation."""

    step: float  # of the source [fm]
    points: int  # of the source
    finer: int  # steps of the waves in one of the source

    @property
    def radius(self) -> Float[np.ndarray, " radii"]:
        """Of the source: one step, two steps, ... [fm]."""
        return self.step * np.arange(1, self.points + 1)

    @property
    def waves(self) -> RadialGrid:
        """The grid of the waves; every `finer`-th of its radii is one of the source."""
        return RadialGrid(self.step / self.finer, self.points * self.finer)

    @property
    def wave_radius(self) -> Float[np.ndarray, " points"]:
        """The radii of the waves [fm]."""
        return self.step / self.finer * np.arange(1, self.points * self.finer + 1)


class StrongWaves(eqx.Module):
    """The partial waves in which one potential acts.

    Args:
        pair: the particles.
        momentum: k [MeV].
        distances: where waves are given.
        angular: l of each wave.
        factor: weight of the channel times m.
        inside: number of radii of the source within the range of the force.
        free: (2 l + 1) F_l^2 / (k r)^2 of each wave.
        regular: F_l of each wave outside the force.
        irregular: G_l of each wave outside the force.
    """

    pair: Pair = eqx.field(static=True)
    momentum: tuple[float, ...] = eqx.field(static=True)
    distances: Distances = eqx.field(static=True)
    angular: tuple[int, ...] = eqx.field(static=True)
    factor: float = eqx.field(static=True)
    inside: int = eqx.field(static=True)
    free: Float[Array, "waves momenta radii"]
    regular: Float[Array, "waves momenta outside"]
    irregular: Float[Array, "waves momenta outside"]

    def change(self, potential: Float[Array, " points"]) -> Float[Array, "momenta radii"]:
        """The change of K by a potential.

        Args:
            potential: V [MeV] on the grid of the waves.
        """
        with jax.ensure_compile_time_eval():  # else the waves outside the force would be computed at each call
            momentum = jnp.asarray(self.momentum)
        rho = np.array(self.momentum)[:, None] / HBAR_C * self.distances.radius
        total = jnp.zeros(rho.shape)
        finer = self.distances.finer
        grid = RadialGrid(self.distances.step / finer, self.inside * finer)
        for i, l in enumerate(self.angular):  # noqa: E741
            states = scattering_states(
                potential[: grid.points],
                momentum,
                grid=grid,
                reduced_mass=self.pair.reduced_mass,
                l=l,
                charge_product=float(self.pair.charge_product),
            )
            delta = states.phase_shift[:, None]
            outside = jnp.cos(delta) * self.regular[i] + jnp.sin(delta) * self.irregular[i]
            wave = jnp.concatenate([states.wave[:, finer - 1 :: finer], outside], axis=1)
            total = total + (2 * l + 1) * (wave / rho) ** 2 - self.free[i]
        return self.factor * total


class Kernel(NamedTuple):
    """K(k, r) - 1 of all channels whose potentials are known, and what is needed for one that is fitted."""

    known: Density
    fitted: StrongWaves | None


def kernel_of(
    pair: Pair, channels: Sequence[Channel], momentum: Float[np.ndarray, " momenta"], distances: Distances
) -> Kernel:
    """The average density of a pair.

    Args:
        pair: the particles.
        channels: states of their spins.
        momentum: k [MeV], > 0, shape (momenta,).
        distances: where it is given.

    Raises:
        InputError: if a potential does not vanish where the grid ends, or the waves are not finite.
    """
    eta = sommerfeld_parameter(momentum, pair.reduced_mass, float(pair.charge_product))
    highest = max((channel.l_max for channel in channels), default=0)
    density = pair_density(momentum / HBAR_C, eta, distances.radius, highest + 1)
    known = np.full(density.total.shape, -1.0)
    fitted = None
    for channel in channels:
        known += channel.weight * density.of(pair.symmetry(channel))
        if channel.potential is None:
            continue
        if isinstance(channel.potential, AbstractFittedPotential):
            bound = channel.potential.prior_on(distances.wave_radius)
            size = np.abs(np.asarray(bound.centre)) + np.abs(np.asarray(bound.modes)).sum(axis=1)
            fitted = _waves(pair, channel, momentum, distances, density, size)
            continue
        potential = channel.potential.on(distances.wave_radius)
        waves = _waves(pair, channel, momentum, distances, density, np.abs(potential))
        known += np.asarray(eqx.filter_jit(waves.change)(jnp.asarray(potential)))
    if not np.isfinite(known).all():
        fix = "is the potential finite at all distances, and its unit right?"
        raise InputError("the wave function of the pair is not finite", fix=fix)
    return Kernel(known, fitted)


def _waves(
    pair: Pair,
    channel: Channel,
    momentum: Float[np.ndarray, " momenta"],
    distances: Distances,
    density: PairDensity,
    size: Float[np.ndarray, " fine"],
) -> StrongWaves:
    """The waves in a potential of a known absolute size [MeV] at the radii of the waves."""
    angular = pair.waves(channel)
    factor = channel.weight * (2.0 if pair.identical else 1.0)
    last = int(np.max(np.flatnonzero(size > NEGLIGIBLE), initial=0)) / distances.finer
    inside = min(max(int(np.ceil(last)) + 2, LEAST_INSIDE), distances.points)
    rho = momentum[:, None] / HBAR_C * distances.radius[inside:]
    eta = sommerfeld_parameter(momentum, pair.reduced_mass, float(pair.charge_product))[:, None]
    outside = np.array([_outside(one, eta, rho) for one in angular])
    regular, irregular = jnp.asarray(outside[:, 0]), jnp.asarray(outside[:, 1])
    free = jnp.asarray(density.waves[list(angular)])
    return StrongWaves(pair, tuple(momentum.tolist()), distances, angular, factor, inside, free, regular, irregular)


def _outside(l: int, eta: Float[np.ndarray, "momenta one"], rho: Density) -> Float[np.ndarray, "two momenta radii"]:  # noqa: E741
    """F_l and G_l."""
    if not eta.any():
        return np.stack([rho * spherical_jn(l, rho), -rho * spherical_yn(l, rho)])
    found = coulomb_functions(l, np.broadcast_to(eta, rho.shape), rho)
    return np.stack([found.regular, found.irregular])
