r"""
Your own method
===============

A method is one frozen dataclass with four functions: ``init`` makes the state, ``step`` advances it, ``done`` may stop early, ``finish`` returns the draws. It has no loop, no
file and no progress bar: checkpoints, resuming, the time limit, diagnostics and the verdict come from the library.

As an example, unadjusted Langevin dynamics, :math:`z' = z + \epsilon\,\nabla\log p(z) + \sqrt{2\epsilon}\,\nu`. It never rejects, and its bias is of order :math:`\epsilon`
(Roberts, Tweedie, Bernoulli 2 (1996) 341).
"""

# %%
# **The state** holds everything that the next step needs; **a record** holds what is kept of a step. ``finite=False`` would stop the run and name the step.
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import jax
import jax.numpy as jnp
import jax.random as jr
import matplotlib.pyplot as plt

import retrodict as rd
from retrodict.run.method import Record


class State(NamedTuple):
    """The positions of all chains, shape (chains, dim)."""

    position: jax.Array


@dataclass(frozen=True)
class UnadjustedLangevin:
    """Biased at O(step_size): its draws are labelled approximate."""

    step_size: float = 0.005
    chains: int = 16
    warmup: int = 200
    draws: int = 1000

    references: ClassVar[tuple[str, ...]] = ()  # BibTeX keys that a report cites
    uses_gradient: ClassVar[bool] = True

    @property
    def steps(self):
        return self.warmup + self.draws

    @property
    def positions_per_step(self):
        return self.chains

    def check(self, target):
        if not isinstance(target, rd.AbstractLeastSquares):
            raise rd.InputError("this method needs standard-normal latents", got=type(target).__name__)

    def init(self, target, key):
        return State(jax.vmap(target.init)(jr.split(key, self.chains)))

    def step(self, target, state, key, index):
        density, drift = jax.vmap(jax.value_and_grad(target.log_density))(state.position)
        noise = jr.normal(key, state.position.shape)
        position = state.position + self.step_size * drift + jnp.sqrt(2 * self.step_size) * noise
        finite = jnp.isfinite(position).all()
        return State(position), Record(finite, {"log_density": jnp.mean(density)}, position)

    def done(self, state):
        return jnp.asarray(False)

    def finish(self, target, state, history):
        position = jnp.moveaxis(history[self.warmup :], 0, 1)  # (chain, draw, dim)
        return rd.Draws(position, jnp.zeros(position.shape[:2]), "approximate", {}, final=state.position)


# %%
# **Use it** like any other: here on a straight line through eight points, whose posterior is known exactly.
TIME = jnp.linspace(0.0, 1.0, 8)


class Line(rd.AbstractAnsatz):
    """Intercept [m] and slope [m/s], standard normal before the data."""

    dim = property(lambda self: 2)

    def __call__(self, z):
        return z


posterior = rd.Posterior(
    Line(),
    rd.LinearForward(jnp.stack([jnp.ones(8), TIME], axis=1)),
    rd.Gaussian(0.5 - 0.8 * TIME + 0.5 * jr.normal(jr.key(0), (8,)), rd.Covariance.diagonal(jnp.full(8, 0.5))),
    derive=lambda unknown, _: {"intercept": unknown[0], "slope": unknown[1]},
    quantities=(rd.Quantity("intercept", "m"), rd.Quantity("slope", "m/s")),
)
result = rd.infer(posterior, UnadjustedLangevin(), seed=0, progress=False)
print(result)

# %%
# **Look at its bias.** The spread should be that of the exact posterior; it is too large by a share that grows with the step.
exact = rd.infer(posterior, rd.Laplace(draws=4000), seed=0, progress=False).quantities()["intercept"]["sd"]
sizes = (0.005, 0.015, 0.03)
runs = [rd.infer(posterior, UnadjustedLangevin(size, chains=64), seed=1, progress=False) for size in sizes]
figure, axes = plt.subplots(figsize=(4.8, 3.2))
axes.plot(sizes, [run.quantities()["intercept"]["sd"] / exact for run in runs], "o-", label="unadjusted Langevin")
axes.axhline(1, color="0.5", linewidth=0.8, label="exact")
axes.set(xlabel="step size", ylabel="sd of the intercept / exact", xlim=(0, 0.032), ylim=(0.9, None))
axes.legend()
figure.tight_layout()

# %%
# **To add it to the library** or to a domain of your own: one file, its import path in the ``methods`` of the domain (or in ``METHODS`` of ``retrodict/inference/__init__.py``), and a config may
# say ``method: {kind: UnadjustedLangevin, step_size: 0.01}``. Fields of the dataclass are the keys of the config, with their types and defaults. What a method measures about itself goes
# into ``Draws(diagnostics=...)``: small records that yield findings for the verdict (``run/diagnostic.py``). A method that corrects its bias returns ``"exact"``.
