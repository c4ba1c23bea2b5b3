"""Figures of the emulators and of the inference with them: fit, prediction, posterior, closure over a whole design.

python benchmarks/heavy_ion_calibration.py                  # a synthetic design of 485 runs, 17 parameters, 110 outputs
python benchmarks/heavy_ion_calibration.py --data FOLDER    # the public design of JETSCAPE-SIMS, Pb-Pb at 2.76 TeV
    [--parts fit,peer,posterior,closure]

FOLDER holds the files of js-sims-bayes by their names there and a table of the measurements. `peer` compares with
scikit-learn where it can be imported. All times are CPU seconds of this process; on a busy
machine idle threads count, too: set OPENBLAS_NUM_THREADS=1 and NPROC=2.
"""

import argparse
import csv
import time
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from jax.scipy.special import ndtr
from scipy.special import ndtri

from retrodict import NUTS, AbstractAnsatz, AbstractForward, Covariance, Gaussian, Posterior, Quantity, infer
from retrodict.heavy_ion.calibration.emulators import (
    GaussianProcesses,
    NeuralEmulator,
    PolynomialChaos,
    broken_runs,
    joint_pull,
)
from retrodict.heavy_ion.calibration.emulators.components import components_of, standardised
from retrodict.heavy_ion.calibration.emulators.matern import fit as fit_process
from retrodict.heavy_ion.calibration.emulators.pulls import means
from retrodict.inference.diagnostics import effective_sample_size

BLOCKS = {  # observable: bins in a row of the public files
    **{"dNch_deta": 8, "dET_deta": 22, "dN_dy_pion": 8, "dN_dy_kaon": 8, "dN_dy_proton": 8},
    **{"dN_dy_Lambda": 5, "dN_dy_Omega": 4, "dN_dy_Xi": 4, "mean_pT_pion": 8, "mean_pT_kaon": 8},
    **{"mean_pT_proton": 8, "pT_fluct": 12, "v22": 8, "v32": 6, "v42": 6},
}
LEFT_OUT = ("dN_dy_Lambda", "dN_dy_Omega", "dN_dy_Xi")
FAILED = {
    "main": [123, 242, 289, 324, 326, 334, 341, 377, 406, 429, 440, 447, 459, 462, 483],
    "validation": [36, 43, 47, 73, 96],
}
NOT_CLEAN = [14, 65, 89]  # validation rows that the authors drop
RANGES = {  # of the public design
    "norm": (10, 20),
    "trento_p": (-0.7, 0.7),
    "sigma_k": (0.3, 2),
    "nucleon_width": (0.5, 1.5),
    "dmin3": (0, 4.913),
    "tau_R": (0.3, 2),
    "alpha": (-0.3, 0.3),
    "eta_T_kink": (0.13, 0.3),
    "eta_low_slope": (-2, 1),
    "eta_high_slope": (-1, 2),
    "eta_kink": (0.01, 0.2),
    "zeta_max": (0.01, 0.2),
    "zeta_T_peak": (0.12, 0.3),
    "zeta_width": (0.025, 0.15),
    "zeta_asymmetry": (-0.8, 0.8),
    "b_pi": (2, 8),
    "T_sw": (0.13, 0.165),
}
LOW, HIGH = np.array(list(RANGES.values()), dtype=float).T
PLAIN = np.array([0, 1, 2, 3, 4, 5, 6, 15, 16])
T = np.linspace(0.135, 0.4, 10)  # GeV
FOLDS = 5
LOW32, HIGH32 = LOW.astype(np.float32), HIGH.astype(np.float32)  # closures run in single precision: 2e-4 of a component
CLOSED, TOGETHER, PILOT = 2, 32, 4096  # chains of a truth, truths side by side, prior draws for starts
WARM, KEPT = (12, 12, 12), 80
CHAINS = NUTS(chains=16, warmup=150, draws=450)


class Table(NamedTuple):
    parameters: np.ndarray
    outputs: np.ndarray


class Problem(NamedTuple):
    design: Table
    validation: Table
    clean: np.ndarray  # validation rows
    measured: np.ndarray
    error: np.ndarray


def shear(x, t):
    kink, low, high, at = (x[..., i, None] for i in (7, 8, 9, 10))
    return jnp.maximum(0.0, at + jnp.where(t < kink, low, high) * (t - kink))


