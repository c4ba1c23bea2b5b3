"""Diffusion models of lattice fields: raw bias, corrected values, costs; prints every figure that the docs quote.

    python benchmarks/lattice_diffusion.py [toy] [phi4] [phi4_large] [published] [broken] [u1]
        [u1_cold] [u1_trained] [u1_conditioned] [extrapolation] [learned]

Without names all parts run, in about twenty minutes on one core. Times are CPU seconds, with compilation.
"""

import time

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
from lattice_common import LAM, PHI4, run_parts, u1_exact
from scipy.special import ive, ndtri

import retrodict  # noqa: F401
from retrodict.base.format import value_with_error
from retrodict.generate.annealing import AnnealedLangevin
from retrodict.generate.diffusion import Diffusion, ProbabilityFlow, ReverseSDE, information
from retrodict.generate.exact import importance, independence_metropolis
from retrodict.generate.learners import FromData, with_trained_weights
from retrodict.generate.model import with_weights
from retrodict.generate.modes import Fourier, GaussianStart, Isotropic
from retrodict.generate.noise import geometric_levels
from retrodict.generate.score import Perceptron
from retrodict.generate.symmetrised import Symmetrised
from retrodict.generate.two_peaks import TwoPeaks, TwoPeaksScore
from retrodict.inference.infer import infer
from retrodict.inference.schedule import Cosine
from retrodict.inference.train import Train
from retrodict.lattice.models.independence_metropolis import IndependenceMetropolis
from retrodict.lattice.models.scalar_score import ScalarDiffusion, fit_score, scalar_process
from retrodict.lattice.models.u1.diffusion import LARGEST, Rescaled, Transverse, u1_process
from retrodict.lattice.models.u1.score import fit_u1_score
from retrodict.lattice.models.u1.training import FromCouplings, U1Diffusion
from retrodict.lattice.samplers.methods import HMC, Cluster
from retrodict.lattice.theories.groups import U1
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.wilson import Wilson
from retrodict.num.cumulants import weighted_cumulants
from retrodict.run.loop import advance

NARROW = jnp.float32
LEARNED = ("abs_M", "chi", "binder", "action_density")


class Clock:
    """CPU seconds since it was made or last read."""

    def __init__(self):
        self.start = time.process_time()

    def __call__(self):
        spent, self.start = time.process_time() - self.start, time.process_time()
        return spent


def drawn(model, count, batch=256, seed=1):
    """Draws of a model in batches, compiled."""
    sample = eqx.filter_jit(lambda m, keys: jax.lax.map(m.sample, keys, batch_size=batch))
    return jax.block_until_ready(sample(model, jr.split(jr.key(seed), count)))


def off(value, error, truth, truth_error=0.0):
    """In standard errors."""
    return (value - truth) / np.hypot(error, truth_error)


def toy():
    """The two peaks: the learnt score, and cumulants of the flow by quadrature."""
    target, clock = TwoPeaks(1.0, 0.25), Clock()
    variance = float(target.cumulants(2)[1])
    half = target.centre + target.width * ndtri((np.arange(20_000) + 0.5) / 20_000)
    examples = jnp.asarray(np.random.default_rng(3).permutation(np.concatenate([half, -half]))[:, None])
    score, exact_score = Perceptron((1,), variance, odd=True), TwoPeaksScore(target)
    start = GaussianStart(Isotropic((1,)), jnp.asarray(variance))
    plan = Diffusion(score, start, geometric_levels(10.0, 0.04, 128), variance)
    learner = FromData(ProbabilityFlow(plan, score.init(jr.key(4))), examples, examples[:2000])
    method = Train(steps=3000, batch=512, learning_rate=Cosine(1e-2, 1e-6), every=500)
    finished = advance(learner, method, seed=5)
    model = with_trained_weights(learner.model, method.finish(learner, finished.state, finished.history).position)
    print(f"toy: trained in {clock():.1f} CPU s")
    for level in (0.04, 0.1, 0.3, 1.0, 3.0, 10.0):
        y = examples[:20_000] + level * jr.normal(jr.key(8), (20_000, 1))
        wanted = jax.vmap(lambda at: exact_score((), at, jnp.asarray(level)))(y)  # noqa: B023
        found = jax.vmap(lambda at: model.process.score(model.weights, at, jnp.asarray(level)))(y)  # noqa: B023
        print(f"  level {level}: relative error in L2 {jnp.mean((found - wanted) ** 2) / jnp.mean(wanted**2):.2e}")
    grid = np.linspace(-8, 8, 4001)
    for name, one in (
        ("learnt", model),
        ("exact", ProbabilityFlow(eqx.tree_at(lambda p: p.score, plan, exact_score), ())),
    ):
        y = jnp.asarray(np.sqrt(variance + 100.0) * grid)[:, None]
        ends = np.asarray(eqx.filter_jit(lambda m, at: jax.vmap(m.path)(at)[:, -1, 0])(one, y))
        ratio = weighted_cumulants(ends, np.exp(-0.5 * grid**2), 10)[1::2] / target.cumulants(10)[1::2]
        print(f"  {name} score, Gaussian start: kappa_2 ... kappa_10 over exact {np.round(ratio, 4)}")


