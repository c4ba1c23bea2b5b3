"""Observables of scalar fields and spins: magnetisation and its moments, two-point functions, correlation length."""

from typing import Final, TypeAlias

import jax.numpy as jnp
import numpy as np

from retrodict.base.types import Array, Float, Scalar
from retrodict.lattice.core.estimates import MeanFunction
from retrodict.num.cumulants import cumulants
from retrodict.problem.target import Quantity

MOMENTS: Final = (2, 4, 6, 8)

ScalarField: TypeAlias = Float[Array, "*lattice"]


def plain_numbers(*labels: tuple[str, str]) -> tuple[Quantity, ...]:
    """Descriptions of dimensionless observables from pairs (name, label)."""
    return tuple(Quantity(name, label=label) for name, label in labels)


def on_distances(name: str, extent: int, label: str) -> Quantity:
    """The description of a function of the distance in lattice units.

    Args:
        name: its name.
        extent: number of distances, 0 ... extent - 1.
        label: for axes, in LaTeX.
    """
    return Quantity(name, label=label, grid=tuple(map(float, range(extent))), grid_name="t", grid_unit="a")


def magnetisation(x: ScalarField, volume: int) -> dict[str, Scalar]:
    """M, |M| and the even moments M^2 ... M^8 of the mean field M; cumulants scale with powers of the volume V.

    Args:
        x: a scalar field.
        volume: the number of sites V.
    """
    mean = jnp.mean(x)
    powers = {f"M{n}": mean**n for n in MOMENTS}
    return {"M": mean, "abs_M": jnp.abs(mean), "V_M2": volume * mean**2, **powers}


def susceptibility(volume: int) -> MeanFunction:
    """V (<M^2> - <|M|>^2), connected in a finite volume of V sites."""
    return MeanFunction("chi", ("M2", "abs_M"), lambda m: volume * (m[0] - m[1] ** 2), r"$\chi$")


BINDER: Final = MeanFunction("binder", ("M2", "M4"), lambda m: 1 - m[1] / (3 * m[0] ** 2), "$U_L$")


def correlation_length(shape: tuple[int, ...]) -> MeanFunction:
    r"""The second-moment correlation length [a]: $\sqrt{G(0)/G(p) - 1} / (2\sin(p/2))$ at the smallest momentum p."""
    factor = 2 * np.sin(np.pi / shape[0])

    def length(means: Float[np.ndarray, " 2"]) -> float:
        return float(np.sqrt(max(means[0] / means[1] - 1, 0.0)) / factor)

    return MeanFunction("xi", ("V_M2", "G_p"), length, r"$\xi$", "a")


def cumulant(order: int) -> MeanFunction:
    """The cumulant of the mean field of an even order, for a theory in which odd ones vanish by symmetry."""
    needs = tuple(f"M{n}" for n in MOMENTS if n <= order)
    return MeanFunction(
        f"kappa_{order}", needs, lambda m: float(cumulants(_with_odd(m))[order - 1]), rf"$\kappa_{order}(M)$"
    )


def slice_correlator(x: ScalarField) -> Float[Array, " extent"]:
    """The two-point function of the means over slices at distance t = 0 ... extent - 1 along the first axis."""
    slices = jnp.mean(x, axis=tuple(range(1, x.ndim))) if x.ndim > 1 else x
    t = np.arange(x.shape[0])
    return jnp.mean(slices * slices[(t[:, None] + t) % x.shape[0]], axis=1)


def smallest_momentum(x: ScalarField) -> Scalar:
    """|sum_x phi exp(ipx)|^2 / V at the smallest momentum, averaged over the axes."""
    total = jnp.zeros((), x.dtype)
    for axis in range(x.ndim):
        others = tuple(i for i in range(x.ndim) if i != axis)
        line = jnp.sum(x, axis=others)
        phase = 2 * np.pi * np.arange(len(line)) / len(line)
        total += jnp.sum(line * np.cos(phase)) ** 2 + jnp.sum(line * np.sin(phase)) ** 2
    return total / (x.ndim * x.size)


def _with_odd(even: Float[np.ndarray, " even"]) -> Float[np.ndarray, " all"]:
    moments = np.zeros(2 * len(even))
    moments[1::2] = even
    return moments
