"""The gauge groups U(1), SU(2) and SU(3): the same few operations on links, each in the representation that is fast.

A link field is `(*group axes, direction, *sites)`: angles for U(1) (no group axis), quaternions `(4, ...)` for SU(2),
complex matrices `(3, 3, ...)` for SU(3). Generators as in `core.spaces`. A group also states what samplers, files and
reports need of it, so that none of them asks for a group by its name.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Final, TypeAlias

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Complex, Inexact

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key
from retrodict.lattice.core import su2, su3
from retrodict.lattice.core.action import Picture, SubgroupDraw
from retrodict.lattice.core.spaces import AbstractSpace, Circle, SpecialUnitary3, UnitQuaternions, wrapped
from retrodict.lattice.theories import reference

Elements: TypeAlias = Inexact[Array, "..."]  # group elements, or sums of them: (*group axes, ...)
Generators: TypeAlias = Inexact[Array, "..."]  # elements of the algebra, as tangents of the space
Angles: TypeAlias = Float[Array, "..."]  # of U(1), any shape [radians]
Quaternions: TypeAlias = Float[Array, "4 ..."]  # of SU(2)
Matrices: TypeAlias = Complex[Array, "3 3 ..."]  # of SU(3)

NEGLIGIBLE: Final = 1e-6  # correction of a finite torus to the plaquette below which the infinite plane is exact


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
    def fills_archives(self) -> bool:
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


class U1(AbstractGroup):
    """Phases, by their angles.

    Args:
        space: angles.
        axes: none.
        colours: one.

    Example:
        >>> float(U1().trace(jnp.zeros(())).real)
        1.0
    """

    space: AbstractSpace = Circle()
    axes: int = eqx.field(static=True, default=0)
    colours: int = eqx.field(static=True, default=1)

    def multiply(self, a: Angles, b: Angles) -> Angles:
        return a + b

    def times_inverse(self, a: Angles, b: Angles) -> Angles:
        return a - b

    def inverse_times(self, a: Angles, b: Angles) -> Angles:
        return b - a

    def inverse(self, a: Angles) -> Angles:
        return -a

    def trace(self, a: Angles) -> Complex[Array, "..."]:
        return jnp.cos(a) + 1j * jnp.sin(a)

    def force(self, a: Angles) -> Angles:
        return jnp.sin(a)

    def rotated(self, u: Angles, p: Angles) -> Angles:
        return p

    def identity(self, shape: tuple[int, ...], dtype: np.dtype) -> Angles:
        return jnp.zeros(shape, dtype)

    def haar(self, key: Key, shape: tuple[int, ...], dtype: np.dtype) -> Angles:
        return jr.uniform(key, shape, dtype, -np.pi, np.pi)

    def conjugate(self, a: Angles) -> Angles:
        return -a

    def times_centre(self, a: Angles) -> Angles:
        return a + 1.0

    @property
    def layout(self) -> str:
        return "direction"

    @property
    def is_abelian(self) -> bool:
        return True

    def exact_in_the_plane(self, beta: float, volume: int, loops: int) -> dict[str, float]:
        """By sums over representations, for any volume."""
        squares = {f"W{n}{n}": reference.u1_wilson_loop(beta, volume, n * n) for n in range(2, loops + 1)}
        charge = {"Q": 0.0, "chi_t": reference.u1_susceptibility(beta, volume)}
        return {"plaquette": reference.u1_plaquette(beta, volume), **squares, **charge}

    def picture(self, planes: Sequence[Angles]) -> Picture:
        what = "the angle of each plaquette; over the whole of a two-dimensional lattice they sum to 2 pi Q"
        return Picture(np.asarray(wrapped(planes[0])), r"$\theta_p$", what)


class SU2(AbstractGroup):
    """Unit quaternions.

    Args:
        space: unit quaternions.
        axes: one, of four components.
        colours: two.

    Example:
        >>> SU2().identity((5,), np.dtype(float)).shape
        (4, 5)
    """

    space: AbstractSpace = UnitQuaternions()
    axes: int = eqx.field(static=True, default=1)
    colours: int = eqx.field(static=True, default=2)

    def multiply(self, a: Quaternions, b: Quaternions) -> Quaternions:
        return su2.multiply(a, b)

    def times_inverse(self, a: Quaternions, b: Quaternions) -> Quaternions:
        return su2.multiply(a, su2.adjoint(b))

    def inverse_times(self, a: Quaternions, b: Quaternions) -> Quaternions:
        return su2.multiply(su2.adjoint(a), b)

    def inverse(self, a: Quaternions) -> Quaternions:
        return su2.adjoint(a)

    def trace(self, a: Quaternions) -> Float[Array, "..."]:
        return a[0]

    def force(self, a: Quaternions) -> Float[Array, "3 ..."]:
        return 0.5 * a[1:]

    def rotated(self, u: Quaternions, p: Float[Array, "3 ..."]) -> Float[Array, "3 ..."]:
        pure = jnp.concatenate([jnp.zeros_like(p[:1]), p])
        return su2.multiply(su2.multiply(su2.adjoint(u), pure), u)[1:]

    def identity(self, shape: tuple[int, ...], dtype: np.dtype) -> Quaternions:
        return jnp.zeros((4, *shape), dtype).at[0].set(1)

    def haar(self, key: Key, shape: tuple[int, ...], dtype: np.dtype) -> Quaternions:
        return su2.haar(key, shape, dtype)

    def conjugate(self, a: Quaternions) -> Quaternions:
        """a*, which for SU(2) is a gauge transformation."""
        return a * jnp.asarray([1, -1, 1, -1], a.dtype).reshape(4, *(1,) * (a.ndim - 1))

    def times_centre(self, a: Quaternions) -> Quaternions:
        return -1.0 * a

    @property
    def layout(self) -> str:
        return "quaternion, direction"

    def exact_in_the_plane(self, beta: float, volume: int, loops: int) -> dict[str, float]:
        return _on_large_torus(reference.su2_plaquette(beta), volume)

    @property
    def subgroups(self) -> int:
        return 1

    def update_subgroups(
        self, u: Quaternions, staples: Quaternions, beta: float | Float[Array, ""], key: Key, draw: SubgroupDraw
    ) -> Quaternions:
        """One draw for the whole group."""
        return su2.multiply(draw(key, su2.multiply(u, staples), jnp.asarray(beta, u.dtype)), u)


class SU3(AbstractGroup):
    """Complex matrices, colour first.

    Args:
        space: special unitary matrices.
        axes: two, row and column.
        colours: three.

    Example:
        >>> SU3().identity((5,), np.dtype(float)).shape
        (3, 3, 5)
    """

    space: AbstractSpace = SpecialUnitary3()
    axes: int = eqx.field(static=True, default=2)
    colours: int = eqx.field(static=True, default=3)

    def multiply(self, a: Matrices, b: Matrices) -> Matrices:
        return su3.multiply(a, b)

    def times_inverse(self, a: Matrices, b: Matrices) -> Matrices:
        return su3.times_adjoint(a, b)

    def inverse_times(self, a: Matrices, b: Matrices) -> Matrices:
        return su3.adjoint_times(a, b)

    def inverse(self, a: Matrices) -> Matrices:
        return su3.adjoint(a)

    def trace(self, a: Matrices) -> Complex[Array, "..."]:
        return (a[0, 0] + a[1, 1] + a[2, 2]) / 3

    def force(self, a: Matrices) -> Matrices:
        return su3.traceless_antihermitian(a) / 6

    def rotated(self, u: Matrices, p: Matrices) -> Matrices:
        return su3.multiply(su3.adjoint_times(u, p), u)

    def identity(self, shape: tuple[int, ...], dtype: np.dtype) -> Matrices:
        unit = jnp.eye(3, dtype=np.result_type(dtype, np.complex64)).reshape(3, 3, *(1,) * len(shape))
        return jnp.broadcast_to(unit, (3, 3, *shape))

    def haar(self, key: Key, shape: tuple[int, ...], dtype: np.dtype) -> Matrices:
        return su3.haar(key, shape, dtype)

    def conjugate(self, a: Matrices) -> Matrices:
        return jnp.conj(a)

    def times_centre(self, a: Matrices) -> Matrices:
        return jnp.exp(2j * jnp.pi / 3).astype(a.dtype) * a

    @property
    def layout(self) -> str:
        return "real and imaginary, row, column, direction"

    def exact_in_the_plane(self, beta: float, volume: int, loops: int) -> dict[str, float]:
        return _on_large_torus(reference.su3_plaquette(beta), volume)

    @property
    def force_by_staples(self) -> bool:
        return True

    @property
    def fills_archives(self) -> bool:
        return True

    @property
    def subgroups(self) -> int:
        return len(su3.SUBGROUPS)

    def update_subgroups(
        self, u: Matrices, staples: Matrices, beta: float | Float[Array, ""], key: Key, draw: SubgroupDraw
    ) -> Matrices:
        """Three SU(2) subgroups in turn. Source: Cabibbo, Marinari, Phys. Lett. B 119 (1982) 387."""
        for number, (i, j) in enumerate(su3.SUBGROUPS):
            block = su3.subgroup_part(su3.multiply(u, staples), i, j)
            element = draw(jr.fold_in(key, number), block, jnp.asarray(2 * beta / 3, block.dtype))
            u = su3.multiply_embedded(su2.as_matrix(element), u, i, j)
        return u


def _on_large_torus(plaquette: float, volume: int) -> dict[str, float]:
    """The plaquette of the infinite plane, where the correction of the torus, V plaquette^V, is negligible."""
    return {"plaquette": plaquette} if volume * plaquette**volume < NEGLIGIBLE else {}
