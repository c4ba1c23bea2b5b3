"""
Your own domain
===============

The core of Retrodict has no physics of any domain. A *domain* is an ansatz, a forward model, data and a few names; this page makes one in forty
lines: the force between two particles from the energies of their bound states, an eigenvalue problem.

The radial Schroedinger equation for :math:`u(r)`, with :math:`\\hbar^2/2m = 1`,

.. math:: -u'' + V(r)\\,u = E\\,u, \\qquad u(0) = 0,

is diagonalised on a grid. JAX differentiates the eigenvalues (first-order perturbation theory), so nothing has to be derived by hand.
"""

# %%
# The forward model returns the lowest levels; the ansatz is a smooth attractive well with standard-normal latents for its depth, range and surface.
import jax.numpy as jnp
import jax.random as jr
import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd

RADIUS = np.linspace(0.0, 12.0, 62)[1:-1]


class BoundStates(rd.AbstractForward):
    """Energies [fm^-2] of the lowest S-wave states in a potential V(r) [fm^-2] on `RADIUS` [fm]."""

    levels: int

    def __call__(self, potential):
        step = RADIUS[1] - RADIUS[0]
        size = len(RADIUS)
        kinetic = (2 * jnp.eye(size) - jnp.eye(size, k=1) - jnp.eye(size, k=-1)) / step**2
        energy = jnp.linalg.eigvalsh(kinetic + jnp.diag(potential))[: self.levels]
        return energy, jnp.isfinite(energy).all()


class Well(rd.AbstractAnsatz):
    """A Woods-Saxon well: depth, radius and diffuseness, all positive, known to about 30 % beforehand."""

    @property
    def dim(self):
        return 3

    def __call__(self, z):
        depth, radius, surface = jnp.array([3.0, 3.0, 0.5]) * jnp.exp(0.3 * z)
        return -depth / (1.0 + jnp.exp((RADIUS - radius) / surface))


# %%
# Mock data: four levels of a known well, measured to a per cent of the spacing.
truth = jnp.array([0.5, -0.4, 0.3])
levels, _ = BoundStates(4)(Well()(truth))
error = np.full(4, 0.01)
data = levels + error * jr.normal(jr.key(1), (4,))

# %%
# The bands are those of V(r); ``ConstrainedHMC`` works alike for precise and imprecise data.
posterior = rd.Posterior(
    ansatz=Well(),
    forward=BoundStates(4),
    likelihood=rd.Gaussian(data, rd.Covariance.diagonal(error)),
    derive=lambda potential, energy: {"potential": potential, "depth": -potential[0]},
    quantities=(
        rd.Quantity("depth", unit="fm^-2"),
        rd.Quantity("potential", unit="fm^-2", grid=tuple(RADIUS.tolist()), grid_name="r", grid_unit="fm"),
    ),
)
result = rd.infer(posterior, rd.ConstrainedHMC(chains=4, warmup=40, draws=100), seed=0)
print(result)

# %%
# Prior and posterior: what four numbers say of a function.
figure, axes = plt.subplots(figsize=(5, 3.2))
for band, label, shade in (
    (result.prior_band("potential"), "prior 95 %", 0.15),
    (result.band("potential"), "posterior 95 %", 0.5),
):
    axes.fill_between(band["x"], band["q2_5"], band["q97_5"], alpha=shade, color="tab:blue", label=label)
axes.plot(RADIUS, Well()(truth), color="black", label="truth")
axes.set(xlabel="r [fm]", ylabel="V(r) [fm$^{-2}$]", xlim=(0, 8))
axes.legend()
figure.tight_layout()

# %%
# From here it is a small step to a domain that ``retrodict inspect``, ``new``, ``run`` and ``report`` serve: a package with one description, :doc:`/howto/domain_package`.
