r"""
What do vortices look like?
===========================

In the XY model each site has a direction. At high temperature directions turn around points, the vortices; below the Kosterlitz-Thouless transition
(:math:`\beta\approx1.12`) they come in tight pairs.
"""

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from retrodict.lattice import XY, Cluster, last_configurations
from retrodict.lattice.theories.spins import winding_numbers
from retrodict.run.loop import advance

figure, panels = plt.subplots(1, 3, figsize=(10.5, 3.9))
for beta, axes in zip((0.5, 1.0, 2.0), panels, strict=True):
    state = advance(XY((24, 24), beta=beta), Cluster(chains=4, warmup=150, draws=20), seed=3).state
    angle = np.asarray(last_configurations(state)[1])  # one that started disordered
    (vorticity,) = winding_numbers(jnp.asarray(angle))
    x, y = np.meshgrid(*map(np.arange, angle.shape), indexing="ij")
    axes.quiver(x, y, np.cos(angle), np.sin(angle), angle % (2 * np.pi), cmap="hsv", pivot="mid", scale=30, width=0.007)
    for sign, color, name in ((1, "black", "vortex"), (-1, "white", "antivortex")):
        at = np.argwhere(np.asarray(vorticity) == sign) + 0.5
        axes.scatter(*at.T, s=34, facecolor=color, edgecolor="black", linewidth=0.9, label=name, zorder=3)
    pairs = int(np.abs(np.asarray(vorticity)).sum() / 2)
    axes.set(title=rf"$\beta$ = {beta:g}: {pairs} pairs", xticks=[], yticks=[], aspect="equal", xlabel="$x$")
panels[0].set_ylabel("$y$")
figure.legend(*panels[0].get_legend_handles_labels(), loc="lower center", ncols=2, frameon=False)
figure.tight_layout(rect=(0, 0.06, 1, 1))

# %%
# On a torus the numbers of vortices and antivortices are equal. The report of a run (``retrodict demo lattice``) shows such a picture for every theory.
