# `make run` serves the app, `make test` checks everything. Each sets up what it needs, on a fresh machine too.
PYTHON ?= python3
VENV   ?= .venv
PORT   ?= 8501
BIN    := $(VENV)/bin

.PHONY: run test lint unit e2e bench clean

run: $(VENV)/.run-ready
	$(BIN)/streamlit run app.py --server.port $(PORT)

# Linters, unit tests and browser tests side by side: the browser leaves the processor idle most of the time.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
test: $(VENV)/.test-ready
	@echo "Three checks run side by side; each prints what it found when it is done."
	@$(MAKE) --no-print-directory -k -j2 $(SYNC) e2e unit lint

lint: $(VENV)/.test-ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Two workers: each test's own threads are few, and no figure in these tests is timed. Each begins with half of the
# files, so that most fixtures are made once, and takes over from the other when it is done. A little nicer than the
# browser tests, which take longest and wait for somebody else most of the time. Neither imports the other's files.
unit: $(VENV)/.test-ready
	OMP_NUM_THREADS=1 nice -n 5 $(BIN)/python -m pytest -n 2 --dist worksteal -m "not e2e and not benchmark" --ignore=tests/e2e

# The browser is fetched here and not by a target of its own, whose end would let the linters begin before these tests.
e2e: $(VENV)/.test-ready
	sh tests/e2e/install_browser.sh $(BIN)
	$(BIN)/python -m pytest -m e2e tests/e2e

# Beside other libraries, each in an environment of its own; see tests/benchmarks/speed.md. Goes on where it was stopped.
# BENCH=--quick is a smoke test, BENCH=--fresh forgets what was measured before.
PEERS := peer peer-pyod peer-merlion oracles
bench: $(VENV)/.run-ready $(PEERS:%=$(VENV)/.%-ready)
	$(BIN)/python -m tests.benchmarks.beside --venvs $(VENV) $(BENCH)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Faultline needs Python 3.11 or newer; say which with PYTHON=…" >&2; exit 1; }
	@df -Pk . | awk 'NR == 2 && $$4 < 8 * 1024 * 1024 { printf "Only %.1f GB are free here; where torch brings CUDA along, its packages take 7.\n", $$4 / 1048576 }' >&2
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip

$(VENV)/.run-ready: requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet -r requirements.txt
	touch $@

# pip compiles all modules one after the other; here every core does, and the packages' own tests are left out. Some
# packages carry files that are no Python for this version, which is their affair.
$(VENV)/.test-ready: requirements.txt tests/requirements.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --no-compile -r tests/requirements.txt
	@$(BIN)/python -m compileall -qq -j 0 -x '/tests?/' $(VENV)/lib > /dev/null 2>&1 || true
	touch $@ $(VENV)/.run-ready

$(VENV)/.peer-ready: tests/benchmarks/requirements-peer.txt
$(VENV)/.peer-pyod-ready: tests/benchmarks/requirements-pyod.txt
$(VENV)/.peer-merlion-ready: tests/benchmarks/requirements-merlion.txt
$(VENV)/.oracles-ready: tests/benchmarks/requirements-oracles.txt

$(PEERS:%=$(VENV)/.%-ready): | $(VENV)/bin/python
	$(PYTHON) -m venv $(@:$(VENV)/.%-ready=$(VENV)/%)
	$(@:$(VENV)/.%-ready=$(VENV)/%)/bin/python -m pip install --quiet -r $<
	case $@ in *oracles*) $(VENV)/oracles/bin/python -m pip install --quiet --no-deps TSB-AD==1.5 orion-ml==0.7.1;; esac
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .import_linter_cache
