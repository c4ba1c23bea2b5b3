"""Each update leaves exp(-S) as it is: ten thousands of configurations start in equilibrium and must stay there.

The theories can be drawn from exactly: a Gaussian path, all spins of a small lattice, angles of single plaquettes. Of
20 000 configurations a width is known to half a per cent, so that an update that drives it away by two is found at four
standard errors; with coarse steps a wrong factor in an energy, a kick or a bond does so at once.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm
from scipy.special import iv

from retrodict.lattice.core import su2
from retrodict.lattice.samplers.cluster import ClusterSweep
from retrodict.lattice.samplers.heat_bath import heat_bath, kennedy_pendleton
from retrodict.lattice.samplers.markov_chain import updated
from retrodict.lattice.samplers.smc import LatticeSMC, _excess
from retrodict.lattice.samplers.updates import LangevinStep, Leapfrog, Omelyan, Trajectory
from retrodict.lattice.samplers.winding import WindingStep
from retrodict.lattice.theories import reference
from retrodict.lattice.theories.groups import U1
from retrodict.lattice.theories.paths import FeynmanPath, harmonic
from retrodict.lattice.theories.spins import XY, Ising
from retrodict.lattice.theories.wilson import Wilson
from tests.inference.driving import run

COUNT = 20_000
SITES, SPACING = 4, 0.5


def path_draws():
    """Configurations of a Gaussian path of four sites, and the root of its precision."""
    hessian = jax.hessian(harmonic(SITES, SPACING).action)(jnp.zeros(SITES))
    root = np.linalg.cholesky(np.asarray(hessian))
    noise = np.random.default_rng(0).standard_normal((COUNT, SITES))
    return np.linalg.solve(root.T, noise.T).T, root


UPDATES = {
    "leapfrog": (Trajectory(1.0, Leapfrog()), 0.5, (0.4, 0.99)),
    "Omelyan": (Trajectory(2.0, Omelyan()), 1.0, (0.4, 0.99)),
    "adjusted Langevin": (LangevinStep(), 0.12, (0.4, 0.99)),
}


@pytest.mark.parametrize("name", UPDATES)
def test_gaussian_paths_keep_their_covariance(name):
    """Whitened by the exact precision, all sixteen entries of the covariance stay within 4.5 standard errors of 1 or 0;
    that <exp(-dH)> = 1 says the same of the volume in phase space."""
    update, size, acceptance = UPDATES[name]
    x, root = path_draws()
    field, violation = jnp.asarray(x), []
    for step in range(4):
        moved = updated(update, harmonic(SITES, SPACING), field, jax.random.key(step), size)
        field = moved.field
        violation.append(np.exp(-np.asarray(moved.energy_change)))
        assert acceptance[0] < float(moved.acceptance.mean()) < acceptance[1]
        assert_allclose(moved.acceptance, np.minimum(1, violation[-1]), rtol=1e-9)
    covariance = np.cov((np.asarray(field) @ root).T)
    error = np.sqrt((1 + np.eye(SITES)) / COUNT)
    assert np.all(np.abs(covariance - np.eye(SITES)) < 4.5 * error)
    violation = np.concatenate(violation)
    assert abs(violation.mean() - 1) < 4.5 * violation.std() / np.sqrt(len(violation))


@pytest.mark.parametrize("integrator", [Leapfrog(), Omelyan()])
def test_trajectories_come_back_and_are_exact_to_second_order(integrator):
    """Reversed momenta lead back to 1e-12; half the step, a quarter of the distance from the exact rotation."""
    action, update = harmonic(SITES, SPACING), Trajectory(1.0, integrator)
    x, p = jnp.asarray(np.random.default_rng(3).standard_normal((2, SITES)))
    zero, one, stiffness = np.zeros((SITES, SITES)), np.eye(SITES), np.asarray(jax.hessian(action.action)(x))
    exact = expm(np.block([[zero, one], [-stiffness, zero]])) @ np.concatenate([x, p])
    errors = []
    for size in (0.1, 0.05):
        there = update.integrate(action, x, p, jnp.asarray(size), jnp.asarray(1.0))
        back, momentum = update.integrate(action, there[0], -there[1], jnp.asarray(size), jnp.asarray(1.0))
        assert_allclose(back, x, atol=1e-12)
        assert_allclose(momentum, -p, atol=1e-12)
        errors.append(np.linalg.norm(np.concatenate(there) - exact))
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.2)
    assert errors[1] < 0.05


def spins():
    return np.array(list(itertools.product([-1.0, 1.0], repeat=9))).reshape(-1, 3, 3)


def test_clusters_keep_the_distribution_of_an_enumerated_ising_model():
    """Energy and M^2 of 20 000 exact configurations, three sweeps later; the spins do change."""
    theory, every = Ising((3, 3), 0.25), spins()
    bonds = np.sum(every * (np.roll(every, -1, 1) + np.roll(every, -1, 2)), axis=(1, 2))
    p = np.exp(0.25 * bonds)
    p /= p.sum()
    chosen = np.random.default_rng(1).choice(512, COUNT, p=p)
    field = jnp.asarray(every[chosen])
    for step in range(3):
        field = updated(ClusterSweep(), theory, field, jax.random.key(step), 1.0).field
    after = np.asarray(field)
    assert 0.3 < np.mean(after != every[chosen]) < 0.7
    energy = np.sum(after * (np.roll(after, -1, 1) + np.roll(after, -1, 2)), axis=(1, 2))
    square = after.mean(axis=(1, 2)) ** 2
    for found, exact in ((energy, bonds), (square, every.mean(axis=(1, 2)) ** 2)):
        spread = np.sqrt(p @ exact**2 - (p @ exact) ** 2)
        assert abs(found.mean() - p @ exact) < 4 * spread / np.sqrt(COUNT)


def test_clusters_of_mirrored_angles_keep_a_ring_of_spins():
    """XY on the 2 x 2 torus: <cos> and its square against a trapezoidal rule; starts are drawn from its grid."""
    theory, points = XY((2, 2), 0.6), 24
    angle = 2 * np.pi * np.arange(points) / points
    grid = np.stack([np.zeros(points**3), *(g.ravel() for g in np.meshgrid(angle, angle, angle))], axis=1)
    every = grid.reshape(-1, 2, 2)
    cosines = np.cos(every - np.roll(every, -1, 1)).mean((1, 2)) + np.cos(every - np.roll(every, -1, 2)).mean((1, 2))
    p = np.exp(0.6 * 4 * cosines)
    p /= p.sum()
    rng = np.random.default_rng(2)
    start = every[rng.choice(len(p), COUNT, p=p)] + rng.uniform(-np.pi, np.pi, (COUNT, 1, 1))
    field = jnp.asarray(np.angle(np.exp(1j * start)))
    for step in range(3):
        field = updated(ClusterSweep(), theory, field, jax.random.key(step), 1.0).field
    x = np.asarray(field)
    after = np.cos(x - np.roll(x, -1, 1)).mean((1, 2)) + np.cos(x - np.roll(x, -1, 2)).mean((1, 2))
    for power in (1, 2):
        exact = p @ cosines**power
        spread = np.sqrt(p @ cosines ** (2 * power) - exact**2)
        assert abs(np.mean(after**power) - exact) < 4 * spread / np.sqrt(COUNT)


@pytest.mark.parametrize("alpha", [0.3, 2.0, 9.0])
def test_kennedy_and_pendleton_have_the_moments_of_their_density(alpha):
    """<q_0> = I_2 / I_1 and <q_0^2> = 1 - 3 I_2 / (alpha I_1) at 4 errors of 40 000 draws; no axis preferred."""
    q = np.asarray(kennedy_pendleton(jax.random.key(3), jnp.full(2 * COUNT, alpha)))
    ratio = iv(2, alpha) / iv(1, alpha)
    for found, exact in ((q[0], ratio), (q[0] ** 2, 1 - 3 * ratio / alpha)):
        assert abs(found.mean() - exact) < 4 * found.std() / np.sqrt(2 * COUNT)
    assert_allclose(np.sum(q**2, axis=0), 1, atol=1e-12)
    for axis in q[1:]:
        assert abs(axis.mean()) < 4 * axis.std() / np.sqrt(2 * COUNT)


def test_the_heat_bath_draws_the_new_link_in_the_field_of_its_staples():
    """g w / |w| has <q_0> of the weight times |w|, whatever the direction of w."""
    w = np.random.default_rng(4).standard_normal((4, 1)) * np.ones((1, 2 * COUNT))
    w *= 1.5 / np.linalg.norm(w[:, 0])
    g = heat_bath(jax.random.key(5), jnp.asarray(w), jnp.asarray(1.2))
    q0 = np.asarray(su2.multiply(g, jnp.asarray(w / 1.5))[0])
    alpha = 1.2 * 1.5
    assert abs(q0.mean() - iv(2, alpha) / iv(1, alpha)) < 4 * q0.std() / np.sqrt(2 * COUNT)


def test_windings_keep_the_distribution_of_the_charge():
    """U(1) on 2 x 2 at beta = 1.5: exact starts, by rejection from uniform links, and their exact means afterwards."""
    theory, rng = Wilson(U1(), (2, 2), 1.5, loops=1), np.random.default_rng(7)
    trial = rng.uniform(-np.pi, np.pi, (60 * COUNT // 4, 2, 2, 2))
    action = np.asarray(jax.vmap(theory.action)(jnp.asarray(trial)))
    field = jnp.asarray(trial[rng.random(len(trial)) < np.exp(-action)][:COUNT])
    count = len(field)
    assert count > 3000
    for step in range(3):
        moved = updated(WindingStep(), theory, field, jax.random.key(step), 1.0)
        field = moved.field
    assert 0.05 < float(moved.acceptance.mean()) < 0.95
    found = jax.vmap(theory.observables)(field)
    for name, exact in (
        ("plaquette", reference.u1_plaquette(1.5, 4)),
        ("Q2", 4 * reference.u1_susceptibility(1.5, 4)),
        ("Q", 0.0),
    ):
        values = np.asarray(found[name])
        assert abs(values.mean() - exact) < 4 * values.std() / np.sqrt(count)


def test_particles_reach_an_anharmonic_path_with_its_partition_function():
    """<x^2>, <x^4> and ln Z against the transfer matrix: 20 000 particles know <x^2> to one per cent."""
    theory = FeynmanPath(3, 0.7, (0.0, -0.5, 0.4))
    x = np.random.default_rng(8).standard_normal((5, 3))
    lifted = [0.5 * np.sum(row**2) - float(theory.action(jnp.asarray(row))) for row in x]
    assert_allclose(_excess(theory, jnp.asarray(x)), lifted)
    draws, _ = run(theory, LatticeSMC(particles=COUNT, moves=4))
    exact = reference.path_moments(3, 0.7, reference.even_potential((0.0, -0.5, 0.4)))
    population, evidence = draws.diagnostics
    derived = {name: np.asarray(values)[0] for name, values in draws.position.derived.items()}
    for name in ("x2", "x4"):
        spread = derived[name].std() / np.sqrt(float(population.ancestors))
        assert spread < 0.03 * exact[name]
        assert abs(derived[name].mean() - exact[name]) < 4 * spread
    assert float(evidence.log_evidence_error) < 0.03
    assert abs(float(evidence.log_evidence) - exact["ln_Z"]) < 4 * float(evidence.log_evidence_error)
