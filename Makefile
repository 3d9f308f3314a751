# Housekey. `make` lists what there is; `make run` starts it.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell scripts/python.sh)
JOBS ?= $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate
PYTEST := $(BIN)/python -m pytest
CLIENTS := tests/clients/node
OPENIDC := /usr/lib/apache2/modules/mod_auth_openidc.so
SERVE_ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help install run test test-fast test-sqlite test-postgres faults looks bench lint types contracts templates locks clean dev

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

install: $(VENV)/.installed ## make .venv with everything the server needs; afterwards .venv/bin/housekey works

run: install ## install, then serve on https://localhost:9443 with its data in ./var
	@exec $(BIN)/housekey serve --data var $(SERVE_ARGS)

test: dev ## everything: lint, types, contracts, all tests on SQLite and on PostgreSQL
	@scripts/needs.sh chromium:chromium slapd:slapd ldapsearch:ldap-utils nginx:nginx fc-list:fonts-dejavu-core nghttp:nghttp2-client h2load:nghttp2-client \
		apache2:apache2-bin $(OPENIDC):libapache2-mod-auth-openidc
	@$(MAKE) lint types contracts
	@$(MAKE) test-sqlite
	@$(MAKE) test-postgres

test-fast: dev ## what one runs while working: whatever needs no database (a minute at most)
	@$(PYTEST) -q -n $(JOBS) --quick

test-sqlite: dev $(CLIENTS)/node_modules/.installed
	@HOUSEKEY_TEST_DATABASE=sqlite $(PYTEST) -q -n $(JOBS) -m "not postgres"

test-postgres: dev
	@HOUSEKEY_TEST_DATABASE=postgres $(PYTEST) -q -n $(JOBS) -m "not once and not sqlite"

faults: dev ## kill -9 the server twenty times in the middle of 500 creations (two minutes); `make test` runs a small copy
	@FAULTS=full $(PYTEST) -q -s tests/faults

looks: dev ## every page in all four looks (six minutes); `make test` takes two of them for each
	@LOOKS=full $(PYTEST) -q tests/browser/test_every_page.py

bench: dev ## measure; prints a table, fails nothing
	@$(BIN)/python -m bench

lint: dev ## ruff and the template linter
	@$(BIN)/ruff check .
	@$(BIN)/djlint --quiet --lint src/housekey/web/templates src/housekey/pages/templates src/housekey/console/templates

types: dev ## mypy --strict
	@$(BIN)/mypy

contracts: dev ## who may import whom
	@$(BIN)/lint-imports

locks: dev ## make the hash-locked requirements anew from the .in files
	@$(COMPILE) --output-file requirements/runtime.txt requirements/runtime.in
	@$(COMPILE) --output-file requirements/dev.txt requirements/dev.in
	@$(COMPILE) --output-file requirements/build.txt requirements/build.in

clean: ## remove what was built; ./var, the server's data, stays
	rm -rf $(VENV) $(CLIENTS)/node_modules build dist src/*.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

dev: $(VENV)/.dev

# setuptools comes from the lock as well: without build isolation pip fetches nothing that has no hash.
$(VENV)/.installed: requirements/runtime.txt requirements/build.txt pyproject.toml
	@[[ -x $(BIN)/python ]] || { echo "Making $(VENV) with $(PYTHON)"; $(PYTHON) -m venv $(VENV) || scripts/no-venv.sh; }
	@echo "Installing the locked dependencies"
	@$(PIP) --require-hashes -r requirements/build.txt -r requirements/runtime.txt
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.installed requirements/dev.txt
	@echo "Installing the locked development tools"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

$(CLIENTS)/node_modules/.installed: $(CLIENTS)/package-lock.json
	@if command -v npm >/dev/null; then echo "Installing the locked clients of the application tests" && npm ci --prefix $(CLIENTS) \
		--ignore-scripts --no-audit --no-fund --silent && touch $@; else echo "No npm: the tests with clients from npm are SKIPPED below." >&2; fi
