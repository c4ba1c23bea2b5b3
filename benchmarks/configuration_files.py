"""What it costs to verify gauge configurations: CPU milliseconds a file, and the peak memory of a whole ensemble.

    .venv/bin/python benchmarks/configuration_files.py

Prints one line a format for an 8^4 lattice in 64 bits, and the check of a folder of 200 such files.
"""

import resource
import tempfile
import time
from pathlib import Path

import numpy as np

from retrodict.lattice.io import files
from retrodict.lattice.io.ensemble import inspect_folder

EXTENT, COUNT = 8, 200


def random_links() -> np.ndarray:
    """Haar-random SU(3) links."""
    rng = np.random.default_rng(0)
    shape = (EXTENT, EXTENT, EXTENT, EXTENT, 4, 3, 3)
    q, _ = np.linalg.qr(rng.standard_normal(shape) + 1j * rng.standard_normal(shape))
    return q / np.linalg.det(q)[..., None, None] ** (1 / 3)


def main() -> None:
    """Write, verify, print."""
    links = random_links()
    with tempfile.TemporaryDirectory() as folder:
        writers = {"ILDG": files.write_ildg, "NERSC": files.write_nersc, "npz": files.write_npz}
        for name, write in writers.items():
            path = Path(folder) / name
            write(path, files.GaugeField(links))
            start = time.process_time()
            for _ in range(10):
                files.inspect(path)
            print(f"{name:6s} {100 * (time.process_time() - start):6.1f} ms a file of {EXTENT}^4")
        ensemble = Path(folder) / "ensemble"
        ensemble.mkdir()
        for number in range(COUNT):
            files.write_ildg(ensemble / f"{number:04d}.lime", files.GaugeField(np.roll(links, number % EXTENT, axis=0)))
        start = time.process_time()
        found = inspect_folder(ensemble)
        spent, peak = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"folder {1000 * spent / COUNT:6.1f} ms a file, {found['read']} files, peak memory {peak:.0f} MiB")


if __name__ == "__main__":
    main()
