"""Learned samplers of fields, paths and links: training cost, effective share, exactness; prints what the docs quote.

    python benchmarks/lattice_flows.py [PART ...]

Parts: quick, critical, broken, broken_odd, sixteen, thirty_two (phi^4), paths, baselines, gradients, bad; gauge,
couplings, in_turn (U(1)); seeds.

Without names all parts run, in about half an hour on one core. Times are CPU seconds of this process without the time
to compile; each stage of a run is timed by itself.
"""

import time
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from lattice_common import LAM, PHI4, over_seeds, run_parts, u1_exact

import retrodict  # noqa: F401
from retrodict.generate.continuous_flow import ContinuousFlow, EquivariantFlow
from retrodict.generate.coupling import CheckerboardFlow, MatsubaraFlow
from retrodict.generate.exact import importance, independence_metropolis
from retrodict.generate.learners import FromData, with_trained_weights
from retrodict.generate.model import AbstractModel, with_weights
from retrodict.generate.symmetrised import Symmetrised
from retrodict.inference.infer import conclude
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.lattice.models.autoregressive.recipe import Autoregressive
from retrodict.lattice.models.gauge_flow import GaugeFlow
from retrodict.lattice.models.independence_metropolis import IndependenceMetropolis
from retrodict.lattice.models.scalar_score import ScalarDiffusion
from retrodict.lattice.models.u1.flux import Haar, SharedFlux
from retrodict.lattice.samplers.methods import HMC, Cluster
from retrodict.lattice.theories import reference as exact
from retrodict.lattice.theories.groups import U1
from retrodict.lattice.theories.paths import anharmonic, double_well
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.spins import XY
from retrodict.lattice.theories.wilson import Wilson
from retrodict.run.compiled import Compiled
from retrodict.run.loop import advance

GATHER = Cluster(chains=64, warmup=100, draws=400, trajectory=True)


def timed(action, method, seed=1):
    """What a run says of itself, and the CPU seconds of each of its stages, each run as one compiled chunk."""
    compiled = Compiled(action, method, jr.key(seed), method.steps)
    state = compiled.init()
    compiled.advance(state, 0, 0)  # compiles, takes no step
    step, seconds, parts = 0, {}, []
    for name, length in getattr(method, "lengths", {"draw": method.steps}).items():
        start = time.process_time()
        chunk = jax.block_until_ready(compiled.advance(state, step, length))
        seconds[name] = time.process_time() - start
        assert chunk.finite
        assert int(chunk.taken) == length
        parts.append(jax.tree.map(lambda leaf, n=length: np.asarray(leaf)[:n], chunk.kept))
        state, step = chunk.state, step + length
    history = jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)
    return conclude(action, method, method.finish(action, compiled.whole(state), history)).diagnostics, seconds


def shown(title, action, method, wanted, seed=1):
    """One run: cost, weights, acceptance, and every observable corrected, raw, and against `wanted`."""
    found, seconds = timed(action, method, seed)
    spent = ", ".join(f"{name} {value:.0f}" for name, value in seconds.items())
    proposals = method.lengths["draw"] * method.batch
    print(
        f"{title}: ESS {found['ess']:.3f}, acceptance {found['mean_acceptance']:.3f}, var log w "
        f"{found['log_weight_variance']:.3f}, Pareto k {found['pareto_k']:.2f}; CPU s: {spent} "
        f"({1e3 * seconds['draw'] / proposals:.1f} ms a draw)"
    )
    if "ess_of_data" in found:
        share, beyond, count = (found[name] for name in ("ess_of_data", "uncovered", "held_out"))
        print(f"    of {count} configurations held out: effective share {share:.3f}, uncovered {beyond:.2%}")
    imbalance, mismatch = found["raw_imbalance"], found["density_mismatch"]
    print(
        f"    ln Z {found['log_evidence']:.4f} +- {found['log_evidence_error']:.4f}; signs alike within "
        f"{imbalance:.1f} sigma; log q of a draw against integrating back: {mismatch:.1e}"
    )
    for name, (value, error) in wanted.items():
        mine, mine_error = found[name], found[f"{name}_error"]
        sigma = (mine - value) / np.hypot(mine_error, error)
        raw, tau = found.get(f"raw_{name}", np.nan), found.get(f"{name}_tau", np.nan)
        numbers = f"{mine:.5f} +- {mine_error:.5f} (tau {tau:.2f}), reference {value:.5f}, {sigma:+.1f} sigma"
        print(f"    {name:14} {numbers}; uncorrected {raw:.5f}", flush=True)
    return found, seconds


