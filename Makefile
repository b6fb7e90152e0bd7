# Everything that is done day by day. `make` or `make help` lists it.

# The first Python that is new enough; say `make PYTHON=/path/to/python3.12 …` to choose another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
BIN := $(VENV)/bin
BENCH_VENV := benchmarks/.venv
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup fix check test test-old-providers docs bench demo demo-check clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.with-dev ## create .venv with all that developing needs

fix: $(VENV)/.with-dev ## format, mend what the linter can mend, rewrite generated pages
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(BIN)/python tests/docs/error_index.py
	$(BIN)/python tests/docs/core_openapi.py
	$(BIN)/python -m tests.docs.provider_pages
	@if [ -d js/browser/node_modules ]; then npm run --silent --prefix js/browser fix; \
	else echo "js/browser is left as it is: make check installs its tools (needs Node.js and npm)"; fi

check: $(VENV)/.with-dev ## format, lint, mypy, pyright, import rules, the browser package; changes nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	@echo "mypy and pyright, side by side"
	@$(BIN)/mypy >$(VENV)/mypy.log 2>&1 & checker=$$!; $(BIN)/pyright; pyright=$$?; \
	wait $$checker; mypy=$$?; cat $(VENV)/mypy.log; exit $$((mypy || pyright))
	$(BIN)/pytest -q tests/test_imports.py tests/test_public_surface.py tests/test_tree.py \
		tests/js/check_package.py

test: $(VENV)/.with-test ## run the tests; ARGS="-k rotation" narrows them
	$(BIN)/pytest $(ARGS)

test-old-providers: $(VENV)/.with-test ## Keycloak and more, run for real; fetches 700 MB once, needs Java 17 and Maven
	$(BIN)/pytest -m heavy tests/old_providers $(ARGS)

docs: $(VENV)/.with-test ## run every snippet of the docs, follow every link
	$(BIN)/pytest -q tests/docs tests/test_errors.py

bench: $(BENCH_VENV)/.with-bench ## measure us beside our peers, for minutes; BENCH="verify http" narrows, ARGS=--save keeps
	@set -e; for name in $(or $(BENCH),verify create refresh migrate races http footprint); do \
		$(BENCH_VENV)/bin/python -m benchmarks.$$name $(ARGS); done

demo: $(VENV)/.with-demo ## an old provider, an app and a page to watch; needs nothing but Python
	$(BIN)/segue demo $(ARGS)

demo-check: $(VENV)/.with-demo ## the journey of the demo without a browser, with timings
	$(BIN)/segue demo --check $(ARGS)

clean: ## remove .venv, caches and build results
	rm -rf $(VENV) $(BENCH_VENV) build dist js/browser/dist js/browser/.tmp .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -not -path '*/node_modules/*' -prune -exec rm -rf {} +

# Stamps tell what is installed, so that a second start costs nothing; a change of pyproject.toml installs again.

$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "segue needs Python 3.11 or newer; no python3 here is. Install one, or: make PYTHON=/path/to/python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot create virtual environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.with-demo: pyproject.toml | $(VENV)/.created
	@echo "Installing what the demo needs into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo]'
	@touch $@

# Dependency groups need pip 25.1, which is newer than the pip of most Pythons.
$(VENV)/.with-%: pyproject.toml | $(VENV)/.created
	@echo "Installing what $* needs into $(VENV) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[demo]' --group $*
	@touch $@

# The peers bring dozens of packages that must not come near the environment that we develop in.
$(BENCH_VENV)/.with-bench: pyproject.toml benchmarks/node/package-lock.json | $(VENV)/.created
	@echo "Installing the peers into $(BENCH_VENV) …"
	@$(BIN)/python -m venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BENCH_VENV)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[demo]' --group bench
	@npm ci --prefix benchmarks/node --no-audit --no-fund || echo "better-auth will be left out: it needs Node.js, npm and a C++ compiler"
	@touch $@
