"""The published reconstruction of the eighteen stars, and beside it the posterior of the same data.

Prints the maximum a posteriori (time after compilation), the ensemble over resampled observations (network P(rho),
closest point, fitted freely and kept if causal and M_max >= 1.9 Msun; what 10 000 fits cost), and the
importance-sampled posterior. Fewer members than 10 000 are extrapolated: a small ensemble measures what compilation and
reporting cost, the rest is proportional to the members.

    python benchmarks/neutron_star_reconstruction.py [--members 1000] [--draws 40000]
    python benchmarks/neutron_star_reconstruction.py --members 10000       # the published size
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np

import retrodict  # noqa: F401
from retrodict.inference.ensemble import Ensemble
from retrodict.inference.importance import Importance
from retrodict.inference.infer import infer
from retrodict.inference.least_squares import LevenbergMarquardt
from retrodict.neutron_star.problems import Profile, problem, reproduction
from retrodict.problem.posterior import Posterior
from retrodict.run.result import Result

SHOWN = ("maximum_mass", "radius_1.4", "tidal_deformability_1.4", *(f"pressure_{k}nsat" for k in (2, 3, 4, 5)))
FEW, PUBLISHED = 16, 10_000  # members


def timed_search(target: Posterior, steps: int = 30) -> tuple[float, float, jax.Array]:
    """Seconds of one Levenberg-Marquardt search from the prior mean after compilation, its chi2 and its end."""
    solver = LevenbergMarquardt()

    @jax.jit
    def search(z):
        body = lambda i, state: solver.step(target, state, None, i / steps, jnp.asarray(1.0))  # noqa: E731
        return jax.lax.fori_loop(0, steps, body, solver.init(target, z))

    start = jnp.zeros(target.dim)
    jax.block_until_ready(search(start))
    began = time.perf_counter()
    found = jax.block_until_ready(search(start))
    seconds = time.perf_counter() - began
    return seconds, float(jnp.sum(target.residual(found.position) ** 2)), found.position


def resampled(members: int) -> tuple[Result, tuple[float, float]]:
    """The published ensemble and its CPU and wall seconds, compilation included."""
    cpu, wall = time.process_time(), time.perf_counter()
    method = Ensemble(members=members, prior=False, confined=False, steps=30, tolerance=1e-2, batch=8)
    result = infer(reproduction(), method, seed=0, prior_draws=200)
    return result, (time.process_time() - cpu, time.perf_counter() - wall)


def show(title: str, result: Result, seconds: float) -> None:
    """The headline numbers and three points of each band."""
    print(f"\n{title} ({seconds:.0f} s in all): {result.verdict.status}")
    for name, row in result.quantities().items():
        if name in SHOWN:
            low, high = row["q2_5"], row["q97_5"]
            text = f"{row['median']:9.3f}  68 % [{row['q16']:.3f}, {row['q84']:.3f}]  95 % [{low:.3f}, {high:.3f}]"
            print(f"  {name:26}{text} {row['unit']}")
    for name in ("pressure_of_energy", "sound_speed_squared", "radius"):
        band = result.band(name)
        for i in np.linspace(0, len(band["x"]) - 1, 7).astype(int)[1:-1]:
            low, high = band["q16"][i], band["q84"][i]
            print(f"  {name:26}at {band['x'][i]:8.2f}: {band['median'][i]:9.3f} [{low:.3f}, {high:.3f}]")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=40000)
    options = parser.parse_args()
    for name, target in (
        ("Gaussian process", problem(likelihood=Profile(), pulsars=())),
        ("network P(rho)", reproduction()),
    ):
        seconds, chi2, z = timed_search(target)
        found = jax.jit(lambda z, target=target: target.derived(z))(z)
        numbers = ", ".join(f"{key} {float(found[key]):.3f}" for key in SHOWN[:3])
        took = f"chi2 {chi2:.2f} in {seconds:.2f} s after compilation"
        print(f"maximum a posteriori, {name}: {took}; {numbers}", flush=True)
    _, (few_cpu, _) = resampled(FEW)
    ensemble, (cpu, seconds) = resampled(options.members)
    show("resampled ensemble, network P(rho), causal and M_max >= 1.9", ensemble, seconds)
    each = (cpu - few_cpu) / (options.members - FEW)
    kept = len(ensemble.tree["posterior"]["draw"]) / options.members
    print(f"  kept by the selection: {kept:.1%}; {options.members} fits took {cpu:.0f} CPU s, all included")
    whole = few_cpu + each * (PUBLISHED - FEW)
    print(f"  {1e3 * each:.0f} CPU ms a fit beyond the first {FEW} ({few_cpu:.0f} CPU s, mostly compilation)")
    print(f"  {PUBLISHED} fits (extrapolated): {whole:.0f} CPU s = {whole / 60:.1f} min on one core", flush=True)
    began = time.perf_counter()
    posterior = infer(problem(), Importance(draws=options.draws), seed=0, prior_draws=1000)
    show("posterior, Gaussian process, every star marginalised", posterior, time.perf_counter() - began)


if __name__ == "__main__":
    main()
