"""The classical reconstructions against independent minimisers, closed forms and the equations that define them."""

from dataclasses import replace
from functools import partial

import jax.numpy as jnp
import jax.random as jr
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize, nnls

from retrodict.base.errors import InputError
from retrodict.problem.covariance import Covariance
from retrodict.spectral import kernels, shapes
from retrodict.spectral.classical import alpha, compare, dual, entropy, gaussian_process, smeared, tikhonov
from retrodict.spectral.classical.problem import linear_problem, power_law_model

MOMENTA = np.linspace(0.001, 19.199, 25)
OMEGA = np.linspace(0.04, 20, 500)
EXACT = shapes.correlator_of(kernels.KallenLehmann(), MOMENTA, shapes.DOUBLE)
TRUTH = np.asarray(shapes.DOUBLE(OMEGA))


def data_problem(eps=1e-3, seed=0, nodes=960, covariance=None, mean=None):
    """The double peak with relative noise at 25 momenta."""
    sigma = shapes.relative_noise(EXACT, eps)
    mean = shapes.add_noise(jr.key(seed), EXACT, sigma) if mean is None else mean
    grid = kernels.frequency_grid(nodes=nodes)
    kernel, noise = kernels.KallenLehmann(), covariance or Covariance.diagonal(sigma)
    return linear_problem(kernel, MOMENTA, mean, noise, grid, power_law_model(3.0, 3.0))


def quadratic(default):
    """S = -(rho - m)^2 / 2m: its posterior is Gaussian, so that Laplace's approximation is exact."""
    return dual.Entropy(
        value=lambda rho, m: -0.5 * (rho - m) ** 2 / m,
        potential=lambda m, eta: m * eta + 0.5 * m * eta**2,
        density=lambda m, eta: m + m * eta,
        slope=lambda rho: default,
    )


def measure_of(problem, shape):
    """The measures of the two entropies."""
    return (
        problem.weight / (1 + (problem.omega / problem.scale) ** 2)
        if shape is entropy.BURNIER_ROTHKOPF
        else problem.weight
    )


def direct_minimum(problem, shape, weight, strength):
    """Minimum of chi2/2 - alpha S over ln rho at every node by a trust-region method of scipy."""
    operator, data, default = problem.whitened_operator, problem.whitened_mean, problem.default

    def parts(theta):
        rho = default * np.exp(theta)
        return rho, operator @ rho - data

    def value(theta):
        rho, residual = parts(theta)
        return 0.5 * residual @ residual - strength * weight @ shape.value(rho, default)

    def entropic_slope(rho):
        return np.log(rho / default) if shape is entropy.SHANNON_JAYNES else 1 / default - 1 / rho

    def gradient(theta):
        rho, residual = parts(theta)
        return rho * (operator.T @ residual + strength * weight * entropic_slope(rho))

    def hessian(theta):
        rho, _ = parts(theta)
        matrix = (operator * rho).T @ (operator * rho)
        return matrix + np.diag(gradient(theta) + strength * weight * rho**2 / shape.slope(rho))

    found = minimize(
        value, np.zeros(len(default)), jac=gradient, hess=hessian, method="trust-exact", options={"gtol": 1e-9}
    )
    return default * np.exp(found.x)


@pytest.mark.parametrize("shape", [entropy.SHANNON_JAYNES, entropy.BURNIER_ROTHKOPF], ids=["MEM", "BR"])
@pytest.mark.parametrize("strength", [1e4, 30.0])
def test_the_dual_optimum_is_the_direct_minimum_over_all_frequencies(shape, strength):
    """At the same alpha, to 1e-6 of the largest value."""
    problem = data_problem(eps=1e-2, nodes=110)
    measure = measure_of(problem, shape)
    space = dual.singular_space(problem, measure)
    found = dual.find_optimum(space, shape, strength, np.zeros(len(space.data))).rho
    direct = direct_minimum(problem, shape, measure, strength)
    seen = problem.omega < 50
    assert_allclose(found[seen], direct[seen], atol=1e-6 * np.max(direct))


