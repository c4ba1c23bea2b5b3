r"""
How wide is the prior of each ansatz?
=====================================

A prior over functions is what an ansatz makes of standard-normal latents. Before any data are used, the ansaetze already differ:
"""

import jax
import jax.numpy as jnp
import jax.random as jr
import matplotlib.pyplot as plt
import numpy as np

import retrodict.neutron_star as ns

SATURATION = 0.16  # fm^-3
density = jnp.linspace(1.0, 6.0, 60)  # n_sat
figure, panels = plt.subplots(1, 4, figsize=(11, 3.1), sharey=True)
kinds = (ns.GaussianProcessSoundSpeed, ns.SpectralSoundSpeed, ns.PiecewiseLinearSoundSpeed, ns.FirstOrderTransition)
for kind, axes in zip(kinds, panels, strict=True):
    ansatz = kind()
    latents = jr.normal(jr.key(0), (400, ansatz.dim))
    pressure = jax.vmap(lambda z: ansatz(z)(jnp.log(density * SATURATION)).pressure)(latents)  # noqa: B023
    low, lower, middle, upper, high = np.quantile(pressure, [0.025, 0.16, 0.5, 0.84, 0.975], axis=0)
    axes.fill_between(density, low, high, alpha=0.25, color="tab:blue", label="95 %")
    axes.fill_between(density, lower, upper, alpha=0.4, color="tab:blue", label="68 %")
    axes.plot(density, middle, color="tab:blue")
    axes.set(yscale="log", ylim=(0.5, 2000), xlabel="density [$n_\\mathrm{sat}$]")
    axes.set_title(kind.__name__, fontsize=9)
panels[0].set_ylabel("pressure [MeV fm$^{-3}$]")
panels[0].legend(loc="lower right")
figure.tight_layout()

# %%
# No ansatz is neutral. Run the same data with two of them, and compare the *shrinkage*: where it is near zero, the band is one of these. ``retrodict compare``
# puts two runs side by side.
