"""Spectral functions: the posterior mean against known truths, over shapes, noise levels and seeds; and calibration.

    python benchmarks/spectral.py [--shapes "double peak" ...] [--eps 1e-3 1e-4 1e-5] [--seeds 20] [--relative]
    python benchmarks/spectral.py --shapes "resonance and continuum" --eps 1e-3 1e-4 --default right
    python benchmarks/spectral.py --calibration 200
    python benchmarks/spectral.py --speed

L2rel is the integral of (rho - truth)^2 over that of truth^2, on 500 frequencies up to 20 (rho/omega^2 up to 3 for the
thermal shapes). Coverage is pointwise, where the truth exceeds a hundredth of its maximum: a positive band cannot hold
an exact zero. Noise is that of Wang, Shi, Zhou, or with `--relative` eps D; for times it is eps tau G. `--default` is
the continuum of the thermal mock, right or twice as high (a hundredth of the massless one below its threshold).
`--json FILE` keeps the cells, `--classical FILE` (from spectral_classical.py) stands beside them.
"""

import argparse
import json
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

import retrodict  # noqa: F401
from retrodict.base.files import Source
from retrodict.inference.closure import run_inline
from retrodict.inference.constrained_hmc import ConstrainedHMC
from retrodict.inference.least_squares import minimise
from retrodict.inference.validate import validate
from retrodict.problem.compression import compress
from retrodict.problem.covariance import Covariance
from retrodict.problem.posterior import Posterior
from retrodict.spectral import shapes
from retrodict.spectral.ansatz import AbstractSpectrum, FrequencyGrid, PeaksAndContinuum
from retrodict.spectral.default_model import DefaultModel
from retrodict.spectral.derived import Axis, ReportedRange, derivation, quantities_of
from retrodict.spectral.discretisation import frequency_grid_for, interpolation, prior_spectra, scale_to_data
from retrodict.spectral.kernels import AbstractKernel, Grid, KallenLehmann, Thermal, operator

MOMENTA, TIMES = np.linspace(0.001, 19.199, 25), np.arange(1.0, 48.0)
PLAIN, THERMAL = np.linspace(0.04, 20, 500), np.linspace(0.005, 3, 600)
DEFAULTS = {"right": 1.0, "wrong": 2.0}
ALL = {**shapes.PROPAGATORS, "negative residue": shapes.NEGATIVE, **shapes.THERMAL}


class Cell(NamedTuple):
    """A truth, its exact data with their errors, and the problem that they pose."""

    posterior: Posterior
    grid: FrequencyGrid
    truth: shapes.AbstractShape
    omega: np.ndarray
    power: float  # rho/omega^power is compared
    exact: np.ndarray
    sigma: np.ndarray


def cell(name: str, eps: float, momenta: np.ndarray = MOMENTA, *, relative: bool = False, default: str = "") -> Cell:
    """One shape at one noise level; the prior knows the positivity and, for times, the growth."""
    truth, thermal = ALL[name], name in shapes.THERMAL
    kernel: AbstractKernel = Thermal(1 / 48) if thermal else KallenLehmann()
    x, growth = (TIMES, 2.0) if thermal else (momenta, None)
    exact = np.asarray(shapes.correlator_of(kernel, x, truth))
    sigma = (shapes.thermal_noise if thermal else shapes.wsz_noise)(exact, x, eps)
    sigma = shapes.relative_noise(exact, eps) if relative else sigma
    ansatz: AbstractSpectrum = PeaksAndContinuum(positive=name != "negative residue")
    grid = frequency_grid_for(kernel, x, growth=growth)
    grid = continuum(DEFAULTS[default]).on(grid) if default else scale_to_data(grid, ansatz, kernel, x, exact)
    matrix = operator(kernel, x, Grid(grid.omega, grid.weight))
    forward, likelihood = compress(matrix, jnp.asarray(exact), Covariance.diagonal(sigma), prior_spectra(ansatz, grid))
    omega, power = (THERMAL, 2.0) if thermal else (PLAIN, 0.0)
    return Cell(Posterior(ansatz.on(grid), forward, likelihood), grid, truth, omega, power, exact, sigma)


def continuum(factor: float) -> DefaultModel:
    """The continuum of the thermal mock as a table, times `factor`."""
    omega, mock = np.geomspace(1e-3, 30, 400), shapes.ResonanceContinuum(1 / 48)
    massless = mock.continuum_strength * 3 * omega**2 / (4 * np.pi) * np.tanh(12 * omega)
    values = factor * np.maximum(np.asarray(mock.continuum(omega)), 0.01 * massless)
    return DefaultModel(omega, values, Source("continuum", "", 0))


