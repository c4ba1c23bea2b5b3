r"""
How viscous is the quark-gluon plasma, and what did the data not say
====================================================================

A collision of two nuclei is computed by a simulator with a dozen parameters, of which the viscosities of the plasma are some. It takes hours a point, so that it is
run at a hundred points and learnt; the measured particles then say which parameters it must have had. Here the simulator is a toy in closed form, whose truth we know.
"""

# %%
# Runs of a simulator
# -------------------
#
# A design is a table of points, its outputs are observables in bins of centrality: how many particles, how fast, how much they flow. Files of your own are read by
# ``read_design``, ``read_outputs`` and ``read_measurements``, or by ``retrodict new heavy_ion``.
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd
from retrodict.heavy_ion import (
    Calibration,
    GaussianProcesses,
    JetscapeViscosity,
    join,
    mock_design,
    mock_measurements,
    mock_outputs,
    posterior_of,
)
from retrodict.heavy_ion.calibration.mock import CORRELATION_LENGTH, truth

design = mock_design(90)
runs = join(design, mock_outputs(design))
measured = mock_measurements()
print(", ".join(design.names))
print(
    f"{len(design.values)} points, {len(runs.outputs.bins)} outputs, measured to {np.mean(measured.error / measured.value):.1%}"
)

# %%
# An emulator, and how wrong it is
# --------------------------------
#
# Principal components of the outputs, each a Gaussian process. Every point is predicted from all others in closed form: that is the error of the emulator, and it
# belongs into the likelihood beside the error of the experiment. Without it intervals are too narrow.
analysis = Calibration(
    viscosity=JetscapeViscosity(bulk_width=0.07, bulk_asymmetry=0.0),
    emulator=GaussianProcesses(components=6),
    correlation_length=CORRELATION_LENGTH,
)
setup = analysis.setup_of(runs, measured)
left = setup.emulator.leave_one_out
spread = runs.outputs.values.std(axis=0)

figure, axes = plt.subplots(figsize=(4.2, 3.8))
for i, name in ((0, "dNch_deta"), (24, "v22"), (30, "v32")):
    scaled = [
        (values[:, i] - runs.outputs.values[:, i].mean()) / spread[i] for values in (runs.outputs.values, left.mean)
    ]
    axes.plot(*scaled, ".", label=name)
axes.plot([-3, 3], [-3, 3], "k--", linewidth=1)
axes.set(xlabel="simulated", ylabel="predicted without this point")
axes.legend()
figure.tight_layout()

# %%
# The posterior
# -------------
#
# Uniform in the ranges of the design, sampled by the No-U-Turn sampler.
target = posterior_of(setup)
result = rd.infer(target, rd.NUTS(chains=12, warmup=200, draws=300), seed=0)
print(result)

exact = {
    name: values for name, values in target.derive(jnp.asarray(truth()), jnp.zeros(36)).items() if name.endswith("_s")
}
figure, panels = plt.subplots(1, 2, figsize=(8, 3.4))
for axes, name, label in zip(panels, ("eta_over_s", "zeta_over_s"), (r"$\eta/s$", r"$\zeta/s$"), strict=True):
    for band, colour in ((result.prior_band(name), "0.85"), (result.band(name), "tab:blue")):
        axes.fill_between(band["x"], band["q2_5"], band["q97_5"], color=colour, alpha=0.6)
    axes.plot(band["x"], band["median"], color="tab:blue")
    axes.plot(band["x"], exact[name], "k--", label="truth")
    axes.set(xlabel="T [GeV]", ylabel=label)
axes.legend()
figure.tight_layout()

# %%
# The shear viscosity is narrower than its prior (grey) where the medium spends its time, between the switch to particles and about 0.25 GeV. Above, and in the bulk
# viscosity nearly everywhere, the band is that of the prior.
#
# What the data did not say
# -------------------------
#
# Posterior over prior standard deviation: at one, a parameter came back as we had put it in. Its interval is no measurement, however long it took to compute.
ratio = {name: 1.0 - float(result.shrinkage(name)) for name in design.names}
for name, value in sorted(ratio.items(), key=lambda item: item[1]):
    print(f"{name:<24}{value:5.2f}   {'came back as the prior' if value > 0.9 else ''}")
