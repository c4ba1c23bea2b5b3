"""What a gauge group is: a few operations on links, each in the representation that is fast.

A link field is `(*group axes, direction, *sites)`. Generators as in `core.spaces`. A group also states what samplers,
files and reports need of it, so that none of them asks for a group by its name.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeAlias

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Inexact

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key
from retrodict.lattice.core.action import Picture, SubgroupDraw
from retrodict.lattice.core.spaces import AbstractSpace

Elements: TypeAlias = Inexact[Array, "..."]  # group elements, or sums of them: (*group axes, ...)
Generators: TypeAlias = Inexact[Array, "..."]  # elements of the algebra, as tangents of the space


class AbstractGroup(eqx.Module):
    """A compact group; every operation works on all trailing axes at once."""

    space: eqx.AbstractVar[AbstractSpace]  # manifold of a link field
    axes: eqx.AbstractVar[int]  # leading axes that hold one group element
    colours: eqx.AbstractVar[int]  # N of U(N) or SU(N)

    @abstractmethod
    def multiply(self, a: Elements, b: Elements) -> Elements:
        """a b."""

    @abstractmethod
    def times_inverse(self, a: Elements, b: Elements) -> Elements:
        """a b^-1."""

    @abstractmethod
    def inverse_times(self, a: Elements, b: Elements) -> Elements:
        """a^-1 b."""

    @abstractmethod
    def inverse(self, a: Elements) -> Elements:
        """The inverse of a."""

    @abstractmethod
    def trace(self, a: Elements) -> Inexact[Array, "..."]:
        """tr a / N: complex, or real where it always is."""

    @abstractmethod
    def force(self, a: Elements) -> Generators:
        """The gradient of -Re tr(a) / N when a moves to exp(p) a; linear in matrices, of which a may be a sum."""

    @abstractmethod
    def rotated(self, u: Elements, p: Generators) -> Generators:
        """u^-1 p u, for a generator p."""

    @abstractmethod
    def identity(self, shape: tuple[int, ...], dtype: np.dtype) -> Elements:
        """Unit elements on `shape`; `dtype` is that of the real numbers."""

    @abstractmethod
    def haar(self, key: Key, shape: tuple[int, ...], dtype: np.dtype) -> Elements:
        """Elements drawn from the invariant measure.

        Args:
            key: random key.
            shape: shape of the axes behind those of the group.
            dtype: type of the real numbers.
        """

    @abstractmethod
    def conjugate(self, a: Elements) -> Elements:
        """a*, charge conjugation."""

    @abstractmethod
    def times_centre(self, a: Elements) -> Elements:
        """z a with one fixed element z != 1 of the centre."""

    @property
    @abstractmethod
    def layout(self) -> str:
        """The leading axes of a stored link field, in words."""

    @abstractmethod
    def exact_in_the_plane(self, beta: float, volume: int, loops: int) -> dict[str, float]:
        """Exact expectation values on a two-dimensional torus by name, as far as they are known for its volume.

        Args:
            beta: the coupling, > 0.
            volume: number of plaquettes.
            loops: extent of the largest square loop.
        """

    @property
    def is_abelian(self) -> bool:
        """Whether all elements commute."""
        return False

    @property
    def force_by_staples(self) -> bool:
        """Whether forces are faster by sums of staples than plaquette by plaquette."""
        return False

    @property
    def is_archivable(self) -> bool:
        """Whether the formats of the lattice community hold its links."""
        return False

    @property
    def subgroups(self) -> int:
        """The number of SU(2) subgroups that the heat bath updates in turn; zero where there is no heat bath."""
        return 0

    def update_subgroups(
        self, u: Elements, staples: Elements, beta: float | Float[Array, ""], key: Key, draw: SubgroupDraw
    ) -> Elements:
        """Links multiplied by SU(2) elements that are drawn given their staples, subgroup by subgroup.

        Args:
            u: links of one direction.
            staples: V such that the action of a link is -beta Re tr(U V) / N.
            beta: the coupling.
            key: random key.
            draw: draws the SU(2) elements.

        Raises:
            InputError: for a group without such subgroups.
        """
        raise InputError("there is no heat bath for this group", got=type(self).__name__, expected="SU2 or SU3")

    def picture(self, planes: Sequence[Elements]) -> Picture:
        """What is drawn of the plaquettes of each plane, the plane of the first two directions first."""
        traces = [np.asarray(jnp.real(self.trace(plaquettes))) for plaquettes in planes]
        mean = np.mean([values.mean() for values in traces])
        what = "Re tr / N of the plaquettes, less their mean over all planes"
        return Picture(traces[0] - mean, r"$\mathrm{Re\,tr}\,U_p/N$ less its mean", what)
