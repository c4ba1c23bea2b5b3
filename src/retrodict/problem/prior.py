"""The prior over latents. Functions get theirs by push-forward through the ansatz."""

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.types import Array, Float, Key, Scalar, Vector


class StandardNormal(eqx.Module):
    """Standard-normal latents, `z ~ N(mean, 1)`; the mean differs from zero only in randomised problems."""

    mean: Float[Array, "..."]

    def __init__(self, mean: Float[Array, "..."] | float = 0.0) -> None:
        self.mean = jnp.asarray(mean, dtype=float)

    def residual(self, z: Vector) -> Vector:
        """Standard normal under the prior."""
        return z - self.mean

    def log_prob(self, z: Vector) -> Scalar:
        """Normalised log density."""
        return -0.5 * jnp.sum(self.residual(z) ** 2) - 0.5 * z.size * jnp.log(2 * jnp.pi)

    def sample(self, key: Key, dim: int) -> Vector:
        """One draw of `dim` latents."""
        return self.mean + jr.normal(key, (dim,))
