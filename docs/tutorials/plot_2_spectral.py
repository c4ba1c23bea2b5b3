r"""
Two peaks behind twenty-five numbers
====================================

A Euclidean propagator is an average over the spectral function behind it, and an average loses information. Here a propagator of two Breit-Wigner peaks is measured at
twenty-five momenta to a part in a thousand. What of the peaks can still be said?
"""

# %%
# From the cause to the effect
# ----------------------------
#
# :math:`D(p) = \int_0^\infty \frac{d\omega}{\pi} \frac{\omega\,\rho(\omega)}{\omega^2 + p^2}` is linear and harmless in this direction. The mock data come
# from its closed form; the inversion below uses a quadrature of its own, so that nothing is inverted with the matrix that made it.
import jax
import jax.numpy as jnp
import jax.random as jr
import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd
from retrodict.problem.covariance import Covariance
from retrodict.spectral import KallenLehmann, SmoothSpectrum, compare_methods
from retrodict.spectral.comparison import linear_problem_of
from retrodict.spectral.derived import Axis, ReportedRange
from retrodict.spectral.discretisation import frequency_grid_for
from retrodict.spectral.problems import spectral_posterior
from retrodict.spectral.resolution import (
    averaging_kernel,
    determined_directions,
    kernel_singular_values,
    null_space,
    resolution,
)
from retrodict.spectral.shapes import DOUBLE, add_noise, correlator_of, relative_noise

momentum, kernel = np.linspace(0.001, 19.2, 25), KallenLehmann()
exact = correlator_of(kernel, momentum, DOUBLE)
error = relative_noise(exact, 1e-3)
data = add_noise(jr.key(2), exact, error)

omega = np.linspace(0.1, 12, 240)
axis = Axis(tuple(momentum.tolist()), "momentum", "GeV", "", "GeV")
target = spectral_posterior(
    kernel,
    momentum,
    data,
    Covariance.diagonal(error),
    SmoothSpectrum(modes=30),
    frequency_grid_for(kernel, momentum, step=0.05),
    ReportedRange(omega, ((0.1, 12.0),)),
    axis,
)

# %%
# Why it is hard
# --------------
#
# Linearise the problem around some spectral function, here the prior's centre, and take it apart into singular directions: shapes of :math:`\rho`, and by how
# many standard deviations the data move when the unknown moves along each. A handful of directions carry everything. Better data buy more of them, but slowly:
# the values fall exponentially, so a tenth of the noise gains only one or two.
view = resolution(target, jnp.zeros(target.dim))
values = kernel_singular_values(view)
print("singular values of the kernel:", np.array2string(values[:8], precision=2))
for factor in (1.0, 0.1, 0.01):
    print(
        f"noise {1e-3 * factor:.0e}: {determined_directions(values, factor)[0]:.1f} directions of the kernel above it"
    )

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
left.semilogy(np.arange(1, len(values) + 1), values, "o")
left.axhline(1, color="0.5", linestyle="--")
left.set(xlabel="direction", ylabel="singular value [noise]", title="what the data see")
unseen = null_space(view)[:3] / view.rho
for shape in unseen:
    right.semilogx(view.omega, shape)
right.set(
    xlim=(0.1, 20), ylim=(-2, 2), xlabel="$\\omega$ [GeV]", ylabel="$\\delta\\rho/\\rho$", title="what they do not"
)
figure.tight_layout()

# %%
# The curves on the right are changes of :math:`\rho` by one standard deviation of the prior that move no datum by as much as its error. *The*
# spectral function behind these data would need a number along each of them.
#
# The naive answer
# ----------------
#
# Without a prior the least-squares solution divides each component of the noise by its singular value. It fits perfectly and means nothing.
matrix = view.operator * view.rho  # acts on rho over the prior's centre
whitened = np.asarray(target.likelihood.basis.T @ target.likelihood.covariance.whiten(jnp.asarray(data)))
naive = view.rho * (np.linalg.pinv(matrix, rcond=1e-13) @ whitened)
truth = np.asarray(DOUBLE(omega))
print(
    f"largest |rho| of the naive inversion: {np.abs(np.interp(omega, view.omega, naive)).max():.2g}; of the truth: {truth.max():.2g}"
)

# %%
# What a prior does about it
# --------------------------
#
# Something has to be said about the directions that the data do not see. A network with a positive output says it by its architecture, its initialisation and
# when training stops; a penalty says it by its strength. Here it is said aloud: a Gaussian process behind a softplus, positive by construction, whose amplitude
# and correlation length are unknowns like the rest. (The default of this domain adds lines and a threshold.) These are five draws.
draws = jax.vmap(target.ansatz)(jr.normal(jr.key(3), (5, target.dim)))
figure, axes = plt.subplots(figsize=(5.6, 3.4))
axes.plot(view.omega, draws.T, linewidth=1)
axes.set(xlim=(0, 12), ylim=(0, 2), xlabel="$\\omega$ [GeV]", ylabel="$\\rho$", title="believed before the data")
figure.tight_layout()

# %%
# The posterior is sampled by ``ConstrainedHMC``, which works alike at every noise level: no linearisation, and no tuning by hand.
#
# .. note:: Short chains, so that this page builds quickly; the verdict watches them. ``retrodict demo spectral`` runs longer ones.
result = rd.infer(target, rd.ConstrainedHMC(chains=12, warmup=30, draws=60, leapfrog=6), seed=0)
print(result)
band = result.band("spectral_function")

# %%
# The classical reconstructions of the same data stand beside it. All of them fit; their spread is the freedom that the data leave, seen through a few
# regulators. A band that is wide where they disagree summarises that.
methods = compare_methods(linear_problem_of(target))
figure, axes = plt.subplots(figsize=(6.4, 4))
axes.fill_between(omega, band["q2_5"], band["q97_5"], color="tab:blue", alpha=0.2, label="posterior, 95 %")
axes.fill_between(omega, band["q16"], band["q84"], color="tab:blue", alpha=0.4, label="posterior, 68 %")
for method in methods:
    if np.isfinite(method.chi2):
        axes.plot(omega, method.at(omega), color="0.5", linewidth=0.8)
axes.plot(omega, truth, color="black", linestyle="--", label="truth")
axes.plot([], [], color="0.5", linewidth=0.8, label="classical methods")
axes.set(xlabel="$\\omega$ [GeV]", ylabel="$\\rho$", ylim=(0, 1.6))
axes.legend()
figure.tight_layout()
inside = np.mean((truth > band["q2_5"]) & (truth < band["q97_5"]))
print(f"the truth lies in the 95 % band at {inside:.0%} of the frequencies")

# %%
# Where the knowledge ends
# ------------------------
#
# At the best fit, the rows of the resolution matrix say what is really measured. Each shows with which weights the true :math:`\ln\rho` enters the value at the
# dashed line, and how much of it is decided by the data. A single frequency is never measured: an average over a neighbourhood is, and the neighbourhood is
# broader where the kernel sees less.
view = resolution(target, jnp.asarray(result.tree["fit"]["best"].values))
figure, axes = plt.subplots(figsize=(6.4, 3.6))
for at, color in ((2.0, "C0"), (5.0, "C1"), (9.0, "C2")):
    row = averaging_kernel(view, at)
    axes.semilogx(row.omega, row.density, color=color, label=f"{at:g} GeV: share of the data {row.area:.2f}")
    axes.axvline(at, color=color, linestyle="--", linewidth=0.8)
axes.set(xlim=(0.2, 20), xlabel="$\\omega$ [GeV]", ylabel="averaging kernel per e-fold")
axes.legend()
figure.tight_layout()
