# make setup  create the environment in .venv         make demo  run the study on the bundled real data
# make test   run the tests                           make lint  check style, types and imports
# make ui     open Dagster and MLflow in a browser    make docs  build the documentation into site/
# make test-deployment  test the services that deploy/ describes
# make bench  measure what could become slower, into docs/ratios.json
# make sbom   check the licences of dependencies, and list them in sbom.json
# All targets set up the environment first.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LAKE ?= data_lake

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-deployment lint bench sbom docs ui lock clean

help:
	@sed -n '1,7s/^# //p' Makefile

setup: $(STAMP)

# uv installs the same lock file as pip (`pip install --require-hashes -r requirements.lock`), but faster. Python files
# and the functions that compute features are compiled here: else each first use does so, and where Python may not write
# (PYTHONDONTWRITEBYTECODE) every process, for several seconds.
$(STAMP): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("tme_platform needs Python 3.11 to 3.13, this is " + sys.version.split()[0] + "; set PYTHON=...") if not (3, 11) <= sys.version_info[:2] <= (3, 13) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet "$$(sed -n 's/^\(uv==[^ ]*\).*/\1/p' requirements.lock)"
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	$(BIN)/python -m compileall -q tme_platform
	$(BIN)/python -c 'from tme_platform.radiomics import compile_kernels; compile_kernels()'
	@touch $@

demo: $(STAMP)
	$(BIN)/tme --lake $(LAKE) --landing data_lake/landing demo

test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not deployment" tme_platform_tests

# Starts PostgreSQL, code server, daemon, webserver, MLflow, Dask and nginx, which takes a minute.
test-deployment: $(STAMP)
	$(BIN)/python -m pytest -m deployment tme_platform_tests

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(STAMP)
	$(BIN)/python -m benchmarks.ratios

sbom: $(STAMP)
	$(BIN)/python .ci/dependencies.py licences
	$(BIN)/python .ci/dependencies.py sbom sbom.json

# Material for MkDocs prints a notice about another product unless this variable is set.
docs: $(STAMP)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

ui: $(STAMP)
	$(BIN)/tme --lake $(LAKE) --landing data_lake/landing ui

lock:
	$(BIN)/uv pip compile pyproject.toml --all-extras --group dev --group docs --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-emit-index-url --upgrade --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) site .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
