"""The calibration of a simulator, as the domain knows it. Nothing heavy is imported here."""

from typing import Final

from retrodict.base.domain import Reader
from retrodict.base.room import Room
from retrodict.heavy_ion.calibration.columns import MEASUREMENTS, RANGES

TEMPLATE: Final = """\
# Runs of a simulator and measurements -> its parameters, the viscosities, and what the data left open.
domain: heavy_ion
problem:
  data: mock                     # or a table observable, centrality_low [%], centrality_high [%], value, error;
                                 # with a design of yours, "mock" is one of its points: a closure test
  analysis:
    kind: Calibration
    design: null                 # one row a point, one column a parameter: name [unit]
    outputs: null                # one row a point, columns observable[low high] (centrality in per cent)
    ranges: null                 # param, min, max: the prior; the range of the design if null
    drop: []                     # points to leave out, by their index
    observables: []              # those to compare; all that were measured if empty
    correlation_length: null     # per cent of centrality, of correlated systematic errors
    emulator: {kind: GaussianProcesses, components: 10}   # or PolynomialChaos, NeuralEmulator
method:
  kind: NUTS                     # or ConstrainedHMC, SequentialMonteCarlo, Laplace
  chains: 16
  warmup: 300
  draws: 300
seed: 0
"""

DEMO: Final = """\
# 110 runs of a mock simulator with nine parameters and its mock data -> the viscosities of what it made.
domain: heavy_ion
problem:
  data: mock
  analysis:
    kind: Calibration
    emulator: {kind: GaussianProcesses, components: 6}
method:
  kind: NUTS
  chains: 8
  warmup: 200
  draws: 250
seed: 0
"""
_INSPECT: Final = "retrodict.heavy_ion.calibration.inspect"
_COLUMNS: Final = "retrodict.heavy_ion.calibration.columns"

ROOM: Final = Room(
    analysis="retrodict.heavy_ion.calibration.analysis:Calibration",
    shows="predicted_observables",
    readers=(
        Reader(
            "measurements",
            "measured observables by centrality",
            f"{_INSPECT}:describe_measurements",
            layouts=MEASUREMENTS,
            forms=("text", "folder"),
            recognise=f"{_COLUMNS}:claim_measurements",
            field="problem.data",
        ),
        Reader(
            "design",
            "the design of a simulator: one row a point, one column a parameter",
            f"{_INSPECT}:describe_design",
            recognise=f"{_COLUMNS}:claim_design",
        ),
        Reader(
            "outputs",
            "the outputs of a simulator: one row a point, columns observable[low high]",
            f"{_INSPECT}:describe_outputs",
            forms=("text", "zip"),
            recognise=f"{_COLUMNS}:claim_outputs",
        ),
        Reader(
            "ranges",
            "the prior ranges of parameters",
            f"{_INSPECT}:describe_ranges",
            layouts=RANGES,
        ),
    ),
    template=TEMPLATE,
    figures="retrodict.heavy_ion.calibration.report:figures",
    sections="retrodict.heavy_ion.calibration.report:sections",
    baselines="retrodict.heavy_ion.calibration.comparison:baselines",
    demos={"heavy-ion": DEMO},
)
