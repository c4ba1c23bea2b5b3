"""Sources of correlation functions: wave functions against other programs, recovery of sources, coverage of bands.

python benchmarks/hadron_femtoscopy.py               # ten minutes of CPU time
python benchmarks/hadron_femtoscopy.py --mocks 100   # coverage of the network's bands by more mocks
"""

import argparse
import time

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

import retrodict as rd
from retrodict.base.constants import FINE_STRUCTURE_CONSTANT, HBAR_C, PROTON_MASS
from retrodict.hadron.femtoscopy.analysis import Femtoscopy
from retrodict.hadron.femtoscopy.comparison import estimates, linear_data, problem_of
from retrodict.hadron.femtoscopy.lednicky import strong_term
from retrodict.hadron.femtoscopy.mock import HALO, LENGTH, RADIUS
from retrodict.hadron.femtoscopy.model import TAIL, low_energy
from retrodict.hadron.femtoscopy.pair import Channel, Pair, pair_of
from retrodict.hadron.femtoscopy.pair_density import pair_density
from retrodict.hadron.femtoscopy.potentials import LiteraturePotential
from retrodict.hadron.femtoscopy.sources import (
    GaussianSource,
    NeuralSource,
    TwoComponentSource,
    gaussian,
    two_component,
)
from retrodict.hadron.femtoscopy.wave_kernel import Distances, kernel_of
from retrodict.hadron.scattering.coulomb import coulomb_functions

GRID = Distances(0.05, 600, 4)
MOMENTUM = np.array([5.0, 50.0, 150.0])
PUBLISHED = {0.9: (6.1877, 2.5203, 0.9204), 1.2: (3.4727, 1.4787, 0.9157), 2.0: (1.0552, 0.7792, 0.9749)}
SAMPLER = rd.ConstrainedHMC(chains=16, warmup=70, draws=140, leapfrog=6)


def waves():
    """Correlations of N-Omega, the approximation of Lednicky, pairs of protons."""
    pair = pair_of(("proton", "Omega"), 0, identical=False)
    known = kernel_of(pair, (Channel(1.0, 2.0, LiteraturePotential()),), MOMENTUM, GRID).known
    potential = jnp.asarray(LiteraturePotential().on(GRID.wave_radius))
    inverse, effective = (float(x) for x in low_energy(potential, GRID, pair.reduced_mass))
    print(f"N-Omega, t/a = 12, physical masses: a0 = {1 / inverse:.3f} fm, r_eff = {effective:.3f} fm")
    for radius in (0.9, 1.2, 2.0, 4.0):
        full = 1.0 + GRID.step * known @ np.asarray(gaussian(jnp.asarray(GRID.radius), radius))
        near = 1.0 + strong_term(MOMENTUM, radius, inverse, effective)
        other = f", differs by {np.max(np.abs(full - PUBLISHED[radius])):.1e}" if radius in PUBLISHED else ""
        shown = " ".join(f"{value:.4f}" for value in full)
        print(
            f"  R = {radius} fm: C(5, 50, 150 MeV) = {shown}{other}; Lednicky off by {np.max(np.abs(near - full)):.4f}"
        )
    k = np.array([5.0, 20.0, 60.0, 150.0])
    protons, q = Pair(0.5 * PROTON_MASS, 1, True), k / HBAR_C
    channels = (Channel(0.25, 0.0, LiteraturePotential("Reid soft core")), Channel(0.75, 1.0))
    for finer in (4, 8, 16):
        grid = Distances(0.05, 600, finer)
        source = np.asarray(gaussian(jnp.asarray(grid.radius), 1.2))
        found = 1 + grid.step * kernel_of(protons, channels, k, grid).known @ source
        print(f"pp, Reid, waves on {grid.step / finer:g} fm: C = {np.round(found, 7)}")
    eta, radius = FINE_STRUCTURE_CONSTANT * protons.reduced_mass / k, np.array([2.0, 6.0, 15.0])
    density, worst = pair_density(q, eta, radius, 1), 0.0
    for i, x in np.ndindex(len(k), len(radius)):
        rho = np.array([q[i] * radius[x]])
        even = sum(
            (2 * n + 1) * (coulomb_functions(n, eta[i : i + 1], rho).regular[0] / rho[0]) ** 2
            for n in range(0, int(rho[0]) + 22, 2)
        )
        worst = max(worst, abs(even / density.even[i, x] - 1.0))
    print(f"protons, even waves: the sum over Coulomb functions of Steed's method differs by {worst:.1e}")


