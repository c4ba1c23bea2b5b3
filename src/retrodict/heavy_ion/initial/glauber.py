r"""Monte Carlo Glauber: which nucleons of two nuclei meet.

Nucleons move on straight lines and meet when they pass within $\sqrt{\sigma_{NN}/\pi}$ of each other (black disc).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float, Int, PRNGKeyArray

from retrodict.base.types import Scalar
from retrodict.heavy_ion.initial.eccentricities import eccentricities
from retrodict.heavy_ion.initial.nuclei import Nucleus, nucleon_positions

__all__ = ["Collisions", "glauber", "impact_parameters"]

_MILLIBARN = 0.1  # fm^2
_TOGETHER = 256  # events that are in memory at a time


class Collisions(NamedTuple):
    """What became of each draw of two nuclei: without a binary collision they missed each other.

    Args:
        impact_parameter: b, fm.
        participants: nucleons that met at least one other.
        binary_collisions: pairs that met.
        eccentricity: complex, n = 2, 3, 4, of the participants as points about their mean position.
        mean_square_radius: of the participants about their mean position, fm^2.
    """

    impact_parameter: Float[Array, " events"]
    participants: Int[Array, " events"]
    binary_collisions: Int[Array, " events"]
    eccentricity: Complex[Array, "events 3"]
    mean_square_radius: Float[Array, " events"]


def impact_parameters(key: PRNGKeyArray, largest: float, events: int) -> Float[Array, " events"]:
    """Impact parameters with the density 2 b / b_max^2 [fm].

    Args:
        key: of the random numbers.
        largest: b_max, fm; the cross section is missed beyond it.
        events: how many.
    """
    return largest * jnp.sqrt(jax.random.uniform(key, (events,)))


def glauber(
    key: PRNGKeyArray,
    projectile: Nucleus,
    target: Nucleus,
    impact_parameter: Float[Array, " events"],
    cross_section: Scalar | float,
) -> Collisions:
    """Draw two nuclei for each impact parameter and count who meets whom.

    Args:
        key: of the random numbers.
        projectile: one nucleus, displaced by b/2 along x.
        target: the other.
        impact_parameter: b, fm, shape (events,).
        cross_section: inelastic, of two nucleons, mb.
    """
    reach = _MILLIBARN * cross_section / jnp.pi

    def collide(b: Float[Array, ""], number: Int[Array, ""]) -> tuple[Array, ...]:
        one, two = jax.random.split(jax.random.fold_in(key, number))
        first = nucleon_positions(one, projectile, 1)[0, :, :2].at[:, 0].add(0.5 * b)
        second = nucleon_positions(two, target, 1)[0, :, :2].at[:, 0].add(-0.5 * b)
        square = (first[:, None, 0] - second[None, :, 0]) ** 2 + (first[:, None, 1] - second[None, :, 1]) ** 2
        met = (square < reach).astype(jnp.int32)
        with_second, with_first = jnp.sum(met, axis=1), jnp.sum(met, axis=0)
        points = jnp.concatenate([first, second])
        weight = (jnp.concatenate([with_second, with_first]) > 0).astype(points.dtype)
        x, y = points.T
        safe = jnp.maximum(jnp.sum(weight), 1.0)
        centre = jnp.sum(weight[:, None] * points, axis=0) / safe
        spread = jnp.sum(weight * ((x - centre[0]) ** 2 + (y - centre[1]) ** 2)) / safe
        count = jnp.sum(weight).astype(jnp.int32)
        return count, jnp.sum(with_second), eccentricities(x, y, weight), spread

    numbers = jnp.arange(impact_parameter.shape[0])
    dtype = projectile.radius.dtype
    found = jax.lax.map(
        lambda pair: collide(*pair), (impact_parameter.astype(dtype), numbers), batch_size=min(_TOGETHER, numbers.size)
    )
    return Collisions(impact_parameter, *found)
