"""Heavy-ion collisions: from final-state particles and tables to the equation of state, viscosity and geometry.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if TYPE_CHECKING:
    from retrodict.heavy_ion.centrality.analysis import Centrality as Centrality
    from retrodict.heavy_ion.events.analyse import observables as observables
    from retrodict.heavy_ion.events.observables import Acceptance as Acceptance
    from retrodict.heavy_ion.events.reading import read_events as read_events
    from retrodict.heavy_ion.events.table import EventTable as EventTable
    from retrodict.heavy_ion.problems import problem as problem
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