def test_the_singular_space_of_bryan_holds_the_optimum_of_the_full_search():
    problem = data_problem(eps=1e-4)
    space = dual.singular_space(problem, problem.weight)
    for strength in (1e5, 100.0):
        found = dual.find_optimum(space, entropy.SHANNON_JAYNES, strength, np.zeros(len(space.data))).rho
        everywhere = entropy.full_space_maximum(problem, strength)
        assert_allclose(found, everywhere, rtol=1e-5, atol=1e-8 * np.max(found))


def test_a_search_in_too_small_a_space_misses_the_optimum():
    """The twin: with four singular vectors the two searches differ, as they must."""
    problem = data_problem(eps=1e-4)
    value = np.linalg.svd(problem.whitened_kernel * np.sqrt(problem.weight * problem.default), compute_uv=False)
    space = dual.singular_space(problem, problem.weight, cut=1.01 * value[4] / value[0])
    found = dual.find_optimum(space, entropy.SHANNON_JAYNES, 100.0, np.zeros(len(space.data))).rho
    everywhere = entropy.full_space_maximum(problem, 100.0)
    assert len(space.data) == 4
    assert np.max(np.abs(found - everywhere)) > 1e-2 * np.max(everywhere)


def test_burnier_rothkopf_solves_its_own_equation():
    """alpha (1/rho - 1/m) dmu = K^T C^-1 (K rho - d) d omega at every frequency, and chi2 = N."""
    problem = data_problem(eps=1e-3)
    found = entropy.burnier_rothkopf(problem)
    measure = measure_of(problem, entropy.BURNIER_ROTHKOPF)
    pull = problem.whitened_operator.T @ problem.residual(found.rho) / measure
    seen = (problem.omega > 1e-2) & (problem.omega < 1e2)
    push = found.regulator * (1 / problem.default - 1 / found.rho)
    assert_allclose(push[seen], -pull[seen], rtol=1e-6, atol=1e-8 * np.max(np.abs(pull[seen])))
    assert found.chi2 == pytest.approx(25, abs=1e-3)


def test_the_evidence_is_exact_where_the_posterior_is_gaussian():
    """Laplace's evidence for a quadratic entropy is the marginal likelihood N(d; K m, 1 + K (m/alpha dmu) K^T)."""
    problem = data_problem(eps=1e-2)
    shape = quadratic(problem.default)
    space, difference = dual.singular_space(problem, problem.weight), []
    for strength in (1.0, 1e3):
        point = dual.find_optimum(space, shape, strength, np.zeros(len(space.data)))
        spread = (space.operator * (space.default / (strength * space.measure))) @ space.operator.T
        marginal = np.eye(len(space.data)) + spread
        misfit = space.data - space.operator @ space.default
        exact = -0.5 * misfit @ np.linalg.solve(marginal, misfit) - 0.5 * np.linalg.slogdet(marginal)[1]
        difference.append(point.log_evidence - exact + 0.5 * space.chi2_outside)
    assert_allclose(difference, 0.0, atol=1e-6)


def test_the_window_error_is_the_posterior_deviation_of_the_average():
    """For a quadratic entropy, against the dense posterior covariance."""
    problem = data_problem(eps=1e-2, nodes=200)
    shape = quadratic(problem.default)
    space = dual.singular_space(problem, problem.weight)
    point = dual.find_optimum(space, shape, 10.0, np.zeros(len(space.data)))
    prior = np.diag(problem.default / (10.0 * problem.weight))
    response = problem.whitened_operator @ prior
    gram = response @ problem.whitened_operator.T + np.eye(25)
    covariance = prior - response.T @ np.linalg.solve(gram, response)
    centre = int(np.searchsorted(problem.omega, 2.0))
    inside = np.abs(problem.omega / problem.omega[centre] - 1) <= 0.1
    average = np.where(inside, problem.weight, 0.0) / np.sum(problem.weight[inside])
    expected = np.sqrt(average @ covariance @ average)
    assert dual.window_error(problem, space, shape, point)[centre] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("order", [0, 1])
