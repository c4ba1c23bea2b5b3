r"""
How many configurations does a covariance need?
===============================================

A covariance of 32 correlated points, estimated from N configurations. With few of them the small eigenvalues come out far too small, and :math:`\chi^2` far too
large: each inverse weighs noise.
"""

import matplotlib.pyplot as plt
import numpy as np

from retrodict.num.correlations import few_samples_inflation, shrunk_correlation

POINTS = 32
distance = np.abs(np.subtract.outer(np.arange(POINTS), np.arange(POINTS)))
truth = np.exp(-distance / 8)
random = np.random.default_rng(0)

figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.5))
left.semilogy(np.linalg.eigvalsh(truth)[::-1], color="black", linewidth=2, label="true")
for count, color in ((40, "C0"), (100, "C1"), (1000, "C2")):
    samples = random.multivariate_normal(np.zeros(POINTS), truth, size=count)
    plain, _, _ = shrunk_correlation(samples, 0.0)
    shrunk, _, weight = shrunk_correlation(samples, None)
    left.semilogy(np.linalg.eigvalsh(plain)[::-1], color=color, label=f"N = {count}")
    left.semilogy(np.linalg.eigvalsh(shrunk)[::-1], color=color, linestyle=":", label=f"shrunk by {weight:.2f}")
    noise = random.multivariate_normal(np.zeros(POINTS), truth, size=3000)
    chi2 = np.einsum("ni,ij,nj->n", noise, np.linalg.inv(plain), noise) / POINTS
    right.hist(chi2, np.geomspace(0.2, 60, 70), histtype="step", color=color, label=f"N = {count}")
left.set(xlabel="number of the eigenvalue", ylabel="eigenvalue of the correlation matrix")
left.legend(fontsize=7)
right.axvline(1, color="black", linewidth=0.8)
right.set(xscale="log", xlabel="$\\chi^2$ / points, of true deviations", ylabel="number of data sets")
right.legend()
figure.tight_layout()

# %%
# Shrinking mends the eigenvalues, but not the error of a fit: the weights of the points follow the noise of the same samples. Here the amplitude of
# :math:`e^{-0.1\,i}` is fitted; the true scatter over the claimed error is above one for any number of samples that one is likely to have.
# ``few_samples_inflation`` finds the factor from the samples themselves, by weights of some of them applied to the others.
shape = np.exp(-0.1 * np.arange(POINTS))
counts, true, found = (20, 40, 100, 400), [], []
for count in counts:
    ratios, factors = [], []
    for _ in range(40):
        samples = random.multivariate_normal(np.zeros(POINTS), truth, size=count)
        correlation, sigma, _ = shrunk_correlation(samples, None)
        weights = np.linalg.solve(correlation * np.outer(sigma, sigma), shape)
        ratios.append(weights @ truth @ weights / (shape @ weights))
        factors.append(few_samples_inflation(samples, None))
    true.append(np.sqrt(np.mean(ratios)))
    found.append(np.sqrt(factors))

figure, axes = plt.subplots(figsize=(4.6, 3.4))
axes.semilogx(counts, true, "k_", markersize=14, label="true scatter / claimed error")
axes.errorbar(counts, np.mean(found, axis=1), np.std(found, axis=1), fmt="o", label="found from the samples")
axes.axhline(1, color="black", linewidth=0.8)
axes.set(xlabel="samples", ylabel="error of the amplitude, in claimed ones", xticks=counts, xticklabels=counts)
axes.minorticks_off()
axes.legend()
figure.tight_layout()

# %%
# ``retrodict.spectral.estimate`` shrinks correlations towards the diagonal by the weight of Ledoit and Wolf, and ``hartlap_inflation`` is the average factor by
# which an inverse is too large. A fit takes the covariance times the factor found here, while the errors of the points stay. ``retrodict inspect`` says what was done about
# the samples of a file.
