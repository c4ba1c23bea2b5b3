"""What `check` says of the cost, without running anything: it follows what a method will do."""

import jax
import pytest

from retrodict.cli.cost import estimate
from retrodict.generate.continuous_flow import EquivariantFlow
from retrodict.inference.nuts import NUTS
from retrodict.inference.train import Train
from retrodict.lattice.models.independence_metropolis import IndependenceMetropolis
from retrodict.lattice.models.scalar_score import ScalarDiffusion
from retrodict.lattice.models.u1.training import U1Diffusion
from retrodict.lattice.samplers.methods import HMC
from retrodict.lattice.theories.groups import SU3, U1
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.wilson import Wilson
from retrodict.run.method import Work

GATHER = HMC(chains=16, warmup=50, draws=200)
SMALL = EquivariantFlow(lengths=(0.0, 1.0), harmonics=4, knots=3, steps=8, fitting_steps=4)
FIELDS = Phi4((8, 8), 0.27, 0.022)
LINKS = Wilson(U1(), (8, 8), 2.0)
CASES = {
    "flow": (FIELDS, SMALL, GATHER, Train(steps=200, every=50), Train(steps=20, every=10)),
    "diffusion": (FIELDS, ScalarDiffusion(), GATHER, None, None),
    "links": (LINKS, U1Diffusion(channels=4, depth=1, steps=20), HMC(draws=200, winding=True), Train(steps=100), None),
}


def cost_of(action, recipe, data, fit, reverse_kl, **more):
    return estimate(action, IndependenceMetropolis(recipe, data, fit, reverse_kl, **more))


@pytest.mark.parametrize("name", CASES)
def test_a_learned_sampler_costs_more_than_the_chain_that_gathers_for_it(name):
    action, recipe, data, fit, reverse_kl = CASES[name]
    found = cost_of(action, recipe, data, fit, reverse_kl)
    assert found.by_name()["gathering"] == pytest.approx(estimate(action, data).seconds)
    assert found.seconds > 2 * found.by_name()["gathering"]
    assert found.by_name()["drawing"] > 0


def test_twice_the_training_and_twice_the_draws_cost_twice_as_much():
    once = cost_of(FIELDS, SMALL, GATHER, Train(steps=200, every=50), None, draws=512, chains=64).by_name()
    twice = cost_of(FIELDS, SMALL, GATHER, Train(steps=400, every=50), None, draws=1024, chains=64).by_name()
    for name in ("training on configurations", "drawing"):
        assert twice[name] == pytest.approx(2 * once[name])


@pytest.mark.parametrize("name", CASES)
def test_four_times_the_volume_costs_four_times_as_much_or_somewhat_more(name):
    action, recipe, data, fit, reverse_kl = CASES[name]
    larger = Phi4((16, 16), 0.27, 0.022) if action is FIELDS else Wilson(U1(), (16, 16), 2.0)
    small, large = (cost_of(one, recipe, data, fit, reverse_kl).by_name() for one in (action, larger))
    for stage in {"gathering", "training on configurations", "drawing"} & set(small):
        assert 3.5 < large[stage] / small[stage] < 7


def test_a_trajectory_costs_its_forces():
    """A force of SU(3) takes at least 6 planes x 7 products of matrices a site, and a trajectory several forces."""
    sites, product = 4**4, 9 * 3 * 2
    found = estimate(Wilson(SU3(), (4, 4, 4, 4), 6.0), HMC(chains=2, warmup=0, draws=10))
    assert found.parts[0].operations > 2 * sites * 6 * 7 * product * 8


def test_loops_of_unknown_length_and_complex_numbers_are_reckoned():
    class Method:
        steps = 1

        def work(self, target):
            body = lambda x: jax.lax.while_loop(lambda x: x[0] < 1, lambda x: x + x, x)  # noqa: E731
            real, twisted = jax.ShapeDtypeStruct((100,), float), jax.ShapeDtypeStruct((100,), complex)
            return Work("a", body, (real,), 3, loops=5.0), Work("b", lambda x: x * x, (twisted,), 1)

    doubling, product = estimate(None, Method()).parts
    assert doubling.operations == pytest.approx(5 * 100, rel=0.05)
    assert product.operations > 100


def test_a_method_that_lists_nothing_is_reckoned_by_its_steps_and_chains():
    found = estimate(FIELDS, NUTS(chains=4, warmup=100, draws=100))
    (part,) = found.parts
    assert (part.width, part.repeats) == (4, found.steps)
    assert part.memory > 0
