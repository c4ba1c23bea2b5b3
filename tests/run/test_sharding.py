"""Several devices: the growing axes are divided among them, and the numbers stay what they are on one."""

import json
import os
import subprocess
import sys

import jax.numpy as jnp
import pytest
from numpy.testing import assert_allclose

from retrodict.run.sharding import spread
from tests.run.killing import ROOT

METHODS = ["Ensemble", "Importance", "NUTS", "ConstrainedHMC", "SequentialMonteCarlo"]
PROGRAM = """
import json
import equinox as eqx, jax, numpy as np
from retrodict.inference.closure import close
from retrodict.inference.ensemble import Ensemble
from retrodict.inference.importance import Importance
from retrodict.inference.constrained_hmc import ConstrainedHMC
from retrodict.inference.map import MAP
from retrodict.inference.nuts import NUTS
from retrodict.inference.smc import SequentialMonteCarlo
from retrodict.run.loop import advance
from tests.inference.exact import linear_problem
from tests.run.killing import digest
from tests.toys import Banana, RandomWalk
from retrodict.run.sharding import spread

class Spread(RandomWalk):
    def step(self, target, state, key, index):
        return super().step(target, state._replace(position=spread(state.position)), key, index)

def devices(tree):
    return max(len(leaf.sharding.device_set) for leaf in jax.tree.leaves(tree) if eqx.is_array(leaf))

jax.config.update("jax_disable_most_optimizations", True)  # these programs run once
target, found = linear_problem(), {}
walk = advance(Banana(jax.numpy.asarray(0.7)), Spread(steps=60, chains=8), seed=3)
found["walk"] = devices(walk.state.position), digest(walk)
methods = (
    Ensemble(members=8, steps=20),
    Importance(draws=200, batch=100),
    NUTS(chains=4, warmup=10, draws=10),
    ConstrainedHMC(chains=4, warmup=5, draws=10),
    SequentialMonteCarlo(particles=40, moves=1, leapfrog=2),
)
for method in methods:
    outcome = advance(target, method, seed=3)
    history = np.concatenate([np.ravel(leaf).astype(float) for leaf in jax.tree.leaves(outcome.history)])
    found[type(method).__name__] = devices(outcome.state), history.tolist()
closures = close(target, MAP(starts=4, steps=10), seed=3, indices=range(8), draws=20, batch=8)
found["closures"] = None, np.concatenate([np.ravel(closures.pit[name]) for name in sorted(closures.pit)]).tolist()
print(json.dumps([jax.device_count(), found]))
"""


@pytest.fixture(scope="module")
def answers():
    def run(devices):
        flags = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count={devices}"  # a quick compiler's, too
        environment = {**os.environ, "XLA_FLAGS": flags}
        return json.loads(subprocess.check_output([sys.executable, "-c", PROGRAM], cwd=ROOT, env=environment))

    alone, together = run(1), run(4)
    assert (alone[0], together[0]) == (1, 4)
    return alone[1], together[1]


@pytest.mark.parametrize("name", ["walk", *METHODS])
def test_chains_and_members_live_on_all_devices(answers, name):
    alone, together = answers
    assert alone[name][0] == 1
    assert together[name][0] == 4


def test_elementwise_arithmetic_is_bit_identical_on_four_devices(answers):
    alone, together = answers
    assert alone["walk"][1] == together["walk"][1]


@pytest.mark.parametrize("name", [*METHODS, "closures"])
def test_four_devices_return_the_numbers_of_one(answers, name):
    alone, together = answers
    assert_allclose(together[name][1], alone[name][1], rtol=1e-6, atol=1e-9)


def test_one_device_is_left_alone():
    leaf = jnp.ones(4)
    assert spread(leaf) is leaf
