"""Potentials of a spin channel: fixed ones, from the literature, a table or typed in, and those that are fitted."""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final, Literal

import jax.numpy as jnp
import numpy as np
from scipy.interpolate import CubicSpline

from retrodict.base.columns import read_columns, take
from retrodict.base.constants import HBAR_C
from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Positive, Vector
from retrodict.hadron.potentials import literature
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.prior import Normal

Radii = Float[np.ndarray, " radii"]
LENGTH: Final = {"fm": 1.0, "MeV^-1": HBAR_C, "GeV^-1": 1e-3 * HBAR_C}  # in fm
ENERGY: Final = {"MeV": 1.0, "GeV": 1e3, "fm^-1": HBAR_C}  # in MeV
LEAST_POINTS: Final = 4
WEAK: Final = 2.0  # MeV: no force between hadrons is as weak as that at all distances
REST: Final = 0.05  # of the largest |V|, that may be left at the last distance


@dataclass(frozen=True)
class GaussianPotential:
    """V(r) = sum of V_i exp(-(r / b_i)^2).

    Args:
        strengths: V_i [MeV], negative where it attracts.
        ranges: b_i [fm].

    Raises:
        InputError: unless there are as many strengths as ranges, all of these positive.
    """

    strengths: tuple[float, ...]
    ranges: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.strengths) != len(self.ranges) or not self.ranges or min(self.ranges) <= 0.0:
            got = f"{len(self.strengths)} strengths, {len(self.ranges)} ranges"
            raise InputError("a sum of Gaussians", got=got, expected="a strength [MeV] and a range > 0 [fm] for each")

    def on(self, radius: Radii) -> Radii:
        """V [MeV] at distances [fm]."""
        return np.exp(-((radius[:, None] / np.array(self.ranges)) ** 2)) @ np.array(self.strengths)


@dataclass(frozen=True)
class TablePotential:
    """V(r) from a table of r and V, joined by a cubic spline; constant below the first distance, zero above the last.

    Args:
        file: columns r [fm] and V [MeV]; other units are stated in the header.
        columns: names and units of the columns of a table without a header.
    """

    file: Path
    columns: str = ""

    def on(self, radius: Radii) -> Radii:
        """V [MeV] at distances [fm]. Raises `InputError` for a table that breaks the rules."""
        table = read_columns(self.file, self.columns or None)
        for name in ("r", "v"):
            if name in table and not table.unit(name):
                fix = "name the columns r [fm], V [MeV]"
                raise InputError(f"the column {name} has no unit", where=table.where(name=name), fix=fix)
        r, v = take(table, ("r",), LENGTH), take(table, ("v", "potential"), ENERGY)
        where, size = table.source.path, float(np.abs(v).max())
        if len(r) < LEAST_POINTS or (r < 0.0).any() or (np.diff(r) <= 0.0).any():
            expected = f"at least {LEAST_POINTS} distances, not negative, ascending"
            raise InputError("the distances of a potential", where=where, got=f"{len(r)} rows", expected=expected)
        if size < WEAK:
            got, fix = f"|V| up to {size:.3g} MeV", "is it in fm^-1 or GeV? then write V [fm^-1] in the header"
            raise InputError("a potential that is too weak for MeV", where=where, got=got, fix=fix)
        if abs(v[-1]) > REST * size:
            got = f"V({r[-1]:g} fm) = {v[-1]:.3g} MeV, the largest is {size:.3g} MeV"
            raise InputError("the potential does not vanish where the table ends", where=where, got=got)
        inside = CubicSpline(r, v)(np.clip(radius, r[0], r[-1]))
        return np.where(radius > r[-1], 0.0, inside)


@dataclass(frozen=True)
class LiteraturePotential:
    """A published potential, with its central parameters: see `hadron.potentials.literature` for its source.

    Args:
        name: of the pair and its state. N-Omega is that of spin 2; of N-Xi the total spin and isospin are named.
        time: t/a of the determination on the lattice, of N-Omega (11 ... 14) and N-Xi (11 ... 13).
    """

    name: Literal[
        "N-Omega",
        "Omega-Omega",
        "N-Xi S=0 I=0",
        "N-Xi S=0 I=1",
        "N-Xi S=1 I=0",
        "N-Xi S=1 I=1",
        "Malfliet-Tjon singlet",
        "Malfliet-Tjon triplet",
        "Reid soft core",
    ] = "N-Omega"
    time: int = 12

    def on(self, radius: Radii) -> Radii:
        """V [MeV] at distances [fm]. Raises `InputError` for a time that was not published."""
        r = jnp.asarray(radius)
        if self.name.startswith("N-Xi"):
            value = literature.n_xi(r, spin=int(self.name[7]), isospin=int(self.name[11]), time=self.time)
        elif self.name.startswith("Malfliet-Tjon"):
            value = literature.malfliet_tjon(r, triplet=self.name.endswith("triplet"))
        elif self.name == "N-Omega":
            value = literature.n_omega(r, self.time)
        else:
            value = literature.omega_omega(r) if self.name == "Omega-Omega" else literature.reid_soft_core(r)
        return np.asarray(value)


FixedPotential = GaussianPotential | TablePotential | LiteraturePotential


class BoundPotential(AbstractAnsatz[Float[Array, " radii"]]):
    """A potential that is fitted, on a grid: latents -> V [MeV], linear in the latents.

    Args:
        centre: V at the mean of the prior [MeV].
        modes: its change with each latent [MeV].
    """

    centre: Float[Array, " radii"]
    modes: Float[Array, "radii modes"]

    @property
    def dim(self) -> int:
        return self.modes.shape[1]

    def __call__(self, z: Vector) -> Float[Array, " radii"]:
        """V [MeV] on the grid."""
        return self.centre + self.modes @ z


class AbstractFittedPotential:
    """A potential with free parameters."""

    mock_latent: ClassVar[float] = 0.0  # all latents of the truth behind mock data

    @abstractmethod
    def prior_on(self, radius: Radii) -> BoundPotential:
        """The map from standard normal latents to V.

        Args:
            radius: distances [fm], shape (radii,).
        """


@dataclass(frozen=True)
class FittedScale(AbstractFittedPotential):
    """A potential of known shape times an unknown factor, which is one within an error.

    Args:
        potential: the shape.
        spread: standard deviation of the factor.
    """

    potential: FixedPotential
    spread: Positive = 0.2

    def prior_on(self, radius: Radii) -> BoundPotential:
        shape = jnp.asarray(self.potential.on(radius))
        factor = Normal(1.0, self.spread)
        return BoundPotential(factor.mean * shape, factor.spread * shape[:, None])


@dataclass(frozen=True)
class FittedGaussians(AbstractFittedPotential):
    """A sum of Gaussians of fixed ranges with unknown strengths around zero.

    Args:
        ranges: of the Gaussians [fm].
        spread: standard deviation of each strength [MeV].

    Raises:
        InputError: for a range that is not positive.
    """

    ranges: tuple[float, ...] = (0.3, 0.6, 1.2)
    spread: Positive = 100.0

    mock_latent: ClassVar[float] = -0.5

    def __post_init__(self) -> None:
        if not self.ranges or min(self.ranges) <= 0.0:
            raise InputError("ranges of Gaussians", got=str(self.ranges), expected="lengths > 0 [fm]")

    def prior_on(self, radius: Radii) -> BoundPotential:
        modes = self.spread * jnp.exp(-((radius[:, None] / jnp.asarray(self.ranges)) ** 2))
        return BoundPotential(jnp.zeros(len(radius)), modes)


Potential = FixedPotential | FittedScale | FittedGaussians
