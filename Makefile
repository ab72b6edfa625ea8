# `make demo` and `make test` set up what they need; nothing else has to be run first.
# Another interpreter: make test PYTHON=python3.12
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST_FLAGS ?=

# The build of the package itself is held to the same versions, by old and by new releases of pip.
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo setup test thorough lint format types imports examples check clean
.DEFAULT_GOAL := help

help:
	@echo "make demo      assign the tasks of a small sales team, and read the plan"
	@echo "make test      all tests, the documentation's examples included"
	@echo "make thorough  the property tests with thousands of examples each"
	@echo "make check     lint, types and imports"
	@echo "make format    write the layout that lint asks for"
	@echo "make examples  run every script in examples/"
	@echo "make clean     remove the virtual environment and all caches"

demo: $(STAMP)
	@$(BIN)/python -m assignopt.demo

setup: $(STAMP)

test: $(STAMP)
	$(BIN)/python -m pytest -W error -n auto --maxprocesses 8 $(PYTEST_FLAGS)

thorough: $(STAMP)
	HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest -W error -n auto --maxprocesses 8 tests $(PYTEST_FLAGS)

check: lint types imports

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

examples: $(STAMP)
	@for script in examples/*.py; do \
		[ -e "$$script" ] || continue; \
		echo "== $$script"; \
		$(BIN)/python -W error "$$script" || exit 1; \
	done

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "Python %d.%d is too old; 3.11 or newer is needed. Name one: make test PYTHON=python3.11" % v[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@