def test_tikhonov_without_positivity_solves_the_normal_equations(order):
    discrete = tikhonov.discretise(data_problem(eps=1e-2), order)
    strength = 5.0
    roughness = np.diag(discrete.diagonal) + np.diag(discrete.off_diagonal, 1) + np.diag(discrete.off_diagonal, -1)
    exact = np.linalg.solve(
        discrete.operator.T @ discrete.operator + strength * roughness, discrete.operator.T @ discrete.data
    )
    found = tikhonov.solve(discrete, strength, positive=False).values
    assert_allclose(found, exact, atol=1e-7 * np.max(np.abs(exact)))


@pytest.mark.parametrize("order", [0, 1])
@pytest.mark.parametrize("strength", [1e3, 0.1])
def test_positive_tikhonov_obeys_karush_kuhn_and_tucker(order, strength):
    """rho >= 0, gradient >= 0, one of them zero; and the algorithm of Lawson and Hanson finds nothing better."""
    discrete = tikhonov.discretise(data_problem(eps=1e-3), order)
    values = tikhonov.solve(discrete, strength, positive=True).values
    slope = tikhonov.gradient(discrete, strength, values)
    size = np.max(np.abs(discrete.operator.T @ discrete.data))
    assert np.all(values >= 0)
    assert np.all(slope > -1e-8 * size)
    assert np.max(np.abs(slope[values > 0])) < 1e-8 * size
    roughness = np.diag(discrete.diagonal) + np.diag(discrete.off_diagonal, 1) + np.diag(discrete.off_diagonal, -1)
    stacked = np.concatenate([discrete.operator, np.sqrt(strength) * np.linalg.cholesky(roughness).T])
    target = np.concatenate([discrete.data, np.zeros(len(values))])
    _, peer = nnls(stacked, target)
    assert np.linalg.norm(stacked @ values - target) < peer * (1 + 1e-9)


def test_a_single_positive_value_is_a_solution_like_any_other():
    """Data to which one knot alone contributes: the minimum is there, and nowhere else."""
    discrete = tikhonov.discretise(data_problem(eps=1e-2), 0)
    only = discrete.operator * (np.arange(tikhonov.KNOTS) == 150)
    values = tikhonov.solve(discrete._replace(operator=only), 1.0, positive=True).values
    column = only[:, 150]
    assert values[150] == pytest.approx(column @ discrete.data / (column @ column + discrete.diagonal[150]), rel=1e-9)
    assert np.count_nonzero(values) == 1


@pytest.mark.parametrize("method", [partial(entropy.maximum_entropy, rule=alpha.historic), tikhonov.tikhonov])
def test_the_discrepancy_rules_reach_chi2_equal_to_the_number_of_data(method):
    assert method(data_problem(eps=1e-3)).chi2 == pytest.approx(25, abs=0.01)


def test_the_gaussian_process_is_the_textbook_posterior():
    """m + K A^T (A K A^T + C)^-1 (d - A m) with the covariance itself, to 1e-10 of the largest value."""
    rng = np.random.default_rng(1)
    mixing = np.eye(25) + 0.3 * rng.normal(size=(25, 25))
    noise = (mixing @ mixing.T) * np.outer(EXACT, EXACT) * 1e-4
    problem = data_problem(covariance=Covariance.full(noise), nodes=300)
    given = gaussian_process.Hyperparameters(0.8, 0.4)
    prior, operator = gaussian_process.prior_covariance(problem, given), problem.kernel * problem.weight
    gain = np.linalg.solve(operator @ prior @ operator.T + noise, operator @ prior).T
    mean = problem.default + gain @ (problem.mean - operator @ problem.default)
    variance = np.diag(prior - gain @ operator @ prior)
    found = gaussian_process.posterior(problem, given)
    assert_allclose(found.mean, mean, atol=1e-10 * np.max(mean))
    assert_allclose(found.sd**2, variance, atol=1e-10 * np.max(variance))


def test_constraints_of_the_gaussian_process_are_exact():
    """A total weight and a derivative are kept whatever the data say, and carry no error."""
    problem = data_problem(eps=1e-3)
    given = gaussian_process.Hyperparameters(0.8, 0.4)
    constraints = (
        gaussian_process.total_weight(problem, 3.0, power=0.0),
        gaussian_process.derivative(problem, 1.0, 0.05),
    )
    found = gaussian_process.posterior(problem, given, constraints)
    free = gaussian_process.posterior(problem, given)
    for row, value in constraints:
        assert row @ found.mean == pytest.approx(value, rel=1e-6)
        assert abs(row @ free.mean - value) > 1e-3