@eqx.filter_jit
def _draws(
    posterior: Posterior, data: jax.Array, keys: jax.Array, method: ConstrainedHMC
) -> tuple[jax.Array, jax.Array]:
    """(seeds, draws, nodes) of rho, and the acceptance; one data set after the other, one compilation for all."""

    def one(pair: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        found = run_inline(posterior.with_data(pair[0]), method, pair[1])
        z = found.position.reshape(-1, posterior.dim)
        return jax.vmap(posterior.ansatz)(z), jnp.mean(found.statistics["acceptance"])

    return jax.lax.map(one, (data, keys))


def judge(at: Cell, method: ConstrainedHMC, seeds: int) -> dict[str, float | list[float]]:
    """L2rel of the posterior mean over `seeds` noise realisations, coverage, and how often all peaks are found."""
    data = np.stack([np.asarray(shapes.add_noise(jr.key(100 + s), at.exact, at.sigma)) for s in range(seeds)])
    began = time.process_time()
    rho, acceptance = jax.device_get(_draws(at.posterior, jnp.asarray(data), jr.split(jr.key(5), seeds), method))
    seconds = time.process_time() - began
    matrix, truth = interpolation(np.asarray(at.grid.omega), at.omega), np.asarray(at.truth(at.omega))
    scale, found = at.omega**at.power, rho @ matrix.T
    truth, found = truth / scale, found / scale
    mean, band = found.mean(axis=1), np.quantile(found, [0.025, 0.16, 0.84, 0.975], axis=1)
    seen = np.abs(truth) > 0.01 * np.max(np.abs(truth))
    errors = [shapes.l2_relative(m, truth, at.omega) for m in mean]
    return {
        "l2": float(np.median(errors)),
        "l2_all": [float(e) for e in errors],
        "cover68": float(np.mean(((band[1] < truth) & (truth < band[2]))[:, seen])),
        "cover95": float(np.mean(((band[0] < truth) & (truth < band[3]))[:, seen])),
        "peaks_found": float(np.mean([_maxima(m) >= _maxima(truth) for m in mean])),
        "acceptance": float(np.mean(acceptance)),
        "cpu_seconds_a_fit": seconds / seeds,
    }


def _maxima(values: np.ndarray) -> int:
    inner = values[1:-1]
    return int(np.sum((inner > values[:-2]) & (inner >= values[2:]) & (inner > 0.1 * np.max(values))))


def calibrate(data_sets: int, eps: float, method: ConstrainedHMC) -> None:
    """Truths from the prior on the published grid; the noise is that of the double peak."""
    at = cell("double peak", eps)
    reported = ReportedRange(np.geomspace(0.3, 15.0, 40), ((0.3, 15.0),))
    derive = derivation(at.grid, at.posterior.likelihood, reported, KallenLehmann(), MOMENTA)
    quantities = quantities_of(reported, Axis(tuple(MOMENTA.tolist()), "momentum", "GeV", "", "GeV"))
    tested = tuple(q for q in quantities if q.name in ("peak_position", "peak_weight", "spectral_function"))
    names = [q.name for q in tested]
    target = Posterior(
        at.posterior.ansatz,
        at.posterior.forward,
        at.posterior.likelihood,
        derive=lambda rho, prediction: {name: derive(rho, prediction)[name] for name in names},
        quantities=tested,
    )
    began = time.process_time()
    print(validate(target, method, data_sets=data_sets, seed=0, draws=200, batch=10))
    print(f"{(time.process_time() - began) / data_sets:.1f} CPU s a data set")


def speed() -> None:
    """MAP, and 192 draws of which 64 or so are independent, cold and warm."""
    method = ConstrainedHMC(chains=16, warmup=20, draws=12, leapfrog=6)
    fit = eqx.filter_jit(partial(minimise, iterations=60, temperature=1e6, tolerance=1e-2))
    for points in (25, 100):
        at = cell("double peak", 1e-4, np.linspace(0.001, 19.199, points))
        start, data, keys = jnp.zeros(at.posterior.dim), jnp.asarray(at.exact)[None], jr.split(jr.key(0), 1)
        runs = {"MAP": partial(fit, at.posterior, start), "64 draws": partial(_draws, at.posterior, data, keys, method)}
        for name, run in runs.items():
            for when in ("cold", "warm"):
                began = time.process_time()
                jax.block_until_ready(jax.tree.leaves(run()))
                print(f"N_p = {points}: {name}, {when}: {time.process_time() - began:.2f} CPU s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shapes", nargs="*", default=list(ALL))
    parser.add_argument("--eps", nargs="*", type=float, default=[1e-3, 1e-4, 1e-5])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--chains", type=int, default=8)
    parser.add_argument("--steps", type=int, default=40, help="of warm-up, and as many draws")
    parser.add_argument("--relative", action="store_true", help="noise eps D")
    parser.add_argument("--default", choices=sorted(DEFAULTS), default="", help="model of the thermal mock")
    parser.add_argument("--calibration", type=int, default=0, metavar="DATA_SETS")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--classical", type=Path)
    options = parser.parse_args()
    method = ConstrainedHMC(chains=options.chains, warmup=options.steps, draws=options.steps, leapfrog=6)
    if options.speed:
        speed()
    elif options.calibration:
        calibrate(options.calibration, options.eps[0], method)
    else:
        table(options, method)


def table(options: argparse.Namespace, method: ConstrainedHMC) -> None:
    """One line a cell."""
    baselines = json.loads(options.classical.read_text()) if options.classical else {}
    cells = {}
    for name in options.shapes:
        for eps in options.eps:
            key = f"{name}|{eps:.0e}"
            at = cell(name, eps, relative=options.relative, default=options.default)
            cells[key] = found = judge(at, method, options.seeds)
            rival = f"  best classical {baselines[key]['error']:.4f}" if key in baselines else ""
            print(
                f"{name:26} {eps:.0e}  L2rel {found['l2']:.4f}  68 % {found['cover68']:.2f}  95 % "
                f"{found['cover95']:.2f}  peaks {found['peaks_found']:.0%}  acceptance {found['acceptance']:.2f}  "
                f"{found['cpu_seconds_a_fit']:.1f} CPU s{rival}",
                flush=True,
            )
            if options.json:
                options.json.write_text(json.dumps(cells, indent=1))


if __name__ == "__main__":
    main()
