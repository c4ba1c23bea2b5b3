r"""The pre-trained network in place of the equations of stellar structure, as a method to compare with.

Soma, Wang, Shi, Stöcker and Zhou (JCAP 08 (2022) 071) differentiate through a network that was trained to map P(rho) to
stars. Here it is a forward model like the exact one, so that one argument swaps them. It is trained on piecewise
polytropes with the segment edges of Raithel, Özel and Psaltis (ApJ 831 (2016) 44); outside of them it extrapolates
without a warning. `benchmarks/neutron_star_networks.py` measures by how much, on held-out polytropes and
on equations of state of another family.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.base.constants import SATURATION_DENSITY
from retrodict.base.types import Array, Bool, Flag, Float, Key, PyTree, Scalar, Vector
from retrodict.neutron_star.eos import crust as _crust
from retrodict.neutron_star.eos.equation_of_state import EquationOfState, above_crust
from retrodict.neutron_star.forward import Prediction, predict
from retrodict.neutron_star.stars.sequence import StellarSequence, stable_mask
from retrodict.neutron_star.stars.tov import solve
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.forward import AbstractForward
from retrodict.problem.learner import AbstractLearner, fresh_weights

EDGES = SATURATION_DENSITY * np.array([1.1, 1.4, 2.2, 3.3, 4.9, 7.4])  # fm^-3, where the polytropes meet
INTERVALS = (5, 9, 8, 8, 8)  # of the grid, from one edge to the next
CENTRES = int(np.sum(INTERVALS[1:])) + 1  # stars are centred on the nodes from 1.4 n_sat up
OUTPUTS = 4  # ln M [Msun], ln R [km], ln Lambda, ln I [1e38 kg m^2]
FEATURE_DENSITY = SATURATION_DENSITY * np.geomspace(0.5, 7.4, 28)  # fm^-3


class FivePolytropes(AbstractAnsatz):
    """Crust, then six polytropes: one from the join (0.3 to 1.1 n_sat) to 1.1 n_sat, five above.

    The first takes the place of the several low-density models of the source. Not causal by construction: stars with a
    superluminal centre are not valid and not used in training. Latents: join, six indices.
    """

    index: tuple[float, float] = eqx.field(static=True, default=(1.0, 5.0))  # range of the indices

    @property
    def dim(self) -> int:
        return 7

    def __call__(self, z: Vector) -> EquationOfState:
        """Map latents to cold matter.

        Args:
            z: standard-normal latents, shape (7,).
        """
        share = jax.scipy.stats.norm.cdf(z)
        join = SATURATION_DENSITY * 0.3 * (1.1 / 0.3) ** share[0]
        index = self.index[0] + (self.index[1] - self.index[0]) * share[1:]
        lowest = 1.3 + 2.2 * share[1]  # between saturation and the crust, nuclei leave less room
        crust = _crust.crust(join)
        core = _crust.polytrope(jnp.linspace(jnp.log(join), jnp.log(EDGES[0]), 9), lowest, *_crust.top(crust)[1:])
        for k, intervals in enumerate(INTERVALS):
            core = _crust.extend(core, index[k + 1], jnp.log(EDGES[k + 1]), intervals)
        return above_crust(crust, core)


def features(eos: EquationOfState) -> Float[Array, " features"]:
    """Input of the network: ln P [MeV fm^-3] at fixed densities.

    Args:
        eos: equation of state.
    """
    return jnp.log(eos(jnp.log(FEATURE_DENSITY)).pressure)


def labels(eos: EquationOfState) -> tuple[Float[Array, "centres 4"], Bool[Array, " centres"]]:
    """Exact output: ln M [Msun], ln R [km], ln Lambda, ln I [1e38 kg m^2] of the stars, and which are causal.

    Args:
        eos: equation of state made by `FivePolytropes`.
    """
    last = eos.pressure.shape[0]
    stars = solve(eos, np.arange(last - CENTRES + 1, last + 1))
    values = jnp.stack([stars.mass, stars.radius, stars.tidal_deformability, 1e-38 * stars.moment_of_inertia], axis=-1)
    usable = stars.valid & jnp.all(values > 0, axis=-1) & (stars.mass > 0.3)
    return jnp.log(jnp.where(usable[:, None], values, 1.0)), usable


class Examples(eqx.Module):
    """Pairs of features and labels (one pair: no first axis)."""

    feature: Float[Array, "*examples features"]  # ln P at fixed densities
    label: Float[Array, "*examples centres 4"]  # ln M, ln R, ln Lambda, ln I
    usable: Bool[Array, "*examples centres"]  # whether the star exists and is causal


def examples(key: Key, count: int, *, batch: int = 500) -> Examples:
    """Draw random `FivePolytropes` and solve for their exact stars.

    Args:
        key: random key.
        count: number of equations of state.
        batch: how many are solved at the same time.
    """

    def solve_example(k: Key) -> Examples:
        eos = FivePolytropes()(jr.normal(k, (7,)))
        return Examples(features(eos), *labels(eos))

    return eqx.filter_jit(lambda keys: jax.lax.map(solve_example, keys, batch_size=min(batch, count)))(
        jr.split(key, count)
    )


class EmulatorLearner(AbstractLearner):
    """Mean squared error of (ln M, ln R, ln Lambda, ln I) in units of their spread, over the stars that exist."""

    network: eqx.nn.MLP  # architecture, with weights that are replaced
    central_density: Float[Array, " centres"]  # fm^-3, ascending
    train: Examples  # training set
    held_out: Examples  # validation set
    centre: Float[Array, " features"]  # mean of the features
    scale: Float[Array, " features"]  # their standard deviation
    label_centre: Float[Array, "centres 4"]  # mean of the labels
    label_scale: Float[Array, "centres 4"]  # their standard deviation

    def __init__(self, train: Examples, held_out: Examples, *, width: int = 192, depth: int = 3) -> None:
        """Set up a network and the normalisation of its input and output.

        Args:
            train: examples to train on.
            held_out: examples for validation.
            width: units of a hidden layer.
            depth: number of hidden layers.
        """
        self.network = eqx.nn.MLP(len(FEATURE_DENSITY), OUTPUTS * CENTRES, width, depth, jax.nn.gelu, key=jr.key(0))
        self.train, self.held_out = train, held_out
        self.central_density = FivePolytropes()(jnp.zeros(7)).density[-CENTRES:]
        self.centre, self.scale = jnp.mean(train.feature, axis=0), jnp.std(train.feature, axis=0) + 1e-6
        weight = train.usable[..., None] / jnp.maximum(jnp.sum(train.usable, axis=0), 1)[:, None]
        self.label_centre = jnp.sum(weight * train.label, axis=0)
        self.label_scale = jnp.sqrt(jnp.sum(weight * (train.label - self.label_centre) ** 2, axis=0)) + 1e-3

    def init(self, key: Key) -> PyTree[Float[Array, "..."]]:
        """Fresh weights.

        Args:
            key: random key.
        """
        return fresh_weights(self.network, key)

    def predict(self, x: PyTree[Float[Array, "..."]], feature: Float[Array, " features"]) -> Float[Array, "centres 4"]:
        """ln M [Msun], ln R [km], ln Lambda, ln I [1e38 kg m^2] at the fixed central densities.

        Args:
            x: weights of the network.
            feature: ln P at fixed densities, from `features`.
        """
        network = eqx.combine(x, self.network)
        output = network((feature - self.centre) / self.scale).reshape(CENTRES, OUTPUTS)
        return self.label_centre + self.label_scale * output

    def loss(self, x: PyTree[Float[Array, "..."]], key: Key, batch: int) -> Scalar:
        """Mean squared error on a random batch of the training set.

        Args:
            x: weights of the network.
            key: random key.
            batch: number of examples in it.
        """
        index = jr.randint(key, (batch,), 0, len(self.train.feature))
        return self._error(x, jax.tree.map(lambda leaf: leaf[index], self.train))

    def validation(self, x: PyTree[Float[Array, "..."]]) -> Scalar:
        """Mean squared error on the whole held-out set.

        Args:
            x: weights of the network.
        """
        return self._error(x, self.held_out)

    def _error(self, x: PyTree[Float[Array, "..."]], batch: Examples) -> Scalar:
        deviation = (jax.vmap(lambda f: self.predict(x, f))(batch.feature) - batch.label) / self.label_scale
        return jnp.sum(batch.usable[..., None] * deviation**2) / (OUTPUTS * jnp.maximum(jnp.sum(batch.usable), 1))


class EmulatedStars(AbstractForward):
    """The trained network as a forward model: equation of state of any ansatz -> stars of fixed central densities."""

    learner: EmulatorLearner  # the network and its normalisation
    parameters: PyTree[Float[Array, "..."]]  # trained weights

    def __call__(self, unknown: EquationOfState) -> tuple[Prediction, Flag]:
        """The emulated stars; valid as for the exact ones.

        Args:
            unknown: equation of state.
        """
        return predict(self.sequence(unknown))

    def sequence(self, eos: EquationOfState) -> StellarSequence:
        """The emulated stars with centres at the learner's central densities.

        Args:
            eos: equation of state.
        """
        density = self.learner.central_density
        centre = eos(jnp.log(density))
        mu = (centre.energy_density + centre.pressure) / density
        h = eos.surface_log_enthalpy + jnp.log(mu / eos.chemical_potential[0])
        mass, radius, deformability, inertia = jnp.exp(self.learner.predict(self.parameters, features(eos))).T
        causal = jnp.log(density) <= eos.acausal_log_density
        return StellarSequence(
            central_density=density,
            central_pressure=centre.pressure,
            central_log_enthalpy=h,
            mass=mass,
            radius=radius,
            tidal_deformability=deformability,
            moment_of_inertia=1e38 * inertia,
            stable=stable_mask(h, mass),
            valid=causal & jnp.isfinite(mass),
        )
