"""Potentials from the lattice: how well truths are found, and how often bands hold them.

python benchmarks/hadron_hal_qcd.py [--mocks 200] [--correlator R.npz --mass 0.665 --spacing 0.0899]

With a correlator of one's own, the fit at every time and its chi-squared.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np

import retrodict as rd
from retrodict.base.constants import HBAR_C
from retrodict.hadron import GaussianProcessPotential, HalQcd, NeuralKernel, SmoothKernel, SumOfGaussians
from retrodict.hadron.hal_qcd.analysis import potential_posterior
from retrodict.hadron.hal_qcd.data import potential_data
from retrodict.hadron.hal_qcd.derived import ReportedGrid, derivation
from retrodict.hadron.hal_qcd.mock import MOCK_MASS, MOCK_SPACING, mock_correlator
from retrodict.hadron.hal_qcd.readers import read_r_correlator
from retrodict.hadron.potentials.ansatz import Envelope, Gaussians
from retrodict.hadron.potentials.literature import OMEGA_OMEGA_MASS, omega_omega
from retrodict.hadron.scattering.r_matrix import LegendreMesh
from retrodict.hadron.wave_functions.analysis import MOCK_DECAY, MOCK_STRENGTH, wave_posterior
from retrodict.hadron.wave_functions.kernel import LocalOnMesh, separable, separable_phase_shift
from retrodict.hadron.wave_functions.readers import WaveTable
from retrodict.hadron.wave_functions.solution import ScatteringSolver

SCALE = {"mass": MOCK_MASS, "lattice_spacing": MOCK_SPACING}
MASS = 470.0  # MeV, reduced, of the waves
STARTS = 12  # of searches: waves have several optima
TRUTH = Gaussians(jnp.array([914.0, 305.0, -112.0]), jnp.array([0.143, 0.305, 0.949]))


def refit() -> None:
    """Two Omega baryons, refitted from two times of an almost exact correlator."""
    correlator = mock_correlator(omega_omega, **SCALE, extent=20, times=(8, 9, 10, 11), samples=40, noise=1e-4)
    ansatz = SumOfGaussians(strength=(1000.0, 150.0))
    grid = ReportedGrid.of(ansatz, MOCK_SPACING, 20, 0.5 * OMEGA_OMEGA_MASS, 100.0)
    target = potential_posterior(potential_data(correlator, (9, 10), **SCALE), ansatz, grid)
    start = time.process_time()
    found = rd.infer(target, rd.Laplace(starts=8), seed=0).quantities()
    truth = derivation(grid)(TRUTH, None)
    print(f"Omega-Omega from two times, three Gaussians ({time.process_time() - start:.0f} CPU s)")
    for name in ("scattering_length", "effective_range", "binding_energy"):
        value, exact = found[name]["median"], float(truth[name])
        print(f"  {name}: {value:.4f} +- {found[name]['sd']:.4f}, true {exact:.4f}: {100 * (value / exact - 1):+.2f} %")


def coverage(mocks: int) -> None:
    """How often the bands of V hold the truth where there are data, end to end: noise, its spectrum, fit.

    The phase shift depends on the prior between r = 0 and the lattice spacing: its coverage is that of `validate`, with
    truths from the prior.
    """
    ansatz, at = GaussianProcessPotential(), np.linspace(MOCK_SPACING, 1.2, 11)
    shown = np.asarray(jax.vmap(lambda z: ansatz(z)(jnp.asarray(at)))(jnp.eye(ansatz.dim))).T
    scores = []
    for seed in range(mocks):
        correlator = mock_correlator(
            omega_omega, **SCALE, extent=16, times=(8, 9, 10), samples=20, noise=1e-3, seed=1000 + seed
        )
        data = potential_data(correlator, (9,), **SCALE)
        columns = jax.vmap(lambda z, r=data.nodes: ansatz(z)(jnp.asarray(r)))(jnp.eye(ansatz.dim)).T
        matrix = data.operator @ np.asarray(columns)
        covariance = np.linalg.inv(matrix.T @ matrix + np.eye(ansatz.dim))
        mean = covariance @ matrix.T @ data.mean
        sd = np.sqrt(np.einsum("ij,jk,ik->i", shown, covariance, shown))
        scores.append((shown @ mean - omega_omega(at)) / sd)
    one, two = np.mean(np.abs(scores) < 1.0), np.mean(np.abs(scores) < 1.96)
    print(f"potentials of {mocks} mocks, 20 samples each: {one:.3f} in the 68 % band, {two:.3f} in that of 95 %")


def waves(error: float) -> None:
    """The separable toy from ten momenta, and its phase shift at others."""
    mesh = LegendreMesh(10.0, 48)
    momenta, r = np.linspace(20.0, 300.0, 10), np.linspace(0.1, 6.0, 40)
    kernel = separable(mesh.r, MOCK_STRENGTH, MOCK_DECAY)
    table = _table(mesh, jnp.asarray(kernel), momenta, r, error)
    measure = np.sqrt(np.outer(mesh.weights, mesh.weights))
    for recipe in (SmoothKernel(), NeuralKernel()):
        target = wave_posterior(table, recipe.on(mesh.r), mesh, MASS)
        start = time.process_time()
        result = rd.infer(target, rd.Laplace(draws=200, starts=STARTS), seed=0)
        seconds = time.process_time() - start
        found = np.mean([np.asarray(target.ansatz(jnp.asarray(z))) for z in result.draws("z")[0]], axis=0)
        away = np.linalg.norm((found - kernel) * measure) / np.linalg.norm(kernel * measure)
        band = result.band("phase_shift")
        q = np.sqrt(2.0 * MASS * band["x"]) / HBAR_C
        exact = np.rad2deg(separable_phase_shift(q, MOCK_STRENGTH / HBAR_C, MOCK_DECAY, MASS / HBAR_C))
        apart = band["median"] - exact
        worst = np.abs(apart - 180.0 * np.round(apart / 180.0)).max()
        name, given = type(recipe).__name__, f"errors of {error:g}"
        print(f"separable, {given}, {name}: U to {100 * away:.2f} %, delta to {worst:.4f} deg, {seconds:.0f} CPU s")


def yukawa(error: float) -> None:
    """A local Yukawa potential from ten momenta."""
    mesh = LegendreMesh(10.0, 48)
    momenta, r = np.linspace(20.0, 300.0, 10), np.linspace(0.1, 6.0, 40)
    potential = jnp.asarray(-60.0 * np.exp(-0.7 * mesh.r) * (1.0 - np.exp(-((mesh.r / 0.3) ** 2))) / mesh.r)
    table = _table(mesh, potential, momenta, r, error)
    envelope = Envelope(tail="one-pion", core=300.0)
    prior = LocalOnMesh(GaussianProcessPotential(envelope=envelope, farthest=10.0), jnp.asarray(mesh.r))
    target = wave_posterior(table, prior, mesh, MASS)
    result = rd.infer(target, rd.Laplace(draws=200, starts=STARTS), seed=0)
    solver = ScatteringSolver(mesh, tuple(np.sqrt(2.0 * MASS * result.band("phase_shift")["x"]).tolist()), MASS)
    apart = result.band("phase_shift")["median"] - np.rad2deg(np.asarray(solver(potential).phase_shift))
    worst = np.abs(apart - 180.0 * np.round(apart / 180.0)).max()
    print(f"Yukawa, errors of {error:g}: delta to {worst:.3f} deg")


def _table(mesh: LegendreMesh, potential: jax.Array, momenta: np.ndarray, r: np.ndarray, error: float) -> WaveTable:
    solver = ScatteringSolver(mesh, tuple(momenta.tolist()), MASS)
    phi = np.asarray(solver(potential).coefficients) @ mesh.basis(r) / (momenta[:, None] / HBAR_C * r)
    noise = error * np.random.default_rng(0).normal(size=phi.size)
    k, at = np.repeat(momenta, len(r)), np.tile(r, len(momenta))
    return WaveTable(k, at, phi.ravel() + noise, np.full(phi.size, error))


def own(path: str, mass: float, spacing: float) -> None:
    """Every time of a correlator."""
    for t in read_r_correlator(path).inner_times:
        start = time.process_time()
        target = HalQcd(lattice_spacing=spacing, mass=mass, times=(int(t),)).posterior(path)
        result = rd.infer(target, rd.Laplace(draws=500, starts=2), seed=0)
        fit, number = result.to_json()["fit"], result.quantities()["scattering_length"]
        a0, seconds = f"a0 = {number['median']:.3f} +- {number['sd']:.3f} fm", time.process_time() - start
        print(f"t = {t}: chi2/dof = {fit['chi2'] / fit['dof']:.2f}, {a0}, {seconds:.0f} CPU s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--mocks", type=int, default=200)
    parser.add_argument("--correlator")
    parser.add_argument("--mass", type=float, default=0.665)
    parser.add_argument("--spacing", type=float, default=0.0899)
    given = parser.parse_args()
    refit()
    coverage(given.mocks)
    for size in (1e-5, 1e-3):
        waves(size)
    yukawa(1e-3)
    if given.correlator:
        own(given.correlator, given.mass, given.spacing)
