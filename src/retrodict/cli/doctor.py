"""`retrodict doctor`: is everything here, does it compute, and what to do if not."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import typer

from retrodict.cli.options import AsJson, print_json

EXAMPLE = "Example: retrodict doctor"


class Finding(NamedTuple):
    """One line of the doctor's report; `advice` says what to do where it is not well."""

    name: str  # what was looked at
    well: bool  # whether nothing must be mended
    text: str  # what was seen
    advice: str = ""


def command(as_json: AsJson = False) -> int:
    """Check the installation and the machine.

    Versions, precision, devices, memory, disk, and a small computation. Exits with 1 if something must be mended.
    """
    findings = list(examine())
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        for finding in findings:
            typer.echo(f"{'ok ' if finding.well else 'BAD'}  {finding.name:<12}{finding.text}")
            if finding.advice:
                typer.echo(f"     {'':<12}{finding.advice}")
    return 0 if all(finding.well for finding in findings) else 1


def examine() -> Iterator[Finding]:
    """All findings, the cheap ones first."""
    for check in (_python, _versions, _precision, _domains, _devices, _memory, _disk, _cache, _self_test):
        yield check()


def _python() -> Finding:
    return Finding("python", sys.version_info >= (3, 11), f"{sys.version.split()[0]} at {sys.executable}")


def _versions() -> Finding:
    from retrodict.run.manifest import environment

    versions = environment()["versions"]
    return Finding(
        "versions", True, ", ".join(f"{name} {number}" for name, number in versions.items() if name != "python")
    )


def _precision() -> Finding:
    import jax
    import jax.numpy as jnp

    wide = bool(jax.config.read("jax_enable_x64")) and jnp.zeros(()).dtype == jnp.float64
    advice = "" if wide else "unset JAX_ENABLE_X64, and import retrodict before anything computes"
    return Finding("precision", wide, "float64" if wide else "float32", advice)


def _domains() -> Finding:
    """Domains of other packages are named with the package; a broken one with what is wrong."""
    from retrodict.base.domains import installed

    found = installed()
    names = (f"{name} ({one.package})" if one.package != "retrodict" else name for name, one in found.domains.items())
    advice = "; ".join(map(str, found.broken))
    return Finding("domains", not found.broken, ", ".join(names), advice)


def _devices() -> Finding:
    """A GPU that stands idle for want of a package is worth a word."""
    import jax

    kinds = {}
    for device in jax.devices():
        kinds[device.device_kind] = kinds.get(device.device_kind, 0) + 1
    text = ", ".join(f"{count} x {kind}" for kind, count in kinds.items())
    idle = jax.default_backend() == "cpu" and shutil.which("nvidia-smi") is not None
    advice = "a GPU is here and not in use: pip install 'retrodict[cuda]'" if idle else ""
    return Finding("devices", True, f"{jax.default_backend()}: {text}; {_cores()} cores", advice)


def _cores() -> int:
    from retrodict.run.manifest import cpu_count

    return cpu_count()


def _memory() -> Finding:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        kibibytes = int(next(line.split()[1] for line in lines if line.startswith("MemAvailable")))
    except (OSError, StopIteration, ValueError):
        return Finding("memory", True, "unknown on this system")
    free = kibibytes / 2**20
    return Finding("memory", free > 1, f"{free:.1f} GiB available", "" if free > 1 else "close other programs")


def _disk() -> Finding:
    here = Path.cwd()
    free = shutil.disk_usage(here).free / 2**30
    well = os.access(here, os.W_OK) and free > 0.1
    advice = "" if well else "change to a folder that you may write to and that has space"
    return Finding("disk", well, f"{free:.1f} GiB free in {here}", advice)


def _cache() -> Finding:
    from retrodict.cli.environment import cache_folder

    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        advice = "set JAX_COMPILATION_CACHE_DIR to a folder that you may write to; without one, all is compiled anew"
        return Finding("cache", False, f"{folder}: {error.strerror}", advice)
    return Finding("cache", True, str(folder))


def _self_test() -> Finding:
    """A straight line through three points, whose answer is known exactly, goes through the whole machinery."""
    from retrodict.cli.self_test import line_error

    start = time.perf_counter()
    error = line_error()
    text = f"an exact answer was met to {error:.0e} in {time.perf_counter() - start:.1f} s"
    return Finding("self-test", error < 1e-8, text, "" if error < 1e-8 else "reinstall jax and jaxlib; report this")
