"""Observables and functions of means by value: against direct sums, enumerable theories and closed forms."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import norm

from retrodict.inference.estimates import EstimateQuality, estimate_figures
from retrodict.lattice.core import observables as measure
from retrodict.lattice.core.estimates import (
    MeanFunction,
    Observables,
    chain_estimate,
    estimates,
    family_estimate,
    mean_of,
    weighted_estimate,
)
from retrodict.lattice.theories import links, reference
from retrodict.lattice.theories.groups import SU2, U1
from retrodict.lattice.theories.paths import FeynmanPath
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.spins import XY, Ising
from retrodict.lattice.theories.wilson import Wilson
from retrodict.num.cumulants import BLOCKS, cumulants, sample_cumulants
from retrodict.problem.target import Estimated, Quantity

FIELD = np.random.default_rng(0).normal(0.3, 1.0, (4, 3, 2))


def function(one, *means):
    return float(one.function(np.array(means)))


# --- observables of one configuration ---------------------------------------------------------------------------------


def test_the_correlator_is_that_of_slice_means_at_each_distance():
    slices = [FIELD[t].mean() for t in range(4)]
    direct = [np.mean([slices[t] * slices[(t + d) % 4] for t in range(4)]) for d in range(4)]
    assert_allclose(measure.slice_correlator(jnp.asarray(FIELD)), direct, rtol=1e-12)


def test_the_smallest_momentum_is_normalised_by_the_volume():
    """|phi(p)|^2 / V at p = 2 pi / L along each axis, averaged over the axes."""
    transform = np.abs(np.fft.fftn(FIELD)) ** 2 / FIELD.size
    direct = np.mean([transform[1, 0, 0], transform[0, 1, 0], transform[0, 0, 1]])
    assert_allclose(measure.smallest_momentum(jnp.asarray(FIELD)), direct, rtol=1e-12)


def test_moments_are_powers_of_the_mean_field():
    found, mean = measure.magnetisation(jnp.asarray(-FIELD), FIELD.size), -FIELD.mean()
    wanted = {"M": mean, "abs_M": -mean, "V_M2": 24 * mean**2, **{f"M{n}": mean**n for n in (2, 4, 6, 8)}}
    assert found.keys() == wanted.keys()
    assert_allclose(list(found.values()), list(wanted.values()), rtol=1e-12)


def test_the_action_of_phi4_is_the_sum_over_bonds_and_sites():
    x, kappa, lam = FIELD[:, :, 0], 0.2, 0.05
    bonds = sum(x[i, j] * (x[(i + 1) % 4, j] + x[i, (j + 1) % 3]) for i in range(4) for j in range(3))
    direct = np.sum((1 - 2 * lam) * x**2 + lam * x**4) - 2 * kappa * bonds
    theory = Phi4((4, 3), kappa, lam)
    assert_allclose(theory.action(jnp.asarray(x)), direct, rtol=1e-12)
    found = theory.observables(jnp.asarray(x))
    assert_allclose([found["phi2"], found["action_density"]], [np.mean(x**2), direct / 12], rtol=1e-12)


def test_the_energy_of_a_path_is_that_of_the_virial_theorem():
    """V = x^2 / 2 + x^4 / 3: x V' / 2 + V = x^2 + x^4."""
    x = FIELD[:, 0, 0]
    path = FeynmanPath(4, 0.3, (0.0, 0.5, 1 / 3))
    found = path.observables(jnp.asarray(x))
    potential, kinetic = 0.5 * x**2 + x**4 / 3, (np.roll(x, -1) - x) ** 2
    assert_allclose(found["energy"], np.mean(x**2 + x**4), rtol=1e-12)
    assert_allclose(found["action_density"], np.mean(kinetic / 0.6 + 0.3 * potential), rtol=1e-12)
    assert_allclose([found["x"], found["x2"], found["x4"]], [np.mean(x**n) for n in (1, 2, 4)], rtol=1e-12)


def test_observables_of_angles_are_direct_sums():
    x = np.random.default_rng(1).uniform(-np.pi, np.pi, (3, 4))
    found = XY((3, 4), 0.7).observables(jnp.asarray(x))
    right, up = np.roll(x, -1, 0) - x, np.roll(x, -1, 1) - x
    square = np.abs(np.exp(1j * x).mean()) ** 2
    wanted = {
        "cos": 0.5 * (np.cos(right).mean() + np.cos(up).mean()),
        "abs_M": np.sqrt(square),
        "M2": square,
        "M4": square**2,
        "current2": 0.5 * (np.sin(right).sum() ** 2 + np.sin(up).sum() ** 2) / 12,
        "vortices": sum(abs(turns(x, i, j)) for i in range(3) for j in range(4)) / 2 / 12,
    }
    assert_allclose([found[name] for name in wanted], list(wanted.values()), rtol=1e-12)
    slices = np.exp(1j * x).mean(axis=1)
    direct = [np.mean(np.real(slices * np.conj(np.roll(slices, -d)))) for d in range(3)]
    assert_allclose(found["correlator"], direct, rtol=1e-12)


