r"""
Autocorrelation on a lattice
============================

A Markov chain on a lattice gives an average and, without care, an error that is far too small: consecutive configurations are correlated. This page goes from an action
to its observables, measures the autocorrelation time, shows two ways in which chains slow down, and a cure for each.
"""

# %%
# From an action to observables
# -----------------------------
#
# A lattice action is a target like any posterior, :math:`\log p = -S`, and the same verb samples it. Here is :math:`\phi^4` theory in two dimensions,
#
# .. math::
#
#    S = \sum_x \Big[-2\kappa\sum_\mu \phi_x\phi_{x+\mu} + (1-2\lambda)\,\phi_x^2 + \lambda\,\phi_x^4\Big],
#
# close to the coupling at which it orders. Half of the chains start ordered, half disordered.
#
# .. note:: Short chains, so that this page builds quickly; the verdicts watch them.
import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd
from retrodict.lattice import HMC, U1, Cluster, Phi4, Wilson
from retrodict.num.autocorrelation import autocovariance

LAM = 0.022
action = Phi4((8, 8), kappa=0.27, lam=LAM, precision=32)
hmc = HMC(chains=16, warmup=200, draws=2500)
result = rd.infer(action, hmc, seed=0)
print(result)

# %%
# Each number is a mean over the configurations with its *standard error*: for a susceptibility or a cumulant, which no single configuration has, the error is
# propagated through the means it is made of, their correlations included. ``tau_int`` is the integrated autocorrelation time: the error is that of
# :math:`N/2\tau_\mathrm{int}` independent configurations. By symmetry :math:`\langle M\rangle = 0`, and the table says how far off the run is. The verdict looks
# at all of it.
#
# The autocorrelation function
# ----------------------------
#
# The autocorrelation function of :math:`|M|` falls exponentially; the action density, a local quantity, decorrelates much faster.
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4))
history = result.tree["posterior"]["abs_M"].values
left.plot(history[:2, :400].T, linewidth=0.8)
left.set(xlabel="trajectory", ylabel="$|M|$", title="two chains")
for name, label in (("abs_M", "$|M|$"), ("action_density", "$S/V$")):
    gamma = autocovariance(result.tree["posterior"][name].values)[:80]
    right.plot(gamma / gamma[0], label=f"{label}: $\\tau$ = {result.quantities()[name]['tau_int']:.1f}")
right.axhline(0, color="0.6", linewidth=0.8)
right.set(xlabel="lag [trajectories]", ylabel=r"$\rho$", title="autocorrelation")
right.legend()
figure.tight_layout()

# %%
# Critical slowing down
# ---------------------
#
# On a larger lattice the correlation length may grow, and local updates need about :math:`\xi^2` of themselves to carry a message that far. Cluster updates flip whole correlated regions of signs at once; a short trajectory goes with them, since they leave :math:`|\phi|` as it is.
samplers = {"HMC": hmc, "clusters and HMC": Cluster(chains=16, warmup=200, draws=3500, trajectory=True)}
times = {name: [] for name in samplers}
for extent in (8, 16):
    theory = Phi4((extent, extent), kappa=0.27, lam=LAM, precision=32)
    for name, method in samplers.items():
        is_first = theory.shape == action.shape and method is hmc
        run = result if is_first else rd.infer(theory, method, seed=1)
        row = run.quantities()["abs_M"]
        times[name].append((row["tau_int"], row["tau_int_error"]))
        print(
            f"L = {extent:2d}  {name:16s}  |M| = {row['mean']:.4f} +- {row['error']:.4f},  tau = {row['tau_int']:5.1f} +- {row['tau_int_error']:.1f},"
            f"  verdict {run.verdict.status}"
        )

figure, axes = plt.subplots(figsize=(5.4, 3.4))
for name, values in times.items():
    tau, error = np.array(values).T
    axes.errorbar([8, 16], tau, error, fmt="o-", label=name)
axes.set(xscale="log", yscale="log", xlabel="$L$", ylabel=r"$\tau_\mathrm{int}(|M|)$ [steps]", xticks=[8, 16])
axes.set_xticklabels(["8", "16"])
axes.minorticks_off()
axes.legend()
figure.tight_layout()

# %%
# Both agree within their errors, as they must, and the errors of :math:`|M|` can be trusted. The verdict on HMC is no accident all the same: its chains have changed
# the *sign* of :math:`M` so seldom that they disagree about it. It takes longer chains, or better updates.
#
# Frozen topology
# ---------------
#
# Gauge theory slows down in a worse way. In compact U(1) in two dimensions the topological charge :math:`Q = \sum_p \theta_p/2\pi` is an integer, and at large
# :math:`\beta` a trajectory has to climb a barrier to change it. The plaquette looks perfect; :math:`\chi_t = \langle Q^2\rangle/V` is wrong, and nothing but
# :math:`Q` itself would tell.
gauge = Wilson(U1(), (8, 8), beta=7.0)
frozen = rd.infer(gauge, HMC(chains=16, warmup=100, draws=800), seed=2)
print(frozen.verdict.status, *frozen.verdict.reasons, sep="\n  ")

# %%
# The verdict refuses it: the ordered chains sit at :math:`Q = 0`, the disordered ones wherever they came to rest. Adding or taking one unit of uniform flux, and
# accepting by Metropolis, is exact and moves what was frozen.
moving = rd.infer(gauge, HMC(chains=16, warmup=100, draws=800, winding=True), seed=2)
for name in ("plaquette", "chi_t"):
    for title, found in (("HMC", frozen), ("HMC and winding", moving)):
        row = found.quantities()[name]
        print(f"{name:9s} {title:15s} {row['mean']:.5f} +- {row['error']:.5f}   exact {row['exact']:.5f}")
print("verdict with winding:", moving.verdict.status)

figure, axes = plt.subplots(1, 2, figsize=(9, 2.8), sharey=True)
for panel, (title, found) in zip(axes, (("HMC", frozen), ("HMC and winding", moving)), strict=True):
    panel.plot(found.tree["posterior"]["Q"].values[::4, :400].T, linewidth=0.8)
    panel.set(xlabel="trajectory", title=title)
axes[0].set_ylabel("$Q$")
figure.tight_layout()

# %%
# From the shell
# --------------
#
# ``retrodict demo lattice`` runs the first theory with clusters, writes a report with the configurations drawn as pictures, and lets the other samplers that apply
# stand beside it with their cost per independent sample. ``retrodict new lattice DIR`` writes a config to start from.
