r"""
From a correlation function to a source and a scattering length
===============================================================

Pairs of hadrons with a small relative momentum are seen more often, or less often, than chance would have it. How much depends on where they were emitted and on
the force between them, and both can be asked for.
"""

# %%
# The wave function between source and detector
# ---------------------------------------------
#
# :math:`C(k) = \int d^3r\, S(r)\, |\psi_k(r)|^2`: the source :math:`S` says how far apart the two were born, the wave function :math:`\psi` knows the force, the Coulomb
# force and quantum statistics. Here a proton and an Omega baryon attract each other as lattice QCD says (HAL QCD, spin 2). The data are a mock: three quarters of
# the pairs from a Gaussian core of 1.0 fm, one quarter from an exponential halo of 1.5 fm.
import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd
from retrodict.hadron.femtoscopy.analysis import Femtoscopy
from retrodict.hadron.femtoscopy.comparison import estimates, linear_data, problem_of
from retrodict.hadron.femtoscopy.mock import HALO, LENGTH, RADIUS
from retrodict.hadron.femtoscopy.pair import Channel
from retrodict.hadron.femtoscopy.potentials import FittedScale, LiteraturePotential
from retrodict.hadron.femtoscopy.sources import TwoComponentSource, two_component

force = LiteraturePotential("N-Omega")
known = Femtoscopy(channels=(Channel(1.0, 2.0, force),), source=TwoComponentSource())  # proton and Omega
target = known.posterior(None)  # or the path of a table k [MeV], C, error
kernel, radius = target.forward.kernel, known.distances.radius

figure, axes = plt.subplots(figsize=(5.6, 3.4))
for i in (4, 14, 39):
    axes.plot(radius, kernel[i] + 1, label=f"k = {target.forward.momentum[i]:.0f} MeV")
axes.set(xlim=(0, 10), ylim=(0, 12), xlabel="r [fm]", ylabel="$|\\psi_k(r)|^2$")
axes.legend()
figure.tight_layout()

# %%
# The source, with the force known
# --------------------------------
#
# The posterior of a core with a halo. A Gaussian source, fitted to the same data by least squares, misses the halo altogether, and Tikhonov's inversion, which
# assumes nothing but smoothness, is far less precise.
result = rd.infer(target, rd.Laplace(starts=2), seed=0)
print(result)
others, _ = estimates(linear_data(target, problem_of(target, result)))
band = result.band("source")

figure, axes = plt.subplots(figsize=(6.2, 3.8))
axes.fill_between(band["x"], band["q2_5"], band["q97_5"], color="tab:blue", alpha=0.4, label="posterior, 95 %")
for one in others[:2]:
    axes.plot(radius, one.source, linewidth=1, label=f"{one.name}, $\\chi^2$ = {one.chi2:.0f}")
axes.plot(radius, two_component(radius, RADIUS, HALO, LENGTH), "k--", label="truth")
axes.set(xlim=(0, 10), xlabel="r [fm]", ylabel="$4\\pi r^2 S(r)$ [fm$^{-1}$]")
axes.legend()
figure.tight_layout()

# %%
# A source of any shape is ``NeuralSource()``, the default; ``retrodict demo hadron-femtoscopy`` samples its posterior.
#
# The force, with the source unknown, too
# ---------------------------------------
#
# Now the strength of the potential is free within 20 %, and a scattering length comes out. In the sign of nuclear physics it is positive where there is a shallow
# bound state: :math:`k\cot\delta = -1/a_0 + r_\mathrm{eff}k^2/2`. For these masses that of this force is 5.61 fm.
# Several starts are needed: a weaker force with a smaller source is an optimum of its own.
channel = Channel(1.0, 2.0, FittedScale(force, 0.2))
both = Femtoscopy(channels=(channel,), source=TwoComponentSource(), r_max=20.0, step=0.1)
joint = rd.infer(both.posterior(None), rd.Laplace(draws=100, starts=4, steps=60), seed=0)
for name in ("scattering_length", "effective_range"):
    found = joint.quantities()[name]
    print(f"{name}: {found['median']:.3f} +- {found['sd']:.3f} {found['unit']}")

# %%
# Source and force are tied to each other: along the direction in which the draws lie the data do not choose.
size, inverse = (joint.draws(name)[0] for name in ("mean_distance", "inverse_scattering_length"))
print(f"correlation of the mean distance with 1/a0: {np.corrcoef(size, inverse)[0, 1]:.2f}")
