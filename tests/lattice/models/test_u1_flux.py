"""Factorised plaquettes with the flux constraint (`SharedFlux`): density, weights and their bound, exact answers
without training, and planted faults."""

import functools
from itertools import product

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import kstest

from retrodict.base.errors import InputError
from retrodict.generate.exact import importance
from retrodict.generate.model import AbstractModel, Sample
from retrodict.inference.infer import infer
from retrodict.inference.train import Train
from retrodict.lattice.core.spaces import wrap
from retrodict.lattice.models.independence_metropolis import IndependenceMetropolis
from retrodict.lattice.models.u1.flux import Haar, SharedFlux, SharedFluxLinks, with_plaquettes
from retrodict.lattice.theories import reference as exact
from retrodict.lattice.theories import symmetries as sym
from retrodict.lattice.theories.groups import SU2, U1
from retrodict.lattice.theories.plane import curl, links_around
from retrodict.lattice.theories.wilson import Wilson

DRAWS = 8192
ACTION = Wilson(U1(), (4, 4), 3.0)


def model(action: Wilson = ACTION) -> SharedFluxLinks:
    return SharedFlux().on(action, jr.key(0))


def draws(proposer: AbstractModel, key: jax.Array, count: int) -> Sample:
    return jax.jit(lambda keys: jax.vmap(proposer.sample)(keys))(jr.split(key, count))


class WithoutTheIntegral(SharedFluxLinks):
    """A fault: the density of the plaquettes as if nothing had been taken from them."""

    def sample(self, key):
        x = super().sample(key).x
        return Sample(x, self.log_prob(x))

    def log_prob(self, x):
        angle = curl(x)
        return jnp.sum(self.beta * (jnp.cos(angle) - 1) - jnp.log(jax.scipy.special.i0e(self.beta)))


class AllFromOne(SharedFluxLinks):
    """A fault: one plaquette bears what the sum lacks, and the density says that all did."""

    def sample(self, key):
        angle = curl(super().sample(key).x)
        flux_key, link_key = jr.split(jr.fold_in(key, 1))
        rest = jr.uniform(flux_key, (), angle.dtype, -np.pi, np.pi)
        angle = (angle + rest / angle.size).at[0, 0].add(-rest)
        x = with_plaquettes(self.uniform.sample(link_key).x, angle)
        return Sample(x, self.log_prob(x))


@functools.cache
def pulls(kind: type, beta: float = 3.0, extent: int = 4) -> dict[str, float]:
    """Standard errors by which weighted means and ln Z differ from the exact ones."""
    action = Wilson(U1(), (extent, extent), beta)
    right = model(action)
    proposer = kind(*(getattr(right, name) for name in vars(right)))
    x, log_q = draws(proposer, jr.key(1), DRAWS)
    measured = jax.jit(jax.vmap(action.measured))(x)
    found = importance(measured.log_density - log_q)
    wanted = action.exact_values()
    wanted["Q2"] = wanted.pop("chi_t") * action.volume
    result = {"ln Z": (found.log_z - exact.u1_log_partition(beta, action.volume)) / found.log_z_error}
    for name, value in wanted.items():
        mean, error = found.mean(np.asarray(measured.derived[name]))
        result[name] = float((mean - value) / error)
    return result


@pytest.mark.parametrize(("beta", "extent"), [(3.0, 4), (7.0, 6)])
def test_weighted_draws_of_the_shared_flux_give_ln_z_loops_and_topology_exactly(beta, extent):
    """Within 3.5 standard errors, at errors of a per cent or so; nothing was trained."""
    found = pulls(SharedFluxLinks, beta, extent)
    assert {"ln Z", "plaquette", "W22", "Q2"} <= set(found)
    assert max(map(abs, found.values())) < 3.5


@pytest.mark.parametrize("fault", [WithoutTheIntegral, AllFromOne])
def test_a_density_without_the_integral_or_a_rest_borne_by_one_plaquette_is_found_out(fault):
    """By more than eight standard errors, with the draws of the test above."""
    found = pulls(fault)
    assert max(map(abs, found.values())) > 8


