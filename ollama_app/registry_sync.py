"""One host's models into the registry, through the specification's interface."""

from __future__ import annotations

from typing import Any

from ollama_app.addresses import default_name
from ollama_app.category_loader import OllamaModel, check_category
from ollama_app.model_loader import OllamaModelLoader, to_unified
from ollama_app.models import Host
from ollama_app.source import OllamaSource
from unified_app import syncing
from unified_app.errors import NotFound
from unified_app.model_objects import RejectedRow, SyncResult
from unified_app.planning import SyncPlan


class OllamaRegistrySync:
    """Syncs the host that the loader reads. The host must be one of the registry's."""

    def __init__(self, model_loader: OllamaModelLoader, unified_registry: Any) -> None:
        self.loader = model_loader
        self.registry = unified_registry

    def sync_models(self) -> SyncResult:
        """Bring the registry in line with the whole host; what has vanished there is retired."""
        return syncing.sync_places([OllamaSource(self._host().name)], by="sync")

    def sync_category(self, category: str) -> SyncResult:
        """Update the models of one category; nothing retires, since the other categories were not looked at."""
        check_category(category)
        return self._apply(lambda model: category in model.categories)

    def update_model(self, model_name: str) -> bool:
        """Bring one model's row up to date; return whether it changed. Raises NotFound when the host lacks it."""
        wanted = self.loader.load_model(model_name).tag.name
        result = self._apply(lambda model: model.tag.name == wanted)
        return bool(result.created or result.updated)

    def _apply(self, wanted: Any) -> SyncResult:
        host = self._host()
        reading = syncing.Reading()
        for row in self.loader.load_all():
            if isinstance(row, OllamaModel) and wanted(row):
                credential = f"ollama.host:{host.pk}" if host.has_token else ""
                unified = to_unified(row, place=host.name, base_url=host.url, credential=credential)
                reading.models.append(unified)
            elif isinstance(row, RejectedRow):
                reading.rejected.append(row)
        plan = syncing.apply(OllamaSource.name, host.name, reading, complete=False)
        return _result(plan, reading, host.name)

    def _host(self) -> Host:
        url = self.loader.category_loader.base_url
        host = Host.objects.enabled().filter(url=url).first()
        if host is None:
            raise NotFound(f"No enabled host has the URL {url}. Add it first, as {default_name(url)!r} for one.")
        return host


def _result(plan: SyncPlan, reading: syncing.Reading, place: str) -> SyncResult:
    failed = [
        {"source": OllamaSource.name, "host": place, "code": row.code, "message": f"{row.row}: {row.message}"}
        for row in (*reading.rejected, *plan.rejected)
    ]
    return SyncResult(
        result="partial" if failed else "success",
        synced_models=len(plan.seen),
        categories=syncing.count_categories(plan.seen),
        created=len(plan.create),
        updated=len(plan.update),
        unchanged=len(plan.unchanged),
        failed=failed,
    )
