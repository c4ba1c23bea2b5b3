"""What a report prints and draws, by value: each cell of its tables, each edge of its bands, ellipses and bars."""

import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure as Sheet
from matplotlib.patches import Ellipse
from numpy.testing import assert_allclose
from scipy.stats import norm

from retrodict.base.density import density_of, histogram_of, marginal_of
from retrodict.base.figure import (
    Band,
    Bars,
    Curves,
    Density,
    Ellipses,
    Guide,
    Histogram,
    Image,
    Line,
    Points,
    band_of,
    divided,
)
from retrodict.report import generic, layers, sections, tables
from retrodict.report.calibration import calibration_content, coverage_figure
from retrodict.report.diagnostics import convergence_table
from retrodict.report.draws import scalars
from retrodict.report.files import RunFiles
from retrodict.report.sensitivity import POWERS, Lean, alternatives_figure, leans
from retrodict.report.style import ROLES
from tests import published
from tests.report import fake

MASS = published.mass()


@pytest.fixture(scope="module")
def known():
    return published.skewed(2000)


def cells(html: object) -> dict[str, list[str]]:
    """The rows of a table by their names, each cell as plain text; a true minus as a hyphen."""
    rows = re.findall(r"<tr>(.*?)</tr>", str(html).replace("−", "-"), re.DOTALL)
    plain = [
        [" ".join(re.sub(r"<[^>]*>", " ", c).split()) for c in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in rows
    ]
    return {row[0]: row[1:] for row in plain}


def figures(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"[\d.]*\d", text)]


# --- tables -----------------------------------------------------------------------------------------------------------


def test_the_table_of_quantities_prints_each_number_in_its_column(known):
    """Posterior and prior differ by a factor of two or more in all of these, 68 and 95 % too."""
    rows = cells(tables.quantities_table(known))
    assert rows["Quantity"] == ["Median, 68 %", "95 %", "Prior, 68 %", "Shrinkage"]
    own, wide, prior, shrinkage = rows["M [ M ⊙ ]"]
    assert figures(own) == [0.82, 0.82, 0.41]
    assert_allclose(figures(wide), [MASS.quantile(0.025), MASS.quantile(0.975)], atol=0.051)
    before = known.prior_draws("mass")[0]
    q = [published.quantile(before, level, np.ones(len(before))) for level in (0.5, 0.84, 0.16)]
    assert_allclose(figures(prior), [q[0], q[1] - q[0], q[0] - q[2]], atol=6e-3)
    assert_allclose(figures(shrinkage), [1 - MASS.sd / before.std()], atol=6e-3)


def test_an_interval_is_that_of_95_per_cent():
    assert tables.interval({"q2_5": 8.47318, "q97_5": 27.462, "q16": 11.3, "q84": 20.6}) == "8.5 … 27.5"
    assert tables.interval({"q2_5": -0.123, "q97_5": 0.456, "q16": 0.0, "q84": 0.1}) == "−0.12 … 0.46"


def test_numbers_are_printed_with_four_digits_and_true_signs():
    printed = {0.000123456: "0.0001235", 1234.56: "1235", -1.5: "−1.5", 3: "3", 1.23456e-7: "1.235e−07"}
    assert {value: tables.number(value) for value in printed} == printed
    assert [tables.number(None), tables.number(float("nan")), tables.number(True)] == ["–", "–", "yes"]
    assert tables.number(123456.7) == "123500"
    assert [tables.fixed(-0.004, 2), tables.fixed(-0.126, 2), tables.fixed(2.5, 0)] == ["0.00", "−0.13", "2"]


def test_cards_show_the_68_and_the_95_per_cent_intervals(known, tmp_path):
    shown, _ = sections._numbers(sections.Content(known, RunFiles(tmp_path), ()))
    text = " ".join(re.sub(r"<[^>]*>", " ", str(shown)).split())
    low, high = MASS.quantile(0.025), MASS.quantile(0.975)
    assert re.search(rf"M 0.82 \+0.82 −0.41 M ⊙ 95 %: {low:.2f} … {high:.2f}", text)


def test_the_table_of_the_fit_has_chi_squared_per_degree_of_freedom(known):
    exact = published.fit()
    (head, row) = cells(tables.fit_table(known)).values()
    assert len(head) == 4
    assert_allclose(list(map(float, row)), [exact.chi2, exact.dof(), exact.chi2 / exact.dof(), exact.p()], atol=0.05)
    assert row[2] == f"{exact.chi2 / exact.dof():.2f}"
    assert row[3] == f"{exact.p():.2g}"
    assert cells(tables.terms_table(known))["counter"] == ["5.3", "3"]
    assert cells(tables.terms_table(known))["meter"] == ["1.8", "2"]