def turns(x, i, j):
    """How often the angle turns around one plaquette."""
    around = [x[i, j], x[(i + 1) % 3, j], x[(i + 1) % 3, (j + 1) % 4], x[i, (j + 1) % 4]]
    steps = [np.angle(np.exp(1j * (b - a))) for a, b in zip(around, [*around[1:], around[0]], strict=True)]
    return round(sum(steps) / (2 * np.pi))


def constant_flux(charge, extent=4):
    """U(1) links with the same plaquette angle 2 pi Q / V everywhere."""
    angle = np.zeros((2, extent, extent))
    flux = 2 * np.pi * charge / extent**2
    angle[1] = flux * np.arange(extent)[:, None]
    angle[0, -1] = -flux * extent * np.arange(extent)
    return jnp.asarray(np.angle(np.exp(1j * angle)))


@pytest.mark.parametrize("charge", [-2, 1, 3])
def test_loops_and_charge_of_a_constant_flux(charge):
    """A loop around A plaquettes is cos(2 pi Q A / V); the charge is Q, the action beta V (1 - cos(2 pi Q / V))."""
    theory = Wilson(U1(), (4, 4), 2.5)
    found, flux = theory.observables(constant_flux(charge)), 2 * np.pi * charge / 16
    assert_allclose([found["plaquette"], found["W22"]], np.cos([flux, 4 * flux]), atol=1e-12)
    assert_allclose([found["Q"], found["Q2"]], [charge, charge**2])
    assert_allclose(theory.action(constant_flux(charge)), 2.5 * 16 * (1 - np.cos(flux)), rtol=1e-12)


def test_the_polyakov_loop_winds_around_time():
    angle = np.zeros((2, 3, 4))
    angle[1] = 0.2 + 0.1 * np.arange(3)[:, None]
    theory = Wilson(U1(), (3, 4), 1.0)
    direct = abs(np.mean(np.exp(4j * (0.2 + 0.1 * np.arange(3)))))
    assert_allclose(theory.observables(jnp.asarray(angle))["polyakov"], direct, rtol=1e-12)


def test_loops_of_su2_are_traces_of_products():
    """In quaternions: the plaquette of SU(2) by 2 x 2 matrices."""
    group = SU2()
    x = group.haar(jax.random.key(3), (2, 3, 3), np.float64)
    pauli = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])
    q = np.asarray(x)
    u = q[0, ..., None, None] * np.eye(2) + 1j * np.einsum("a...,aij->...ij", q[1:], pauli)
    total = []
    for i, j in itertools.product(range(3), repeat=2):
        there = u[0, i, j] @ u[1, (i + 1) % 3, j]
        back = u[1, i, j] @ u[0, i, (j + 1) % 3]
        total.append(np.trace(there @ np.linalg.inv(back)).real / 2)
    assert_allclose(Wilson(group, (3, 3), 1.0).observables(x)["plaquette"], np.mean(total), rtol=1e-10)
    assert_allclose(links.wilson_loop(group, x, 1, 1), np.mean(total), rtol=1e-10)


# --- functions of means -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mass", [0.3, 1.0])
def test_the_correlation_length_of_a_free_field_is_its_inverse_mass(mass):
    """G(p) = 1 / (m^2 + 4 sin^2(p/2)) for the momenta of a lattice: xi = 1/m exactly."""
    length = measure.correlation_length((8, 8))
    momentum = 4 * np.sin(np.pi / 8) ** 2
    assert function(length, 1 / mass**2, 1 / (mass**2 + momentum)) == pytest.approx(1 / mass)
    assert function(length, 1.0, 2.0) == 0.0


def test_the_binder_cumulant_is_zero_for_a_gaussian_and_two_thirds_in_order():
    assert function(measure.BINDER, 0.7, 3 * 0.7**2) == pytest.approx(0)
    assert function(measure.BINDER, 0.49, 0.49**2) == pytest.approx(2 / 3)


