"""Three tiny domains that are not neutron stars plug into the core as it is: a linear integral transform, a lattice
action and an eigenvalue problem, each inferred by the one verb and compared with its exact answer."""

import equinox as eqx
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose

from retrodict.inference.constrained_hmc import ConstrainedHMC
from retrodict.inference.infer import infer
from retrodict.inference.laplace import Laplace
from retrodict.inference.nuts import NUTS
from retrodict.problem.ansatz import AbstractAnsatz
from retrodict.problem.covariance import Covariance
from retrodict.problem.forward import AbstractForward, LinearForward
from retrodict.problem.likelihood import Gaussian
from retrodict.problem.posterior import Posterior
from retrodict.problem.target import AbstractTarget, Quantity

# --- a linear integral transform: Euclidean propagator -> positive spectral function ----------------------------------


def kallen_lehmann(momentum, nodes=200, scale=2.0):
    """omega, and the operator of D(p) = int_0^inf domega/pi omega rho / (omega^2 + p^2), with omega = s tan(theta)."""
    x, w = np.polynomial.legendre.leggauss(nodes)
    theta = 0.25 * np.pi * (x + 1)
    omega = scale * np.tan(theta)
    measure = 0.25 * np.pi * w * scale / np.cos(theta) ** 2
    return omega, measure * omega / (omega**2 + momentum[:, None] ** 2) / np.pi


def breit_wigner(omega, weight=1.0, mass=1.5, width=0.6):
    """4 A Gamma omega / ((M^2 + Gamma^2 - omega^2)^2 + 4 Gamma^2 omega^2)."""
    return 4 * weight * width * omega / ((mass**2 + width**2 - omega**2) ** 2 + 4 * width**2 * omega**2)


class PositiveSpectrum(AbstractAnsatz):
    """rho = omega exp(sum of smooth modes): positive whatever the latents are."""

    omega: jnp.ndarray
    modes: jnp.ndarray

    def __init__(self, omega, count=10):
        self.omega = jnp.asarray(omega)
        x = 2 * np.arctan(omega / 2.0) / np.pi
        order = np.arange(count)
        self.modes = jnp.asarray(np.cos(np.pi * order * x[:, None]) * 2.0 / (1 + order))

    @property
    def dim(self):
        return self.modes.shape[1]

    def __call__(self, z):
        return self.omega * jnp.exp(self.modes @ z - jnp.log1p(self.omega**4 / 4))


MOMENTUM = np.linspace(0.0, 5.0, 12)
SEEN = slice(20, 120, 10)


@pytest.fixture(scope="module")
def spectrum():
    omega, operator = kallen_lehmann(MOMENTUM)
    exact = 1.0 / (1.5**2 + (MOMENTUM + 0.6) ** 2)
    error = 1e-3 * exact
    noise = error * np.random.default_rng(5).standard_normal(len(exact))
    grid = tuple(omega[SEEN].tolist())
    posterior = Posterior(
        PositiveSpectrum(omega),
        LinearForward(jnp.asarray(operator)),
        Gaussian(jnp.asarray(exact + noise), Covariance.diagonal(error)),
        derive=lambda rho, prediction: {"rho": rho[SEEN], "at_rest": prediction[0]},
        quantities=(Quantity("at_rest", "GeV^-2"), Quantity("rho", grid=grid, grid_name="omega", grid_unit="GeV")),
    )
    return posterior, infer(posterior, ConstrainedHMC(chains=4, warmup=60, draws=100), seed=1)


def test_the_transform_of_a_breit_wigner_is_its_closed_form():
    """D(p) = A / (M^2 + (p + Gamma)^2), exactly."""
    omega, operator = kallen_lehmann(MOMENTUM)
    assert_allclose(operator @ breit_wigner(omega), 1.0 / (1.5**2 + (MOMENTUM + 0.6) ** 2), rtol=1e-10)


def test_a_linear_transform_is_inverted_with_its_ill_posedness_measured(spectrum):
    posterior, result = spectrum
    assert result.fit["p"] > 1e-3
    assert result.diagnostics["effective_rank"] < 0.8 * posterior.dim
    assert np.all(result.draws("rho")[0] > 0)
    band = result.band("rho")
    truth = breit_wigner(band["x"])
    assert np.mean(np.abs(truth - band["mean"]) < 3 * band["sd"]) >= 0.8


def test_what_the_data_measure_directly_is_known_to_their_error(spectrum):
    """D(0) = 1 / (M^2 + Gamma^2) within four times its error of 0.1 %."""
    _, result = spectrum
    number = result.quantities()["at_rest"]
    assert_allclose(number["mean"], 1 / (1.5**2 + 0.6**2), rtol=4e-3)
    assert number["sd"] < 1.1e-3 * number["mean"]
    assert result.shrinkage("at_rest") > 0.99


# --- a lattice action: the free scalar field --------------------------------------------------------------------------