def exponential_problem(points=40, eps=1e-12, rho=None):
    """G(t) = int e^(-omega t) rho at t = 1/4, 1/2 ..."""
    tau = 0.25 * np.arange(1, points + 1)
    kernel = kernels.UserKernel(lambda t, omega: jnp.exp(-omega * t), "tau")
    exact = shapes.correlator_of(kernel, tau, rho or shapes.SINGLE)
    grid = kernels.frequency_grid((0.1, 20.0))
    return linear_problem(kernel, tau, exact, Covariance.diagonal(eps * exact), grid, window=(0.0, 8.0))


def smeared_exactly(rho, width, energy):
    """The smeared density by quadrature of its own."""
    node = np.linspace(1e-9, 40, 400_001)
    return np.trapezoid(np.asarray(rho(node)) * smeared.gaussian(width, energy, node), node)


def test_smeared_densities_are_exact_without_noise():
    """Forty points, errors of 1e-12: smearing with half a unit is reproduced to 1e-3 where the peak is."""
    energies = np.array([1.0, 2.0, 2.5])
    problem = exponential_problem()
    top = smeared.modes(problem).value[0] ** 2
    found = smeared.hansen_lupo_tantalo(problem, energies, partial(smeared.gaussian, 0.5), mu=1e-24 * top)
    exact = [smeared_exactly(shapes.SINGLE, 0.5, energy) for energy in energies]
    assert_allclose(found.value, exact, rtol=1e-3)
    assert np.all(found.misfit < 1e-3)


def test_the_smeared_density_solves_the_normal_equations_of_its_functional():
    """(S + mu C) g = f with S_tt' = 1/(t + t') in closed form; few points, so that float64 can still invert it."""
    problem, mu, energy, width = exponential_problem(points=5, eps=1e-2), 1e-3, 1.0, 0.6
    tau = 0.25 * np.arange(1, 6)
    node, weight = np.polynomial.legendre.leggauss(400)
    omega, weight = 15 * (node + 1), 15 * weight
    response = np.exp(-np.outer(tau, omega)) @ (weight * smeared.gaussian(width, energy, omega))
    gram = 1 / (tau[:, None] + tau) + mu * np.asarray(problem.covariance.matrix())
    expected = problem.mean @ np.linalg.solve(gram, response)
    found = smeared.hansen_lupo_tantalo(problem, np.array([energy]), partial(smeared.gaussian, width), mu=mu)
    assert found.value[0] == pytest.approx(expected, rel=1e-8)


def test_averaging_kernels_have_unit_area_where_that_is_asked_for():
    """Of Hansen-Lupo-Tantalo on demand, of Backus-Gilbert always; without the demand it is missed."""
    problem, energies = exponential_problem(points=12, eps=1e-3), np.array([1.0, 2.0])
    smearing, mu = partial(smeared.half_line_gaussian, 0.4), 1.0
    area = [
        smeared.hansen_lupo_tantalo(problem, energies, smearing, mu=mu, unit_area=unit).averaging_kernel
        @ problem.weight
        for unit in (True, False)
    ]
    assert_allclose(area[0], 1.0, rtol=1e-9)
    assert np.all(np.abs(area[1] - 1) > 1e-4)
    narrow = smeared.backus_gilbert(problem, energies, mu=mu)
    assert_allclose(narrow.averaging_kernel @ problem.weight, 1.0, rtol=1e-9)


def test_the_value_is_the_density_seen_through_the_averaging_kernel():
    """Without noise in the data: value = int averaging_kernel rho, whatever the penalty."""
    problem, energies = exponential_problem(points=20, eps=1e-4), np.array([0.5, 2.0, 4.0])
    rho = problem.weight * np.asarray(shapes.SINGLE(problem.omega))
    found = smeared.hansen_lupo_tantalo(problem, energies, partial(smeared.cauchy, 0.5))
    assert_allclose(found.value, found.averaging_kernel @ rho, rtol=1e-6)
    narrow = smeared.backus_gilbert(problem, energies)
    assert_allclose(narrow.value, narrow.averaging_kernel @ (rho / problem.default), rtol=1e-6)