def test_the_susceptibility_is_that_of_the_modulus():
    """Of a normal M with variance s^2: V s^2 (1 - 2/pi)."""
    assert function(measure.susceptibility(64), 0.04, 0.2 * np.sqrt(2 / np.pi)) == pytest.approx(2.56 * (1 - 2 / np.pi))


def test_cumulants_of_a_coin_are_derivatives_of_ln_cosh():
    for order, value in ((4, -2), (6, 16), (8, -272)):
        one = measure.cumulant(order)
        assert function(one, *np.ones(len(one.needs))) == pytest.approx(value)
    gaussian = np.array([1.0, 3.0, 15.0, 105.0])
    assert function(measure.cumulant(8), *gaussian) == pytest.approx(0, abs=1e-9)
    exponential = np.array([1.0, 2.0, 6.0, 24.0])  # kappa_n = (n - 1)!
    assert_allclose(cumulants(exponential), [1, 1, 2, 6])


def test_cumulants_of_draws_have_the_errors_of_the_jackknife():
    """Mean and unbiased variance; the error of the mean is that of block means."""
    x = np.random.default_rng(4).exponential(size=50 * BLOCKS)
    value, error = sample_cumulants(x, 2)
    means = x.reshape(BLOCKS, -1).mean(axis=1)
    assert_allclose(value[0], x.mean())
    assert_allclose(error[0], means.std(ddof=1) / np.sqrt(BLOCKS))
    rest = [np.var(np.delete(x.reshape(BLOCKS, -1), i, axis=0)) for i in range(BLOCKS)]
    assert_allclose(value[1], BLOCKS * x.var() - (BLOCKS - 1) * np.mean(rest))
    assert_allclose(error[1], np.sqrt((BLOCKS - 1) / BLOCKS * np.sum((rest - np.mean(rest)) ** 2)))


def test_an_enumerated_ising_model_has_its_exact_means():
    """All 512 configurations of the 3 x 3 torus with weights exp(-S): each function of means against plain sums."""
    theory = Ising((3, 3), 0.3)
    spins = np.array(list(itertools.product([-1.0, 1.0], repeat=9))).reshape(-1, 3, 3)
    derived = jax.vmap(theory.observables)(jnp.asarray(spins))
    bonds = np.sum(spins * (np.roll(spins, -1, 1) + np.roll(spins, -1, 2)), axis=(1, 2))
    p = np.exp(0.3 * bonds) / np.sum(np.exp(0.3 * bonds))
    derived = {name: np.asarray(values)[None] for name, values in derived.items()}
    found = {e.about.name: e for e in theory.estimates(derived, 0.3 * bonds[None], None)}
    mean, transform = spins.mean(axis=(1, 2)), np.abs(np.fft.fft2(spins)) ** 2 / 9
    low = p @ (0.5 * (transform[:, 1, 0] + transform[:, 0, 1]))
    wanted = {
        "energy": -p @ bonds / 9,
        "abs_M": p @ np.abs(mean),
        "V_M2": 9 * p @ mean**2,
        "G_p": low,
        "chi": 9 * (p @ mean**2 - (p @ np.abs(mean)) ** 2),
        "binder": 1 - p @ mean**4 / (3 * (p @ mean**2) ** 2),
        "xi": np.sqrt(9 * p @ mean**2 / low - 1) / (2 * np.sin(np.pi / 3)),
    }
    for name, value in wanted.items():
        assert float(found[name].value) == pytest.approx(value, rel=1e-10), name
    assert wanted["energy"] == pytest.approx(reference.ising_energy(3, 0.3), rel=1e-8)
    slices = spins.mean(axis=2)
    direct = [p @ np.mean(slices * np.roll(slices, -d, axis=1), axis=1) for d in range(3)]
    assert_allclose(found["correlator"].value, direct, rtol=1e-10)


def test_the_helicity_modulus_is_the_curvature_of_the_free_energy():
    """A ring of three angles, by a trapezoidal rule on two relative ones: -d^2 ln Z / d twist^2 / (beta V). (Around two
    sites currents would cancel.)"""
    theory, points = XY((3,), 0.8), 32
    angle = 2 * np.pi * np.arange(points) / points
    x = np.stack([np.zeros(points**2), *(g.ravel() for g in np.meshgrid(angle, angle))], axis=1)

    def log_z(twist):
        """With each bond twisted by `twist`."""
        return np.log(np.sum(np.exp(0.8 * np.cos(np.roll(x, -1, 1) - x + twist).sum(axis=1))))

    step = 1e-2
    curvature = (-log_z(2 * step) + 16 * log_z(step) - 30 * log_z(0) + 16 * log_z(-step) - log_z(-2 * step)) / 12
    derived = {name: np.asarray(v)[None] for name, v in jax.vmap(theory.observables)(jnp.asarray(x)).items()}
    log_weight = -np.asarray(jax.vmap(theory.action)(jnp.asarray(x)))[None]
    found = {e.about.name: e for e in theory.estimates(derived, log_weight, None)}
    assert float(found["helicity"].value) == pytest.approx(-curvature / step**2 / (0.8 * 3), rel=1e-5)
    slope = (log_z_at(x, 0.81) - log_z_at(x, 0.79)) / 0.02
    assert float(found["cos"].value) == pytest.approx(slope / 3, rel=1e-3)