def bulk(x, t):
    top, peak, width, skew = (x[..., i, None] for i in (11, 12, 13, 14))
    return top / (1 + ((t - peak) / (width * (1 + skew * jnp.sign(t - peak)))) ** 2)


def features(x):
    """Nine plain parameters, and both viscosities at ten temperatures."""
    grid = jnp.asarray(T, jnp.result_type(x))
    return jnp.concatenate([x[..., PLAIN], shear(x, grid), bulk(x, grid)], axis=-1)


def public_table(folder, kind):
    path = next(folder.glob(f"design_points_{kind}_*"))
    points = np.genfromtxt(path, delimiter=",", skip_header=1)[:, 1:]
    rows = np.fromfile(folder / f"{kind}.dat", dtype="<f8").reshape(len(points), 4, -1)[:, 0]  # Grad
    outputs, at = [], 0
    for name, bins in BLOCKS.items():
        outputs += [] if name in LEFT_OUT else [rows[:, at : at + bins]]
        at += 2 * bins
    return Table(*(np.delete(table, FAILED[kind], axis=0) for table in (points, np.hstack(outputs))))


def public(folder):
    with next(folder.glob("alice_*.csv")).open() as file:
        rows = [(float(row["value"]), float(row["error"])) for row in csv.DictReader(file)]
    validation = public_table(folder, "validation")
    clean = np.setdiff1d(np.arange(len(validation.parameters)), NOT_CLEAN)
    return Problem(public_table(folder, "main"), validation, clean, *np.array(rows).T)


def synthetic():
    """A smooth nonlinear simulator with an error of two per cent; two validation runs are corrupt."""
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(29, 12)) / np.sqrt(29), rng.normal(size=(12, 110)) / np.sqrt(12)

    def box(count):
        cells = rng.permuted(np.tile(np.arange(count)[:, None], 17), axis=0)
        return LOW + (HIGH - LOW) * (cells + rng.uniform(size=cells.shape)) / count

    middle = standardised(np.asarray(features(box(1000))))

    def runs(x, noise=0.02):
        found = 3 + np.tanh((np.asarray(features(x)) - middle.mean) / middle.scale @ first) @ second
        return found * (1 + noise * rng.normal(size=found.shape))

    x, new, truth = box(485), box(95), (LOW + HIGH)[None] / 2
    outputs = runs(new)
    outputs[[65, 89]] *= 2
    error = np.full(110, 0.1)
    measured = runs(truth)[0] + error * rng.normal(size=110)
    clean = np.setdiff1d(np.arange(95), [65, 89])
    return Problem(Table(x, runs(x)), Table(new, outputs), clean, measured, error)


class Box(AbstractAnsatz):
    @property
    def dim(self):
        return len(LOW)

    def __call__(self, z):
        return LOW + (HIGH - LOW) * ndtr(z)


class Emulated(AbstractForward):
    emulator: eqx.Module

    def __call__(self, x):
        return self.emulator.mean(features(x)), jnp.asarray(True)


def derive(x, prediction):
    shown = {"eta_over_s(.20)": shear(x, jnp.array([0.2]))[0], "zeta_over_s(.20)": bulk(x, jnp.array([0.2]))[0]}
    return {name: x[i] for i, name in enumerate(RANGES)} | shown


QUANTITIES = tuple(Quantity(name) for name in (*RANGES, "eta_over_s(.20)", "zeta_over_s(.20)"))


def cpu(work, *, repeats=1):
    begin = time.process_time()
    for _ in range(repeats):
        found = jax.block_until_ready(work())
    return found, (time.process_time() - begin) / repeats


