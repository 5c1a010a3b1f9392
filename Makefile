# The same commands on a laptop and in CI. Only Python 3.11+ and make are needed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The vendor's client, which the simulator and our client are measured against.
VENDOR := .vendor
VENDOR_STAMP := $(VENDOR)/.installed

# For two cores: a third process works while tests wait for processes and servers of theirs.
PARALLEL := -n 3 --dist worksteal

# How many seeds `make soak` runs.
SEEDS ?= 10000

.PHONY: demo test test-all soak replay lint vendor clean

# Reinstalled only when what is to be installed has changed: a second run starts at once.
$(STAMP): setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $(STAMP)

# It runs on Python 3.9 to 3.11 only: VENDOR_PYTHON, else python3.11, else PYTHON when it is one.
$(VENDOR_STAMP): tests/vendor/requirements.txt
	@for python in $(or $(VENDOR_PYTHON),python3.11 $(PYTHON)); do \
		$$python -c 'import sys; sys.exit(not (3, 9) <= sys.version_info[:2] <= (3, 11))' \
			2>/dev/null && exec $$python -m venv --clear $(VENDOR); \
	done; \
	echo "The vendor's client needs Python 3.9 to 3.11; name one: make VENDOR_PYTHON=python3.10 $(MAKECMDGOALS)" >&2; exit 1
	$(VENDOR)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

vendor: $(VENDOR_STAMP)

demo: $(STAMP)
	@$(BIN)/renderbus demo $(ARGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest $(PARALLEL) -m 'not heavy' $(ARGS)

test-all: $(STAMP) $(VENDOR_STAMP)
	$(BIN)/pytest $(PARALLEL) -m heavy $(ARGS)

# The burst engine under faults from many seeds; minimal cases of failures go to build/simulation.
soak: $(STAMP)
	PYTHONPATH=tests/simulation $(BIN)/python -m burstsim soak --seeds $(SEEDS) $(ARGS)

# One case again, with its trace: make replay SEED=17, or FILE=build/simulation/seed-17.json
replay: $(STAMP)
	PYTHONPATH=tests/simulation $(BIN)/python -m burstsim replay \
		$(if $(FILE),--file $(FILE),--seed $(SEED)) $(ARGS)

clean:
	rm -rf $(VENV) $(VENDOR) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
