r"""Charge correlators: $\delta = \langle\cos(\varphi_a-\varphi_b)\rangle$ and, without an event plane,
$\gamma = \langle\cos(\varphi_a+\varphi_b-2\varphi_c)\rangle/v_2$, for pairs of equal and of opposite charge.

Source: Voloshin, PRC 70, 057901 = hep-ph/0406311; three different particles, so that none correlates with itself.
"""

from typing import NamedTuple

import numpy as np

from retrodict.base.shapes import Bool, Float
from retrodict.heavy_ion.events.errors import Estimate, jackknife
from retrodict.heavy_ion.events.flow import QVectors, q_vectors, two
from retrodict.heavy_ion.events.table import EventTable

NAMES = ("opposite", "same", "difference")


class ChargeCorrelators(NamedTuple):
    """Correlators of pairs of opposite and of equal charge, and the difference, in this order.

    Args:
        gamma: divided by v2{2} of all chosen particles.
        delta: of two particles.
    """

    gamma: Estimate
    delta: Estimate


def charge_correlators(table: EventTable, chosen: Bool[np.ndarray, " particles"]) -> ChargeCorrelators:
    """Both correlators of the chosen charged particles.

    Args:
        table: the events.
        chosen: charged particles.
    """
    plus, minus = (q_vectors(table, chosen & (sign * table.charge > 0), 2) for sign in (1, -1))
    both = QVectors(plus.powers + minus.powers)
    opposite, same = _opposite(plus, minus, both), _same(plus, both) + _same(minus, both)
    sums = np.concatenate([opposite, same, two(both, 2)]) * table.weight

    def values(s: Float[np.ndarray, "... sums"]) -> Float[np.ndarray, "... values"]:
        """Gamma of opposite and same charge and their difference, then delta."""
        v2 = np.sqrt(s[..., 8] / s[..., 9])
        gamma = np.stack([s[..., 0] / s[..., 1] / v2, s[..., 4] / s[..., 5] / v2], axis=-1)
        delta = np.stack([s[..., 2] / s[..., 3], s[..., 6] / s[..., 7]], axis=-1)
        with_difference = [np.concatenate([x, x[..., :1] - x[..., 1:]], axis=-1) for x in (gamma, delta)]
        return np.concatenate(with_difference, axis=-1)

    found = jackknife(values, sums.T)
    halves = [Estimate(found.value[part], found.error[part]) for part in (slice(0, 3), slice(3, 6))]
    return ChargeCorrelators(*halves)


def _opposite(plus: QVectors, minus: QVectors, both: QVectors) -> Float[np.ndarray, "4 events"]:
    """Sums over triples and pairs with their numbers: a positive, b negative, c any other."""
    p, m, c = plus.powers, minus.powers, np.conj(both.powers[2])
    triples = p[1] * m[1] * c - np.conj(p[1]) * m[1] - np.conj(m[1]) * p[1]
    pairs, number = np.real(p[1] * np.conj(m[1])), plus.count * minus.count
    return np.stack([np.real(triples), number * (both.count - 2), pairs, number])


def _same(one: QVectors, both: QVectors) -> Float[np.ndarray, "4 events"]:
    """The same for a and b of one charge."""
    q, count = one.powers, one.count
    pairs = np.real(q[1] * np.conj(q[1])) - count
    triples = np.real((q[1] ** 2 - q[2]) * np.conj(both.powers[2])) - 2 * pairs
    number = count * (count - 1)
    return np.stack([triples, number * (both.count - 2), pairs, number])
