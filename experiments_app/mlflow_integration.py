"""MLflow: the only module that imports it, and only inside functions, for it costs seconds and a hundred megabytes.

Clients with explicit run ids only: MLflow's fluent functions keep a run for each thread, and a stray one would
take what another job logs.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings

from experiments_app import mlflow_store, records
from experiments_app.deadlines import Check
from experiments_app.evaluation.results.mlflow_record import RESULTS, EvaluationRecord
from experiments_app.model_factory import as_variant
from experiments_app.models import Variant
from experiments_app.objects import ModelVariant
from experiments_app.records import MADE_TAG, MODEL_TAG, Record
from unified_app.errors import RegistryError, UpstreamError, UpstreamInvalid, UpstreamTimeout, UpstreamUnreachable
from unified_app.jobs import Final
from unified_app.naming import slug

# One try of a few seconds: the job waits instead, and its thread is for others.
ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}
PARAMS_AT_ONCE = 100
METRICS_AT_ONCE = 800
VERSIONS_TAG = "mlflow.modelVersions"
# MLflow's codes for what no later attempt can mend.
_FINAL_CODES = frozenset({"INVALID_PARAMETER_VALUE", "BAD_REQUEST", "MALFORMED_REQUEST", "INVALID_STATE"})
_EXISTS = "RESOURCE_ALREADY_EXISTS"
_loading = threading.Lock()
_ready: set[str] = set()


@dataclass(frozen=True)
class Logged:
    """What MLflow calls a variant."""

    experiment_id: str
    run_id: str
    model_id: str
    registered_name: str
    version: str


class MLflowManager:
    """One store: a tracking server, a database, or by default an SQLite file in REGISTRY_HOME."""

    def __init__(self, tracking_uri: str | None = None) -> None:
        self.tracking_uri = tracking_uri or mlflow_store.tracking_uri()

    def client(self) -> Any:
        """Return a client of the store, whose tables are made if they are missing. Raises an error of our tree."""
        with _loading, translated():
            os.environ.update(ENVIRONMENT)
            # Else runs of the default experiment are kept wherever this process was started.
            os.environ.setdefault("_MLFLOW_SERVER_ARTIFACT_ROOT", str(mlflow_store.artifact_root()))
            from mlflow import MlflowClient

            client = MlflowClient(tracking_uri=self.tracking_uri, registry_uri=self.tracking_uri)
            if self.tracking_uri not in _ready and not mlflow_store.is_server(self.tracking_uri):
                _make_tables(client)
            _ready.add(self.tracking_uri)
        return client

    def artifact_location(self, experiment: str) -> str | None:
        """Return where an experiment's files go; None where the server decides."""
        if mlflow_store.is_server(self.tracking_uri):
            return None
        mark = hashlib.sha256(experiment.encode()).hexdigest()[:8]
        return str(mlflow_store.artifact_root() / f"{slug(experiment)[:80]}_{mark}")


class ExperimentalMLflowIntegration:
    """Variants in MLflow: an experiment for each base, a run, a logged model and a registered version for each variant.

    Every step looks for what is there before it makes anything, by our tag, so that it may be cut off anywhere.
    """

    def __init__(self, mlflow_manager: MLflowManager) -> None:
        self.mlflow_manager = mlflow_manager

    def create_experiment(self, model_name: str, experiment_config: Mapping[str, Any] | None = None) -> str:
        """Return the id of the experiment of this base, made if it is missing; a deleted one is brought back."""
        name = model_name[:500]
        client = self.mlflow_manager.client()
        with translated():
            found = client.get_experiment_by_name(name)
            if found is None:
                tags = {f"registry.{key}": str(value)[:5_000] for key, value in (experiment_config or {}).items()}
                location = self.mlflow_manager.artifact_location(name)
                _unless_there(partial(client.create_experiment, name, artifact_location=location, tags=tags))
                found = client.get_experiment_by_name(name)
            if found.lifecycle_stage == "deleted":
                client.restore_experiment(found.experiment_id)
            return str(found.experiment_id)

    def log_model_variant(
        self, experiment_id: str, variant: ModelVariant, metrics: Mapping[str, float] | None = None
    ) -> str:
        """Log a variant and return the id of its run: the same one however often it is logged."""
        with translated():
            base = self.mlflow_manager.client().get_experiment(experiment_id).name
        files = {
            records.RECIPE: records.recipe_file(variant.recipe),
            records.MODELFILE: records.modelfile(variant.recipe, base),
        }
        return self.log(experiment_id, Record(variant, base, files=files), metrics).run_id

    def log(
        self,
        experiment_id: str,
        record: Record,
        metrics: Mapping[str, float] | None = None,
        *,
        check: Check = lambda: None,
    ) -> Logged:
        """Log everything that is known of a variant; `check` is called before each step and may raise."""
        client = self.mlflow_manager.client()
        with translated():
            check()
            run = _run(client, experiment_id, record)
            run_id = str(run.info.run_id)
            try:
                return _fill(client, run, record, metrics or {}, check)
            except Exception as error:
                # What nobody will finish must not look as if it still ran.
                if getattr(error, "error_code", "") in _FINAL_CODES:
                    client.set_terminated(run_id, "FAILED")
                raise

    def log_evaluation(self, experiment_id: str, record: EvaluationRecord, *, check: Check = lambda: None) -> str:
        """Log what an evaluation found of one model and return the id of its run: the same however often."""
        client = self.mlflow_manager.client()
        with translated():
            check()
            found = client.search_runs([experiment_id], record.found_by, max_results=1)
            run = found[0] if found else _evaluation_run(client, experiment_id, record)
            run_id = str(run.info.run_id)
            check()
            _log_batch(client, run, record.params, record.all_tags, record.metrics, record.logged_model)
            check()
            client.log_text(run_id, record.table, RESULTS)
            if run.info.status != "FINISHED":
                client.set_terminated(run_id, "FINISHED", record.ended)
            return run_id

    def get_experiment_models(self, experiment_id: str) -> list[ModelVariant]:
        """Return the registry's variants that have a run in this experiment, the newest first."""
        client = self.mlflow_manager.client()
        with translated():
            search = partial(client.search_runs, [experiment_id], order_by=["attributes.start_time DESC"])
            runs = [str(run.info.run_id) for run in pages(search) if MODEL_TAG in run.data.tags]
        rows = {row.mlflow_run_id: row for row in Variant.objects.listed().filter(mlflow_run_id__in=runs)}
        return [as_variant(rows[run_id]) for run_id in runs if run_id in rows]


