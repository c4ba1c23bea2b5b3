"""Eigenvalues and eigenvectors of symmetric matrices, one matrix after the other."""

import jax
import jax.numpy as jnp

from retrodict.base.types import Array, Float


@jax.custom_batching.sequential_vmap
def eigenpairs(
    matrix: Float[Array, "size size"],
) -> tuple[Float[Array, " size"], Float[Array, "size size"]]:
    """Eigenvalues, ascending, and eigenvectors (columns); in sequence also under `vmap`.

    Batches of the routines of XLA hand their parts to the threads of the program that waits for them, and were seen to
    wait for ever.

    Args:
        matrix: symmetric.
    """
    levels, vectors = jnp.linalg.eigh(matrix, symmetrize_input=False)
    return levels, vectors
