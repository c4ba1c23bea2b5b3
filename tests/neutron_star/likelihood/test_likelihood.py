"""The likelihoods of masses, radii and tides on a branch that is known in closed form."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from retrodict.neutron_star.likelihood.density import KernelDensity
from retrodict.neutron_star.likelihood.measured_stars import MarginalMassRadius, ProfileMassRadius, PulsarMass
from retrodict.neutron_star.likelihood.noise import mass_radius_errors
from retrodict.neutron_star.likelihood.samples import SampledStar, SampledTides
from retrodict.neutron_star.stars.branch import PIECES, Branch, mass_nodes, sample_stars, stable_branch, stable_chords
from retrodict.neutron_star.stars.sequence import StellarSequence, maximum_mass


class Curve(eqx.Module):
    """What a prediction is to these likelihoods: a branch."""

    branch: Branch


def mass_of(x, heaviest):
    return heaviest - (heaviest - 0.3) * (1 - x) ** 2


def radius_of(x, size):
    return size + 0.4 * x - 2.0 * x**3


def curve(heaviest=2.1, size=12.5, stars=65):
    """M and R in closed form over x in [0, 1]; the slope of M vanishes at the maximum, as for real stars."""
    x = jnp.linspace(0.0, 1.0, stars)
    mass, radius, tide = (
        mass_of(x, heaviest),
        radius_of(x, size),
        jnp.log(400.0) - 6 * jnp.log(mass_of(x, heaviest) / 1.4),
    )
    ends = (jnp.stack([v[:-1], v[1:]], axis=1) for v in (mass, radius, tide))
    return Curve(Branch(*ends, rise=jnp.diff(mass), maximum_mass=mass[-1], maximum_radius=radius[-1]))


SYMMETRIC = mass_radius_errors([0.2], [0.9])
CORRELATED = mass_radius_errors([0.15], [1.1], [0.84])
ASYMMETRIC = mass_radius_errors([[0.04, 0.08]], [[0.6, 0.95]], [-0.4])
ERRORS = {"symmetric": SYMMETRIC, "correlated": CORRELATED, "asymmetric": ASYMMETRIC}


def integral_over_data(likelihood, error):
    """exp(log_prob) of one star integrated over its measured mass and radius."""
    mass, radius = np.linspace(-0.4, 3.4, 381), np.linspace(4.0, 20.0, 321)
    prediction = curve()

    def one(m, r):
        return jnp.exp(likelihood.with_data((jnp.stack([m, r])[None], error)).log_prob(prediction))

    density = jax.jit(jax.vmap(jax.vmap(one, (None, 0)), (0, None)))(mass, radius)
    return np.trapezoid(np.trapezoid(density, radius, axis=1), mass)


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS.keys())
def test_the_marginal_likelihood_is_a_density_of_the_data(error):
    """Its integral over the measured mass and radius is 1, correlated and asymmetric errors included."""
    assert_allclose(integral_over_data(MarginalMassRadius(jnp.zeros((1, 2)), error), error), 1.0, atol=2e-4)


def test_the_profile_likelihood_is_none():
    """The twin: the same integral of the closest-point likelihood is far from 1 (it grows with the curve's length)."""
    assert integral_over_data(ProfileMassRadius(jnp.zeros((1, 2)), SYMMETRIC), SYMMETRIC) > 3.0


@pytest.mark.parametrize("measured", [(1.4, 12.0), (2.08, 13.7), (0.9, 11.0), (1.9, 7.0)])
def test_marginal_likelihood_agrees_with_the_integral_along_the_exact_curve(measured):
    """65 stars suffice for 1 % of the probability six standard deviations away, and at the edge of the mass range."""
    sigma_m, sigma_r = 0.07, 0.85

    def integrand(x):
        u, v = (mass_of(x, 2.1) - measured[0]) / sigma_m, (radius_of(x, 12.5) - measured[1]) / sigma_r
        return np.exp(-0.5 * (u**2 + v**2)) * 2 * 1.8 * (1 - x)

    lowest = 1 - np.sqrt((2.1 - 1.0) / 1.8)
    exact = quad(integrand, lowest, 1.0, epsabs=0, epsrel=1e-10, limit=400)[0] / 1.1 / (2 * np.pi * sigma_m * sigma_r)
    error = mass_radius_errors([sigma_m], [sigma_r])
    likelihood = MarginalMassRadius(jnp.array([measured]), error)
    assert_allclose(likelihood.log_prob(curve()), np.log(exact), atol=1e-2)


@pytest.mark.parametrize("measured", [(1.4, 10.0), (2.3, 11.5), (0.2, 13.0)])
def test_profile_finds_the_closest_point_of_the_curve(measured):
    def distance(x):
        return ((mass_of(x, 2.1) - measured[0]) / 0.2) ** 2 + ((radius_of(x, 12.5) - measured[1]) / 0.9) ** 2

    coarse = np.linspace(0, 1, 2001)
    x = coarse[np.argmin(distance(coarse))]
    exact = minimize_scalar(distance, bounds=(max(x - 1e-3, 0), min(x + 1e-3, 1)), method="bounded").fun
    likelihood = ProfileMassRadius(jnp.array([measured]), SYMMETRIC)
    assert_allclose(jnp.sum(likelihood.residual(curve()) ** 2), exact, rtol=2e-3, atol=1e-5)


def test_the_identity_of_likelihoods_holds_and_the_marginal_is_below_the_profile():
    """log p = log_peak - |r|^2 / 2, and an average along the curve is no larger than its best point."""
    measured = jnp.array([[1.4, 12.0]])
    marginal, profile = (kind(measured, CORRELATED) for kind in (MarginalMassRadius, ProfileMassRadius))
    assert_allclose(marginal.log_prob(curve()), marginal.log_peak + marginal.log_ratio(curve())[0], rtol=1e-12)
    assert marginal.log_prob(curve()) < profile.log_prob(curve())


def test_single_stars_add_up_to_the_likelihood_of_all():
    """One number a star, whatever the others are: that of the star alone."""
    measured, prediction = jnp.array([[1.4, 12.0], [1.9, 11.0], [2.2, 13.0]]), curve()
    error = mass_radius_errors([0.1, 0.2, 0.15], [1.0, 0.8, 0.9], [0.3, 0.0, -0.5])
    alone = mass_radius_errors([0.2], [0.8], [0.0])
    for kind in (MarginalMassRadius, ProfileMassRadius):
        found = kind(measured, error).pointwise(prediction)
        assert_allclose(jnp.sum(found), kind(measured, error).log_prob(prediction), rtol=1e-10)
        assert_allclose(found[1], kind(measured[1:2], alone).log_prob(prediction), rtol=1e-10)
    pulsars = PulsarMass(jnp.array([2.01, 1.9]), jnp.array([0.04, 0.1]))
    assert_allclose(jnp.sum(pulsars.pointwise(prediction)), pulsars.log_prob(prediction), rtol=1e-10)


def test_far_data_give_finite_values_and_slopes():
    """A star 60 standard deviations away: no underflow to zero, no NaN in the gradient."""
    likelihood = MarginalMassRadius(jnp.array([[1.4, 40.0]]), mass_radius_errors([0.01], [0.45]))
    value, slope = jax.value_and_grad(lambda size: likelihood.log_prob(curve(size=size)))(12.0)
    assert np.isfinite(value)
    assert slope > 0


def test_a_pulsar_mass_is_normalised_and_bounds_the_maximum_mass():
    pulsar = PulsarMass(jnp.array([2.0]), jnp.array([0.05]))
    mass = jnp.linspace(0.0, 4.0, 4001)
    density = jax.vmap(lambda m: jnp.exp(pulsar.with_data(m[None]).log_prob(curve())))(mass)
    assert_allclose(np.trapezoid(density, mass), 1.0, atol=1e-6)
    light, fair, heavy = (float(pulsar.log_prob(curve(heaviest=m))) for m in (1.6, 2.05, 2.6))
    assert light < fair - 20
    assert_allclose(heavy - fair, np.log(1.05 / 1.6) - np.log(0.8413447), atol=1e-3)  # the price of a wider range


def cloud(count=4000):
    """Samples of a banana-shaped measurement."""
    u, v = np.random.default_rng(0).normal(size=(2, count))
    return 1.45 + 0.12 * u, 12.4 + 0.9 * v + 0.5 * u + 0.3 * (u**2 - 1)


def mergers(count=4000):
    u, v = np.random.default_rng(1).uniform(size=count), np.random.default_rng(2).normal(size=count)
    return 0.75 + 0.25 * np.sqrt(u), 400 + 130 * v


EQUAL = np.full(4000, 1 / 4000)
SAMPLED_STAR = SampledStar(jnp.zeros(2), KernelDensity.fit(*cloud(), EQUAL))
SAMPLED_TIDES = SampledTides(jnp.asarray(0.0), KernelDensity.fit(*mergers(), EQUAL), jnp.asarray(1.187))


@pytest.mark.parametrize(
    "likelihood",
    [
        MarginalMassRadius(
            jnp.array([[1.4, 12.0], [2.0, 11.0]]), mass_radius_errors([0.3, 0.1], [1.0, 0.7], [0.5, -0.3])
        ),
        MarginalMassRadius(jnp.array([[1.4, 12.0]]), ASYMMETRIC),
        PulsarMass(jnp.array([2.0]), jnp.array([0.1])),
        SAMPLED_STAR,
        SAMPLED_TIDES,
    ],
    ids=["stars", "asymmetric", "pulsar", "samples", "tides"],
)
def test_mock_data_follow_the_density(likelihood):
    """E[p(d | other) / p(d | truth)] over mock data of the truth is 1 for any other curve; a wrong sampler fails."""
    truth, other = curve(2.1, 12.5), curve(2.16, 12.7)
    ratio = jax.jit(jax.vmap(lambda key: evidence_ratio(likelihood, likelihood, key, truth, other)))
    count = 20000 if hasattr(likelihood, "error") else 3000  # kernel densities are dearer
    value = np.asarray(ratio(jr.split(jr.key(0), count)))
    assert abs(value.mean() - 1) < 4.5 * value.std() / np.sqrt(len(value)) + 2e-3


def test_mock_data_with_errors_a_tenth_too_small_are_noticed():
    """The twin: data drawn with narrower errors than the likelihood assumes."""
    errors = mass_radius_errors([0.3], [1.0]), mass_radius_errors([0.27], [0.9])
    assumed, drawn = (MarginalMassRadius(jnp.array([[1.4, 12.0]]), e) for e in errors)
    truth, other = curve(2.1, 12.5), curve(2.16, 13.7)

    def ratio(key):
        measured, _ = drawn.sample(key, truth)
        likelihood = assumed.with_data((measured, errors[0]))
        return jnp.exp(likelihood.log_prob(other) - likelihood.log_prob(truth))

    value = np.asarray(jax.jit(jax.vmap(ratio))(jr.split(jr.key(0), 20000)))
    assert abs(value.mean() - 1) > 6 * value.std() / np.sqrt(len(value))


def evidence_ratio(assumed, drawn, key, truth, other):
    likelihood = assumed.with_data(drawn.sample(key, truth))
    return jnp.exp(likelihood.log_prob(other) - likelihood.log_prob(truth))


def test_kernel_density_reproduces_a_gaussian_and_reports_its_bandwidth_error():
    """ln f within the reported error of the truth, and the error falls with the number of samples."""
    generator, errors = np.random.default_rng(3), []
    for count in (500, 50000):
        x, y = generator.normal(size=(2, count)) * np.array([[0.1], [1.0]]) + np.array([[1.4], [12.0]])
        density = KernelDensity.fit(x, y, np.full(count, 1 / count))
        errors.append(density.bandwidth_error)
        at = jnp.array([1.4, 1.5]), jnp.array([12.0, 11.0])
        exact = -np.log(2 * np.pi * 0.1) - np.array([0.0, 1.0])
        assert np.abs(density.log_density(*at) - exact).max() < 2 * density.bandwidth_error
    assert errors[1] < 0.5 * errors[0]


def test_stability_is_lost_at_the_maximum_and_regained_on_a_twin_branch():
    """Turning points: up, down with a shrinking radius (unstable), up again (twins), and the spiral at the end."""
    mass = jnp.array([0.5, 1.0, 1.5, 1.4, 1.3, 1.5, 1.7, 1.6, 1.55, 1.58, 1.6])
    radius = jnp.array([14.0, 13.0, 12.5, 11.5, 10.5, 10.0, 9.5, 9.0, 8.9, 9.1, 9.3])
    assert stable_chords(mass, radius).astype(int).tolist() == [1, 1, 0, 0, 1, 1, 0, 0, 0, 0]


def test_masses_are_uniform_over_the_stable_branch():
    """The prior of a star's mass: uniform from 1 Msun to the maximum, in the quadrature and in mock data alike."""
    branch = curve().branch
    nodes = mass_nodes(branch)
    assert_allclose(nodes.weight @ nodes.mass, 0.5 * (1.0 + 2.1), atol=1e-6)
    assert_allclose(nodes.weight @ (nodes.mass - 1.55) ** 2, 1.1**2 / 12, atol=1e-5)
    mass, radius = sample_stars(jr.key(0), branch, 20000)
    assert_allclose([mass.min(), mass.mean(), mass.max()], [1.0, 1.55, 2.1], atol=0.01)
    x = 1 - np.sqrt((2.1 - np.asarray(mass)) / 1.8)
    assert_allclose(radius, radius_of(x, 12.5), atol=0.03)


def sequence(x, gap=0.0):
    """The curve of `curve`, a little beyond its maximum; with a `gap` of the radius at x = 0.5, in two phases."""
    x = jnp.sort(jnp.append(x, 0.5)) if gap else x
    second = jnp.cumsum(jnp.diff(x, prepend=-1.0) == 0) > 0
    mass, radius = mass_of(x, 2.1), radius_of(x, 12.5) - gap * jnp.where(second, x - 0.5, 0.0)
    every = jnp.ones_like(x)
    tide = 400.0 * (mass / 1.4) ** -6
    return StellarSequence(jnp.exp(x), every, x, mass, radius, tide, every, jnp.ones(x.shape, bool), every > 0)


def test_between_neighbours_the_branch_follows_the_curve_up_to_its_turning_point():
    """21 stars, of which the last two lie beyond the maximum, which is no star of the grid."""
    x = jnp.linspace(0.013, 1.11, 21)
    stars = sequence(x)
    branch = stable_branch(stars, maximum_mass(stars))
    there = np.asarray(branch.rise) > 0
    mass, radius = np.asarray(branch.mass)[there].ravel(), np.asarray(branch.radius)[there].ravel()
    place = 1 - np.sqrt(np.maximum(2.1 - mass, 0) / 1.8)
    assert_allclose(radius, radius_of(place, 12.5), atol=1e-6)
    assert mass.max() == pytest.approx(2.1, abs=1e-9)
    assert np.max(np.diff(place)) < 1.1 / 20 / PIECES + 1e-6


def test_no_star_between_neighbours_is_interpolated_across_a_transition():
    """A kink of the radius where the second phase begins: polynomials through both phases would miss it by metres."""
    x = jnp.linspace(0.0, 1.1, 23)
    stars = sequence(x, gap=4.0)
    branch = stable_branch(stars, maximum_mass(stars))
    there = np.asarray(branch.rise) > 0
    mass, radius = np.asarray(branch.mass)[there].ravel(), np.asarray(branch.radius)[there].ravel()
    place = 1 - np.sqrt(np.maximum(2.1 - mass, 0) / 1.8)
    kinked = radius_of(place, 12.5) - 4.0 * np.maximum(place - 0.5, 0.0)
    assert_allclose(radius, kinked, atol=1e-6)
