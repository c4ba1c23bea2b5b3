r"""Anisotropic flow without an event plane: Q-cumulants of two, four and six particles, a gap, and bins of $p_T$.

Source: Bilandzic, Snellings, Voloshin, PRC 83, 044913 = arXiv:1010.0233, with its weights, the numbers of pairs, fours
and sixes; checked against nested sums. From $c_n\{2\} = \langle\langle 2\rangle\rangle$ and its companions,
$v_n\{2\} = \sqrt{c_n\{2\}}$, $v_n\{4\} = (-c_n\{4\})^{1/4}$, $v_n\{6\} = (c_n\{6\}/4)^{1/6}$.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from retrodict.base.shapes import Bool, Complex, Float, Int
from retrodict.heavy_ion.events.errors import SEEN, Estimate, jackknife
from retrodict.heavy_ion.events.table import EventTable


class Flow(NamedTuple):
    """A cumulant and the flow that it stands for.

    Args:
        cumulant: with its error.
        error: of the cumulant.
        flow: NaN where the cumulant is not seen or has the wrong sign.
        flow_error: standard error of the flow.
    """

    cumulant: float
    error: float
    flow: float
    flow_error: float


@dataclass(frozen=True, eq=False)
class QVectors:
    r"""$Q_n = \sum_j e^{in\varphi_j}$ of each event, and the number of particles.

    Args:
        powers: Q_0, Q_1, ... along the first axis; Q_0 is the number of particles.
    """

    powers: Complex[np.ndarray, "harmonics events"]

    @property
    def count(self) -> Float[np.ndarray, " events"]:
        """Particles of each event."""
        return np.real(self.powers[0])


def q_vectors(table: EventTable, chosen: Bool[np.ndarray, " particles"], highest: int) -> QVectors:
    """The Q vectors of the chosen particles.

    Args:
        table: the events.
        chosen: which particles.
        highest: harmonic.
    """
    return QVectors(_sums(table.event_of[chosen], _units(table, chosen), highest, table.events))


def two(q: QVectors, n: int) -> Float[np.ndarray, "2 events"]:
    r"""$\sum e^{in(\varphi_1-\varphi_2)}$ over pairs of different particles, and the number of pairs.

    Args:
        q: of each event.
        n: harmonic.
    """
    m = q.count
    return np.stack([_square(q.powers[n]) - m, m * (m - 1)])


def four(q: QVectors, n: int) -> Float[np.ndarray, "2 events"]:
    """The same of four different particles, and their number.

    Args:
        q: of each event, up to twice the harmonic.
        n: harmonic.
    """
    m, q1, q2 = q.count, q.powers[n], q.powers[2 * n]
    sum_ = _square(q1) ** 2 + _square(q2) - 2 * np.real(q2 * np.conj(q1) ** 2)
    sum_ += -4 * (m - 2) * _square(q1) + 2 * m * (m - 3)
    return np.stack([sum_, m * (m - 1) * (m - 2) * (m - 3)])


def six(q: QVectors, n: int) -> Float[np.ndarray, "2 events"]:
    """The same of six different particles, and their number.

    Args:
        q: of each event, up to three times the harmonic.
        n: harmonic.
    """
    m, q1, q2, q3 = q.count, q.powers[n], q.powers[2 * n], q.powers[3 * n]
    a, b = _square(q1), _square(q2)
    sum_ = a**3 + 9 * a * b - 6 * np.real(q2 * q1 * np.conj(q1) ** 3)
    sum_ += 4 * np.real(q3 * np.conj(q1) ** 3) - 12 * np.real(q3 * np.conj(q2) * np.conj(q1))
    sum_ += 18 * (m - 4) * np.real(q2 * np.conj(q1) ** 2) + 4 * _square(q3)
    sum_ += -9 * (m - 4) * (a**2 + b) + 18 * (m - 2) * (m - 5) * a - 6 * m * (m - 4) * (m - 5)
    return np.stack([sum_, m * (m - 1) * (m - 2) * (m - 3) * (m - 4) * (m - 5)])


def cumulants(q: QVectors, n: int, weight: Float[np.ndarray, " events"], most: int = 6) -> dict[int, Flow]:
    """Cumulants of two, four and six particles with the flow of each.

    Args:
        q: of each event, up to half of `most` times the harmonic.
        n: harmonic.
        weight: of each event.
        most: particles of the largest cumulant: 2, 4 or 6.
    """
    sums = np.concatenate([one(q, n) for one in (two, four, six)[: most // 2]]) * weight
    # Events with too few particles hold no sixes: neither in the sum nor in the number.
    c = jackknife(_cumulants, sums.T)
    v = jackknife(lambda s: _flow(_cumulants(s)), sums.T)
    return {2 * k + 2: _seen(c, v, k) for k in range(most // 2)}


def gap(negative: QVectors, positive: QVectors, n: int, weight: Float[np.ndarray, " events"]) -> Flow:
    """The cumulant of two particles with a gap of pseudorapidity between them.

    Args:
        negative: Q vectors on one side of the gap.
        positive: on the other.
        n: harmonic.
        weight: of each event.
    """
    pairs = (_across(negative, positive, n) * weight).T
    c = jackknife(_cumulants, pairs)
    v = jackknife(lambda s: _flow(_cumulants(s)), pairs)
    return _seen(c, v, 0)


def differential(
    table: EventTable,
    sides: tuple[Bool[np.ndarray, " particles"], Bool[np.ndarray, " particles"]],
    edges: Float[np.ndarray, " edges"],
    n: int,
) -> Estimate:
    """Flow in bins of transverse momentum, of particles on one side of a gap with those on the other as reference.

    Args:
        table: the events.
        sides: the particles on either side.
        edges: of the bins, GeV.
        n: harmonic.
    """
    bins, pt = len(edges) - 1, table.pt
    reference = [q_vectors(table, side, n) for side in sides]
    pairs = np.zeros((2, bins, table.events))
    for side, other in zip(sides, reversed(reference), strict=True):
        index = np.searchsorted(edges, pt, side="right") - 1
        chosen = side & (index >= 0) & (index < bins)
        cell = index[chosen] * table.events + table.event_of[chosen]
        q = _sums(cell, _units(table, chosen), n, bins * table.events).reshape(n + 1, bins, table.events)
        pairs[0] += np.real(q[n] * np.conj(other.powers[n]))
        pairs[1] += np.real(q[0]) * other.count
    both = np.stack(
        [(reference[0].powers[n] * np.conj(reference[1].powers[n])).real, reference[0].count * reference[1].count]
    )
    sums = np.concatenate([pairs.reshape(2 * bins, -1), both]) * table.weight

    def flow(s: Float[np.ndarray, "... sums"]) -> Float[np.ndarray, "... values"]:
        return s[..., :bins] / s[..., bins : 2 * bins] / np.sqrt(s[..., -2:-1] / s[..., -1:])

    return jackknife(flow, sums.T)


def _across(one: QVectors, other: QVectors, n: int) -> Float[np.ndarray, "2 events"]:
    """Pairs with a particle on either side, and their number."""
    return np.stack([np.real(one.powers[n] * np.conj(other.powers[n])), one.count * other.count])


def _units(table: EventTable, chosen: Bool[np.ndarray, " particles"]) -> Complex[np.ndarray, " chosen"]:
    """e^{i phi} of each chosen particle."""
    z = table.px[chosen] + 1j * table.py[chosen]
    return z / np.maximum(np.abs(z), np.finfo(float).tiny)


def _sums(
    place: Int[np.ndarray, " chosen"], unit: Complex[np.ndarray, " chosen"], highest: int, places: int
) -> Complex[np.ndarray, "harmonics places"]:
    """Sums of the powers of `unit` at each place."""
    out, power = np.zeros((highest + 1, places), complex), np.ones_like(unit)
    for n in range(highest + 1):
        out[n] = np.bincount(place, np.real(power), places) + 1j * np.bincount(place, np.imag(power), places)
        power = power * unit
    return out


def _cumulants(sums: Float[np.ndarray, "... sums"]) -> Float[np.ndarray, "... orders"]:
    """Cumulants from sums over tuples and the numbers of tuples, two, four, six particles one behind the other."""
    means = sums[..., 0::2] / sums[..., 1::2]
    second = means[..., 0]
    found = [second]
    if means.shape[-1] > 1:
        found.append(means[..., 1] - 2 * second**2)
    if means.shape[-1] > 2:
        found.append(means[..., 2] - 9 * means[..., 1] * second + 12 * second**3)
    return np.stack(found, axis=-1)


def _flow(c: Float[np.ndarray, "... orders"]) -> Float[np.ndarray, "... orders"]:
    scaled = c * np.array([1.0, -1.0, 0.25])[: c.shape[-1]]
    return np.where(scaled > 0, np.abs(scaled), np.nan) ** (1 / np.array([2.0, 4.0, 6.0])[: c.shape[-1]])


def _seen(c: Estimate, v: Estimate, place: int) -> Flow:
    """The flow of a cumulant that stands out of its error; NaN otherwise, as the error of a root is none there."""
    cumulant, error = float(c.value[place]), float(c.error[place])
    seen = abs(cumulant) > SEEN * error
    flow = (float(v.value[place]), float(v.error[place])) if seen else (float("nan"), float("nan"))
    return Flow(cumulant, error, *flow)


def _square(q: Complex[np.ndarray, " events"]) -> Float[np.ndarray, " events"]:
    return np.real(q * np.conj(q))
