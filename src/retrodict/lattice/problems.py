"""Ready-made problems: an action in, its observables with their errors out."""

from typing import Annotated, Any

from pydantic import Field

from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import JSON, PathLike
from retrodict.generate import saved
from retrodict.lattice.core.action import AbstractAction
from retrodict.lattice.io.files import inspect as inspect_configuration
from retrodict.lattice.io.saved_configurations import FORMATS, export_configurations
from retrodict.lattice.report.figures import figures
from retrodict.lattice.report.sections import methods, sections
from retrodict.lattice.theories.paths import FeynmanPath
from retrodict.lattice.theories.phi4 import ContinuumPhi4, Phi4
from retrodict.lattice.theories.spins import XY, Ising
from retrodict.lattice.theories.wilson import Wilson

__all__ = [
    "DEMOS",
    "FORMATS",
    "REFERENCES",
    "TEMPLATE",
    "export_configurations",
    "figures",
    "inspect",
    "methods",
    "place_data",
    "problem",
    "sections",
]

Theory = Phi4 | ContinuumPhi4 | Ising | XY | Wilson | FeynmanPath


def problem(theory: Theory, *, baselines: Annotated[float, Field(ge=0, le=3600)] = 10.0) -> AbstractAction:
    """The action of a lattice theory, checked: its density can be normalised, and its lattice has neighbours.

    `baselines` are the CPU seconds (beside compilation) in which the report lets other samplers of the same action run
    and stand beside this one; none if zero. Raises `InputError`.
    """
    if min(theory.shape) < 2:
        raise InputError("each direction needs two sites", where="problem.theory", got=str(theory.shape))
    unstable = theory.instability()
    if unstable:
        expected = "an action that grows without bound in every direction"
        raise InputError("exp(-S) cannot be normalised", where="problem.theory", got=unstable, expected=expected)
    return theory


def inspect(path: PathLike) -> dict[str, JSON]:
    """What is in a file of configurations, or in the model that a run has kept. Raises `InputError`."""
    try:
        return saved.inspect(path)
    except UnknownKind:
        return inspect_configuration(path)


def place_data(files: list[str]) -> dict[str, Any]:
    """There is no place for data. Raises `InputError`."""
    fix = "retrodict inspect FILE says what is in a configuration"
    raise InputError("a lattice theory is sampled, not fitted to data", got=", ".join(files), fix=fix)


REFERENCES = ("wolff2004",)

TEMPLATE = """\
# A lattice field theory -> its observables, with errors that account for autocorrelation.
domain: lattice
problem:
  theory:
    kind: Phi4                   # S = sum [-2 kappa phi phi' + (1 - 2 lam) phi^2 + lam phi^4]; or, each with a shape:
    shape: [16, 16]              #   ContinuumPhi4 {mass_squared, coupling}, Ising {coupling}, XY {beta},
    kappa: 0.25                  #   Wilson {group: U1 | SU2 | SU3, beta, loops}; or a path in time:
    lam: 0.022                   #   FeynmanPath {sites, spacing, coefficients: {kind: Harmonic, omega: 1.0}}, or
    precision: 64                #   Anharmonic {quartic}, DoubleWell {minimum_squared}, [c_0, c_1, ...] of x^2n
  baselines: 10                  # CPU seconds for other samplers of the same action in the report; 0: none
method:
  kind: HMC                      # fields and links (winding: true for U1 in two dimensions), MALA, Langevin (biased),
                                 # Cluster (Ising, XY; trajectory: true for phi^4), HeatBath (SU2, SU3), LatticeSMC,
                                 # or IndependenceMetropolis: a model, trained and corrected until it is exact
  chains: 16
  warmup: 200
  draws: 4000
  cold: 0.5                      # the share of the chains that start ordered: the two kinds must meet
seed: 0
"""

_DEMO = """\
# phi^4 on 8 x 8 near criticality: a flow, trained and corrected until it is exact, beside HMC, clusters and SMC.
domain: lattice
problem:
  theory: {kind: Phi4, shape: [8, 8], kappa: 0.27, lam: 0.022, precision: 32}
  baselines: 8
method:
  kind: IndependenceMetropolis
  model: {kind: EquivariantFlow}
  data: {kind: Cluster, trajectory: true, chains: 16, warmup: 200, draws: 800}
  fit: {steps: 1500, batch: 256, every: 50, learning_rate: {kind: Cosine, start: 0.01, stop: 1.0e-4}}
seed: 0
"""

_TOPOLOGY = """\
# U(1) on 16 x 16 at beta = 7, where topology freezes: winding updates move it; plain HMC beside them does not.
domain: lattice
problem:
  theory: {kind: Wilson, group: U1, shape: [16, 16], beta: 7.0}
  baselines: 6
method:
  kind: HMC
  winding: true
  chains: 24
  warmup: 200
  draws: 1000
seed: 0
"""

DEMOS = {"lattice": _DEMO, "lattice-topology": _TOPOLOGY}
