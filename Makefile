# Every target is a thin line over the project's own commands; `make` alone prints them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c

# Not from the environment: some systems have a NAME there that means the machine.
NAME :=
PORTS :=
TOPOLOGY :=
BUILD_DIR :=
FABRIC_BIN ?=
export FABRIC_BIN

KNOWN := NAME PORTS TOPOLOGY BUILD_DIR FABRIC_BIN FILE NODE FOLLOW JSON FORCE ARGS
GIVEN := $(foreach name,$(.VARIABLES),$(if $(findstring command line,$(origin $(name))),$(name)))
UNKNOWN := $(filter-out $(KNOWN) CARECHANNEL_% XDG_% HOME SHELL UV MAKE%,$(GIVEN))
$(if $(UNKNOWN),$(error There is no variable $(UNKNOWN); known are: $(KNOWN)))

CACHE := $(or $(CARECHANNEL_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/carechannel)
UV := $(or $(shell command -v uv 2>/dev/null),$(CACHE)/uv/bin/uv)
RUN := $(UV) run --frozen --no-sync
NETWORK := $(RUN) carechannel-network
WHICH := $(if $(TOPOLOGY),--topology $(TOPOLOGY)) $(if $(NAME),--name $(NAME)) $(if $(BUILD_DIR),--build-dir $(BUILD_DIR))
# Hints that the programs print name these variables again.
export CARECHANNEL_MAKE := $(strip $(foreach name,TOPOLOGY NAME BUILD_DIR,$(if $($(name)),$(name)=$($(name)))))
DEMO_NAME = $(or $(NAME),$(if $(TOPOLOGY),$(shell sed -n 's/^name: *"\{0,1\}\([a-z0-9-]*\).*/\1/p' $(TOPOLOGY))))

.PHONY: help
help: ## Print every target with a line
	@echo "CareChannel: consented health-record sharing on Hyperledger Fabric"; echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo; echo "Which network: NAME=, PORTS=, TOPOLOGY= (a file), BUILD_DIR= (networks' folder)"
	@echo "Your own Fabric binaries: FABRIC_BIN= (a folder)"

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
install: env ## Install Python packages, Fabric 3.1.1, Fabric CA 1.5.15
	@$(NETWORK) install

.PHONY: up
up: install ## Start the network (idempotent); done when it endorses
	@$(NETWORK) up $(WHICH) $(if $(PORTS),--ports $(PORTS))

.PHONY: down
down: env ## Stop all that `make up` started; keeps the data
	@$(NETWORK) down $(WHICH)

.PHONY: clean
clean: env ## Stop and remove the network's data (asks; not if FORCE=1)
	@$(NETWORK) clean $(WHICH) $(if $(FORCE),--force)

.PHONY: status
status: env ## Show nodes: pid, port, health, height, certificate (JSON=1)
	@$(NETWORK) status $(WHICH) $(if $(PORTS),--ports $(PORTS)) $(if $(JSON),--json,--exit-zero)

.PHONY: logs
logs: env ## A node's log: NODE=peer0.hospital-a (FOLLOW=1)
	@$(if $(NODE),,echo "Name a node: make logs NODE=peer0.hospital-a; make status lists them all." >&2; exit 2;) $(NETWORK) logs $(NODE) $(WHICH) $(if $(FOLLOW),--follow)

.PHONY: demo
demo: install ## Share a record between two hospitals, under consent (FILE=)
	@$(NETWORK) up --brief $(WHICH) $(if $(PORTS),--ports $(PORTS))
	@$(RUN) carechannel demo $(if $(BUILD_DIR),--build-dir $(BUILD_DIR)) $(if $(DEMO_NAME),--name $(DEMO_NAME)) $(if $(FILE),--file '$(FILE)')

.PHONY: examples
examples: env ## Fetch HL7's FHIR R4 example resources (CC0) into the cache
	@$(RUN) python -m tests.examples

.PHONY: check
check: typings/.generated ## Lint, format, strict types, import rules, chaincode check
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) lint-imports
	@$(RUN) fabric-shim check chaincode/care_rules chaincode/care_contracts chaincode/examples

.PHONY: format
format: env ## Format the code and apply safe lint fixes
	@$(RUN) ruff check --fix . ; $(RUN) ruff format .

.PHONY: test
test: install test-tools ## Run every test, on real networks that it starts itself
	@$(RUN) pytest --strict-run --cov --cov-report= $(ARGS)
	@$(if $(ARGS),,$(COVERED))

.PHONY: test-tools
test-tools: env
	@$(RUN) python -m tests.tools

# At least 95 % of the branches of each, or it fails ([tool.coverage.report]).
COVERED = $(RUN) coverage report --include='*/fabric_shim/*,*/fabric_transport/*' && \
	$(RUN) coverage report --include='*/fabric_gateway/*'
COVERING := tests/unit/fabric_shim tests/unit/fabric_transport tests/unit/fabric_gateway tests/protocol

.PHONY: coverage
coverage: env test-tools ## Measure the branches covered of shim and gateway (at least 95 % of each)
	@$(RUN) pytest --quiet --cov --cov-report= $(COVERING)
	@$(COVERED)

.PHONY: test-pythons
test-pythons: install ## Install the client with hfc on Python 3.11, 3.12 and 3.13
	@CARECHANNEL_TEST_PYTHONS="3.11 3.12 3.13" $(RUN) pytest tests/packaging/test_sdk_install.py --timeout 900 $(ARGS)

.PHONY: fuzz
fuzz: env ## Feed the chaincode stream 10,000 hostile conversations
	@FUZZ_CASES=10000 $(RUN) pytest tests/protocol/test_fuzz.py --timeout 3600 $(ARGS)

.PHONY: unit
unit: env test-tools ## Run the tests that need no network
	@$(RUN) pytest tests/unit tests/protocol tests/docs $(ARGS)

.PHONY: bench
bench: install ## Measure start, submit, sharing latency, memory and idle CPU
	@$(RUN) python -m bench.run $(ARGS)

.PHONY: bench-chaincode
bench-chaincode: install ## Compare Python, Node and Go chaincode (ARGS=--quick)
	@$(RUN) python -m bench.chaincode $(ARGS)

.PHONY: bench-client
bench-client: install ## Compare the Python, Node and Go gateway clients (ARGS=--quick)
	@$(RUN) python -m bench.client $(ARGS)

.PHONY: bench-ledger
bench-ledger: env ## Measure how fast a ledger is verified, and its memory
	@$(RUN) python -m bench.ledger $(ARGS)

.PHONY: bench-stream
bench-stream: env ## Measure a chaincode server alone, by a scripted peer
	@$(RUN) python -m bench.stream $(ARGS)
