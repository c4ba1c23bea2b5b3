"""
Your own likelihood, two instruments, a nuisance
================================================

A likelihood says what data are worth: how probable they are if a prediction is true. This page joins two instruments that look at different parts of
one prediction, with a likelihood of our own for one of them, and two nuisances: unknown numbers that are not the answer, but on which the data depend.

A radioactive source decays, :math:`R(t) = R_0\\,e^{-\\lambda t}`. A counter counts decays in windows of a second, on a background that is known to 20 %.
A current meter follows the same source with errors of 8 % of the *true* value, and its calibration is uncertain by 5 %.
"""

# %%
# **The likelihood.** Errors in per cent of the truth are normal errors of the logarithm. Six things make a likelihood: its data, the logarithm of its
# greatest value, the residual (minus twice the log-likelihood is its square, up to that constant), mock data, noise once more, and other data.
import jax.numpy as jnp
import jax.random as jr
import matplotlib.pyplot as plt
import numpy as np

import retrodict as rd


class Multiplicative(rd.AbstractLikelihood):
    """Positive data with an error of `percent` % of the truth."""

    value: jnp.ndarray
    percent: float

    data = property(lambda self: self.value)
    log_peak = property(lambda self: -jnp.sum(jnp.log(self.value * self.percent / 100 * jnp.sqrt(2 * jnp.pi))))

    def residual(self, prediction):
        return jnp.log(prediction / self.value) / (self.percent / 100)

    def sample(self, key, prediction):
        return prediction * jnp.exp(self.percent / 100 * jr.normal(key, prediction.shape))

    def resample(self, key):
        return self.sample(key, self.value)

    def with_data(self, data):
        return Multiplicative(data, self.percent)


# %%
# **The physics.** Two positive unknowns, and the rate at all times of either instrument.
COUNTED, MEASURED = np.linspace(0.5, 9.5, 10), np.linspace(1.0, 13.0, 7)  # s


class Decay(rd.AbstractForward):
    """(R_0 [1/s], lambda [1/s]) -> the rate [1/s] at the times of both instruments."""

    def __call__(self, unknown):
        start, constant = unknown
        rate = {"counter": start * jnp.exp(-constant * COUNTED), "meter": start * jnp.exp(-constant * MEASURED)}
        return rate, jnp.isfinite(start) & jnp.isfinite(constant)


class Source(rd.AbstractAnsatz):
    """R_0 known to a factor of three, lambda to a factor of two."""

    dim = property(lambda self: 2)

    def __call__(self, z):
        return 60.0 * jnp.exp(1.1 * z[0]), 0.2 * jnp.exp(0.7 * z[1])


# %%
# **The instruments.** ``of`` says what each one looks at. A function of two arguments gets the nuisances, too: the background under the counts and the
# calibration of the meter. Their priors are stated once, and their posteriors are reported beside the unknown.
def experiment(counts, current):
    return rd.Posterior(
        Source(),
        Decay(),
        rd.Independent(
            counter=rd.Poisson(counts).of(lambda rate, nuisance: rate["counter"] + nuisance["background"]),
            meter=Multiplicative(current, 8.0).of(lambda rate, nuisance: nuisance["calibration"] * rate["meter"]),
        ),
        derive=lambda unknown, rate: {"half_life": jnp.log(2.0) / unknown[1]},
        quantities=(rd.Quantity("half_life", "s"),),
        nuisances=(
            rd.Nuisance("background", rd.LogNormal(5.0, 0.2), "counts"),
            rd.Nuisance("calibration", rd.Normal(1.0, 0.05)),
        ),
    )


# %%
# Mock data come from the same object: draw them from a truth, here with a half-life of 2.5 s and a meter that reads 6 % too much.
empty = experiment(np.zeros(10), jnp.ones(7))
truth = jnp.array([0.2, np.log(np.log(2) / 2.5 / 0.2) / 0.7, 0.5, 1.2])
posterior = empty.simulated(jr.key(4), truth)
result = rd.infer(posterior, rd.Laplace(draws=2000), seed=0)
print(result)

# %%
# **The fit by name.** chi2 of each instrument, and the pulls with the name of the instrument to which they belong. They are also in ``result.json``.
for name, fit in result.fit_by_term.items():
    print(f"{name}: chi2 = {fit['chi2']:.1f} of {fit['points']} points")

pulls = result.tree["fit"]["pulls"].values
labels = [str(label) for label in result.tree["fit"]["pull"].values]
colours = ["tab:blue" if label.startswith("counter") else "tab:orange" for label in labels]

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4))
counts, current = (np.asarray(data) for data in posterior.likelihood.data)
time = np.linspace(0, 14, 100)
half_life, _ = result.draws("half_life")
left.errorbar(COUNTED, counts, np.sqrt(counts), fmt="o", color="tab:blue", label="counter, with background")
left.errorbar(MEASURED, current, 0.08 * current, fmt="s", color="tab:orange", label="meter")
start, constant = Source()(truth)
left.plot(time, start * jnp.exp(-constant * time), color="black", label="true rate")
left.set(xlabel="t [s]", ylabel="rate [1/s]", yscale="log")
left.legend(fontsize=8)
right.barh(labels, pulls, color=colours)
right.axvspan(-1, 1, color="0.9", zorder=0)
right.set(xlabel="(prediction - datum) / error", title=f"half-life {np.median(half_life):.2f} s, truth 2.50 s")
right.tick_params(axis="y", labelsize=7)
right.invert_yaxis()
figure.tight_layout()
