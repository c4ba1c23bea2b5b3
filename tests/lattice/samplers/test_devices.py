"""Chains on several devices, and in several processes, are the chains of one."""

import json
import os
import socket
import subprocess
import sys

import pytest
from numpy.testing import assert_allclose

from retrodict.inference.infer import infer
from retrodict.lattice.samplers.methods import HMC
from retrodict.lattice.theories.phi4 import Phi4
from tests.run.killing import ROOT

PROGRAM = """
import json, sys
import jax
process, port = int(sys.argv[1]), sys.argv[2]
if process >= 0:
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"localhost:{port}", num_processes=2, process_id=process)
import retrodict as rd
from retrodict.lattice import HMC, Phi4
from retrodict.run.loop import advance

action, method = Phi4((4, 4), 0.25, 0.022), HMC(chains=8, warmup=5, draws=30)
result = rd.infer(action, method, seed=3, path=sys.argv[3] if len(sys.argv) > 3 else None)
field = advance(action, method, seed=3).state.field
count = len(field.sharding.device_set) if process < 0 else jax.device_count()
print(json.dumps([count, result.quantities(), result.verdict.status]))
"""


def started(devices, process=-1, port=0, *directory):
    environment = {**os.environ, "XLA_FLAGS": f"--xla_force_host_platform_device_count={devices}"}
    words = [sys.executable, "-c", PROGRAM, str(process), str(port), *map(str, directory)]
    return subprocess.Popen(words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(program):
    out, told = program.communicate(timeout=300)
    assert program.returncode == 0, told[-2000:]
    return json.loads(out.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def alone():
    return infer(Phi4((4, 4), 0.25, 0.022), HMC(chains=8, warmup=5, draws=30), seed=3).quantities()


def free_port():
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        return taken.getsockname()[1]


def agree(found, alone):
    for name, numbers in alone.items():
        assert_allclose(
            [found[1][name][key] for key in ("mean", "error")], [numbers["mean"], numbers["error"]], rtol=1e-9
        )


def test_chains_on_four_devices_give_the_numbers_of_one(alone):
    found = answer(started(4))
    assert found[0] == 4
    agree(found, alone)


@pytest.mark.slow  # four starts of Python; one process with four devices is tried above
def test_two_processes_with_two_devices_each_give_the_numbers_of_one_and_one_of_them_writes(alone, tmp_path):
    """Chains live on four devices of which each process sees two; both end with the same result."""
    port, run = free_port(), tmp_path / "run"
    first, second = (started(2, process, port, run) for process in (0, 1))
    both = answer(first), answer(second)
    assert both[0] == both[1]
    assert both[0][0] == 4
    agree(both[0], alone)
    assert json.loads((run / "status.json").read_text())["state"] == "done"
