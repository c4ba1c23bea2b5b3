"""The published network reconstruction: its errors, what the inverse crime hides, its speed; and networks as priors.

python benchmarks/spectral_published.py --torch PYTHON-THAT-HAS-IT      # a quarter of an hour of CPU time
python benchmarks/spectral_published.py --full                         # five seeds, the longest refinement
"""

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

import retrodict  # noqa: F401
from retrodict.inference.map import MAP
from retrodict.inference.schedule import Geometric
from retrodict.problem.covariance import Covariance
from retrodict.run.compiled import Compiled
from retrodict.run.loop import advance
from retrodict.spectral.ansatz import NeuralFunction, NeuralList
from retrodict.spectral.ansatz.layers import ListNetwork, PointNetwork
from retrodict.spectral.derived import Axis, ReportedRange
from retrodict.spectral.discretisation import frequency_grid_for
from retrodict.spectral.kernels import KallenLehmann
from retrodict.spectral.problems import spectral_posterior
from retrodict.spectral.published import (
    EPOCH,
    NO_PENALTY,
    RESTARTS,
    PublishedSchedule,
    published_reconstruction,
)
from retrodict.spectral.published_loss import MOMENTA, OMEGA, mock_with_inverse_crime, published_problem
from retrodict.spectral.shapes import DOUBLE, add_noise, correlator_of, l2_relative, wsz_noise

EPS = (1e-3, 1e-4, 1e-5)
TRUTH = np.asarray(DOUBLE(OMEGA))
EXACT = correlator_of(KallenLehmann(), MOMENTA, DOUBLE)
EARLIER = {"NN": (0.284, 0.076, 0.090), "NN-P2P": (0.179, 0.160, 0.156)}  # another implementation, median of 3-5 seeds
ANNEALED = MAP(starts=3, steps=300, temperature=Geometric(1e6, 1.0, 0.7))


def exact_data(eps, seed):
    """Data from the closed form, with the noise of the papers."""
    return add_noise(jr.key(seed), EXACT, wsz_noise(EXACT, MOMENTA, eps))


def published(network, schedule, data, seed):
    """L2rel of one published reconstruction."""
    found = published_reconstruction(MOMENTA, data, network=network, schedule=schedule, seed=seed)
    return l2_relative(found.rho, TRUTH, OMEGA)


def posterior(ansatz, eps, seed):
    """The same exact data, weighed by their errors, with a proper prior."""
    sigma, kernel = jnp.asarray(wsz_noise(EXACT, MOMENTA, eps)), KallenLehmann()
    reported, axis = ReportedRange(OMEGA, ((0.04, 20.0),)), Axis(tuple(MOMENTA.tolist()), "momentum", "", "", "")
    grid = frequency_grid_for(kernel, MOMENTA)
    return spectral_posterior(
        kernel, MOMENTA, exact_data(eps, seed), Covariance.diagonal(sigma), ansatz, grid, reported, axis
    )


def most_probable(ansatz, eps, seed):
    """L2rel of the best of three annealed Levenberg-Marquardt runs."""
    target = posterior(ansatz, eps, seed)
    finished = advance(target, ANNEALED, seed=seed)
    best = ANNEALED.finish(target, finished.state, finished.history).position[0, 0]
    return l2_relative(target.derived(best)["spectral_function"], TRUTH, OMEGA)


def row(name, error_of, seeds):
    """Median over seeds, every seed, and CPU seconds a fit."""
    error_of(EPS[0], 0)  # compiles
    start = time.process_time()
    columns = [[error_of(eps, seed) for seed in range(seeds)] for eps in EPS]
    seconds = (time.process_time() - start) / (seeds * len(EPS))
    medians = "".join(f"{np.median(c):7.3f} ({min(c):.3f}-{max(c):.3f})" for c in columns)
    print(f"{name:46} {medians} {seconds:8.2f} s", flush=True)


