"""The classical reconstructions: closeness to the truth in many cells, speed, and peers; beside published figures.

python benchmarks/spectral_classical.py --seeds 5 --json cells.json            # about ten CPU minutes
python benchmarks/spectral_classical.py --quick --lsdensities PYTHON-THAT-HAS-IT
"""

import argparse
import json
import subprocess
import tempfile
import time
import warnings
from functools import partial
from pathlib import Path

import jax.numpy as jnp
import jax.random as jr
import numpy as np

import retrodict  # noqa: F401
from retrodict.problem.covariance import Covariance
from retrodict.spectral import kernels, shapes
from retrodict.spectral.classical import alpha, compare, dual, smeared
from retrodict.spectral.classical.entropy import SHANNON_JAYNES, burnier_rothkopf, maximum_entropy
from retrodict.spectral.classical.gaussian_process import gaussian_process
from retrodict.spectral.classical.problem import (
    conducting_model,
    continuum_model,
    flat_model,
    linear_problem,
    power_law_model,
)
from retrodict.spectral.classical.tikhonov import cross_validation, l_curve, tikhonov

MOMENTA, TIMES = np.linspace(0.001, 19.199, 25), np.arange(1.0, 25.0)
TEMPERATURE = 1 / 48
EPS = (1e-3, 1e-4, 1e-5)

METHODS = {
    "MEM historic": partial(maximum_entropy, rule=alpha.historic),
    "MEM classic": partial(maximum_entropy, rule=alpha.classic),
    "MEM Bryan": partial(maximum_entropy, rule=alpha.bryan),
    "MEM chi2kink": partial(maximum_entropy, rule=alpha.kink),
    "MEM of rho/omega historic": partial(maximum_entropy, rule=alpha.historic, of_ratio=True),
    "MEM of rho/omega classic": partial(maximum_entropy, rule=alpha.classic, of_ratio=True),
    "BR chi2 = N": burnier_rothkopf,
    "BR marginalised": partial(burnier_rothkopf, rule=alpha.bryan),
    "Tikhonov 1 chi2 = N": tikhonov,
    "Tikhonov 1 GCV": partial(tikhonov, choice=cross_validation),
    "Tikhonov 1 L-curve": partial(tikhonov, choice=l_curve),
    "Tikhonov 0 chi2 = N": partial(tikhonov, order=0),
    "GP ML-II": gaussian_process,
}
LINEAR = {
    "Tikhonov 1 free chi2 = N": partial(tikhonov, positive=False),
    "Tikhonov 1 free GCV": partial(tikhonov, positive=False, choice=cross_validation),
    "GP ML-II": gaussian_process,
}

#: Figures measured with other codes for the double peak, in the order of the columns.
ELSEWHERE = {
    "MEM, flat, averaged": (0.636, 0.338, 0.249, 0.561, 0.318, 0.097),
    "MEM, falling": (0.200, 0.087, 0.080, 0.151, 0.067, 0.063),
    "BR chi2 = N, flat": (0.427, 0.119, 0.037, 0.147, 0.032, 0.027),
    "BR chi2 = N, falling": (0.280, 0.114, 0.039, 0.111, 0.056, 0.037),
    "Tikhonov 1 chi2 = N": (0.260, 0.183, 0.124, 0.218, 0.140, 0.059),
    "ana_cont historic": (0.218, 0.118, 0.076, 0.126, 0.084, 0.032),
    "ana_cont classic": (0.124, 0.059, 0.043, 0.132, 0.031, 0.063),
    "ana_cont chi2kink": (0.217, 0.153, 0.082, 0.159, 0.087, 0.030),
    "fredipy RBF, ML-II": (0.327, 0.187, 0.113, 0.252, 0.136, 0.037),
}


