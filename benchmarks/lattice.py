"""Exactness, autocorrelations and speed of the lattice samplers; prints every figure that the documentation quotes.

    python benchmarks/lattice.py [exactness] [seeds] [winding] [autocorrelations] [forces] [gauge] [speed]

Without names all parts run, in about half an hour on one core. Times are CPU seconds of this process.
"""

import time

import jax
import jax.random as jr
import numpy as np
from lattice_common import LAM, PHI4, TAU, over_seeds, run_parts, u1_exact

import retrodict  # noqa: F401
from retrodict.inference.infer import infer
from retrodict.lattice.io.gauge_field import file_layout
from retrodict.lattice.samplers.markov_chain import updated
from retrodict.lattice.samplers.methods import HMC, MALA, Cluster, HeatBath
from retrodict.lattice.samplers.smc import LatticeSMC
from retrodict.lattice.samplers.updates import Trajectory
from retrodict.lattice.theories import reference as exact
from retrodict.lattice.theories.groups import SU2, SU3, U1
from retrodict.lattice.theories.paths import double_well, harmonic
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.spins import XY, Ising
from retrodict.lattice.theories.wilson import Wilson
from retrodict.run.loop import advance

SHORT = Cluster(chains=64, draws=300)


def cpu(function, *arguments, seconds=0.5):
    """The best of three batches [CPU ms a call]."""
    jax.block_until_ready(function(*arguments))
    best = np.inf
    for _ in range(3):
        start, count = time.process_time(), 0
        while time.process_time() - start < seconds / 3:
            jax.block_until_ready(function(*arguments))
            count += 1
        best = min(best, (time.process_time() - start) / count)
    return 1e3 * best


def routes():
    """Name, action, method, exact values."""
    ring, small = exact.phi4_two_by_two(0.27, LAM), Phi4((2, 2), 0.27, LAM)
    moments = {name: ring[name] for name in ("phi2", "V_M2", "action_density")}
    yield "HMC", small, HMC(chains=256, draws=2000), moments
    yield "MALA", small, MALA(chains=256, draws=4000), moments
    yield "clusters + HMC", small, Cluster(chains=256, draws=2000, trajectory=True), moments
    yield "SMC", small, LatticeSMC(particles=40_000), moments | {"log_evidence": ring["ln_Z"]}
    yield "HMC harmonic", harmonic(20, 0.2), HMC(chains=256, draws=1000), {"x2": exact.harmonic_x2(20, 0.2)}
    path = exact.path_moments(20, 0.2, lambda x: (x**2 - 1) ** 2)
    well = double_well(20, 0.2, 1.0)
    yield "HMC double well", well, HMC(chains=256, draws=1000), {"x2": path["x2"], "x4": path["x4"]}
    yield "SMC double well", well, LatticeSMC(particles=20_000), {"x2": path["x2"], "log_evidence": path["ln_Z"]}
    critical = 0.5 * np.log(1 + np.sqrt(2))
    yield "clusters Ising", Ising((8, 8), critical), Cluster(draws=4000), {"energy": exact.ising_energy(8, critical)}
    yield "clusters XY", XY((2, 2), 1.12), Cluster(chains=256, draws=2000), {"cos": exact.xy_bond(1.12)}
    theory = Wilson(U1(), (8, 8), 2.0, precision=32)
    yield "HMC + winding U(1)", theory, HMC(chains=128, draws=1000, winding=True), u1_exact(theory)
    for name, group, beta, plaquette in (
        ("SU(2)", SU2(), 2.0, exact.su2_plaquette(2.0)),
        ("SU(3)", SU3(), 5.0, exact.su3_plaquette(5.0)),
    ):
        theory = Wilson(group, (8, 8), beta, loops=1)
        yield f"heat bath {name}", theory, HeatBath(chains=16, warmup=50, draws=300), {"plaquette": plaquette}
        yield f"HMC {name}", theory, HMC(chains=16, warmup=100, draws=200), {"plaquette": plaquette}


def exactness():
    """Each sampler and observable against its exact value."""
    print(f"{'sampler':28}{'observable':16}{'value':>12}{'error':>10}{'exact':>12}{'sigma':>7}{'tau':>7}  CPU s")
    pulls = []
    for name, action, method, wanted in routes():
        start = time.process_time()
        found = infer(action, method, seed=1, progress=False).diagnostics
        spent = time.process_time() - start
        for quantity, value in wanted.items():
            mine, error = found[quantity], found[f"{quantity}_error"]
            pulls.append((mine - value) / error)
            tau = found.get(f"{quantity}_tau", float("nan"))
            numbers = f"{mine:12.6f}{error:10.6f}{value:12.6f}{pulls[-1]:7.2f}{tau:7.2f}{spent:7.1f}"
            print(f"{name:28}{quantity:16}{numbers}", flush=True)
    print(f"largest |sigma| {max(map(abs, pulls)):.2f} of {len(pulls)}; mean square {np.mean(np.square(pulls)):.2f}")


