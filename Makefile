# Millwright's commands. Each sets up its own .venv where it is missing.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
# one more than cores, since many tests wait for a server
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint format bench servers clean help

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.venv/run: pyproject.toml constraints.txt
	@echo "millwright: setting up .venv (about a minute, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[broker,sparkplug]'
	@echo "millwright: compiling the loops that judge readings (a minute, once)"
	@$(BIN)/python -m cli.score_compile
	@touch $@

.venv/dev: .venv/run
	@echo "millwright: adding what tests and checks need to .venv"
	@$(BIN)/python -m pip install -q -c constraints.txt -e '.[broker,sparkplug,dev,bench]'
	@$(BIN)/python -m cli.score_compile --all
	@touch $@

demo: .venv/run ## a simulated plant, the whole service and its page on this machine (ARGS=--until-alert)
	@echo "millwright: starting the demo (Ctrl-C ends it)"
	@$(BIN)/millwright demo $(ARGS)

test: .venv/dev ## all tests; those that need a missing real server are named at the end
	@echo "millwright: running the tests"
	@# workers fill the cores: threads of BLAS and OpenMP beside them would wait for each other
	@OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q $(ARGS)

lint: .venv/dev ## rules, format, types, import directions, dead code
	@echo "millwright: checking rules, format, types, imports and dead code"
	@$(BIN)/ruff check -q .
	@$(BIN)/ruff format -q --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports > .venv/lint-imports.log || { cat .venv/lint-imports.log; exit 1; }
	@$(BIN)/vulture

format: .venv/dev ## put the code into its format
	@echo "millwright: formatting"
	@$(BIN)/ruff check -q --fix . ; $(BIN)/ruff format -q .

bench: .venv/dev ## every benchmark with its goals (slow; DATA=../shared/data for the recorded ones)
	@echo "millwright: running the benchmarks, results under benchmarks/results/"
	@$(BIN)/python -m benchmarks --data $(or $(DATA),../shared/data) $(ARGS)

servers: ## install or build the real servers that tests use (Mosquitto, Chromium, InfluxDB 2, Sparkplug edges)
	@echo "millwright: installing Mosquitto and Chromium"
	@./tests/servers.sh
	@echo "millwright: finding or building InfluxDB 2"
	@./tests/influxd.sh
	@echo "millwright: installing two Sparkplug edge libraries"
	@./tests/edges.sh

clean: ## remove what the other commands made
	@echo "millwright: removing .venv and caches"
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage* *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
