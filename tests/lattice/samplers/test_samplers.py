"""Every sampler against exact answers, each with the fault that it would show; and what makes a sampler exact."""

from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import ive

from retrodict.base.errors import InputError, Interrupted
from retrodict.inference.infer import infer
from retrodict.lattice.samplers.cluster import bonds, clusters
from retrodict.lattice.samplers.heat_bath import HeatBathSweep, kennedy_pendleton
from retrodict.lattice.samplers.markov_chain import AbstractMarkovChain, updated
from retrodict.lattice.samplers.methods import HMC, MALA, Cluster, HeatBath, Langevin
from retrodict.lattice.samplers.smc import LatticeSMC
from retrodict.lattice.samplers.updates import Leapfrog, Moved, Omelyan, Trajectory
from retrodict.lattice.samplers.winding import WindingStep
from retrodict.lattice.theories import reference as exact
from retrodict.lattice.theories.groups import SU2, SU3, U1
from retrodict.lattice.theories.links import topological_charge
from retrodict.lattice.theories.paths import double_well, harmonic
from retrodict.lattice.theories.phi4 import Phi4
from retrodict.lattice.theories.spins import XY, Ising
from retrodict.lattice.theories.wilson import Wilson
from retrodict.run.directory import RunDirectory
from retrodict.run.loop import advance
from tests.lattice.actions import CASES

RING = exact.phi4_two_by_two(0.27, 0.022)
SMALL = Phi4((2, 2), 0.27, 0.022)
WELL = double_well(20, 0.2, 1.0)
PATH = exact.path_moments(20, 0.2, lambda x: (x**2 - 1) ** 2)
PLANE = Wilson(U1(), (8, 8), 2.0, loops=2)
FLUX = {
    "plaquette": exact.u1_plaquette(2.0, 64),
    "W22": exact.u1_wilson_loop(2.0, 64, 4),
    "chi_t": exact.u1_susceptibility(2.0, 64),
}
WEAK = Wilson(SU2(), (4, 4), 2.0, loops=1)  # corrections of the torus: (I2 / I1)^16 = 1e-6
STRONG = Wilson(SU3(), (4, 4), 5.0, loops=1)
KEYS = ("phi2", "V_M2", "action_density")

ROUTES = {
    "HMC phi4": (SMALL, HMC(chains=128, draws=300, acceptance=0.95), {k: RING[k] for k in KEYS}),
    "MALA phi4": (SMALL, MALA(chains=256, draws=400), {k: RING[k] for k in KEYS}),
    "clusters phi4": (SMALL, Cluster(chains=128, draws=300, trajectory=True), {k: RING[k] for k in KEYS}),
    "HMC double well": (WELL, HMC(chains=64, draws=300), {k: PATH[k] for k in ("x2", "x4")}),
    "clusters Ising": (Ising((8, 8), 0.44), Cluster(chains=64, draws=300), {"energy": exact.ising_energy(8, 0.44)}),
    "clusters XY": (XY((2, 2), 1.0), Cluster(chains=128, draws=500), {"cos": exact.xy_bond(1.0)}),
    "HMC XY": (XY((2, 2), 1.0), HMC(chains=128, draws=300), {"cos": exact.xy_bond(1.0)}),
    "HMC and winding U(1)": (PLANE, HMC(chains=64, draws=300, winding=True), FLUX),
    "heat bath SU(2)": (WEAK, HeatBath(chains=32, warmup=20, draws=200), {"plaquette": exact.su2_plaquette(2.0)}),
    "HMC SU(2)": (WEAK, HMC(chains=32, warmup=60, draws=200), {"plaquette": exact.su2_plaquette(2.0)}),
    "heat bath SU(3)": (
        STRONG,
        HeatBath(chains=32, warmup=20, draws=150, overrelaxation=1),
        {"plaquette": exact.su3_plaquette(5.0)},
    ),
    "HMC SU(3)": (
        STRONG,
        HMC(chains=16, warmup=40, draws=100, integrator=Leapfrog()),
        {"plaquette": exact.su3_plaquette(5.0)},
    ),
    "SMC phi4": (SMALL, LatticeSMC(particles=4000), {k: RING[k] for k in KEYS} | {"log_evidence": RING["ln_Z"]}),
    "SMC double well": (WELL, LatticeSMC(particles=4000), {"x2": PATH["x2"], "log_evidence": PATH["ln_Z"]}),
}