def training(steps, batch, start, stop, every):
    """Adam with a cosine."""
    return Train(steps=steps, batch=batch, learning_rate=Cosine(start, stop), every=every)


def theory(extent, kappa):
    """phi^4 in single precision."""
    return Phi4((extent, extent), kappa, LAM, precision=32)


def quick():
    """phi^4, L = 8, kappa = 0.27: without training, after matching, after half a minute on the action."""
    action, recipe = theory(8, 0.27), EquivariantFlow()
    for title, fit, reverse_kl in (
        ("untrained", None, None),
        ("matching", training(3000, 256, 1e-2, 1e-4, 200), None),
        ("matching and action", training(1500, 256, 1e-2, 1e-3, 250), training(80, 128, 3e-3, 1e-4, 20)),
    ):
        method = IndependenceMetropolis(recipe, GATHER, fit, reverse_kl, chains=64, draws=150)
        shown(f"phi^4 L 8 kappa 0.27, {title}", action, method, PHI4[8, 0.27])


def critical():
    """phi^4, L = 8, kappa = 0.27, trained on for longer."""
    reverse_kl = training(240, 128, 3e-3, 1e-4, 40)
    method = IndependenceMetropolis(
        EquivariantFlow(), GATHER, training(2000, 256, 1e-2, 1e-3, 250), reverse_kl, chains=64, draws=500
    )
    shown("phi^4 L 8 kappa 0.27", theory(8, 0.27), method, PHI4[8, 0.27])


def broken():
    """phi^4, L = 8, kappa = 0.5: two modes that no local update connects, from one of them and its mirror image."""
    flow, couplings = EquivariantFlow(odd=False), CheckerboardFlow(odd=False)
    for title, recipe, fit in (
        ("two modes, diffusion", Symmetrised(ScalarDiffusion(odd=False)), None),
        ("two modes, untrained", Symmetrised(couplings), None),
        ("two modes, couplings", Symmetrised(couplings), training(100, 256, 5e-3, 1e-4, 25)),
        ("two modes, flow", Symmetrised(flow), training(1000, 256, 1e-2, 1e-3, 250)),
    ):
        method = IndependenceMetropolis(recipe, GATHER, fit, None, chains=64, draws=300)
        found, _ = shown(f"phi^4 L 8 kappa 0.5, {title}", theory(8, 0.5), method, PHI4[8, 0.5])
        share, spread = 0.5 * (1 + found["raw_sign_M"]), 0.5 / np.sqrt(method.lengths["draw"] * method.batch)
        print(f"    share of the positive mode {share:.4f} +- {spread:.4f} of the uncorrected draws", flush=True)


def broken_odd():
    """The same by a flow that must divide itself between the modes."""
    recipe = EquivariantFlow(steps=36, fitting_steps=12)
    reverse_kl = training(60, 128, 3e-3, 1e-4, 20)
    method = IndependenceMetropolis(
        recipe, GATHER, training(2000, 256, 1e-2, 1e-3, 250), reverse_kl, chains=64, draws=100
    )
    shown("phi^4 L 8 kappa 0.5, odd flow", theory(8, 0.5), method, PHI4[8, 0.5])


