# Everything runs in .venv, made from requirements.lock (exact versions, hashes, no host names).
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo test test-long check lock screenshots clean

help:
	@echo "make demo          two simulated days of news, crawled and digested (half a minute)"
	@echo "make test          every check: format, lint, types, import contract, tests"
	@echo "make test-long     what takes minutes"
	@echo "make check         format, lint, types and import contract alone"
	@echo "make screenshots   the pictures of docs/images, of the demo's digest (needs a Chromium on PATH)"
	@echo "make lock          write both requirements.lock anew from pyproject.toml (needs uv)"
	@echo "make clean         remove .venv"

# make demo SEEDS=DIR brings the seed articles of a folder in first.
demo: .venv/ready
	@$(BIN)/presswatch demo $(if $(SEEDS),--seeds "$(SEEDS)")

test: .venv/ready check
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# What takes minutes and tells little that the short tests do not.
test-long: .venv/ready
	$(BIN)/python -m pytest -m long

check: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# --no-deps: the lock is complete, and pip 23.2 fails an assertion when it resolves lxml's extras itself.
.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "presswatch needs Python 3.11, 3.12 or 3.13; choose one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making .venv (once; about half a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) install --quiet --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

screenshots: .venv/ready
	@$(BIN)/python tests/screenshots.py docs/images

# The second is what deploy/Dockerfile installs: the same versions without what only development needs.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links

lock:
	$(LOCK) pyproject.toml --group dev --output-file requirements.lock
	echo hatchling | $(LOCK) pyproject.toml - --constraint requirements.lock --output-file deploy/requirements.lock

clean:
	rm -rf .venv