def test_a_penalty_below_the_resolution_of_float64_is_refused():
    with pytest.raises(InputError, match="below what float64 resolves"):
        smeared.hansen_lupo_tantalo(exponential_problem(), np.ones(1), partial(smeared.gaussian, 0.5), mu=0.0)


def correlated_data(seed, share=0.05, own_share=1e-4):
    """A common error of `share` of all points (a normalisation) beside independent ones."""
    covariance = np.diag((own_share * EXACT) ** 2) + share**2 * np.outer(EXACT, EXACT)
    common, own = jr.normal(jr.key(100 + seed)), jr.normal(jr.key(200 + seed), (25,))
    return covariance, EXACT * (1 + share * float(common) + own_share * np.asarray(own))


CORRELATED_METHODS = {
    "MEM": entropy.maximum_entropy,
    "BR": partial(entropy.burnier_rothkopf, rule=alpha.bryan),
    "Tikhonov": tikhonov.tikhonov,
    "GP": gaussian_process.gaussian_process,
}


@pytest.mark.parametrize("name", CORRELATED_METHODS)
def test_correlated_errors_are_used(name):
    """Points that err together still know the shape: ignoring their correlation at least doubles the error of it."""
    errors = {True: [], False: []}
    for seed in range(3):
        covariance, mean = correlated_data(seed)
        for used in (True, False):
            noise = Covariance.full(covariance) if used else Covariance.diagonal(np.sqrt(np.diag(covariance)))
            found = CORRELATED_METHODS[name](data_problem(covariance=noise, mean=mean)).at(OMEGA)
            height = found @ TRUTH / (found @ found)  # the normalisation is what the common error hides
            errors[used].append(shapes.l2_relative(height * found, TRUTH, OMEGA))
    assert np.median(errors[True]) < 0.5 * np.median(errors[False])


def test_chi2_counts_the_correlated_errors_once():
    """chi2 of the truth follows its distribution with the covariance, and is far from it without."""
    used, ignored = [], []
    for seed in range(40):
        covariance, mean = correlated_data(seed)
        problem = data_problem(covariance=Covariance.full(covariance), mean=mean)
        rho = np.asarray(shapes.DOUBLE(problem.omega))
        used.append(problem.chi2(rho))
        ignored.append(replace(problem, covariance=Covariance.diagonal(np.sqrt(np.diag(covariance)))).chi2(rho))
    assert abs(np.mean(used) - 25) < 4 * np.sqrt(50 / 40)
    assert abs(np.var(ignored) - 50) > 200


def test_all_methods_run_on_one_problem_and_say_what_they_are():
    found = compare.compare_methods(data_problem())
    assert len({one.name for one in found}) == len(compare.DEFAULT)
    for one in found:
        assert np.all(np.isfinite(one.rho))
        assert one.error is not None
        assert np.all(one.error >= 0)
        assert one.references


@pytest.mark.parametrize("method", compare.ESTIMATES[:-1], ids=map(str, range(len(compare.ESTIMATES) - 1)))
def test_positive_methods_are_positive_and_improve_with_the_data(method):
    error = []
    for eps in (1e-2, 1e-5):
        found = method(data_problem(eps=eps))
        assert np.min(found.rho) >= 0
        error.append(shapes.l2_relative(found.at(OMEGA), TRUTH, OMEGA))
    assert error[1] < 0.5 * error[0]


def test_fermionic_frequencies_reconstruct_both_signs_of_omega():
    """Two peaks at -2 and 1 from G(i omega_n), real and imaginary parts stacked; the default model is a Lorentzian."""
    grid = kernels.two_sided(kernels.frequency_grid(nodes=400))
    frequency, sigma = np.pi * 0.1 * (2 * np.arange(30) + 1), np.full(60, 1e-5)

    def rho(omega):
        return sum(np.exp(-0.5 * ((omega - x) / 0.6) ** 2) for x in (-2.0, 1.0))

    kernel = kernels.FermionicMatsubara()
    clean = np.asarray(kernels.operator(kernel, frequency, grid)) @ rho(np.asarray(grid.omega))
    mean = shapes.add_noise(jr.key(3), clean, sigma)
    problem = linear_problem(
        kernel, frequency, mean, Covariance.diagonal(sigma), grid, lambda omega: 1 / (9 + omega**2), (-10.0, 10.0), 3.0
    )
    found, omega = entropy.maximum_entropy(problem), np.linspace(-6, 6, 200)
    assert shapes.l2_relative(found.at(omega), rho(omega), omega) < 0.05


