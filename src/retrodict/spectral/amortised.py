r"""Supervised learning: a network trained on mock spectra, for one kernel, grid and noise.

Draws of a prior and noisy correlators made from them are the training set; the inputs of the network are the data in
the modes of the likelihood, its output is rho at the reported frequencies. The loss is the mean squared error of
$\ln(1 + \rho/m)$, with a typical spectral function m of the same correlator's size; the answer so estimates the
posterior mean of that logarithm for the prior of the training set: a robust one, where the mean of $\rho^2$ is
dominated by a few narrow lines. It gives no uncertainty, and on data unlike the training set it fails without a
warning. It serves for comparison.

Sources: Kades et al., PRD 102, 096001 (2020); Yoon, Sim, Han, PRB 98, 245101 (2018).
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

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
from retrodict.spectral.derived import derivation_of

Values: TypeAlias = Float[Array, " frequencies"]
Modes: TypeAlias = Float[Array, " modes"]
Parameters: TypeAlias = PyTree[Float[Array, "..."]]

NORMALISING: Final = 1000  # draws of the prior, whose medians are the units of the network
HELD_OUT: Final = 500
OUTLIER: Final = 1e3  # typical sizes: a draw whose correlator is larger is not used
LARGEST: Final = 4.0  # of a scaled input: beyond, it saturates


class Units(eqx.Module):
    """Units of the inputs and outputs of the network."""

    size: Scalar  # median norm of the data
    direction: Modes  # typical share of each mode in the norm
    rho: Values  # typical spectral function at that norm


class AmortisedLearner(AbstractLearner):
    """Mean squared error of ln(1 + rho/m) on the reported grid; every batch makes new spectra and new noise."""

    network: eqx.nn.MLP  # its weights are not used, only its shape
    posterior: Posterior  # prior, kernel and noise of the training set
    reported: Float[Array, "frequencies nodes"]  # interpolates rho to the reported frequencies
    units: Units  # of its inputs and outputs

    def init(self, key: Key) -> Parameters:
        """Draw the weights with `key`."""
        return fresh_weights(self.network, key)

    def mock(self, key: Key) -> tuple[Values, Modes]:
        """Draw a spectral function at the reported frequencies, and noisy data in modes; zeros for an outlier."""
        spectrum_key, noise_key = jr.split(key)
        rho = self.posterior.unknown(self.posterior.init(spectrum_key))
        exact, _ = self.posterior.forward(rho)
        usable = jnp.linalg.norm(exact) < OUTLIER * self.units.size  # false where it is not finite
        reported = jnp.maximum(self.reported @ rho, 0.0)  # cubic interpolation undershoots beside a narrow line
        rho, exact = jnp.where(usable, reported, 0.0), jnp.where(usable, exact, 0.0)
        return rho, exact + jr.normal(noise_key, exact.shape)

    def predict(self, x: Parameters, observed: Modes) -> Values:
        """The answer of the network.

        Args:
            x: its weights.
            observed: data in modes, in units of the noise.

        Returns:
            rho at the reported frequencies, positive.
        """
        return self.typical(observed) * jnp.expm1(self.logarithm(x, observed))

    def typical(self, observed: Modes) -> Values:
        """m: the typical spectral function, in proportion to the data `observed`."""
        return jnp.linalg.norm(observed) / self.units.size * self.units.rho

    def logarithm(self, x: Parameters, observed: Modes) -> Values:
        """ln(1 + rho/m), positive: the output of the network with weights `x`."""
        size = jnp.linalg.norm(observed)
        share = jnp.arcsinh(observed / (size * self.units.direction))
        logarithm = jnp.arcsinh(observed) / LARGEST
        inputs = jnp.concatenate([jnp.log(size / self.units.size)[None], jnp.clip(share, -LARGEST, LARGEST), logarithm])
        return jax.nn.softplus(eqx.combine(x, self.network)(inputs))

    def loss(self, x: Parameters, key: Key, batch: int) -> Scalar:
        """Mean loss of weights `x` on a `batch` of new spectra, drawn with `key`."""
        rho, observed = jax.vmap(self.mock)(jr.split(key, batch))
        truth = jnp.log1p(rho / jax.vmap(self.typical)(observed))
        return jnp.mean((jax.vmap(lambda o: self.logarithm(x, o))(observed) - truth) ** 2)

    def validation(self, x: Parameters) -> Scalar:
        """Mean loss of weights `x` on five hundred fixed spectra."""
        return self.loss(x, jr.key(1), HELD_OUT)


@dataclass(frozen=True)
class Amortised:
    """A trained network with the problem that it was trained for."""

    learner: AmortisedLearner  # shape and units of the network
    parameters: Parameters  # its weights
    omega: Float[np.ndarray, " frequencies"]  # at which it gives rho
    validation: float  # mean squared error of ln(1 + rho/m) on spectra of the training prior


def train_network(
    posterior: Posterior, *, steps: int = 6000, batch: int = 128, width: int = 128, depth: int = 3, seed: int = 0
) -> Amortised:
    """Train a network for the kernel, grid, noise and prior of a posterior; its data are not used.

    Args:
        posterior: of a positive spectral function.
        steps: batches of the training.
        batch: spectra in a batch.
        width: units of a hidden layer.
        depth: hidden layers.
        seed: of the weights and of the training set.

    Raises:
        InputError: for a posterior of another domain, or one whose spectral functions may be negative.
    """
    learner = amortised_learner(posterior, width=width, depth=depth)
    method = Train(steps=steps, batch=batch, learning_rate=Cosine(2e-3, 1e-5), every=max(1, steps // 20))
    finished = advance(learner, method, seed=seed)
    draws = method.finish(learner, finished.state, finished.history)
    parameters = jax.tree.map(lambda leaf: leaf[0, 0], draws.position)
    return Amortised(learner, parameters, _reported_grid(posterior), float(finished.state.best_validation))


def amortised_reconstruction(network: Amortised, data: Float[np.ndarray, " points"]) -> Reconstruction:
    """The answer of a trained network to data at the points, and with the noise, for which it was trained.

    Args:
        network: as `train_network` returns it.
        data: values of the correlator, shape (points,).
    """
    likelihood = network.learner.posterior.likelihood.with_data(jnp.asarray(data))
    observed = -likelihood.residual(jnp.zeros(len(network.learner.units.direction)))
    rho = np.asarray(network.learner.predict(network.parameters, observed))
    error = network.validation**0.5
    description = f"network trained on draws of a prior, error {error:.2f} of ln(1 + rho/m) there; no uncertainty"
    nothing = float("nan")
    return Reconstruction("amortised", network.omega, rho, None, nothing, nothing, description, ("kingma2015",))


def amortised_learner(posterior: Posterior, *, width: int = 128, depth: int = 3) -> AmortisedLearner:
    """The untrained network, with the units of its inputs and outputs.

    Args:
        posterior: of a positive spectral function.
        width: units of a hidden layer.
        depth: hidden layers.

    Raises:
        InputError: as `train_network`.
    """
    derive = derivation_of(posterior)
    omega = _reported_grid(posterior)
    draws = jax.jit(jax.vmap(posterior.ansatz))(jax.vmap(posterior.init)(jr.split(jr.key(0), NORMALISING)))
    if jnp.any(draws < 0):
        raise InputError("the network answers with a positive rho", fix="ansatz.positive: true")
    predicted = jax.vmap(lambda rho: posterior.forward(rho)[0])(draws)
    size = jnp.linalg.norm(predicted, axis=1)
    direction = jnp.median(jnp.abs(predicted) / size[:, None], axis=0) + 1 / jnp.median(size)
    middle = jnp.median(size)
    rho = jnp.median((draws @ derive.reported.T) * (middle / size)[:, None], axis=0)
    network = eqx.nn.MLP(1 + 2 * len(direction), len(omega), width, depth, jax.nn.gelu, key=jr.key(0))
    return AmortisedLearner(network, posterior, derive.reported, Units(middle, direction, rho))


def _reported_grid(posterior: Posterior) -> Float[np.ndarray, " frequencies"]:
    return next(np.asarray(q.grid) for q in posterior.quantities if q.name == "spectral_function")
