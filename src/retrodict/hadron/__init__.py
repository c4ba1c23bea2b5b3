"""Forces between hadrons: potentials, phase shifts, poles and sources from what is measured or computed on a lattice.

Names are imported on first use, so that reading a file does not wait for JAX.
"""

from typing import TYPE_CHECKING

from retrodict.base.lazy import lazy_names

if TYPE_CHECKING:
    from retrodict.hadron.hal_qcd.analysis import HalQcd as HalQcd
    from retrodict.hadron.hal_qcd.correlator import RCorrelator as RCorrelator
    from retrodict.hadron.hal_qcd.leading_order import leading_order_potential as leading_order_potential
    from retrodict.hadron.hal_qcd.readers import read_r_correlator as read_r_correlator
    from retrodict.hadron.potentials.ansatz import Envelope as Envelope
    from retrodict.hadron.potentials.ansatz import GaussianProcessPotential as GaussianProcessPotential
    from retrodict.hadron.potentials.ansatz import NeuralPotential as NeuralPotential
    from retrodict.hadron.potentials.ansatz import SumOfGaussians as SumOfGaussians
    from retrodict.hadron.problems import problem as problem
else:
    __getattr__, __dir__, __all__ = lazy_names(__name__, __file__)
