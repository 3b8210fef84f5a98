"""One host's models into the registry, through the specification's interface."""

from __future__ import annotations

from collections.abc import Callable

from ollama_app.addresses import default_name
from ollama_app.category_loader import check_category
from ollama_app.model_loader import OllamaModelLoader
from ollama_app.models import Host
from ollama_app.source import OllamaSource
from unified_app import syncing
from unified_app.addresses import normalise_url
from unified_app.categories import all_categories
from unified_app.errors import NotFound
from unified_app.model_objects import SyncResult, UnifiedModelObject
from unified_app.naming import name_key
from unified_app.planning import SyncPlan
from unified_app.registry_manager import UnifiedRegistryManager


class OllamaRegistrySync:
    """Syncs the host that the loader reads. The host must be one of the registry's."""

    def __init__(self, model_loader: OllamaModelLoader, unified_registry: UnifiedRegistryManager) -> None:
        self.loader = model_loader
        self.registry = unified_registry

    def sync_models(self) -> SyncResult:
        """Bring the registry in line with the whole host; what has vanished there is retired."""
        return syncing.sync_places([self._source()], by=self.registry.by)

    def sync_category(self, category: str) -> SyncResult:
        """Update the models of one category; nothing retires, since the other categories were not looked at."""
        check_category(category)
        return self._update(lambda model: category in _categories(model))

    def update_model(self, model_name: str) -> bool:
        """Bring one model's row up to date; return whether it changed. Raises NotFound when the host lacks it."""
        key = name_key(model_name)
        result = self._update(lambda model: name_key(model.name) == key)
        if not result.synced_models:
            raise NotFound(f"The host at {self.loader.category_loader.base_url} has no model {model_name!r}.")
        return bool(result.created or result.updated)

    def _update(self, wanted: Callable[[UnifiedModelObject], bool]) -> SyncResult:
        source = self._source()
        reading = syncing.read(source)
        if reading.error is not None:
            raise reading.error
        reading.models = [model for model in reading.models if wanted(model)]
        plan = syncing.apply(
            source.name, source.place, reading, complete=False, before_commit=lambda _: source.record_reading()
        )
        return _result(plan, reading, source.place)

    def _source(self) -> OllamaSource:
        """Return the host as a source that reads through the given loader, and knows what was shown before."""
        url = normalise_url(self.loader.category_loader.base_url)
        host = Host.objects.enabled().filter(url=url).first()
        if host is None:
            raise NotFound(f"No enabled host has the URL {url}. Add it first, as {default_name(url)!r} for one.")
        return OllamaSource(host.name, loader=self.loader.category_loader)


def _result(plan: SyncPlan, reading: syncing.Reading, place: str) -> SyncResult:
    failed = syncing.row_failures(OllamaSource.name, place, (*reading.rejected, *plan.rejected))
    return SyncResult(
        result="partial" if failed else "success",
        synced_models=len(plan.seen),
        categories=syncing.count_categories(plan.seen),
        created=len(plan.create),
        updated=len(plan.update),
        unchanged=len(plan.unchanged),
        failed=failed,
    )


def _categories(model: UnifiedModelObject) -> list[str]:
    return all_categories(model.capabilities, is_cloud=model.is_cloud, primary=model.category)
