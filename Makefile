# Each target is a short name for the commands that it prints.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: env demo test lint lock

env: .venv/.installed

.venv/.installed: requirements.lock
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	touch $@

demo: env
	$(BIN)/snakemake --cores all --set-threads train_model=1 --configfile config/demo.yaml
	@cat results/demo/summary.txt
	@echo "The report: results/demo/report.html. The findings: results/demo/conclusions.md."

test: env
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: env
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

# Pins every dependency, for all platforms and Python 3.11 to 3.13, without index addresses.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-emit-index-url --extra dev --custom-compile-command "make lock" \
	  pyproject.toml --output-file requirements.lock
