# Every target sets up what it needs. Python 3.11+ is all a machine must have.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup crawl test dist lint docs bench soak clean

SETUP := .venv/.newsbot-setup
CRAWL := .venv/.newsbot-crawl
PYTHON := .venv/bin/python
# As many workers as the cores and the memory allow; tests of one group (a real server) share a worker.
PARALLEL = -n $(shell $(PYTHON) .ci/machine.py workers) --dist loadgroup
export SITE

help:
	@echo "make setup              a private .venv with everything in it: each extra, and what tests need"
	@echo "make crawl              crawls the look-alike newsroom of the tests, on this machine, into data/"
	@echo "make crawl SITE=URL     crawls a real site into data/"
	@echo "make test               every test; CI=true installs the Debian packages they need"
	@echo "make dist               a wheel in dist/, which pip, pipx and uv install"
	@echo "make lint               ruff and mypy"
	@echo "make docs               docs/ as a site, in build/docs/"
	@echo "make bench | soak       measurements; many random examples, and each crawl in a new interpreter"
	@echo "make clean              removes .venv and caches; data/ stays"

setup: $(SETUP)

# A second make finds the stamp and does nothing; a changed pin makes it stale. A crawl needs only the first file.
$(SETUP): requirements.txt requirements-extras.txt requirements-dev.txt .ci/setup .ci/uv_install.py
	@sh .ci/setup requirements.txt requirements-extras.txt requirements-dev.txt
	@touch $@ $(CRAWL)

$(CRAWL): requirements.txt .ci/setup .ci/uv_install.py
	@sh .ci/setup requirements.txt
	@touch $@

crawl: $(CRAWL)
	@sh .ci/crawl

test: $(SETUP)
	@sh .ci/test $(PARALLEL)

dist: $(SETUP)
	$(PYTHON) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	@ls dist/*.whl

lint: $(SETUP)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy --strict

docs: $(SETUP)
	.venv/bin/sphinx-build -q -W --keep-going docs build/docs
	@echo "build/docs/index.html"

bench: $(SETUP)
	$(PYTHON) -m bench

soak: $(SETUP)
	NEWSBOT_SOAK=$${NEWSBOT_SOAK:-10000} $(PYTHON) -m pytest $(PARALLEL) --timeout 0 -m soak
	NEWSBOT_KILLS=50 NEWSBOT_REAL_POSTS=2000 NEWSBOT_ROUNDS=60 NEWSBOT_VARIANTS=all $(PYTHON) -m pytest $(PARALLEL) --timeout 0 tests/real
	NEWSBOT_TEST_PROCESSES=real $(PYTHON) -m pytest $(PARALLEL) tests/crawl tests/unit/article/test_command.py
	$(PYTHON) -m tests.mutations --jobs $$(nproc)

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