def log_z_at(x, beta):
    return np.log(np.sum(np.exp(beta * np.cos(np.roll(x, -1, 1) - x).sum(axis=1))))


def test_the_topological_susceptibility_is_the_variance_per_site():
    (chi,) = Wilson(U1(), (4, 4), 2.0).mean_functions
    assert function(chi, 0.5, 2.0) == pytest.approx((2.0 - 0.25) / 16)


# --- their errors -----------------------------------------------------------------------------------------------------

LINE = MeanFunction("line", ("a", "b"), lambda m: 3 * m[0] - 2 * m[1])
RNG = np.random.default_rng(7)
PAIR = RNG.standard_normal((2, 400))


def test_the_error_of_weighted_draws_is_that_of_the_weighted_fluctuations():
    weights = np.exp(PAIR[0])
    weights /= weights.sum()
    found, values = weighted_estimate(LINE, PAIR, weights), 3 * PAIR[0] - 2 * PAIR[1]
    mean = weights @ values
    assert_allclose([found.value, found.error], [mean, np.sqrt(np.sum(weights**2 * (values - mean) ** 2))], rtol=1e-9)
    assert_allclose(found.effective_size, 1 / np.sum(weights**2))


def test_the_error_of_families_is_that_of_their_means():
    """Equal families, a linear function: the standard deviation of family means over the root of their number."""
    found = family_estimate(LINE, PAIR, np.repeat(np.arange(80), 5))
    means = (3 * PAIR[0] - 2 * PAIR[1]).reshape(80, 5).mean(axis=1)
    assert_allclose([found.value, found.error], [means.mean(), means.std(ddof=1) / np.sqrt(80)], rtol=1e-9)
    assert_allclose(found.effective_size, 80)


def test_chains_hand_on_the_gamma_method():
    values = (3 * PAIR[0] - 2 * PAIR[1]).reshape(4, 100)
    found = chain_estimate(LINE, PAIR.reshape(2, 4, 100))
    own = chain_estimate(mean_of(Quantity("x")), values[None])
    assert_allclose([found.value, found.error, found.tau], [values.mean(), own.error, own.tau], rtol=1e-9)
    assert_allclose(found.effective_size, 400 / (2 * found.tau))


def test_estimates_keep_their_exact_values_and_deviations():
    observables = Observables((Quantity("a"), Quantity("b")), (LINE,), ("b",), {"line": 0.1, "a": 0.0})
    derived = {"a": PAIR[0].reshape(4, 100), "b": PAIR[1].reshape(4, 100)}
    found = {e.about.name: e for e in estimates(observables, derived, np.zeros((4, 100)), None)}
    assert list(found) == ["b", "line", "a"]
    assert found["line"].exact == 0.1
    assert found["b"].deviation is None
    assert_allclose(found["a"].deviation, PAIR[0].mean() / found["a"].error)
    figures = estimate_figures(found.values())
    assert figures["line_error"] == found["line"].error
    assert figures["line_tau"] == found["line"].tau


def test_a_contradiction_begins_at_five_standard_errors():
    """Of a hundred numbers one deviates by more than five once in 17 000 runs."""
    assert 100 * 2 * norm.sf(5) < 1e-4

    def quality(sigmas, **about):
        one = Estimated(Quantity("x"), np.asarray(1 + 0.1 * sigmas), np.asarray(0.1), exact=1.0)
        return EstimateQuality((one,), **about)

    assert quality(4.9).contradicted == quality(-4.9).contradicted == {}
    assert quality(5.1).contradicted["x"] == pytest.approx(5.1)
    assert quality(-5.1).contradicted["x"] == pytest.approx(-5.1)
    (finding,) = quality(-6.0).findings()
    assert "6.0 standard errors" in finding.text
    assert finding.severity.name == "FAIL"
    assert quality(6.0, exact=False).findings()[0].severity.name == "WARN"
