r"""
When does topology freeze?
==========================

The topological charge Q of U(1) gauge theory in two dimensions changes only over a barrier that grows with :math:`\beta`. HMC hardly crosses it; the exact
distribution of Q is known.
"""

import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd
from retrodict.lattice import HMC, U1, Wilson
from retrodict.lattice.theories.reference import u1_charges

method = HMC(chains=16, warmup=100, draws=300)
moving = HMC(chains=16, warmup=100, draws=300, winding=True)
figure, panels = plt.subplots(2, 3, figsize=(10, 4.8), gridspec_kw={"height_ratios": [1, 1.1]})
for (beta, sampler, title), (top, bottom) in zip(
    ((2.0, method, "HMC"), (6.0, method, "HMC"), (6.0, moving, "HMC with winding updates")), panels.T, strict=True
):
    result = rd.infer(Wilson(U1(), (8, 8), beta=beta), sampler, seed=1, progress=False)
    charge = np.round(result.tree["posterior"]["Q"].values)
    top.plot(charge[::4].T, linewidth=0.7)
    top.set(xlabel="trajectory", ylim=(-6, 6), title=rf"$\beta$ = {beta:g}, {title}")
    numbers = np.arange(-5, 6)
    exact = u1_charges(beta, 64, 5)[np.abs(numbers)]
    bottom.bar(numbers, [np.mean(charge == number) for number in numbers], color="tab:blue", alpha=0.5, label="run")
    bottom.plot(numbers, exact, "k_", markersize=14, label="exact")
    bottom.set(xlabel="topological charge $Q$")
    print(f"beta = {beta:g}, {title}: verdict {result.verdict.status}")
panels[0, 0].set_ylabel("$Q$")
panels[1, 0].set_ylabel("probability")
panels[1, 0].legend()
figure.tight_layout()

# %%
# Each chain in the middle stays near the charge with which it started, so its distribution is that of the starts. Half of the chains start ordered and half disordered;
# their disagreement is what the verdict reports. A winding update adds one unit of uniform flux and accepts by Metropolis: exact, and it moves Q.
