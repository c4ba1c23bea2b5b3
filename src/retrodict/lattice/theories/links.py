r"""Functions of link fields of any gauge group: plaquettes, staples, Wilson and Polyakov loops, topological charges.

A configuration is `(*group axes, direction, *sites)` (see `theories.groups`); site axis i belongs to direction i, the
last is time. $U_\mu(x)$ transports from $x + \mu$ to $x$, so that a gauge transformation makes it
$g(x)U_\mu(x)g(x+\mu)^{-1}$.
"""

from collections.abc import Iterator
from itertools import combinations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Inexact

from retrodict.base.types import Array, Float, Scalar
from retrodict.lattice.core.group import AbstractGroup, Elements, Generators
from retrodict.lattice.core.spaces import wrap
from retrodict.lattice.theories.groups import U1


def direction(group: AbstractGroup, x: Elements, mu: int) -> Elements:
    """The links of one direction.

    Args:
        group: the gauge group.
        x: links, shape (*group axes, direction, *sites).
        mu: the direction.

    Returns:
        Links, shape (*group axes, *sites).
    """
    return x[(slice(None),) * group.axes + (mu,)]


def shifted(field: Elements, mu: int, count: int, steps: int = 1) -> Elements:
    """The field at x + steps mu.

    Args:
        field: any field, sites last.
        mu: the direction.
        count: number of axes of sites.
        steps: distance in lattice units.
    """
    return jnp.roll(field, -steps, axis=mu - count)


def plaquettes(group: AbstractGroup, x: Elements) -> Iterator[tuple[int, int, Elements]]:
    r"""mu, nu and $U_\mu(x)U_\nu(x+\mu)U_\mu(x+\nu)^{-1}U_\nu(x)^{-1}$ of each plane mu < nu."""
    count = x.ndim - 1 - group.axes
    for mu, nu in combinations(range(count), 2):
        u, v = direction(group, x, mu), direction(group, x, nu)
        there = group.multiply(u, shifted(v, mu, count))
        back = group.multiply(v, shifted(u, nu, count))
        yield mu, nu, group.times_inverse(there, back)


def staples(group: AbstractGroup, x: Elements) -> Elements:
    r"""V such that the plaquettes with $U_\mu(x)$ sum to $\mathrm{Re\,tr}\,U_\mu(x)V_\mu(x)/N$, shaped as x.

    Of each plaquette two products of neighbouring sides are formed once, and each serves two of its four staples.
    """
    count = x.ndim - 1 - group.axes
    parts: list[list[Elements]] = [[] for _ in range(count)]
    for mu, nu in combinations(range(count), 2):
        u, v = direction(group, x, mu), direction(group, x, nu)
        beside, ahead = shifted(u, nu, count), shifted(v, mu, count)
        there, back = group.multiply(u, ahead), group.multiply(v, beside)
        parts[mu] += [group.times_inverse(ahead, back), shifted(group.inverse_times(there, v), nu, count, -1)]
        parts[nu] += [group.times_inverse(beside, there), shifted(group.inverse_times(back, u), mu, count, -1)]
    return jnp.stack([sum(of_mu[1:], of_mu[0]) for of_mu in parts], axis=-(count + 1))


def staples_of(group: AbstractGroup, x: Elements, mu: int) -> Elements:
    """V as in `staples`, of one direction alone.

    Args:
        group: the gauge group.
        x: links, shape (*group axes, direction, *sites).
        mu: the direction.
    """
    count = x.ndim - 1 - group.axes
    u, total = direction(group, x, mu), 0.0
    for nu in range(count):
        if nu != mu:
            v = direction(group, x, nu)
            ahead = shifted(v, mu, count)
            forward = group.times_inverse(ahead, group.multiply(v, shifted(u, nu, count)))
            backward = group.inverse_times(group.multiply(u, ahead), v)
            total = total + forward + shifted(backward, nu, count, -1)
    return total  # type: ignore[return-value]