def sixteen():
    """phi^4, L = 16, kappa = 0.27: reverse-KL training that is too brief, and a longer one."""
    for steps in (20, 100):
        fit, reverse_kl = training(1000, 128, 1e-2, 1e-3, 250), training(steps, 64, 3e-3, 1e-4, 20)
        method = IndependenceMetropolis(EquivariantFlow(), GATHER, fit, reverse_kl, chains=64, draws=80)
        shown(f"phi^4 L 16 kappa 0.27, {steps} steps on the action", theory(16, 0.27), method, PHI4[16, 0.27])


def thirty_two():
    """phi^4, L = 32, kappa = 0.27: half an hour at most."""
    reverse_kl = training(300, 32, 3e-3, 1e-4, 20)
    gather = Cluster(chains=128, warmup=200, draws=400, trajectory=True)
    method = IndependenceMetropolis(
        EquivariantFlow(), gather, training(1500, 128, 1e-2, 1e-3, 250), reverse_kl, chains=64, draws=60
    )
    shown("phi^4 L 32 kappa 0.27", theory(32, 0.27), method, PHI4[32, 0.27])


def paths():
    """Feynman paths of 80 sites 0.1 apart: observables and ln Z against the transfer matrix."""
    gather = HMC(chains=64, warmup=200, draws=400)
    recipe = EquivariantFlow(lengths=(0.0, 2.0, 6.0), decay=1.0)
    for title, action, potential, matching, polishing in (
        ("x^2/2 + x^4", anharmonic(80, 0.1, 1.0, precision=32), lambda x: x**2 / 2 + x**4, 1000, 20),
        ("(x^2 - 1)^2", double_well(80, 0.1, 1.0, precision=32), lambda x: (x**2 - 1) ** 2, 4000, 120),
        ("(x^2 - 2)^2", double_well(80, 0.1, 2.0, precision=32), lambda x: (x**2 - 2) ** 2, 4000, 200),
    ):
        wanted = exact.path_moments(80, 0.1, potential)
        wanted = {"x2": (wanted["x2"], 0.0), "x4": (wanted["x4"], 0.0), "log_evidence": (wanted["ln_Z"], 0.0)}
        fit, reverse_kl = training(matching, 256, 3e-2, 1e-3, 500), training(polishing, 128, 1e-2, 1e-3, 20)
        shown(
            f"path in {title}",
            action,
            IndependenceMetropolis(recipe, gather, fit, reverse_kl, chains=64, draws=60),
            wanted,
        )


def baselines():
    """What one effective sample of |M| costs without learning: HMC, and clusters with HMC."""
    for extent, kappa in ((8, 0.27), (8, 0.5), (16, 0.27)):
        for method in (HMC(chains=64, warmup=300, draws=1500), Cluster(chains=64, draws=700, trajectory=True)):
            found, seconds = timed(theory(extent, kappa), method)
            tau = found["abs_M_tau"]
            cost = 1e3 * seconds["draw"] * 2 * tau / (method.chains * method.steps)
            print(
                f"L {extent} kappa {kappa} {type(method).__name__:8} |M| {found['abs_M']:.5f} +- "
                f"{found['abs_M_error']:.5f}, tau {tau:.1f}: {cost:.2f} CPU ms an effective sample",
                flush=True,
            )


class FullGradient(ContinuousFlow):
    """The same flow, trained by the gradient of log q - log p with respect to everything."""

    def reverse_loss(self, target, key):
        return AbstractModel.reverse_loss(self, target, key)


@dataclass(frozen=True)
class WithFullGradient(EquivariantFlow):
    """Its recipe."""

    def on(self, target, key):
        model = super().on(target, key)
        return FullGradient(model.weights, model.field, model.recipe)


