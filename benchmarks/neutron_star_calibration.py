"""Calibration: truths drawn from the prior, eighteen mock stars and two pulsars each, the posterior from one bank.

Prints coverage of the 68 and 95 % bands, width and location tests for M_max, R_1.4, Lambda_1.4 and P(2, 3, 4, 5 n_sat).
With `--ensemble N`, N data sets (truths and stars drawn from the same prior) also go through the resample-and-refit
ensemble; `--data-sets 0` leaves the posterior out. Where the thread pool of XLA's CPU backend hangs on vmapped batches
(all threads asleep), set XLA_FLAGS=--xla_cpu_multi_thread_eigen=false.

    python benchmarks/neutron_star_calibration.py [--data-sets 1000] [--draws 20000] [--ensemble 0] [--members 24]
"""

import argparse
import time

import retrodict  # noqa: F401
from retrodict.inference.ensemble import Ensemble
from retrodict.inference.importance import Importance
from retrodict.inference.validate import Calibration, validate
from retrodict.neutron_star.ansatz import CoreGrid, GaussianProcessSoundSpeed
from retrodict.neutron_star.problems import Profile, problem
from retrodict.problem.posterior import Posterior

TESTED = ("maximum_mass", "radius_1.4", "tidal_deformability_1.4", *(f"pressure_{k}nsat" for k in (2, 3, 4, 5)))


def narrowed(target: Posterior) -> Posterior:
    """The same problem with the tested numbers only: functions would cost memory and power."""
    kept = tuple(quantity for quantity in target.quantities if quantity.name in TESTED)
    derive = target.derive
    return Posterior(
        target.ansatz,
        target.forward,
        target.likelihood,
        target.prior,
        derive=lambda unknown, prediction: {name: derive(unknown, prediction)[name] for name in TESTED},
        quantities=kept,
    )


def show(title: str, calibration: Calibration, seconds: float) -> None:
    """Coverage by quantity, then the full table."""
    print(f"\n{title}: {calibration.data_sets} data sets in {seconds:.0f} s: {calibration.verdict.status}")
    for name in TESTED:
        covered = [share(*calibration.coverage(name, level)) for level in (0.68, 0.95)]
        print(f"  {name:26} 68 %: {covered[0]:26} 95 %: {covered[1]}")
    print(calibration)


def share(inside: int, sets: int) -> str:
    """A coverage with its binomial error."""
    fraction = inside / sets
    error = (fraction * (1 - fraction) / sets) ** 0.5
    return f"{inside} of {sets} = {fraction:.1%} +- {error:.1%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-sets", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=20000)
    parser.add_argument("--intervals", type=int, default=64)
    parser.add_argument("--ensemble", type=int, default=0)
    parser.add_argument("--members", type=int, default=24)
    options = parser.parse_args()
    ansatz = GaussianProcessSoundSpeed(CoreGrid(intervals=options.intervals))
    target = narrowed(problem(ansatz=ansatz, least_maximum_mass=1.4))
    if options.data_sets:
        began = time.perf_counter()
        calibration = validate(target, Importance(draws=options.draws), data_sets=options.data_sets, seed=0)
        show("importance bank, every star marginalised", calibration, time.perf_counter() - began)
    if options.ensemble:
        closest = narrowed(problem(ansatz=ansatz, likelihood=Profile(), pulsars=(), least_maximum_mass=1.4))
        # Twelve steps leave the median member a hundredth of a standard deviation from its optimum.
        method = Ensemble(members=options.members, prior=False, steps=12, weighted=False, batch=8)
        began = time.perf_counter()
        calibration = validate(closest, method, data_sets=options.ensemble, seed=0, draws=options.members, batch=1)
        show(f"resampled ensemble of {options.members}, closest point", calibration, time.perf_counter() - began)


if __name__ == "__main__":
    main()
