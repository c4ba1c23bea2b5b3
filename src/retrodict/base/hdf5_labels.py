"""The words that stand as attributes at the groups of an HDF5 file, such as the gamma matrices of a meson.

Text of variable length lies in a heap of the file, and a damaged heap keeps the HDF5 library in an endless loop: it is
read in a process of its own, which has a few seconds. The words are for display alone.
"""

import json
import os
import subprocess
import sys

from retrodict.base.files import PathLike

SECONDS = 10.0
LONGEST = 60  # characters of a word
MOST = 1000  # groups


def text_attributes(path: PathLike) -> dict[str, str]:
    """The words at each group that has any, as `gamma_snk Gamma5, gamma_src Gamma5`; nothing where they cannot be read.

    Args:
        path: the file, of which all links were checked.
    """
    command = [sys.executable, "-m", "retrodict.base.hdf5_labels", os.path.abspath(path)]
    here = {**os.environ, "PYTHONPATH": os.pathsep.join(part for part in sys.path if part)}
    try:
        done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=True, text=True, env=here)
        found = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}
    return {str(name): str(words) for name, words in found.items()} if isinstance(found, dict) else {}


def _main(path: str) -> None:
    import h5py
    import numpy as np

    labels: dict[str, str] = {}

    def look(name: str, item: object) -> None:
        if not isinstance(item, h5py.Group) or len(labels) >= MOST:
            return
        words = []
        for key in item.attrs:
            value = item.attrs[key]
            value = value.item() if isinstance(value, np.ndarray) and value.size == 1 else value
            text = value.decode(errors="replace") if isinstance(value, bytes) else value
            if isinstance(text, str) and text:
                words.append(f"{key} {text}"[:LONGEST])
        if words:
            labels[name] = ", ".join(sorted(words)[:8])

    with h5py.File(path, "r") as file:
        file.visititems(look)
    sys.stdout.write(json.dumps(labels))


if __name__ == "__main__":
    _main(sys.argv[1])
