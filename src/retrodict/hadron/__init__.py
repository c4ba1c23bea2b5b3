"""Forces between hadrons: potentials, phase shifts, poles and sources from what is measured or computed on a lattice.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if TYPE_CHECKING:
    from retrodict.hadron.problems import problem as problem
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
