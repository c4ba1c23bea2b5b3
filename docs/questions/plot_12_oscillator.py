r"""
Does a path integral know the energy of an oscillator?
======================================================

Paths :math:`x(t)` of a particle in imaginary time, sampled with :math:`e^{-S}`, know the levels of Schroedinger's equation: the energy of the ground state by the
virial theorem, and the density of x as its squared wave function.
"""

import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd
from retrodict.lattice import HMC, FeynmanPath, last_configurations
from retrodict.lattice.theories.paths import Anharmonic, Harmonic
from retrodict.lattice.theories.reference import energies, even_potential
from retrodict.run.loop import advance

SITES, SPACING = 40, 0.2
method = HMC(chains=128, warmup=100, draws=60)
figure, panels = plt.subplots(1, 2, figsize=(8.8, 3.5))
for potential, axes in zip((Harmonic(1.0), Anharmonic(quartic=1.0)), panels, strict=True):
    path = FeynmanPath(SITES, SPACING, potential)
    result = rd.infer(path, method, seed=0, progress=False)
    row = result.quantities()["energy"]
    exact = energies(even_potential(path.coefficients), 1)[0]
    positions = np.asarray(last_configurations(advance(path, method, seed=1).state)).ravel()
    axes.hist(positions, 50, range=(-3, 3), density=True, alpha=0.4, label="sampled paths")
    axes.plot(*path.exact_density(), color="black", label="transfer matrix")
    axes.set(
        xlabel="$x$",
        xlim=(-3, 3),
        title=f"{type(potential).__name__}: $E_0$ = {row['mean']:.3f}({1000 * row['error']:.0f})",
    )
    print(f"{type(potential).__name__}: E_0 = {row['mean']:.4f} +- {row['error']:.4f}, exact {exact:.4f} at spacing 0")
panels[0].set_ylabel("density")
panels[0].legend(loc="upper left", fontsize=8)
figure.tight_layout()

# %%
# Units: the mass and :math:`\hbar` are one. The remaining difference from the exact energy is that of the finite spacing, a = 0.2. For :math:`x^2` and
# :math:`x^4` the exact values of the discrete path are known, and stand beside the estimates in every result.
