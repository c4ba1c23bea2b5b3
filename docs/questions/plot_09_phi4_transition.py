r"""
Where does :math:`\phi^4` theory order?
=======================================

Beyond a critical hopping parameter :math:`\kappa` the field has a magnetisation. On a finite lattice the transition is smooth; the susceptibility has a peak that
grows with the lattice.
"""

import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd
from retrodict.lattice import Cluster, Phi4

kappa = np.linspace(0.24, 0.29, 5)
method = Cluster(chains=16, warmup=60, draws=200, trajectory=True)
figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.4))
for extent in (4, 8):
    rows = [
        rd.infer(Phi4((extent, extent), kappa=float(value), lam=0.022), method, seed=0, progress=False).quantities()
        for value in kappa
    ]
    for axes, name in ((left, "abs_M"), (right, "chi")):
        mean, error = ([row[name][key] for row in rows] for key in ("mean", "error"))
        axes.errorbar(kappa, mean, error, fmt="o-", markersize=3, capsize=2, label=f"L = {extent}")
left.set(xlabel="$\\kappa$", ylabel="$\\langle|M|\\rangle$")
right.set(xlabel="$\\kappa$", ylabel="susceptibility $\\chi$")
left.legend()
figure.tight_layout()

# %%
# Clusters flip the signs of whole correlated regions, so the errors do not grow at the transition as those of HMC do:
# :doc:`/gallery/tutorials/plot_3_lattice`.
