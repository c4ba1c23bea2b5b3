"""What the rooms of amplitudes are to the domain: phase shifts and line shapes. Nothing heavy is imported here."""

from typing import Final

from retrodict.base.domain import Reader
from retrodict.base.recognition import NO_CLAIM, Claim, Column, FileHead, Layout, Strength
from retrodict.base.room import Room
from retrodict.base.units import NUMBER
from retrodict.hadron.amplitudes.columns import (
    ABOVE_THRESHOLD,
    ANGLE,
    AREA,
    COUNTS,
    ENERGY,
    ERRORS,
    HIGH,
    INTENSITIES,
    LOW,
    MOMENTA,
    MOMENTUM,
    PHASES,
    SQUARES,
    TELLING_MASS,
    TOTAL,
)
from retrodict.hadron.amplitudes.hepdata import spectrum_columns

PHASE_TEMPLATE: Final = """\
# Phase shifts of two particles -> scattering length, effective range, the pole nearest to threshold and its sheet.
domain: hadron
problem:
  data: mock                     # or a table `E_cm [MeV], delta [deg], error`; k [MeV] in place of E_cm
  analysis:
    kind: PhaseShifts
    masses: [938.27, 939.57]     # MeV, of the two particles
    columns: ""                  # names and units, where the file has none
    upper: null                  # MeV above threshold: leave out higher energies
    amplitude:
      kind: EffectiveRange       # k cot(delta) = -1/a + r k^2/2 + v k^4; a > 0 for a bound state
      shape_spread: 1.0          # fm^3, prior of v around 0; 0: no such term
method:
  kind: SequentialMonteCarlo     # finds several kinds of poles; or NUTS, ConstrainedHMC
  particles: 2000
seed: 0
"""

LINE_TEMPLATE: Final = """\
# An invariant-mass spectrum near the upper one of two thresholds -> the pole behind it, and its sheet.
domain: hadron
problem:
  data: mock                     # or a table `mass [MeV], low [MeV], high [MeV], counts`; HEPData's CSV
  analysis:
    kind: LineShape
    channels: [[3096.9, 938.27], [2453.97, 1864.84]]   # MeV: masses of each pair, the lower threshold first
    amplitude:
      kind: ScatteringLength     # or Flatte, KMatrix (two channels); EffectiveRange (one)
    resolution: 2.7              # MeV, standard deviation of the mass
    background: 2                # powers of the smooth exponent below the signal; 0: flat
    near: null                   # MeV: the pole nearest to this energy is reported; null: to the last threshold
    columns: ""
    lower: null                  # MeV: leave out lower masses
    upper: null
method:
  kind: SequentialMonteCarlo     # finds several kinds of poles; or NUTS, ConstrainedHMC
  particles: 2000
  moves: 10                      # after each stage: enough to forget which draws of the prior were copied
seed: 0
"""

_MASS, _ENERGY = Column(TELLING_MASS, ENERGY), Column((*TELLING_MASS, *TOTAL), ENERGY)
_LOW, _HIGH, _ERROR = Column(LOW, ENERGY), Column(HIGH, ENERGY), Column(ERRORS)
_PHASE, _PHASE_ERROR = Column(PHASES, ANGLE), Column(ERRORS, ANGLE)
_READ = "retrodict.hadron.amplitudes.readers:"


def claim_spectrum(head: FileHead) -> Claim:
    """HEPData's CSV of a spectrum: a mass with its LOW and HIGH, and candidates.

    Args:
        head: of the file.
    """
    if head.form != "text" or head.given or not spectrum_columns(head.first.decode("utf-8-sig", errors="replace")):
        return NO_CLAIM
    return Claim(Strength.EXACT, 1.0, "HEPData's table of a mass spectrum: centre, LOW, HIGH, values, errors")


PHASES_ROOM: Final = Room(
    analysis="retrodict.hadron.amplitudes.analysis:PhaseShifts",
    shows="pole_sheet",
    readers=(
        Reader(
            "phase_shifts",
            "phase shifts of two particles, `E_cm [MeV], delta [deg], error`",
            f"{_READ}describe_phases",
            layouts=(
                Layout((Column(ABOVE_THRESHOLD, ENERGY), _PHASE), (_PHASE_ERROR,)),
                Layout((Column(MOMENTA, MOMENTUM), _PHASE), (_PHASE_ERROR,)),
                Layout((Column(("e", "energy"), ENERGY), _PHASE), (_PHASE_ERROR,)),
            ),
            field="problem.data",
        ),
    ),
    template=PHASE_TEMPLATE,
    figures="retrodict.hadron.amplitudes.report:figures",
    sections="retrodict.hadron.amplitudes.report:sections",
    baselines="retrodict.hadron.amplitudes.report:baselines",
)

LINE_ROOM: Final = Room(
    analysis="retrodict.hadron.amplitudes.analysis:LineShape",
    shows="line_shape",
    readers=(
        Reader(
            "line_shape",
            "a line shape: a mass spectrum in bins, `mass [MeV], low [MeV], high [MeV], counts`, or |f|^2",
            f"{_READ}describe_line_shape",
            layouts=(
                Layout((_ENERGY, _LOW, _HIGH, Column((*COUNTS, *INTENSITIES), NUMBER)), (_ERROR,)),
                Layout((_LOW, _HIGH, Column((*COUNTS, *INTENSITIES), NUMBER)), (_ERROR,)),
                Layout((_MASS, Column((*COUNTS, *INTENSITIES), NUMBER)), (_ERROR,)),
                Layout((Column(ABOVE_THRESHOLD, ENERGY), Column(SQUARES, AREA)), (_ERROR,)),
                Layout((Column(MOMENTA, MOMENTUM), Column(SQUARES, AREA)), (_ERROR,)),
            ),
            forms=("text",),
            recognise="retrodict.hadron.amplitudes.room:claim_spectrum",
            field="problem.data",
        ),
    ),
    template=LINE_TEMPLATE,
    figures="retrodict.hadron.amplitudes.report:figures",
    sections="retrodict.hadron.amplitudes.report:sections",
    baselines="retrodict.hadron.amplitudes.report:baselines",
    demos={"hadron-poles": LINE_TEMPLATE},
)
