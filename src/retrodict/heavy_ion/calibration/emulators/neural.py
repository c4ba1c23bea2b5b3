r"""Networks for the components of the outputs, each trained without one fold of the design.

A network is a straight line beside two hidden layers. The emulator is the mean of all of them; what each says of its
own fold is the leave-one-out mean, and the mean square of these residuals is the variance. One network has seen less
of the design than the mean of all has, so that this error is rather too large than too small.
"""

from dataclasses import dataclass
from typing import Annotated

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jaxtyping import Int
from pydantic import Field

from retrodict.base.types import Array, Bool, Count, Float, Key, Positive, Scalar
from retrodict.heavy_ion.calibration.emulators.components import components_of, standardised
from retrodict.heavy_ion.calibration.emulators.emulator import (
    AbstractEmulator,
    Inputs,
    Outputs,
    Readout,
    check_design,
    readout,
)
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.problem.learner import AbstractLearner
from retrodict.run.loop import advance

RATE = Cosine(5e-3, 5e-5)
BATCH = 128  # runs of an update

Folds = Annotated[int, Field(ge=2)]


class Networks(eqx.Module):
    """Weights of networks; leading axis, where there is one: networks."""

    line: Float[Array, "*networks components inputs"]
    constant: Float[Array, "*networks components"]
    first: Float[Array, "*networks wide inputs"]
    first_bias: Float[Array, "*networks wide"]
    second: Float[Array, "*networks wide wide"]
    second_bias: Float[Array, "*networks wide"]
    last: Float[Array, "*networks components wide"]

    def __call__(self, z: Float[Array, " inputs"]) -> Float[Array, " components"]:
        """Components, by one network.

        Args:
            z: standardised inputs.
        """
        hidden = jnp.tanh(self.second @ jnp.tanh(self.first @ z + self.first_bias) + self.second_bias)
        return self.constant + self.line @ z + self.last @ hidden


class NetworkEmulator(AbstractEmulator):
    """The mean of networks for the components.

    Args:
        readout: from components to outputs.
        mean_input: of the design, in units of the inputs.
        spread_input: standard deviation over the design, in units of the inputs.
        networks: one for each fold of the design.
    """

    readout: Readout
    mean_input: Float[Array, " inputs"]
    spread_input: Float[Array, " inputs"]
    networks: Networks

    def scores(self, inputs: Float[Array, " inputs"]) -> Float[Array, " components"]:
        z = (inputs - self.mean_input) / self.spread_input
        return jnp.mean(jax.vmap(lambda network: network(z))(self.networks), axis=0)


class FoldsLearner(AbstractLearner):
    """Mean square residual of all networks, each over the runs that are not in its fold, with a penalty for weights.

    Args:
        inputs: standardised, of all runs.
        components: of the same runs.
        trained: whether a network is trained on a run.
        wide: units of a hidden layer.
        penalty: of the sum of the squares of all weights of hidden layers.
    """

    inputs: Float[Array, "points inputs"]
    components: Float[Array, "points components"]
    trained: Bool[Array, "networks points"]
    wide: int = eqx.field(static=True)
    penalty: float = eqx.field(static=True)

    def init(self, key: Key) -> Networks:
        """Fresh weights."""
        folds, wide = len(self.trained), self.wide
        d, c = self.inputs.shape[1], self.components.shape[1]
        keys = jr.split(key, 3)

        def normal(k: Key, *shape: int) -> Float[Array, "..."]:
            return jr.normal(k, (folds, *shape)) / np.sqrt(shape[-1])

        return Networks(
            jnp.zeros((folds, c, d)),
            jnp.zeros((folds, c)),
            normal(keys[0], wide, d),
            jnp.zeros((folds, wide)),
            normal(keys[1], wide, wide),
            jnp.zeros((folds, wide)),
            normal(keys[2], c, wide),
        )

    def loss(self, x: Networks, key: Key, batch: int) -> Scalar:
        """The loss over runs drawn at random, the same for all networks."""
        return self._loss(x, jr.choice(key, len(self.inputs), (batch,), replace=False))

    def validation(self, x: Networks) -> Scalar:
        """The loss over all runs: those left out stay unseen."""
        return self._loss(x, jnp.arange(len(self.inputs)))

    def _loss(self, x: Networks, runs: Int[Array, " runs"]) -> Scalar:
        found = jax.vmap(lambda network: jax.vmap(network)(self.inputs[runs]))(x)
        square = jnp.sum((found - self.components[runs]) ** 2, axis=2)
        weights = sum(jnp.sum(w**2) for w in (x.first, x.second, x.last))
        return jnp.mean(square * self.trained[:, runs]) + self.penalty * weights / len(self.trained)


@dataclass(frozen=True)
class NeuralEmulator:
    """Principal components, given by the mean of networks of which each has not seen one fold of the design.

    Args:
        components: how many principal components are emulated; the others are noise.
        networks: how many there are, each with a fold of its own.
        wide: units of a hidden layer.
        steps: updates in training.
        penalty: of the sum of the squares of the weights of hidden layers, in units of the variance of the components.

    Example:
        >>> NeuralEmulator(networks=4).networks
        4
    """

    components: Count = 10
    networks: Folds = 8
    wide: Count = 64
    steps: Count = 3000
    penalty: Positive = 5e-3

    def fit(self, inputs: Inputs, outputs: Outputs, *, seed: int = 0) -> NetworkEmulator:
        """Learn.

        Args:
            inputs: of the runs, one row a run.
            outputs: of the same runs.
            seed: of folds, weights and batches.

        Raises:
            InputError: if the tables are no design.
        """
        check_design(inputs, outputs)
        table = standardised(np.asarray(inputs, dtype=float))
        parts = components_of(np.asarray(outputs), self.components)
        n = len(inputs)
        fold = np.random.default_rng(seed).permutation(n) % self.networks
        trained = jnp.asarray(fold != np.arange(self.networks)[:, None])
        z = jnp.asarray(table.columns)
        learner = FoldsLearner(z, jnp.asarray(parts.scores), trained, self.wide, self.penalty)
        method = Train(self.steps, min(BATCH, n), RATE, self.steps)
        networks = advance(learner, method, seed=seed).state.parameters
        every = eqx.filter_jit(lambda all_: jax.vmap(lambda one: jax.vmap(one)(z))(all_))(networks)
        said = np.asarray(every)[fold, np.arange(n)]
        variance = np.broadcast_to(np.mean((parts.scores - said) ** 2, axis=0), said.shape)
        shared = readout(parts, said, variance)
        return NetworkEmulator(shared, jnp.asarray(table.mean), jnp.asarray(table.scale), networks)
