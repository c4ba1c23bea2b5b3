"""Posterior samples of the masses and the tidal deformability of a merger, in the forms in which they are published.

Text with a header (the GW170817 releases), HDF5 with a compound table (`<analysis>/posterior_samples` of PESummary and
GWOSC) and Bilby's result.json are read alike.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from retrodict.base.columns import find, read_columns, take, weights
from retrodict.base.errors import InputError
from retrodict.base.files import PathLike, Source
from retrodict.base.shapes import Float
from retrodict.base.tables import ColumnNames, Columns
from retrodict.base.units import NUMBER
from retrodict.neutron_star.columns import COMBINED_LAMBDA, COMPONENT_LAMBDA
from retrodict.neutron_star.units import MASS

LEAST_SAMPLES = 50
COMPONENT_RANGE = (0.3, 10.0)  # Msun
LARGEST_DEFORMABILITY = 1e5

SOURCE_FRAME = (
    ("mass_1_source", "m1_source", "m1_source_frame_msun", "m1", "mass1"),
    ("mass_2_source", "m2_source", "m2_source_frame_msun", "m2", "mass2"),
)
DETECTOR_FRAME = (("m1_detector_frame_msun", "mass_1"), ("m2_detector_frame_msun", "mass_2"))  # as Bilby names them
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

    `m1` and `mass_1_source` are source-frame masses. `mass_1` is in the detector frame, as Bilby and PESummary use the
    name, and is divided by 1 + z.

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
    masses = _masses(table, redshift)
    lambdas = _lambdas(table)
    swap = masses[1] > masses[0]
    m1, m2 = np.where(swap, masses[1], masses[0]), np.where(swap, masses[0], masses[1])
    l1 = l2 = None
    if lambdas is not None:
        l1, l2 = np.where(swap, lambdas[1], lambdas[0]), np.where(swap, lambdas[0], lambdas[1])
    combined = _combined(table, m1, m2, l1, l2)
    return TidalSamples(m1, m2, combined, l1, l2, weights(table), table.source)


def _masses(table: Columns, redshift: float | None) -> list[Samples]:
    detector = not any(find(table, names) for names in SOURCE_FRAME) and any(find(table, n) for n in DETECTOR_FRAME)
    shift = table["redshift"] if "redshift" in table and redshift is None else redshift
    if detector and shift is None:
        why = "a detector-frame mass is larger than the star's by 1 + z"
        fix = "pass the redshift, for GW170817 redshift=0.0099"
        raise InputError("the masses are in the detector frame", where=table.source.path, why=why, fix=fix)
    names = DETECTOR_FRAME if detector else SOURCE_FRAME
    scale = 1.0 + np.asarray(shift if detector else 0.0)
    if (scale <= 0.0).any() or not np.isfinite(scale).all():
        raise InputError("a redshift is out of range", where=table.source.path, expected="more than -1")
    masses = [take(table, name, MASS) / scale for name in names]
    for name, mass in zip(names, masses, strict=True):
        _bounded(table, find(table, name) or "", mass, COMPONENT_RANGE, "Msun")
    return masses


def _lambdas(table: Columns) -> list[Samples] | None:
    if not all(find(table, names) for names in COMPONENT_LAMBDA):
        return None
    pair = [take(table, names, NUMBER) for names in COMPONENT_LAMBDA]
    for names, values in zip(COMPONENT_LAMBDA, pair, strict=True):
        _bounded(table, find(table, names) or "", values, (0.0, LARGEST_DEFORMABILITY), "")
    return pair


def _combined(
    table: Columns,
    m1: Samples,
    m2: Samples,
    l1: Samples | None,
    l2: Samples | None,
) -> Samples:
    if l1 is not None and l2 is not None and not find(table, COMBINED_LAMBDA):
        return combined_deformability(m1, m2, l1, l2)
    values = take(table, COMBINED_LAMBDA, NUMBER)
    _bounded(table, find(table, COMBINED_LAMBDA) or "", values, (0.0, LARGEST_DEFORMABILITY), "")
    return values


def _bounded(table: Columns, name: str, values: Samples, bounds: tuple[float, float], unit: str) -> None:
    bad = (values < bounds[0]) | (values > bounds[1])
    if bad.any():
        row = int(np.argmax(bad))
        expected = f"{bounds[0]:g} to {bounds[1]:g} {unit}".strip()
        got, fix = f"{values[row]:.6g}", "check the order of the columns and the unit"
        raise InputError(f"{name} is out of range", where=table.where(row, name), got=got, expected=expected, fix=fix)
