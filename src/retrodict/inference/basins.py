"""Whether the members of an ensemble sit in one valley: each descends on the problem without randomisation.

The tail index of the importance weights does not see a second valley: each member's weight is right for the valley that
it happened to fall into. The ends of the descents distinguish valleys, whatever their depths.
"""

from typing import Final, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from retrodict.base.types import JSON, Array, Bool, Float, Int, Scalar
from retrodict.inference.gauss_newton import linearise
from retrodict.inference.least_squares import minimise
from retrodict.problem.target import AbstractLeastSquares
from retrodict.run.diagnostic import Finding, Severity

MEMBERS: Final = 64  # looked at: a valley with a tenth of the members escapes one time in a thousand
ITERATIONS: Final = 50
SEPARATE: Final = 1.0  # posterior standard deviations between two minima


class Basins(NamedTuple):
    """The minima to which the members of an ensemble lead."""

    number: Int[Array, ""]  # of minima
    outside: Scalar  # share of the members that lead to another minimum than the most frequent one

    def findings(self) -> tuple[Finding, ...]:
        """A warning for more than one."""
        if self.number <= 1:
            return ()
        text = f"the members sit in {int(self.number)} separate valleys ({float(self.outside):.0%} not in the main one)"
        text = f"{text}: their weights are right within each, not between them"
        return (Finding(Severity.WARN, text, "SequentialMonteCarlo, or Importance if the bank is large enough"),)

    def to_json(self) -> dict[str, JSON]:
        """`basins` and `outside_main_basin`."""
        return {"basins": int(self.number), "outside_main_basin": float(self.outside)}


_Count = tuple[Bool[Array, " member"], Int[Array, ""], Int[Array, ""]]  # still to be placed, basins, the largest


class _Ends(NamedTuple):
    distance: Float[Array, "member member"]  # in standard deviations, by the curvature at the first of the two
    converged: Bool[Array, " member"]


def basins(target: AbstractLeastSquares, positions: Float[Array, "member dim"], batch: int | None = None) -> Basins:
    """Let members descend on the common problem, and count the minima that they reach.

    Args:
        target: the problem without any randomisation.
        positions: members, of which the first `MEMBERS` are used; those that do not converge are not counted.
        batch: members that are computed side by side; None: all.
    """
    ends = _ends(target, positions[:MEMBERS], batch)
    near = (ends.distance < SEPARATE) & ends.converged

    def next_basin(i: Int[Array, ""], carry: _Count) -> _Count:
        left, number, largest = carry
        size = jnp.where(left[i], jnp.sum(near[i] & left), 0)
        return jnp.where(left[i], left & ~near[i], left), number + left[i], jnp.maximum(largest, size)

    none = jnp.asarray(0)
    _, number, largest = jax.lax.fori_loop(0, len(near), next_basin, (ends.converged, none, none))
    judged = jnp.sum(ends.converged)
    return Basins(number, jnp.where(judged > 0, 1 - largest / jnp.maximum(judged, 1), 0.0))


@eqx.filter_jit
def _ends(target: AbstractLeastSquares, positions: Float[Array, "member dim"], batch: int | None) -> _Ends:
    def descend(z: Float[Array, " dim"]) -> tuple:
        end = minimise(target, z, iterations=ITERATIONS, temperature=1.0)
        return end.position, end.converged, linearise(target, end.position).jacobian

    size = min(batch or len(positions), len(positions))
    position, converged, jacobian = jax.lax.map(descend, positions, batch_size=size)
    apart = position[:, None] - position[None, :]
    seen = jnp.einsum("irz,ijz->ijr", jacobian, apart)
    return _Ends(jnp.sqrt(jnp.sum(apart**2, axis=-1) + jnp.sum(seen**2, axis=-1)), converged)
