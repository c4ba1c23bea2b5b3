"""Training the score network of U(1) in two dimensions: the recipe, and one network for several couplings."""

import math
from dataclasses import dataclass
from typing import Final

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Float, Key, PyTree, Scalar
from retrodict.generate.diffusion import Diffusion, ReverseSDE
from retrodict.generate.learners import SEED
from retrodict.generate.model import with_weights
from retrodict.generate.noise import geometric_levels
from retrodict.lattice.models.u1.diffusion import LARGEST, Transverse, UniformAngles
from retrodict.lattice.models.u1.flux import require_u1_plane
from retrodict.lattice.models.u1.network import U1Network
from retrodict.problem.learner import AbstractLearner
from retrodict.problem.target import AbstractTarget

FINEST: Final = 0.1  # level of the last step, in units of 1 / sqrt(beta)
STRATA: Final = 4  # levels at which the loss looks at an example


@dataclass(frozen=True)
class U1Diffusion:
    """The recipe of a trained diffusion model of U(1) links in two dimensions, with a density of its paths.

    For `IndependenceMetropolis(U1Diffusion(), data=HMC(winding=True), fit=Train(...))`: after the fit the levels and
    the widths of the steps of the reverse equation are measured on the configurations gathered.

    Args:
        channels: hidden fields of each parity of the score network.
        depth: its layers.
        steps: of the reverse equation. Twice as many cost twice as much and halve what the finite steps contribute to
            the variance of the weights.

    Example:
        >>> import equinox as eqx, jax.random as jr
        >>> from retrodict.lattice import U1, U1Diffusion, Wilson
        >>> model = eqx.filter_eval_shape(U1Diffusion(steps=100).on, Wilson(U1(), (8, 8), beta=2.0), jr.key(0))
        >>> model.process.levels.shape, model.density.value
        ((101,), 'path-space')
    """

    channels: int = 12
    depth: int = 3
    steps: int = 200

    def on(self, target: AbstractTarget, key: Key) -> ReverseSDE:
        """The untrained model of a theory.

        Args:
            target: a lattice action.
            key: random key of the initial weights.

        Raises:
            InputError: unless the theory is U(1) in two dimensions, and for sizes below one.
        """
        action = require_u1_plane(target, "diffusion models of links")
        if min(self.channels, self.depth, self.steps) < 1:
            raise InputError("no such network", got=str(self), expected="channels, depth, steps >= 1")
        (columns, rows), dtype = action.shape, action.dtype
        score = U1Network(jnp.asarray(action.beta, dtype), (columns, rows), self.channels, self.depth)
        levels = geometric_levels(LARGEST, FINEST / math.sqrt(action.beta), self.steps).astype(dtype)
        start = UniformAngles(jnp.zeros((2, columns, rows), dtype))
        variance = jnp.asarray(1 / (4 * action.beta), float)  # an array, as in a compiled run
        process = Diffusion(score, start, levels, variance, STRATA)
        widths = jnp.zeros((self.steps + 1, columns, rows), dtype)
        modes = Transverse((2, columns, rows))
        return ReverseSDE(process=process, weights=score.init(key), modes=modes, information=widths)


class FromCouplings(AbstractLearner):
    """One network trained on configurations at several couplings, each batch with the same share of all of them.

    Args:
        model: the untrained model, at any coupling.
        betas: the couplings.
        examples: configurations at each of them [rad].
        held_out: the configurations at each of them by which the training is judged [rad].
    """

    model: ReverseSDE
    betas: Float[Array, " couplings"]
    examples: Float[Array, "couplings examples 2 columns rows"]
    held_out: Float[Array, "couplings held 2 columns rows"]

    def init(self, key: Key) -> PyTree[Float[Array, "..."]]:
        """The weights of the untrained model.

        Args:
            key: not used.
        """
        return self.model.weights

    def loss(self, x: PyTree[Float[Array, "..."]], key: Key, batch: int) -> Scalar:
        pick, noise = jr.split(key)
        share = max(1, batch // len(self.betas))
        chosen = jr.randint(pick, (len(self.betas), share), 0, self.examples.shape[1])
        return self._mean(x, jax.vmap(lambda fields, at: fields[at])(self.examples, chosen), noise)

    def validation(self, x: PyTree[Float[Array, "..."]]) -> Scalar:
        return self._mean(x, self.held_out, jr.key(SEED))

    def _mean(self, x: PyTree, fields: Float[Array, "couplings fields 2 columns rows"], key: Key) -> Scalar:
        """The mean loss over fields and couplings."""

        def loss_at(beta: Scalar, examples: Float[Array, "fields 2 columns rows"], noise_key: Key) -> Scalar:
            model = at_coupling(with_weights(self.model, x), beta)
            return jnp.mean(jax.vmap(model.loss)(examples, jr.split(noise_key, len(examples))))

        return jnp.mean(jax.vmap(loss_at)(self.betas, fields, jr.split(key, len(self.betas))))


def at_coupling(model: ReverseSDE, beta: Scalar | float) -> ReverseSDE:
    """The same network at another coupling, on levels between the same bounds in its units.

    The widths of the steps stay those of the old coupling; `tune_sampler` measures them anew.

    Args:
        model: the model at any coupling.
        beta: the new coupling.
    """
    dtype = model.process.levels.dtype
    steps = len(model.process.levels) - 1
    beta = jnp.asarray(beta, dtype)
    last = jnp.log(FINEST / jnp.sqrt(beta))
    levels = jnp.exp(jnp.linspace(jnp.log(LARGEST), last, steps + 1)).astype(dtype)
    where = lambda m: (m.process.score.beta, m.process.levels)  # noqa: E731
    return eqx.tree_at(where, model, (beta, levels))
