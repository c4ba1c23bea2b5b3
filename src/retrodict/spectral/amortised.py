r"""The supervised way: a network that has seen many mock spectra answers at once, for one kernel, grid and noise.

Draws of a prior and noisy correlators made from them are the training set; the network sees the data in the modes that
they can have, and answers with rho on the reported grid. It minimises the mean squared error of $\ln(1 + \rho/m)$, with
a typical spectral function m of the same correlator's size, and so estimates the posterior mean of that logarithm for
the prior of its training set: a robust one, where the mean of $\rho^2$ belongs to a few narrow lines. It knows neither
an uncertainty nor whether the data are of a kind that it has seen: on others it fails without a warning. It is here
to be compared. Sources: Kades et al., PRD 102, 096001 (2020); Yoon, Sim, Han, PRB 98, 245101 (2018).
"""

from dataclasses import dataclass
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.problem.learner import AbstractLearner, fresh_weights
from retrodict.problem.posterior import Posterior
from retrodict.run.loop import advance
from retrodict.spectral.classical.problem import Reconstruction
from retrodict.spectral.derived import Derive

Values = Float[Array, " points"]
Modes = Float[Array, " modes"]

NORMALISING: Final = 1000  # draws of the prior, whose medians are the units of the network
HELD_OUT: Final = 500
OUTLIER: Final = 1e3  # typical sizes: a draw whose correlator is larger is not data that anybody has
LARGEST: Final = 4.0  # of a scaled input: beyond, it saturates


class Units(eqx.Module):
    """What inputs and outputs of the network are measured in."""

    size: Scalar  # median norm of the data
    direction: Modes  # typical share of each mode in the norm
    rho: Values  # typical spectral function at that norm


class AmortisedLearner(AbstractLearner):
    """Mean squared error of ln(1 + rho/m) on the reported grid; every batch makes new spectra and new noise."""

    network: eqx.nn.MLP
    posterior: Posterior
    shown: Float[Array, "points nodes"]
    units: Units

    def init(self, key: Key) -> PyTree[Float[Array, "..."]]:
        """Fresh weights."""
        return fresh_weights(self.network, key)

    def mock(self, key: Key) -> tuple[Values, Modes]:
        """A spectral function of the prior on the reported grid, and noisy data in modes; nothing for an outlier."""
        spectrum_key, noise_key = jr.split(key)
        rho = self.posterior.ansatz(self.posterior.init(spectrum_key))
        exact, _ = self.posterior.forward(rho)
        usable = jnp.linalg.norm(exact) < OUTLIER * self.units.size  # false where it is not finite
        shown = jnp.maximum(self.shown @ rho, 0.0)  # cubic interpolation undershoots beside a narrow line
        rho, exact = jnp.where(usable, shown, 0.0), jnp.where(usable, exact, 0.0)
        return rho, exact + jr.normal(noise_key, exact.shape)

    def predict(self, x: PyTree[Float[Array, "..."]], observed: Modes) -> Values:
        """rho on the reported grid, positive, from data in units of the noise."""
        return self.typical(observed) * jnp.expm1(self.logarithm(x, observed))

    def typical(self, observed: Modes) -> Values:
        """m: the typical spectral function, in proportion to the data."""
        return jnp.linalg.norm(observed) / self.units.size * self.units.rho

    def logarithm(self, x: PyTree[Float[Array, "..."]], observed: Modes) -> Values:
        """ln(1 + rho/m), positive: what the network says."""
        size = jnp.linalg.norm(observed)
        share = jnp.arcsinh(observed / (size * self.units.direction))
        logarithm = jnp.arcsinh(observed) / LARGEST
        inputs = jnp.concatenate([jnp.log(size / self.units.size)[None], jnp.clip(share, -LARGEST, LARGEST), logarithm])
        return jax.nn.softplus(eqx.combine(x, self.network)(inputs))

    def loss(self, x: PyTree[Float[Array, "..."]], key: Key, batch: int) -> Scalar:
        """On new spectra."""
        rho, observed = jax.vmap(self.mock)(jr.split(key, batch))
        wanted = jnp.log1p(rho / jax.vmap(self.typical)(observed))
        return jnp.mean((jax.vmap(lambda o: self.logarithm(x, o))(observed) - wanted) ** 2)

    def validation(self, x: PyTree[Float[Array, "..."]]) -> Scalar:
        """On five hundred fixed spectra."""
        return self.loss(x, jr.key(1), HELD_OUT)