class Cell:
    """A shape with its kernel, grid, noise and default models."""

    def __init__(self, shape, relative=False):
        self.shape, self.thermal = shape, isinstance(shape, shapes.Transport | shapes.ResonanceContinuum)
        if self.thermal:
            self.kernel, self.x = kernels.Thermal(TEMPERATURE), TIMES
            self.grid, self.window, self.scale = kernels.frequency_grid((0.01, 5.0)), (0.0, 2.0), 0.1
            self.defaults = {"rising": continuum_model(TEMPERATURE), "conducting": conducting_model(TEMPERATURE)}
            self.omega = np.linspace(0.01, 2.0, 400)
        else:
            self.kernel, self.x = kernels.KallenLehmann(), MOMENTA
            self.grid, self.window, self.scale = kernels.frequency_grid(), (0.0, 20.0), 3.0
            self.defaults = {"flat": flat_model(self.window), "falling": power_law_model(3.0, 3.0)}
            self.omega = np.linspace(0.04, 20.0, 500)
        # A transport peak is judged by rho/omega, a continuum by rho/omega^2, all else by rho.
        power = 1 if isinstance(shape, shapes.Transport) else 2 if self.thermal else 0
        self.measure, self.relative = self.omega**-power, relative
        self.exact = shapes.correlator_of(self.kernel, self.x, shape)
        self.truth = np.asarray(shape(self.omega)) * self.measure

    def sigma(self, eps):
        """The noise of the literature."""
        if self.thermal:
            return shapes.thermal_noise(self.exact, self.x, eps)
        return shapes.relative_noise(self.exact, eps) if self.relative else shapes.wsz_noise(self.exact, self.x, eps)

    def problem(self, eps, seed, default):
        """One data set."""
        sigma = self.sigma(eps)
        mean = shapes.add_noise(jr.key(seed), self.exact, sigma)
        return linear_problem(
            self.kernel, self.x, mean, Covariance.diagonal(sigma), self.grid, default, self.window, self.scale
        )

    def error(self, found):
        """Squared distance from the truth, relative."""
        return shapes.l2_relative(found.at(self.omega) * self.measure, self.truth, self.omega)


def errors_in_cell(cell, eps, seeds, methods):
    """Median error and mean CPU seconds of every method with every default model."""
    result = {}
    for default_name, default in cell.defaults.items():
        for name, method in methods.items():
            errors, start = [], time.process_time()
            for seed in range(seeds):
                errors.append(cell.error(method(cell.problem(eps, seed, default))))
            seconds = (time.process_time() - start) / seeds
            low, high = np.quantile(errors, [0.16, 0.84])
            result[f"{name}, {default_name}"] = (float(np.median(errors)), seconds, float(low), float(high))
    return result


def double_peak(seeds):
    """The table that others have measured, with both noises."""
    print(f"\nDouble Breit-Wigner, 25 momenta: median L2rel over {seeds} seeds (16-84 % of the seeds)")
    print(f"{'':38}" + "".join(f"{f'{noise} {eps:.0e}':>21}" for noise in ("WSZ", "rel") for eps in EPS))
    tables = [
        errors_in_cell(cell, eps, seeds, METHODS)
        for cell in (Cell(shapes.DOUBLE), Cell(shapes.DOUBLE, relative=True))
        for eps in EPS
    ]
    for name in tables[0]:
        seconds = np.mean([table[name][1] for table in tables])
        columns = "".join(f"{t[name][0]:8.3f} ({t[name][2]:.3f}-{t[name][3]:.3f})" for t in tables)
        print(f"{name:30} {seconds:5.3f} s {columns}")
    print("measured with other codes:")
    for name, row in ELSEWHERE.items():
        print(f"{name:38}" + "".join(f"{value:8.3f}{'':13}" for value in row))


def all_cells(seeds, only):
    """The best method of every shape (or of one) and noise level; returns everything, keyed by shape and eps."""
    print(
        f"\nBest classical method of each cell: median over {seeds} seeds, by hindsight among all methods and defaults"
    )
    cells = {}
    named = shapes.PROPAGATORS | {"negative residue": shapes.NEGATIVE} | shapes.THERMAL
    for shape_name, shape in named.items():
        if only and shape_name != only:
            continue
        cell = Cell(shape)
        methods = LINEAR if shape is shapes.NEGATIVE else METHODS
        for eps in EPS:
            found = errors_in_cell(cell, eps, seeds, methods)
            ranking = sorted(found, key=lambda name: found[name][0])
            cells[f"{shape_name}|{eps:.0e}"] = {
                "best": ranking[0],
                "error": found[ranking[0]][0],
                "errors": {name: found[name][0] for name in ranking},
            }
            shown = "; ".join(f"{found[name][0]:.4f} {name}" for name in ranking[:3])
            print(f"{shape_name:26} {eps:.0e}  {shown}", flush=True)
    return cells


def speed():
    """CPU milliseconds of one fit with everything that it needs, warm."""
    cell = Cell(shapes.DOUBLE)
    problem = cell.problem(1e-3, 0, cell.defaults["falling"])
    print("\nCPU milliseconds a fit (25 points, 960 frequencies), choice of the regulator included")
    for method in compare.DEFAULT:
        start = time.process_time()
        for _ in range(3):
            found = method(problem)
        print(f"{found.name:60} {1e3 * (time.process_time() - start) / 3:8.1f}")


def ask_peer(python, script, question):
    """The answer of a script that is run with another Python."""
    with tempfile.TemporaryDirectory() as folder:
        asked, answer = Path(folder, "question.json"), Path(folder, "answer.json")
        asked.write_text(json.dumps(question), encoding="utf-8")
        subprocess.run([python, str(Path(__file__).with_name(script)), str(asked), str(answer)], check=True)
        return json.loads(answer.read_text(encoding="utf-8"))


