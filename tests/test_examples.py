"""The examples in the docstrings of the public names are executed, and must print what they say."""

import doctest
import importlib
import inspect

import pytest

ROOMS = ("generate", "lattice", "neutron_star", "report", "spectral")
PACKAGES = ("retrodict", *(f"retrodict.{room}" for room in ROOMS))
MOST_WITHOUT = 65  # public names without an example; this number must only become smaller
FINDER = doctest.DocTestFinder(recurse=True, exclude_empty=True)
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def public_objects() -> dict[str, object]:
    """Classes and functions by their public name, such as `lattice.Wilson`; each object once."""
    objects: dict[str, object] = {}
    for package in PACKAGES:
        module = importlib.import_module(package)
        for name in module.__all__:
            thing = getattr(module, name)
            if not inspect.ismodule(thing) and not any(thing is other for other in objects.values()):
                objects[f"{package}.{name}".removeprefix("retrodict.")] = thing
    return objects


def examples_of(thing: object, name: str) -> list[doctest.DocTest]:
    """The examples of an object and of its methods; the names of its module are at hand, as for a reader of it."""
    module = inspect.getmodule(thing)
    found = FINDER.find(thing, name, module=module, globs=dict(vars(module)) if module else {})
    return [test for test in found if test.examples]


def failures(test: doctest.DocTest) -> str:
    """What the examples printed instead; empty if all is as said."""
    report: list[str] = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=report.append)
    return "".join(report)


TESTS = {test.name: test for name, thing in public_objects().items() for test in examples_of(thing, name)}


@pytest.mark.parametrize("name", sorted(TESTS))
def test_the_example_in_the_docstring_prints_what_it_says(name):
    report = failures(TESTS[name])
    assert not report, f"\n{report}"


def test_an_example_that_prints_something_else_is_noticed():
    """A twin: the docstring says 3, the code prints 2."""

    def planted():
        """Add.

        >>> 1 + 1
        3
        """

    (test,) = examples_of(planted, "planted")
    assert "Got:\n    2" in failures(test)


def test_how_many_public_names_have_an_example(capsys):
    """Printed, to be seen to grow; names of methods count for their class."""
    names = public_objects()
    without = [name for name in names if not any(test == name or test.startswith(f"{name}.") for test in TESTS)]
    with capsys.disabled():
        print(f"\npublic names without an example: {len(without)} of {len(names)}")
    assert len(without) <= MOST_WITHOUT
