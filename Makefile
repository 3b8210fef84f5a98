# `make run` needs Python >= 3.11 and make, nothing else. Several checkouts may share one environment: VENV=/path.
VENV ?= .venv
PYTHON = $(VENV)/bin/python
# A data folder of its own for commands that only look: nothing of theirs ends up in yours.
IN_SCRATCH = home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && export REGISTRY_HOME="$$home" &&

.PHONY: help run mlflow test test-postgres check bench lock

help:
	@echo "make run    start everything: site, worker, beat; Ctrl-C stops it"
	@echo "make mlflow show the variants in MLflow's own pages, on 127.0.0.1:5000 (MLFLOW_UI_PORT); Ctrl-C stops it"
	@echo "make test   run all tests (ARGS='-k name' passes arguments to pytest)"
	@echo "make test-postgres  the apps' tests on PostgreSQL"
	@echo "make check  formatting, lint, types, import rules, migrations, API schema"
	@echo "make bench  run the benchmarks (ARGS=--quick for short ones)"
	@echo "make lock   pin requirements*.txt again, with hashes (ARGS=--upgrade for newer versions; needs uv)"

# exec: signals reach the supervisor and not a shell in between.
run:
	@.ci/environment $(VENV) requirements.lock
	@exec $(PYTHON) manage.py run

# MLflow's pages on the store of this set-up.
mlflow:
	@.ci/environment $(VENV) requirements.lock
	@exec $(PYTHON) manage.py mlflowui

# By file, so that what a file starts for all its tests is started once; three, as many wait for processes on two cores.
test:
	@.ci/environment $(VENV) requirements-dev.lock
	$(PYTHON) -m pytest -n 3 --dist loadfile $(ARGS)

# What asks most of a database, once more on a PostgreSQL that the tests start.
GATEWAY = tests/unified_app/gateway
EVALUATION = tests/experiments_app/evaluation
ON_POSTGRES = --ignore=$(GATEWAY) tests/unified_app tests/ollama_app tests/experiments_app/test_models_api.py \
	$(addprefix tests/unified_app/gateway/test_,app.py limits_shared.py snapshot.py) \
	$(wildcard $(EVALUATION)/test_gates_*.py $(EVALUATION)/test_*_api.py $(EVALUATION)/test_runner_[cr]*.py) \
	$(EVALUATION)/test_evaluation_end.py
test-postgres:
	@.ci/environment $(VENV) requirements-dev.lock
	$(PYTHON) -m tests.on_postgres -n 3 --dist loadfile $(ON_POSTGRES) $(ARGS)

check:
	@.ci/environment $(VENV) requirements-dev.lock
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy .
	$(VENV)/bin/lint-imports
	$(IN_SCRATCH) $(PYTHON) manage.py makemigrations --check --dry-run
	$(IN_SCRATCH) $(PYTHON) manage.py check
	$(IN_SCRATCH) HTTPS=1 $(PYTHON) manage.py check --deploy --fail-level WARNING
	$(IN_SCRATCH) $(PYTHON) manage.py spectacular --validate --fail-on-warn --file /dev/null

bench:
	@.ci/environment $(VENV) requirements-dev.lock
	@for file in benchmarks/*.py; do \
		[ -e "$$file" ] || continue; \
		echo "== $$file"; $(PYTHON) "$$file" $(ARGS) || exit 1; \
	done

LOCK = $(shell command -v uv || echo $(VENV)/bin/uv) pip compile --quiet --universal --generate-hashes \
	--python-version 3.11 --no-header --no-emit-index-url --no-emit-find-links $(ARGS)

# The second is bound to the first, so that tests run on what the product runs on.
lock:
	$(LOCK) requirements.txt -o requirements.lock
	$(LOCK) --constraints requirements.lock requirements-dev.txt -o requirements-dev.lock