def test_pulls_are_listed_from_the_worst_with_their_signs(known):
    exact = published.fit().pulls
    rows = re.findall(r"(counter|meter)\[(\d)\]</td><td>([^<]*)<", str(tables.pulls_table(known)).replace("−", "-"))
    order = np.argsort(-np.abs(exact))
    assert [float(value) for *_, value in rows] == [float(f"{exact[i]:.2f}") for i in order]
    assert [int(i) + published.FIRST * (name == "meter") for name, i, _ in rows] == order.tolist()


def test_singular_values_are_listed_with_the_variance_that_they_leave(known):
    """A mode of singular value s keeps 1 / (1 + s^2) of its prior variance."""
    rows = cells(tables.singular_values_table(known))
    for i, s in enumerate(published.fit().singular_values, 1):
        assert rows[str(i)] == [f"{s:.3g}", f"{1 / (1 + s**2):.1%}"]


def test_the_range_of_the_shrinkage_and_the_part_that_is_the_prior_s():
    tree = fake.make_tree()
    values = np.linspace(-0.05, 0.8, fake.MASS.size)
    tree["identifiability"] = tree["identifiability"].to_dataset().assign(shrinkage_radius=("radius_grid", values))
    rows = cells(tables.shrinkage_table(type(fake.make_result())(tree)))
    assert rows["Radius R"] == ["-0.05", "0.80", f"{np.mean(values < 0.1):.0%}"]


def test_other_choices_stand_beside_this_run(known):
    other = published.skewed(50)
    rows = cells(tables.alternatives_table(known, {"other": other}))
    assert rows["Quantity"] == ["this run", "other"]
    assert [figures(cell) for cell in rows["M [ M ⊙ ]"]] == [[0.82, 0.82, 0.41]] * 2
    panel = alternatives_figure(known, {"other": other}).panels[1]
    bars = panel.layers[0]
    assert_allclose(bars.value, MASS.quantile(0.5), rtol=3e-3)
    assert_allclose(bars.error[0], MASS.quantile(0.5) - MASS.quantile(0.16), rtol=5e-3)
    assert_allclose(bars.error[1], MASS.quantile(0.84) - MASS.quantile(0.5), rtol=5e-3)


def test_shifts_under_another_prior_are_in_their_columns_in_posterior_widths(known):
    """Against a direct reweighting with prior^0.8 and prior^1.25, of the weights that the draws have."""
    found = {lean.variable.name: lean for lean in leans(known)}
    values, weights = known.draws("mass")
    latents = np.stack([np.log(known.draws("radius")[0] / published.RADIUS) / published.WIDTH, np.log(values)], axis=1)
    prior = -0.5 * np.sum(latents**2, axis=1)
    misfit = (latents @ published.OPERATOR.T - published.DATA) / published.ERROR
    for log_density, shifts in (
        (prior, found["mass"].prior),
        (-0.5 * np.sum(misfit**2, axis=1), found["mass"].likelihood),
    ):
        for power, shift in zip(POWERS, shifts, strict=True):
            factor = np.exp((power - 1) * (log_density - log_density.max()))
            moved = published.quantile(values, 0.5, weights * factor)
            assert shift == pytest.approx((moved - MASS.quantile(0.5)) / MASS.sd, abs=3e-3)
    rows = cells(tables.lean_table([found["mass"]]))
    assert rows["Quantity"] == ["prior 0.8", "prior 1.25", "likelihood 0.8", "likelihood 1.25"]
    printed = [float(cell.removesuffix(" σ")) for cell in rows["M"]]
    assert_allclose(printed, [*found["mass"].prior, *found["mass"].likelihood], atol=6e-3)
    assert Lean(scalars(known)[0], (0.1, -0.4), (0.9, 0.9)).most == 0.4


def test_the_table_of_convergence_marks_what_is_out_of_its_limits():
    rows = cells(convergence_table(fake.make_result()))
    assert rows["R 1.4"] == ["1.002", "912", "804"]
    assert rows["Quantity"] == ["R-hat", "bulk ESS", "tail ESS"]


# --- calibration ------------------------------------------------------------------------------------------------------

TESTS = [
    {"quantity": "mass", "name": "width", "statistic": 1.31, "p": 1e-5, "adjusted": 1e-4},
    {"quantity": "mass", "name": "location", "statistic": -0.02, "p": 0.7, "adjusted": 1.0},
    {"quantity": "mass", "name": "ranks", "statistic": 17.0, "p": 0.61, "adjusted": 1.0},
    {"quantity": "mass", "name": "68 %", "statistic": 100, "p": 0.001, "adjusted": 0.005},
    {"quantity": "mass", "name": "95 %", "statistic": 180, "p": 0.6, "adjusted": 1.0},
]


