"""Emulators that took long to train are kept in the user's folder of caches: check, run, report share one training."""

import contextlib
import time
from typing import Final

from jaxtyping import Float
from numpy import ndarray

from retrodict import __version__
from retrodict.base.caches import caches
from retrodict.base.errors import InputError, StorageError
from retrodict.heavy_ion.calibration.emulators import AbstractEmulator, EmulatorRecipe, load_emulator, save_emulator
from retrodict.run.fingerprint import fingerprint

LONG: Final = 2.0  # CPU seconds of a training that is worth a file


def trained(
    recipe: EmulatorRecipe, inputs: Float[ndarray, "points inputs"], outputs: Float[ndarray, "points bins"]
) -> AbstractEmulator:
    """The emulator of some runs: from the folder of caches, if the same runs were learnt before by the same version.

    A file that is damaged or cannot be written is no error: the emulator is trained again.

    Args:
        recipe: how the runs are learnt.
        inputs: of the runs.
        outputs: of the same runs.

    Raises:
        InputError: if the runs are no design.
    """
    name = fingerprint(__version__, repr(recipe), inputs, outputs)
    path = caches() / "retrodict" / "emulators" / f"{name[:40]}.npz"
    if path.is_file():
        with contextlib.suppress(InputError):
            return load_emulator(path)
    start = time.process_time()
    emulator = recipe.fit(inputs, outputs)
    if time.process_time() - start > LONG:
        with contextlib.suppress(OSError, StorageError):
            path.parent.mkdir(parents=True, exist_ok=True)
            save_emulator(path, emulator)
    return emulator
