"""`manifest.json`: what a run was made with, so that it can be made again, and whether it is still bit-identical."""

import os
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import jax

from retrodict import __version__
from retrodict.base.files import hash_data, hash_file
from retrodict.base.types import JSON
from retrodict.run.directory import RunDirectory, read_json

SCHEMA_VERSION: Final = 1
PACKAGES: Final = ("jax", "jaxlib", "numpy", "scipy", "equinox", "optax", "diffrax", "blackjax", "xarray", "h5netcdf")


def environment() -> dict[str, JSON]:
    """All that may change a last bit: versions, processor, number of cores, device layout, precision."""
    return {
        "versions": {"python": platform.python_version(), "retrodict": __version__, **_versions()},
        "devices": {
            "platform": jax.default_backend(),
            "kind": jax.devices()[0].device_kind,
            "count": jax.device_count(),
        },
        "machine": platform.machine(),
        "cpu_count": cpu_count(),
        "x64": bool(jax.config.read("jax_enable_x64")),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
    }


def cpu_count() -> int:
    """The cores that this process may use; matrix products are blocked by their number."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def record_environment(directory: RunDirectory, *, seed: int, resume: bool = False) -> None:
    """Write the manifest, or on resume compare with it: `bit_identical` turns false where anything differs.

    Args:
        directory: the run directory, claimed; it gets a warning that says what differs.
        seed: of the run.
        resume: whether the run was started before.
    """
    old, here = read_json(directory.manifest), environment()
    was = old.get("environment", here) if resume else here
    changed = sorted(_differences(was, here))
    identical = not changed and (not resume or old.get("bit_identical", True))
    if changed:
        directory.warn(f"resuming elsewhere, the result may differ in its last bits: {'; '.join(changed)}")
    fresh = {"schema_version": SCHEMA_VERSION, "environment": here, "bit_identical": identical}
    record(directory, **fresh, seed=seed, argv=old.get("argv", sys.argv) if resume else sys.argv)


def record(directory: RunDirectory, **fields: JSON) -> None:
    """Set fields of the manifest, atomically."""
    directory.write_json(directory.manifest.name, {**read_json(directory.manifest), **fields})


def hashes(paths: Iterable[str | Path]) -> dict[str, str]:
    """sha256 of each file or folder, by its name as given. Raises `InputError` for one that cannot be read."""
    return {str(path): hash_data(path) for path in paths}


def record_inputs(directory: RunDirectory, paths: Iterable[str | Path]) -> None:
    """Note the files that the run was made from."""
    record(directory, inputs=hashes(paths))


def record_outputs(directory: RunDirectory, names: Iterable[str]) -> None:
    """Note the files, named relative to the directory, that the run has made."""
    outputs = {name: hash_file(directory.path / name).sha256 for name in names}
    record(directory, outputs={**read_json(directory.manifest).get("outputs", {}), **outputs})


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _differences(old: JSON, new: JSON, name: str = "") -> Iterable[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            yield from _differences(old.get(key), new.get(key), f"{name}.{key}".lstrip("."))
    elif old != new:
        yield f"{name} {old} -> {new}"