EXPENSIVE = (
    "heat bath SU(3)",
    "MALA phi4",
    "clusters XY",
    "HMC SU(2)",
    "HMC SU(3)",
    "SMC double well",
    "HMC double well",
)  # to compile: minutes together


def deviations(result, wanted):
    found = result.diagnostics
    return {name: (found[name] - value) / found[f"{name}_error"] for name, value in wanted.items()}


@pytest.mark.parametrize(
    "route", [pytest.param(name, marks=pytest.mark.slow if name in EXPENSIVE else ()) for name in ROUTES]
)
def test_every_sampler_gives_the_exact_answer_within_its_error(route):
    """Within 3.5 standard errors of at most 4 % (10 % for ln Z and chi_t), from chains that have thermalised."""
    action, method, wanted = ROUTES[route]
    result = infer(action, method, seed=11)
    for name, sigmas in deviations(result, wanted).items():
        assert abs(sigmas) < 3.5, name
        allowed = 0.1 if name in ("log_evidence", "chi_t") else 0.04 * abs(wanted[name])
        assert result.diagnostics[f"{name}_error"] < allowed
    if not route.startswith("SMC"):
        assert result.diagnostics["thermalised"]
        for name in wanted:
            assert 0.2 < result.diagnostics[f"{name}_tau"] < 20
    for name, value in result.diagnostics.items():
        # One step in a quartic potential, refused once in five times, has exp(-dH) up to 300: its mean has no error.
        if name == "exp_dH_of_Trajectory" and route != "clusters phi4":
            assert abs(value - 1) < 3 * result.diagnostics[f"{name}_error"]


# --- faults that must show --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AlwaysAccepts:
    """A fault: an update whose proposals are never refused."""

    update: Trajectory | WindingStep
    wanted: ClassVar[None] = None
    largest: ClassVar[float] = 1.0

    def check(self, action):
        pass

    def apply(self, action, x, key, size):
        if isinstance(self.update, WindingStep):
            tilted = Wilson(U1(), action.shape, 0.0, loops=1)  # nothing is refused at beta = 0
            return self.update.apply(tilted, x, key, size)
        new, _ = self.update.integrate(action, x, action.space.gaussian(key, x), jnp.asarray(0.35), jnp.asarray(1.0))
        return Moved(new, jnp.ones(()), jnp.zeros(()))


@dataclass(frozen=True)
class HalfBonds:
    """A fault: clusters with bonds of probability 1 - exp(-K s s')."""

    wanted: ClassVar[None] = None
    largest: ClassVar[float] = 1.0

    def check(self, action):
        pass

    def apply(self, action, x, key, size):
        label = clusters(bonds(x, 0.5 * action.coupling, jr.fold_in(key, 0)))
        coin = jr.bernoulli(jr.fold_in(key, 1), 0.5, (x.size,))[label]
        return Moved(jnp.where(coin, -x, x), jnp.ones(()), jnp.zeros(()))


@dataclass(frozen=True)
class WrongWeight:
    """A fault: a heat bath at a coupling 5 % too large."""

    wanted: ClassVar[None] = None
    largest: ClassVar[float] = 1.0

    def check(self, action):
        pass

    def apply(self, action, x, key, size):
        return HeatBathSweep(0).apply(Wilson(action.group, action.shape, 1.05 * action.beta, loops=1), x, key, size)


@dataclass(frozen=True)
class Faulty(AbstractMarkovChain):
    """A chain of given updates."""

    parts: tuple = ()

    @property
    def updates(self):
        return self.parts


FAULTS = {
    "trajectories that are never refused": ("HMC phi4", (AlwaysAccepts(Trajectory(1.0, Leapfrog())),)),
    "windings that are never refused": ("HMC and winding U(1)", (Trajectory(), AlwaysAccepts(WindingStep()))),
    "bonds of half the strength": ("clusters Ising", (HalfBonds(),)),
    "a heat bath of the wrong weight": ("heat bath SU(2)", (WrongWeight(),)),
}


