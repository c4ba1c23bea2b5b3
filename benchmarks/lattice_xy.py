"""The XY model drawn site by site: effective share of the draws, free energy, corrected and raw observables; helicity.

    python benchmarks/lattice_xy.py [small] [alone] [large] [scalar] [helicity]

Times are CPU seconds of this process, of training with its data, its compilation included.
"""

import time

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from lattice_common import run_parts

import retrodict  # noqa: F401
from retrodict.generate.exact import importance
from retrodict.generate.explicit import DRAWS
from retrodict.generate.learners import FromAction, FromData, with_trained_weights
from retrodict.inference.infer import infer
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.lattice.models.autoregressive.recipe import Autoregressive
from retrodict.lattice.samplers.markov_chain import last_configurations
from retrodict.lattice.samplers.methods import Cluster
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.spins import XY
from retrodict.run.loop import advance

OBSERVABLES = ("cos", "current2", "vortices")


def moved(x, key):
    """The same angles, translated."""
    return jnp.roll(x, jr.randint(key, (x.ndim,), 0, len(x)), tuple(range(x.ndim)))


def learnt(learner, method, seed):
    """The model after training."""
    finished = advance(learner, method, seed=seed)
    return with_trained_weights(learner.model, method.finish(learner, finished.state, finished.history).position)


def on_data(model, theory, chains, steps):
    """Maximum likelihood on cluster configurations."""
    finished = advance(theory, Cluster(chains=chains, warmup=36, draws=4), seed=5)
    x = jnp.asarray(last_configurations(finished.state))
    return learnt(FromData(model, x[256:], x[:256], moved), Train(steps, 256, Cosine(3e-3, 1e-4)), 1)