def test_calibration_is_printed_as_shares_of_the_data_sets(known):
    rows = cells(calibration_content({"data_sets": 200, "tests": TESTS}, scalars(known)))
    assert rows["M"] == ["50.0% ▲", "90.0%", "1.31 ▲", "-0.02", "0.61"]


def test_coverage_is_drawn_beside_what_bands_promise(known):
    (panel,) = coverage_figure({"data_sets": 200, "tests": TESTS}, scalars(known)).panels
    assert [layer.value for layer in panel.layers if isinstance(layer, Guide)] == [0.68, 0.95]
    inner, outer = (layer for layer in panel.layers if isinstance(layer, Bars))
    assert_allclose([inner.value[0], outer.value[0]], [0.5, 0.9])
    assert_allclose(inner.error, np.sqrt(0.68 * 0.32 / 200))
    assert_allclose(outer.error, np.sqrt(0.95 * 0.05 / 200))


# --- figures as data --------------------------------------------------------------------------------------------------


def test_bands_of_posterior_and_prior_are_drawn_each_in_its_role(known):
    (panel,) = generic.bands(known).panels
    prior, own = panel.layers
    assert (prior.role, own.role) == ("prior", "posterior")
    for i, x in enumerate(published.GRID):
        for name, level in published.LEVELS.items():
            assert abs(published.pressure(x).probability(getattr(own, name)[i]) - level) < 1.5e-3
            assert abs(published.pressure(x, published.PRIOR).probability(getattr(prior, name)[i]) - level) < 0.03
    assert panel.x_unit == "n_sat"


def test_dividing_a_band_divides_all_of_it_but_its_grid(known):
    band, by = known.band("pressure"), np.array([1.0, 2.0, 4.0, 8.0])
    found = divided(band, by)
    assert_allclose(found["x"], band["x"])
    for name in published.LEVELS:
        assert_allclose(found[name], band[name] / by)
    drawn = band_of(found)
    assert_allclose([drawn.q2_5, drawn.q16, drawn.median, drawn.q84, drawn.q97_5], [found[n] for n in published.LEVELS])


def moments(line: Line) -> tuple[float, float]:
    area = np.trapezoid(line.y, line.x)
    mean = np.trapezoid(line.x * line.y, line.x) / area
    return mean, np.sqrt(np.trapezoid((line.x - mean) ** 2 * line.y, line.x) / area)


def test_a_corner_shows_weighted_draws_over_the_prior(known):
    """Medians of the drawn densities against those of the distributions; of the bank they are 12.7 and 1.0."""
    first, _, joint, second = generic.corner(known).panels
    for panel, name, truth in ((first, "radius", published.radius()), (second, "mass", MASS)):
        prior, own = panel.layers
        assert (prior.role, own.role) == ("prior", "posterior")
        inside = np.cumsum(own.y) / np.sum(own.y)
        assert abs(truth.probability(np.interp(0.5, inside, own.x)) - 0.5) < 0.05
        assert_allclose(np.trapezoid(own.y, own.x), 1.0, atol=0.02)
        draws = known.prior_draws(name)[0]
        share = np.mean((draws > own.x[0]) & (draws < own.x[-1]))
        assert_allclose(np.trapezoid(prior.y, prior.x), share, atol=0.03)
    density = joint.layers[0]
    assert (joint.x_label, joint.y_label) == ("$R$", "$M$")
    across, up = density.density.sum(axis=0), density.density.sum(axis=1)
    for x, weight, truth in ((density.x, across, published.radius()), (density.y, up, MASS)):
        inside = np.cumsum(weight) / weight.sum()
        assert abs(truth.probability(np.interp(0.5, inside, x)) - 0.5) < 0.06


def test_a_smooth_marginal_has_the_mean_of_its_draws_and_scott_s_width():
    """Kernel and distribution add in quadrature: n^(-1/5) of the standard deviation, n being the effective number."""
    x = norm.ppf((np.arange(4000) + 0.5) / 4000)
    weight = np.exp(0.5 * x)
    line = marginal_of(x, weight, cells=400)
    size = weight.sum() ** 2 / np.sum(weight**2)
    mean, sd = moments(line)
    assert_allclose(mean, 0.5, atol=0.01)
    assert_allclose(sd, np.sqrt(1 + size**-0.4), rtol=0.01)


