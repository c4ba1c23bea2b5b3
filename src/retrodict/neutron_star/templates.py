"""Configs to start from: the commented one that `retrodict new` writes, and the demonstrations."""

from typing import Final

TEMPLATE: Final = """\
# Neutron stars: observed masses and radii -> the equation of state of cold dense matter.
domain: neutron_star
problem:
  data: classic18                # the 18 published stars; or "2025" (newer J0437-4715); or null; or a table with
                                 # the columns mass [Msun], mass_error [Msun], radius [km], radius_error [km]
  samples: []                    # files of posterior samples of mass and radius, one star each (NICER)
  tides: []                      # files of gravitational-wave samples, one merger each
  mock: null                     # or {equation_of_state: sly.dat, radius_error: 0.5}: stars of a table, with errors
  ansatz:
    kind: GaussianProcessSoundSpeed   # or NeuralSoundSpeed, NeuralPressure, PiecewisePolytropes, SpectralSoundSpeed,
                                      # PiecewiseLinearSoundSpeed, FirstOrderTransition
  likelihood:
    kind: Marginal               # Marginal: every star's mass integrated out; or Profile: closest point of the curve
  pulsars:                       # masses alone [Msun]
    - {name: PSR J0348+0432, mass: 2.01, error: 0.04}
    - {name: PSR J1614-2230, mass: 1.908, error: 0.016}
  chiral: null                   # or {file: band.csv, sigmas: 1}: baryon_density, pressure_low, pressure_high
  perturbative: null             # or {density: 6.5, density_error: 0.4, pressure: 3800, pressure_error: 1000}
                                 # of perturbative QCD at chemical_potential: 2600 [MeV]
  least_maximum_mass: 1.0        # Msun; a hard selection on top (the source papers: 1.9)
method:
  kind: NUTS                     # or Importance, ConstrainedHMC, SequentialMonteCarlo, Laplace, Ensemble, MAP
seed: 0
"""

_DEMO: Final = """\
# Eighteen neutron stars -> the equation of state, by importance sampling from the prior.
domain: neutron_star
problem:
  data: classic18
method:
  kind: Importance
  draws: 40000
seed: 0
"""

_REPRODUCTION: Final = """\
# The automatic-differentiation reconstruction: a network P(rho) refitted to resampled stars.
domain: neutron_star
problem:
  data: classic18
  ansatz: {kind: NeuralPressure}
  likelihood: {kind: Profile}
  pulsars: []
  least_maximum_mass: 1.9
method:
  kind: Ensemble
  members: 256
  prior: false
  confined: false                # fitted freely; kept if causal and heavy enough
  steps: 40
  tolerance: 0.01
  batch: 8
seed: 0
"""

DEMOS: Final = {"neutron-star": _DEMO, "neutron-star-published": _REPRODUCTION}
