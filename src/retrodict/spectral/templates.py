"""Configs to start from: the commented one that `retrodict new` writes, and the demonstration."""

from typing import Final

TEMPLATE: Final = """\
# A Euclidean correlator -> the spectral function behind it.
domain: spectral
problem:
  data: mock                     # or a file that `retrodict inspect` calls a correlator; "mock" ships
  kernel: thermal                # or zero-temperature (both of tau), kallen-lehmann (of a momentum), bosonic (omega_n),
                                 # fermionic (-Im G at omega_n, rho even)
  temperature: null              # of the thermal kernel, in the inverse unit of tau; not needed beside time_extent
  time_extent: 48                # N_tau of a periodic correlator given on both sides of its middle: folds it; or null
  dataset: ""                    # which, where the file holds several
  covariance: null               # a second file with the covariance of the means
  errors: {bin_size: null, shrinkage: null, svd_cut: 0.0}   # from measurements to a covariance; null: estimated
  lower: null                    # leave out shorter times (smaller momenta)
  upper: null
  lattice_spacing: null          # fm: takes a file in lattice units to GeV
  ansatz:
    kind: PeaksAndContinuum      # or SmoothSpectrum, NeuralList, NeuralFunction, FreeGrid, SparseSpectrum
    positive: true               # false for ghosts and quarks
  growth: null                   # rho ~ omega^growth at large omega; null: 2 for functions of tau, learnt otherwise
  total_weight: null             # a sum rule, e.g. {value: 1.0, power: 1}: int omega^power rho d omega = value, exactly
  default_model: null            # a table of omega and rho, around which the smooth part is built
  step: 0.018                    # of ln omega between frequency nodes: less for very narrow lines
  windows: []                    # pairs of frequencies between which the weight is reported
method:
  kind: ConstrainedHMC           # ConstrainedHMC: exact, however small the noise is; or Laplace, Ensemble, NUTS, MAP
  chains: 16
  warmup: 60
  draws: 240
  leapfrog: 6
seed: 0
"""

_DEMO: Final = """\
# A thermal meson correlator (a mock with correlated errors, 200 configurations) -> its spectral function.
domain: spectral
problem:
  data: mock
  kernel: thermal
  time_extent: 48
  lower: 2
method:
  kind: ConstrainedHMC
  chains: 16
  warmup: 60
  draws: 240
  leapfrog: 6
seed: 0
"""

DEMOS: Final = {"spectral": _DEMO}
