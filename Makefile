# Front door. Each target sets up what it needs in .venv; `make help` lists them.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BOARDS ?= ESP32_GENERIC RPI_PICO_W

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY) ## Make .venv with the pinned tools (idempotent)

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "devcred: Python 3.11 or later is needed; name one with PYTHON=..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(READY) ## The whole journey, on two boards, with no cloud and no hardware
	@$(BIN)/devcred demo $(foreach board,$(BOARDS),--board $(board))

# What is measured line by line runs by itself, what goes by the clock has a processor to itself, and the rest, which
# waits more than it works, goes four at a time.
MEASURED := tests/shared $(wildcard tests/test_*.py)
BY_CLOCK := tests/firmware tests/simulate/test_wire.py

test: $(READY) ## Every test, under CPython and in the real MicroPython
	@$(BIN)/python -m pytest $(MEASURED)
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(BY_CLOCK)
	@$(BIN)/python -m pytest -n 4 --dist loadscope $(addprefix --ignore=,$(MEASURED) $(BY_CLOCK)) tests

clean: ## Remove what was built or fetched; the sources stay
	rm -rf $(VENV) build dist

# lint
STUBS := build/stubs
FIRMWARE_PORTS := esp32 rp2

lint: $(READY) $(FIRMWARE_PORTS:%=$(STUBS)/%/.ready) ## Format, rules, types of host and firmware, duplicates
	@$(BIN)/ruff format --check --quiet . || { echo "devcred: make format puts it right" >&2; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(foreach port,$(FIRMWARE_PORTS),$(BIN)/mypy --no-error-summary --config-file typing/firmware-$(port).ini &&) true
	@$(BIN)/python typing/prove.py
	@$(BIN)/pylint --score=no host_tools firmware tests

format: $(READY) ## Format all sources and sort their imports
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

$(STUBS)/%/.ready: typing/stubs-%.txt $(READY)
	@rm -rf $(@D)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--target $(@D) -r $<
	@touch $@

.PHONY: format

# bench
BENCH_VENV := build/bench-venv

bench: $(READY) $(BENCH_VENV)/.ready ## Figures beside other brokers and umqtt (BENCH="name ..." chooses, BENCHFLAGS=--json)
	@$(BIN)/python -m benchmarks $(BENCH) $(BENCHFLAGS)

$(BENCH_VENV)/.ready: benchmarks/requirements.txt $(READY)
	@$(BIN)/python -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

size: $(READY) ## What the agent costs a board, held to benchmarks/size.toml (SIZE="code heap boot", SIZEFLAGS=--json)
	@$(BIN)/python -m benchmarks.size $(SIZE) $(SIZEFLAGS)

# test-pico
EMULATOR := build/pico-emulator

test-pico: $(READY) $(EMULATOR)/.ready ## The agent on the stock firmware in an emulated Pico W (PICO_UF2=path/to/RPI_PICO_W.uf2)
	@PICO_UF2="$(PICO_UF2)" PYTHONPATH=$(EMULATOR) $(BIN)/python -m pytest -n 2 --dist worksteal tests/pico

$(EMULATOR)/.ready: tests/pico/requirements.txt $(READY)
	@rm -rf $(@D)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
		--target $(@D) -r $<
	@touch $@

SOAK_MINUTES := 5

soak: $(READY) ## What is too long for test: fuzz, abuse, 200 seeds of faults, SOAK_MINUTES=5 of them (DEVCRED_SEED=n repeats)
	@DEVCRED_FUZZ_PACKETS=1000000 DEVCRED_FUZZ_REQUESTS=20000 $(BIN)/python -m pytest -s tests/fuzz
	@DEVCRED_FUZZ_HTTP=200 $(BIN)/python -m pytest -s tests/tokens/test_http_fuzz.py
	@DEVCRED_SOAK=1 $(BIN)/python -m pytest tests/conformance/test_abuse.py tests/twin/test_product_many.py \
		tests/faults/test_seeds.py tests/faults/test_token_seeds.py tests/e2e/test_device_heap.py \
		tests/e2e/test_tls_reconnect.py tests/e2e/tokens_at_length.py \
		tests/tokens/test_replicas.py tests/tokens/test_revoking.py tests/simulate/test_day.py
	@$(BIN)/python -m tests.faults.soak --minutes $(SOAK_MINUTES)

.PHONY: bench size soak test-pico
