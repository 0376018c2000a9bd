# Every target is a thin line over the project's own commands; `make` alone prints them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

NAME ?=
PORTS ?=
TOPOLOGY ?=
BUILD_DIR ?=
FABRIC_BIN ?=
export FABRIC_BIN

CACHE := $(or $(CARECHANNEL_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/carechannel)
UV := $(or $(shell command -v uv 2>/dev/null),$(CACHE)/uv/bin/uv)
RUN := $(UV) run --frozen --no-sync
NETWORK := $(RUN) carechannel-network
WHICH := $(if $(TOPOLOGY),--topology $(TOPOLOGY)) $(if $(NAME),--name $(NAME)) $(if $(BUILD_DIR),--build-dir $(BUILD_DIR))

.PHONY: help
help: ## Print every target with a line
	@echo "CareChannel: consented health-record sharing on Hyperledger Fabric"; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo; echo "Variables: NAME=, PORTS=, TOPOLOGY= choose a network; FABRIC_BIN= your own binaries"

$(CACHE)/uv/bin/uv:
	@echo "Installing uv into $(CACHE)/uv"
	@python3 -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or later is needed, this is " + sys.version.split()[0] + ": install it, or uv, which brings its own.")'
	@python3 -m venv $(CACHE)/uv
	@$(CACHE)/uv/bin/pip install --quiet --disable-pip-version-check 'uv>=0.5'

.venv/.synced: pyproject.toml uv.lock chaincode/pyproject.toml client/pyproject.toml network/pyproject.toml | $(UV)
	@echo "Installing the Python environment into .venv"
	@$(UV) sync --frozen
	@touch $@

typings/.generated: .venv/.synced .ci/typings.py
	@$(RUN) python .ci/typings.py
	@touch $@

.PHONY: env
env: .venv/.synced ## Install the Python environment only

.PHONY: install
install: env ## Install everything: the Python environment, Fabric 3.1.1, Fabric CA 1.5.15
	@$(NETWORK) install

.PHONY: up
up: install ## Start the network (idempotent); ready when an endorsement works
	@$(NETWORK) up $(WHICH) $(if $(PORTS),--ports $(PORTS))

.PHONY: down
down: env ## Stop all that `make up` started; keeps the data
	@$(NETWORK) down $(WHICH)

.PHONY: clean
clean: env ## Stop the network and remove its data (asks; FORCE=1 does not)
	@$(NETWORK) clean $(WHICH) $(if $(FORCE),--force)

.PHONY: status
status: env ## Show the nodes: pid, port, health, height, certificate expiry (JSON=1)
	@$(NETWORK) status $(WHICH) $(if $(PORTS),--ports $(PORTS)) $(if $(JSON),--json)

.PHONY: logs
logs: env ## Print a node's log: make logs NODE=peer0.hospital-a (FOLLOW=1)
	@$(if $(NODE),,echo "Name a node: make logs NODE=peer0.hospital-a; make status lists them." >&2; exit 2;) $(NETWORK) logs $(NODE) $(WHICH) $(if $(FOLLOW),--follow)

.PHONY: demo
demo: up ## Watch a record go from one hospital to another under the patient's consent (FILE=)
	@$(RUN) carechannel demo $(if $(BUILD_DIR),--build-dir $(BUILD_DIR)) $(if $(NAME),--name $(NAME)) $(if $(FILE),--file '$(FILE)')

.PHONY: examples
examples: env ## Fetch HL7's FHIR R4 example resources (CC0) into the cache
	@$(RUN) python tests/examples.py

.PHONY: check
check: typings/.generated ## Lint, format check, strict types, import rules
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) lint-imports

.PHONY: format
format: env ## Format the code and apply safe lint fixes
	@$(RUN) ruff check --fix . ; $(RUN) ruff format .

.PHONY: test
test: install ## Run every test, on a real network that the suite brings up itself
	@$(RUN) pytest --strict-run $(ARGS)

.PHONY: unit
unit: env ## Run the tests that need no network
	@$(RUN) pytest tests/unit tests/protocol $(ARGS)

.PHONY: bench
bench: install ## Measure start, submit, sharing latency, memory and idle CPU
	@$(RUN) python -m bench.run $(ARGS)
