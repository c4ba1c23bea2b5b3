"""The table of masses and widths: names and units by which it is known, and the config for it. No JAX here."""

from typing import Final

from retrodict.base.domain import Reader
from retrodict.base.recognition import Column, Layout

ENERGY: Final = {"MeV": 1.0, "GeV": 1e3}  # in MeV
TEMPERATURE: Final = ("t", "temperature")
STATE: Final = ("state", "states", "level")
MASS: Final = ("mass", "m")
MASS_ERROR: Final = ("mass_error", "error_mass", "sigma_mass", "dmass", "dm", "mass_err")
WIDTH: Final = ("width", "gamma", "thermal_width")
WIDTH_ERROR: Final = ("width_error", "error_width", "sigma_width", "dwidth", "dgamma", "width_err", "gamma_error")

_REQUIRED: Final = (Column(TEMPERATURE, ENERGY), Column(STATE))  # a mass alone is that of a star as well
_OPTIONAL: Final = tuple(Column(names, ENERGY) for names in (MASS, MASS_ERROR, WIDTH, WIDTH_ERROR))

READER: Final = Reader(
    "quarkonium_states",
    "masses and thermal widths of quarkonium states at several temperatures",
    "retrodict.hadron.quarkonium.states:describe",
    layouts=(Layout(_REQUIRED, _OPTIONAL),),
    forms=("text",),
    field="problem.data",
)

_HEAD: Final = """\
# Masses and widths of quarkonium in a medium -> the complex potential of a heavy quark and its antiquark.
domain: hadron
problem:
  data: {data}
  analysis:
    kind: Quarkonium
    quark_mass: 4676.0             # MeV: bottom; about 1500 for charm
    ansatz:
      kind: {ansatz}"""
TEMPLATE: Final = (
    _HEAD.format(
        data="mock                       # or a table: T [MeV], state, mass [MeV], mass_error, width, width_error",
        ansatz="GaussianProcessPotential   # or NeuralPotential: a network in (T, r)",
    )
    + """
      real_spread: 0.3             # of the logarithm of the string's factor, in the prior
      imaginary_spread: 0.7        # of the logarithm of the imaginary part
method:
  kind: Laplace                    # for NeuralPotential: Ensemble, or MAP
  starts: 2
  draws: 500
seed: 0
"""
)
DEMO: Final = (
    _HEAD.format(data="mock", ansatz="GaussianProcessPotential")
    + """
method: {kind: Laplace, starts: 2, draws: 400}
seed: 0
"""
)