def against_ana_cont(python):
    """MEM at the same alpha on the same data: the entropy of rho/omega, default model and noise alike."""
    cell = Cell(shapes.DOUBLE)
    problem = cell.problem(1e-3, 0, cell.defaults["falling"])
    seen = (problem.omega > 1e-3) & (problem.omega < 1e4)
    alphas = [1e3, 30.0]
    question = {
        "momentum": MOMENTA.tolist(),
        "data": (np.pi * problem.mean).tolist(),
        "sigma": (np.pi * cell.sigma(1e-3)).tolist(),
        "omega": problem.omega[seen].tolist(),
        "model": (problem.default / problem.omega)[seen].tolist(),
        "alphas": alphas,
    }
    answer = ask_peer(python, "spectral_peer_ana_cont.py", question)
    space = dual.singular_space(problem, problem.weight * problem.scale / problem.omega, floor=1e-3)
    print("\nMEM beside ana_cont: largest difference of rho at the same alpha, relative to the peak; CPU time")
    for strength, found, seconds in zip(alphas, answer["ratio"], answer["seconds"], strict=True):
        start = time.process_time()
        mine = dual.find_optimum(space, SHANNON_JAYNES, strength / problem.scale, np.zeros(len(space.data))).rho
        own = time.process_time() - start
        difference = np.max(np.abs(mine[seen] - np.array(found) * problem.omega[seen])) / np.max(mine)
        print(f"  alpha {strength:g}: {difference:.1e}; {1e3 * own:.1f} ms against {1e3 * seconds:.1f} ms")


def against_lsdensities(python):
    """Hansen-Lupo-Tantalo in float64 beside 64 digits: values and CPU time of one density."""
    tau = np.arange(1.0, 32.0)
    kernel = kernels.UserKernel(lambda t, omega: jnp.exp(-omega * t), "tau")
    rho = shapes.BreitWigners((0.1,), (0.05,), (0.5,))
    exact = shapes.correlator_of(kernel, tau, rho)
    energies, penalties = np.array([0.3, 0.6, 1.0]), [1e-2, 1e-4, 1e-6]
    problem = linear_problem(
        kernel, tau, exact, Covariance.diagonal(1e-3 * exact), kernels.frequency_grid((0.02, 5.0)), window=(0.0, 2.0)
    )
    smearing = partial(smeared.gaussian, 0.1)
    smeared.hansen_lupo_tantalo(problem, energies, smearing, mu=1.0)
    start = time.process_time()
    for _ in range(20):
        found = [smeared.hansen_lupo_tantalo(problem, energies, smearing, mu=mu).value for mu in penalties]
    seconds = (time.process_time() - start) / 20 / 9
    given = {
        "correlator": exact.tolist(),
        "sigma": (1e-3 * exact).tolist(),
        "width": 0.1,
        "penalties": penalties,
        "energies": energies.tolist(),
    }
    peer = ask_peer(python, "spectral_peer_hlt.py", given)
    difference = np.max(np.abs(np.stack(found) - peer["densities"]))
    print("\nHansen-Lupo-Tantalo, 31 times, 3 energies x 3 penalties, against lsdensities at 64 digits:")
    print(f"  largest difference {difference:.1e} of densities up to {np.max(np.abs(peer['densities'])):.2f}")
    print(f"  CPU time of a density: {1e3 * seconds:.3f} ms against {1e3 * peer['seconds']:.0f} ms: ratio", end=" ")
    print(f"{peer['seconds'] / seconds:.0f}")


def save(path, cells):
    """Add the cells to those in the file."""
    if path:
        known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        path.write_text(json.dumps(known | cells, indent=1), encoding="utf-8")


def main():
    """Everything, in the order of the docstrings."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="the double peak with three seeds only")
    parser.add_argument("--only", help="the cells of one shape only, by its name")
    parser.add_argument("--json", type=Path, help="write the cells to this file, or add them to it")
    parser.add_argument("--lsdensities", help="a Python that has lsdensities")
    parser.add_argument("--ana-cont", help="a Python that has ana_cont")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    if options.only:
        save(options.json, all_cells(options.seeds, options.only))
        return
    speed()
    for name, python, compared in (
        ("lsdensities", options.lsdensities, against_lsdensities),
        ("ana_cont", options.ana_cont, against_ana_cont),
    ):
        if python:
            compared(python)
        else:
            print(f"\n{name} is not compared with: no Python that has it was given")
    double_peak(3 if options.quick else options.seeds)
    if not options.quick:
        save(options.json, all_cells(options.seeds, None))


if __name__ == "__main__":
    main()
