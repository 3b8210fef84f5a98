"""What the tests of realising share: the demo server as a host, variants made there, their jobs run."""

from __future__ import annotations

import pytest
import requests
from django.test import TransactionTestCase

from experiments_app import creating
from experiments_app.models import Variant
from ollama_app import hosts
from ollama_app.models import Host
from tests.demo_server import demo_server
from tests.ollama_app.ollama_server import sync
from unified_app import jobs
from unified_app.models import Job, Placement, UnifiedModel


@pytest.fixture(scope="class")
def demo(request):
    with demo_server() as url:
        request.cls.url = url
        yield url


@pytest.mark.usefixtures("demo")
class RealisingCase(TransactionTestCase):
    url: str

    def setUp(self):
        Host.objects.all().delete()
        hosts.save_host(Host(name="one", url=self.url), by="test")
        sync()
        chat = [p for p in Placement.objects.filter(source="ollama") if not p.facts["is_cloud"]]
        self.base = next(p.model for p in chat if "text_generation" in p.facts["capabilities"])

    def make(self, base: str = "", host: str = "one", kind: str = "prompt_engineering", **parameters) -> Variant:
        realise = {"realise": {"host": host}} if host else {}
        body = {"base_model": base or self.base.pk, "experiment_type": kind, "parameters": parameters, **realise}
        return creating.create(body, by="ann").variants[0]

    def run_job(self, row: Variant) -> str:
        Job.objects.filter(kind="realise").exclude(unique_key=f"realise:{row.pk}").delete()
        job = Job.objects.filter(kind="realise", state=Job.State.QUEUED).latest("pk")
        Job.objects.filter(pk=job.pk).update(run_after=job.created_at)
        state = jobs.run(job.pk)
        row.refresh_from_db()
        return state

    def shown(self, row: Variant) -> dict:
        name = UnifiedModel.objects.get(pk=row.model_id).recipe["upstream_name"]
        return requests.post(f"{self.url}/api/show", json={"model": name}, timeout=5).json()
