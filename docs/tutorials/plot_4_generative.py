r"""
From noise to a lattice field
=============================

In 1981 Parisi and Wu quantised fields by a Langevin equation whose drift is the force of the action. A diffusion model draws pictures by a Langevin equation whose
drift is learnt from pictures. This page puts the two side by side: a score learnt from lattice configurations *is* the force, where the noise is small; run
backwards from noise it draws configurations; and since the probability of each draw can be computed, its bias can be measured and removed, exactly.
"""

# %%
# Configurations to learn from
# ----------------------------
#
# :math:`\phi^4` theory close to criticality, by clusters and short trajectories: one configuration from each of many independent chains.
import jax
import jax.numpy as jnp
import jax.random as jr
import matplotlib.pyplot as plt
import numpy as np

from retrodict.generate import ProbabilityFlow, importance
from retrodict.lattice import Cluster, Phi4, last_configurations
from retrodict.lattice.models.scalar_score import fit_score, scalar_process
from retrodict.run.loop import advance

action = Phi4((8, 8), kappa=0.27, lam=0.022, precision=32)
gather = Cluster(chains=1024, warmup=60, draws=4, trajectory=True)
fields = jnp.asarray(last_configurations(advance(action, gather, seed=0).state))
print(f"{len(fields)} configurations of {fields[0].shape}")

# %%
# Noise, and the way back
# -----------------------
#
# Add noise of standard deviation :math:`\sigma` to a configuration until nothing of it is left. The *score* :math:`s(\phi,\sigma) = \nabla\ln p_\sigma(\phi)` of the noised
# distribution says where to go back to. Ours respects every symmetry of the lattice exactly, starts from the exact answer for a Gaussian field, and is linear in what is learnt: a
# small system of equations for each shell of momenta, no gradient descent.
process = scalar_process(fields)
weights = fit_score(process.score, fields, jr.key(0))
model = ProbabilityFlow(process, weights)

start, _ = process.start.draw(jr.key(8), process.levels[0])
path = np.asarray(jax.jit(lambda y: model.path(y))(start))
figure, panels = plt.subplots(1, 5, figsize=(11, 2.5))
for axes, number in zip(panels, (0, 16, 26, 34, len(path) - 1), strict=True):
    level, size = float(process.levels[number]), float(np.abs(path[number]).max())
    axes.imshow(path[number], cmap="RdBu_r", vmin=-size, vmax=size)
    axes.set(title=rf"$\sigma$ = {level:.2g}", xticks=[], yticks=[])
figure.suptitle("One configuration, from noise to the lattice")
figure.tight_layout()

# %%
# The learnt drift is the force
# -----------------------------
#
# As :math:`\sigma\to0` the score of :math:`e^{-S}` is :math:`-\partial S/\partial\phi`, the drift of stochastic quantisation. The model was trained on configurations, never on the action. On
# the left its drift at every site of some configurations over the true force; on the right how it departs from the force as noise grows: then it is the drift of another,
# smoother theory, which is why it can lead from noise to configurations where the force itself would be lost.
some = fields[:64]
force = -np.asarray(jax.vmap(action.gradient)(some))


def drift(level: float) -> np.ndarray:
    """The learnt score of some configurations."""
    return np.asarray(jax.vmap(lambda x: process.score(weights, x, jnp.asarray(level, x.dtype)))(some))


levels = np.geomspace(float(process.levels[-1]), 2, 12)
apart = [np.linalg.norm(drift(level) - force) / np.linalg.norm(force) for level in levels]
figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6))
left.plot(force.ravel(), drift(levels[0]).ravel(), ".", markersize=2)
left.axline((0, 0), slope=1, color="0.5", linewidth=0.8)
left.set(xlabel=r"$-\partial S/\partial\phi$", ylabel="learnt drift", title=rf"$\sigma$ = {levels[0]:.2g}")
right.loglog(levels, apart, "o-")
right.set(xlabel=r"$\sigma$", ylabel="relative difference from the force")
figure.tight_layout()
print(f"drift against force at the least noise: {apart[0]:.1%} apart")

# %%
# Draws, their bias, and the correction
# -------------------------------------
#
# The equation that carries noise to configurations also carries their density, so each draw has a weight :math:`w = e^{-S}/q`. The weights say how good the model is (the effective
# share), give :math:`\ln Z`, and remove the bias. The reference is a long run of clusters.
draws = jax.jit(lambda keys: jax.vmap(model.sample)(keys))(jr.split(jr.key(1), 4000))
log_weight = jax.vmap(action.log_density)(draws.x) - draws.log_prob
weighing = importance(log_weight)
print(
    f"effective share {weighing.ess:.2f}, ln Z = {weighing.log_z:.3f} +- {weighing.log_z_error:.3f}, trusted: {weighing.trusted}"
)

magnetisation = np.abs(np.mean(draws.x, axis=(1, 2)))
raw, corrected = (magnetisation.mean(), magnetisation.std() / np.sqrt(len(magnetisation))), weighing.mean(magnetisation)
print(
    f"|M|: uncorrected (biased) {raw[0]:.4f} +- {raw[1]:.4f}, corrected {corrected[0]:.4f} +- {corrected[1]:.4f}, long run 0.8826 +- 0.0015"
)

# %%
# How good a model has to be
# --------------------------
#
# Any density will do, if one can wait. Without what was learnt, the same equation draws Gaussian fields with the right spectrum: far from the theory, and corrected all the same, with fewer effective
# draws. Weights that are not to be trusted say so.
gaussian = ProbabilityFlow(process, jax.tree.map(jnp.zeros_like, weights))
plain = jax.jit(lambda keys: jax.vmap(gaussian.sample)(keys))(jr.split(jr.key(2), 4000))
poor = importance(jax.vmap(action.log_density)(plain.x) - plain.log_prob)
there = poor.mean(np.abs(np.mean(plain.x, axis=(1, 2))))
print(
    f"Gaussian: effective share {poor.ess:.2f}, |M| = {there[0]:.4f} +- {there[1]:.4f} corrected, trusted: {poor.trusted}"
)

figure, axes = plt.subplots(figsize=(5.6, 3.4))
for label, sample, share in (
    ("Gaussian", plain.x, np.full(4000, 1 / 4000)),
    ("learnt", draws.x, np.full(4000, 1 / 4000)),
    ("learnt, corrected", draws.x, weighing.weights),
):
    axes.hist(
        np.mean(sample, axis=(1, 2)),
        bins=40,
        range=(-2.2, 2.2),
        weights=share,
        histtype="step",
        density=True,
        label=label,
    )
axes.set(xlabel="$M$", ylabel="density")
axes.legend()
figure.tight_layout()

# %%
# On a lattice of this size clusters still win: a draw costs more than an effective configuration of theirs, as :doc:`/physics/lattice_generative` says with numbers. What the model gives is
# independence, :math:`\ln Z`, and jumps between modes that no local update connects. ``retrodict demo lattice`` runs a trained sampler beside HMC, clusters and sequential Monte Carlo, and puts
# all of them into one report.