@pytest.mark.parametrize(
    "fault",
    [pytest.param(name, marks=pytest.mark.slow if "weight" in name or "winding" in name else ()) for name in FAULTS],
)
def test_a_fault_in_the_acceptance_or_the_weight_is_noticed(fault):
    """The twin of the test above: more than 5 standard errors."""
    route, parts = FAULTS[fault]
    action, method, wanted = ROUTES[route]
    faulty = Faulty(chains=method.chains, warmup=60, draws=method.draws, parts=parts)
    assert max(map(abs, deviations(infer(action, faulty, seed=11), wanted).values())) > 5


# --- what makes an update exact ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "integrator"), [("U(1) 2d", Leapfrog()), ("SU(2) 2d", Omelyan()), ("SU(3) 2d", Omelyan())]
)
def test_trajectories_are_reversible_on_the_group_and_of_second_order(name, integrator):
    """Back to the start within 1e-11; half the step, a quarter of the energy error; links stay unitary to 1e-12."""
    action = CASES[name].action
    x = action.hot(jr.key(1))
    p = action.space.gaussian(jr.key(2), x)

    @jax.jit
    def run(x, p, steps):
        return integrator(action.gradient, action.space, x, p, 0.4 / steps, steps)

    def energy(x, p):
        return float(action.action(x) + 0.5 * action.space.norm_squared(p))

    there, momentum = run(x, p, 16)
    back, _ = run(there, -momentum, 16)
    assert_allclose(back, x, atol=1e-11)
    assert_allclose(action.space.repair(there), there, atol=1e-12 if name != "U(1) 2d" else 7)
    errors = [energy(*run(x, p, steps)) - energy(x, p) for steps in (16, 32)]
    assert_allclose(errors[0] / errors[1], 4, rtol=0.1)


def test_the_integrator_of_minimum_norm_deserves_its_name():
    """With the same number of forces its energy error is three times smaller at least."""
    action = CASES["phi4 2d"].action
    x = jax.vmap(action.hot)(jr.split(jr.key(0), 200))
    change = [
        updated(Trajectory(1.0, integrator), action, x, jr.key(1), size).energy_change
        for integrator, size in ((Leapfrog(), 0.05), (Omelyan(), 0.1))
    ]
    assert np.std(change[1]) < np.std(change[0]) / 3


def test_langevin_dynamics_without_correction_has_the_known_bias():
    """On S = phi^2: <phi^2> = 1 / (2 (1 - size)); with 0.1 that is 11 % too large, and the answer is labelled so."""
    free = Phi4((2, 2), 0.0, 0.0)
    result = infer(free, Langevin(chains=128, draws=500, size=0.1), seed=3)
    found = result.diagnostics
    assert abs(found["phi2"] - 0.5 / 0.9) < 3.5 * found["phi2_error"]
    assert abs(found["phi2"] - 0.5) > 5 * found["phi2_error"]
    assert result.verdict.status != "OK"
    with pytest.raises(InputError, match="gradient"):
        infer(Ising((4, 4), 0.4), HMC())


def test_kennedy_and_pendleton_draw_from_the_weight():
    """<q0> = I2(alpha) / I1(alpha), and the rest of the quaternion points anywhere."""
    for alpha in (0.5, 3.0, 20.0):
        q = np.asarray(kennedy_pendleton(jr.key(1), jnp.full(40_000, alpha)))
        assert_allclose(np.sum(q**2, axis=0), 1, atol=1e-12)
        assert_allclose(q[0].mean(), ive(2, alpha) / ive(1, alpha), atol=4 * q[0].std() / 200)
        assert_allclose(q[1:].mean(axis=1), 0, atol=4 * 0.6 / 200)


@pytest.mark.parametrize("name", ["SU(3) 2d"])
def test_over_relaxation_keeps_the_action(name):
    from retrodict.lattice.samplers.heat_bath import over_relaxation, sweep

    action = CASES[name].action
    x = action.hot(jr.key(1))
    moved = jax.jit(lambda x: sweep(action, x, jr.key(2), over_relaxation))(x)
    assert float(jnp.max(jnp.abs(moved - x))) > 0.1
    assert_allclose(action.action(moved), action.action(x), rtol=1e-12)


