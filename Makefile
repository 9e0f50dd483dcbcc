# One command for each verb; `.ci/run` and people use the same.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test node lint format lock messages screenshots clean python

run: $(VENV)/run
	@$(BIN)/python app.py

# The types are checked beside the tests, which leave a core idle now and then; what is found is said at the end.
test: $(VENV)/test node
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy >$(VENV)/types 2>&1 & types=$$!; \
	  $(BIN)/python -m pytest -n 2 --dist loadgroup -q; tests=$$?; \
	  wait $$types; types=$$?; cat $(VENV)/types; rm -f $(VENV)/types; exit $$((tests ? tests : types))

# OpenAI's SDK for Node, where there is Node; without it those tests are skipped.
node: tests/node/package-lock.json
	@if command -v node >/dev/null && command -v npm >/dev/null && \
	  { [ ! -e tests/node/node_modules/.package-lock.json ] || \
	    [ tests/node/package-lock.json -nt tests/node/node_modules/.package-lock.json ]; }; then \
	  cd tests/node && npm ci --silent && touch node_modules/.package-lock.json; fi

lint: $(VENV)/test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# The newest versions that fit together, with hashes.
lock: $(VENV)/test
	@for set in requirements requirements-dev; do \
	  $(BIN)/uv pip compile $$set.in -o $$set.txt --upgrade --universal --generate-hashes --python-version 3.11 \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet || exit 1; \
	done

# Collect the texts of the program into the catalogues; what is new has to be translated by hand.
messages: $(VENV)/test
	@$(BIN)/python -m tests.messages

# The pictures of docs/screenshots, from the running app.
screenshots: $(VENV)/test
	@$(BIN)/python -m tests.screenshots

clean:
	@rm -rf $(VENV) tests/node/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

python:
	@command -v $(PYTHON) >/dev/null || { echo "Imagier needs Python 3.11 or newer: install it, or name it with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Imagier needs Python 3.11 or newer, and $(PYTHON) is older: install it, or name it with make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "Python's venv module is missing: install it (Debian: apt install python3-venv)." >&2; exit 1; }

# The stamps are files in .venv, so that a changed lock file installs anew.
$(VENV)/run: requirements.txt | python
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements.txt
	@touch $@

$(VENV)/test: requirements.txt requirements-dev.txt | python
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes -r requirements.txt -r requirements-dev.txt
	@touch $@
