"""What the tests of remote models on the pages share: endpoints, their models, and GitHub Models in a state."""

from __future__ import annotations

from dataclasses import replace

from django.test import override_settings
from django.utils import timezone

from github_models_app import service
from github_models_app.models import Endpoint, GitHubService
from tests.unified_app.plans import fetched
from unified_app.model_objects import UnifiedModelObject
from unified_app.registry_manager import UnifiedRegistryManager

BASE = "https://gateway.example"
CATALOG_ROW = {
    "id": "openai/gpt-4.1",
    "name": "OpenAI GPT-4.1",
    "publisher": "OpenAI",
    "summary": "Reads long texts.",
    "rate_limit_tier": "high",
    "supported_input_modalities": ["text", "image"],
    "supported_output_modalities": ["text"],
    "capabilities": ["tool-calling"],
    "limits": {"max_input_tokens": 1048576, "max_output_tokens": 32768},
    "tags": [],
    "version": "2025-04-14",
}
WITH_TOKEN = override_settings(GITHUB_TOKEN="a-token", GITHUB_MODELS_URL=BASE)  # noqa: S106


def add_endpoint(name: str = "vllm", state: str = "up", **more: object) -> Endpoint:
    return Endpoint.objects.create(name=name, url=f"http://{name}.example:8000", state=state, **more)


def register_remote(name: str = "vllm/org/chat-8b", capabilities: list[str] | None = None, **more: object) -> None:
    """Put a model of an endpoint into the registry, as a sync of the endpoint would."""
    place, _, there = name.partition("/")
    placement = replace(
        fetched(name, place=place).placements[0],
        protocol="openai",
        base_url=f"http://{place}.example:8000/v1",
        upstream_name=there,
        digest="",
    )
    told = {"category": "external", "endpoint": f"http://{place}.example:8000/v1/chat/completions", **more}
    model = UnifiedModelObject(
        name=name, source="external", capabilities=capabilities, placements=[placement], version="1", **told
    )
    UnifiedRegistryManager().register_model(model)


def set_service(state: str, reason: str = "") -> None:
    service.row()
    now = timezone.now()
    GitHubService.objects.update(url=BASE, state=state, reason=reason, since=now, last_sync=now)
