# Everything runs in .venv, made from requirements.lock (exact versions, hashes, no host names).
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo test test-long check fuzz lock screenshots clean

help:
	@echo "make demo          two simulated days of news, crawled and digested (half a minute)"
	@echo "make test          every check: format, lint, types, import contract, tests"
	@echo "make test-long     what takes minutes"
	@echo "make fuzz          the parsers under fire, FUZZ_MINUTES=30 (below 8: some of them) or one FUZZ_TARGET=feed"
	@echo "make check         format, lint, types and import contract alone"
	@echo "make screenshots   the pictures of docs/images, of the demo's digest (needs a Chromium on PATH)"
	@echo "make lock          write all three requirements.lock anew from pyproject.toml (needs uv)"
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

# Guided by coverage where atheris has a wheel (Linux on x86-64), by chance elsewhere.
FUZZ_MINUTES ?= 30
fuzz: .venv-fuzz/ready
	@PYTHONPATH=.:tests .venv-fuzz/bin/python -m fuzz.long --minutes $(FUZZ_MINUTES) --target "$(FUZZ_TARGET)"

.venv-fuzz/ready: requirements.lock tests/fuzz/requirements.lock
	@echo "Making .venv-fuzz (once; about half a minute) ..."
	@$(PYTHON) -m venv --clear .venv-fuzz
	@.venv-fuzz/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes \
		-r requirements.lock
	@.venv-fuzz/bin/python -m pip --disable-pip-version-check install --quiet --no-deps --require-hashes \
		--only-binary :all: -r tests/fuzz/requirements.lock || echo "atheris has no wheel here; it goes without."
	@touch $@

screenshots: .venv/ready
	@$(BIN)/python tests/screenshots.py docs/images

# The second is what deploy/Dockerfile installs: the same versions without what only development needs. The third is
# what `make fuzz` has besides the first.
LOCK := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links

lock:
	$(LOCK) pyproject.toml --group dev --output-file requirements.lock
	echo hatchling | $(LOCK) pyproject.toml - --constraint requirements.lock --output-file deploy/requirements.lock
	$(LOCK) tests/fuzz/requirements.in --output-file tests/fuzz/requirements.lock

clean:
	rm -rf .venv .venv-fuzz
