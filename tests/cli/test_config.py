"""A config is checked against the signatures of what it builds, and all that is wrong is said at once."""

from pathlib import Path

import jax.numpy as jnp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from straight_line import Polynomial, Step, Straight

from retrodict.base.domains import installed
from retrodict.base.errors import InputError, InputErrors
from retrodict.base.files import parse_yaml
from retrodict.cli.config import load_config
from retrodict.cli.config.document import dotted, parse_document
from retrodict.cli.config.fields import fields_of
from retrodict.cli.config.load import from_document, to_yaml
from retrodict.cli.config.overrides import with_overrides
from retrodict.cli.config.signature import is_class, options, parameters
from retrodict.cli.domains import method, methods_of
from retrodict.inference import METHODS

GOOD = """
domain: line
problem:
  data: points.csv
  ansatz: {kind: Straight, width: 2}
method: {kind: Draft, chains: 8}
seed: 3
"""


def errors_of(path, *overrides):
    with pytest.raises(InputErrors) as caught:
        load_config(path, overrides)
    return [str(error) for error in caught.value.errors]


def test_a_config_builds_what_its_words_say(config):
    loaded = load_config(config(GOOD))
    assert loaded.arguments["ansatz"] == Straight(width=2.0)
    assert (loaded.method.chains, loaded.method.step_size, loaded.seed) == (8, 1e-2, 3)
    assert loaded.problem.dim == 2
    assert [path.name for path in loaded.inputs] == ["points.csv"]


def test_the_resolved_config_has_every_default_and_loads_to_the_same_thing(config, tmp_path):
    loaded = load_config(config(GOOD))
    assert loaded.resolved["problem"]["inflate"] == 1.0
    assert loaded.resolved["problem"]["ansatz"] == {"kind": "Straight", "width": 2, "centre": None}
    assert loaded.resolved["method"] == {
        "kind": "Draft",
        "chains": 8,
        "step_size": 0.01,
        "adapt": True,
        "mode": "plain",
    }
    (tmp_path / "elsewhere").mkdir()
    again = tmp_path / "elsewhere" / "config.resolved.yaml"
    again.write_text(to_yaml(loaded.resolved))
    reloaded = load_config(again)
    assert reloaded.resolved == loaded.resolved
    assert (reloaded.method, reloaded.arguments, reloaded.seed) == (loaded.method, loaded.arguments, loaded.seed)


def test_defaults_that_are_objects_are_written_out(config):
    loaded = load_config(config("domain: line\nproblem:\nmethod: Draft\n"))
    assert loaded.resolved["problem"]["ansatz"] == {"kind": "Straight", "width": 3.0, "centre": None}
    assert loaded.resolved["problem"]["data"] == "shipped"


def test_lists_arrays_and_nested_classes_are_built(config):
    ansatz = "{kind: Polynomial, degree: 3, steps: [{at: 0.5}, {at: 1, height: 2}], scales: [1, 2.5e-1]}"
    built = load_config(config(f"domain: line\nproblem: {{ansatz: {ansatz}}}\nmethod: Draft\n")).arguments["ansatz"]
    assert built == Polynomial(degree=3, steps=(Step(0.5), Step(1.0, 2.0)), scales=(1.0, 0.25))
    centred = load_config(config("domain: line\nproblem: {ansatz: {kind: Straight, centre: [1, 2]}}\nmethod: Draft\n"))
    assert jnp.array_equal(centred.arguments["ansatz"].centre, jnp.array([1.0, 2.0]))


def test_a_bare_class_name_stands_for_its_defaults(config):
    assert load_config(config(GOOD), ("problem.ansatz=Polynomial",)).arguments["ansatz"] == Polynomial()


def test_overrides_win_and_are_named_in_errors(config):
    path = config(GOOD)
    assert load_config(path, ("method.step_size=1e-3", "problem.ansatz.width=5")).method.step_size == 1e-3
    assert load_config(path, seed=9).seed == 9
    (error,) = errors_of(path, "method.chains=many")
    assert "--set method.chains=many" in error
    assert "an integer" in error