def test_a_joint_density_knows_which_axis_is_which():
    """x normal, y log-normal and wider, correlated: kernels of n^(-1/6) of each width leave means and covariance."""
    rng = np.random.default_rng(0)
    x, noise = rng.standard_normal((2, 40_000))
    y = 5 + 3 * np.exp(0.4 * (0.6 * x + 0.8 * noise))
    found = density_of(x, y, cells=80)
    weight = found.density / found.density.sum()
    means, sds = [], []
    for marginal, at in ((weight.sum(axis=0), found.x), (weight.sum(axis=1), found.y)):
        means.append(marginal @ at)
        sds.append(np.sqrt(marginal @ (at - means[-1]) ** 2))
    widened = np.sqrt(1 + 40_000 ** (-1 / 3))
    assert_allclose(means, [0, 5 + 3 * np.exp(0.08)], atol=0.05)
    assert_allclose(sds, [widened, widened * 3 * np.exp(0.08) * np.sqrt(np.expm1(0.16))], rtol=0.025)
    covariance = (found.y - means[1]) @ weight @ (found.x - means[0])
    assert_allclose(covariance / (3 * 0.4 * 0.6 * np.exp(0.08)), 1.0, atol=0.04)


def test_a_histogram_has_unit_area_under_weights():
    found = histogram_of([0.5, 1.5, 1.6, 9.0], [1.0, 2.0, 2.0, 0.0], edges=[0.0, 1.0, 3.0])
    assert_allclose(found.height, [0.2, 0.4])


def test_pulls_stand_over_strips_of_one_and_two_standard_deviations(known):
    bars, shape = generic.pulls(known).panels
    guides = [layer for layer in bars.layers if isinstance(layer, Guide)]
    assert sorted((guide.value, guide.half_width) for guide in guides) == [(0.0, 1.0), (0.0, 2.0)]
    assert_allclose(bars.layers[-1].value, published.fit().pulls, atol=1e-6)
    assert bars.layers[-1].names == ("counter[0]", "counter[1]", "counter[2]", "meter[0]", "meter[1]")
    histogram, normal = shape.layers
    counts, _ = np.histogram(published.fit().pulls, histogram.edges)
    assert_allclose(histogram.height, counts / 5 / np.diff(histogram.edges))
    assert_allclose(normal.y, norm.pdf(normal.x))


def test_singular_values_and_shrinkage_are_drawn_as_they_are(known):
    (panel,) = generic.singular_values(known).panels
    assert_allclose(panel.layers[1].y, published.fit().singular_values, rtol=1e-6)
    assert panel.layers[0].value == 1.0
    numbers, along = generic.shrinkage(known).panels
    assert_allclose(numbers.layers[0].value, [known.shrinkage(name) for name in ("radius", "mass")])
    assert_allclose(along.layers[1].y, known.shrinkage("pressure"))


def test_traces_are_the_chains():
    result = fake.make_result()
    panel = generic.traces(result).panels[1]
    values = result.tree["posterior"]["radius_1.4"].values
    assert_allclose(np.concatenate([layer.y for layer in panel.layers]), values)


# --- drawings ---------------------------------------------------------------------------------------------------------


def drawn(*what):
    sheet = Sheet()
    FigureCanvasAgg(sheet)
    axes = sheet.add_subplot()
    layers.draw(axes, what)
    return axes


BAND = {"x": [0.0, 1.0, 2.0], "q2_5": [1.0, 2.0, 3.0], "q16": [2.0, 3.5, 5.0], "median": [3.0, 4.5, 6.5]}
BAND |= {"q84": [6.0, 7.0, 8.0], "q97_5": [9.0, 11.0, 12.0]}


def edges(polygon, along: int) -> tuple[np.ndarray, np.ndarray]:
    """The lower and the upper edge of a filled strip at the three places of `BAND`."""
    vertices = polygon.get_paths()[0].vertices
    at = [vertices[np.isclose(vertices[:, along], x)][:, 1 - along] for x in BAND["x"]]
    return np.array([v.min() for v in at]), np.array([v.max() for v in at])


@pytest.mark.parametrize("sideways", [False, True])
@pytest.mark.parametrize("role", ["posterior", "prior"])
def test_a_band_is_filled_between_its_quantiles(role, sideways):
    """The wide strip from 2.5 to 97.5 %, the narrow one from 16 to 84 %; the line is the median."""
    axes, along = drawn(Band(**BAND, role=role, sideways=sideways)), int(sideways)
    outer, inner = axes.collections
    for strip, low, high in ((outer, "q2_5", "q97_5"), (inner, "q16", "q84")):
        assert_allclose(edges(strip, along), [BAND[low], BAND[high]])
    lines = [line.get_xydata()[:, 1 - along] for line in axes.lines]
    assert_allclose(lines, [BAND["q2_5"], BAND["q97_5"]] if role == "prior" else [BAND["median"]])
    assert all(np.allclose(line.get_xydata()[:, along], BAND["x"]) for line in axes.lines)


