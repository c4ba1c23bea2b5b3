"""Files of measurements: a table, a table of HEPData, or a folder of these."""

from pathlib import Path

from retrodict.base.errors import InputError
from retrodict.base.files import TABLE_LIMIT, PathLike, decode, form_of, read_head
from retrodict.base.gzipped import read_unpacked
from retrodict.heavy_ion.calibration.columns import OBSERVABLE
from retrodict.heavy_ion.calibration.readers.hepdata import is_hepdata, parse_hepdata
from retrodict.heavy_ion.calibration.readers.measured_table import from_table
from retrodict.heavy_ion.calibration.readers.measurements import Measurements, checked, together
from retrodict.heavy_ion.calibration.readers.named_table import read_named_table


def read_measurements(path: PathLike, columns: str = "") -> Measurements:
    """A table of measurements, or tables of HEPData.

    Args:
        path: a table `observable, centrality_low [%], centrality_high [%], value, error` (or `stat_error, sys_error`,
            `sys_correlated_error`, `normalisation_error`, each with `_plus` and `_minus` or in per cent of the value),
            a table of HEPData whose file is called by its observable, or a folder of such.
        columns: names of the columns of a table without a header.

    Raises:
        UnknownKind: for a table of something else.
        InputError: for one that breaks the rules.
    """
    if Path(path).is_dir():
        files = sorted(file for file in Path(path).iterdir() if file.suffix in (".yaml", ".yml", ".csv"))
        if not files:
            raise InputError("no tables in this folder", where=str(path), expected="OBSERVABLE.yaml or OBSERVABLE.csv")
        return checked(together([read_measurements(file) for file in files], str(path)))
    head = read_head(path, 65_536)
    text = head.decode("utf-8-sig", errors="replace") if form_of(head) in ("text", "gzip") else ""
    if is_hepdata(text) and not columns:
        data, source = read_unpacked(path, TABLE_LIMIT)
        return checked(parse_hepdata(decode(data, path), source.path))
    return checked(from_table(read_named_table(path, words=OBSERVABLE, columns=columns)))