def on_action(model, theory, steps, rate, batch=256):
    """The reverse divergence by the score function."""
    return learnt(FromAction(model, theory, 512), Train(steps, batch // DRAWS, Cosine(rate, rate / 20)), 2)


@eqx.filter_jit
def drawn(model, theory, keys, names):
    """ln w and observables of draws."""

    def one(key):
        x, log_q = model.sample(key)
        values = theory.observables(x)
        return theory.log_density(x) - log_q, jnp.stack([values[name] for name in names])

    return jax.vmap(one)(keys)


def proposals(model, theory, names, count=16_384, batch=2048):
    """Weights `(draw,)` and observables `(draw, name)` of independent draws, and CPU ms a draw."""
    jax.block_until_ready(drawn(model, theory, jr.split(jr.key(0), batch), names))
    start = time.process_time()
    parts = [jax.device_get(drawn(model, theory, jr.split(jr.key(7 + i), batch), names)) for i in range(count // batch)]
    cost = 1e3 * (time.process_time() - start) / count
    return (*(np.concatenate(part).astype(float) for part in zip(*parts, strict=True)), cost)


def by_integration(theory, nodes=10, chains=256, draws=200):
    """ln Z and its error: d ln Z / d beta = 2 V <cos> by clusters at Gauss-Legendre couplings; one compilation."""
    place, weight = np.polynomial.legendre.leggauss(nodes)
    total, variance = theory.volume * np.log(2 * np.pi), 0.0
    for x, w in zip(0.5 * theory.beta * (1 + place), 0.5 * theory.beta * weight, strict=True):
        node = XY(theory.shape, jnp.asarray(x, jnp.float32), precision=32)
        found = infer(node, Cluster(chains=chains, warmup=50, draws=draws), seed=4, progress=False).diagnostics
        total += 2 * theory.volume * w * found["cos"]
        variance += (2 * theory.volume * w * found["cos_error"]) ** 2
    return total, np.sqrt(variance)


def compared(name, model, theory, spent, integrate):
    """ESS, ln Z, and three observables: clusters, corrected, raw."""
    log_w, values, cost = proposals(model, theory, OBSERVABLES)
    found = importance(log_w)
    print(
        f"{name}: ESS {found.ess:.3f} after {spent:.0f} CPU s, Pareto k {found.pareto_k:.2f}, var ln w "
        f"{found.variance:.2f}, {cost:.2f} CPU ms a draw; ln Z {found.log_z:.4f} +- {found.log_z_error:.4f}, bound "
        f"{(np.mean(log_w) - found.log_z) / theory.volume:.1e} a site",
        flush=True,
    )
    if integrate:
        log_z, error = by_integration(theory)
        sigma = (found.log_z - log_z) / np.hypot(error, found.log_z_error)
        print(f"    ln Z by integration {log_z:.4f} +- {error:.4f} ({sigma:+.1f} sigma)", flush=True)
    clusters = infer(theory, Cluster(chains=64, warmup=100, draws=1500), seed=9, progress=False).diagnostics
    start = np.array([1.0, -theory.beta, 0.0])  # helicity = cos - beta current^2
    for label, columns, factor in (
        ("cos", values[:, 0], 1),
        ("helicity", values @ start, 1),
        ("vortices", values[:, 2], theory.volume),
    ):
        mean, error = found.mean(columns)
        wanted, other = clusters[label], clusters[f"{label}_error"]
        sigma, raw = (mean - wanted) / np.hypot(error, other), np.mean(columns) / wanted - 1
        print(
            f"    {label:9} clusters {factor * wanted:.4f}({factor * other:.4f}), corrected {factor * mean:.4f}"
            f"({factor * error:.4f}) {sigma:+.1f} sigma, raw {raw:+.2%}",
            flush=True,
        )


def small():
    """L = 8: maximum likelihood on clusters, then the reverse divergence."""
    for temperature in (0.5, 0.7, 0.9, 1.1, 1.3, 1.5):
        start, theory = time.process_time(), XY((8, 8), 1 / temperature, precision=32)
        model = on_data(Autoregressive().on(theory, jr.key(0)), theory, 4096, 600)
        model = on_action(model, theory, 200, 1e-3)
        name, spent = f"L 8 T {temperature}", time.process_time() - start
        compared(name, model, theory, spent, integrate=temperature == 0.9)


def alone():
    """L = 8, T = 0.9 without any data: from spin waves by the reverse divergence alone."""
    start, theory = time.process_time(), XY((8, 8), 1 / 0.9, precision=32)
    model = on_action(Autoregressive().on(theory, jr.key(0)), theory, 600, 3e-3)
    compared("L 8 T 0.9 without data", model, theory, time.process_time() - start, integrate=False)


def large():
    """L = 16, T = 0.9: maximum likelihood on clusters."""
    start, theory = time.process_time(), XY((16, 16), 1 / 0.9, precision=32)
    model = on_data(Autoregressive().on(theory, jr.key(0)), theory, 2048, 700)
    compared("L 16 T 0.9", model, theory, time.process_time() - start, integrate=False)


def scalar():
    """phi^4, L = 8, kappa = 0.27: maximum likelihood on clusters; |M| of a long run of an independent program."""
    start, theory = time.process_time(), Phi4((8, 8), 0.27, 0.022, precision=32)
    clusters = Cluster(chains=2048, warmup=60, draws=4, trajectory=True)
    x = jnp.asarray(last_configurations(advance(theory, clusters, seed=5).state))
    model = Autoregressive().on(theory, jr.key(0))
    model = learnt(FromData(model, x[256:], x[:256], moved), Train(700, 256, Cosine(3e-3, 1e-4)), 1)
    spent = time.process_time() - start
    log_w, values, cost = proposals(model, theory, ("M", "abs_M"))
    found = importance(log_w)
    m, error = found.mean(values[:, 1])
    raw = np.mean(values[:, 1]) / 0.8826 - 1
    print(
        f"phi^4 L 8 kappa 0.27: ESS {found.ess:.3f} after {spent:.0f} CPU s, {cost:.2f} CPU ms a draw; ln Z "
        f"{found.log_z:.4f} +- {found.log_z_error:.4f}; |M| {m:.4f} +- {error:.4f} (0.8826 +- 0.0015), raw {raw:+.2%}; "
        f"positive {np.mean(values[:, 0] > 0):.3f} of the raw draws",
        flush=True,
    )


def helicity():
    """Crossings of the helicity modulus with 2 T / pi, by clusters, and T_KT by the fit of Weber and Minnhagen."""
    published = {8: 0.9613, 16: 0.9366, 32: 0.9235}
    temperatures = np.array([0.84, 0.88, 0.92, 0.96])
    table = {}
    for extent, wanted in published.items():
        rows = []
        for temperature in temperatures:
            theory = XY((extent, extent), jnp.asarray(1 / temperature, jnp.float32), precision=32)
            method = Cluster(chains=64 if extent < 32 else 32, warmup=60, draws=500)
            found = infer(theory, method, seed=2, progress=False).diagnostics
            rows.append((found["helicity"], found["helicity_error"]))
        table[extent] = np.array(rows)
        where, error = crossing(temperatures, table[extent])
        print(f"L {extent:2}: crossing at {where:.4f} +- {error:.4f} (independent program {wanted})", flush=True)
    where, error = weber_minnhagen(temperatures, table)
    print(f"T_KT = {where:.4f} +- {error:.4f} (Weber-Minnhagen, L = {', '.join(map(str, table))})")


def crossing(temperatures, rows, samples=400):
    """Where a parabola through the helicity modulus meets 2 T / pi, with its error by resampling."""
    rng, found = np.random.default_rng(0), []
    for number in range(samples):
        values = rows[:, 0] + (rows[:, 1] * rng.standard_normal(len(rows)) if number else 0)
        a, b, c = np.polyfit(temperatures, values, 2, w=1 / rows[:, 1])
        roots = np.roots([a, b - 2 / np.pi, c])
        found.append(roots[np.argmin(abs(roots - 0.93))].real)
    return found[0], np.std(found[1:])


def weber_minnhagen(temperatures, table, samples=400):
    """The temperature at which helicity = (2 T / pi) (1 + 1 / (2 ln L + c)) fits all sizes best, c free.

    Weber, Minnhagen, Phys. Rev. B 37 (1988) 5986.
    """
    rng, found = np.random.default_rng(0), []
    grid, constants = np.linspace(0.86, 0.92, 121), np.linspace(0.2, 8.0, 157)
    logs = 2 * np.log(np.array(list(table)))
    for number in range(samples):
        at = []
        for rows in table.values():
            values = rows[:, 0] + (rows[:, 1] * rng.standard_normal(len(rows)) if number else 0)
            at.append(np.polyval(np.polyfit(temperatures, values, 2, w=1 / rows[:, 1]), grid))
        ratio = np.array(at) * np.pi / (2 * grid)
        model = 1 + 1 / (logs[:, None] + constants)
        errors = np.array([rows[:, 1].mean() for rows in table.values()])[:, None, None]
        misfit = np.sum(((ratio[:, :, None] - model[:, None, :]) / errors) ** 2, axis=0).min(axis=1)
        found.append(grid[np.argmin(misfit)])
    return found[0], np.std(found[1:])


if __name__ == "__main__":
    run_parts(small, alone, large, scalar, helicity)
