r"""
Eighteen stars and the equation of state
========================================

What keeps a neutron star from collapsing is the pressure of matter at several times the density of a nucleus. No laboratory makes such matter and no
calculation from QCD reaches it yet; but each star's mass and radius is an *effect* of it. Here eighteen measured pairs are taken back to their cause.
"""

# %%
# From the cause to the effect
# ----------------------------
#
# Start with the forward direction. An equation of state is determined by its sound speed :math:`c_s^2(n)`; the Tolman-Oppenheimer-Volkoff equations turn
# it into a curve of masses and radii. Here is that of the nuclear Hamiltonian SLy, in the piecewise-polytropic form of Read et al. (2009).
import jax
import jax.random as jr
import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd
from retrodict.neutron_star import GaussianProcessSoundSpeed, observations, problem
from retrodict.neutron_star.eos.equation_of_state import from_piecewise_polytropes
from retrodict.neutron_star.stars.tov import maximum_mass, solve, star_at_mass


def radius(log10_p1):
    """R_1.4 [km] of matter with the pressure 10^log10_p1 dyn cm^-2 at 10^14.7 g cm^-3; and two of its stars."""
    stars = solve(from_piecewise_polytropes(log10_p1, (3.005, 2.988, 2.851)))
    typical = star_at_mass(stars, 1.4)
    return typical.radius, (typical, maximum_mass(stars))


# %%
# Everything is differentiable: beside the stars comes the answer to how much the radius of a 1.4 solar-mass star moves when matter is stiffened at
# :math:`10^{14.7}` g cm\ :sup:`-3`. `jax.jit` compiles all of it at once.
(_, (typical, heaviest)), slope = jax.jit(jax.value_and_grad(radius, has_aux=True))(34.384)
print(
    f"SLy: R_1.4 = {typical.radius:.3f} km, Lambda_1.4 = {typical.tidal_deformability:.1f}, M_max = {heaviest.mass:.4f} Msun"
)
print(f"d R_1.4 / d log10(p1) = {slope:.3f} km per decade")

# %%
# What is believed beforehand
# ---------------------------
#
# The unknown function is written as :math:`c_s^2 = 1/(1 + e^{\phi})` with a Gaussian process :math:`\phi(\ln n)`: whatever the process does,
# sound is never faster than light and matter never collapses. Where the crust ends is a latent as well. These are thirty draws from the prior, and the data.
data = observations("classic18")
ansatz = GaussianProcessSoundSpeed()
draws = jax.jit(jax.vmap(lambda key: solve(ansatz(jr.normal(key, (ansatz.dim,))))))(jr.split(jr.key(1), 30))

figure, axes = plt.subplots(figsize=(5.2, 4.2))
for mass, size, good in zip(draws.mass, draws.radius, draws.stable & draws.valid, strict=True):
    axes.plot(np.where(good, size, np.nan), np.where(good, mass, np.nan), color="tab:blue", alpha=0.4, linewidth=1)
errors = dict(
    xerr=[data.radius_error_minus, data.radius_error_plus], yerr=[data.mass_error_minus, data.mass_error_plus]
)
axes.errorbar(data.radius, data.mass, **errors, fmt="o", color="black", markersize=3, linewidth=0.7)
axes.set(
    xlim=(7, 17),
    ylim=(0.5, 2.8),
    xlabel="radius [km]",
    ylabel="mass [$M_\\odot$]",
    title="thirty draws of the prior, eighteen stars",
)
figure.tight_layout()

# %%
# From the effect to the cause
# ----------------------------
#
# Eighteen stars with errors of a kilometre and more say little compared to twenty-one latents, so the plainest exact method works: draw curves from the prior and
# weigh each by the probability of the data, the mass of every star integrated out. The verdict watches the effective sample size.
target = problem("classic18")
result = rd.infer(target, rd.Importance(draws=9_000, batch=400), seed=0)
print(result)

# %%
# The table says more than the numbers: which quantities the data have decided (shrinkage towards 1) and which are still the prior's.
#
# .. note:: This page uses few draws, so that it builds quickly. ``retrodict demo neutron-star`` uses more and writes a full report.
posterior, prior = result.band("pressure"), result.prior_band("pressure")
figure, axes = plt.subplots(figsize=(5.2, 4.2))
axes.fill_between(prior["x"], prior["q2_5"], prior["q97_5"], color="0.85", label="prior, 95 %")
axes.fill_between(
    posterior["x"], posterior["q2_5"], posterior["q97_5"], color="tab:blue", alpha=0.35, label="posterior, 95 %"
)
axes.fill_between(
    posterior["x"], posterior["q16"], posterior["q84"], color="tab:blue", alpha=0.6, label="posterior, 68 %"
)
axes.set(
    yscale="log",
    xlabel="baryon density [$n_\\mathrm{sat}$]",
    ylabel="pressure [MeV fm$^{-3}$]",
    xlim=(1, 7),
    ylim=(1, 1500),
)
axes.legend(loc="lower right")
figure.tight_layout()

# %%
# Where the knowledge ends
# ------------------------
#
# The singular values of the whitened Jacobian count what eighteen stars can tell: a few directions in the space of functions. Everything else is prior, and
# the shrinkage says where. Above the central density of the heaviest star no star has ever looked.
print("singular values:", np.round(np.asarray(result.tree["identifiability"]["singular_values"])[:6], 2))
print("effective rank:", round(float(result.tree["identifiability"].attrs["effective_rank"]), 2))
