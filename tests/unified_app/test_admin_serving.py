from __future__ import annotations

from types import SimpleNamespace
from unittest import mock

from tests.unified_app.admin_case import AdminTestCase, register
from tests.unified_app.serving_case import ServingSource, ServingTestCase, slots, state
from unified_app.models import HistoryEntry, Job, ModelServingConfig, ModelServingStatus, RegistryEpoch
from unified_app.serving import requests

MODEL = "model_000_base"


class ServingAdminTests(ServingTestCase, AdminTestCase):
    def setUp(self):
        super().setUp()
        register(2)
        self.client.force_login(self.otto)
        # A thread would not see this test's transaction.
        self.enterContext(mock.patch.object(requests, "threading", SimpleNamespace(Thread=Inline)))

    def test_models_are_started_and_stopped_from_their_list(self):
        response = self.act("unifiedmodel", "start", MODEL, "model_001_base")
        assert "2 rows: is being started" in self.messages(response)
        assert self.url("job", "change", Job.objects.filter(kind="serve").first().pk) in self.messages(response)
        assert slots() == {MODEL, "model_001_base"}
        assert "was ready already" in self.messages(self.act("unifiedmodel", "start", MODEL))
        assert "stopped" in self.messages(self.act("unifiedmodel", "stop", MODEL))
        assert (state(MODEL), slots()) == ("stopped", {"model_001_base"})

    def test_a_page_offers_what_makes_sense(self):
        text = self.client.get(self.url("unifiedmodel", "change", MODEL)).content.decode()
        assert "do/start" in text and "do/stop" not in text
        self.press("unifiedmodel", "start", MODEL)
        row = ModelServingStatus.objects.get(model_id=MODEL)
        for page in (self.url("unifiedmodel", "change", MODEL), self.url("modelservingstatus", "change", row.pk)):
            text = self.client.get(page).content.decode()
            assert "do/stop" in text and "do/start" not in text
        self.press("modelservingstatus", "stop", row.pk)
        row.refresh_from_db()
        assert (row.status, row.reason) == ("stopped", "stopped by otto")

    def test_a_curator_sees_the_states_and_may_move_none(self):
        self.serving.serve_model(MODEL)
        self.client.force_login(self.cora)
        assert "ready" in self.client.get(self.url("modelservingstatus")).content.decode()
        assert self.press("unifiedmodel", "stop", MODEL).status_code == 403
        self.act("unifiedmodel", "stop", MODEL)
        assert state(MODEL) == "ready"

    def test_a_model_without_a_host_says_why_and_the_others_start(self):
        ServingSource.forget()
        self.client.force_login(self.root)
        self.act("unifiedmodel", "retire", "model_001_base")
        response = self.act("unifiedmodel", "start", MODEL, "model_001_base")
        assert "is retired" in self.messages(response)
        assert slots() == {MODEL}


class ConfigAdminTests(ServingTestCase, AdminTestCase):
    DEFAULTS = {
        "endpoint": "",
        "protocol": "http",
        "timeout": 300,
        "max_concurrent_requests": 8,
        "health_check_interval": 30,
        "max_queue": 64,
    }

    def setUp(self):
        super().setUp()
        register(1)
        self.client.force_login(self.otto)

    def test_a_configuration_is_added_and_changed_with_history_and_epoch(self):
        before = RegistryEpoch.current()
        add = self.client.post(self.url("modelservingconfig", "add"), {**self.DEFAULTS, "model": MODEL, "timeout": 60})
        assert add.status_code == 302
        row = ModelServingConfig.objects.get(model_id=MODEL)
        change = self.url("modelservingconfig", "change", row.pk)
        assert self.client.post(change, {**self.DEFAULTS, "max_queue": 1}).status_code == 302
        row.refresh_from_db()
        assert (row.timeout, row.max_queue, row.endpoint) == (300, 1, None)
        assert RegistryEpoch.current() == before + 2
        assert HistoryEntry.objects.filter(object_id=MODEL, field="serving.timeout", by="otto").count() == 2

    def test_a_value_out_of_range_is_told_beside_its_field(self):
        response = self.client.post(
            self.url("modelservingconfig", "add"), {**self.DEFAULTS, "model": MODEL, "timeout": 0}
        )
        assert "timeout" in response.context["adminform"].form.errors
        assert not ModelServingConfig.objects.exists()

    def test_deleting_one_gives_the_defaults_back_in_every_process(self):
        self.client.force_login(self.root)
        row = ModelServingConfig.objects.create(model_id=MODEL, timeout=9)
        before = RegistryEpoch.current()
        self.client.post(self.url("modelservingconfig", "delete", row.pk), {"post": "yes"})
        assert not ModelServingConfig.objects.exists()
        assert RegistryEpoch.current() > before


class Inline:
    """A thread that is not one."""

    def __init__(self, target, args, **_: object) -> None:
        self._do = lambda: target(*args)

    def start(self) -> None:
        with mock.patch.object(requests, "connection"):
            self._do()
