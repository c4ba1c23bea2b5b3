r"""TRENTo initial conditions: entropy from a generalised mean of the two nuclei's participant thickness,

$$T_R = \left(\tfrac12 T_A^p + \tfrac12 T_B^p\right)^{1/p}, \qquad
  T_A(\mathbf x) = \sum_i \gamma_i\, \frac{e^{-(\mathbf x - \mathbf x_i)^2 / 2w^2}}{2\pi w^2},$$

where the sum is over participants and gamma has mean 1 and variance 1/k. Two nucleons meet with probability
$1 - \exp(-\sigma_{gg} T_{pp}(d))$; $\sigma_{gg}$ is such that the cross section of nucleons is that of the experiment:
with $x = \sigma_{gg}/4\pi w^2$ the condition is $\mathrm{Ein}(x) = \sigma_{NN}/4\pi w^2$.

Source: Moreland, Bernhard and Bass, Phys. Rev. C 92 (2015) 011901. Nucleons are Gaussians of infinite range, where the
program of that name cuts them at 5 w.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from retrodict.base.types import Scalar
from retrodict.heavy_ion.initial.grid import TransverseGrid
from retrodict.heavy_ion.initial.nuclei import Nucleus, nucleon_positions

__all__ = ["Trento", "participant_thickness", "reduced_thickness", "trento"]

_MILLIBARN = 0.1  # fm^2
_TOGETHER = 64  # events that are in memory at a time
_EMPTY = 1e-30  # thickness that stands for none, fm^-2


class Trento(eqx.Module):
    """Parameters of the model.

    Args:
        p: exponent of the generalised mean.
        fluctuation: k of the gamma distribution: participants vary by 1/sqrt(k).
        width: w of a nucleon, fm.
        cross_section: inelastic, of two nucleons, mb.
    """

    p: Scalar
    fluctuation: Scalar
    width: Scalar
    cross_section: Scalar


def partonic_opacity(cross_section: Scalar, width: Scalar) -> Scalar:
    """x = sigma_gg / (4 pi w^2), at which nucleons of this width have the given cross section.

    Args:
        cross_section: inelastic, of two nucleons, mb.
        width: w, fm.
    """
    wanted = _MILLIBARN * cross_section / (4.0 * jnp.pi * width**2)

    def newton(_: int, log_x: Scalar) -> Scalar:
        x = jnp.exp(log_x)
        entire = log_x + np.euler_gamma + jax.scipy.special.exp1(x)
        return log_x - jnp.clip((entire - wanted) / -jnp.expm1(-x), -2.0, 2.0)

    start = jnp.where(wanted > 1.0, wanted - np.euler_gamma, jnp.log(wanted))
    return jnp.exp(newton(0, jax.lax.stop_gradient(jax.lax.fori_loop(0, 12, newton, start))))


def reduced_thickness(
    first: Float[Array, "*shape"], second: Float[Array, "*shape"], p: Scalar
) -> Float[Array, "*shape"]:
    """The generalised mean of two thicknesses; smooth through p = 0, where it is the geometric mean.

    Args:
        first: T_A, fm^-2.
        second: T_B, fm^-2.
        p: exponent.
    """
    a, b = jnp.log(jnp.maximum(first, _EMPTY)), jnp.log(jnp.maximum(second, _EMPTY))
    mean, half = 0.5 * (a + b), 0.5 * (a - b)
    z = p * half
    small = jnp.abs(z) < 1e-2
    away = jnp.where(jnp.abs(p) > 0.0, p, 1.0)
    series = half * z * (0.5 - z**2 / 12.0)
    large = (jnp.abs(z) + jnp.log1p(jnp.exp(-2.0 * jnp.abs(z))) - jnp.log(2.0)) / away
    return jnp.exp(mean + jnp.where(small, series, large))


def participant_thickness(
    x: Float[Array, " nucleons"],
    y: Float[Array, " nucleons"],
    weight: Float[Array, " nucleons"],
    width: Scalar,
    grid: TransverseGrid,
) -> Float[Array, "x y"]:
    """A sum of Gaussian nucleons on a grid [fm^-2].

    Args:
        x: first coordinate of the nucleons, fm, shape (nucleons,).
        y: second coordinate.
        weight: of each: gamma, and zero for those that do not participate.
        width: w, fm.
        grid: where the thickness is wanted.
    """
    nodes = grid.coordinates.astype(x.dtype)
    along_x, along_y = (jnp.exp(-0.5 * ((nodes - c[:, None]) / width) ** 2) for c in (x, y))
    return jnp.einsum("n,ni,nj->ij", weight / (2.0 * jnp.pi * width**2), along_x, along_y)


def trento(
    key: PRNGKeyArray,
    projectile: Nucleus,
    target: Nucleus,
    impact_parameter: Float[Array, " events"],
    model: Trento,
    grid: TransverseGrid,
) -> tuple[Float[Array, "events x y"], Int[Array, " events"]]:
    """Reduced thickness of each draw of two nuclei, and its number of participants: none if they missed.

    Args:
        key: of the random numbers.
        projectile: one nucleus, displaced by b/2 along x.
        target: the other.
        impact_parameter: b, fm, shape (events,).
        model: its parameters.
        grid: where the thickness is wanted.

    Returns:
        T_R [fm^-2], shape (events, x, y), to be multiplied by a normalisation; participants, shape (events,).
    """
    opacity = partonic_opacity(model.cross_section, model.width)

    def collide(b: Float[Array, ""], number: Int[Array, ""]) -> tuple[Array, Array]:
        one, two, met, vary = jax.random.split(jax.random.fold_in(key, number), 4)
        first = nucleon_positions(one, projectile, 1)[0, :, :2].at[:, 0].add(0.5 * b)
        second = nucleon_positions(two, target, 1)[0, :, :2].at[:, 0].add(-0.5 * b)
        wounded = _participants(met, first, second, opacity, model.width)
        gamma = _fluctuations(vary, model.fluctuation, first.shape[0] + second.shape[0])
        weights = jnp.concatenate(wounded).astype(first.dtype) * gamma
        parts = ((first, weights[: first.shape[0]]), (second, weights[first.shape[0] :]))
        thick = [
            participant_thickness(points[:, 0], points[:, 1], weight, model.width, grid) for points, weight in parts
        ]
        number_of = jnp.sum(jnp.concatenate(wounded))
        density = jnp.where(number_of > 0, reduced_thickness(thick[0], thick[1], model.p), 0.0)
        return density, number_of

    numbers = jnp.arange(impact_parameter.shape[0])
    dtype = projectile.radius.dtype
    return jax.lax.map(
        lambda pair: collide(*pair), (impact_parameter.astype(dtype), numbers), batch_size=min(_TOGETHER, numbers.size)
    )


def _participants(
    key: PRNGKeyArray,
    first: Float[Array, "a 2"],
    second: Float[Array, "b 2"],
    opacity: Scalar,
    width: Scalar,
) -> tuple[Bool[Array, " a"], Bool[Array, " b"]]:
    """Nucleons of both nuclei that meet another one."""
    square = (first[:, None, 0] - second[None, :, 0]) ** 2 + (first[:, None, 1] - second[None, :, 1]) ** 2
    missing = jnp.exp(-opacity * jnp.exp(-square / (4.0 * width**2)))
    met = jax.random.uniform(key, square.shape, first.dtype) > missing
    return jnp.any(met, axis=1), jnp.any(met, axis=0)


def _fluctuations(key: PRNGKeyArray, fluctuation: Scalar, number: int) -> Float[Array, " number"]:
    """Gamma weights of mean one: sums of them are what the multiplicity of nucleons follows."""
    return jax.random.gamma(key, fluctuation, (number,), jnp.result_type(fluctuation)) / fluctuation