def gradients():
    """Path gradients against full ones: the same flow, as many CPU seconds."""
    for title, recipe, reverse_kl in (
        ("path gradients", EquivariantFlow(steps=6), training(100, 128, 3e-3, 1e-4, 20)),
        ("full gradients", WithFullGradient(steps=6), training(130, 128, 3e-3, 1e-4, 10)),
    ):
        method = IndependenceMetropolis(
            recipe, GATHER, training(1500, 256, 1e-2, 1e-3, 250), reverse_kl, chains=64, draws=100
        )
        shown(f"phi^4 L 8 kappa 0.27, {title}", theory(8, 0.27), method, {})


def bad():
    """A flow that was hardly trained, corrected: dear, and exact."""
    gather, fit = HMC(chains=64, warmup=20, draws=20), training(20, 64, 1e-2, 1e-3, 10)
    method = IndependenceMetropolis(EquivariantFlow(), gather, fit, None, chains=16, draws=4000)
    shown("phi^4 L 16 kappa 0.27, hardly trained", theory(16, 0.27), method, PHI4[16, 0.27])


def links(extent, beta):
    """U(1) in two dimensions, single precision, and its exact answers."""
    action = Wilson(U1(), (extent, extent), beta, precision=32)
    wanted = {name: (value, 0.0) for name, value in u1_exact(action).items()}
    return action, wanted | {"log_evidence": (exact.u1_log_partition(beta, extent**2), 0.0)}


def gauge():
    """U(1), no learning: the shared flux, and what an independent Q^2 costs by HMC with winding updates."""
    for extent, beta in ((16, 1.0), (8, 7.0), (16, 7.0), (32, 7.0), (16, 12.0)):
        action, wanted = links(extent, beta)
        method = IndependenceMetropolis(SharedFlux(), None, None, chains=64, draws=600)
        found, _ = shown(f"shared flux, L {extent} beta {beta}", action, method, wanted)
        hmc, seconds = timed(action, HMC(chains=24, warmup=100, draws=400 if extent < 32 else 200, winding=True))
        tau = max(hmc["Q2_tau"], hmc["plaquette_tau"])
        cost = 1e3 * seconds["draw"] * 2 * tau / (24 * (500 if extent < 32 else 300))
        bound = np.exp(-beta * np.pi**2 / (6 * extent**2))
        print(f"    acceptance at least {bound:.3f}; uncorrected chi_t {found['raw_chi_t']:.5f}")
        print(f"    HMC and winding: tau {tau:.1f}, {cost:.2f} CPU ms an independent sample", flush=True)


