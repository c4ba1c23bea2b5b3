"""Configs to start from: the commented one that `retrodict new` writes, and the demonstrations."""

from typing import Final

TEMPLATE: Final = """\
# A lattice field theory -> its observables, with errors that account for autocorrelation.
domain: lattice
problem:
  theory:
    kind: Phi4                   # S = sum [-2 kappa phi phi' + (1 - 2 lam) phi^2 + lam phi^4] of Phi4; or, each with
                                 # a shape, ContinuumPhi4 {mass_squared, coupling}, Ising {coupling}, XY {beta},
                                 # Wilson {group: U1 | SU2 | SU3, beta, loops}; or a path in time:
                                 # FeynmanPath {sites, spacing, coefficients: {kind: Harmonic, omega: 1.0}}, or
                                 # Anharmonic {quartic}, DoubleWell {minimum_squared}, [c_0, c_1, ...] of x^2n
    shape: [16, 16]
    kappa: 0.25
    lam: 0.022
    precision: 64                # bits of the numbers: 32 or 64
  baselines: 10                  # CPU seconds for other samplers of the same action in the report; 0: none
method:
  kind: HMC                      # HMC: fields and links (winding: true for U1 in two dimensions); or MALA,
                                 # Langevin (biased), Cluster (Ising, XY; trajectory: true for phi^4),
                                 # HeatBath (SU2, SU3), LatticeSMC, or IndependenceMetropolis: a model, trained
                                 # and corrected until it is exact
  chains: 16
  warmup: 200
  draws: 4000
  cold: 0.5                      # the share of the chains that start ordered: the two kinds must meet
                                 # start: the last configurations of another run (its directory), or a file
seed: 0
"""

_DEMO: Final = """\
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

_TOPOLOGY: Final = """\
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

DEMOS: Final = {"lattice": _DEMO, "lattice-topology": _TOPOLOGY}