class FreeField(AbstractTarget):
    """S = 1/2 sum_x [sum_mu (phi_{x+mu} - phi_x)^2 + m^2 phi_x^2] on a periodic square lattice."""

    mass: float
    size: int = eqx.field(static=True, default=4)

    @property
    def quantities(self):
        return (Quantity("phi2"), Quantity("correlator", grid=tuple(map(float, range(self.size))), grid_name="t"))

    def init(self, key):
        return jr.normal(key, (self.size, self.size))

    def log_density(self, x):
        gradient = sum(jnp.sum((jnp.roll(x, -1, axis) - x) ** 2) for axis in (0, 1))
        return -0.5 * (gradient + self.mass**2 * jnp.sum(x**2))

    def derived(self, x):
        timeslice = jnp.mean(x, axis=1)
        correlator = jnp.stack([jnp.mean(timeslice * jnp.roll(timeslice, -t)) for t in range(self.size)])
        return {"phi2": jnp.mean(x**2), "correlator": correlator}


def exact_propagators(mass, size):
    """1 / (p^2 + m^2) at every lattice momentum, (p_t, p_x)."""
    p2 = 4 * np.sin(np.pi * np.arange(size) / size) ** 2
    return 1 / (p2[:, None] + p2 + mass**2)


def test_a_lattice_action_is_sampled_to_its_exact_observables():
    """<phi^2> and the timeslice correlator of the free field on 4 x 4, within four standard errors."""
    field = FreeField(0.7)
    result = infer(field, NUTS(chains=4, draws=1000, warmup=300), seed=2)
    propagators = exact_propagators(0.7, 4)
    each = result.diagnostics["per_quantity"]
    number = result.quantities()["phi2"]
    assert_allclose(number["mean"], propagators.mean(), atol=4 * number["sd"] / np.sqrt(each["phi2"]["ess_bulk"]))
    phase = np.exp(2j * np.pi * np.outer(np.arange(4), np.arange(4)) / 4)
    exact = (phase @ propagators[:, 0]).real / 16
    band = result.band("correlator")
    error = band["sd"] / np.sqrt(each["correlator"]["ess_bulk"])
    assert np.all(np.abs(band["mean"] - exact) < 4 * error)
    assert result.verdict.status == "OK", str(result)
    assert result.fit == {}


# --- an eigenvalue problem: a potential from its bound states ---------------------------------------------------------


class Well(AbstractAnsatz):
    """V(r) = -l (l + 1) / (2 a^2 cosh^2(r / a)), with l and a log-normal: (latents) -> (l, a)."""

    @property
    def dim(self):
        return 2

    def __call__(self, z):
        return jnp.array([5.0, 1.5]) * jnp.exp(0.4 * z)


class SWave(AbstractForward):
    """The two lowest s-wave levels of -u''/2 + V u = E u, u(0) = 0, by the discrete variable representation of Colbert
    and Miller, J. Chem. Phys. 96 (1992) 1982; invalid without two bound states."""

    radius: jnp.ndarray
    kinetic: jnp.ndarray

    def __init__(self, points=64, spacing=0.2):
        i = np.arange(1, points + 1)
        difference, total = i[:, None] - i, i[:, None] + i
        off = 2 / np.where(difference == 0, 1, difference) ** 2 - 2 / total**2
        kinetic = np.where(difference == 0, np.pi**2 / 3 - 1 / (2 * i**2), off)
        self.radius = jnp.asarray(spacing * i)
        self.kinetic = jnp.asarray((-1.0) ** np.abs(difference) * kinetic / (2 * spacing**2))

    def __call__(self, unknown):
        strength, width = unknown
        potential = -0.5 * strength * (strength + 1) / (width * jnp.cosh(self.radius / width)) ** 2
        levels = jnp.linalg.eigvalsh(self.kinetic + jnp.diag(potential))[:2]
        return levels, levels[1] < 0


def levels(strength, width):
    """E_n = -(l - n)^2 / (2 a^2) of the odd states n = 1, 3 (Poeschl and Teller, Z. Phys. 83 (1933) 143)."""
    return np.array([-((strength - n) ** 2) / (2 * width**2) for n in (1, 3)])


def test_the_levels_are_those_of_poeschl_and_teller():
    found, valid = SWave()(jnp.array([4.0, 1.0]))
    assert valid
    assert_allclose(found, levels(4.0, 1.0), rtol=1e-7)


def test_a_potential_is_recovered_from_its_bound_states_with_its_exact_errors():
    """Two levels known to 1e-3 fix strength and width; the errors are those of linear propagation."""
    error = np.array([1e-3, 1e-3])
    posterior = Posterior(
        Well(),
        SWave(),
        Gaussian(jnp.asarray(levels(4.0, 1.0)), Covariance.diagonal(error)),
        derive=lambda unknown, prediction: {"strength": unknown[0], "width": unknown[1]},
        quantities=(Quantity("strength"), Quantity("width", "fm")),
    )
    result = infer(posterior, Laplace(draws=500, starts=2, steps=40), seed=3, prior_draws=200)
    jacobian = np.array([[-3.0, 9.0], [-1.0, 1.0]])  # dE_n / d(l, a) at l = 4, a = 1
    covariance = np.linalg.inv(jacobian) @ np.diag(error**2) @ np.linalg.inv(jacobian).T
    numbers = result.quantities()
    for name, truth, variance in zip(("strength", "width"), (4.0, 1.0), np.diag(covariance), strict=True):
        assert_allclose(numbers[name]["median"], truth, atol=4 * 1.25 * np.sqrt(variance / 500))
        assert_allclose(numbers[name]["sd"], np.sqrt(variance), rtol=4 / np.sqrt(2 * 500))
    assert result.verdict.status == "WARN"
    assert_allclose(result.diagnostics["effective_rank"], 2.0, atol=1e-3)