def pages(search: Callable[..., Any]) -> Iterator[Any]:
    """Yield what all pages of a search hold."""
    token = None
    while True:
        page = search(page_token=token)
        yield from page
        token = page.token
        if not token:
            return


@contextmanager
def translated() -> Iterator[None]:
    """Raise MLflow's errors as ours. Their text may hold the store's address with its password: it is not told."""
    try:
        yield
    except (RegistryError, AssertionError):
        raise
    except Exception as error:
        module = type(error).__module__.partition(".")[0]
        if module not in ("mlflow", "sqlalchemy", "requests", "urllib3", "alembic", "sqlite3") and not isinstance(
            error, OSError
        ):
            raise
        raise _ours(error) from error


def _ours(error: Exception) -> RegistryError:
    chain = [type(one).__name__ for one in _causes(error)]
    code = str(getattr(error, "error_code", ""))
    if code in _FINAL_CODES:
        return Final(UpstreamInvalid(f"MLflow does not take this ({code})."))
    if any("Timeout" in name for name in chain):
        return UpstreamTimeout("MLflow did not answer in time.")
    if any(name in ("ConnectionError", "OperationalError", "ConnectionRefusedError") for name in chain):
        return UpstreamUnreachable("MLflow's store cannot be reached.")
    return UpstreamError(f"MLflow answered with an error ({code or type(error).__name__}).")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _make_tables(client: Any) -> None:
    """Let one process at a time make the tables of a new store: two at once break each other's work."""
    with (Path(settings.REGISTRY_HOME) / "mlflow.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        client.search_experiments(max_results=1)


def _unless_there(make: Callable[[], Any]) -> bool:
    """Make something; return False when somebody else had made it."""
    from mlflow.exceptions import MlflowException

    try:
        make()
    except MlflowException as error:
        if error.error_code != _EXISTS:
            raise
        return False
    return True


def _ours_in(variant: ModelVariant) -> str:
    """Return the filter that finds the variant, and not the one with its id of another registry."""
    made = f" AND tags.`{MADE_TAG}` = '{variant.made}'" if variant.made else ""
    return f"tags.`{MODEL_TAG}` = '{variant.id}'{made}"


def _run(client: Any, experiment_id: str, record: Record) -> Any:
    """Return the variant's run; what a worker left that was killed in the middle is found by our tag."""
    order = ["attributes.start_time ASC"]
    found = client.search_runs([experiment_id], _ours_in(record.variant), max_results=1, order_by=order)
    return found[0] if found else client.create_run(experiment_id, tags=record.tags, run_name=record.variant.name)


def _fill(client: Any, run: Any, record: Record, metrics: Mapping[str, float], check: Check) -> Logged:
    run_id, experiment_id = str(run.info.run_id), str(run.info.experiment_id)
    check()
    _log_batch(client, run, record.params, record.tags, metrics)
    for name, text in record.files.items():
        check()
        client.log_text(run_id, text, name)
    check()
    model = _logged_model(client, experiment_id, run_id, record)
    check()
    name = _registered_model(client, record, run_id)
    version = _version(client, name, run_id, model, record)
    _link(client, model, name, version)
    check()
    _set_aliases(client, name, version, record)
    if run.info.status != "FINISHED":
        client.set_terminated(run_id, "FINISHED")
    return Logged(experiment_id, run_id, str(model.model_id), name, version)


def _evaluation_run(client: Any, experiment_id: str, record: EvaluationRecord) -> Any:
    """Make the run, with the variant's logged model as what it is about, where there is one."""
    from mlflow.entities import LoggedModelInput

    run = client.create_run(experiment_id, record.started, tags=record.all_tags, run_name=record.name)
    if record.logged_model:
        client.log_inputs(run.info.run_id, models=[LoggedModelInput(record.logged_model)])
    return run


def _log_batch(
    client: Any,
    run: Any,
    all_params: Mapping[str, str],
    all_tags: Mapping[str, str],
    metrics: Mapping[str, float],
    model_id: str | None = None,
) -> None:
    from mlflow.entities import Metric, Param, RunTag

    run_id, now = run.info.run_id, int(time.time() * 1_000)
    # A parameter can be told once: those that a first attempt has told stay.
    new = [Param(key, value) for key, value in all_params.items() if key not in run.data.params]
    tags = [RunTag(key, value) for key, value in all_tags.items() if run.data.tags.get(key) != value]
    measured = [Metric(key, float(value), now, 0, model_id) for key, value in metrics.items()]
    client.log_batch(run_id, metrics=measured[:METRICS_AT_ONCE], params=new[:PARAMS_AT_ONCE], tags=tags)
    for at in range(METRICS_AT_ONCE, len(measured), METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=measured[at : at + METRICS_AT_ONCE])
    for at in range(PARAMS_AT_ONCE, len(new), PARAMS_AT_ONCE):
        client.log_batch(run_id, params=new[at : at + PARAMS_AT_ONCE])


def _logged_model(client: Any, experiment_id: str, run_id: str, record: Record) -> Any:
    found = client.search_logged_models([experiment_id], _ours_in(record.variant), max_results=1)
    model = next(iter(found), None) or client.create_logged_model(
        experiment_id,
        name=records.logged_name(record.variant.name),
        source_run_id=run_id,
        tags=record.tags,
        params=record.params,
        model_type=record.variant.experiment_type,
    )
    if model.status != "READY":
        client.finalize_logged_model(model.model_id, "READY")
    return model


def _registered_model(client: Any, record: Record, run_id: str) -> str:
    """Return the registered model of the variant; one whose name is taken gets its id or its run behind the name."""
    found = client.search_registered_models(_ours_in(record.variant), max_results=1)
    if found:
        return str(found[0].name)
    name = records.registered_name(record.variant.name)
    for wanted in (name, f"{name}_{record.variant.id}", f"{name}_{run_id}"):
        make = partial(client.create_registered_model, wanted, tags=record.tags, description=record.description)
        if _unless_there(make):
            return wanted
    raise UpstreamError(f"Others have registered models in MLflow under all names of {name!r}.")


def _version(client: Any, name: str, run_id: str, model: Any, record: Record) -> str:
    """Return the variant's version, made if it is missing; its tags are brought up to date."""
    versions = [one for one in client.search_model_versions(f"run_id = '{run_id}'") if one.name == name]
    if not versions:
        made = client.create_model_version(
            name, model.artifact_location, run_id, record.tags, model_id=model.model_id, await_creation_for=0
        )
        return str(made.version)
    for key, value in record.tags.items():
        if versions[0].tags.get(key) != value:
            client.set_model_version_tag(name, str(versions[0].version), key, value)
    return str(versions[0].version)


def _link(client: Any, model: Any, name: str, version: str) -> None:
    """Let MLflow's pages lead from the logged model to its version; a client that makes one must say so itself."""
    told = json.dumps([{"name": name, "version": int(version)}])
    if model.tags.get(VERSIONS_TAG) != told:
        client.set_logged_model_tags(model.model_id, {VERSIONS_TAG: told})


def _set_aliases(client: Any, name: str, version: str, record: Record) -> None:
    """Set the variant's aliases and take away those that we had set; what people set in MLflow stays."""
    wanted = {records.alias_name(alias) for alias in record.aliases}
    told = {records.alias_name(alias) for alias in record.told}
    there = {alias: str(at) for alias, at in client.get_registered_model(name).aliases.items()}
    for alias in sorted(wanted):
        if there.get(alias) != version:
            client.set_registered_model_alias(name, alias, version)
    for alias in sorted((told - wanted) & there.keys()):
        client.delete_registered_model_alias(name, alias)