def force_through_plaquettes(group: AbstractGroup, x: Elements) -> Generators:
    """The gradient of the sum of -Re tr / N over plaquettes with respect to each link.

    Each plaquette is formed once, and its force is moved along its sides.
    """
    count = x.ndim - 1 - group.axes
    total = [jnp.zeros((), jnp.real(x).dtype) for _ in range(count)]
    for mu, nu, p in plaquettes(group, x):
        force = group.force(p)
        opposite_mu = shifted(group.rotated(direction(group, x, nu), force), nu, count, -1)
        opposite_nu = shifted(group.rotated(direction(group, x, mu), force), mu, count, -1)
        total[mu] = total[mu] + force - opposite_mu
        total[nu] = total[nu] - force + opposite_nu
    return jnp.stack(total, axis=-(count + 1))


def line(group: AbstractGroup, x: Elements, mu: int, length: int) -> Elements:
    """The product of links along a straight line that begins at each site.

    Args:
        group: the gauge group.
        x: links, shape (*group axes, direction, *sites).
        mu: direction of the line.
        length: number of links.
    """
    count, u = x.ndim - 1 - group.axes, direction(group, x, mu)
    total = u
    for step in range(1, length):
        total = group.multiply(total, shifted(u, mu, count, step))
    return total


def wilson_loop(group: AbstractGroup, x: Elements, r: int, t: int) -> Scalar:
    """Re tr / N of rectangular loops, averaged over sites and planes (both ways if r != t).

    Args:
        group: the gauge group.
        x: links, shape (*group axes, direction, *sites).
        r: extent in one direction [a].
        t: extent in the other [a].
    """
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


def polyakov_loops(group: AbstractGroup, x: Elements) -> Inexact[Array, "*space"]:
    """tr / N of the product of all links in time (the last direction), one a spatial site."""
    count = x.ndim - 1 - group.axes
    return group.trace(line(group, x, count - 1, x.shape[-1])[..., 0])


def topological_charge(x: Float[Array, "2 columns rows"]) -> Scalar:
    """Q = sum_p theta_p / 2 pi with theta_p in (-pi, pi], of U(1) links `(2, *sites)` in two dimensions: an integer."""
    ((_, _, angle),) = plaquettes(U1(), x)
    return jnp.round(jnp.sum(wrap(angle)) / (2 * np.pi))


def clover_charge(group: AbstractGroup, x: Elements) -> Scalar:
    r"""$Q = \frac{1}{32\pi^2}\sum_x\epsilon_{\mu\nu\rho\sigma}\mathrm{tr}F_{\mu\nu}F_{\rho\sigma}$ in four dimensions.

    For SU(2) and SU(3); near an integer on smooth fields only. F is the mean of the four plaquettes around a site.
    """
    strength = {(mu, nu): _clover(group, x, mu, nu) for mu, nu in combinations(range(4), 2)}
    pairs = (((0, 1), (2, 3), 1), ((0, 2), (1, 3), -1), ((0, 3), (1, 2), 1))
    total = jnp.sum(jnp.stack([sign * _inner(strength[a], strength[b]) for a, b, sign in pairs]))
    # tr(T_a T_b) = delta / 2, and each pair of planes occurs eight times in the sum over epsilon.
    return 8 * 0.5 * total / (32 * np.pi**2)


def _clover(group: AbstractGroup, x: Elements, mu: int, nu: int) -> Generators:
    """The components of F along the generators: four leaves, all based at x, each rotated there along its own sides."""
    count = x.ndim - 1 - group.axes
    u, v = direction(group, x, mu), direction(group, x, nu)
    there, back = group.multiply(u, shifted(v, mu, count)), group.multiply(v, shifted(u, nu, count))
    p = group.force(group.times_inverse(there, back))
    left = shifted(group.rotated(u, p), mu, count, -1)
    below = shifted(group.rotated(v, p), nu, count, -1)
    corner = group.rotated(v, shifted(group.rotated(u, p), mu, count, -1))
    return 2 * group.colours * 0.25 * (p + left + below + shifted(corner, nu, count, -1))


def _inner(a: Generators, b: Generators) -> Scalar:
    """The sum over sites and components along orthonormal generators."""
    if jnp.iscomplexobj(a):
        return 2 * jnp.sum(jnp.real(a * jnp.conj(b)))
    return jnp.sum(a * b)
