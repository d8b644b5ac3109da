# What one does here. `make help` lists it.

PYTHON ?= python3
BIN := .venv/bin
SERVICES := analytics escalation intake notifier router
MANIFESTS := pyproject.toml shared/pyproject.toml $(SERVICES:%=services/%/pyproject.toml)

.PHONY: help setup run test lint types chaos bench contracts up down pins

help:  ## This list
	@sed -n 's/^\([a-z]*\):.*##/\1\t/p' Makefile

setup: .venv/ready  ## Install everything into .venv, from pins with hashes (the other targets do it when needed)

run: setup  ## Kafka, MongoDB, the five services and the retail scenario; Ctrl-C ends all
	$(BIN)/caseway run

test: setup  ## Every test but the long ones, in two processes, each with a Kafka and a MongoDB of its own
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

lint: setup  ## Rules of style, formatting, and which package may import which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports

types: setup  ## Strict type check
	$(BIN)/mypy

chaos: setup  ## Kill and stop real processes, the long form
	$(BIN)/pytest -m chaos --timeout 1800

bench: setup  ## Measure the speed of each stage against a plain loop on this machine
	$(BIN)/python -m tests.load

contracts: setup  ## Check that the wire only grew, and that schemas and AsyncAPI are fresh
	$(BIN)/caseway contracts check

up: setup  ## Start a Kafka and a MongoDB that stay, and print their URLs
	@$(BIN)/caseway local up

down: setup  ## End them
	@$(BIN)/caseway local down

pins: setup  ## Choose the newest allowed versions and write requirements/*.txt
	@$(BIN)/python requirements/pin.py $(SERVICES)

.venv/ready: requirements/uv.txt requirements/dev.txt $(MANIFESTS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Caseway needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --require-hashes -r requirements/dev.txt
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --no-deps --no-build-isolation -e shared $(SERVICES:%=-e services/%)
	@touch $@
