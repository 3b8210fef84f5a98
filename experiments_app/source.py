"""MLflow's own registered models as a source of the registry. Our variants are rows already and are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, ClassVar

from experiments_app import mlflow_store, tracking
from experiments_app.ensembles import program
from experiments_app.evaluation.results import mlflow_runs
from experiments_app.mlflow_integration import MLflowManager, pages, translated
from experiments_app.models import Variant
from experiments_app.records import MODEL_TAG
from unified_app.model_objects import PlacementObject, RejectedRow, UnifiedModelObject
from unified_app.models import SyncRun
from unified_app.models.catalog import Category
from unified_app.naming import name_key
from unified_app.programs import Program
from unified_app.sources import Place, Source

SOURCE = PLACE = "mlflow"
NOT_CALLABLE = "MLflow keeps this model, and nothing serves it. Serve it, and add what serves it as an endpoint."


class ExperimentSource(Source):
    """The one store. Its models are listed and never loaded, so that no pickle of theirs is ever opened."""

    name: ClassVar[str] = SOURCE
    label: ClassVar[str] = "MLflow"

    def __init__(self, place: str) -> None:
        super().__init__(place)
        variants = Variant.objects.filter(model__isnull=False).order_by()
        self._variants = set(variants.values_list("model__name_key", flat=True))

    @classmethod
    def places(cls) -> list[Place]:
        """Return the store, once there is one; how its last sync ended tells whether it is up."""
        if not mlflow_store.is_there():
            return []
        runs = SyncRun.objects.filter(source=SOURCE, place=PLACE).exclude(state=SyncRun.State.RUNNING)
        return [_place(runs.first())]

    @classmethod
    def place_names(cls) -> set[str]:
        return {PLACE} if mlflow_store.is_there() else set()

    def fetch(self) -> Iterator[UnifiedModelObject | RejectedRow]:
        """Yield a row for each version, and one under the bare name that is the newest."""
        client = MLflowManager().client()
        with translated():
            for model in pages(client.search_registered_models):
                if MODEL_TAG in model.tags:
                    continue
                if {"'", '"'} <= set(model.name):
                    yield RejectedRow(model.name, "MLflow cannot be asked for a name with both kinds of quotes")
                    continue
                search = partial(client.search_model_versions, _named(model.name), order_by=["version_number DESC"])
                versions = list(pages(search))
                if versions:
                    yield from self._rows(model, versions)

    def record_success(self) -> None:
        tracking.catch_up()
        mlflow_runs.catch_up()

    @classmethod
    def why_unroutable(cls, place: str) -> str:
        return NOT_CALLABLE

    @classmethod
    def program(cls, recipe: Mapping[str, Any]) -> Program | None:
        return program.build(recipe)

    @classmethod
    def why_unmade(cls, model_ids: Sequence[str]) -> dict[str, str]:
        failed = Variant.objects.order_by().filter(model__in=model_ids, status=Variant.Status.FAILED)
        told = failed.values_list("model_id", "host", "error")
        return {str(model): f"It could not be made on host {host}: {error}" for model, host, error in told}

    def _rows(self, model: Any, versions: list[Any]) -> Iterator[UnifiedModelObject | RejectedRow]:
        rows = [_unified(model.name, model, versions[0])]
        rows += [_unified(f"{model.name}/{version.version}", model, version) for version in versions]
        for row in rows:
            if name_key(row.name) in self._variants:
                # Kept: the variant is there, and this one never was.
                yield RejectedRow(row.name, "a variant has this name", kept=True)
            else:
                yield row


def _place(last: SyncRun | None) -> Place:
    state, failed = "unknown", False
    if last is not None:
        failed = last.state == SyncRun.State.FAILED
        state = "down" if failed else "up"
    return Place(
        name=PLACE,
        url=mlflow_store.shown(),
        state=state,
        last_seen=last.finished_at if last and not failed else None,
        down_since=last.finished_at if last and failed else None,
        error=str(last.failed[0].get("message", "")) if last and failed and last.failed else "",
    )


def _named(name: str) -> str:
    # The filter's grammar has no escape.
    quote = '"' if "'" in name else "'"
    return f"name = {quote}{name}{quote}"


def _unified(name: str, model: Any, version: Any) -> UnifiedModelObject:
    category = version.tags.get("registry.category") or model.tags.get("registry.category") or ""
    return UnifiedModelObject(
        name=name,
        version=str(version.version),
        source=SOURCE,
        category=category if category in Category.values else "",
        description=version.description or model.description or "",
        parameters=_facts(version),
        placements=[_placement(model, version)],
    )


def _facts(version: Any) -> dict[str, Any]:
    told = {"mlflow_run_id": version.run_id, "mlflow_model_id": version.model_id, "mlflow_aliases": version.aliases}
    return {name: value for name, value in told.items() if value}


def _placement(model: Any, version: Any) -> PlacementObject:
    changed = version.last_updated_timestamp or version.creation_timestamp
    return PlacementObject(
        place=PLACE,
        upstream_name=f"{model.name}/{version.version}",
        base_url=mlflow_store.shown(),
        protocol="openai",
        digest=version.model_id or version.run_id or "",
        version=str(version.version),
        modified_at=datetime.fromtimestamp(changed / 1000, tz=UTC) if changed else None,
    )
