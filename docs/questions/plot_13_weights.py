r"""
When can weights correct a model?
=================================

A generative model draws configurations with a density q that is not quite :math:`e^{-S}/Z`. Weights :math:`w=e^{-S}/q` correct that exactly, as long as they are not
dominated by a few draws.
"""

import equinox as eqx
import jax
import jax.random as jr
import matplotlib.pyplot as plt
import numpy as np

from retrodict.generate import importance
from retrodict.lattice import U1, Haar, SharedFlux, Wilson


@eqx.filter_jit
def log_weights(model, action):
    """log e^{-S}/q of 4000 draws."""
    draws = jax.vmap(model.sample)(jr.split(jr.key(1), 4000))
    return jax.vmap(action.log_density)(draws.x) - draws.log_prob


figure, (left, right) = plt.subplots(1, 2, figsize=(8.8, 3.5))
recipes = {"uniform links": Haar(), "independent plaquettes": SharedFlux()}
extents = (2, 4, 8)
for name, recipe in recipes.items():
    shares = []
    for extent in extents:
        action = Wilson(U1(), (extent, extent), beta=1.0)
        model = recipe.on(action, jr.key(0))
        estimate = importance(log_weights(model, action))
        shares.append(estimate.ess)
        if extent == 4:
            heights = np.sort(estimate.weights)[::-1] * 4000
            left.loglog(np.arange(1, 4001), heights, label=f"{name}: Pareto k = {estimate.pareto_k:.2f}")
    right.semilogy(extents, shares, "o-", label=name)
left.axhline(1, color="0.6", linewidth=0.8)
left.set(xlabel="draw, sorted by weight", ylabel="weight / mean weight", title="4 x 4 lattice", ylim=(1e-3, 1e3))
left.legend(fontsize=8)
right.axhline(20 / 4000, color="0.5", linestyle="--", linewidth=0.8)
right.text(8, 20 / 4000 * 1.2, "20 effective draws of 4000", fontsize=8, ha="right")
right.set(xlabel="extent $L$ of the lattice", ylabel="effective share of the draws", ylim=(1e-4, 2))
right.legend(fontsize=8)
figure.tight_layout()

# %%
# The logarithm of a weight adds up over the volume, so a poor proposal fails exponentially with it. Pareto k above 0.7, or fewer than twenty effective draws, and
# the result says ``trusted = False``. Independence Metropolis, ``IndependenceMetropolis``, uses the same weights to accept or reject.
