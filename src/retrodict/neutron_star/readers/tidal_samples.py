"""Posterior samples of the masses and the tidal deformability of a merger, in the forms in which they are published.

Text with a header (the GW170817 releases), HDF5 with a compound table (`<analysis>/posterior_samples` of PESummary and
GWOSC) and Bilby's result.json, packed or not, are read alike. The masses are those of the stars, or the chirp mass and
the mass ratio in which Bilby samples, or one mass or the total one with a ratio. A mass in the frame of the detector is
divided by 1 + z: a column `redshift`, or what the user says, or the redshift of the luminosity distance.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from retrodict.base.column_names import WEIGHT_NAMES, ColumnNames
from retrodict.base.columns import find, read_columns, take, weights
from retrodict.base.constants import SPEED_OF_LIGHT
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, Source
from retrodict.base.shapes import Float
from retrodict.base.table_rows import Columns
from retrodict.base.units import NUMBER
from retrodict.neutron_star.columns import COMBINED_LAMBDA, COMPONENT_LAMBDA
from retrodict.neutron_star.readers.leftover import A_WEIGHT, notes_on, refuse_left_out
from retrodict.neutron_star.units import MASS

LEAST_SAMPLES = 50
COMPONENT_RANGE = (0.3, 10.0)  # Msun
LARGEST_DEFORMABILITY = 1e5

ROUNDING = 1e-6  # a deformability this little below zero is zero

SOURCE_FRAME = (
    ("mass_1_source", "m1_source", "m1_source_frame", "m1", "mass1"),
    ("mass_2_source", "m2_source", "m2_source_frame", "m2", "mass2"),
)
DETECTOR_FRAME = (  # mass_1 as Bilby names it
    ("mass_1", "m1_detector_frame", "m1_detector", "mass_1_det", "m1_det"),
    ("mass_2", "m2_detector_frame", "m2_detector", "mass_2_det", "m2_det"),
)
CHIRP_SOURCE = ("chirp_mass_source", "mchirp_source", "mc_source")
CHIRP_DETECTOR = ("chirp_mass", "mchirp", "mc", "chirp_mass_detector", "chirp_mass_det")
TOTAL_SOURCE = ("total_mass_source", "mtotal_source", "m_total_source")
TOTAL_DETECTOR = ("total_mass", "mtotal", "m_total", "total_mass_detector", "total_mass_det")
MASS_RATIO = ("mass_ratio", "q")
SYMMETRIC_RATIO = ("symmetric_mass_ratio", "eta")
DISTANCE = ("luminosity_distance", "luminosity_distance_mpc", "distance")
HUBBLE, MATTER = 67.74, 0.3075  # km s^-1 Mpc^-1 and Omega_m of Planck 2015 (A&A 594, A13, Table 4): the choice of Bilby
_SCALES = (
    CHIRP_SOURCE,
    TOTAL_SOURCE,
    SOURCE_FRAME[0],
    CHIRP_DETECTOR,
    TOTAL_DETECTOR,
    DETECTOR_FRAME[0],
)  # with a ratio
Samples: TypeAlias = Float[np.ndarray, " samples"]


@dataclass(frozen=True, eq=False)
class TidalSamples:
    """Posterior samples of a binary, the heavier star first."""

    mass_1: Samples  # Msun, source frame, of the heavier star
    mass_2: Samples  # Msun, source frame
    lambda_tilde: Samples  # of the binary
    lambda_1: Samples | None  # of the heavier star
    lambda_2: Samples | None  # of the lighter star
    weight: Samples  # sums to one
    file: Source  # where they were read
    notes: tuple[str, ...] = ()  # what the reader assumed or left out

    def __len__(self) -> int:
        return len(self.lambda_tilde)

    @property
    def chirp_mass(self) -> Samples:
        """(m1 m2)^(3/5) / (m1 + m2)^(1/5) [Msun]."""
        return (self.mass_1 * self.mass_2) ** 0.6 / (self.mass_1 + self.mass_2) ** 0.2


def combined_deformability(
    m1: Samples,
    m2: Samples,
    lambda_1: Samples,
    lambda_2: Samples,
) -> Samples:
    """lambda_tilde = 16/13 [(m1 + 12 m2) m1^4 lambda_1 + (m2 + 12 m1) m2^4 lambda_2] / (m1 + m2)^5.

    Source: Flanagan and Hinderer, PRD 77, 021502 (2008); Wade et al., PRD 89, 103012 (2014).

    Args:
        m1: masses [Msun], shape (samples,).
        m2: masses of the other star [Msun].
        lambda_1: its deformabilities: of the star of mass `m1`.
        lambda_2: of the star of mass `m2`.

    Example:
        >>> import numpy as np
        >>> m, deformability = np.array([1.4]), np.array([400.0])
        >>> round(float(combined_deformability(m, m, deformability, deformability)[0]), 9)
        400.0
    """
    total = (m1 + 12.0 * m2) * m1**4 * lambda_1 + (m2 + 12.0 * m1) * m2**4 * lambda_2
    return 16.0 / 13.0 * total / (m1 + m2) ** 5


def read_tidal_samples(
    path: PathLike, columns: ColumnNames | None = None, *, group: str | None = None, redshift: float | None = None
) -> TidalSamples:
    """Read samples of m1, m2 and either lambda_tilde or both lambda_1 and lambda_2.

    `m1` and `mass_1_source` are source-frame masses. `mass_1` and `chirp_mass` are in the detector frame, as Bilby and
    PESummary use the names, and are divided by 1 + z. What was assumed or left out stands in `notes`.

    Args:
        path: file of samples: text, HDF5 or Bilby's result.json.
        columns: names and units of the columns of a file that has no header.
        group: the analysis in an HDF5 file that holds several.
        redshift: z of the merger where the file has no column `redshift`.

    Raises:
        InputError: if columns are missing, values are out of range or detector-frame masses come without a redshift.
    """
    return tides_from_columns(read_columns(path, columns, group=group), redshift)


@np.errstate(all="ignore")  # what overflows is out of range, and refused as such
def tides_from_columns(table: Columns, redshift: float | None = None) -> TidalSamples:
    """Check samples of a merger in columns that are already read.

    Args:
        table: named columns.
        redshift: z of the merger where the table has no column `redshift`.

    Raises:
        InputError: as `read_tidal_samples`.
    """
    if len(table.values) < LEAST_SAMPLES:
        got, expected = f"{len(table.values)} samples", f"at least {LEAST_SAMPLES}"
        raise InputError("too few posterior samples", where=table.source.path, got=got, expected=expected)
    expected = "masses, lambda_1 and lambda_2 or lambda_tilde, and, if the samples are not equal, weight"
    refuse_left_out(table, WEIGHT_NAMES, expected, (A_WEIGHT,))
    masses, used, notes = _masses(table, redshift)
    lambdas = _lambdas(table, notes)
    if lambdas is not None and not find(table, COMBINED_LAMBDA) and MASS_RATIO[0] in used:
        _refuse_inverse_ratio(table, masses)
    swap = masses[1] > masses[0]
    m1, m2 = np.where(swap, masses[1], masses[0]), np.where(swap, masses[0], masses[1])
    l1 = l2 = None
    if lambdas is not None:
        l1, l2 = np.where(swap, lambdas[1], lambdas[0]), np.where(swap, lambdas[0], lambdas[1])
    combined = _combined(table, m1, m2, l1, l2, notes)
    if l1 is not None and l2 is not None:
        _refuse_contradiction(table, combined, combined_deformability(m1, m2, l1, l2))
    lambda_names = (find(table, names) for names in (*COMPONENT_LAMBDA, COMBINED_LAMBDA))
    notes += notes_on(table, (*used, *lambda_names, *WEIGHT_NAMES))
    return TidalSamples(m1, m2, combined, l1, l2, weights(table), table.source, tuple(notes))


def is_merger(table: Columns) -> bool:
    """Whether a table holds the deformabilities of a binary.

    Args:
        table: named columns.
    """
    return any(find(table, names) for names in (COMBINED_LAMBDA, *COMPONENT_LAMBDA))


def _masses(table: Columns, redshift: float | None) -> tuple[list[Samples], tuple[str, ...], list[str]]:
    """The masses in the frame of the source, the columns that they come from, and what was assumed."""
    for pair, detector in ((SOURCE_FRAME, False), (DETECTOR_FRAME, True)):
        names = [find(table, alternatives) for alternatives in pair]
        if all(names):
            return _in_source_frame(table, [str(name) for name in names], detector, redshift)
    ratio = find(table, MASS_RATIO) or find(table, SYMMETRIC_RATIO)
    scale = next((name for names in _SCALES if (name := find(table, names))), None)
    if scale is None or ratio is None:
        take(table, SOURCE_FRAME[0], MASS)
        take(table, SOURCE_FRAME[1], MASS)
    detector = scale in (*CHIRP_DETECTOR, *TOTAL_DETECTOR, *DETECTOR_FRAME[0])
    (mass, *_), used, notes = _in_source_frame(table, [str(scale)], detector, redshift)
    q, symmetric = take(table, (str(ratio),), NUMBER), ratio in SYMMETRIC_RATIO
    _bounded(table, str(ratio), q, (1e-3, 0.25 + ROUNDING if symmetric else 1e3), "")
    if symmetric:  # eta = q / (1 + q)^2
        root = np.sqrt(np.maximum(1.0 - 4.0 * q, 0.0))
        q, notes = (1.0 - root) / (1.0 + root), [*notes, f"{ratio}: star 1 is taken for the heavier one"]
    if scale in (*SOURCE_FRAME[0], *DETECTOR_FRAME[0]):
        _refuse_inverse_ratio(table, [mass, q * mass])
    if scale in (*CHIRP_SOURCE, *CHIRP_DETECTOR):
        first = mass * (1.0 + q) ** 0.2 / q**0.6
    else:
        first = mass / (1.0 + q) if scale in (*TOTAL_SOURCE, *TOTAL_DETECTOR) else mass
    masses = [first, q * first]
    for name, values in zip((scale, ratio), masses, strict=True):
        _bounded(table, str(name), values, COMPONENT_RANGE, "Msun")
    return masses, (*used, MASS_RATIO[0], str(ratio)), notes


def _in_source_frame(
    table: Columns, names: list[str], detector: bool, redshift: float | None
) -> tuple[list[Samples], tuple[str, ...], list[str]]:
    """Masses of some columns in the frame of the source, all columns used, and what was assumed."""
    scale, used, notes = 1.0, (), []
    if detector:
        shift, used, note = _redshift(table, redshift, names[0])
        scale, notes = 1.0 + shift, [f"{', '.join(names)} in the detector frame: divided by 1 + z, {note}"]
        if np.min(scale) <= 0.0 or not np.isfinite(scale).all():
            raise InputError("a redshift is out of range", where=table.source.path, expected="more than -1")
    elif names[0] in ("m1", "mass1"):
        notes = [f"{' and '.join(names)} are taken as source-frame masses"]
    masses = [take(table, (name,), MASS) / scale for name in names]
    for name, mass in zip(names, masses, strict=True):
        _bounded(table, name, mass, COMPONENT_RANGE, "Msun")
    return masses, (*names, *used), notes


def _redshift(table: Columns, redshift: float | None, name: str) -> tuple[Samples | float, tuple[str, ...], str]:
    """z, the column that it comes from, and where it is from in words."""
    if redshift is not None:
        return redshift, (), f"z = {redshift:g} as given"
    if "redshift" in table:
        return table["redshift"], ("redshift",), "z from the column redshift"
    distance = find(table, DISTANCE)
    if distance is not None and table.unit(distance) in ("", "Mpc"):
        _bounded(table, distance, table[distance], (0.1, 2e4), "Mpc")
        cosmology = f"H0 = {HUBBLE:g} km/s/Mpc, Omega_m = {MATTER:g} (Planck 2015)"
        return redshift_of(table[distance]), (distance,), f"z from {distance} [Mpc] with {cosmology}"
    why = f"{name} is a detector-frame mass, larger than that of the star by 1 + z"
    fix = "say the redshift: --set redshift=0.0099 (that of GW170817), or redshift: 0.0099 beside file: in the config"
    raise InputError("the masses are in the detector frame", where=table.source.path, why=why, fix=fix)


def redshift_of(distance: Samples) -> Samples:
    """The redshift of a luminosity distance in a flat universe of matter and a cosmological constant.

    D_L = (1 + z) c / H0 int_0^z dz' / sqrt(Omega_m (1 + z')^3 + 1 - Omega_m), inverted on a fine grid (1e-6).
    Source: Hogg, astro-ph/9905116, eqs. (14), (15), (21).

    Args:
        distance: luminosity distances [Mpc].

    Example:
        >>> import numpy as np
        >>> redshift_of(np.array([40.0])).round(4)
        array([0.009])
    """
    z = np.expm1(np.linspace(0.0, np.log(6.0), 4001))
    inverse = 1.0 / np.sqrt(MATTER * (1.0 + z) ** 3 + 1.0 - MATTER)
    comoving = np.concatenate([[0.0], np.cumsum(0.5 * (inverse[1:] + inverse[:-1]) * np.diff(z))])
    return np.interp(distance, (1.0 + z) * SPEED_OF_LIGHT / 1e3 / HUBBLE * comoving, z)


def _refuse_inverse_ratio(table: Columns, masses: list[Samples]) -> None:
    if (masses[1] > masses[0]).any():
        row = int(np.argmax(masses[1] > masses[0]))
        why = "a ratio m2 / m1 is at most one where star 1 is the heavier: it is not said whose lambda_1 is"
        fix = "give mass_1 and mass_2 in place of the mass ratio"
        name = find(table, MASS_RATIO) or ""
        raise InputError("a mass ratio is above one", where=table.where(row, name), why=why, fix=fix)


def _lambdas(table: Columns, notes: list[str]) -> list[Samples] | None:
    if not all(find(table, names) for names in COMPONENT_LAMBDA):
        return None
    return [_deformability(table, names, notes) for names in COMPONENT_LAMBDA]


def _deformability(table: Columns, names: tuple[str, ...], notes: list[str]) -> Samples:
    """A column of deformabilities; what rounding has put below zero is zero."""
    values, name = take(table, names, NUMBER), str(find(table, names))
    below = (values < 0.0) & (values > -ROUNDING)
    if below.any():
        notes.append(f"{name} is {values.min():.3g} at least, by rounding, in {below.sum()} rows: taken as zero")
        values = np.where(below, 0.0, values)
    _bounded(table, name, values, (0.0, LARGEST_DEFORMABILITY), "")
    return values


def _combined(
    table: Columns,
    m1: Samples,
    m2: Samples,
    l1: Samples | None,
    l2: Samples | None,
    notes: list[str],
) -> Samples:
    if l1 is not None and l2 is not None and not find(table, COMBINED_LAMBDA):
        return combined_deformability(m1, m2, l1, l2)
    return _deformability(table, COMBINED_LAMBDA, notes)


def _refuse_contradiction(table: Columns, stated: Samples, derived: Samples) -> None:
    """Where both are given, lambda_tilde is that of the two stars, up to what a table rounds."""
    away = np.abs(stated - derived) > 0.02 * np.maximum(stated, derived) + 1.0
    if away.mean() > 0.1:
        row, name = int(np.argmax(away)), str(find(table, COMBINED_LAMBDA))
        raise InputError(
            f"{name} contradicts the deformabilities of the two stars",
            where=table.where(row, name),
            got=f"{stated[row]:.6g}; from masses, lambda_1 and lambda_2 follows {derived[row]:.6g}",
            fix="leave one of the two out, or find out which star is the first",
        )


def _bounded(table: Columns, name: str, values: Samples, bounds: tuple[float, float], unit: str) -> None:
    bad = (values < bounds[0]) | (values > bounds[1])
    if bad.any():
        row = int(np.argmax(bad))
        expected = f"{bounds[0]:g} to {bounds[1]:g} {unit}".strip()
        got, fix = f"{values[row]:.6g}", "check the order of the columns and the unit"
        raise InputError(f"{name} is out of range", where=table.where(row, name), got=got, expected=expected, fix=fix)