def test_bad_input_is_refused_with_a_fix():
    kernel, grid = kernels.KallenLehmann(), kernels.frequency_grid(nodes=100)
    with pytest.raises(InputError, match="same number of points"):
        linear_problem(kernel, MOMENTA, EXACT[:-1], Covariance.diagonal(EXACT), grid)
    with pytest.raises(InputError, match="NaN"):
        linear_problem(kernel, MOMENTA, np.where(MOMENTA > 5, np.nan, EXACT), Covariance.diagonal(EXACT), grid)
    with pytest.raises(InputError, match="default model"):
        linear_problem(kernel, MOMENTA, EXACT, Covariance.diagonal(EXACT), grid, lambda omega: 1 - omega)


def test_the_effective_parameters_are_the_trace_of_the_influence_matrix():
    """d(K rho)/d(data) by differences; its columns also carry the noise into the quoted error."""
    discrete, step = tikhonov.discretise(data_problem(eps=1e-2), 1), 1e-4
    found = tikhonov.solve(discrete, 100.0, positive=False)
    moved = np.stack(
        [
            tikhonov.solve(discrete._replace(data=discrete.data + step * unit), 100.0, positive=False).values
            for unit in np.eye(25)
        ]
    )
    response = (moved - found.values).T / step
    assert found.degrees == pytest.approx(np.trace(discrete.operator @ response), rel=1e-5)
    assert_allclose(found.error, np.linalg.norm(response, axis=1), rtol=1e-4, atol=1e-8)


def test_the_curve_of_regulators_is_entered_at_its_corner():
    """The L-curve, cross-validation and the kink choose chi2 of the order of the data, between the two plateaus."""
    problem = data_problem(eps=1e-3)
    for found in (
        tikhonov.tikhonov(problem, choice=tikhonov.l_curve),
        tikhonov.tikhonov(problem, choice=tikhonov.cross_validation),
        entropy.maximum_entropy(problem, alpha.kink),
    ):
        assert 10 < found.chi2 < 75


def test_the_likeliest_hyperparameters_are_a_maximum_of_the_evidence():
    problem = data_problem(eps=1e-3)
    best = gaussian_process.maximise_marginal_likelihood(problem)
    top = gaussian_process.posterior(problem, best).log_evidence
    for amplitude, length in ((1.3, 1.0), (0.75, 1.0), (1.0, 1.3), (1.0, 0.75)):
        other = gaussian_process.Hyperparameters(amplitude * best.amplitude, length * best.length)
        assert gaussian_process.posterior(problem, other).log_evidence < top + 0.05


def plateau_pulls(shift=0.0, count=12):
    """(value - exact) / error of densities smeared with 0.8, mu from the plateau, for several noises of 1e-3."""
    energies, clean = np.array([1.5, 2.5]), exponential_problem(points=24, eps=1e-3)
    exact = np.array([smeared_exactly(shapes.SINGLE, 0.8, energy) for energy in energies])
    pulls = []
    for seed in range(count):
        mean = shapes.add_noise(jr.key(seed), clean.mean * (1 + shift), 1e-3 * clean.mean)
        found = smeared.hansen_lupo_tantalo(replace(clean, mean=mean), energies, partial(smeared.gaussian, 0.8))
        pulls.append((found.value - exact) / np.hypot(found.error, found.systematic))
    return np.array(pulls)


def test_the_plateau_of_smeared_densities_holds_the_exact_value():
    """Within three of the statistical and systematic error together, in the root mean square: the usual error."""
    assert np.sqrt(np.mean(plateau_pulls() ** 2)) < 3.0


def test_a_wrong_normalisation_of_the_data_is_seen_by_the_same_pulls():
    """The twin: a correlator that is off by a fifth."""
    assert np.sqrt(np.mean(plateau_pulls(shift=0.2) ** 2)) > 3.0
