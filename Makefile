# Needs make and Python 3.11 or later, nothing else. `make` alone lists the targets.

# Another interpreter: `make install PYTHON=python3.12`. Without it, the first of python3,
# python3.13, python3.12 and python3.11 that is new enough.
PYTHON ?=

# `make evaluation DATA=folder`: where real data is; without it, that part is left out.
DATA ?=

# `make demo NEO4J=1`: with the graph of the demo in a local Neo4j, and a link to open.
NEO4J ?=

# `make test JOBS=4`: so many tests at once, each with a Neo4j of its own.
JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin
# Written last by scripts/install, with the folder and interpreter that the environment is for.
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
# Compiled loops are kept by the file that they are defined in, also where they call another's.
COMPILED := linkage/kernels/__pycache__
LOCKS := requirements/build.txt requirements/install.txt
PACKAGING := pyproject.toml scripts/install

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test lint bench evaluation lock clean FORCE

help:  ## list the targets
	@echo "make TARGET [PYTHON=python3.12], where TARGET is one of:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

install: $(INSTALLED)  ## make .venv with .venv/bin/linkage in it

demo: $(INSTALLED) $(COMPILED)/.of  ## install, then find the networks in a simulated month
	@$(BIN)/linkage demo $(if $(filter-out 0,$(NEO4J)),--neo4j)

# Hundreds of processes load the same modules: what Python makes of them is kept, whatever the
# environment says.
test: export PYTHONDONTWRITEBYTECODE =
test: $(INSTALLED_DEV) $(COMPILED)/.of  ## install, then lint, types and all tests
	@scripts/system-deps
	@$(MAKE) --no-print-directory -j2 lint $(COMPILED)/.made
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

lint: $(INSTALLED_DEV)  ## install, then lint, formatting and types only
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(INSTALLED_DEV)  ## install, then measure seconds and memory up to 41 M events (40 minutes)
	@$(BIN)/python -m benchmarks.speed

evaluation: $(INSTALLED_DEV)  ## install, then measure all of docs/evaluation.md but speed (half an hour)
	@$(BIN)/python -m benchmarks.evaluation $(if $(DATA),--data $(DATA))

lock:  ## make requirements/*.txt anew from pyproject.toml
	@PYTHON="$(PYTHON)" scripts/lock

clean:  ## remove .venv, caches and what was built
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): $(PACKAGING) $(LOCKS)
	@PYTHON="$(PYTHON)" scripts/install

$(INSTALLED_DEV): $(PACKAGING) $(LOCKS) requirements/dev.txt
	@PYTHON="$(PYTHON)" scripts/install --dev

$(COMPILED)/.of: $(wildcard linkage/kernels/*.py)
	@mkdir -p $(COMPILED)
	@rm -f $(COMPILED)/*.nbi $(COMPILED)/*.nbc
	@touch $@

# Once, beside the check of types, which is one process: else each worker of the tests does it.
$(COMPILED)/.made: $(COMPILED)/.of
	$(BIN)/python -m tests.compiled
	@touch $@

# An environment that was made in another folder, or with another interpreter than the one asked
# for, is made again.
ifneq ($(shell cat $(VENV)/.made-for 2>/dev/null),$(CURDIR))
$(INSTALLED) $(INSTALLED_DEV): FORCE
endif
ifneq ($(PYTHON),)
ifneq ($(shell cat $(VENV)/.made-with 2>/dev/null),$(PYTHON))
$(INSTALLED) $(INSTALLED_DEV): FORCE
endif
endif