def test_clusters_are_those_that_a_flood_finds():
    bonded = np.asarray(jr.bernoulli(jr.key(3), 0.45, (2, 7, 9)))
    label = np.asarray(clusters(jnp.asarray(bonded)))
    expected = np.arange(63).reshape(7, 9)
    for _ in range(100):
        for axis in (0, 1):
            ahead = np.roll(expected, -1, axis)
            lower = np.where(bonded[axis], np.minimum(expected, ahead), expected)
            expected = np.minimum(lower, np.roll(np.where(bonded[axis], lower, 63), 1, axis))
    assert_array_equal(label, expected)


def test_the_winding_step_changes_the_charge_by_one():
    cold = jnp.broadcast_to(PLANE.cold(), (200, 2, 8, 8))
    charges = np.asarray(jax.vmap(topological_charge)(updated(WindingStep(), PLANE, cold, jr.key(1), 1.0).field))
    assert set(charges) == {-1.0, 0.0, 1.0}


# --- the loop ---------------------------------------------------------------------------------------------------------


def test_an_interrupted_chain_resumes_bit_by_bit(tmp_path):
    method = HMC(chains=4, warmup=10, draws=20)
    whole = advance(SMALL, method, seed=5, chunk=7)
    directory = RunDirectory(tmp_path / "run")
    with pytest.raises(Interrupted):
        advance(SMALL, method, seed=5, directory=directory, max_time=0.0, chunk=7)
    resumed = advance(SMALL, method, seed=5, directory=directory, resume=True, chunk=7)
    for a, b in zip(jax.tree.leaves(whole.history), jax.tree.leaves(resumed.history), strict=True):
        assert_array_equal(a, b)
    assert_array_equal(whole.state.field, resumed.state.field)


def test_results_are_written_with_their_errors_and_single_precision_stays_single(tmp_path):
    result = infer(SMALL, HMC(chains=4, warmup=10, draws=20), seed=5, path=tmp_path / "run")
    again = type(result).load(tmp_path / "run")
    assert again.diagnostics["chi_tau"] == result.diagnostics["chi_tau"]
    assert again.diagnostics["binder_error"] > 0
    finished = advance(Phi4((4, 4), 0.2, 0.022, precision=32), HMC(chains=16, draws=4, warmup=0), seed=1)
    assert finished.state.field.dtype == np.float32


def with_kappa(kappa):
    """kappa as an array: one compilation serves all."""
    theory = Phi4((16, 16), kappa, 0.022, precision=32)
    return eqx.tree_at(lambda action: action.kappa, theory, jnp.asarray(kappa, np.float32))


HUNDRED = HMC(chains=16, warmup=20, draws=128, cold=0.0)


def test_a_hundred_trajectories_from_a_hot_start_are_rejected_where_tau_is_64():
    """phi^4, L = 16, kappa = 0.27, lambda = 0.022: 128 trajectories are two autocorrelation times."""
    result = infer(with_kappa(0.27), HUNDRED, seed=2)
    assert not result.diagnostics["thermalised"]
    assert result.verdict.status == "FAIL"
    assert any("start" in reason for reason in result.verdict.reasons)


def test_the_same_number_of_trajectories_is_enough_where_tau_is_small():
    """The twin: kappa = 0.1."""
    result = infer(with_kappa(0.1), HUNDRED, seed=2)
    assert result.diagnostics["thermalised"]


def test_no_mode_of_the_free_path_resonates_with_the_trajectory():
    """The fastest mode has frequency 3.22: with a fixed length near pi / 3.22 its square would freeze."""
    result = infer(harmonic(10, 0.4), HMC(chains=64, draws=400), seed=4)
    assert abs(deviations(result, {"x2": exact.harmonic_x2(10, 0.4)})["x2"]) < 3.5


@pytest.mark.parametrize(
    ("action", "method"),
    [
        (SMALL, HeatBath()),
        (Wilson(SU2(), (3, 4), 2.0, loops=1), HeatBath()),
        (WEAK, Cluster()),
        (WEAK, HMC(winding=True)),
        (SMALL, HMC(draws=1)),
        (SMALL, LatticeSMC(ess=2.0)),
    ],
)
def test_a_sampler_refuses_what_it_cannot_sample(action, method):
    with pytest.raises(InputError):
        infer(action, method)
