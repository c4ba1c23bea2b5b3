r"""Wilson's gauge action in d dimensions for U(1), SU(2) and SU(3): $S = \beta\sum_p (1 - \mathrm{Re\,tr}\,U_p / N)$.

A configuration is `(*group axes, direction, *sites)` (see `theories.groups` and `theories.links`).

Source: Wilson, Phys. Rev. D 10 (1974) 2445.
"""

from itertools import combinations
from typing import Final

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Inexact

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, Scalar
from retrodict.lattice.core import observables as measure
from retrodict.lattice.core.action import AbstractAction, Baseline, LinkUpdates, Picture, SubgroupDraw
from retrodict.lattice.core.estimates import MeanFunction
from retrodict.lattice.core.group import AbstractGroup, Elements, Generators
from retrodict.lattice.core.interactions import PlanePlaquettes
from retrodict.lattice.core.limits import Precision, checked_link_shape
from retrodict.lattice.core.spaces import AbstractSpace
from retrodict.lattice.core.symmetries import Symmetry
from retrodict.lattice.theories import links, reference
from retrodict.lattice.theories.groups import SU2, SU3, U1
from retrodict.lattice.theories.symmetries import of_links
from retrodict.problem.target import Quantity

LARGEST_LOOP: Final = 4
SMALL: Final = 100  # sites of a gauge theory that particles reach within seconds


