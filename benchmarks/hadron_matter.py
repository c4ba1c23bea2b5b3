"""Quasi-particles and holography: every figure that the documentation quotes.

    .venv/bin/python benchmarks/hadron_matter.py
    .venv/bin/python benchmarks/hadron_matter.py --mocks 40

With `--mocks` the coverage of the bands of the masses is measured, too: truths are drawn from the prior, data with 1 %
errors and susceptibilities are made of them, and the fraction of points inside the 68 and 95 % bands is printed,
beside the same with bands that are half as wide, the planted fault that must be seen.
"""

import argparse
import time

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np

from retrodict.hadron.holography.analysis import SHOWN, ChiralCondensate, Holography
from retrodict.hadron.holography.ansatz import NetworkMetric, PolynomialMetric, SmoothMetric
from retrodict.hadron.holography.bulk import PLACES
from retrodict.hadron.holography.curve import black_hole, black_hole_curve
from retrodict.hadron.quasi_particles.analysis import QuasiParticles
from retrodict.hadron.quasi_particles.ansatz import NetworkMasses, SmoothMasses, ThermalMasses
from retrodict.hadron.quasi_particles.mock import mock_table
from retrodict.hadron.quasi_particles.report import forward_of, spreads
from retrodict.inference.identifiability import identifiability
from retrodict.inference.least_squares import minimise
from retrodict.num.hot_qcd import equation_of_state


@eqx.filter_jit
def descend(target, z):
    """The optimum from a start, with its cost."""
    found = minimise(target, z, iterations=150, temperature=100.0)
    return found.position, found.cost


def best_of(target, starts=2):
    """The best of several searches."""
    found = [descend(target, 0.3 * target.init(jr.key(seed))) for seed in range(starts)]
    return min(found, key=lambda one: float(one[1]) if np.isfinite(one[1]) else np.inf)[0]


def equation_of_state_figures():
    """Largest errors on exact data, rank, open masses, least viscosity."""
    for name, masses in (
        ("random functions", SmoothMasses()),
        ("network", NetworkMasses()),
        ("running coupling", ThermalMasses()),
    ):
        start = time.process_time()
        target = QuasiParticles(masses=masses).given(mock_table(1e-4, seed=None))
        z = best_of(target)
        found = target.derived(z)
        truth = equation_of_state(forward_of(target).shown.point)
        parts = [
            f"{q} {float(jnp.max(jnp.abs(found[q] / getattr(truth, q) - 1))):.1e}"
            for q in ("entropy_density", "pressure", "energy_density")
        ]
        parts.append(f"trace anomaly {float(jnp.max(jnp.abs(found['trace_anomaly'] - truth.trace_anomaly))):.1e}")
        rank = identifiability(target, z).effective_rank
        _, after, combined = spreads(target, z)
        print(f"{name}: {', '.join(parts)}; rank {rank:.1f} of {target.dim}; ", end="")
        print(f"open: {100 * np.median(after, axis=1)} %, combination {100 * np.median(combined):.2g} %; ", end="")
        print(
            f"least eta/s {float(found['least_viscosity']):.3f} at {float(found['least_viscosity_at']):.2f} T_c; ",
            end="",
        )
        print(f"{time.process_time() - start:.0f} CPU s")


def coverage(mocks):
    """Fraction of the points of the true masses inside the bands of the linearised posterior."""
    base = QuasiParticles(susceptibilities=True).posterior(None)
    inside = {1.0: [0, 0], 0.5: [0, 0]}
    points = 0
    shown = forward_of(base).shown

    def log_mass(z):
        return base.unknown(z).log_mass @ shown.interpolation.T

    slope_of = jax.jit(jax.jacfwd(log_mass))
    jacobian_of = jax.jit(jax.jacfwd(lambda z: base.residual(z)))
    for seed in range(mocks):
        truth_key, data_key = jr.split(jr.key(seed))
        truth = base.init(truth_key)
        target = base.simulated(data_key, truth)
        z, _ = descend(target, jnp.zeros(base.dim))
        jacobian = np.asarray(jacobian_of(z))
        root = np.linalg.inv(np.linalg.cholesky(np.eye(base.dim) + jacobian.T @ jacobian))
        spread = np.linalg.norm(np.asarray(slope_of(z)) @ root.T, axis=-1)
        pull = np.abs(np.asarray(log_mass(z) - log_mass(truth))) / spread
        points += pull.size
        for width, counts in inside.items():
            counts[0] += int(np.sum(pull < width))
            counts[1] += int(np.sum(pull < 1.96 * width))
    for width, counts in inside.items():
        print(f"bands times {width}: coverage {counts[0] / points:.3f}, {counts[1] / points:.3f} over {mocks} mocks")


def metric_figures():
    """The planar black hole from exact data, with rank; the condensates."""
    for name, metric in (
        ("random function", SmoothMetric()),
        ("network", NetworkMetric()),
        ("polynomial", PolynomialMetric()),
    ):
        target = Holography(metric=metric).given(black_hole_curve(1e-7, seed=None))
        z = best_of(target)
        h = np.asarray((1 + target.unknown(z).excess) / PLACES)[SHOWN]
        error = np.max(np.abs(h / black_hole(PLACES[SHOWN]) - 1))
        print(f"{name}: largest error of h {100 * error:.2g} %, rank {identifiability(target, z).effective_rank:.1f}")
    target = Holography(field=ChiralCondensate(), metric=SmoothMetric(amplitude=8.0)).posterior(None)
    z = best_of(target)
    miss = np.asarray(target.forward_pass(z).prediction / target.likelihood.data - 1)
    print(f"condensates: {100 * miss} %, rank {identifiability(target, z).effective_rank:.1f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--mocks", type=int, default=0)
    mocks = parser.parse_args().mocks
    equation_of_state_figures()
    metric_figures()
    if mocks:
        coverage(mocks)
