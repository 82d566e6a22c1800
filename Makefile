# The commands of the project. `make demo` and `make test` are the two a newcomer needs.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lock audit audit-tool record-version night bench bench-matching evaluate picture clean

help:  ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

# --no-deps: the lock is complete, and older pip takes a pinned name for unpinned when an extra of it is asked for.
.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Onbenut needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

setup: .venv/.ready  ## prepare .venv with the command onbenut in it

demo: setup  ## the made-up city, end to end, offline
	$(BIN)/onbenut demo

test: setup  ## the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

check: setup  ## format, lint, types, import rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup  ## let the formatter write
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: setup  ## refresh requirements.lock (uv resolves for every Python and platform at once)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --all-extras --custom-compile-command 'make lock' pyproject.toml -o requirements.lock

# pip-audit stands apart: what it needs is none of ours. Status 3 says that no advisory service could be asked (make shows it as 2).
audit: setup audit-tool  ## are the packages those of the lock, licensed as we may use them, without known holes
	$(BIN)/python -m flows.audit

audit-tool:
	@test -x .audit/bin/pip-audit || { $(PYTHON) -m venv .audit && .audit/bin/python -m pip install --quiet pip-audit==2.10.1; } || true

night: setup  ## a whole night with a real Prefect server and a dead source; then nights that are killed, and readers (half an hour)
	$(BIN)/python -m flows.night_proof
	$(BIN)/python -m flows.crash_proof
	$(BIN)/python -m pytest -q -m night

record-version: setup  ## after a change of numbers: step the version and write down what comes out
	$(BIN)/python -m flows.versions

bench: setup  ## the made-up city at 100,000 and 1,000,000 buildings (about half an hour, 8 GB)
	$(BIN)/python -m flows.bench
	$(BIN)/python -m flows.bench_matches

bench-matching: setup  ## the matchers on labelled real data, where it is present, and at a million footprints
	$(BIN)/python -m flows.bench_footprints
	$(BIN)/python -m flows.bench_addresses

evaluate: setup  ## how good the underuse score is on made-up cities; reliability curve (five to ten minutes)
	$(BIN)/python -m flows.evaluate

picture: demo  ## draw the map of the README again
	$(BIN)/python -m flows.picture

clean:  ## remove what runs and builds made (never what is committed)
	rm -rf .venv build dist data/raw data/warehouse data/history data/sample data/nights data/prefect outputs
