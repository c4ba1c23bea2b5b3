"""What the analysis of R-correlators is to the domain: its files, its config, its part of the report."""

from typing import Final

from retrodict.base.domain import Reader
from retrodict.base.recognition import NO_CLAIM, Claim, Column, FileHead, Layout, Strength
from retrodict.base.room import Room

ARRAYS: Final = ("R", "t", "points", "extent")

TEMPLATE: Final = """\
# An R-correlator of two hadrons (HAL QCD) -> their potential, phase shift, scattering length, bound state.
domain: hadron
problem:
  data: mock                     # or a file that `retrodict inspect` calls an r_correlator; "mock": two Omega baryons
  analysis:
    kind: HalQcd
    lattice_spacing: null        # fm
    mass: null                   # of one hadron, in lattice units
    other_mass: null             # of the other one, where they differ
    times: []                    # t/a, fitted together, such as [13] or [12, 13]; []: the middle one of the file
    rows: jackknife              # what the samples are: jackknife or measurements
    ansatz:
      kind: GaussianProcessPotential   # or NeuralPotential, SumOfGaussians
      envelope: {tail: none, tail_range: 0.9}   # tail: one-pion or two-pion with pion_mass in MeV; or none, a Gaussian
    energy: 100.0                # MeV in the centre of mass: phase shifts up to here
method:
  kind: Laplace                  # exact for the potential, which is linear in the latents of the Gaussian process
  draws: 1000
seed: 0
"""

_DEMO: Final = """\
# Two Omega baryons on a coarse lattice (a mock with correlated errors, 60 configurations) -> the force between them.
domain: hadron
problem:
  data: mock
  analysis:
    kind: HalQcd
method:
  kind: Laplace
  draws: 1000
  starts: 2
seed: 0
"""


def claim(head: FileHead) -> Claim:
    """By the names of the arrays.

    Args:
        head: the beginning of a file.
    """
    if head.form == "zip":
        from retrodict.base.arrays import npz_names

        names = npz_names(head.path)
    elif head.form == "hdf5":
        from retrodict.base.hdf5 import list_hdf5

        names = [name.rpartition("/")[2] for name in list_hdf5(head.path)[0]]
    else:
        return NO_CLAIM
    fits = {"R", "points", "extent"} <= set(names)
    return Claim(Strength.EXACT, 1.0, "the arrays R, t, points, extent of an R-correlator") if fits else NO_CLAIM


ROOM: Final = Room(
    analysis="retrodict.hadron.hal_qcd.analysis:HalQcd",
    shows="binding_energy",
    readers=(
        Reader(
            "r_correlator",
            "an R-correlator of two hadrons (HAL QCD)",
            "retrodict.hadron.hal_qcd.inspect:inspect",
            layouts=(
                Layout(
                    (
                        Column(("t",)),
                        Column(("sample",)),
                        Column(("x",)),
                        Column(("y",)),
                        Column(("z",)),
                        Column(("r_correlator", "r")),
                    ),
                    (Column(("extent",)),),
                ),
            ),
            forms=("zip", "hdf5"),
            recognise="retrodict.hadron.hal_qcd.room:claim",
            field="problem.data",
        ),
    ),
    template=TEMPLATE,
    figures="retrodict.hadron.hal_qcd.report:figures",
    sections="retrodict.hadron.hal_qcd.report:sections",
    baselines="retrodict.hadron.hal_qcd.report:baselines",
    demos={"hadron": _DEMO},
)
