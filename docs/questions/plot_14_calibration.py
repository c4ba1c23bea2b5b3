r"""
Do the bands cover?
===================

A 68 % band should contain the truth in 68 % of all cases. ``rd.validate`` draws truths from the prior, simulates the experiment, infers, and counts.
"""

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd

TIME = jnp.linspace(0.0, 1.0, 8)  # s


class Line(rd.AbstractAnsatz):
    """Intercept [m] and slope [m/s], both standard normal."""

    dim = property(lambda self: 2)

    def __call__(self, z):
        return z


def straight_line(believed):
    """Eight points with errors of 0.3 m, believed to be `believed` m."""
    return rd.Posterior(
        Line(),
        rd.LinearForward(jnp.stack([jnp.ones(8), TIME], axis=1)),
        rd.Gaussian(jnp.zeros(8), rd.Covariance.diagonal(np.full(8, believed))),
        derive=lambda unknown, _: {"intercept": unknown[0], "slope": unknown[1]},
        quantities=(rd.Quantity("intercept", "m"), rd.Quantity("slope", "m/s")),
    )


calibration = rd.validate(straight_line(0.3), rd.Laplace(draws=200), data_sets=300, seed=0)
print(calibration)

levels = np.array([0.2, 0.4, 0.5, 0.68, 0.8, 0.9, 0.95])
figure, axes = plt.subplots(figsize=(4.6, 3.8))
axes.plot([0, 1], [0, 1], color="0.5", linewidth=0.8)
for name in ("intercept", "slope"):
    inside, count = zip(*(calibration.coverage(name, float(level)) for level in levels), strict=True)
    share = np.array(inside) / np.array(count)
    axes.errorbar(levels, share, np.sqrt(share * (1 - share) / count), fmt="o", markersize=4, capsize=2, label=name)
axes.set(xlabel="level of the band", ylabel="share of truths inside", xlim=(0, 1), ylim=(0, 1))
axes.legend()
figure.tight_layout()

# %%
# The points of one quantity are correlated: they count the same truths. Coverage alone can be right by accident, so three tests (width, location, rank histogram) stand in the table. ``retrodict validate DIR -n 200`` does this for
# a finished run.
