# Two commands on a fresh machine: `make demo` and `make test`. Everything lives in .venv of this checkout.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
CORES ?= 2
LOWEST := .venv-lowest
# The folders whose annotations `make shapes` checks; not the verbs of the command line, to which typer gives a Context of another class.
COMMA := ,
EMPTY :=
ROOMS := base num problem run inference generate lattice neutron_star spectral hadron heavy_ion report cli.config
CHECKED := $(subst $(EMPTY) $(EMPTY),$(COMMA),$(ROOMS:%=retrodict.%))

.PHONY: help demo test shapes lowest newer example slow mutants lint docs wheel clean

help:  ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.runtime  ## the main job: eighteen neutron stars -> an equation of state, with a report
	@$(BIN)/retrodict demo neutron-star

test: $(VENV)/.develop  ## the tests
	@$(BIN)/python -m pytest -q -n $(CORES) --dist loadfile

shapes: $(VENV)/.develop  ## some tests of every folder, with all shape annotations checked at run time
	@$(BIN)/python -m pytest -q -p tests.checker --jaxtyping-packages=$(CHECKED),tests.checker.check @tests/shapes.txt

lowest: $(LOWEST)/.installed  ## quick tests of every folder with the lowest versions that pyproject.toml admits
	@$(LOWEST)/bin/python -m pytest -q -o filterwarnings=default --disable-warnings @tests/quick.txt

newer:  ## the same tests with the newest Python at hand after 3.11, in an environment of its own
	@.ci/newer

example: $(VENV)/.develop  ## the domain in a package of its own: installed from its folder, with its tests
	@$(PIP) install --no-deps --upgrade --target build/example ./examples/retrodict-resonance
	@PYTHONPATH=build/example $(BIN)/python -m pytest -q -o testpaths=examples examples

slow: $(VENV)/.develop  ## the long tests
	@$(BIN)/python -m pytest -q -m slow

mutants: $(VENV)/.develop  ## plant every fault of tests/mutants/faults.toml: the test named beside it must fail (an hour)
	@PYTHONPATH=. $(BIN)/python -m tests.mutants.run

lint: $(VENV)/.develop  ## style and types
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/pyright --warnings | { grep -v '^0 errors' || true; }

docs: $(VENV)/.develop  ## the site, tutorials executed, warnings as errors
	@$(BIN)/sphinx-build --fail-on-warning --keep-going -q -b html docs docs/_build/html

wheel: $(VENV)/.develop  ## the distribution
	@$(PIP) wheel --no-deps --wheel-dir dist .

clean:  ## remove what the commands above made, except runs/
	@rm -rf $(VENV) $(LOWEST) .venv-newer build dist docs/_build docs/gallery docs/api/generated

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: pyproject.toml constraints.txt | $(VENV)/bin/python
	@$(PIP) install --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.develop: pyproject.toml constraints.txt $(VENV)/.runtime
	@$(PIP) install --constraint constraints.txt --editable '.[dev]'
	@touch $@

$(LOWEST)/.installed: pyproject.toml constraints-lowest.txt
	@$(PYTHON) -m venv --clear $(LOWEST)
	@$(LOWEST)/bin/python -m pip --quiet --disable-pip-version-check install --constraint constraints-lowest.txt --editable . pytest hypothesis
	@touch $@
