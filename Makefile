# `make demo` and `make test` need Python 3.11 or newer and nothing else.
# On Windows, or with conda, the README says what to type instead.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ENV_READY := $(VENV)/.installed
OUTPUT ?= outputs/demo

.PHONY: help demo test lint refresh simulate bench lock clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /: /'

$(ENV_READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --no-binary scour -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(ENV_READY)  ## make the sample company, run the playbooks over it, print where the report is
	$(BIN)/opsplaybook demo --output $(OUTPUT)

test: $(ENV_READY) lint  ## all tests, the notebooks under strict nbval included
	$(BIN)/python -m pytest -n 2 --ignore tests/batch/kernels
	$(BIN)/python -m pytest tests/batch/kernels
	$(BIN)/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout 120 -p no:cacheprovider notebooks

lint: $(ENV_READY)  ## style, and imports that point down only
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

refresh: $(ENV_READY)  ## execute the committed notebooks again on the sample company
	$(BIN)/python -m opsplaybook refresh

simulate: $(ENV_READY)  ## slow: coverage of intervals, planted effects over many seeds
	$(BIN)/python -m pytest -m slow tests --ignore tests/benchmarks -n 2

bench: $(ENV_READY)  ## slow: speed as ratios within one run
	$(BIN)/python -m pytest -m slow tests/benchmarks -s

lock: $(ENV_READY)  ## resolve the exact versions again
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" --quiet --output-file requirements.lock

clean:  ## remove the environment and what was built
	rm -rf $(VENV) build dist
