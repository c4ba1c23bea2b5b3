r"""Gold on gold at 10 GeV per nucleon in a forward detector: events of known impact parameter.

Monte Carlo Glauber with 30 mb; produced tracks are 0.9 a participant, smeared by a gamma distribution, with elliptic
flow along the participants' ellipse; protons of the spectators reach the forward edge. Tracks are seen for
$0.9 < \eta < 3.6$ with 85 % efficiency and 2 % resolution. It has no resonances, no cascade and no light nuclei.
"""

from typing import Final, NamedTuple

import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Float, Int

from retrodict.base.files import Source
from retrodict.heavy_ion.events.table import EventTable
from retrodict.heavy_ion.initial.glauber import glauber
from retrodict.heavy_ion.initial.nuclei import nucleus

LARGEST: Final = 16.0  # fm
CROSS_SECTION: Final = 30.0  # mb
WINDOW: Final = (0.9, 3.6)  # pseudorapidity
TRACKS: Final = 0.9  # of a participant
SHAPE: Final = 250.0  # of the gamma distribution of an event's multiplicity
EFFICIENCY: Final = 0.85
RESOLUTION: Final = 0.02
MIDDLE: Final = (1.6, 0.9)  # mean and spread of the pseudorapidity of produced tracks
SPECTATORS: Final = (3.95, 0.35)  # the same of protons of the spectators
PROTONS: Final = 0.4  # of the nucleons of gold
FLOW: Final = 0.25  # v2 at 1 GeV for an eccentricity of one
TEMPERATURE: Final = (0.17, 0.04)  # GeV, of an empty and of a central collision
FERMI: Final = 0.12  # GeV, each component of a spectator's momentum
PION, PROTON = 0.13957, 0.93827  # GeV
_NUCLEONS: Final = 197


class ToyEvents(NamedTuple):
    """Events with what is behind them.

    Args:
        table: the tracks.
        impact_parameter: fm.
    """

    table: EventTable
    impact_parameter: Float[np.ndarray, " events"]


def toy_events(seed: int, events: int, *, flat: bool = True) -> ToyEvents:
    """Events of gold on gold.

    Args:
        seed: of the random numbers.
        events: how many.
        flat: whether b is uniform up to 16 fm; as b db, as nature has it, if not.
    """
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.0, 1.0, events)
    b = LARGEST * (share if flat else np.sqrt(share))
    gold = nucleus("Au")
    met = glauber(jr.key(seed), gold, gold, jnp.asarray(b, jnp.float32), CROSS_SECTION)
    participants = np.asarray(met.participants, float)
    eccentricity = np.asarray(met.eccentricity)[:, 0]
    turned = np.exp(2j * rng.uniform(0.0, 2 * np.pi, events))  # the reaction plane is not known
    number = rng.poisson(TRACKS * participants * rng.gamma(SHAPE, 1 / SHAPE, events))
    spectators = rng.binomial(np.maximum(_NUCLEONS - participants / 2, 0).astype(int), PROTONS)
    produced = _produced(rng, number, participants, eccentricity * turned)
    protons = _spectators(rng, spectators)
    event = np.concatenate([np.repeat(np.arange(events), number), np.repeat(np.arange(events), spectators)])
    px, py, pz = np.concatenate([produced, protons], axis=1)
    mass = np.concatenate([np.full(produced.shape[1], PION), np.full(protons.shape[1], PROTON)])
    scale = 1 + RESOLUTION * rng.standard_normal(len(px))
    px, py, pz = scale * px, scale * py, scale * pz
    eta = np.arcsinh(pz / np.hypot(px, py))
    seen = (rng.uniform(size=len(px)) < EFFICIENCY) & (eta > WINDOW[0]) & (eta < WINDOW[1])
    order = np.flatnonzero(seen)[np.argsort(event[seen], kind="stable")]
    sizes = np.bincount(event[order], minlength=events)
    return ToyEvents(_table(sizes, px[order], py[order], pz[order], mass[order], rng), b)


def _produced(
    rng: np.random.Generator,
    number: Int[np.ndarray, " events"],
    participants: Float[np.ndarray, " events"],
    eccentricity: np.ndarray,
) -> Float[np.ndarray, "3 tracks"]:
    temperature = TEMPERATURE[0] + TEMPERATURE[1] * participants / (2 * _NUCLEONS)
    pt = rng.gamma(2.0, np.repeat(temperature, number))
    eta = rng.normal(*MIDDLE, len(pt))
    flow = np.repeat(FLOW * np.abs(eccentricity), number) * np.minimum(pt, 1.5)
    phi = rng.uniform(0.0, 2 * np.pi, len(pt))
    wrong = rng.uniform(size=len(pt)) * (1 + 2 * flow) > 1 + 2 * flow * np.cos(2 * phi)
    phi[wrong] += 0.5 * np.pi  # a density 1 + 2 v cos 2 phi: what is too much there goes where cos 2 phi is opposite
    phi += np.repeat(0.5 * np.angle(eccentricity), number)
    return np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)])


def _spectators(rng: np.random.Generator, number: Int[np.ndarray, " events"]) -> Float[np.ndarray, "3 tracks"]:
    px, py = FERMI * rng.standard_normal((2, int(number.sum())))
    pz = np.hypot(px, py) * np.sinh(rng.normal(*SPECTATORS, len(px)))
    return np.stack([px, py, pz])


def _table(
    sizes: Int[np.ndarray, " events"],
    px: Float[np.ndarray, " tracks"],
    py: Float[np.ndarray, " tracks"],
    pz: Float[np.ndarray, " tracks"],
    mass: Float[np.ndarray, " tracks"],
    rng: np.random.Generator,
) -> EventTable:
    sign = np.where(mass == PROTON, 1, rng.choice([1, -1], len(px)))
    pdg = np.where(mass == PROTON, 2212, 211) * sign
    return EventTable(
        Source("mock", "", 0),
        "toy",
        "Glauber toy",
        np.concatenate([[0], np.cumsum(sizes)]),
        pdg.astype(np.int32),
        px,
        py,
        pz,
        np.sqrt(px**2 + py**2 + pz**2 + mass**2),
        sign.astype(float),
        np.zeros(len(px), np.int16),
        np.full(len(sizes), np.nan),
        np.ones(len(sizes)),
    )
