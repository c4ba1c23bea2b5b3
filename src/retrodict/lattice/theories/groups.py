"""The gauge groups U(1), SU(2) and SU(3) as `core.group` describes them.

Links are angles for U(1) (no group axis), quaternions `(4, ...)` for SU(2), complex matrices `(3, 3, ...)` for SU(3).
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Complex

from retrodict.base.types import Array, Float, Key
from retrodict.lattice.core import su2, su3
from retrodict.lattice.core.action import Picture, SubgroupDraw
from retrodict.lattice.core.group import AbstractGroup
from retrodict.lattice.core.spaces import AbstractSpace, Circle, SpecialUnitary3, UnitQuaternions, wrap
from retrodict.lattice.theories import reference

Angles: TypeAlias = Float[Array, "..."]  # of U(1), any shape [radians]
Quaternions: TypeAlias = Float[Array, "4 ..."]  # of SU(2)
Matrices: TypeAlias = Complex[Array, "3 3 ..."]  # of SU(3)

NEGLIGIBLE: Final = 1e-6  # correction of a finite torus to the plaquette below which the infinite plane is exact


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
        """By sums over representations, for any volume.

        Args:
            beta: the coupling, > 0.
            volume: number of plaquettes.
            loops: extent of the largest square loop.
        """
        squares = {f"W{n}{n}": reference.u1_wilson_loop(beta, volume, n * n) for n in range(2, loops + 1)}
        charge = {"Q": 0.0, "chi_t": reference.u1_susceptibility(beta, volume)}
        return {"plaquette": reference.u1_plaquette(beta, volume), **squares, **charge}

    def picture(self, planes: Sequence[Angles]) -> Picture:
        what = "the angle of each plaquette; over the whole of a two-dimensional lattice they sum to 2 pi Q"
        return Picture(np.asarray(wrap(planes[0])), r"$\theta_p$", what)


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
        """One draw for the whole group.

        Args:
            u: links of one direction.
            staples: V such that the action of a link is -beta Re tr(U V) / 2.
            beta: the coupling.
            key: random key.
            draw: draws the SU(2) elements.
        """
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
    def is_archivable(self) -> bool:
        return True

    @property
    def subgroups(self) -> int:
        return len(su3.SUBGROUPS)

    def update_subgroups(
        self, u: Matrices, staples: Matrices, beta: float | Float[Array, ""], key: Key, draw: SubgroupDraw
    ) -> Matrices:
        """Three SU(2) subgroups in turn. Source: Cabibbo, Marinari, Phys. Lett. B 119 (1982) 387.

        Args:
            u: links of one direction.
            staples: V such that the action of a link is -beta Re tr(U V) / 3.
            beta: the coupling.
            key: random key.
            draw: draws the SU(2) elements.
        """
        for number, (i, j) in enumerate(su3.SUBGROUPS):
            block = su3.subgroup_part(su3.multiply(u, staples), i, j)
            element = draw(jr.fold_in(key, number), block, jnp.asarray(2 * beta / 3, block.dtype))
            u = su3.multiply_embedded(su2.as_matrix(element), u, i, j)
        return u


def _on_large_torus(plaquette: float, volume: int) -> dict[str, float]:
    """The plaquette of the infinite plane, where the correction of the torus, V plaquette^V, is negligible."""
    return {"plaquette": plaquette} if volume * plaquette**volume < NEGLIGIBLE else {}