def seeds():
    """Small runs over many seeds, one observable each."""
    small, ring = Phi4((2, 2), 0.27, LAM), exact.phi4_two_by_two(0.27, LAM)
    square, charge = Wilson(U1(), (4, 4), 2.0, loops=1), exact.u1_susceptibility(2.0, 16)
    over_seeds(
        (
            ("HMC phi^4", small, HMC(chains=64, draws=300), {"phi2": ring["phi2"]}),
            ("MALA phi^4", small, MALA(chains=64, draws=600), {"phi2": ring["phi2"]}),
            ("clusters phi^4", small, Cluster(chains=64, draws=300, trajectory=True), {"V_M2": ring["V_M2"]}),
            ("SMC phi^4", small, LatticeSMC(particles=2000), {"log_evidence": ring["ln_Z"]}),
            ("clusters Ising", Ising((4, 4), 0.44), SHORT, {"energy": exact.ising_energy(4, 0.44)}),
            ("clusters XY", XY((2, 2), 1.12), SHORT, {"cos": exact.xy_bond(1.12)}),
            ("HMC + winding U(1)", square, HMC(chains=64, draws=300, winding=True), {"chi_t": charge}),
            ("HMC harmonic", harmonic(10, 0.4), HMC(chains=64, draws=300), {"x2": exact.harmonic_x2(10, 0.4)}),
        )
    )


def winding():
    """U(1): every observable against the formula of the finite torus, and the cost of an independent charge."""
    for extent in (8, 16):
        for beta in (1.0, 4.0, 7.0, 12.0):
            theory = Wilson(U1(), (extent, extent), beta, precision=32)
            method = HMC(chains=64, warmup=100, draws=500, winding=True)
            found = infer(theory, method, seed=1, progress=False).diagnostics
            start = time.process_time()
            advance(theory, method, seed=2)  # compiled by now
            cost = 1e3 * (time.process_time() - start) / (method.chains * method.steps)
            wanted = u1_exact(theory)
            pulls = [f"{(found[q] - value) / found[f'{q}_error']:+.1f}" for q, value in wanted.items()]
            tau, accepted = found["Q2_tau"], found["acceptance_of_WindingStep"]
            print(
                f"L {extent:2} beta {beta:4g}: chi_t {found['chi_t']:.5f} +- {found['chi_t_error']:.5f} (exact "
                f"{wanted['chi_t']:.5f}), sigma of {', '.join(wanted)}: {' '.join(pulls)}; winding accepted "
                f"{accepted:.2f}, tau(Q^2) {tau:.1f}, {cost:.3f} CPU ms a step, {2 * max(tau, 0.5) * cost:.2f} CPU ms "
                "an independent sample",
                flush=True,
            )


