r"""
What does a first-order transition do to stars?
===============================================

Where nuclear matter melts into another phase at constant pressure, the sound speed is zero over a range of densities. The mass-radius curve then has a kink,
and if the jump in density is large enough, a gap: twin stars.
"""

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from retrodict.neutron_star import FirstOrderTransition, solve

ansatz = FirstOrderTransition(onset=(1.8, 3.0), width=(0.0, 0.9))
figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.6))
for latent in (-2.5, -0.6, 0.3, 1.5):  # of the width; all other latents at the centre of the prior but for a stiff core
    z = jnp.zeros(ansatz.dim).at[-2].set(latent).at[-4].set(-2.2)
    matter, (_, width) = ansatz(z), ansatz.transition(z)
    stars = solve(matter)
    exists = np.asarray(stars.stable & stars.valid & (stars.mass > 0.4))
    label = f"$n_2/n_1$ = {float(np.exp(width)):.2f}"
    left.loglog(matter.density / 0.16, matter.node_pressure, label=label)
    shown = exists if width < 0.05 else slice(None)  # a gap in the line where no star is stable
    mass, radius = (np.where(exists, values, np.nan)[shown] for values in (stars.mass, stars.radius))
    right.plot(radius, mass, ".-", markersize=3, linewidth=0.9)
left.set(xlabel="baryon density [$n_\\mathrm{sat}$]", ylabel="pressure [MeV fm$^{-3}$]", xlim=(0.8, 8), ylim=(2, 1500))
right.set(xlabel="radius [km]", ylabel="mass [$M_\\odot$]")
left.set(xticks=[1, 2, 4, 8], xticklabels=["1", "2", "4", "8"])
left.minorticks_off()
left.legend(title="jump of density")
figure.tight_layout()

# %%
# ``FirstOrderTransition`` has the onset, the width and the stiffness above as latents, so data decide about them like about everything else. Stars whose centre
# lies in the plateau do not exist; no interpolation crosses it.
