"""The serving board: what is held in memory where, how it is, and how much of it is used."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from registry_project.pages.access import needs
from unified_app.models import UnifiedModel
from unified_app.models.serving import ServingState
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.serving import status
from unified_app.serving_interface import ModelServingInterface


@needs("read")
def board(request: HttpRequest) -> HttpResponse:
    told = status.of_all()
    rows: list[dict[str, Any]] = told["serving"]
    models = UnifiedModel.objects.in_bulk([row["model_id"] for row in rows])
    for row in rows:
        row["model"] = models[row["model_id"]]
    rows.sort(key=lambda row: (row["state"] == ServingState.FAILED, _since(row), row["model_id"]))
    ready = sum(row["state"] == ServingState.READY for row in rows)
    context = {"rows": rows, "slots": told["slots"], "ready": ready}
    return render(request, "site/serving.html", context)


@require_POST
@needs("operate")
def stop(request: HttpRequest, model_id: str) -> HttpResponse:
    """Stop one model; open calls may finish."""
    registry = UnifiedRegistryManager(by=request.user.get_username())
    stopped = ModelServingInterface(registry).stop_serving(model_id)
    messages.success(request, f"{model_id} is stopped." if stopped else f"{model_id} was stopped already.")
    return redirect("serving")


def _since(row: dict[str, Any]) -> float:
    started: datetime | None = row["started_at"]
    return started.timestamp() if started else 0.0