class Wilson(AbstractAction):
    """Gauge theory on a periodic lattice.

    Observables: `plaquette`, square Wilson loops `W22` ... (1 for unit links), `polyakov` (the modulus of the mean loop
    around time) and, for U(1) in two dimensions, the topological charge `Q`.

    Args:
        group: the gauge group.
        shape: extents of the lattice [a], two or more, time last.
        beta: the coupling, >= 0 for a stable theory.
        loops: extent of the largest square loop; by default half of the least extent, at most `LARGEST_LOOP`.
        precision: bits of the field's real numbers, 32 or 64.

    Raises:
        InputError: for what is no group, for a shape that cannot be, and for a loop that does not fit.

    Example:
        >>> theory = Wilson(U1(), (16, 16), beta=7.0)
        >>> round(theory.exact_values()["plaquette"], 6)
        0.925532
    """

    group: AbstractGroup
    shape: tuple[int, ...] = eqx.field(static=True)
    beta: float
    loops: int = eqx.field(static=True)
    precision: Precision = eqx.field(static=True)

    def __init__(
        self,
        group: U1 | SU2 | SU3,
        shape: tuple[int, ...],
        beta: float,
        loops: int | None = None,
        precision: Precision = 64,
    ):
        if not isinstance(group, AbstractGroup):
            got, expected = repr(group), "U1(), SU2() or SU3()"
            raise InputError("the gauge group is an object", where="group of Wilson", got=got, expected=expected)
        self.group, self.shape, self.beta, self.precision = group, checked_link_shape(shape), beta, precision
        self.loops = min(LARGEST_LOOP, min(self.shape) // 2) if loops is None else loops
        if self.loops >= min(self.shape) and self.loops > 1:
            raise InputError("a loop does not fit into the lattice", got=f"loops={loops}", expected=f"< {min(shape)}")

    @property
    def space(self) -> AbstractSpace:  # type: ignore[override]
        return self.group.space

    @property
    def interaction(self) -> PlanePlaquettes | None:
        return PlanePlaquettes(self.beta) if self.has_charge else None

    def action(self, x: Elements) -> Scalar:
        planes = [jnp.sum(1 - jnp.real(self.group.trace(p))) for _, _, p in links.plaquettes(self.group, x)]
        return self.beta * jnp.sum(jnp.stack(planes))

    def gradient(self, x: Elements) -> Generators:
        """By staples or plaquette by plaquette, whichever is faster for the group, by a factor of two or more."""
        group = self.group
        if group.force_by_staples:
            return self.beta * group.force(group.multiply(x, links.staples(group, x)))
        return self.beta * links.force_through_plaquettes(group, x)

    def hot(self, key: Key) -> Elements:
        return self.group.haar(key, (len(self.shape), *self.shape), self.dtype)

    def cold(self) -> Elements:
        return self.group.identity((len(self.shape), *self.shape), self.dtype)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        squares = ((f"W{n}{n}", f"$W({n}, {n})$") for n in range(2, self.loops + 1))
        names = [("plaquette", r"$\mathrm{Re\,tr}\,U_p / N$"), *squares, ("polyakov", "$|P|$")]
        return measure.plain_numbers(*names, *([("Q", "$Q$"), ("Q2", "$Q^2$")] if self.has_charge else []))

    def observables(self, x: Elements) -> dict[str, Float[Array, "..."]]:
        values = {"plaquette": 1 - self.action(x) / (self.beta * self.volume * len(self._planes))}
        if self.beta == 0:
            values["plaquette"] = links.wilson_loop(self.group, x, 1, 1)
        values |= {f"W{n}{n}": links.wilson_loop(self.group, x, n, n) for n in range(2, self.loops + 1)}
        values["polyakov"] = jnp.abs(jnp.mean(links.polyakov_loops(self.group, x)))
        if self.has_charge:
            charge = links.topological_charge(x)
            values |= {"Q": charge, "Q2": charge**2}
        return values

    @property
    def mean_functions(self) -> tuple[MeanFunction, ...]:
        if not self.has_charge:
            return ()
        variance = ("Q", "Q2"), lambda m: (m[1] - m[0] ** 2) / self.volume
        return (MeanFunction("chi_t", *variance, r"$\chi_t$", "a^-2"),)

    @property
    def slow(self) -> tuple[str, ...]:
        return ("plaquette", "Q2") if self.has_charge else ("plaquette",)

    @property
    def odd(self) -> tuple[str, ...]:
        return ("Q",) if self.has_charge else ()

    @property
    def _planes(self) -> list[tuple[int, int]]:
        return list(combinations(range(len(self.shape)), 2))

    @property
    def has_charge(self) -> bool:
        """Whether it is U(1) in two dimensions, whose configurations have a topological charge."""
        return self.group.is_abelian and len(self.shape) == 2

    def exact_values(self) -> dict[str, float]:
        """In two dimensions, where plaquettes are independent but for one constraint."""
        if len(self.shape) != 2 or self.beta <= 0:
            return {}
        return self.group.exact_in_the_plane(float(self.beta), self.volume, self.loops)

    def exact_charges(self, largest: int) -> Float[np.ndarray, " charges"] | None:
        return reference.u1_charges(float(self.beta), self.volume, largest) if self.has_charge else None

    def instability(self) -> str:
        return f"beta = {self.beta:g}, which favours the largest plaquettes" if self.beta < 0 else ""

    def symmetries(self, key: Key) -> dict[str, Symmetry]:
        return of_links(self.group, self.shape, key)

    @property
    def link_updates(self) -> LinkUpdates | None:
        """None for a group without SU(2) subgroups."""

        def update(x: Elements, mu: int, key: Key, draw: SubgroupDraw) -> Elements:
            link, staples = links.direction(self.group, x, mu), links.staples_of(self.group, x, mu)
            return self.group.update_subgroups(link, staples, self.beta, key, draw)

        return LinkUpdates(self.beta, update) if self.group.subgroups else None

    @property
    def baselines(self) -> tuple[Baseline, ...]:
        if self.group.is_abelian:
            in_the_plane: tuple[Baseline, ...] = ("HMC and winding", "shared flux") if self.has_charge else ()
            particles: tuple[Baseline, ...] = ("sequential Monte Carlo",) if self.volume <= SMALL else ()
            return ("HMC", *in_the_plane, *particles)
        if len(self.shape) > 2 and self.group.colours > 2:
            return ()
        checkerboard = not any(extent % 2 for extent in self.shape)
        return ("HMC", "heat bath") if checkerboard and self.beta > 0 else ("HMC",)

    @property
    def layout(self) -> str:
        return f"{self.group.layout}, sites"

    @property
    def is_archivable(self) -> bool:
        return self.group.is_archivable and len(self.shape) == 4

    def picture(self, x: Inexact[np.ndarray, "..."]) -> Picture:
        """Plaquettes."""
        return self.group.picture([plaquette for _, _, plaquette in links.plaquettes(self.group, jnp.asarray(x))])
