"""What took long to learn is kept in the user's folder of caches, so that check, run and report share one training."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from retrodict import __version__
from retrodict.base.caches import caches
from retrodict.base.errors import InputError, StorageError
from retrodict.run.container import DamagedError
from retrodict.run.fingerprint import fingerprint

LONG: Final = 2.0  # CPU seconds of a training that is worth a file

Model = TypeVar("Model")


def kept(
    folder: str,
    *learnt_from: object,
    load: Callable[[Path], Model],
    train: Callable[[], Model],
    save: Callable[[Path, Model], None],
) -> Model:
    """A trained model: from the folder of caches, if the same version has learnt from the same before.

    A file that is damaged or cannot be written is no error: the model is trained again.

    Args:
        folder: of this kind of models, among the caches.
        learnt_from: what tells this training from all others: a recipe, the data or their hash.
        load: reads the file.
        train: makes the model.
        save: writes the file.
    """
    path = caches() / "retrodict" / folder / f"{fingerprint(__version__, *learnt_from)[:40]}.npz"
    if path.is_file():
        with contextlib.suppress(InputError, DamagedError, OSError, KeyError, ValueError):
            return load(path)
    start = time.process_time()
    model = train()
    if time.process_time() - start > LONG:
        with contextlib.suppress(OSError, StorageError):
            path.parent.mkdir(parents=True, exist_ok=True)
            save(path, model)
    return model
