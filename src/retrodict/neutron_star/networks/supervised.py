r"""The direct inverse: a network from masses and radii to the sound speed, after Fujimoto, Fukushima and Murase.

PRD 98 (2018) 023019, PRD 101 (2020) 054016, JHEP 03 (2021) 273: random equations of state make random observations with
random errors, the network sees the numbers *and the errors* and answers with the sound speed of five segments of
density. Its output minimises a mean squared error, so it estimates the posterior *mean* under the prior of the training
set and gives no uncertainty; the scatter of resampled inputs and of an ensemble of networks is not one either. It is
here to be compared.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.constants import SATURATION_DENSITY
from retrodict.base.types import Array, Flag, Float, Key, PyTree, Scalar
from retrodict.neutron_star.eos.equation_of_state import EquationOfState, core_nodes, from_sound_speed
from retrodict.neutron_star.forward import Stars
from retrodict.neutron_star.stars.branch import LIGHTEST, Branch
from retrodict.problem.learner import AbstractLearner, fresh_weights

SEGMENTS = 5
EDGES = SATURATION_DENSITY * np.geomspace(1.0, 8.0, SEGMENTS + 1)  # fm^-3
INTERVALS = 8  # of the grid in each segment
LOWEST, HIGHEST = 0.01, 0.99  # c_s^2 of a segment in the training set
LARGEST_ERROR = np.array([1.0, 5.0])  # Msun, km: errors of the training set are uniform up to these
MEASURED = np.array([1.5, 12.0, 0.5, 3.0])  # typical mass, radius and errors: what inputs are divided by
QUANTILES = 64  # of the stars of a curve, uniform in mass


def segment_equation_of_state(speed: Float[Array, " segments"]) -> EquationOfState:
    """Crust up to n_sat, then a constant c_s^2 in each of five segments, logarithmic between 1 and 8 n_sat.

    Args:
        speed: c_s^2 of the segments, shape (segments,).
    """
    nodes = core_nodes([jnp.asarray(x) for x in np.log(EDGES)], [INTERVALS] * SEGMENTS)
    return from_sound_speed(nodes, jnp.repeat(speed, INTERVALS)[:, None] * jnp.ones(3))


class Curves(eqx.Module):
    """Random equations of state and their stars, ordered along the stable branch (one curve: no first axis)."""

    speed: Float[Array, "*curves segments"]  # c_s^2 of the segments
    mass: Float[Array, "*curves quantiles"]  # Msun
    radius: Float[Array, "*curves quantiles"]  # km


def curves(key: Key, count: int, *, least_maximum_mass: float = 1.9, batch: int = 500) -> Curves:
    """Draw from the prior of the training set and keep the draws that are heavy enough.

    Args:
        key: random key.
        count: number of draws.
        least_maximum_mass: least maximum mass of a draw that is kept [Msun].
        batch: how many are solved at the same time.
    """

    def draw(k: Key) -> tuple[Curves, Flag]:
        speed = jr.uniform(k, (SEGMENTS,), minval=LOWEST, maxval=HIGHEST)
        prediction, valid = Stars()(segment_equation_of_state(speed))
        usable = valid & (prediction.branch.maximum_mass >= least_maximum_mass)
        return Curves(speed, *star_quantiles(prediction.branch)), usable

    candidates, usable = eqx.filter_jit(lambda keys: jax.lax.map(draw, keys, batch_size=min(batch, count)))(
        jr.split(key, count)
    )
    return jax.tree.map(lambda leaf: leaf[np.flatnonzero(usable)], candidates)


def star_quantiles(branch: Branch) -> tuple[Float[Array, " quantiles"], Float[Array, " quantiles"]]:
    """Mass [Msun] and radius [km] of stars at equal steps of mass along the stable branch above `LIGHTEST`.

    Args:
        branch: stable stars of an equation of state.
    """
    lower, gain = branch.mass[:, 0], branch.mass[:, 1] - branch.mass[:, 0]
    start = jnp.clip((LIGHTEST - lower) / jnp.where(gain > 0, gain, 1.0), 0.0, 1.0)
    weight = branch.rise * (1 - start)
    reached = jnp.cumsum(weight)
    wanted = jnp.linspace(0.0, 1.0, QUANTILES) * reached[-1]
    cell = jnp.clip(jnp.searchsorted(reached, wanted, side="right"), 0, len(weight) - 1)
    share = (wanted - reached[cell] + weight[cell]) / jnp.where(weight[cell] > 0, weight[cell], 1.0)
    t = start[cell] + (1 - start[cell]) * jnp.clip(share, 0.0, 1.0)
    mass, radius = (v[cell, 0] + t * (v[cell, 1] - v[cell, 0]) for v in (branch.mass, branch.radius))
    return mass, radius


class InverseLearner(AbstractLearner):
    """Mean squared error of the five sound speeds; every batch makes new observations of the stored curves."""

    network: eqx.nn.MLP  # architecture, with weights that are replaced
    train: Curves  # training set
    held_out: Curves  # validation set
    stars: int = eqx.field(static=True)  # number of observed stars

    def __init__(self, train: Curves, held_out: Curves, *, stars: int = 18, width: int = 60, depth: int = 3) -> None:
        """Set up a network.

        Args:
            train: curves to train on.
            held_out: curves for validation.
            stars: number of observed stars.
            width: units of a hidden layer.
            depth: number of hidden layers.
        """
        self.network = eqx.nn.MLP(4 * stars, SEGMENTS, width, depth, jax.nn.relu, key=jr.key(0))
        self.train, self.held_out, self.stars = train, held_out, stars

    def init(self, key: Key) -> PyTree[Float[Array, "..."]]:
        """Fresh weights.

        Args:
            key: random key.
        """
        return fresh_weights(self.network, key)

    def predict(self, x: PyTree[Float[Array, "..."]], observed: Float[Array, "stars 4"]) -> Float[Array, " segments"]:
        """c_s^2 of the segments.

        Args:
            x: weights of the network.
            observed: mass [Msun], radius [km] and their errors, one row for each star, in any order.
        """
        ordered = observed[jnp.argsort(observed[:, 0])] / MEASURED
        output = eqx.combine(x, self.network)(ordered.ravel())
        return LOWEST + (HIGHEST - LOWEST) * jax.nn.sigmoid(output)

    def loss(self, x: PyTree[Float[Array, "..."]], key: Key, batch: int) -> Scalar:
        """Mean squared error on new observations of a random batch of curves.

        Args:
            x: weights of the network.
            key: random key.
            batch: number of curves in it.
        """
        return self._error(x, self.train, key, batch)

    def validation(self, x: PyTree[Float[Array, "..."]]) -> Scalar:
        """Mean squared error on fixed observations of 2000 held-out curves.

        Args:
            x: weights of the network.
        """
        return self._error(x, self.held_out, jr.key(1), 2000)

    def _error(self, x: PyTree[Float[Array, "..."]], curves: Curves, key: Key, batch: int) -> Scalar:
        choice_key, star_key = jr.split(key)
        index = jr.randint(choice_key, (batch,), 0, len(curves.speed))
        observed = jax.vmap(lambda k, m, r: observe(k, m, r, self.stars))(
            jr.split(star_key, batch), curves.mass[index], curves.radius[index]
        )
        return jnp.mean((jax.vmap(lambda o: self.predict(x, o))(observed) - curves.speed[index]) ** 2)


def observe(
    key: Key, mass: Float[Array, " quantiles"], radius: Float[Array, " quantiles"], stars: int
) -> Float[Array, "stars 4"]:
    """Simulate observations with random errors.

    Args:
        key: random key.
        mass: masses of a curve [Msun], shape (quantiles,).
        radius: radii [km], shape (quantiles,).
        stars: number of observed stars.

    Returns:
        Rows of mass [Msun], radius [km] and their errors, shape (stars, 4).
    """
    star_key, error_key, noise_key = jr.split(key, 3)
    place = (QUANTILES - 1) * jr.uniform(star_key, (stars,))
    cell = jnp.minimum(place.astype(int), QUANTILES - 2)
    true = jnp.stack([v[cell] + (place - cell) * (v[cell + 1] - v[cell]) for v in (mass, radius)], axis=1)
    error = jr.uniform(error_key, (stars, 2)) * LARGEST_ERROR
    return jnp.concatenate([true + error * jr.normal(noise_key, (stars, 2)), error], axis=1)


def resampled_predictions(
    learner: InverseLearner,
    networks: PyTree[Float[Array, "networks ..."]],
    observed: Float[Array, "stars 4"],
    key: Key,
    *,
    samples: int = 100,
) -> Float[Array, "networks samples segments"]:
    """Predict from observations with noise added once more: the measure of uncertainty of the papers.

    Args:
        learner: the network.
        networks: weights of an ensemble of networks; leading axis: networks.
        observed: mass [Msun], radius [km] and their errors, shape (stars, 4).
        key: random key.
        samples: number of noisy copies of the observations.

    Returns:
        c_s^2, shape (networks, samples, segments).
    """
    noise = jr.normal(key, (samples, len(observed), 2)) * observed[:, 2:]
    moved = observed + jnp.concatenate([noise, jnp.zeros_like(noise)], axis=-1)
    return jax.vmap(lambda x: jax.vmap(lambda o: learner.predict(x, o))(moved))(networks)