def l1(target, median):
    """Distance of a source on the reported grid to the truth of the mock data."""
    about = next(one for one in target.quantities if one.name == "source")
    truth = np.asarray(two_component(jnp.asarray(about.x), RADIUS, HALO, LENGTH))
    return float(np.sum(np.abs(median - truth)) * (about.x[1] - about.x[0]))


def recovery():
    """The source of the mock data by networks, by its own family, by Tikhonov."""
    x = TAIL / LENGTH
    tail = (1 - HALO) * float(1 - jnp.sum(gaussian(0.001 * jnp.arange(1, 5001), RADIUS)) * 0.001)
    tail += HALO * np.exp(-x) * (1 + x + x**2 / 2)
    print(f"truth: P(r > 5 fm) = {tail:.4f}")
    for source, method in (
        (NeuralSource(), SAMPLER),
        (TwoComponentSource(), rd.Laplace()),
        (GaussianSource(), rd.Laplace()),
    ):
        start = time.process_time()
        target = Femtoscopy(source=source).posterior(None)
        result = rd.infer(target, method, seed=0)
        found = result.quantities()["tail_probability"]["median"]
        name = type(source).__name__
        print(
            f"{name}: L1 {100 * l1(target, result.band('source')['median']):.2f} %, P(r > 5 fm) {found:.4f}"
            f" ({100 * (found / tail - 1):+.1f} %), chi2 {float(result.fit['chi2']):.1f},"
            f" {time.process_time() - start:.0f} s"
        )
        if isinstance(source, NeuralSource):
            others, _ = estimates(linear_data(target, problem_of(target, result)))
            for one in others:
                at = np.interp(result.band("source")["x"], GRID.radius, one.source)
                print(f"  {one.name}: L1 {100 * l1(target, at):.1f} %, chi2 {one.chi2:.1f}, {one.parameter}")


def information():
    """The least L1 that any unbiased estimate within the family of the truth has, on average."""
    target = Femtoscopy(source=TwoComponentSource()).posterior(None)
    radius, kernel = jnp.asarray(GRID.radius), np.asarray(target.forward.kernel)

    def source(values):
        return two_component(radius, *values)

    slope = np.asarray(jax.jacfwd(source)(jnp.asarray([RADIUS, HALO, LENGTH])))
    value = 1.0 + GRID.step * kernel @ np.asarray(source(jnp.asarray([RADIUS, HALO, LENGTH])))
    for name, error in (("errors of 0.01", 0.01), ("errors of 1 % of C", 0.01 * value)):
        design = GRID.step * kernel @ slope / np.broadcast_to(error, value.shape)[:, None]
        draws = np.random.default_rng(0).multivariate_normal(np.zeros(3), np.linalg.inv(design.T @ design), 4000)
        moved = draws @ slope.T
        far = GRID.step * moved[:, GRID.radius > TAIL].sum(axis=1) / 0.0926
        print(
            f"information, {name}: mean L1 {100 * GRID.step * np.abs(moved).sum(axis=1).mean():.2f} %,"
            f" tail {100 * far.std():.1f} %"
        )


def coverage(mocks):
    """Whether 68 and 95 % bands of the network's source hold draws of its prior with mock data of each."""
    target = Femtoscopy(source=NeuralSource()).posterior(None)
    about = next(one for one in target.quantities if one.name == "source")
    inside = []
    for i in range(mocks):
        key, other = jr.split(jr.fold_in(jr.key(7), i))
        latent = target.init(key)
        mock = target.simulated(other, latent)
        result = rd.infer(mock, rd.ConstrainedHMC(chains=8, warmup=60, draws=60, leapfrog=6), seed=i)
        band, truth = result.band("source"), np.asarray(target.derived(latent)["source"])
        at = about.x < 8.0
        inside.append(
            [
                np.mean((truth > band[low])[at] & (truth < band[high])[at])
                for low, high in (("q16", "q84"), ("q2_5", "q97_5"))
            ]
        )
    print(f"coverage of the source's bands, {mocks} mocks: {np.mean(inside, axis=0)} (68, 95 %)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--mocks", type=int, default=10)
    options = parser.parse_args()
    waves()
    information()
    recovery()
    coverage(options.mocks)