def phi4_fields(action, method, rounds=1):
    """Independent configurations: where the chains of so many runs end."""
    return jnp.concatenate([advance(action, method, seed=2 + i).state.field for i in range(rounds)])


def show_phi4(name, action, draw, seconds, truth):
    """Raw and corrected |M| and chi against the reference, the weights, and the cost of a draw."""
    volume, count = action.volume, len(draw.x)
    weights = jax.vmap(action.log_density)(draw.x) - draw.log_prob
    found, mean = importance(weights), np.asarray(draw.x, float).mean(axis=(1, 2))
    accepted = float(jnp.mean(independence_metropolis(weights, jr.key(3))[1]))
    print(
        f"  {name}: ESS {found.ess:.3f}, acceptance {accepted:.3f}, Pareto k {found.pareto_k:.2f}, "
        f"ln Z {found.log_z:.4f} +- {found.log_z_error:.4f}, {1e3 * seconds / count:.1f} CPU ms a draw"
    )
    error = mean.std() / np.sqrt(count)
    print(
        f"    <M> raw {mean.mean():+.4f} +- {error:.4f} ({mean.mean() / error:+.1f} sigma), positive"
        f" {np.mean(mean > 0):.3f}; var ln w {found.variance:.2f}{'' if found.trusted else ': not to be trusted'}"
    )
    size = np.abs(mean)
    middle, _ = found.mean(size)
    for quantity, values in (("abs_M", size), ("chi", volume * (size - middle) ** 2)):
        value, error = found.mean(values)
        # From the same draws: what weights of one would add, and the error of that.
        added = (1 / count - found.weights) * (values - value)
        bias, bias_error = 100 * added.sum() / value, 100 * np.sqrt(np.sum(added**2)) / value
        print(
            f"    {quantity}: corrected {value:.4f} +- {error:.4f} ({off(value, error, *truth[quantity]):+.1f} sigma),"
            f" raw {values.mean():.4f}: bias {bias:+.2f} +- {bias_error:.2f} %",
            flush=True,
        )


