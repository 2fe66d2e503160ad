# One list of commands, for people and for CI.
PYTHON ?= python3
QUARTER ?= 2022-23-Q2
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TESTED := $(VENV)/.tested
# every file the tests read; the folders too, so that a file taken away is noticed
TESTS_READ := $(shell find src tests notebooks data docs benchmarks -name __pycache__ -prune -o -name .digest-key -prune -o -name .state -prune -o \
  -name .ipynb_checkpoints -prune -o -name _build -prune -o -name node_modules -prune -o -print 2>/dev/null) $(wildcard *.md *.toml *.yml Makefile .pre-commit-config.yaml)

.PHONY: help briefings test coverage demo lab lock clean lint docs gallery

help:            ## this list
	@grep -E '^[a-z]+: .*##|^[a-z]+:  *##' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 14

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "threatlib needs Python 3.11 or newer; $$($(PYTHON) --version) is what '$(PYTHON)' starts. Try: make PYTHON=python3.12"; exit 2; }
	@echo "Setting up $(VENV) (once; a minute or two)"
	@rm -f $@
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

briefings: $(READY)  ## the quarter's briefings for every partnership under data/
	@$(BIN)/threatlib run $(QUARTER) --resume

demo: $(READY)  ## the fictional partnership's briefings only
	@$(BIN)/threatlib run $(QUARTER) demo --resume

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(TESTED)  ## lint, types, contracts and tests (nothing to do while nothing has changed)
	@echo "Green, and nothing has changed since."

$(TESTED): $(READY) $(TESTS_READ)
	@$(MAKE) --no-print-directory lint
	$(BIN)/python -m pytest -n auto --dist loadgroup -m "not nightly"
	@touch $@

coverage: $(READY)  ## the same tests, slower, with the lines they never reach
	$(BIN)/python -m pytest -n auto --dist loadgroup --cov --cov-report=term -m "not nightly"

lab: $(READY)  ## JupyterLab on the notebooks
	@$(BIN)/jupyter lab --notebook-dir=. notebooks/explore.ipynb

lock: $(READY)  ## resolve the newest releases anew into requirements.lock
	@UV_DEFAULT_INDEX="$$($(BIN)/python -m pip config get global.index-url 2>/dev/null || true)"; \
	  [ -z "$$UV_DEFAULT_INDEX" ] && unset UV_DEFAULT_INDEX || export UV_DEFAULT_INDEX; \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-header --all-extras --group dev pyproject.toml --output-file requirements.lock

gallery: $(READY)  ## every chart and component on difficult data, in outputs/gallery
	@$(BIN)/python -m threatlib.briefing.gallery outputs/gallery

docs: $(READY)   ## the documentation as pages, in docs/_build
	@$(BIN)/sphinx-build -q -W -b html docs docs/_build

clean:           ## remove the environment, caches and outputs
	rm -rf $(VENV) docs/_build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis htmlcov .coverage .coverage.*
	find outputs -mindepth 1 -not -name .gitkeep -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
