"""Files of trained meters: named arrays in one sealed npz file, which cannot run code."""

from pathlib import Path
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from retrodict.base.files import PathLike
from retrodict.heavy_ion.centrality.meter import Meter, Standard
from retrodict.heavy_ion.centrality.network import Recipe
from retrodict.run.container import DamagedError, read, write

KIND: Final = "retrodict centrality meter"


def save_meter(path: PathLike, meter: Meter) -> None:
    """Write a meter to a sealed file of arrays.

    Args:
        path: the file.
        meter: the meter.

    Raises:
        StorageError: if the file cannot be written.
    """
    leaves = jax.tree.leaves(eqx.filter(meter.network, eqx.is_inexact_array))
    centre, inverse, farthest = meter.support
    arrays = {f"leaf{i}": np.asarray(leaf) for i, leaf in enumerate(leaves)}
    arrays |= {"centre": meter.standard.centre, "spread": meter.standard.spread}
    arrays |= {"support_centre": centre, "support_inverse": inverse}
    arrays |= {"numbers": np.array([meter.largest, meter.stretch, farthest])}
    write(Path(path), arrays, {"kind": KIND, "recipe": repr(meter.recipe)})


def load_meter(path: PathLike, recipe: Recipe) -> Meter:
    """Read a meter.

    Args:
        path: the file.
        recipe: of the network in it.

    Raises:
        DamagedError: for a file that is damaged, of another kind or of another recipe.
    """
    arrays, meta = read(Path(path))
    if not isinstance(meta, dict) or meta != {"kind": KIND, "recipe": repr(recipe)}:
        raise DamagedError("not the meter that was asked for")
    floats, rest = eqx.partition(recipe.network(jax.random.key(0)), eqx.is_inexact_array)
    blank, structure = jax.tree.flatten(floats)
    leaves = [jnp.asarray(arrays[f"leaf{i}"]) for i in range(len(blank))]
    network = eqx.combine(jax.tree.unflatten(structure, leaves), rest)
    largest, stretch, farthest = map(float, arrays["numbers"])
    standard = Standard(arrays["centre"], arrays["spread"])
    support = (arrays["support_centre"], arrays["support_inverse"], farthest)
    return Meter(recipe, network, standard, largest, stretch, support)
