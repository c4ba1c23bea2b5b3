r"""Chains that ended in a mode of negligible mass continue from one of the others, before any draw is kept.

Chains that do not travel between modes have the weights of these from where their searches happened to lead. On the
lifted manifold a chain can tell what its mode weighs: there the posterior is, to leading order, a Gaussian of unit
covariance in as many directions as there are latents, whichever the mode, so that the potential has the mean "minimum +
d/2" in all of them, and *differences of mean potentials are differences of log evidence* (Laplace). Twice in the second
half of a warm-up they are averaged for a while, and chains that are stuck by these averages are restarted. Modes that
weigh more than a hundredth of the best keep their chains: how many of them there are is not corrected, and R-hat says
so.
"""

import math
from typing import Final, NamedTuple

import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Bool, Float, Int, Key
from retrodict.inference.tempering import cooling_steps

ROUNDS: Final = 2
NEGLIGIBLE: Final = 5.0  # differences of log evidence: less than a hundredth of the mass
CERTAIN: Final = 2.0  # standard deviations of a mean potential, on top of it

Potentials = Float[Array, " chains"]


class MeanPotential(NamedTuple):
    """The mean potential of each chain in the present round, as far as it has come, and how many were restarted."""

    mean: Potentials
    restarted: Int[Array, ""]


def watch(chains: int) -> MeanPotential:
    """Nothing seen yet."""
    return MeanPotential(jnp.zeros(chains), jnp.asarray(0))


def replace_stuck_chains(
    seen: MeanPotential,
    position: Float[Array, "chains dim"],
    potential: Potentials,
    key: Key,
    index: Int[Array, ""],
    warmup: int,
) -> tuple[Float[Array, "chains dim"], MeanPotential]:
    """Positions from which the chains continue.

    Args:
        seen: mean potentials so far.
        position: of all chains after step `index`.
        potential: minus the log density of each chain on the manifold.
        key: of the choice.
        index: number of the step.
        warmup: steps of the warm-up.

    Returns:
        The positions, those of stuck chains replaced at the end of a round, and the mean potentials.
    """
    begin = cooling_steps(warmup)
    period = (warmup - begin) // (ROUNDS + 1)  # chains that were restarted together need the last third to part
    if period == 0:
        return position, seen
    settling = period // 4
    place, length = (index - begin) % period, period - settling
    potential = jnp.where(jnp.isfinite(potential), potential, jnp.inf)
    mean = jnp.where(place == 0, 0.0, seen.mean) + jnp.where(place < settling, 0.0, potential / length)
    end_of_round = (index >= begin) & (index < begin + ROUNDS * period) & (place == period - 1)
    stuck = end_of_round & stuck_chains(mean, position.shape[1], length)
    chosen = jr.categorical(key, -mean, shape=mean.shape)
    return jnp.where(stuck[:, None], position[chosen], position), MeanPotential(mean, seen.restarted + jnp.sum(stuck))


def stuck_chains(mean: Potentials, dim: int, length: int) -> Bool[Array, " chains"]:
    """Whether the modes of chains have negligible weight.

    Args:
        mean: mean potential of each chain over `length` steps.
        dim: number of latents.
        length: number of steps.
    """
    uncertainty = math.sqrt(0.5 * dim / length)
    return mean > jnp.min(mean) + NEGLIGIBLE + CERTAIN * uncertainty
