"""
Your own forward model
======================

A forward model maps the unknown to what an experiment would see. It is one frozen module with one method that returns the prediction and whether
it is valid, written in ``jax.numpy`` so that it can be differentiated. Everything else, samplers, diagnostics, the report, follows.

Here the unknown is gravity and a linear drag, and the experiment drops a ball in honey and photographs it eight times:

.. math:: \\dot v = g - \\gamma v, \\qquad z(t) = \\frac{g}{\\gamma}\\Big(t - \\frac{1 - e^{-\\gamma t}}{\\gamma}\\Big) .
"""

# %%
# The forward model: equation, shapes and units in the docstring; finite even where it is invalid.
import jax.numpy as jnp
import jax.random as jr
import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd


class Drop(rd.AbstractForward):
    """Depth z(t) [m] of a body released at rest at times `time` [s], from (g [m s^-2], gamma [s^-1])."""

    time: jnp.ndarray

    def __call__(self, unknown):
        g, gamma = unknown
        depth = g / gamma * (self.time + jnp.expm1(-gamma * self.time) / gamma)
        return depth, jnp.isfinite(depth).all()


# %%
# The unknown: two positive numbers, made from standard-normal latents. The prior is what this map makes of a standard normal: g = 9.8(5), and gamma known to a
# factor of three.
class GravityAndDrag(rd.AbstractAnsatz):
    """Two standard-normal latents -> (g [m s^-2], gamma [s^-1]), both positive."""

    @property
    def dim(self):
        return 2

    def __call__(self, z):
        return 9.8 * jnp.exp(0.05 * z[0]), 2.0 * jnp.exp(1.1 * z[1])


# %%
# Data, and the posterior made of four modules. ``derive`` names what the result should report, with units.
time = jnp.linspace(0.1, 0.8, 8)
truth = (9.81, 3.0)
exact, _ = Drop(time)(truth)
error = np.full(8, 0.01)
data = exact + error * jr.normal(jr.key(4), (8,))

posterior = rd.Posterior(
    ansatz=GravityAndDrag(),
    forward=Drop(time),
    likelihood=rd.Gaussian(data, rd.Covariance.diagonal(error)),
    derive=lambda unknown, depth: {"g": unknown[0], "gamma": unknown[1], "depth": depth},
    quantities=(
        rd.Quantity("g", unit="m s^-2"),
        rd.Quantity("gamma", unit="s^-1"),
        rd.Quantity("depth", unit="m", grid=tuple(np.asarray(time).tolist()), grid_name="time", grid_unit="s"),
    ),
)
result = rd.infer(posterior, rd.NUTS(chains=4, warmup=400, draws=500), seed=0)
print(result)

# %%
# The singular values say what eight photographs can tell: drag is measured, gravity mostly comes from the prior.
band = result.band("depth")
figure, axes = plt.subplots(figsize=(5, 3.2))
axes.fill_between(band["x"], band["q2_5"], band["q97_5"], alpha=0.3, label="95 %")
axes.errorbar(time, data, error, fmt="o", color="black", label="data")
axes.set(xlabel="time [s]", ylabel="depth [m]")
axes.legend()
figure.tight_layout()
