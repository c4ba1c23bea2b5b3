r"""Wilson's gauge action in d dimensions for U(1), SU(2) and SU(3): $S = \beta\sum_p (1 - \mathrm{Re\,tr}\,U_p / N)$.

A configuration is `(*group axes, direction, *sites)` (see `groups`); site axis i belongs to direction i, the last is
time. $U_\mu(x)$ transports from $x + \mu$ to $x$, so that a gauge transformation makes it $g(x)U_\mu(x)g(x+\mu)^{-1}$.

Source: Wilson, Phys. Rev. D 10 (1974) 2445.
"""

from collections.abc import Iterator
from itertools import combinations

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Key, Scalar
from retrodict.lattice.core.action import AbstractAction, MeanFunction, Precision, checked_shape, described, real_dtype
from retrodict.lattice.core.interactions import PlanePlaquettes
from retrodict.lattice.core.spaces import AbstractSpace, wrapped
from retrodict.lattice.theories.groups import SU2, SU3, U1, AbstractGroup
from retrodict.problem.target import Quantity

LARGEST_LOOP = 4


class Wilson(AbstractAction):
    """Gauge theory of `group` with coupling `beta` on a periodic `shape`.

    Observables: `plaquette`, square Wilson loops `W22` ... up to `loops` (1 for unit links), `polyakov` (the modulus of
    the mean loop around time) and, for U(1) in two dimensions, the topological charge `Q`.
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
        self.group, self.shape, self.beta, self.precision = group, checked_shape(shape, least=2), beta, precision
        self.loops = min(LARGEST_LOOP, min(self.shape) // 2) if loops is None else loops
        if self.loops >= min(self.shape) and self.loops > 1:
            raise InputError("a loop does not fit into the lattice", got=f"loops={loops}", expected=f"< {min(shape)}")

    @property
    def space(self) -> AbstractSpace:  # type: ignore[override]
        return self.group.space

    @property
    def interaction(self) -> PlanePlaquettes | None:
        return PlanePlaquettes(self.beta) if self.has_charge else None

    def action(self, x: Array) -> Scalar:
        planes = [jnp.sum(1 - jnp.real(self.group.trace(p))) for _, _, p in plaquettes(self.group, x)]
        return self.beta * jnp.sum(jnp.stack(planes))

    def gradient(self, x: Array) -> Array:
        """The force on a link: of SU(3) by staples, else plaquette by plaquette, each the faster by two or more."""
        group = self.group
        if isinstance(group, SU3):
            return self.beta * group.force(group.multiply(x, staples(group, x)))
        return self.beta * _through_plaquettes(group, x)

    def hot(self, key: Key) -> Array:
        return self.group.haar(key, (len(self.shape), *self.shape), real_dtype(self.precision))

    def cold(self) -> Array:
        return self.group.identity((len(self.shape), *self.shape), real_dtype(self.precision))

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        squares = ((f"W{n}{n}", f"$W({n}, {n})$") for n in range(2, self.loops + 1))
        names = [("plaquette", r"$\mathrm{Re\,tr}\,U_p / N$"), *squares, ("polyakov", "$|P|$")]
        return described(*names, *([("Q", "$Q$"), ("Q2", "$Q^2$")] if self.has_charge else []))

    def observables(self, x: Array) -> dict[str, Array]:
        found = {"plaquette": 1 - self.action(x) / (self.beta * self.volume * len(self._planes))}
        if self.beta == 0:
            found["plaquette"] = wilson_loop(self.group, x, 1, 1)
        found |= {f"W{n}{n}": wilson_loop(self.group, x, n, n) for n in range(2, self.loops + 1)}
        found["polyakov"] = jnp.abs(jnp.mean(polyakov_loops(self.group, x)))
        if self.has_charge:
            charge = topological_charge(x)
            found |= {"Q": charge, "Q2": charge**2}
        return found

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
        return isinstance(self.group, U1) and len(self.shape) == 2


def direction(group: AbstractGroup, x: Array, mu: int) -> Array:
    """The links of one direction, `(*group axes, *sites)`."""
    return x[(slice(None),) * group.axes + (mu,)]


def shifted(field: Array, mu: int, count: int, steps: int = 1) -> Array:
    """The field at x + steps mu; its last `count` axes are sites."""
    return jnp.roll(field, -steps, axis=mu - count)


def plaquettes(group: AbstractGroup, x: Array) -> Iterator[tuple[int, int, Array]]:
    r"""mu, nu and $U_\mu(x)U_\nu(x+\mu)U_\mu(x+\nu)^{-1}U_\nu(x)^{-1}$ of each plane mu < nu."""
    count = x.ndim - 1 - group.axes
    for mu, nu in combinations(range(count), 2):
        u, v = direction(group, x, mu), direction(group, x, nu)
        there = group.multiply(u, shifted(v, mu, count))
        back = group.multiply(v, shifted(u, nu, count))
        yield mu, nu, group.times_inverse(there, back)


def staples(group: AbstractGroup, x: Array) -> Array:
    r"""V such that the plaquettes with $U_\mu(x)$ sum to $\mathrm{Re\,tr}\,U_\mu(x)V_\mu(x)/N$, shaped as x.

    Of each plaquette two products of neighbouring sides are formed once, and each serves two of its four staples.
    """
    count = x.ndim - 1 - group.axes
    parts: list[list[Array]] = [[] for _ in range(count)]
    for mu, nu in combinations(range(count), 2):
        u, v = direction(group, x, mu), direction(group, x, nu)
        beside, ahead = shifted(u, nu, count), shifted(v, mu, count)
        there, back = group.multiply(u, ahead), group.multiply(v, beside)
        parts[mu] += [group.times_inverse(ahead, back), shifted(group.inverse_times(there, v), nu, count, -1)]
        parts[nu] += [group.times_inverse(beside, there), shifted(group.inverse_times(back, u), mu, count, -1)]
    return jnp.stack([sum(each[1:], each[0]) for each in parts], axis=-(count + 1))


def _through_plaquettes(group: AbstractGroup, x: Array) -> Array:
    """Each plaquette is formed once and its force moved along its sides: the sum of what passes through each link."""
    count = x.ndim - 1 - group.axes
    total = [jnp.zeros((), jnp.real(x).dtype) for _ in range(count)]
    for mu, nu, p in plaquettes(group, x):
        force = group.force(p)
        opposite_mu = shifted(group.rotated(direction(group, x, nu), force), nu, count, -1)
        opposite_nu = shifted(group.rotated(direction(group, x, mu), force), mu, count, -1)
        total[mu] = total[mu] + force - opposite_mu
        total[nu] = total[nu] - force + opposite_nu
    return jnp.stack(total, axis=-(count + 1))


def line(group: AbstractGroup, x: Array, mu: int, length: int) -> Array:
    """The product of `length` links in direction mu, beginning at each site."""
    count, u = x.ndim - 1 - group.axes, direction(group, x, mu)
    total = u
    for step in range(1, length):
        total = group.multiply(total, shifted(u, mu, count, step))
    return total


def wilson_loop(group: AbstractGroup, x: Array, r: int, t: int) -> Scalar:
    """Re tr / N of rectangular loops of r by t links, averaged over sites and planes (both ways if r != t)."""
    count = x.ndim - 1 - group.axes
    planes = [(mu, nu) for mu in range(count) for nu in range(count) if mu != nu and (r != t or mu < nu)]
    lines = {(mu, n): line(group, x, mu, n) for mu in range(count) for n in {r, t}}
    values = []
    for mu, nu in planes:
        first, second = lines[mu, r], lines[nu, t]
        there = group.multiply(first, shifted(second, mu, count, r))
        back = group.multiply(second, shifted(first, nu, count, t))
        values.append(jnp.mean(jnp.real(group.trace(group.times_inverse(there, back)))))
    return jnp.mean(jnp.stack(values))


def polyakov_loops(group: AbstractGroup, x: Array) -> Array:
    """tr / N of the product of all links in time (the last direction), one a spatial site."""
    count = x.ndim - 1 - group.axes
    return group.trace(line(group, x, count - 1, x.shape[-1])[..., 0])


def topological_charge(x: Array) -> Scalar:
    """Q = sum_p theta_p / 2 pi with theta_p in (-pi, pi], of U(1) links `(2, *sites)` in two dimensions: an integer."""
    ((_, _, angle),) = plaquettes(U1(), x)
    return jnp.round(jnp.sum(wrapped(angle)) / (2 * np.pi))


def clover_charge(group: AbstractGroup, x: Array) -> Scalar:
    r"""$Q = \frac{1}{32\pi^2}\sum_x\epsilon_{\mu\nu\rho\sigma}\mathrm{tr}F_{\mu\nu}F_{\rho\sigma}$ in four dimensions.

    For SU(2) and SU(3); near an integer on smooth fields only. F is the mean of the four plaquettes around a site.
    """
    strength = {(mu, nu): _clover(group, x, mu, nu) for mu, nu in combinations(range(4), 2)}
    pairs = (((0, 1), (2, 3), 1), ((0, 2), (1, 3), -1), ((0, 3), (1, 2), 1))
    total = jnp.sum(jnp.stack([sign * _inner(group, strength[a], strength[b]) for a, b, sign in pairs]))
    # tr(T_a T_b) = delta / 2, and each pair of planes occurs eight times in the sum over epsilon.
    return 8 * 0.5 * total / (32 * np.pi**2)


def _clover(group: AbstractGroup, x: Array, mu: int, nu: int) -> Array:
    """The components of F along the generators: four leaves, all based at x, each rotated there along its own sides."""
    count = x.ndim - 1 - group.axes
    u, v = direction(group, x, mu), direction(group, x, nu)
    there, back = group.multiply(u, shifted(v, mu, count)), group.multiply(v, shifted(u, nu, count))
    p = group.force(group.times_inverse(there, back))
    left = shifted(group.rotated(u, p), mu, count, -1)
    below = shifted(group.rotated(v, p), nu, count, -1)
    corner = group.rotated(v, shifted(group.rotated(u, p), mu, count, -1))
    return 2 * group.colours * 0.25 * (p + left + below + shifted(corner, nu, count, -1))


def _inner(group: AbstractGroup, a: Array, b: Array) -> Scalar:
    """The sum over sites and components along orthonormal generators."""
    if jnp.iscomplexobj(a):
        return 2 * jnp.sum(jnp.real(a * jnp.conj(b)))
    return jnp.sum(a * b)
