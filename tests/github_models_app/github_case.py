"""What the tests of the GitHub source share: the catalog of 43, and a service that the settings name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.test import override_settings

from github_models_app import sync_requests
from tests.github_models_app.github_server import TOKEN, GitHubServer
from unified_app import jobs, syncing
from unified_app.models import Job, UnifiedModel

CATALOG_FILE = Path(__file__).parent.parent / "data" / "github" / "catalog.json"


def catalog() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(CATALOG_FILE.read_text())
    return rows


def entry(model_id: str = "acme/one", **changes: Any) -> dict[str, Any]:
    """A row of the catalog; `changes` replace keys, `...` takes one away."""
    row = next(row for row in catalog() if row["id"] == "openai/gpt-4.1")
    row = {**row, "id": model_id, "name": model_id, "publisher": model_id.split("/")[0].title(), **changes}
    return {key: value for key, value in row.items() if value is not ...}


class WithService:
    """Mixed into a TestCase: `self.server` is the service of the settings, `self.sync()` reads it."""

    def setUp(self) -> None:
        super().setUp()
        self.server = self.enterContext(GitHubServer())
        self.server.catalog = catalog()
        self.enterContext(configured(self.server.url))

    def sync(self, provider: str | None = None) -> dict[str, Any]:
        """A sync by hand; its result."""
        job = sync_requests.request_sync(provider=provider, by="ada")
        return run(job).result

    def scheduled(self) -> dict[str, Any]:
        """What the schedule does."""
        return run(syncing.request_sync(by="schedule")).result

    @property
    def asked(self) -> int:
        """How often the catalog was asked for."""
        return len(self.server.calls("/catalog/"))


def configured(url: str, token: str = TOKEN) -> override_settings:
    return override_settings(GITHUB_TOKEN=token, GITHUB_MODELS_URL=url)


def run(job: Job) -> Job:
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def models(**filters: Any) -> dict[str, UnifiedModel]:
    return {row.name: row for row in UnifiedModel.objects.filter(source="github", **filters)}