@dataclass(frozen=True)
class Amortised:
    """A trained network with the problem that it was trained for."""

    learner: AmortisedLearner
    parameters: PyTree[Float[Array, "..."]]
    omega: Float[np.ndarray, " points"]
    validation: float  # mean squared error of ln(1 + rho/m) on spectra of the training prior


def trained_for(
    posterior: Posterior, *, steps: int = 6000, batch: int = 128, width: int = 128, depth: int = 3, seed: int = 0
) -> Amortised:
    """A network for the kernel, grid, noise and prior of `posterior`; its data do not matter.

    Raises `InputError` for a posterior of another domain, or one whose spectral functions may be negative.
    """
    learner = amortised_learner(posterior, width=width, depth=depth)
    method = Train(steps=steps, batch=batch, learning_rate=Cosine(2e-3, 1e-5), every=max(1, steps // 20))
    finished = advance(learner, method, seed=seed)
    draws = method.finish(learner, finished.state, finished.history)
    parameters = jax.tree.map(lambda leaf: leaf[0, 0], draws.position)
    return Amortised(learner, parameters, _shown_grid(posterior), float(finished.state.best_validation))


def amortised_reconstruction(network: Amortised, data: Float[np.ndarray, " points"]) -> Reconstruction:
    """The answer of a trained network to data at the points, and with the noise, that it was trained for."""
    likelihood = network.learner.posterior.likelihood.with_data(jnp.asarray(data))
    observed = -likelihood.residual(jnp.zeros(len(network.learner.units.direction)))
    rho = np.asarray(network.learner.predict(network.parameters, observed))
    error = network.validation**0.5
    description = f"network trained on draws of a prior, error {error:.2f} of ln(1 + rho/m) there; no uncertainty"
    nothing = float("nan")
    return Reconstruction("amortised", network.omega, rho, None, nothing, nothing, description, ("kingma2015",))


def amortised_learner(posterior: Posterior, *, width: int = 128, depth: int = 3) -> AmortisedLearner:
    """The untrained learner. Raises `InputError` as `trained_for`."""
    derive = posterior.derive
    if not isinstance(derive, Derive):
        raise InputError("an amortised network needs a spectral problem", got=type(derive).__name__, fix="problem(...)")
    omega = _shown_grid(posterior)
    draws = jax.jit(jax.vmap(posterior.ansatz))(jax.vmap(posterior.init)(jr.split(jr.key(0), NORMALISING)))
    if jnp.any(draws < 0):
        raise InputError("the network answers with a positive rho", fix="ansatz.positive: true")
    predicted = jax.vmap(lambda rho: posterior.forward(rho)[0])(draws)
    size = jnp.linalg.norm(predicted, axis=1)
    direction = jnp.median(jnp.abs(predicted) / size[:, None], axis=0) + 1 / jnp.median(size)
    middle = jnp.median(size)
    rho = jnp.median((draws @ derive.shown.T) * (middle / size)[:, None], axis=0)
    network = eqx.nn.MLP(1 + 2 * len(direction), len(omega), width, depth, jax.nn.gelu, key=jr.key(0))
    return AmortisedLearner(network, posterior, derive.shown, Units(middle, direction, rho))


def _shown_grid(posterior: Posterior) -> Float[np.ndarray, " points"]:
    return next(np.asarray(q.grid) for q in posterior.quantities if q.name == "spectral_function")
