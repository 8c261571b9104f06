# The words an analyst types. `make` alone lists them. Without make: see README, "Windows".
PLACE ?= configs/shuangta
CYCLE ?=
TOWN ?=
FILE ?=
ID ?=
MINUTES ?= 10
SIZE ?= S Mn
SEEDS ?= 1 2 3 4 5
RIVALS ?= geopandas
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m pipeline
OPTIONS := --place $(PLACE) $(if $(CYCLE),--cycle $(CYCLE))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help screen check draft decide accept explain demo test lint bench bench-merge fuzz clean

help:  ## list these words
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "  make %-11s %s\n", $$1, $$2}'

$(VENV)/ready: pyproject.toml uv.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@UV_PROJECT_ENVIRONMENT=$(VENV) $(BIN)/uv sync --frozen --quiet --inexact
	@touch $@

screen: $(VENV)/ready  ## screen a cycle (PLACE=configs/tapajos CYCLE=2022)
	@$(RUN) screen $(OPTIONS)

check: $(VENV)/ready  ## read and judge every input, screen nothing
	@$(RUN) check $(OPTIONS)

draft: $(VENV)/ready  ## write a first source or layer file from FILE=… (see README)
	@$(RUN) draft --place $(PLACE) $(FILE)

decide: $(VENV)/ready  ## take persons' decisions from FILE=… into the place's decisions.csv
	@$(RUN) decide --place $(PLACE) $(FILE)

accept: $(VENV)/ready  ## the list enters the ledger and gets its numbers (TOWN=…)
	@$(RUN) accept $(OPTIONS) $(if $(TOWN),--town $(TOWN))

explain: $(VENV)/ready  ## what each stage did to one lead or problem (ID=…)
	@$(RUN) explain $(OPTIONS) $(ID)

demo: $(VENV)/ready  ## make the invented demo district anew, byte for byte
	@$(BIN)/python data/make_shuangta_demo.py

test: $(VENV)/ready  ## run every test
	@$(BIN)/python -m pytest

lint: $(VENV)/ready  ## ruff and mypy (strict on pipeline/)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: $(VENV)/ready  ## time screening, the door, and overlap beside RIVALS="geopandas sedona" on SIZE="S Mn"
	@$(BIN)/python benchmarks/screen_time.py
	@$(BIN)/python benchmarks/door_time.py
	@$(BIN)/python benchmarks/overlap_time.py --sizes $(SIZE) --rivals $(RIVALS)

bench-merge: $(VENV)/ready  ## measure merging and matching on invented events with known truth, SEEDS="1 2 3 4 5"
	@$(BIN)/python benchmarks/merge_quality.py --seeds $(SEEDS) --time

fuzz: $(VENV)/ready  ## read spoilt files for MINUTES=10; what is not read decently is kept in found/
	@$(BIN)/python -m tests.bad_input.fuzz $(MINUTES)

clean:  ## remove the environment and caches (never outputs or ledgers)
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
