# On a fresh machine with Python 3.11+, make and a package index:
#   make demo    a server, a stack from a template, its outputs, its end      (T=template E=environment PORT= KEEP=1;
#   make demo    T=examples/app.yaml POSTGRES=1: with a PostgreSQL for templates to work on)
#   make test    every test, folder by folder, with its time and its budget  (KIND="unit model" for some)
# For those who work on it:
#   make check   formatting, lint, types, layers, the rules for workflow code
#   make bench   the benchmark;  make soak  the long runs;  make pictures  what the README shows of a terminal
# Everything lives in .venv; PYTHON=python3.12 make ... chooses the interpreter it is made with.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PACKAGES := firebrick workflows activities starter worker.py

# Some images forbid Python to keep what it has compiled: each of the hundreds of processes that tests start would then
# compile all of this project first (three seconds of a processor instead of one), and a worker once more for each run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help venv demo test check format pins bench soak pictures clean

help:
	@sed -n '/^#   make/s/^#   //p' Makefile

venv: $(STAMP)

# The build backend is installed first and pinned like the rest: isolated builds would fetch an unpinned one.
$(STAMP): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "firebrick needs Python 3.11 or newer; there is no '$(PYTHON)' here. Name one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "firebrick needs Python 3.11 or newer; '$(PYTHON)' is `$(PYTHON) --version 2>&1`. Name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Setting up $(VENV) (once, half a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables
	@# Until it had the name firebrick-stacks it was installed as another distribution.
	@$(BIN)/python -m pip uninstall --quiet --disable-pip-version-check --yes firebrick 2>/dev/null || true
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $(STAMP)

demo: $(STAMP)
	@$(BIN)/python -m tools.demo $(if $(T),-t '$(T)') $(if $(E),-e '$(E)') $(if $(PORT),--port '$(PORT)') $(if $(KEEP),--keep) $(if $(POSTGRES),--postgres) $(ARGS)

test: $(STAMP)
	@$(BIN)/python -m tools.run_tests $(KIND)

check: $(STAMP)
	@$(BIN)/python -m tools.check

format: $(STAMP)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

pins: $(STAMP)
	@sed -n '/^#/p' constraints.txt > constraints.new
	@$(BIN)/python -m pip freeze --exclude-editable >> constraints.new
	@mv constraints.new constraints.txt

bench: $(STAMP)
	@$(BIN)/python -m bench $(ARGS)

soak: $(STAMP)
	@$(BIN)/python -m pytest tests -m soak --timeout 0 $(ARGS)

pictures: $(STAMP)
	@$(BIN)/python -m tools.pictures

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
