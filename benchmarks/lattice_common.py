"""What the lattice benchmarks share: the reference values, and how their parts are chosen on the command line."""

import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from scipy.stats import chi2

from retrodict.inference.infer import infer

LAM = 0.022
# (L, kappa): <|M|>, chi, U_L with errors, and tau(|M|) of HMC where needed: long HMC runs of an independent program.
PHI4 = {
    (8, 0.27): {"abs_M": (0.8826, 0.0015), "chi": (9.807, 0.027), "binder": (0.5000, 0.0009)},
    (8, 0.50): {"abs_M": (4.82998, 0.00003), "chi": (0.2474, 0.0002), "binder": (0.66645, 0.00001)},
    (16, 0.27): {"abs_M": (0.7649, 0.0027), "chi": (23.76, 0.21), "binder": (0.5342, 0.0017)},
    (32, 0.27): {"abs_M": (0.606, 0.006), "chi": (76.0, 1.0), "binder": (0.508, 0.006)},
}
TAU = {8: 25.0, 16: 64.0, 32: 288.0}  # kappa = 0.27


def run_parts(*parts: Callable[[], None]) -> None:
    """Run those that the command line names, all without names."""
    known = {part.__name__: part for part in parts}
    unknown = set(sys.argv[1:]) - set(known)
    if unknown:
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    for name in sys.argv[1:] or known:
        print(f"--- {name}: {known[name].__doc__}", flush=True)
        known[name]()


def u1_exact(action: Any) -> dict[str, float]:
    """What is known exactly of U(1) in this volume; the charge, which vanishes by symmetry, left out."""
    return {name: value for name, value in action.exact_values().items() if name != "Q"}


def over_seeds(cases: Iterable[tuple[str, Any, Any, dict[str, float]]], count: int = 20) -> None:
    """Small runs over many seeds: for each named observable the sum of squared deviations against chi-squared."""
    for name, action, method, wanted in cases:
        start = time.process_time()
        found = [infer(action, method, seed=seed, progress=False).diagnostics for seed in range(count)]
        spent = time.process_time() - start
        for quantity, value in wanted.items():
            pulls = [(one[quantity] - value) / one[f"{quantity}_error"] for one in found]
            total, mean = np.sum(np.square(pulls)), np.mean(pulls) * np.sqrt(count)
            text = f"{name:24} {quantity:14} chi2 {total:5.1f} / {count}, p {chi2.sf(total, count):.3f}"
            print(f"{text}, mean {mean:+.1f} sigma, {spent:.0f} CPU s", flush=True)
