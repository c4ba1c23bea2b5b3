"""The report says what the result says, loads nothing, and believes no text that it is given."""

import csv
import gc
import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr
from fontTools import subset
from numpy.testing import assert_allclose, assert_array_equal

from retrodict.base.density import density_of, marginal_of
from retrodict.base.errors import InputError
from retrodict.base.figure import Band, Bars, Curves, Figure, Image, Line, Panel
from retrodict.base.format import value_with_error
from retrodict.base.section import Section, Table
from retrodict.report import draw, generic, sections, tables, write_report
from retrodict.report.diagnostics import diagnostics_tables
from retrodict.report.draws import functions
from retrodict.report.files import RunFiles
from retrodict.report.html import figure_element
from retrodict.report.layers import highest_density_levels
from retrodict.report.sensitivity import POWERS, leans
from retrodict.report.text import label_html, label_mathtext, plain, unit_html
from retrodict.run.result import Result
from tests.report import fake

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=http://evil.example/x.png onerror=alert(1)>',
    "$\\unknown{$ 100 $",
    "$x_{",
    "]]></svg><style>*{display:none}</style>",
    "物理 \u202e \x07 &amp; `",
    "x" * 4000,
]


class Page(HTMLParser):
    """Tags with their attributes, and the visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def parsed(page):
    return Page(page.read_text())


def small(name: str = "small", label: str = "y") -> Figure:
    line = Line([0.0, 1.0, 2.0], [1.0, np.nan, 3.0], label=label)
    return Figure(name, label, label, (Panel("x", label, (line,)),))


def test_the_page_loads_nothing_and_runs_nothing(parsed):
    loading = {"src", "srcset", "data", "action", "poster", "background"}
    for name, attributes in parsed.tags:
        assert name not in {"script", "iframe", "object", "embed", "img", "base", "form"}
        assert not loading & set(attributes)
        assert not any(key.startswith("on") for key in attributes)
        for key, value in attributes.items():
            if key in ("href", "xlink:href") and name not in ("a",):
                inside = ("#", "data:,", "data:image/png;base64,")  # the pixels of a picture are in the page itself
                assert value.startswith(inside), (name, value[:80])


def test_the_page_forbids_itself_to_load_anything(page):
    assert "Content-Security-Policy" in page.read_text()
    assert not re.search(r"url\((?!#)", page.read_text())


def test_no_two_drawings_share_an_id(parsed):
    ids = [attributes["id"] for _, attributes in parsed.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_links_within_the_page_have_a_goal(parsed):
    ids = {attributes.get("id") for _, attributes in parsed.tags}
    inside = [
        attributes["href"][1:] for name, attributes in parsed.tags if name == "a" and attributes["href"][0] == "#"
    ]
    assert inside
    assert set(inside) <= ids


def test_the_page_is_smaller_than_five_megabytes(page):
    assert page.stat().st_size < 5e6


@pytest.mark.parametrize("name", ["maximum_mass", "radius_1.4"])
def test_headline_numbers_carry_their_errors(page, result, name):
    numbers = result.quantities()[name]
    written = value_with_error(numbers["median"], 0.5 * (numbers["q84"] - numbers["q16"]))
    assert f"<span>{written}</span>" in page.read_text()


@pytest.mark.parametrize("status", ["OK", "WARN", "FAIL"])
def test_the_verdict_is_told_with_its_reasons(tmp_path, status):
    result = fake.make_result(status=status)
    text = " ".join(Page(sections.header(sections.Content(result, RunFiles(tmp_path), ()))).text)
    assert f" {status}" in text
    assert text.count("run longer chains") == len(result.verdict.reasons)
    for reason in result.verdict.reasons:
        assert reason.split("`")[0] in text


def test_the_verdict_comes_first(parsed):
    text = " ".join(parsed.text)
    assert text.index(" WARN") < text.index("Numbers")


def test_what_the_run_is_of_stands_below_its_title(tmp_path, result):
    content = sections.Content(result, RunFiles(tmp_path), (), subject=r"8 × 8 = 64 sites, $\kappa$ = 0.27")
    assert "8 × 8 = 64 sites, κ = 0.27" in "".join(Page(sections.header(content)).text)


def test_the_evidence_has_a_card_where_it_is_known(tmp_path):
    result = _with_diagnostics(log_evidence=-45.075, log_evidence_error=0.023)
    cards, _ = sections._numbers(sections.Content(result, RunFiles(tmp_path), ()))
    assert "−45.075(23)" in str(cards)
    without, _ = sections._numbers(sections.Content(fake.make_result(), RunFiles(tmp_path), ()))
    assert "ln" not in str(without)


def test_no_hyphen_stands_for_a_minus_sign(tmp_path, result):
    rows = (("corrected", "-1.302(20)", -0.5), ("4U 1608-52", "5e-05", None))
    chapter = Section("signs", "Signs", "ln Z = -479.3(4), and <exp(-dH)> = 1 - 0.1.", Table(("", "a", "b"), rows))
    text = " ".join(Page(write_report(tmp_path, result, sections=[chapter]).read_text()).text)
    for printed in ("ln Z = −479.3(4)", "exp(−dH)", "1 − 0.1", "−1.302(20)", "−0.5", "5e−05", "4U 1608-52"):
        assert printed in text
    seen = text[text.index("Numbers") :].partition("A paragraph for a methods section")[0].replace("-n 200", "")
    assert not re.search(r"(?<=[\s(=])-\d", seen)


def test_rows_of_the_same_symbol_are_told_apart():
    labels = {"pressure": "$p$", "sound_speed_squared": "$p$", "radius": "$p$"}
    found = [variable.label for variable in functions(fake.make_result(labels=labels))]
    same = "$p$ (pressure)", "$p$ (sound_speed_squared)"  # over the same grid: by their names
    assert found == [*same, "$p$ over Gravitational mass"]
    assert functions(fake.make_result())[0].label == "Pressure $P$"


def test_what_a_run_notes_of_itself_is_said_in_words():
    figures = {"pareto_k": 0.2, "exp_dH_of_WindingStep": 1.002, "data_acceptance_of_Trajectory": 0.9, "nobody_knows": 2}
    html = str(diagnostics_tables(_with_diagnostics(**figures)))
    headings = re.findall(r"<h3>([^<]*)</h3>", html)
    assert headings == [
        "Draws",
        "Chains",
        "Weights and evidence",
        "Prior and data",
        "Training configurations",
        "Also noted",
    ]
    text = " ".join(Page(html).text)
    for words in ("tail index of the weights", "of the winding step", "acceptance of the trajectory", "nobody knows"):
        assert words in text
    assert "_" not in text


def test_the_powers_of_the_prior_are_explained_and_the_worst_number_named(parsed, result):
    text = " ".join("".join(parsed.text).split())
    assert "prior0.8 is a prior a little weaker" in text
    worst = max(leans(result), key=lambda lean: lean.most)
    assert f"Most of all moves {plain(worst.variable.label)}, by {worst.most:.2f} σ." in text


def test_a_long_caption_is_not_cut():
    figure = Figure("long", "Long", "word " * 100 + "end.", ())
    assert "end." in figure_element(figure, [])


def test_every_part_of_a_full_report_is_there(parsed):
    text = " ".join(parsed.text)
    for words in [
        "What the data say",
        "Data against fit",
        "(prediction − datum) / error",
        "Correlations",
        "R-hat",
        "Singular value",
        "five polytropes",
        "in the 68 % band",
        "ab" * 32,
        "retrodict run config.yaml",
        "The No-U-Turn Sampler",
        "automatic differentiation",
        "@article{hoffman2014",
    ]:
        assert words in text, words


def test_a_chapter_of_the_domain_stands_on_the_page_with_its_table_and_figure(page, parsed):
    text = " ".join("".join(parsed.text).split())
    assert "What the domain adds" in text
    assert "Text & more." in text
    assert "first <b>" in text  # as text, not as markup
    assert "0.123" in text
    assert any(attributes.get("href") == "#own-part" for _, attributes in parsed.tags)
    rows = (page.parent / "figures" / "own.csv").read_text().splitlines()
    assert [line.split(",")[-1] for line in rows if ",image," in line] == ["0.5", "-2.0", "nan", "1.0"]


def test_the_scale_of_an_image_has_zero_in_its_middle_or_is_a_circle():
    assert Image([[0.5, -2.0], [np.nan, 1.0]]).limit == 2.0
    assert Image([[0.0]]).limit == 1.0
    assert Image([[0.5]], largest=3.0).limit == 3.0
    assert Image([[0.5]], period=2 * np.pi).limit == np.pi
    with pytest.raises(ValueError, match="rows and columns"):
        Image([1.0, 2.0])


def test_the_worst_pulls_are_listed_by_name(result):
    fit = result.tree["fit"]
    worst = int(np.argmax(np.abs(fit["pulls"].values)))
    rows = re.findall(r"<th[^>]*>(star \d: [MR])</th>", str(tables.pulls_table(result)))
    assert rows[0] == fit["pull"].values[worst]
    assert len(rows) == tables.WORST


def test_every_figure_has_its_files(page):
    names = re.findall(r'<figure id="figure-([^"]+)"', page.read_text())
    assert {"equation_of_state", "mass_radius", "corner", "pulls", "singular_values", "shrinkage", "coverage"} <= set(
        names
    )
    for name in names:
        folder = page.parent / "figures"
        assert (folder / f"{name}.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        assert (folder / f"{name}.pdf").read_bytes()[:5] == b"%PDF-"
        assert (folder / f"{name}.csv").is_file()


def test_the_csv_of_a_figure_equals_its_data(page, result):
    for figure in (*fake.domain_figures(result), *generic.figures(result, fake.domain_figures(result))):
        text = (page.parent / "figures" / f"{figure.name}.csv").read_text()
        rows = list(csv.DictReader(io.StringIO("".join(re.findall(r"^[^#].*\n", text, re.MULTILINE)))))
        layers = [
            (p, n, layer)
            for p, panel in enumerate(figure.panels, 1)
            if panel
            for n, layer in enumerate(panel.layers, 1)
        ]
        for panel, number, layer in layers:
            mine = [row for row in rows if row["panel"] == str(panel) and row["layer"] == str(number)]
            for name, column in layer.columns().items():
                if name == "name":
                    assert [row[name] for row in mine] == column
                else:
                    assert_array_equal([float(row[name]) for row in mine], np.asarray(column, dtype=float))


def test_a_report_is_made_of_the_same_bytes_twice(tmp_path):
    result = fake.make_small()
    first, second = (write_report(tmp_path / name, result) for name in ("a", "b"))
    for path in sorted(first.parent.rglob("*.*")):
        again = second.parent / path.relative_to(first.parent)
        strip = (b"/a", b"/b")
        assert path.read_bytes().replace(*strip) == again.read_bytes().replace(*strip), path.name


def test_files_alone_are_those_of_the_page_and_nothing_is_left_changed():
    figure = generic.figures(fake.make_small())[0]
    settings = gc.isenabled(), [*subset.Options._drop_tables_default]
    assert draw.drawn(figure).files == draw.files(figure)
    assert (gc.isenabled(), subset.Options._drop_tables_default) == settings


def test_fonts_of_a_pdf_are_those_that_journals_take():
    """TrueType (Type 42), not drawings of letters (Type 3)."""
    pdf = draw.files(small(label="$R$ −1"))["pdf"]
    assert b"/CIDFontType2" in pdf
    assert b"/Type3" not in pdf


def test_a_logarithmic_axis_of_less_than_a_decade_has_several_numbers():
    line = Line([0.0, 1.0], [1.06, 1.3])
    (axes,) = draw._sheet(Figure("short", "", "", (Panel("x", "y", (line,), y_log=True),))).axes
    low, high = axes.get_ylim()
    shown = [tick for tick, text in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True) if text.get_text()]
    assert sum(low <= tick <= high for tick in shown) >= 3


def test_a_drawing_of_too_many_lines_is_embedded_as_pixels():
    rng = np.random.default_rng(0)
    crowd = Figure("crowd", "Crowd", "", (Panel("x", "y", (Curves(np.arange(500.0), rng.random((80, 500))),)),))
    (image,) = draw.drawn(crowd).images
    assert image.startswith('<img alt="Crowd" src="data:image/png;base64,')
    assert len(image) < 2e6


@pytest.mark.parametrize("label", HOSTILE)
def test_a_hostile_label_is_only_an_ugly_one(label):
    text = draw.drawn(small(label=label)).images[0] + label_html(label) + unit_html(label)
    page = Page(text)
    assert {name for name, _ in page.tags} <= {
        "svg",
        "g",
        "path",
        "defs",
        "use",
        "clippath",
        "rect",
        "i",
        "sub",
        "sup",
    }
    assert not any(key.startswith("on") for _, attributes in page.tags for key in attributes)


def test_hostile_names_do_not_reach_the_page_as_markup(tmp_path):
    result = fake.make_small(HOSTILE[0])
    result.tree.attrs["target"] = HOSTILE[0]
    fake.make_run(tmp_path, result)
    (tmp_path / "config.resolved.yaml").write_text("domain: </pre><script>x</script>\n")
    (tmp_path / "manifest.json").write_text('{"argv": ["retrodict", "run", "<b>"], "inputs": {"<i>a": "<u>"}}')
    text = write_report(tmp_path, result, [small(label=HOSTILE[0])]).read_text()
    names = {name for name, _ in Page(text).tags}
    assert not names & {"script", "img", "u"}
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("name", ["../../evil", "a/b", "", ".hidden", "a" * 101, "new\nline"])
def test_a_figure_cannot_be_written_elsewhere(tmp_path, name):
    with pytest.raises(InputError, match="name of a figure"):
        write_report(tmp_path, fake.make_small(), [small(name=name)])
    assert not list(tmp_path.iterdir())


def test_without_a_result_there_is_one_clear_error(tmp_path):
    with pytest.raises(InputError):
        write_report(tmp_path)
    assert not list(tmp_path.iterdir())


def test_files_that_cannot_be_read_are_named(tmp_path):
    result = fake.make_small()
    (tmp_path / "manifest.json").write_text("{broken")
    (tmp_path / "validation.json").write_text(
        '{"tests": [1, {"quantity": "x", "statistic": "much"}], "data_sets": null}'
    )
    (tmp_path / "events.jsonl").write_text('{"event": "chunk", "seconds": 1.5}\n{"event": "chu')
    text = write_report(tmp_path, result).read_text()
    assert "manifest.json: not JSON" in text
    assert "2 s of computing" in text


def test_a_point_estimate_without_data_is_reported_too(tmp_path):
    tree = fake.make_small().tree
    one = {f"/{name}": tree[name].to_dataset().isel(draw=[0]) for name in ("posterior", "sample_stats")}
    bare = xr.DataTree.from_dict({"/": xr.Dataset(attrs=tree.attrs), **one})
    text = write_report(tmp_path, Result(bare)).read_text()
    assert "Numbers" in text
    assert "nan" not in " ".join(Page(text).text)


def test_the_reweighted_median_moves_as_bayes_says():
    """Prior N(0, 1), datum d with precision l: under prior^a the posterior mean is l d / (a + l), exactly."""
    rng = np.random.default_rng(1)
    datum, precision = 1.5, 3.0
    z = precision * datum / (1 + precision) + rng.standard_normal((4, 20000, 1)) / np.sqrt(1 + precision)
    result = _with_latents(z, -0.5 * precision * (z[..., 0] - datum) ** 2)
    (lean,) = leans(result)
    sd = 1 / np.sqrt(1 + precision)
    exact = [(precision * datum / (a + precision) - precision * datum / (1 + precision)) / sd for a in POWERS]
    assert_allclose(lean.prior, exact, atol=0.02)  # 80 000 draws: an error of 0.005 standard deviations


def test_a_number_that_only_the_prior_knows_does_not_lean_on_the_data():
    rng = np.random.default_rng(2)
    z = rng.standard_normal((4, 5000, 1)) + 0.7  # latents moved by nothing in the likelihood
    (lean,) = leans(_with_latents(z, np.zeros(z.shape[:2])))
    assert_allclose(lean.likelihood, 0.0, atol=1e-12)
    assert lean.most > 0.1


def _with_diagnostics(**figures: object) -> Result:
    tree = fake.make_tree()
    tree.attrs["diagnostics"] = json.dumps(json.loads(tree.attrs["diagnostics"]) | figures)
    return Result(tree)


def _with_latents(z: np.ndarray, log_likelihood: np.ndarray) -> Result:
    about = {"label": "", "unit": "", "grid_name": ""}
    posterior = xr.Dataset({"z": (("chain", "draw", "latent"), z), "q": (("chain", "draw"), z[..., 0], about)})
    flat = np.zeros(z.shape[:2])
    statistics = {"log_weight": flat, "log_likelihood": log_likelihood, "valid": flat == 0}
    sample = xr.Dataset({name: (("chain", "draw"), values) for name, values in statistics.items()})
    return Result(xr.DataTree.from_dict({"/posterior": posterior, "/sample_stats": sample}))


def test_regions_hold_the_probability_that_they_claim():
    """For a Gaussian the 68 % region ends where the density is 0.32 of its peak, the 95 % region at 0.05."""
    x = np.linspace(-5, 5, 401)
    density = np.exp(-0.5 * (x[:, None] ** 2 + x**2))
    low, high = highest_density_levels(density, np.full(density.shape, (x[1] - x[0]) ** 2))
    assert_allclose([low, high], [0.05, 0.32], rtol=5e-3)


def test_a_smoothed_marginal_is_a_density_and_obeys_the_weights():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(20000)
    line = marginal_of(x, np.exp(0.5 * x))  # weights that move a standard normal by 1/2
    assert_allclose(np.trapezoid(line.y, line.x), 1.0, atol=5e-3)
    assert_allclose(np.trapezoid(line.x * line.y, line.x), 0.5, atol=0.03)


def test_a_density_of_draws_integrates_to_one():
    rng = np.random.default_rng(0)
    density = density_of(*rng.standard_normal((2, 5000)))
    cell = (density.x[1] - density.x[0]) * (density.y[1] - density.y[0])
    assert_allclose(density.density.sum() * cell, 1.0, rtol=1e-2)


def test_a_figure_cannot_change_after_it_was_described():
    x = np.arange(3.0)
    line = Line(x, x)
    x[0] = 7.0
    assert line.x[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        line.x[0] = 7.0


def test_arrays_that_do_not_belong_together_are_refused():
    with pytest.raises(ValueError, match="different shapes"):
        Band([0, 1], [0, 1], [0, 1], [0, 1], [0, 1, 2])
    with pytest.raises(ValueError, match="2 names"):
        Bars(("a", "b"), [1.0])


@pytest.mark.parametrize(
    ("label", "html"),
    [
        ("Radius $R_{1.4}$", "Radius <i>R</i><sub>1.4</sub>"),
        ("$M_\\mathrm{max}$", "<i>M</i><sub>max</sub>"),
        ("$\\tilde\\Lambda^2$", "Λ\u0303<sup>2</sup>"),
        ("price $5", "price $5"),
        ("a < b", "a &lt; b"),
    ],
)
def test_labels_are_set_for_the_browser(label, html):
    assert label_html(label) == html


def test_units_are_set_for_the_browser():
    assert unit_html("MeV fm^-3") == "MeV fm<sup>\u22123</sup>"
    assert unit_html("Msun") == "<i>M</i><sub>⊙</sub>"


def test_mathematics_that_does_not_parse_is_shown_as_it_stands():
    assert label_mathtext("$\\nosuchcommand$") == "\\$\\nosuchcommand\\$"
    assert plain("$c_s^2$ of <x>") == "cs2 of <x>"


def test_importing_the_report_imports_no_matplotlib():
    code = "import sys, retrodict.report; sys.exit('matplotlib' in sys.modules or 'jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
