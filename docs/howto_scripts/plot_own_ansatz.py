r"""
Your own ansatz
===============

An ansatz is one frozen module that maps standard-normal latents to the unknown, with the physics built into the map. Whatever you write, the prior is what
your map makes of a standard normal: draw from it and look before you believe it.

As an example, matter that is soft up to a free density and then has a constant sound speed.
"""

# %%
# Causality is in the map: the sound speed is between 0 and 1 for every latent vector.
import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd
from retrodict.neutron_star import Stars, problem
from retrodict.neutron_star.eos.crust import interval_points
from retrodict.neutron_star.eos.equation_of_state import core_nodes, from_sound_speed


class StiffCore(rd.AbstractAnsatz):
    """c_s^2 = 0.1 (n / n_sat) up to a density between 1.2 and 3 n_sat, constant above. Latents: that density, the constant."""

    @property
    def dim(self):
        return 2

    def __call__(self, z):
        switch = 0.16 * jnp.exp(0.65 + 0.2 * z[0])  # fm^-3
        stiff = jax.nn.sigmoid(z[1] - 0.2)
        nodes = core_nodes([jnp.log(0.08), jnp.log(switch), jnp.log(1.6)], [16, 48])
        density = jnp.exp(interval_points(nodes))
        above = (np.arange(64) >= 16)[:, None]
        return from_sound_speed(nodes, jnp.where(above, stiff, 0.1 * density / 0.16))


# %%
# Look at the prior first: the maximum masses that it allows.
keys = jr.split(jr.key(0), 200)
mass = eqx.filter_jit(jax.vmap(lambda k: Stars()(StiffCore()(jr.normal(k, (2,))))[0].heaviest.mass))(keys)
figure, axes = plt.subplots(figsize=(5, 3))
axes.hist(np.asarray(mass), bins=40, color="tab:blue")
axes.set(xlabel="maximum mass [$M_\\odot$]", ylabel="draws of the prior")
figure.tight_layout()

# %%
# Then swap it in; everything else stays.
target = problem("classic18")
own = rd.Posterior(StiffCore(), target.forward, target.likelihood, derive=target.derive, quantities=target.quantities)
print(rd.infer(own, rd.Importance(draws=1200, batch=400), seed=0))
