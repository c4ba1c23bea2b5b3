r"""
How long is the autocorrelation?
================================

Successive configurations of a Markov chain are correlated. The integrated autocorrelation time :math:`\tau_\mathrm{int}` says how many steps are worth one
independent configuration: :math:`2\tau_\mathrm{int}`.
"""

import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd
from retrodict.lattice import HMC, Phi4
from retrodict.num.autocorrelation import autocovariance, gamma_method

result = rd.infer(Phi4((8, 8), kappa=0.255, lam=0.022), HMC(chains=8, warmup=100, draws=1500), seed=0, progress=False)
figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.2))
left.plot(result.tree["posterior"]["abs_M"].values[0, :300], linewidth=0.8)
left.set(xlabel="trajectory", ylabel="$|M|$", title="one chain")
for name, label in (("abs_M", "$|M|$"), ("action_density", "$S/V$")):
    history = result.tree["posterior"][name].values
    gamma = autocovariance(history)[:160] / autocovariance(history)[0]
    estimate = gamma_method(history)
    (line,) = middle.plot(gamma, label=label)
    right.plot(
        np.cumsum(gamma) - 0.5, color=line.get_color(), label=f"{label}: {estimate.tau:.2f} ± {estimate.tau_error:.2f}"
    )
    right.axvline(estimate.window, color=line.get_color(), linestyle="--", linewidth=0.8)
    naive = history.std() / np.sqrt(history.size)
    print(f"{name:15s} {estimate.value:.4f} +- {estimate.error:.4f}; as if independent: +- {naive:.4f}")
middle.axhline(0, color="0.6", linewidth=0.8)
middle.set(xlabel="lag [trajectories]", ylabel="autocorrelation $\\rho(t)$", title="autocorrelation function")
middle.legend()
right.set(xlabel="window $W$ [trajectories]", ylabel="sum of $\\rho$ up to $W$", title="$\\tau_\\mathrm{int}$")
right.legend()
figure.tight_layout()

# %%
# The Gamma method (U. Wolff, 2004) ends the sum where the statistical error outgrows the truncated tail: the dashed lines. Every mean of a lattice run is
# reported with this error; the naive one would be too small by a factor :math:`\sqrt{2\tau_\mathrm{int}}`.