def test_a_changed_kind_keeps_the_settings_that_it_has_and_leaves_out_the_others(config):
    """`Polynomial` has no width; `MAP` has none of `Draft` but keeps nothing that it lacks."""
    path = config(GOOD)
    loaded = load_config(path, ("ansatz.kind=Polynomial",))
    assert loaded.arguments["ansatz"] == Polynomial()
    assert loaded.notes == (
        "--set ansatz.kind=Polynomial leaves out what Polynomial does not have: problem.ansatz.width",
    )
    loaded = load_config(path, ("method.kind=NUTS",))
    assert (type(loaded.method).__name__, loaded.method.chains, loaded.notes) == ("NUTS", 8, ())


@pytest.mark.parametrize("order", [1, -1])
def test_what_an_override_has_given_to_a_changed_kind_is_checked(config, order):
    path = config(GOOD)
    (error,) = errors_of(path, *("ansatz.width=3", "ansatz.kind=Polynomial")[::order])
    assert "unknown key 'width'" in error
    assert load_config(path, ("degree=4", "ansatz.kind=Polynomial")[::order]).arguments["ansatz"].degree == 4


def test_a_field_goes_by_its_last_words_where_there_is_only_one(config):
    path = config(GOOD)
    loaded = load_config(path, ("width=5", "step_size=0.5", "inflate=2"))
    assert loaded.arguments["ansatz"].width == 5
    assert (loaded.method.step_size, loaded.arguments["inflate"]) == (0.5, 2)
    steps = "ansatz={kind: Polynomial, steps: [{at: 1}, {at: 2}]}"
    assert load_config(path, (steps, "problem.ansatz.steps[1].height=3")).arguments["ansatz"].steps[1].height == 3


@pytest.mark.parametrize("method", ["method: Draft", "method: {kind: Draft}"])
def test_a_field_inside_a_default_or_a_bare_name_can_be_set(config, method):
    loaded = load_config(config(f"domain: line\nproblem:\n{method}\n"), ("width=5", "method.chains=2"))
    assert (loaded.arguments["ansatz"], loaded.method.chains) == (Straight(width=5.0), 2)


def test_a_name_that_means_several_fields_or_none_is_answered_with_full_names(config):
    path = config(GOOD.replace("chains: 8", "chains: many"))
    (value, several, none) = errors_of(path, "kind=MAP", "widht=3")
    assert "an integer" in value
    assert "problem.ansatz.kind, method.kind" in several
    assert "did you mean problem.ansatz.width?" in none


COUNTS = {"chains", "draws", "starts", "members", "particles", "steps", "batch", "every", "leapfrog", "moves"}


@pytest.mark.parametrize("kind", sorted({**installed().domains["lattice"].methods, **METHODS}))
def test_a_method_that_does_nothing_is_refused_with_all_other_errors(config, kind):
    counts = sorted(COUNTS & set(parameters(method(kind, None))))
    domain, inside = ("line", "inflate: -1") if kind in METHODS else ("lattice", "baselines: -1")
    nothing = ", ".join(f"{name}: 0" for name in counts)
    path = config(f"domain: {domain}\nproblem: {{{inside}}}\nmethod: {{kind: {kind}, {nothing}}}\n")
    told = [error for error in errors_of(path) if "missing key" not in error]
    assert [name for name in counts if not any(f"(method.{name})" in error for error in told)] == []
    assert len(told) == 1 + len(counts) > 1


@pytest.mark.parametrize("name", ["neutron_star", "spectral", "lattice", "line"])
def test_every_kind_can_take_the_place_of_that_of_a_template(name):
    """Only what has no default is asked for, never a leftover of the former kind named."""
    domain = installed().domains[name]
    template = parse_document(domain.template, Path("config.yaml"))
    mappings = {at: known for at, known in fields_of(template.value).items() if isinstance(known.value, dict)}
    classes = {dotted(at): options(known.annotation) for at, known in mappings.items()}
    kinds = {at: [option.__name__ for option in found if is_class(option)] for at, found in classes.items()}
    kinds["method"] = list(methods_of(domain))
    changes = [f"{at}.kind={kind}" for at, found in kinds.items() for kind in found]
    assert {what for change in changes for what in complaints(template, change)} <= {"missing key"}
    assert len(changes) > 5


