# Each target is a short name for the commands that it prints.
PYTHON ?= python3
BIN := .venv/bin
# make env INSTALL="uv pip install --python .venv" unpacks several packages at once.
INSTALL = $(BIN)/python -m pip install
AXE := 4.14.1
AXE_SHA256 := 29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c

.DELETE_ON_ERROR:
.PHONY: env backends demo study watch test test-all golden lint lock schema docs bench

env: .venv/.installed

.venv/.installed: requirements.lock
	$(PYTHON) -m venv .venv
	$(INSTALL) --quiet --require-hashes -r requirements.lock
	touch $@

# Keras's other backends, for their tests.
backends: env
	$(BIN)/python -m pip install --quiet jax==0.10.2 torch==2.13.0

# What Parquet needs, beside the environment: in it, pandas would start more slowly, for all tests.
.venv/pyarrow: | .venv/.installed
	$(BIN)/python -m pip install --quiet --no-deps --target $@ pyarrow==25.0.1

.venv/axe.min.js: | .venv/.installed
	npm pack --silent --pack-destination .venv axe-core@$(AXE) >/dev/null
	tar -xzf .venv/axe-core-$(AXE).tgz -C .venv --strip-components 1 package/axe.min.js
	echo "$(AXE_SHA256)  $@" | sha256sum --check --quiet
	rm .venv/axe-core-$(AXE).tgz

demo: env
	$(BIN)/snakemake --cores all --set-threads train_model=1 --configfile config/demo.yaml

# make study DIR=../my-study; from its environment, the shell takes DIR as it is, quotes and all.
study:
	@PYTHONPATH=workflow/scripts $(PYTHON) -m bakeoff.study.scaffold "$$DIR"

# All runs, live: make watch ARGS="--configfile config/demo.yaml", make watch DIR=../my-study
watch: env
	@$(BIN)/python workflow/scripts/watch.py $(if $(DIR),--directory "$$DIR") $(ARGS)

# The check of the report's accessibility comes from npm's registry; without npm it is skipped.
test test-all: env .venv/pyarrow $(if $(shell command -v npm),.venv/axe.min.js)
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder \
	  $(if $(filter test,$@),-m "not thorough")

# PyTorch is one of those that are compared.
bench: backends
	$(BIN)/snakemake results/data/mnist/data.json --cores 2
	$(BIN)/python benchmarks/run.py

lint: env
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/snakefmt --check Snakefile workflow template
	$(BIN)/snakemake --lint

# The conclusions of a made-up study, which a test compares.
golden: env
	$(BIN)/python tests/golden_study.py

# What analysis.json holds, for other tools: made of bakeoff/numbers.py.
schema: env
	cd workflow/scripts && ../../$(BIN)/python -c "import json; from bakeoff.results import \
	  analysis_schema; print(json.dumps(analysis_schema(), indent=1))" \
	  > ../schemas/analysis.schema.json

# The documentation as a site: site/index.html.
docs: env
	$(BIN)/mkdocs build --strict

# Pins every dependency, for Linux, macOS and Python 3.11 to 3.13, without index addresses.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	  --generate-hashes --no-emit-index-url --extra dev --custom-compile-command "make lock" \
	  pyproject.toml --output-file requirements.lock
