# What one can do here: `make` lists it. Needs Python >= 3.11 and make; the rest is installed into .venv on first use.
#   PYTHON=python3.13   the interpreter for .venv            TESTS=tests/unit   what `make test` runs
#   ARGS="--port 9000"  more words for demo, up, bench, faults, lock  DOCKER=podman      what builds the image

BIN := .venv/bin
PYTHON ?=
ARGS ?=
TESTS ?= tests
DOCKER ?= docker
IMAGE ?= framequeue
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(ARGS)
export PYTHON

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo up test check bench faults generated properties lint format types docs lock clean image

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' Makefile

setup: ## install everything into .venv, from the lock with its hashes (uv where it is there, else pip)
	@.ci/setup

demo: setup ## start everything, send real tables through three pipelines and one that fails, stop everything
	@$(BIN)/framequeue demo $(ARGS)

up: setup ## API, worker and an embedded Valkey (or REDIS_URL) in the foreground, until Ctrl-C
	@$(BIN)/framequeue up $(ARGS)

# tests in acceptance/ and story/ start real processes: loadgroup keeps them one after another, on one of the workers
test: setup ## all tests, spread over the cores
	@env -u REDIS_URL $(BIN)/python -m pytest -n auto --dist loadgroup $(TESTS)

check: setup ## what CI runs: format, lint, imports, Dockerfile, types, then all tests
	@$(BIN)/ruff format --quiet --check . || { echo 'make format puts this right'; exit 1; }
	@$(MAKE) --no-print-directory lint types test

bench: setup ## the yardsticks, each beside its peer in the same run; ARGS="--help" explains
	@$(BIN)/python -m tests.benchmarks $(ARGS)

faults: setup ## the long fault run: 300 kills under load, then a look at every job and key (some 20 minutes)
	@env -u REDIS_URL $(BIN)/python -m tests.acceptance.faults $(ARGS)

generated: setup ## ten minutes of new generated requests against the running service; GENERATED_SEED=7 repeats a run
	@env -u REDIS_URL GENERATED_SECONDS=600 GENERATED_EXAMPLES=200 GENERATED_SEED=$${GENERATED_SEED:-$$(date +%s)} \
		$(BIN)/python -m pytest --timeout 1200 tests/acceptance/test_generated.py

properties: setup ## the property tests with new examples each time; the check takes the same ones always
	@env -u REDIS_URL HYPOTHESIS_PROFILE=new $(BIN)/python -m pytest -n auto -m hypothesis $(TESTS)

lint: setup ## ruff, the import contracts, hadolint
	@$(BIN)/ruff check --quiet .
	@found=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$found"; exit 1; }
	@$(BIN)/hadolint Dockerfile

types: setup ## mypy, strict
	@$(BIN)/mypy --no-error-summary

format: setup ## let ruff put layout, import order and what else it can right
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

docs: setup ## write the pages of docs/ that come from the code
	@$(BIN)/python -m tests.house.generated

lock: ## write the three lock files anew after a change of pyproject.toml (needs uv)
	@$(LOCK) pyproject.toml --all-extras -o requirements.lock
	@$(LOCK) pyproject.toml --all-extras --group dev -o requirements-dev.lock
	@echo hatchling | $(LOCK) - -c requirements-dev.lock -o requirements-build.lock

image: ## build the container image
	@$(DOCKER) build --tag $(IMAGE) .

clean: ## remove .venv, caches and builds; the data in .framequeue stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage* htmlcov dist build
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