@pytest.mark.parametrize("correlation", [0.0, 0.7, -0.9])
def test_an_ellipse_holds_68_per_cent(correlation):
    """Of correlated normal draws with standard deviations 2 and 0.3; 50 000 of them know 68 % to 0.2 %."""
    (patch,) = [
        patch
        for patch in drawn(Ellipses([1.0], [4.0], [2.0], [0.3], [correlation])).patches
        if isinstance(patch, Ellipse)
    ]
    covariance = [[4.0, 0.6 * correlation], [0.6 * correlation, 0.09]]
    draws = np.random.default_rng(0).multivariate_normal([1.0, 4.0], covariance, 50_000)
    inside = patch.get_path().transformed(patch.get_patch_transform()).contains_points(draws)
    assert np.mean(inside) == pytest.approx(0.68, abs=0.008)


def test_regions_of_a_joint_density_hold_68_and_95_per_cent():
    grid = np.linspace(-5, 5, 201)
    density = np.exp(-0.5 * (grid[:, None] ** 2 + grid**2))
    filled = [c for c in drawn(Density(grid, grid, density)).collections if getattr(c, "filled", False)]
    shares = [density[density > c.levels[0]].sum() / density.sum() for c in filled]
    assert_allclose(shares, [0.95, 0.68], atol=5e-3)
    line = next(c for c in drawn(Density(grid, grid, density)).collections if not getattr(c, "filled", True))
    assert_allclose([density[density > low].sum() / density.sum() for low in line.levels], [0.95, 0.68], atol=5e-3)


def ends(collection) -> np.ndarray:
    return np.array(collection.get_segments())


def test_error_bars_reach_one_error_to_each_side():
    axes = drawn(Points([1.0, 2.0], [5.0, 6.0], x_error=[[0.1, 0.2], [0.3, 0.4]], y_error=[0.5, 0.6]))
    x, y = map(ends, axes.collections)
    assert_allclose(x[:, :, 0], [[0.9, 1.3], [1.8, 2.4]])
    assert_allclose(y[:, :, 1], [[4.5, 5.5], [5.4, 6.6]])
    bars = drawn(Bars(("a", "b"), [1.0, 2.0], [[0.1, 0.2], [0.3, 0.4]]))
    assert_allclose(ends(bars.collections[0])[:, :, 0], [[0.9, 1.3], [1.8, 2.4]])
    assert [text.get_text() for text in bars.get_yticklabels()] == ["a", "b"]
    assert_allclose([patch.get_width() for patch in drawn(Bars(("a", "b"), [1.0, -2.0])).patches], [1.0, -2.0])


def test_lines_curves_histograms_and_images_are_drawn_as_they_are():
    assert_allclose(drawn(Line([0.0, 1.0], [2.0, 3.0])).lines[0].get_xydata(), [[0, 2], [1, 3]])
    curves = drawn(Curves([0.0, 1.0], [[2.0, 3.0], [4.0, 5.0]])).lines
    assert_allclose([line.get_ydata() for line in curves], [[2, 3], [4, 5]])
    stairs = drawn(Histogram([0.0, 1.0, 3.0], [0.2, 0.4])).patches[0].get_data()
    assert_allclose(stairs.values, [0.2, 0.4])
    assert_allclose(stairs.edges, [0.0, 1.0, 3.0])
    (image,) = drawn(Image([[1.0, -2.0], [0.5, 0.0]])).images
    assert_allclose(image.get_array(), [[1.0, -2.0], [0.5, 0.0]])
    assert image.get_clim() == (-2.0, 2.0)
    assert image.origin == "lower"


def test_a_guide_has_its_half_width_on_both_sides():
    axes = drawn(Guide(3.0, 0.5, vertical=True))
    assert_allclose(axes.lines[0].get_xdata(), 3.0)
    (strip,) = axes.patches
    assert_allclose([strip.get_x(), strip.get_width()], [2.5, 1.0])


def test_each_role_has_a_colour_of_its_own():
    assert len({str(color) for color in ROLES.values()}) >= len(ROLES) - 1
    assert drawn(Line([0.0], [0.0], role="posterior")).lines[0].get_color() == ROLES["posterior"]
