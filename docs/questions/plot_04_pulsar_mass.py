r"""
What does a pulsar mass exclude?
================================

A pulsar of 2.08(7) solar masses says nothing about radii. But matter that is too soft cannot carry it, so equations of state are excluded all the same.
"""

import jax
import jax.numpy as jnp
import jax.random as jr
import matplotlib.pyplot as plt
import numpy as np

from retrodict.neutron_star import GaussianProcessSoundSpeed, maximum_mass, solve, star_at_mass

ansatz = GaussianProcessSoundSpeed()


@jax.jit
@jax.vmap
def stars(z):
    """Maximum mass [Msun] and R_1.4 [km] of one draw of the prior."""
    sequence = solve(ansatz(z))
    typical = star_at_mass(sequence, 1.4)
    return maximum_mass(sequence).mass, jnp.where(typical.valid, typical.radius, jnp.nan)


heaviest, radius = map(np.asarray, stars(jr.normal(jr.key(0), (600, ansatz.dim))))
exists = np.isfinite(radius)
weight = np.array([np.mean(mass > 2.08 + 0.07 * np.random.default_rng(0).normal(size=400)) for mass in heaviest])

figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4))
points = left.scatter(radius[exists], heaviest[exists], c=weight[exists], s=8, cmap="viridis")
left.axhspan(2.01, 2.15, color="0.85", zorder=0, label="the pulsar, 68 %")
left.set(xlabel="$R_{1.4}$ [km]", ylabel="maximum mass [$M_\\odot$]")
left.legend(loc="upper left")
figure.colorbar(points, ax=left, label="weight")
bins = np.linspace(8.5, 16, 26)
right.hist(radius[exists], bins, density=True, histtype="step", color="0.5", label="prior")
right.hist(radius[exists], bins, density=True, alpha=0.5, weights=weight[exists], label="with the pulsar")
right.set(xlabel="$R_{1.4}$ [km]", ylabel="density [1/km]")
right.legend()
figure.tight_layout()
print(f"{1 - weight.mean():.0%} of the prior is excluded")

# %%
# This is importance sampling by hand. The likelihood ``PulsarMass``, and ``rd.Importance``, do it with diagnostics of the weights:
# ``problem(data, pulsars=(...))`` adds pulsars to measured stars, heavy ones by default.
