"""The page of one model: what it is, how to call it, where it runs, what was behind its name before."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from registry_project.pages import calls, gateway_calls, remote
from registry_project.pages.access import needs
from registry_project.pages.errors import Missing
from unified_app.categories import CAPABILITIES
from unified_app.errors import NotFound
from unified_app.lookup import find_model
from unified_app.models import Alias, HistoryEntry, Placement, UnifiedModel
from unified_app.sources import source_classes

HISTORY_SHOWN = 50
VERSIONS_SHOWN = 50
# Key of `parameters` -> how it is called, in the order of the page. Counts get thin spaces.
FACTS = {
    "publisher": "Publisher",
    "title": "Full name",
    "display_name": "Full name",
    "owned_by": "Owner there",
    "provider": "Provider",
    "parameter_size": "Parameters",
    "quantization": "Quantisation",
    "family": "Family",
    "format": "Format",
    "embedding_dimension": "Embedding dimension",
    "license": "Licence",
    "parent_model": "Made from",
    "remote_host": "Runs at",
    "remote_model": "There called",
    "hugging_face_id": "On Hugging Face",
    "root": "Base",
    "adapter": "Adapter",
    "lifecycle_status": "Life cycle",
    "inference_until": "Can be called until",
    "loaded": "Loaded there",
    "loaded_context_length": "Context as loaded",
}
TEXTS = {"system": "System prompt", "template": "Template", "license": "Licence text"}


@needs("read")
def model_page(request: HttpRequest, called: str) -> HttpResponse:
    model = _find(called)
    if model.pk != called:
        return redirect("model", called=model.pk)
    placements = list(model.placements.order_by("place"))
    present = [p for p in placements if p.state != Placement.State.GONE]
    is_remote = remote.is_remote(model, present)
    context = {
        "model": model,
        "present": present,
        "gone": [p for p in placements if p.state == Placement.State.GONE],
        "digests": sorted({p.digest for p in present if p.digest}),
        "pinned": next((p for p in present if p.pinned), None),
        "capabilities": [(name, CAPABILITIES.get(name, ("", ""))[1]) for name in model.capabilities],
        "categories": sorted({row.category for row in model.category_rows.all()} - {model.category}),
        "is_remote": is_remote,
        "why_not": remote.why_not(request, present) if is_remote and not model.is_retired else "",
        "gateway_calls": _gateway_calls(request, model, is_remote),
        "calls": _calls(request, model, present),
        "facts": [*remote.facts(model), *_facts(model.parameters)],
        "defaults": model.parameters.get("default_parameters") or {},
        "guessed": model.parameters.get("capabilities_guessed", False),
        "texts": _texts(model, present),
        "versions": list(model.versions.all()[:VERSIONS_SHOWN]),
        "history": list(HistoryEntry.objects.filter(kind="model", object_id=model.pk)[:HISTORY_SHOWN]),
    }
    return render(request, "site/model.html", context)


def _find(called: str) -> UnifiedModel:
    if "\0" in called:  # PostgreSQL refuses to compare it
        raise Missing("No model's name has such a character.")
    try:
        return find_model(called)
    except NotFound as error:
        raise Missing(error.message) from None


def _facts(told: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(label, told[key]) for key, label in FACTS.items() if told.get(key) not in (None, "", [], {})]


def _gateway_calls(request: HttpRequest, model: UnifiedModel, is_remote: bool) -> list[calls.Call]:
    if model.is_retired:
        return []
    base = request.build_absolute_uri("/").rstrip("/")
    return gateway_calls.for_model(base, _called(model), model.capabilities, is_remote=is_remote)


def _called(model: UnifiedModel) -> str:
    """Return the name, or the id where something else answers to that name too."""
    others = UnifiedModel.objects.filter(Q(name_key=model.name_key) | Q(pk=model.name)).exclude(pk=model.pk)
    is_shared = others.exists() or Alias.objects.filter(name__iexact=model.name).exists()
    return model.pk if is_shared else model.name


def _calls(request: HttpRequest, model: UnifiedModel, present: list[Placement]) -> list[calls.Call]:
    """The registry first; then the host that can answer now, if there is one."""
    base = request.build_absolute_uri("/").rstrip("/")
    found = [calls.one_model(base, model.pk, needs_key=not settings.PUBLIC_READ)]
    answering = [p for p in present if p.state == Placement.State.AVAILABLE]
    if answering and not model.is_retired:
        chosen = next((p for p in answering if p.pinned), answering[0])
        found.append(calls.on_host(chosen, model.capabilities, model.endpoint))
    return found


def _texts(model: UnifiedModel, present: list[Placement]) -> list[tuple[str, str]]:
    """Return the long texts of what is behind the name now."""
    source = source_classes().get(model.source)
    current = next((p for p in present if p.version == model.version), present[0] if present else None)
    if source is None or current is None or not current.digest:
        return []
    texts: dict[str, Any] = source.texts(current.digest)
    return [(label, texts[key]) for key, label in TEXTS.items() if texts.get(key)]
