"""The posterior of the eighteen stars by NUTS: convergence, time, and the headline numbers, beside importance sampling.

python benchmarks/neutron_star_posterior.py [--warmup 300] [--draws 600] [--bank 40000]
"""

import argparse
import time

import retrodict as rd
from retrodict.neutron_star import problem

SHOWN = ("maximum_mass", "radius_1.4", "tidal_deformability_1.4")


def show(name: str, method: object) -> None:
    """One method: its diagnostics and its headline numbers."""
    began, cpu = time.perf_counter(), time.process_time()
    result = rd.infer(problem(), method, seed=0, progress=False)
    print(
        f"{name}: {time.perf_counter() - began:.0f} s, {time.process_time() - cpu:.0f} CPU s; {result.verdict.status}"
    )
    wanted = ("rhat", "ess_bulk", "ess_tail", "divergences", "weight_ess", "pareto_k")
    print("  " + ", ".join(f"{key} {result.diagnostics[key]:.4g}" for key in wanted if key in result.diagnostics))
    for quantity in SHOWN:
        row = result.quantities()[quantity]
        print(f"  {quantity:26}{row['median']:9.3f}  68 % [{row['q16']:.3f}, {row['q84']:.3f}] {row['unit']}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--warmup", type=int, default=300)
    parser.add_argument("--draws", type=int, default=600)
    parser.add_argument("--bank", type=int, default=40_000)
    options = parser.parse_args()
    show("NUTS, 4 chains", rd.NUTS(chains=4, warmup=options.warmup, draws=options.draws))
    show("Importance", rd.Importance(draws=options.bank))
