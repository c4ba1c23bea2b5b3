"""Draws of a wrong model, corrected: a Gaussian proposes, another Gaussian is the target."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest

from retrodict.base.errors import InputError
from retrodict.base.types import Array, Key, PyTree, Scalar
from retrodict.generate.exact import importance, independence_metropolis
from retrodict.generate.learners import FromAction, FromData, with_trained_weights
from retrodict.generate.model import AbstractModel, Density, Sample
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.num.autocorrelation import gamma_method
from retrodict.problem.target import AbstractTarget, Quantity
from retrodict.run.loop import advance

DIM, CENTRE, SCALE = 3, 0.5, 0.8
LOG_Z = DIM * np.log(SCALE * np.sqrt(2 * np.pi))  # of exp(-|x - CENTRE|^2 / 2 SCALE^2)


class Normal(AbstractModel):
    """Independent normal numbers of learnt centre and width."""

    density: ClassVar[Density] = Density.EXACT
    weights: PyTree

    def sample(self, key: Key) -> Sample:
        x = self.weights["centre"] + jnp.exp(self.weights["log_width"]) * jr.normal(key, (DIM,))
        return Sample(x, self.log_prob(x))

    def log_prob(self, x: Array) -> Scalar:
        z = (x - self.weights["centre"]) / jnp.exp(self.weights["log_width"])
        return -0.5 * jnp.sum(z**2) - DIM * (self.weights["log_width"] + 0.5 * jnp.log(2 * jnp.pi))

    def loss(self, x: Array, key: Key) -> Scalar:
        return -self.log_prob(x)


class Target(AbstractTarget):
    """Another normal distribution, not normalised."""

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        return ()

    def init(self, key: Key) -> Array:
        return CENTRE + SCALE * jr.normal(key, (DIM,))

    def log_density(self, x: Array) -> Scalar:
        return -0.5 * jnp.sum((x - CENTRE) ** 2) / SCALE**2

    def derived(self, x: Array) -> dict[str, Array]:
        return {}


class PathOnly(Normal):
    density: ClassVar[Density] = Density.PATH


def normal(centre: float, width: float) -> Normal:
    return Normal({"centre": jnp.full(DIM, centre), "log_width": jnp.log(width)})


def proposals(model: Normal, count: int) -> tuple[Array, Array]:
    x, log_q = jax.vmap(model.sample)(jr.split(jr.key(1), count))
    return x, jax.vmap(Target().log_density)(x) - log_q


def in_errors(value: float, error: float, truth: float) -> float:
    return abs(value - truth) / error


def test_weights_correct_the_draws_of_a_wrong_model_and_give_ln_z():
    x, log_w = proposals(normal(0.2, 1.0), 20_000)
    estimate = importance(log_w)
    assert estimate.trusted
    assert in_errors(estimate.log_z, estimate.log_z_error, LOG_Z) < 3
    mean, error = estimate.mean(np.asarray(x))
    assert np.all(np.abs(mean - CENTRE) < 3 * error)
    square, error = estimate.mean(np.asarray(x) ** 2)
    assert np.all(np.abs(square - CENTRE**2 - SCALE**2) < 3 * error)
    assert np.all(np.abs(np.mean(x, axis=0) - CENTRE) > 30 * np.std(x, axis=0) / np.sqrt(len(x)))  # uncorrected


def test_the_effective_share_of_equal_weights_is_one_and_that_of_one_heavy_draw_is_not_trusted():
    assert importance(jnp.zeros(100)).ess == pytest.approx(1)
    assert importance(jnp.zeros(100)).log_z_error == 0
    heavy = importance(jnp.zeros(100).at[3].set(50.0))
    assert heavy.ess == pytest.approx(0.01)
    assert not heavy.trusted


def test_a_model_narrower_than_the_target_in_the_tails_is_not_trusted():
    _, log_w = proposals(normal(CENTRE, 0.3 * SCALE), 4000)
    assert not importance(log_w).trusted


@pytest.mark.parametrize("fault", [None, "jacobian"])
def test_independence_metropolis_leaves_the_target_invariant_and_a_planted_fault_does_not(fault: str | None):
    x, log_w = proposals(normal(0.2, 1.0), 20_000)
    if fault == "jacobian":  # a density without part of its normalisation where x is large
        log_w = log_w + 0.1 * jnp.sum(x, axis=1)
    indices, accepted = eqx.filter_jit(independence_metropolis)(log_w, jr.key(2))
    chain = np.asarray(x)[np.asarray(indices)][100:]
    estimate = gamma_method(np.mean(chain, axis=1)[None])
    assert (in_errors(estimate.value, estimate.error, CENTRE) < 3) == (fault is None)
    assert 0.3 < np.mean(accepted) < 0.9


def test_training_on_data_and_training_on_the_action_find_the_same_normal_distribution():
    examples = jax.vmap(Target().init)(jr.split(jr.key(3), 4000))
    method = Train(steps=600, batch=128, learning_rate=Cosine(3e-2, 1e-3))
    start = normal(0.0, 1.0)
    for learner in (FromData(start, examples[500:], examples[:500]), FromAction(start, Target())):
        finished = advance(learner, method, seed=4)
        model = with_trained_weights(start, method.finish(learner, finished.state, finished.history).position)
        assert np.max(np.abs(model.weights["centre"] - CENTRE)) < 0.05
        assert abs(np.exp(model.weights["log_width"]) - SCALE) < 0.05


def test_a_model_with_a_density_of_paths_only_cannot_be_trained_on_an_action():
    with pytest.raises(InputError, match="needs a model of exact density"):
        FromAction(PathOnly(normal(0, 1).weights), Target())
