# Each target does all its own set-up from a bare checkout: Python >= 3.11, pip and make are enough.
PYTHON ?= python3
BIN := .venv/bin
PROJECTS := pyproject.toml $(wildcard plugins/*/pyproject.toml)
PLUGINS := $(patsubst %/pyproject.toml,-e %,$(wildcard plugins/*/pyproject.toml))
PYTEST := $(BIN)/python -m pytest
RELEASED := $(wildcard $(shell git ls-files LICENSE '*.md' pyproject.toml src plugins release tests/release 2>/dev/null))
PYTHONS ?= 3.11 3.12 3.13
DEPENDENCIES ?= lowest newest
COMBINATIONS ?= $(foreach python,$(PYTHONS),$(foreach which,$(DEPENDENCIES),$(python)-$(which)))
export UV_CACHE_DIR := $(CURDIR)/.venv/uv-cache
export UV_PYTHON_DOWNLOADS := never

.PHONY: demo test test-real lint types imports bench docs changelog dist audit contracts matrix test-dist clean

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "crmcore needs Python 3.11 or newer; run: make PYTHON=python3.11 ...")'
	@$(PYTHON) -m venv .venv

.venv/ready-demo: $(PROJECTS) | .venv/bin/python
	@echo "installing crmcore and its plugins into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[app,serve]" $(PLUGINS)
	@touch $@

.venv/ready-dev: $(PROJECTS) | .venv/bin/python
	@echo "installing crmcore, its plugins and the test tools into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev,release]" $(PLUGINS)
	@touch $@ .venv/ready-demo

demo: .venv/ready-demo  ## the whole loop on a sample dealer, offline, into ./crmcore-demo/
	@$(BIN)/crmcore demo

test: .venv/ready-dev  ## every test that needs nothing but Python
	@$(PYTEST) -q -n auto tests/rules tests/types --cov --cov-report=term
	@$(PYTEST) -q -n auto --dist loadfile --ignore=tests/rules --ignore=tests/types

test-real: .venv/ready-dev  ## tests against servers from Debian's packages (installs them; needs root)
	@sh tests/real/setup.sh
	@$(PYTEST) -q tests/real -m real

lint: .venv/ready-dev
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/towncrier build --draft >/dev/null

types: .venv/ready-dev  ## mypy over all of it, and what users write under mypy and pyright
	@$(BIN)/mypy
	@$(PYTEST) -q tests/typing -m types

imports: .venv/ready-dev
	@$(BIN)/lint-imports

bench: .venv/ready-dev  ## CPU ratios against named peers, side by side in one run
	@$(BIN)/python -m bench

docs: .venv/ready-dev  ## write the generated reference pages again
	@$(BIN)/python docs/generate.py

changelog: .venv/ready-dev  ## what the next release will say
	@$(BIN)/towncrier build --draft

dist: dist/.checked  ## wheels and sdists of core and plugins and the bill of materials into dist/, opened and checked

dist/.checked: .venv/ready-dev $(RELEASED)
	@$(BIN)/python release/dist.py
	@$(BIN)/python release/sbom.py
	@$(PYTEST) -q tests/release -m dist
	@touch $@

audit: dist  ## is something known against what comes along? 3: nobody answered; make audit AUDIT=--or-silence takes that for an answer
	@$(BIN)/python release/audit.py $(AUDIT)

contracts: dist  ## every plugin keeps its contract, from its wheel beside the core alone, and the matrix says so
	@$(BIN)/python release/contracts.py

matrix: dist  ## write the matrix again
	@$(BIN)/python release/contracts.py --write

test-dist: dist  ## the suites against the wheels, `src` out of sight; narrow it: make test-dist PYTHONS=3.12 DEPENDENCIES=newest
	@$(BIN)/python release/suites.py $(COMBINATIONS) -- $(SUITES)

clean:
	rm -rf .venv crmcore-demo dist