def complaints(template, override):
    try:
        from_document(with_overrides(template, (override,)))
    except InputErrors as refused:
        return [error.what for error in refused.errors]
    return []


def test_every_error_is_told_at_once_in_the_order_of_the_file_with_line_and_column(config):
    bad = """
    domain: line
    problem:
      data: pionts.csv
      ansatz:
        kind: Strait
        width: 2
      inflate: -1
    method:
      kind: Draft
      chians: 8
      step_size: "1e-3"
    sede: 3
    """
    path = config(bad)
    told = errors_of(path)
    places = [f"{path}:{line}" for line in ("3:3", "5:5", "7:3", "10:3", "11:3", "12:1")]
    assert len(told) == len(places)
    for error, place in zip(told, places, strict=True):
        assert place in error
    hints = ("points.csv", "Straight", "greater than 0", "chains", "without quotes", "seed")
    for error, hint in zip(told, hints, strict=True):
        assert hint in error


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("data: [1, 2]", "a list of 2"),
        ("data: shiped", "shipped"),
        ("data: .", "file"),
        ("ansatz: 3", "kind: Straight, Polynomial"),
        ("ansatz: {width: 3}", "missing key 'kind'"),
        ("ansatz: {kind: Polynomial, degree: 0}", "degree of at least 1"),
        ("ansatz: {kind: Polynomial, degree: 2.0}", "an integer"),
        ("ansatz: {kind: Polynomial, degree: true}", "an integer"),
        ("ansatz: {kind: Polynomial, steps: [{}]}", "missing key"),
        ("ansatz: {kind: Polynomial, steps: [{at: 1, height: 0}]}", "problem.ansatz.steps[0].height"),
        ("ansatz: {kind: Straight, centre: [[1]]}", "a list of numbers"),
        ("inflate: .nan", "finite"),
        ("inflate: null", "nothing"),
        ("note: 3", "text"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_expected(config, line, said):
    path = config(f"domain: line\nproblem:\n  {line}\nmethod: Draft\n")
    (error,) = errors_of(path)
    assert said in error
    assert f"{path}:3:" in error


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("domain: line\ndomain: line\n", "domain", 2),
        ("domain: &a line\nproblem: *a\n", "anchor", 1),
        ("domain: line\n\tproblem: x\n", "YAML", 2),
        ("domain: !!python/name:os.system x\n", "tag", 1),
        ("- domain\n", "mapping", 1),
        ("", "mapping", 1),
        ("domain: {line\n", "YAML", 2),
    ],
)
def test_yaml_that_is_not_plain_data_is_refused_with_its_line(config, text, said, line):
    path = config(text)
    with pytest.raises(InputError) as caught:
        load_config(path)
    assert said in str(caught.value)
    assert f"{path}:{line}" in str(caught.value)


def test_a_missing_config_is_an_input_error(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_config(tmp_path / "nowhere.yaml")


def test_an_unknown_domain_or_method_is_answered_with_the_known_ones(config):
    (domain, method) = errors_of(config("domain: lime\nproblem: {}\nmethod: {kind: Drat}\n"))
    assert "did you mean line?" in domain
    assert "did you mean Draft?" in method


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("aé: #'\"\n1e-~yn[]{}&*!|>%@`,0x.", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab_1", min_size=1, max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(JSON_VALUES)
def test_what_is_written_as_yaml_is_read_back_the_same(value):
    assert parse_yaml(to_yaml({"value": value}), "x")[0] == {"value": value}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=60))
def test_no_text_whatever_brings_the_reader_down(config, text):
    path = config("domain: line\n")
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError):
        load_config(path)