def fit(problem):
    """Emulators: time, leave-one-out, validation, corrupt rows, time of a gradient."""
    x, y = np.asarray(features(problem.design.parameters)), problem.design.outputs
    new, spread = np.asarray(features(problem.validation.parameters)), y.std(axis=0)
    for recipe in (GaussianProcesses(), PolynomialChaos(), NeuralEmulator()):
        emulator, seconds = cpu(lambda recipe=recipe: recipe.fit(x, y))
        loo = emulator.leave_one_out
        without, pull = (y - loo.mean) / spread, (y - loo.mean) / loo.sd
        off = (problem.validation.outputs - means(emulator, jnp.asarray(new))) / spread
        rms = [np.sqrt(np.mean(np.square(part))) for part in (without, off, off[problem.clean])]
        print(
            f"{type(recipe).__name__}: fit {seconds:.1f} CPU s (asked 45); leave-one-out RMSE/std {rms[0]:.3f} (asked "
            f".20), pull width {np.std(pull):.3f} (asked .9-1.1), cov68 {np.mean(np.abs(pull) < 1):.3f}, cov95 "
            f"{np.mean(np.abs(pull) < 1.96):.3f}; validation {rms[1]:.3f}, clean rows {rms[2]:.3f} (asked .25)"
        )
        pulls = joint_pull(emulator, new, problem.validation.outputs)
        rows = np.flatnonzero(broken_runs(pulls))
        print(f"   corrupt rows by joint pull: {list(map(int, rows))}, pulls {np.round(pulls[rows], 1)}, "
              f"median {np.median(pulls):.2f}")  # fmt: skip
        slope = eqx.filter_jit(jax.vmap(jax.value_and_grad(lambda v, e: jnp.sum(e.mean(v)), argnums=0), (0, None)))
        for batch in (16, 64, 256):
            some = jnp.asarray(x[:batch])
            jax.block_until_ready(slope(some, emulator))
            times = [cpu(lambda f=slope, v=some, e=emulator: f(v, e))[1] for _ in range(20)]
            print(f"   mean and gradient, batch of {batch}: {1e3 * np.median(times) / batch:.3f} CPU ms (asked .1)")


def peer(problem):
    """The same component by scikit-learn."""
    try:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
    except ImportError:
        print("scikit-learn is not here: no comparison")
        return
    inputs = np.asarray(features(problem.design.parameters))
    table = standardised(inputs)
    z, y = table.columns, components_of(problem.design.outputs, 10).scores[:, 0]
    process, ours = cpu(lambda: fit_process(z, y))
    a, noise = process.amplitude, process.amplitude * process.noise
    same = GaussianProcessRegressor(
        ConstantKernel(a) * Matern(process.lengths, nu=2.5) + WhiteKernel(noise), optimizer=None, alpha=0
    ).fit(z, y - process.constant)
    grid = z[::7] + 0.1
    emulator = GaussianProcesses().fit(inputs, problem.design.outputs)
    found = jax.vmap(emulator.scores)(jnp.asarray(table.mean + table.scale * grid))[:, 0]
    theirs = process.constant + same.predict(grid)
    print(f"scikit-learn at equal hyper-parameters: largest difference of a mean {np.max(np.abs(theirs - found)):.1e}")
    left, sd = [], []
    for i in (0, 100, 400):
        keep = np.arange(len(y)) != i
        one = GaussianProcessRegressor(same.kernel, optimizer=None, alpha=0).fit(z[keep], y[keep] - process.constant)
        m, s = one.predict(z[[i]], return_std=True)
        left.append(abs(y[i] - process.constant - m[0] - process.residual[i]))
        sd.append(abs(s[0] ** 2 - process.variance[i]))
    print(f"   left-out mean and variance: {max(left):.1e}, {max(sd):.1e} (asked 1e-6)")
    kernel = ConstantKernel(1.0) * Matern(np.full(z.shape[1], 4.0), nu=2.5) + WhiteKernel(0.05)
    _, seconds = cpu(lambda: GaussianProcessRegressor(kernel, alpha=0).fit(z, y))
    print(f"one component: {ours:.2f} CPU s, scikit-learn {seconds:.1f}: {seconds / ours:.0f} times (asked 15)")


def posterior_of(problem, emulator):
    covariance = Covariance.full(np.diag(problem.error**2) + np.asarray(emulator.covariance))
    likelihood = Gaussian(jnp.asarray(problem.measured), covariance)
    return Posterior(Box(), Emulated(emulator), likelihood, derive=derive, quantities=QUANTITIES)


