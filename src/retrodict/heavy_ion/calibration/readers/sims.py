"""The public outputs of JETSCAPE's calibration as the named tables of this domain.

The files of js-sims-bayes (MIT) have no header: a row of little-endian 64-bit numbers a design point, four models of
the momentum distributions at the switch, for each all observables in a fixed order, for each first the means of its
bins and then their errors. Which bins these are stands in the programs of that project and here. Source: JETSCAPE, PRC
103 (2021) 054904; github.com/j-f-paquet/js-sims-bayes.
"""

from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.files import ARRAY_LIMIT, PathLike, read_bytes
from retrodict.base.shapes import Int
from retrodict.heavy_ion.calibration.readers.runs import Bin, Outputs

Model = Literal["Grad", "Chapman-Enskog", "Pratt-Torrieri-McNelis", "Pratt-Torrieri-Bernhard"]
MODELS: Final[tuple[Model, ...]] = get_args(Model)

_TENS: Final = ((0, 5), (5, 10), *((10 * i, 10 * i + 10) for i in range(1, 7)))
_TWOS: Final = (*((2.5 * i, 2.5 * i + 2.5) for i in range(16)), *((40 + 5 * i, 45 + 5 * i) for i in range(6)))
_FIVES: Final = tuple((5 * i, 5 * i + 5) for i in range(12))
_FLOW: Final = ((0, 5), (5, 10), *((10 * i, 10 * i + 10) for i in range(1, 5)))
PB_PB_2760: Final[dict[str, tuple[tuple[float, float], ...]]] = {  # in the order of the file
    "dNch_deta": _TENS,
    "dET_deta": _TWOS,
    "dN_dy_pion": _TENS,
    "dN_dy_kaon": _TENS,
    "dN_dy_proton": _TENS,
    "dN_dy_Lambda": ((0, 5), (5, 10), (10, 20), (20, 40), (40, 60)),
    "dN_dy_Omega": ((0, 10), (10, 20), (20, 40), (40, 60)),
    "dN_dy_Xi": ((0, 10), (10, 20), (20, 40), (40, 60)),
    "mean_pT_pion": _TENS,
    "mean_pT_kaon": _TENS,
    "mean_pT_proton": _TENS,
    "pT_fluct": _FIVES,
    "v22": (*_FLOW, (50, 60), (60, 70)),
    "v32": _FLOW,
    "v42": _FLOW,
}


def read_sims_outputs(
    path: PathLike, model: Model = "Grad", *, index: Int[np.ndarray, " points"] | None = None
) -> Outputs:
    """The outputs of Pb-Pb collisions at 2.76 TeV with one model of the switch to particles.

    Failed rows hold NaN; the authors leave out more: rows 123, 324, 326, 334, 341, 377, 429, 447, 483 of Grad are
    unfinished or odd beside those.

    Args:
        path: `main.dat` or `validation.dat`.
        model: of the momentum distributions.
        index: names of the points; counted from 0 if None.

    Raises:
        InputError: for a file of another length: it may hold another system, or several.
    """
    data, source = read_bytes(path, ARRAY_LIMIT)
    bins = tuple(Bin(name, *map(float, ends)) for name, all_ends in PB_PB_2760.items() for ends in all_ends)
    row = len(MODELS) * 2 * len(bins)
    if not data or len(data) % (8 * row):
        expected = f"a multiple of {8 * row} bytes: {len(MODELS)} models x {len(bins)} bins x (mean, error)"
        why = "files of other systems, or of several, have other lengths and no header that says so"
        raise InputError(
            "not the outputs of this design", where=source.path, got=f"{len(data)} bytes", expected=expected, why=why
        )
    table = np.frombuffer(data, dtype="<f8").reshape(-1, len(MODELS), 2 * len(bins))[:, MODELS.index(model)]
    value, error, start = [], [], 0
    for ends in PB_PB_2760.values():
        value.append(table[:, start : start + len(ends)])
        error.append(table[:, start + len(ends) : start + 2 * len(ends)])
        start += 2 * len(ends)
    points = np.arange(len(table)) if index is None else index
    if len(points) != len(table):
        raise InputError("the names of the points", got=f"{len(points)} names", expected=f"{len(table)} rows")
    return Outputs(bins, np.concatenate(value, axis=1), np.concatenate(error, axis=1), points, source.path)


def write_outputs(path: PathLike, outputs: Outputs) -> None:
    """Write outputs as the table that `read_outputs` reads, with all digits.

    Args:
        path: of the new file.
        outputs: of a simulator.
    """
    errors = [] if outputs.error is None else [f"{one} error" for one in outputs.bins]
    columns = outputs.values if outputs.error is None else np.concatenate([outputs.values, outputs.error], axis=1)
    index = np.arange(len(columns)) if outputs.index is None else outputs.index
    lines = [",".join(["index", *map(str, outputs.bins), *errors])]
    lines += [
        ",".join([str(name), *map(repr, row)]) for name, row in zip(index.tolist(), columns.tolist(), strict=True)
    ]
    Path(path).write_text("\n".join(lines) + "\n")
