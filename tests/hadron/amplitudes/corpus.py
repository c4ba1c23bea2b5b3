"""Tables of phase shifts and line shapes: the good ones, and bad ones with one thing wrong in each."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np

from retrodict.base.constants import HBAR_C
from retrodict.hadron.amplitudes.analysis import LineShape, PhaseShifts
from retrodict.hadron.amplitudes.models import EffectiveRange
from retrodict.hadron.amplitudes.readers import read_line_shape, read_phases
from tests.hostile_files import Bad

ENERGY = np.array([0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0])  # MeV
NUCLEONS = (938.27, 939.57)
PAIRS = ((3096.9, 938.27), (2453.97, 1864.84))
MOMENTUM = np.sqrt(NUCLEONS[0] * NUCLEONS[1] * 2 / sum(NUCLEONS) * ENERGY)
DELTA = np.rad2deg(np.arctan2(MOMENTUM, -HBAR_C / 5.42 + 0.5 * 1.75 / HBAR_C * MOMENTUM**2))
EDGES = np.arange(4280.0, 4361.0, 2.0)
COUNTS = np.round(800 + 200 / (1 + ((EDGES[1:] - 4312) / 5) ** 2))


def csv(header: str, *columns: np.ndarray) -> str:
    rows = ("\n".join(",".join(f"{x:.10g}" for x in row) for row in zip(*columns, strict=True)),)
    return "\n".join([header, *rows, ""])


def phases(header="E_cm [MeV], delta [deg], error [deg]", energy=ENERGY, delta=DELTA, error=0.3):
    return csv(header, energy, delta, np.broadcast_to(error, energy.shape))


def squares(header="E_cm [MeV], f_squared [fm^2], error [fm^2]", energy=ENERGY, scale=1.0):
    value = scale * HBAR_C**2 * np.sin(np.deg2rad(DELTA)) ** 2 / MOMENTUM**2
    return csv(header, energy, value, 0.02 * value)


def spectrum(header="mass [MeV], low [MeV], high [MeV], counts", low=EDGES[:-1], high=EDGES[1:], counts=COUNTS):
    return csv(header, 0.5 * (low + high), low, high, counts)


def hepdata(counts=COUNTS):
    name = "$m(J/\\psi p)$ [MeV]"
    header = f"#: table_doi: 10.0/x\n#: name: Table 1\n{name},{name} LOW,{name} HIGH,Weighted candidates,stat +,stat -"
    return csv(header, 0.5 * (EDGES[1:] + EDGES[:-1]), EDGES[:-1], EDGES[1:], counts, counts**0.5, -(counts**0.5))


def changed(values: np.ndarray, place: int, value: float) -> np.ndarray:
    out = np.array(values, dtype=float)
    out[place] = value
    return out


def analysed(kind: Callable, path: Path) -> object:
    return kind.posterior(path)


def cases() -> Iterator[Bad]:
    """Every bad file with the reader or the analysis that refuses it."""
    nucleons = partial(analysed, PhaseShifts(NUCLEONS))
    pair = partial(analysed, LineShape(PAIRS))
    one = partial(analysed, LineShape((NUCLEONS,), EffectiveRange()))
    texts = {
        "angles-in-radians": (phases(delta=np.deg2rad(DELTA), error=0.005), read_phases),
        "degrees-as-radians": (phases("E_cm [MeV], delta [rad], error [rad]"), read_phases),
        "energies-in-gev": (phases(energy=1e-3 * ENERGY), read_phases),
        "mev-as-gev": (phases("E_cm [GeV], delta [deg], error [deg]", energy=100 * ENERGY), read_phases),
        "momenta-in-gev": (phases("k [MeV], delta [deg], error [deg]", energy=1e-3 * MOMENTUM), read_phases),
        "no-errors": (csv("E_cm [MeV], delta [deg]", ENERGY, DELTA), read_phases),
        "an-error-of-zero": (phases(error=changed(np.full(7, 0.3), 2, 0.0)), read_phases),
        "a-negative-error": (phases(error=changed(np.full(7, 0.3), 2, -0.3)), read_phases),
        "errors-of-a-right-angle": (phases(error=100.0), read_phases),
        "energies-fall": (phases(energy=ENERGY[::-1]), read_phases),
        "the-same-energy-twice": (phases(energy=changed(ENERGY, 2, 1.0)), read_phases),
        "at-threshold": (phases(energy=changed(ENERGY, 0, 0.0)), read_phases),
        "an-unknown-unit": (phases("E_cm [erg], delta [deg], error [deg]"), read_phases),
        "three-points": ("\n".join(phases().splitlines()[:4]), read_phases),
        "a-word": (phases().replace("122", "abc"), read_phases),
        "no-names": ("\n".join(phases().splitlines()[1:]), read_phases),
        "beyond-these-masses": (phases(energy=59 * ENERGY), nucleons),
        "not-unitary": (squares(scale=1.4), one),
        "squares-in-another-unit": (squares("E_cm [MeV], f_squared [mb], error [mb]", scale=100.0), one),
        "squares-of-two-channels": (squares(), pair),
        "masses-in-gev": (spectrum(low=1e-3 * EDGES[:-1], high=1e-3 * EDGES[1:]), read_line_shape),
        "masses-mev-as-gev": (spectrum("mass [GeV], low [GeV], high [GeV], counts"), read_line_shape),
        "bins-overlap": (spectrum(low=EDGES[:-1] - 0.5), read_line_shape),
        "an-empty-bin": (spectrum(high=changed(EDGES[1:], 3, EDGES[3])), read_line_shape),
        "half-a-count": (spectrum(counts=changed(COUNTS, 4, 800.5)), read_line_shape),
        "a-negative-count": (spectrum(counts=changed(COUNTS, 4, -3)), read_line_shape),
        "no-events": (spectrum(counts=0 * COUNTS), read_line_shape),
        "below-threshold": (spectrum(low=EDGES[:-1] - 400, high=EDGES[1:] - 400), pair),
        "far-from-the-threshold": (spectrum(low=EDGES[:-1] + 900, high=EDGES[1:] + 900), pair),
        "hepdata-without-errors": (
            hepdata(COUNTS + 0.5).replace(",stat +,stat -", ",a,b"),
            read_line_shape,
        ),
        "hepdata-errors-of-zero": (hepdata(changed(COUNTS, 5, 0.0)), read_line_shape),
        "intensities-without-errors": (
            spectrum("mass [MeV], low [MeV], high [MeV], intensity", counts=COUNTS + 0.5),
            read_line_shape,
        ),
    }
    for name, (text, read) in texts.items():
        yield Bad(name, partial(_write, f"{name}.csv", text), read)


def _write(name: str, text: str, folder: Path, marker: Path) -> Path:
    path = folder / name
    path.write_text(text)
    return path