def posterior(problem):
    """The posterior of 17 parameters by the house's sampler."""
    emulator = GaussianProcesses().fit(np.asarray(features(problem.design.parameters)), problem.design.outputs)
    target = posterior_of(problem, emulator)
    begin = time.process_time()
    result = infer(target, CHAINS, seed=1, progress=False)
    seconds = time.process_time() - begin
    found = result.diagnostics
    print(
        f"{CHAINS}: {seconds:.1f} CPU s with compilation (asked 30); R-hat {found['rhat']:.4f} (asked 1.01), ESS "
        f"{found['ess_bulk']:.0f} (asked 2000; {found['ess_bulk_worst']}), tails {found['ess_tail']:.0f}, "
        f"divergences {found['divergences']}, gradients a draw {found['mean_gradients']:.0f}"
    )
    asked = {"eta_over_s(.20)": ".130 +- .02", "zeta_max": ".114 +- .02", "T_sw": ".1356 +- .002"}
    prior = (HIGH - LOW) / np.sqrt(12)
    for i, quantity in enumerate(QUANTITIES):
        draws = np.asarray(result.tree["posterior"][quantity.name])
        low, middle, high = np.quantile(draws, [0.05, 0.5, 0.95])
        shrunk = f", sd over the prior's {draws.std() / prior[i]:.2f}" if i < len(prior) else ""
        wanted = f" (asked {asked[quantity.name]})" if quantity.name in asked else ""
        print(f"   {quantity.name:16} {middle:8.4g} [{low:.4g}, {high:.4g}]{shrunk}{wanted}")


@eqx.filter_jit
class Chain(NamedTuple):
    """One chain in latents: position, log density of its truth and the gradient of that."""

    z: jax.Array
    log_density: jax.Array
    gradient: jax.Array


def close_one(emulator, root, centre, start, key, leapfrogs):
    """Draws of one posterior, shape (chains, draws, parameters): HMC with the Gauss-Newton metric of its own chains.

    The likelihood is a quadratic form of the components: `root` times these less `centre` is white.
    """

    def residual(z):
        return root @ emulator.scores(features(LOW32 + (HIGH32 - LOW32) * ndtr(z))) - centre

    def at(z):
        value, slope = jax.value_and_grad(lambda v: -0.5 * jnp.sum(residual(v) ** 2) - 0.5 * jnp.sum(v**2))(z)
        return Chain(z, value, slope)

    def metric_root(z):
        """L with L L^T the mean Gauss-Newton covariance of some positions."""
        jacobian = jax.vmap(jax.jacfwd(residual))(z)
        precision = jnp.einsum("crz,cry->zy", jacobian, jacobian) / len(z) + jnp.eye(z.shape[1], dtype=z.dtype)
        return jnp.linalg.cholesky(jnp.linalg.inv(precision))

    def move(chain, key, scale, size):
        momentum_key, accept_key, jitter_key = jr.split(key, 3)
        size = size * jr.uniform(jitter_key, dtype=jnp.float32, minval=0.7, maxval=1.0)
        start = jr.normal(momentum_key, chain.z.shape, jnp.float32)

        def leap(_, now):
            here, p = now
            p = p + 0.5 * size * (scale.T @ here.gradient)
            there = at(here.z + size * (scale @ p))
            return there, p + 0.5 * size * (scale.T @ there.gradient)

        there, p = jax.lax.fori_loop(0, leapfrogs, leap, (chain, start))
        change = there.log_density - chain.log_density + 0.5 * (jnp.sum(start**2) - jnp.sum(p**2))
        chance = jnp.where(jnp.isfinite(change), jnp.exp(jnp.minimum(change, 0.0)), 0.0)
        taken = jr.uniform(accept_key) < chance
        return jax.tree.map(lambda new, old: jnp.where(taken, new, old), there, chain), chance

    def stage(carry, steps, key, adapt):
        scale = metric_root(carry[0].z) if adapt else carry[2]

        def step(now, k):
            chains, log_size = now
            chains, chance = jax.vmap(lambda c, kk: move(c, kk, scale, jnp.exp(log_size)))(chains, jr.split(k, CLOSED))
            log_size = log_size + (0.15 * (jnp.mean(chance) - 0.8) if adapt else 0.0)
            return (chains, log_size.astype(jnp.float32)), chains.z

        (chains, log_size), kept = jax.lax.scan(step, carry[:2], jr.split(key, steps))
        return (chains, log_size, scale), kept

    keys = jr.split(key, len(WARM) + 1)
    carry = (jax.vmap(at)(start), jnp.float32(jnp.log(0.2)), None)
    for steps, one in zip(WARM, keys, strict=False):
        carry, _ = stage(carry, steps, one, True)
    _, kept = stage(carry, KEPT, keys[-1], False)
    return jnp.swapaxes(kept, 0, 1)