def phi4_case(extent, kappa, *, chains, warmup, draws, paths=()):
    """Data, fit, drift, and draws of the flow and of the reverse equation."""
    clock, truth, action = Clock(), PHI4[extent, kappa], Phi4((extent, extent), kappa, LAM, precision=32)
    fields = phi4_fields(action, Cluster(chains=chains, warmup=warmup, draws=4, trajectory=True))
    gathered = clock()
    plan = scalar_process(fields)
    weights = fit_score(plan.score, fields, jr.key(0))
    print(f"phi^4 L {extent} kappa {kappa}: {chains} fields in {gathered:.1f} CPU s, fit in {clock():.1f} CPU s")
    clean, drift = fields[:256], -jax.vmap(action.gradient)(fields[:256])
    for level in (0.01, 0.03, 0.1, 0.3, 1.0):
        found = jax.vmap(lambda y: plan.score(weights, y, jnp.asarray(level, NARROW)))(clean)  # noqa: B023
        ratio = float(jnp.linalg.norm(found - drift) / jnp.linalg.norm(drift))
        print(f"    level {level}: |score + grad S| / |grad S| = {ratio:.3f}")
    clock()
    draw = drawn(ProbabilityFlow(plan, weights), draws)
    show_phi4("probability flow", action, draw, clock(), truth)
    modes = Fourier(action.shape)
    for steps in paths:
        levels = geometric_levels(float(plan.levels[0]), float(plan.levels[-1]), steps).astype(NARROW)
        finer = eqx.tree_at(lambda p: p.levels, plan, levels)
        widths = information(finer, weights, modes, fields[:256], jr.key(4))
        for name, one in ((f"reverse SDE, {steps} measured steps", widths), (f"{steps} white steps", 0 * widths)):
            clock()
            draw = drawn(ReverseSDE(finer, weights, modes, one), draws // 4)
            show_phi4(name, action, draw, clock(), truth)


def phi4():
    """Near criticality."""
    phi4_case(8, 0.27, chains=2048, warmup=80, draws=4096, paths=(64,))
    phi4_case(16, 0.27, chains=1024, warmup=160, draws=2048, paths=(64, 256))


def broken():
    """Two modes far apart."""
    phi4_case(8, 0.5, chains=2048, warmup=60, draws=4096)


def phi4_large():
    """The stretch."""
    phi4_case(32, 0.27, chains=512, warmup=200, draws=512)


def published_case(extent, kappa, gather, rounds, recipe, draws):
    """A theory of the published study; the reference is a long run of HMC here, even observables only."""
    clock, action = Clock(), Phi4((extent, extent), kappa, LAM)
    long = HMC(chains=64, warmup=300, draws=6000 if kappa == 0.27 else 3000, cold=0.5 if kappa < 0.3 else 1.0)
    found = infer(action, long, seed=11, progress=False).diagnostics
    truth = {name: (found[name], found[f"{name}_error"]) for name in ("abs_M", "chi")}
    said = ", ".join(f"{name} {value_with_error(*pair)}" for name, pair in truth.items())
    print(f"L {extent} kappa {kappa}, reference: {said}, {clock():.0f} CPU s", flush=True)
    action = Phi4((extent, extent), kappa, LAM, precision=32)
    fields = phi4_fields(action, gather, rounds)
    print(f"    {len(fields)} fields in {clock():.0f} CPU s", flush=True)
    model = eqx.filter_jit(lambda fields: recipe.on(action, jr.key(0)).initialise_from(fields))(fields)
    print(f"    fit in {clock():.0f} CPU s", flush=True)
    draw = drawn(model, draws)
    show_phi4("probability flow", action, draw, clock(), truth)


def published():
    """The three theories of the published study; kernels are solved for, not trained."""
    clusters = Cluster(chains=1024, warmup=160, draws=4, trajectory=True)
    published_case(16, 0.27, clusters, 4, ScalarDiffusion(), 8192)
    published_case(32, 0.21, HMC(chains=1024, warmup=40, draws=4), 8, ScalarDiffusion(), 3072)
    one_mode = HMC(chains=1024, warmup=40, draws=4, cold=1.0)
    published_case(32, 0.50, one_mode, 8, Symmetrised(ScalarDiffusion(odd=False, steps=36)), 1024)


def learned():
    """The same in one run of `IndependenceMetropolis`: clusters gather, the score is fitted, independence Metropolis
    corrects."""
    for extent, draws in ((8, 500), (16, 250), (32, 120)):
        clock, action = Clock(), Phi4((extent, extent), 0.27, LAM, precision=32)
        gather = Cluster(chains=64, warmup=300, draws=400, trajectory=True)
        method = IndependenceMetropolis(ScalarDiffusion(), gather, None, chains=32, draws=draws, batch=256)
        result = infer(action, method, seed=0)
        found, numbers = result.diagnostics, result.quantities()
        values = ", ".join(f"{n} {value_with_error(numbers[n]['mean'], numbers[n]['error'])}" for n in LEARNED)
        evidence = value_with_error(found["log_evidence"], found["log_evidence_error"])
        print(f"learned, L={extent}: {clock():.0f} CPU s in all, ESS {found['ess']:.3f}, ln Z {evidence}, {values}")
        print(
            f"  acceptance {found['mean_acceptance']:.3f}, tau(|M|) {numbers['abs_M']['tau_int']:.2f}, mismatch"
            f" {found['density_mismatch']:.1e}, raw |M| {found['raw_abs_M']:.4f} +- {found['raw_abs_M_error']:.4f}, raw"
            f" chi {found['raw_chi']:.2f}; {found['uncovered']:.2%} of {found['held_out']} held out uncovered;"
            f" {result.verdict.status}",
            flush=True,
        )


def u1_fields(extent, beta, chains):
    """HMC with winding updates: independent links, and CPU seconds."""
    clock, action = Clock(), Wilson(U1(), (extent, extent), beta, precision=32)
    method = HMC(chains=chains, warmup=60, draws=4, winding=True, cold=0.0)
    return action, jnp.asarray(advance(action, method, seed=2).state.field), clock()


def u1_truth(action):
    """Exact values in this volume, by the names of the observables."""
    found = u1_exact(action)
    charge = action.volume * found.pop("chi_t")
    return {**found, "Q2": charge}


def show_u1(name, action, x, seconds, log_q=None):
    """Raw and, with a density, corrected observables against the exact ones."""
    seen, count = jax.jit(jax.vmap(action.observables))(x), len(x)
    print(f"  {name}: {1e3 * seconds / count:.1f} CPU ms a draw")
    found = None
    if log_q is not None:
        weights = jax.vmap(action.log_density)(x) - log_q
        found = importance(weights)
        log_z = np.log(np.sum(ive(np.arange(-100, 101), action.beta) ** action.volume))
        print(
            f"    ESS {found.ess:.3f}, Pareto k {found.pareto_k:.2f}, var ln w {found.variance:.2f}, ln Z - exact "
            f"{found.log_z - log_z:+.4f} +- {found.log_z_error:.4f}, acceptance "
            f"{float(jnp.mean(independence_metropolis(weights, jr.key(3))[1])):.3f}"
            f"{'' if found.trusted else ': not to be trusted'}"
        )
    for quantity, truth in u1_truth(action).items():
        value = np.asarray(seen[quantity], float)
        raw, error = value.mean(), value.std() / np.sqrt(count)
        line = f"    {quantity:9} exact {truth:.5f}, raw {raw:.5f} +- {error:.5f} ({off(raw, error, truth):+.1f} sigma)"
        if found is not None:
            mean, mean_error = found.mean(value)
            line += f", corrected {mean:.5f} +- {mean_error:.5f} ({off(mean, mean_error, truth):+.1f})"
        print(line, flush=True)


def repaired(action, x, trajectories=20):
    """The same walkers after HMC with winding updates."""
    method = HMC(chains=len(x), warmup=trajectories, draws=4, winding=True)
    state = method.init(action, jr.key(0))._replace(field=x)
    step = jax.jit(lambda s, i: method.step(action, s, jr.fold_in(jr.key(6), i), i)[0])
    for number in range(trajectories):
        state = step(state, jnp.asarray(number))
    return state.field


def u1_case(extent, beta, *, draws, chains=2048, paths=()):
    """Fit at a coupling; the flow, the reverse equation, and annealed Langevin with Metropolis steps at the end."""
    action, fields, gathered = u1_fields(extent, beta, chains)
    clock = Clock()
    plan = u1_process(action.shape, beta, precision=NARROW)
    weights = fit_u1_score(plan.score, fields, jr.key(0))
    print(f"U(1) L {extent} beta {beta:g}: {len(fields)} fields in {gathered:.1f} CPU s, fit in {clock():.1f} CPU s")
    draw = drawn(ProbabilityFlow(plan, weights), draws)
    show_u1("probability flow", action, draw.x, clock(), draw.log_prob)
    modes = Transverse((2, *action.shape))
    for steps in paths:
        finer = eqx.tree_at(lambda p: p.levels, plan, geometric_levels(LARGEST, 0.02 / beta**0.5, steps).astype(NARROW))
        widths = information(finer, weights, modes, fields[:256], jr.key(4))
        draw = drawn(ReverseSDE(finer, weights, modes, widths), draws // 2)
        show_u1(f"reverse SDE, {steps} measured steps", action, draw.x, clock(), draw.log_prob)
    model = AnnealedLangevin(plan, weights, action, 4 * beta, steps=4, metropolis_steps=100, size=0.3)
    walkers = eqx.filter_jit(lambda m, keys: jax.vmap(m.walk)(keys))(model, jr.split(jr.key(5), 512))
    print(f"  Metropolis acceptance {float(jnp.mean(walkers.acceptance)):.2f}")
    show_u1("annealed Langevin, then 100 Metropolis steps", action, walkers.x, clock())
    show_u1("the same after 20 HMC + winding trajectories", action, repaired(action, walkers.x), clock())


def u1():
    """Where topology moves."""
    u1_case(16, 1.0, draws=384, chains=512)


def u1_cold():
    """Where it does not."""
    u1_case(8, 7.0, draws=4096, paths=(100,))


def u1_learnt(learner, gathered, steps):
    """The trained weights of the learner's model; says what they cost."""
    clock = Clock()
    method = Train(steps=steps, batch=16, learning_rate=Cosine(5e-3, 1e-4), every=steps // 5)
    finished = advance(learner, method, seed=5)
    model = with_trained_weights(learner.model, method.finish(learner, finished.state, finished.history).position)
    held = np.asarray(finished.history.validation)[method.every - 1 :: method.every]
    size = sum(leaf.size for leaf in jax.tree.leaves(model.weights))
    print(
        f"  {size} weights trained in {clock():.1f} CPU s, after {gathered:.1f} for configurations; loss {held}",
        flush=True,
    )
    return model


def u1_paths(name, action, model, fields, draws):
    """Steps settled on some fields, then draws with the weights of their paths."""
    clock = Clock()
    model = eqx.filter_jit(lambda m, some: m.tune_sampler(some))(model, fields)
    print(f"  steps settled in {clock():.1f} CPU s")
    draw = drawn(model, draws)
    show_u1(f"{name}, {len(model.process.levels)} steps", action, draw.x, clock(), draw.log_prob)


def u1_trained():
    """The network, trained where the fit in closed form fails."""
    action, fields, gathered = u1_fields(8, 7.0, 8192)
    model = U1Diffusion().on(action, jr.key(0))
    model = u1_learnt(FromData(model, fields[:-512], fields[-512:]), gathered, 8000)
    u1_paths("trained, beta 7, L 8", action, model, fields, 2048)


def u1_conditioned():
    """One network trained on 8 x 8 lattices at three couplings, used at others and on 16 x 16, without data there."""
    betas = (1.0, 3.0, 7.0)
    gathered = [u1_fields(8, beta, 2048) for beta in betas]
    fields = jnp.stack([found for _, found, _ in gathered])
    model = U1Diffusion().on(gathered[-1][0], jr.key(0))
    learner = FromCouplings(model, jnp.asarray(betas, NARROW), fields[:, :-128], fields[:, -128:])
    model = u1_learnt(learner, sum(spent for *_, spent in gathered), 6000)
    for extent, beta, draws in ((8, 7.0, 1024), (8, 5.0, 1024), (16, 1.0, 1024), (16, 3.0, 1024), (16, 7.0, 512)):
        action = Wilson(U1(), (extent, extent), beta, precision=32)
        moved = with_weights(U1Diffusion().on(action, jr.key(0)), model.weights)
        clock = Clock()
        pilot = drawn(moved, 256, seed=7).x
        print(f"  pilot, without data: {clock():.1f} CPU s")
        u1_paths(f"beta {beta:g}, L {extent}", action, moved, pilot, draws)


def extrapolation():
    """Trained at beta = 1, sampled at 7 by the rescaled score; and annealed without learning; repaired."""
    _, fields, gathered = u1_fields(16, 1.0, 256)
    clock, action = Clock(), Wilson(U1(), (16, 16), 7.0, precision=32)
    plan = u1_process(action.shape, 1.0, precision=NARROW)
    learnt = fit_u1_score(plan.score, fields, jr.key(0))
    print(f"U(1) L 16, beta 1 -> 7: {len(fields)} fields in {gathered:.1f} CPU s, fit in {clock():.1f} CPU s")
    levels = geometric_levels(LARGEST, 5e-3, 60).astype(NARROW)
    for name, weights in (("learnt at beta = 1", learnt), ("no learning", 0 * learnt)):
        score = Rescaled(plan.score, jnp.asarray(7.0, NARROW))
        scaled = eqx.tree_at(lambda p: (p.score, p.levels), plan, (score, levels))
        model = AnnealedLangevin(scaled, weights, action, 28.0, steps=6, metropolis_steps=100, size=0.3)
        walkers = eqx.filter_jit(lambda m, keys: jax.vmap(m.walk)(keys))(model, jr.split(jr.key(5), 256))
        print(f"  Metropolis acceptance {float(jnp.mean(walkers.acceptance)):.2f}")
        show_u1(f"{name}, 60 levels x 6 steps (biased)", action, walkers.x, clock())
        show_u1(f"{name}, repaired by 20 HMC + winding trajectories", action, repaired(action, walkers.x), clock())


if __name__ == "__main__":
    scalar = (phi4, broken, phi4_large, published, learned)
    run_parts(toy, *scalar, u1, u1_cold, u1_trained, u1_conditioned, extrapolation)
