"""The HDF5 files of Hadrons: one a configuration, `stem.<configuration>.h5`, each with correlators `group/.../corr`.

Scripts also call them `stem_<configuration>.h5`. Give the folder, or a pattern with * in the name where a folder holds
several stems. Complex numbers are compound (re, im); the real part is used. The gamma matrices of a meson are shown.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from retrodict.base.errors import InputError, UnknownKind
from retrodict.base.files import ARRAY_LIMIT, PathLike, Source
from retrodict.base.hdf5 import list_hdf5, read_hdf5
from retrodict.base.hdf5_labels import text_attributes
from retrodict.base.shapes import Float
from retrodict.spectral.readers.candidates import Candidate, choose
from retrodict.spectral.readers.hdf5_arrays import imaginary_note, is_complex
from retrodict.spectral.samples import UNEVEN, CorrelatorSamples, is_irregular

MAX_FILES = 20_000
_NAME = re.compile(r"(?P<stem>.+)[._](?P<configuration>\d{1,9})\.(?:h5|hdf5)", re.ASCII)


def is_hadrons(path: PathLike) -> bool:
    """Whether `path` is a folder, or a pattern, with at least one `stem.<configuration>.h5`."""
    try:
        return bool(_files(Path(path)))
    except (OSError, ValueError):
        return False


def read_hadrons(path: PathLike, dataset: str = "") -> CorrelatorSamples:
    """Read a correlator of every configuration, in the order of their numbers, in lattice units.

    Args:
        path: the folder, or a pattern.
        dataset: path of the correlator in every file; "" for the only one.

    Raises:
        InputError: for files of several stems, and for configurations without the dataset or of another length.
    """
    path = Path(path)
    files = _one_stem(_files(path), path)
    name, points = _choose(files[0][1], dataset)
    if len(files) * points * 8 > ARRAY_LIMIT or len(files) > MAX_FILES:
        raise InputError("too many configurations", where=str(path), got=str(len(files)), expected=f"{MAX_FILES}")
    chain, imaginary, digest, size = np.empty((len(files), points)), 0.0, hashlib.sha256(), 0
    for row, (_, file) in enumerate(files):
        real, imaginary_part, source = _configuration(file, name, points)
        chain[row], imaginary = real, imaginary + float(np.abs(imaginary_part).sum())
        digest.update(source.sha256.encode())
        size += source.size
    numbers = np.array([number for number, _ in files])
    uneven = is_irregular(numbers)
    notes = (imaginary_note(float(np.abs(chain).sum()), imaginary), *((UNEVEN,) if uneven else ()))
    source, times = Source(str(path), digest.hexdigest(), size), ((numbers,),) if uneven else None
    return CorrelatorSamples(np.arange(float(points)), ((chain,),), "tau", "a", "", notes, source, times=times)


def _files(path: Path) -> list[tuple[str, int, Path]]:
    """Stem, configuration and path of every file of the folder or the pattern, in order of configuration."""
    if path.is_dir():
        entries = list(path.iterdir())
    elif "*" in path.name and path.parent.is_dir():
        entries = list(path.parent.glob(path.name))
    else:
        return []
    matches = [(match, entry) for entry in entries if (match := _NAME.fullmatch(entry.name))]
    return sorted((match["stem"], int(match["configuration"]), entry) for match, entry in matches)


def _one_stem(files: list[tuple[str, int, Path]], path: Path) -> list[tuple[int, Path]]:
    if not files:
        expected = "files stem.<configuration>.h5 or stem_<configuration>.h5"
        raise UnknownKind("no Hadrons files", where=str(path), got="none of that name", expected=expected)
    stems = sorted({stem for stem, _, _ in files})
    if len(stems) > 1:
        fix = f"give a pattern: {path if path.is_dir() else path.parent}/{stems[0]}.*.h5"
        raise InputError(
            "the folder holds several sets of files", where=str(path), got=", ".join(stems[:8])[:300], fix=fix
        )
    numbers = [number for _, number, _ in files]
    if len(set(numbers)) != len(numbers):
        twice = next(number for number in numbers if numbers.count(number) > 1)
        raise InputError(
            "a configuration appears twice", where=str(path), got=str(twice), fix="remove one of the files"
        )
    return [(number, file) for _, number, file in files]


def _choose(file: Path, dataset: str) -> tuple[str, int]:
    """The path of the correlator in the first file, and its length; `meson/meson_0` stands for `meson/meson_0/corr`."""
    datasets, _ = list_hdf5(file)
    lengths = {
        name: array.shape[0]
        for name, array in datasets.items()
        if len(array.shape) == 1 and array.shape[0] > 1 and is_complex(array)
    }
    if not lengths:
        got = ", ".join(f"{name} {array.shape}" for name, array in list(datasets.items())[:8])[:300]
        expected = "a compound array (re, im) of times"
        raise UnknownKind("no correlator in the file", where=str(file), got=got or "nothing", expected=expected)
    path = dataset.strip("/")
    path = f"{path}/corr" if f"{path}/corr" in lengths else path
    labels = text_attributes(file) if len(lengths) > 1 and path not in lengths else {}
    candidates = [
        Candidate(name, (lengths[name],), labels.get(name.rpartition("/")[0], "")) for name in _sorted(lengths)
    ]
    name = choose(candidates, path, str(file)).name
    return name, lengths[name]


def _sorted(names: Iterable[str]) -> list[str]:
    """In the order of the numbers in the names: meson_2 before meson_10."""
    return sorted(names, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)])


def _configuration(
    file: Path, name: str, points: int
) -> tuple[Float[np.ndarray, " times"], Float[np.ndarray, " times"], Source]:
    """Real and imaginary part of the correlator of one configuration."""
    arrays, source = read_hdf5(file, [f"{name}.re", f"{name}.im"])
    real, imaginary = arrays[f"{name}.re"], arrays[f"{name}.im"]
    if real.shape != (points,):
        got, expected = f"{name} {real.shape}", f"({points},) as in the first file"
        raise InputError("a configuration has another length", where=str(file), got=got, expected=expected)
    if not (np.isfinite(real).all() and np.isfinite(imaginary).all()):
        fix = "remove the configuration, or compute it again"
        raise InputError(
            "a value is missing or not finite", where=f"{file}:/{name}", expected="finite numbers", fix=fix
        )
    return real, imaginary, source