@eqx.filter_jit
def close_many(emulator, root, centres, starts, keys, leapfrogs):
    each = (centres, starts, keys)
    return jax.lax.map(lambda one: close_one(emulator, root, *one, leapfrogs), each, batch_size=TOGETHER)


@eqx.filter_jit
def pilot(emulator, key):
    z = jr.normal(key, (PILOT, len(LOW)), jnp.float32)
    return z, jax.lax.map(lambda v: emulator.scores(features(LOW32 + (HIGH32 - LOW32) * ndtr(v))), z, batch_size=64)


def closed(emulator, covariance, data, truths, key, leapfrogs):
    """PIT of each parameter of each truth, and the effective draws behind it."""
    basis, offset = np.asarray(emulator.readout.basis), np.asarray(emulator.readout.offset)
    solved = np.linalg.solve(covariance, basis)
    root = np.linalg.cholesky(basis.T @ solved).T
    centre = np.linalg.solve(root.T, solved.T @ (data - offset).T).T
    single = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), emulator)
    z, scores = (np.asarray(part) for part in pilot(single, key))
    chi2 = np.sum(((scores @ root.T)[None] - centre[:, None]) ** 2, axis=2)
    start = z[np.argsort(chi2, axis=1)[:, :CLOSED]]  # the best draws of the prior
    single_root, single_centre = (jnp.asarray(part, jnp.float32) for part in (root, centre))
    keys = jr.split(key, len(truths))
    found = close_many(single, single_root, single_centre, start, keys, jnp.asarray(leapfrogs))
    draws = np.asarray(found, dtype=float)
    effective = np.array([effective_sample_size(one) for one in draws])
    rank = np.mean(draws < ndtri((truths - LOW) / (HIGH - LOW))[:, None, None], axis=(1, 2))
    rng = np.random.default_rng(3)
    return (rank * effective + rng.uniform(size=rank.shape)) / (effective + 1), effective


def closure(problem):
    """Every run of the design as a truth, with the emulator of the four folds that it is not in."""
    begin, rng = time.process_time(), np.random.default_rng(7)
    x, y = problem.design.parameters, problem.design.outputs
    inputs = np.asarray(features(x))
    fold = rng.permutation(len(x)) % FOLDS
    noise, folds = np.diag(problem.error**2), []
    for f in range(FOLDS):
        mine = fold == f
        data = y[mine] + problem.error * rng.normal(size=y[mine].shape)
        folds.append((GaussianProcesses().fit(inputs[~mine], y[~mine]), data, x[mine]))
    for name, counted, leapfrogs in (("emulator covariance", 1.0, 12), ("planted fault, without it", 0.0, 48)):
        parts = []
        for f, (emulator, data, truths) in enumerate(folds):
            covariance = noise + counted * np.asarray(emulator.covariance)
            parts.append(closed(emulator, covariance, data, truths, jr.key(f), leapfrogs))
        seconds, begin = time.process_time() - begin, time.process_time()
        pit, effective = (np.concatenate(part) for part in zip(*parts, strict=True))
        z = ndtri(pit)
        inside = [np.mean(np.abs(pit - 0.5) < level / 2) for level in (0.5, 0.68, 0.9, 0.95)]
        print(
            f"closure of {len(x)} truths, {name}: {seconds:.0f} CPU s (asked 150); cov50 "
            f"{inside[0]:.3f}, cov68 {inside[1]:.3f} (asked .66-.72), cov90 {inside[2]:.3f} (.88-.92), cov95 "
            f"{inside[3]:.3f} (.925-.96), PIT width {z.std():.3f} (.95-1.05; fault > 1.4); effective draws: median "
            f"{np.median(effective):.0f}, 5 % below {np.quantile(effective, 0.05):.0f}",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--parts", default="fit,peer,posterior,closure")
    given = parser.parse_args()
    task = synthetic() if given.data is None else public(given.data)
    for part in given.parts.split(","):
        {"fit": fit, "peer": peer, "posterior": posterior, "closure": closure}[part](task)