def coupled(extent, beta, base, steps, batch=64, seed=1):
    """One training of gauge-equivariant couplings on the action alone."""
    action, wanted = links(extent, beta)
    method = IndependenceMetropolis(
        GaugeFlow(base=base), None, None, training(steps, batch, 3e-3, 1e-5, steps // 10), draws=200
    )
    shown(f"couplings over {type(base).__name__}, L {extent} beta {beta}", action, method, wanted, seed)


def couplings():
    """U(1), L = 8: gauge-equivariant couplings over uniform links and over the shared flux."""
    for beta, steps in ((1.0, 4000), (2.0, 4000), (4.0, 1000), (7.0, 1000)):
        coupled(8, beta, Haar(), steps)
    coupled(8, 7.0, SharedFlux(), 500)


def weighed(title, action, wanted, model, count):
    """Independent draws of a model of links, weighted: effective share, acceptance, ln Z, and loops and charge."""
    names = [name for name in wanted if name not in ("chi_t", "log_evidence")]

    def one(key):
        x, log_q = model.sample(key)
        seen = action.observables(x)
        values = jnp.stack([*(seen[name] for name in names), seen["Q2"] / action.volume])
        return action.log_density(x) - log_q, values, model.log_prob(x) - log_q

    many = jax.jit(lambda keys: jax.lax.map(one, keys, batch_size=512)).lower(jr.split(jr.key(9), count)).compile()
    start = time.process_time()
    log_w, values, mismatch = jax.device_get(many(jr.split(jr.key(9), count)))
    cost, found = 1e3 * (time.process_time() - start) / count, importance(log_w)
    accepted, off = (
        np.mean(independence_metropolis(jnp.asarray(log_w), jr.key(3))[1]),
        found.log_z - wanted["log_evidence"][0],
    )
    print(
        f"{title}: ESS {found.ess:.3f}, acceptance {accepted:.3f}, Pareto k {found.pareto_k:.2f}, ln Z - exact "
        f"{off:+.4f} +- {found.log_z_error:.4f}, mismatch {np.max(np.abs(mismatch)):.1e}, {cost:.2f} CPU ms a draw"
    )
    for name, value in zip([*names, "chi_t"], values.T.astype(float), strict=True):
        (mean, error), truth = found.mean(value), wanted[name][0]
        numbers = f"{mean:.5f} +- {error:.5f}, exact {truth:.5f}, {(mean - truth) / error:+.1f} sigma"
        print(f"    {name:9} {numbers}; uncorrected {value.mean():.5f}", flush=True)


def in_turn():
    """U(1), beta = 7: autoregressive plaquettes, trained on 8 x 8 sites, moved to other volumes."""
    recipe, (action, _) = Autoregressive(components=4, channels=4), links(8, 7.0)
    start = time.process_time()
    chains = advance(action, HMC(chains=4096, warmup=60, draws=4, winding=True, cold=0.0), seed=2)
    x, gathered = jnp.asarray(chains.state.field), time.process_time() - start
    learner, method = FromData(recipe.on(action, jr.key(0)), x[256:], x[:256]), training(1200, 256, 1e-2, 3e-4, 300)
    start, finished = time.process_time(), advance(learner, method, seed=1)
    model = with_trained_weights(learner.model, method.finish(learner, finished.state, finished.history).position)
    print(f"4096 configurations in {gathered:.0f} CPU s, training in {time.process_time() - start:.0f}", flush=True)
    for extent, count in ((8, 16_384), (16, 16_384), (32, 2048)):
        action, wanted = links(extent, 7.0)
        moved = with_weights(recipe.on(action, jr.key(0)), model.weights)
        weighed(f"autoregressive plaquettes, L {extent} beta 7", action, wanted, moved, count)


def seeds():
    """Every kind of model over twenty seeds, gathering and training anew for each: the corrected values."""
    small, ring = Phi4((2, 2), 0.27, LAM), exact.phi4_two_by_two(0.27, LAM)
    well, moments = double_well(20, 0.2, 1.0), exact.path_moments(20, 0.2, lambda x: (x**2 - 1) ** 2)
    scalar = {"phi2": ring["phi2"], "V_M2": ring["V_M2"], "log_evidence": ring["ln_Z"]}
    path = {"x2": moments["x2"], "log_evidence": moments["ln_Z"]}
    spins = {"cos": exact.xy_bond(1.12)}

    def learned(model, fit, data=None):
        return IndependenceMetropolis(model, data or HMC(chains=64, warmup=100, draws=400), fit, chains=64, draws=200)

    brief = training(100, 128, 1e-2, 1e-3, 50)
    over_seeds(
        (
            ("flow", small, learned(EquivariantFlow(), brief), scalar),
            ("flow, three steps", small, learned(EquivariantFlow(), training(3, 64, 1e-2, 1e-3, 3)), scalar),
            ("couplings", small, learned(CheckerboardFlow(), brief), scalar),
            ("diffusion", small, learned(ScalarDiffusion(), None), scalar),
            ("sites in turn, phi^4", small, learned(Autoregressive(), brief), scalar),
            ("modes", well, learned(MatsubaraFlow(), brief), path),
            ("sites in turn, XY", XY((2, 2), 1.12), learned(Autoregressive(), brief), spins),
        )
    )


if __name__ == "__main__":
    fields = quick, critical, broken, broken_odd, sixteen, thirty_two, paths, baselines, gradients, bad
    run_parts(*fields, gauge, couplings, in_turn, seeds)