def errors(seeds, refine):
    """The table of the double peak."""
    print(f"Double Breit-Wigner, WSZ noise: median L2rel over {seeds} seeds of noise and network (lowest-highest)")
    print(f"{'':46}" + "".join(f"{f'{eps:.0e}':>21}" for eps in EPS) + "   CPU a fit")
    listed = PublishedSchedule(refine=refine, penalties=RESTARTS)
    point = PublishedSchedule(refine=refine, penalties=NO_PENALTY)
    for label, network, schedule in (("NN", ListNetwork(), listed), ("NN-P2P", PointNetwork(), point)):
        if label == "NN-P2P":
            network_priors(seeds, listed)
        row(
            f"{label} as published, data by the same sum",
            lambda eps, s, n=network, c=schedule: published(n, c, mock_with_inverse_crime(DOUBLE, eps, s), s),
            seeds,
        )
        print(f"{'  another implementation measured':46}" + "".join(f"{x:7.3f}{'':14}" for x in EARLIER[label]))


def network_priors(seeds, schedule):
    """Data from the closed form: the published way again, and networks as proper priors."""
    row("NN as published, exact data", lambda e, s: published(ListNetwork(), schedule, exact_data(e, s), s), seeds)
    row("NeuralList, exact data, most probable", lambda e, s: most_probable(NeuralList(), e, s), seeds)
    row("NeuralFunction, exact data, most probable", lambda e, s: most_probable(NeuralFunction(), e, s), seeds)


def milliseconds_a_step(network, precision, schedule, epochs=8, repeats=12):
    """Least wall time of one Adam step over blocks of epochs, after compilation."""
    target = published_problem(MOMENTA, EXACT, network=network, precision=precision)
    compiled = Compiled(target, schedule, jr.key(0), epochs)
    state, blocks = compiled.init(), []
    for block in range(repeats + 1):
        start = time.perf_counter()
        state = jax.block_until_ready(compiled.advance(state, block * epochs, epochs).state)
        blocks.append(time.perf_counter() - start)
    return 1e3 * min(blocks[1:]) / (epochs * EPOCH)


def torch_milliseconds(python, threads):
    """Of both networks in PyTorch."""
    target = published_problem(MOMENTA, EXACT)
    question = {"steps": 100, "repeats": 8, "threads": threads}
    question |= {k: np.asarray(getattr(target, k), dtype=float).tolist() for k in ("omega", "operator", "data")}
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder, "question.json"), Path(folder, "answer.json")
        asked.write_text(json.dumps(question), encoding="utf-8")
        script = str(Path(__file__).with_name("spectral_peer_torch.py"))
        subprocess.run([python, script, str(asked), str(answer)], check=True)
        return json.loads(answer.read_text(encoding="utf-8"))


PHASES = {"warm-up": PublishedSchedule(refine=0), "refinement": PublishedSchedule(warm_up=0)}


def speed(python):
    """Both programs in turn, three times; the least of each."""
    networks, peers = {"NN": ListNetwork(), "NN-P2P": PointNetwork()}, []
    own = {(name, phase): [] for name in networks for phase in PHASES}
    for turn in range(3):
        for (name, phase), found in own.items():
            found.append(milliseconds_a_step(networks[name], "float32", PHASES[phase]))
        if python:
            peers.append(torch_milliseconds(python, 1 + turn % 2))
    print("Least wall time of one Adam step [ms], CPU")
    for (name, phase), found in own.items():
        double = milliseconds_a_step(networks[name], "float64", PHASES[phase])
        text = f"  {name:7} {phase:10} float32 {min(found):.3f}, float64 {double:.3f}"
        if peers:
            theirs = min(peer[name][phase] for peer in peers)
            text += f"; PyTorch {peers[0]['version']} float32 {theirs:.3f}: ratio {theirs / min(found):.1f}"
        print(text, flush=True)
    if not peers:
        print("  PyTorch is not compared with: no Python that has it was given")


def main():
    """Speed first, then errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="five seeds, 5000 epochs of refinement")
    parser.add_argument("--torch", help="a Python that has torch")
    parser.add_argument("--only", choices=("speed", "errors"))
    options = parser.parse_args()
    if options.only != "errors":
        speed(options.torch)
    if options.only != "speed":
        print()
        errors(5 if options.full else options.seeds, 5000 if options.full else 2000)


if __name__ == "__main__":
    main()