@pytest.mark.parametrize("beta", [0.0, 3.0])
def test_the_density_is_normalised_and_the_partition_function_is_that_of_the_action(beta):
    """On 2 x 2 plaquettes, three of which are free: the periodic trapezoid rule, to 1e-9."""
    action, points = Wilson(U1(), (2, 2), beta, loops=1), 32
    turn = 2 * np.pi * np.arange(points) / points
    free = jnp.asarray([(a, b, c, -a - b - c) for a, b, c in product(turn, repeat=3)]).reshape(-1, 2, 2)
    links = jax.jit(jax.vmap(links_around))(free)
    right = model(action)
    faulty = WithoutTheIntegral(None, right.beta, right.uniform)
    logarithms = lambda x: jnp.stack([right.log_prob(x), faulty.log_prob(x), action.log_density(x)])  # noqa: E731
    total, without, z = jnp.mean(jnp.exp(jax.jit(jax.vmap(logarithms))(links)), axis=0)
    assert_allclose(total, 1.0, atol=1e-9)
    assert_allclose(z, np.exp(exact.u1_log_partition(beta, 4)), rtol=1e-9)
    assert (abs(without - 1) > 0.01) == (beta > 0)


def test_weights_stay_below_their_bound():
    """w / Z <= exp(beta pi^2 / 6 V), at draws, at uniform links and at a kink; the draws come close to it."""
    action = Wilson(U1(), (8, 8), 7.0)
    proposer, bound = model(action), 7.0 * np.pi**2 / (6 * 64)
    drawn = draws(proposer, jr.key(2), 2000).x
    uniform = draws(Haar().on(action, jr.key(0)), jr.key(3), 2000).x
    kink = with_plaquettes(uniform[0], jnp.zeros((8, 8)).at[0, :2].set(jnp.asarray([np.pi, -np.pi])))
    weigh = jax.jit(jax.vmap(lambda x: action.log_density(x) - proposer.log_prob(x)))
    largest = [float(jnp.max(weigh(x))) - exact.u1_log_partition(7.0, 64) for x in (drawn, uniform, kink[None])]
    assert max(largest) <= bound
    assert largest[0] > 0.8 * bound


@pytest.mark.parametrize("name", sym.of_links(U1(), (4, 4), jr.key(7)) | {"charge": None})
def test_the_density_follows_every_symmetry_of_the_gauge_theory(name):
    symmetry = (sym.of_links(U1(), (4, 4), jr.key(7)) | {"charge": sym.negated})[name]
    x = U1().haar(jr.key(4), (2, 4, 4), np.dtype(float))
    assert_allclose(model().log_prob(symmetry(x)), model().log_prob(x), atol=1e-12)


def test_links_are_uniform_among_those_with_given_plaquettes():
    """Each link and both Polyakov loops by themselves; the plaquettes are the wanted ones to 1e-13."""
    angle = jr.normal(jr.key(5), (3, 5))
    angle = angle - wrap(jnp.sum(angle)) / angle.size
    x = jr.uniform(jr.key(6), (4000, 2, 3, 5), minval=-np.pi, maxval=np.pi)
    links = jax.jit(jax.vmap(with_plaquettes, (0, None)))(x, angle)
    found = jax.jit(jax.vmap(curl))(links)
    assert_allclose(wrap(found - angle), 0.0, atol=1e-13)
    loops = (
        links[:, 0, 0, 1],
        links[:, 1, 2, 4],
        jnp.sum(links[:, 0, :, 2], axis=-1),
        jnp.sum(links[:, 1, 1], axis=-1),
    )
    for values in loops:
        assert kstest(np.asarray(wrap(values)), "uniform", (-np.pi, 2 * np.pi)).pvalue > 1e-3


def test_a_run_without_data_and_training_is_an_exact_sampler_where_topology_freezes():
    """beta = 7: independence chains that hardly remember, with the right susceptibility; in single precision, too."""
    action = Wilson(U1(), (8, 8), 7.0, loops=2, precision=32)
    result = infer(action, IndependenceMetropolis(SharedFlux(), None, None, chains=16, draws=400, batch=1200), seed=0)
    found, wanted = result.diagnostics, action.exact_values()
    assert found["ess"] > 0.93
    assert found["Q2_tau"] < 0.8
    assert found["density_mismatch"] < 1e-3
    for name in ("plaquette", "W22", "chi_t"):
        assert abs(found[name] - wanted[name]) < 3.5 * found[f"{name}_error"]
    assert abs(found["log_evidence"] - exact.u1_log_partition(7.0, 64)) < 3.5 * found["log_evidence_error"]


@pytest.mark.parametrize("recipe", [Haar(), SharedFlux()])
@pytest.mark.parametrize("action", [Wilson(SU2(), (4, 4), 2.0), Wilson(U1(), (4, 4, 4), 2.0)])
def test_other_gauge_theories_are_refused(recipe, action):
    with pytest.raises(InputError, match=r"U\(1\) in two dimensions"):
        recipe.on(action, jr.key(0))


def test_training_a_model_without_weights_is_refused():
    with pytest.raises(InputError, match="nothing to train"):
        IndependenceMetropolis(SharedFlux(), None, None, Train(steps=10, every=5)).check(ACTION)
