r"""
What do uncertain normalisations do to a fit?
=============================================

Two detectors measure the same spectrum; each has a normalisation known to 10 %. Fitting a straight line through all points pretends that errors are
independent. A nuisance for each normalisation does not.
"""

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd

ENERGY = jnp.linspace(1.0, 5.0, 9)  # GeV
LOW, HIGH = slice(0, 5), slice(4, 9)


class Power(rd.AbstractAnsatz):
    """Height [pb] and exponent of a falling spectrum."""

    dim = property(lambda self: 2)

    def __call__(self, z):
        return 10.0 * jnp.exp(0.5 * z[0]) * ENERGY ** (-1.0 - 0.5 * z[1])


class Spectrum(rd.AbstractForward):
    """The cross section [pb] at all energies."""

    def __call__(self, unknown):
        return unknown, jnp.isfinite(unknown).all()


def posterior(uncertainty):
    """Both detectors with 2 % errors of each point, and normalisations known to `uncertainty`."""
    terms = {}
    for name, part, scale in (("A", LOW, 1.08), ("B", HIGH, 0.93)):  # true scales, unknown to the fit
        data = scale * 10.0 * ENERGY[part] ** -1.5 * (1 + 0.02 * np.random.default_rng(part.start).normal(size=5))
        gaussian = rd.Gaussian(data, rd.Covariance.diagonal(np.asarray(0.02 * data)))
        terms[name] = gaussian.of(lambda x, nuisance, name=name, part=part: nuisance[f"scale_{name}"] * x[part])
    return rd.Posterior(
        Power(),
        Spectrum(),
        rd.Independent(terms),
        derive=lambda unknown, _: {"spectrum": unknown},
        quantities=(rd.Quantity("spectrum", "pb", grid=tuple(ENERGY.tolist()), grid_name="energy", grid_unit="GeV"),),
        nuisances=tuple(rd.Nuisance(f"scale_{name}", rd.Normal(1.0, uncertainty)) for name in "AB"),
    )


figure, axes = plt.subplots(figsize=(5.6, 3.6))
for uncertainty, color in ((1e-4, "tab:red"), (0.1, "tab:blue")):
    result = rd.infer(posterior(uncertainty), rd.Laplace(draws=1000), seed=0, progress=False)
    band = result.band("spectrum")
    chi2 = sum(fit["chi2"] for fit in result.fit_by_term.values())
    label = f"normalisations {'fixed' if uncertainty < 0.01 else 'free within 10 %'}: $\\chi^2$ = {chi2:.0f}"
    axes.fill_between(band["x"], band["q2_5"] * ENERGY, band["q97_5"] * ENERGY, color=color, alpha=0.35, label=label)
for name, part, marker in (("A", LOW, "o"), ("B", HIGH, "s")):
    data = np.asarray(posterior(0.1).likelihood.terms[name].data)
    scaled = data * ENERGY[part]
    axes.errorbar(
        ENERGY[part], scaled, 0.02 * scaled, fmt=marker, color="black", markersize=4, label=f"detector {name}"
    )
axes.plot(ENERGY, 10 * ENERGY**-0.5, color="black", linestyle="--", linewidth=1, label="truth")
axes.set(xlabel="energy [GeV]", ylabel="energy x cross section [GeV pb]")
axes.legend(fontsize=7)
figure.tight_layout()

# %%
# The red band is narrow and wrong, and its :math:`\\chi^2` says so. The blue one is wider by what the normalisations may be, and their posteriors are reported beside
# the spectrum. More on such instruments: :doc:`/gallery/howto/plot_own_likelihood`.
