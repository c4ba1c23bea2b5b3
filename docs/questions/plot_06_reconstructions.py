r"""
Do the classical reconstructions agree?
=======================================

The same 25 points of a propagator, with an error of a part in a thousand, by maximum entropy, Burnier-Rothkopf, Tikhonov and other methods. Those that are
meant to describe the data do (smeared densities, with NaN below, are not).
"""

import jax.random as jr
import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd
from retrodict.spectral import KallenLehmann, SmoothSpectrum, compare_methods
from retrodict.spectral.comparison import linear_problem_of
from retrodict.spectral.derived import Axis, ReportedRange
from retrodict.spectral.discretisation import frequency_grid_for
from retrodict.spectral.problems import spectral_posterior
from retrodict.spectral.shapes import DOUBLE, add_noise, correlator_of, relative_noise

momentum, kernel = np.linspace(0.001, 19.2, 25), KallenLehmann()
exact = correlator_of(kernel, momentum, DOUBLE)
error = relative_noise(exact, 1e-3)
omega = np.linspace(0.1, 12, 240)
target = spectral_posterior(
    kernel,
    momentum,
    add_noise(jr.key(2), exact, error),
    rd.Covariance.diagonal(error),
    SmoothSpectrum(modes=20),
    frequency_grid_for(kernel, momentum, step=0.1),
    ReportedRange(omega, ((0.1, 12.0),)),
    Axis(tuple(momentum.tolist()), "momentum", "GeV", "", "GeV"),
)
figure, axes = plt.subplots(figsize=(6.8, 3.8))
colors = {}
for method in compare_methods(linear_problem_of(target)):
    family = method.name.split(",")[0].removesuffix(" of rho/omega")
    label = None if family in colors else family  # one entry for all variants of a method
    color = colors.setdefault(family, f"C{len(colors)}")
    axes.plot(omega, method.at(omega), linewidth=1, color=color, label=label)
    print(f"chi2 = {method.chi2:5.1f} of 25 points: {method.name}")
axes.plot(omega, DOUBLE(omega), color="black", linestyle="--", linewidth=1.6, label="truth")
axes.set(xlabel="$\\omega$ [GeV]", ylabel="$\\rho(\\omega)$", ylim=(-0.1, 1.2), xlim=(0, 12))
axes.legend(fontsize=8)
figure.tight_layout()

# %%
# Their spread is a lower limit of the freedom that the data leave: each method shows one solution, that of its regulator. The band of a posterior
# contains all solutions that its prior allows: :doc:`/gallery/tutorials/plot_2_spectral`. For a run, ``retrodict compare DIR --methods`` makes this comparison.
