"""Training the network of U(1) in two dimensions: a recipe for `IndependenceMetropolis`, and one network for several
couplings."""

from dataclasses import dataclass
from typing import Any, Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.generate.diffusion import Diffusion, ReverseSDE
from retrodict.generate.learners import SEED
from retrodict.generate.model import with_weights
from retrodict.generate.noise import geometric_levels
from retrodict.lattice.core.action import real_dtype
from retrodict.lattice.models.u1.diffusion import LARGEST, Transverse, UniformAngles
from retrodict.lattice.models.u1.flux import u1_in_the_plane
from retrodict.lattice.models.u1.network import U1Network
from retrodict.problem.learner import AbstractLearner

FINEST: Final = 0.1  # level of the last step, in units of 1 / sqrt(beta)
STRATA: Final = 4  # levels at which the loss looks at an example


@dataclass(frozen=True)
class U1Diffusion:
    """The recipe of a trained diffusion model of U(1) links in two dimensions, which knows the density of its paths.

    For `IndependenceMetropolis(U1Diffusion(), data=HMC(winding=True), fit=Train(...))`: after the fit the levels and
    the widths of the `steps` of the reverse equation are measured on the configurations gathered. Twice the `steps`
    cost twice as much and halve what the finite steps contribute to the variance of the weights.
    """

    channels: int = 12
    depth: int = 3
    steps: int = 200

    def on(self, target: Any, key: Key) -> ReverseSDE:
        """The untrained model for the links of `target`. Raises `InputError` for other theories."""
        action = u1_in_the_plane(target, "diffusion models of links")
        if min(self.channels, self.depth, self.steps) < 1:
            raise InputError("no such network", got=str(self), expected="channels, depth, steps >= 1")
        columns, rows = action.shape
        dtype = real_dtype(action.precision)
        score = U1Network(jnp.asarray(action.beta, dtype), (columns, rows), self.channels, self.depth)
        levels = geometric_levels(LARGEST, FINEST / np.sqrt(action.beta), self.steps).astype(dtype)
        start = UniformAngles(jnp.zeros((2, columns, rows), dtype))
        process = Diffusion(score, start, levels, 1 / (4 * action.beta), STRATA)
        widths = jnp.zeros((self.steps + 1, columns, rows), dtype)
        return ReverseSDE(process, score.init(key), Transverse((2, columns, rows)), widths)


class FromCouplings(AbstractLearner):
    """One network trained on configurations at several couplings, each batch with the same share of all of them."""

    model: ReverseSDE
    betas: Float[Array, " couplings"]
    examples: Float[Array, "couplings examples two columns rows"]
    held_out: Float[Array, "couplings held two columns rows"]

    def init(self, key: Key) -> PyTree[Float[Array, "..."]]:
        """The weights that the model came with."""
        return self.model.weights

    def loss(self, x: PyTree[Float[Array, "..."]], key: Key, batch: int) -> Scalar:
        pick, noise = jr.split(key)
        each = max(1, batch // len(self.betas))
        chosen = jr.randint(pick, (len(self.betas), each), 0, self.examples.shape[1])
        return self._mean(x, jax.vmap(lambda fields, at: fields[at])(self.examples, chosen), noise)

    def validation(self, x: PyTree[Float[Array, "..."]]) -> Scalar:
        return self._mean(x, self.held_out, jr.key(SEED))

    def _mean(self, x: PyTree, fields: Array, key: Key) -> Scalar:
        def at(beta: Scalar, some: Array, k: Key) -> Scalar:
            model = at_coupling(with_weights(self.model, x), beta)
            return jnp.mean(jax.vmap(model.loss)(some, jr.split(k, len(some))))

        return jnp.mean(jax.vmap(at)(self.betas, fields, jr.split(key, len(self.betas))))


def at_coupling(model: ReverseSDE, beta: Scalar) -> ReverseSDE:
    """The same network at another coupling, on levels between the same bounds in its units; its steps not settled."""
    dtype = model.process.levels.dtype
    steps = len(model.process.levels) - 1
    beta = jnp.asarray(beta, dtype)
    last = jnp.log(FINEST / jnp.sqrt(beta))
    levels = jnp.exp(jnp.linspace(jnp.log(LARGEST), last, steps + 1)).astype(dtype)
    where = lambda m: (m.process.score.beta, m.process.levels)  # noqa: E731
    return eqx.tree_at(where, model, (beta, levels))
