"""Events of known flow, as the table that the readers give."""

import numpy as np

from retrodict.base.files import Source
from retrodict.heavy_ion.events.species import charge
from retrodict.heavy_ion.events.table import EventTable

MASS = 0.13957039


def table(sizes, pt, phi, eta=None, pdg=None, weight=None) -> EventTable:
    """Pions (or others, at the pion's mass) with these momenta, one event behind the other."""
    sizes, pt, phi = np.asarray(sizes), np.asarray(pt, float), np.asarray(phi, float)
    eta = np.zeros(len(pt)) if eta is None else np.asarray(eta, float)
    pdg = np.full(len(pt), 211) if pdg is None else np.asarray(pdg)
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    energy = np.sqrt(MASS**2 + px**2 + py**2 + pz**2)
    charges = np.array([charge(int(code)) for code in np.unique(pdg)])[np.unique(pdg, return_inverse=True)[1]]
    return EventTable(
        Source("toy", "", 0),
        "toy",
        "",
        np.concatenate([[0], np.cumsum(sizes)]),
        pdg.astype(np.int32),
        px,
        py,
        pz,
        energy,
        charges.astype(float),
        np.zeros(len(pt), np.int16),
        np.full(len(sizes), np.nan),
        np.ones(len(sizes)) if weight is None else np.asarray(weight, float),
    )


def small(seed: int = 0, sizes=(7, 0, 3, 6, 1, 8, 2), weight=None) -> EventTable:
    """A few particles of both charges on both sides of mid-rapidity."""
    rng, n = np.random.default_rng(seed), sum(sizes)
    pdg = rng.choice([211, -211, 321, -2212], n)
    return table(sizes, rng.uniform(0.3, 2.5, n), rng.uniform(-np.pi, np.pi, n), rng.uniform(-0.9, 0.9, n), pdg, weight)


def flowing(events: int, size: float, flow: float, seed: int, spread: float = 0.0) -> EventTable:
    """Poisson multiplicities that vary by `spread`, v2 of each event about its own plane, pT of an exponential."""
    rng = np.random.default_rng(seed)
    mean = size * np.exp(spread * rng.standard_normal(events))
    sizes = rng.poisson(mean)
    event, n = np.repeat(np.arange(events), sizes), int(sizes.sum())
    # Rejection in one go: candidates phi with acceptance (1 + 2 v cos 2 phi) / (1 + 2 v).
    phi = rng.uniform(0, 2 * np.pi, n)
    for _ in range(60):
        bad = np.flatnonzero(~_kept(phi, flow, rng)) if _ == 0 else bad[~_kept(phi[bad], flow, rng)]
        if not len(bad):
            break
        phi[bad] = rng.uniform(0, 2 * np.pi, len(bad))
    plane = rng.uniform(0, 2 * np.pi, events)
    pt = rng.gamma(2.0, 0.25, n) * (1 + 0.1 * rng.standard_normal(events)[event])
    return table(sizes, np.abs(pt), phi + plane[event], rng.uniform(-1, 1, n))


def _kept(phi, flow, rng):
    return rng.uniform(0, 1 + 2 * flow, len(phi)) < 1 + 2 * flow * np.cos(2 * phi)