def autocorrelations():
    """phi^4 at kappa = 0.27: |M|, chi and tau(|M|) in trajectories of mean length 1, HMC and clusters."""
    for extent in TAU:
        length = 1500 if extent < 32 else 6000
        _remembers(extent, HMC(chains=64, warmup=length // 4, draws=4 * length if extent < 32 else length))
        _remembers(extent, Cluster(chains=64 if extent < 32 else 16, draws=1000, trajectory=True))
    _remembers(64, Cluster(chains=8, draws=500, trajectory=True))


def _remembers(extent, method):
    start = time.process_time()
    theory = Phi4((extent, extent), 0.27, LAM, precision=32)
    found = infer(theory, method, seed=3, progress=False).diagnostics
    spent, text = time.process_time() - start, f"L {extent:2} {type(method).__name__:8}"
    wanted, tau = PHI4.get((extent, 0.27), {}), TAU.get(extent, np.nan)
    for name in ("abs_M", "chi"):
        value, error = wanted.get(name, (np.nan, np.nan))
        sigma = (found[name] - value) / np.hypot(found[f"{name}_error"], error)
        text += f" {name} {found[name]:.4f} +- {found[f'{name}_error']:.4f} ({sigma:+.1f} sigma),"
    text += f" tau(|M|) {found['abs_M_tau']:.1f} +- {found['abs_M_tau_error']:.1f} (HMC of another program: {tau:g})"
    print(f"{text}, thermalised: {found['thermalised']}, {spent:.0f} CPU s", flush=True)


def forces():
    """The force on all SU(3) links, beside matrix products of NumPy with the site first."""
    for extent in (4, 8):
        theory = Wilson(SU3(), (extent,) * 4, 6.0, loops=1)
        x = theory.hot(jr.key(0))
        ours = cpu(jax.jit(theory.gradient), x)
        links = file_layout(np.asarray(x))
        theirs = cpu(numpy_force, links)
        difference = np.max(np.abs(numpy_force(links) * 6.0 - file_layout(np.asarray(theory.gradient(x)))))
        print(
            f"SU(3) force {extent}^4: {ours:.2f} CPU ms, NumPy {theirs:.1f} CPU ms, ratio {theirs / ours:.1f}", end=""
        )
        print(f"; largest difference {difference:.1e}", flush=True)


def numpy_force(links):
    """TA(U V) / 6 with staples by matmul, `(T, Z, Y, X, mu, 3, 3)`."""
    u = [np.ascontiguousarray(links[..., mu, :, :]) for mu in range(4)]
    ahead = lambda a, mu, step=-1: np.roll(a, step, axis=3 - mu)  # noqa: E731
    dagger = lambda a: np.conj(np.swapaxes(a, -1, -2))  # noqa: E731
    out = np.empty_like(links)
    for mu in range(4):
        total = 0
        for nu in range(4):
            if nu != mu:
                side = ahead(u[nu], mu)
                total = total + side @ dagger(u[nu] @ ahead(u[mu], nu))
                total = total + ahead(dagger(u[mu] @ side) @ u[nu], nu, 1)
        product = u[mu] @ total
        product = 0.5 * (product - dagger(product))
        trace = np.trace(product, axis1=-2, axis2=-1)[..., None, None] / 3
        out[..., mu, :, :] = (product - trace * np.eye(3)) / 6
    return out


def gauge():
    """Plaquettes in four dimensions on 8^4: SU(2) at 2.4 and SU(3) at 6.0, by heat bath."""
    theory = Wilson(SU2(), (8,) * 4, 2.4, loops=1, precision=32)
    _plaquette("SU(2) 8^4 beta 2.4", theory, HeatBath(chains=2, warmup=60, draws=150))
    theory = Wilson(SU3(), (8,) * 4, 6.0, loops=1, precision=32)
    _plaquette("SU(3) 8^4 beta 6.0", theory, HeatBath(chains=2, warmup=60, draws=100))


def _plaquette(name, theory, method):
    start = time.process_time()
    found = infer(theory, method, seed=1, progress=False).diagnostics
    value, error = found["plaquette"], found["plaquette_error"]
    spent = time.process_time() - start
    text = f"{name}, {type(method).__name__}: plaquette {value:.5f} +- {error:.5f}"
    print(f"{text}, tau {found['plaquette_tau']:.1f}, {spent:.0f} CPU s", flush=True)


def speed():
    """phi^4 HMC on many chains against one chain in NumPy, per trajectory of ten leapfrog steps' worth of forces."""
    for extent in (8, 16, 32):
        theory = Phi4((extent, extent), 0.27, LAM, precision=32)
        x = jax.vmap(theory.hot)(jr.split(jr.key(0), 256))
        ours = cpu(lambda x, t=theory: updated(Trajectory(), t, x, jr.key(1), 0.2).field, x) / 256
        rng, field = np.random.default_rng(0), np.asarray(x[0], dtype=float)
        theirs = cpu(lambda f, r=rng: numpy_trajectory(f, 0.27, r), field)
        print(f"phi^4 HMC {extent}^2: {ours:.4f} CPU ms a trajectory, NumPy {theirs:.2f}, ratio {theirs / ours:.0f}")


def numpy_trajectory(x, kappa, rng, steps=10):
    """One leapfrog trajectory of length 1, accepted or not."""

    def action(x):
        ahead = np.roll(x, -1, 0) + np.roll(x, -1, 1)
        return np.sum((1 - 2 * LAM) * x**2 + LAM * x**4 - 2 * kappa * x * ahead)

    def gradient(x):
        around = np.roll(x, 1, 0) + np.roll(x, -1, 0) + np.roll(x, 1, 1) + np.roll(x, -1, 1)
        return (2 - 4 * LAM) * x + 4 * LAM * x**3 - 2 * kappa * around

    p, size = rng.standard_normal(x.shape), 1 / steps
    start = action(x) + 0.5 * np.sum(p**2)
    y, q = x, p - 0.5 * size * gradient(x)
    for _ in range(steps):
        y = y + size * q
        q = q - size * gradient(y)
    q = q + 0.5 * size * gradient(y)
    change = action(y) + 0.5 * np.sum(q**2) - start
    return y if rng.random() < np.exp(-change) else x


if __name__ == "__main__":
    run_parts(exactness, seeds, winding, autocorrelations, forces, gauge, speed)
