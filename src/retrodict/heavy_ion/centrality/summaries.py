"""What is counted in an event without a network: tracks, momenta, the size of the flow vector, the forward edge."""

from typing import Final

import numpy as np
from jaxtyping import Float

from retrodict.heavy_ion.events.flow import q_vectors
from retrodict.heavy_ion.events.table import EventTable

NAMES: Final = (
    "root of tracks",
    "root of forward tracks",
    "root of sum pT [GeV]",
    "root of sum |pz| [GeV]",
    "mean pT [GeV]",
    "mean eta",
    "spread of eta",
    "squared flow vector",
    "pT-weighted squared flow vector",
)
EDGES: Final = (-np.inf, 1.2, 1.5, 1.8, 2.1, 2.4, 2.7, 3.0, 3.3, np.inf)  # of pseudorapidity, for counts


def summaries(table: EventTable, forward: float) -> Float[np.ndarray, "events summaries"]:
    """The numbers of `NAMES` for each event.

    Args:
        table: the events; their charged particles are used.
        forward: pseudorapidity beyond which a track is counted as forward.
    """
    charged = (table.charge != 0) & np.isfinite(table.eta)
    event, eta, pt = table.event_of[charged], table.eta[charged], table.pt[charged]

    def total(weight: Float[np.ndarray, " tracks"]) -> Float[np.ndarray, " events"]:
        return np.bincount(event, weight, table.events)

    count, ahead = total(np.ones(len(eta))), total((eta > forward).astype(float))
    safe = np.maximum(count, 1.0)
    mean = total(eta) / safe
    spread = np.sqrt(np.maximum(total(eta**2) / safe - mean**2, 0.0))
    q = np.abs(q_vectors(table, charged, 2).powers[2]) ** 2 / safe
    unit = np.exp(2j * table.phi[charged]) * pt
    weighted = np.abs(total(np.real(unit)) + 1j * total(np.imag(unit))) ** 2 / np.maximum(total(pt**2), 1e-12)
    sums = (count, ahead, total(pt), total(np.abs(table.pz[charged])))
    return np.stack([*map(np.sqrt, sums), total(pt) / safe, mean, spread, q, weighted], axis=1)
