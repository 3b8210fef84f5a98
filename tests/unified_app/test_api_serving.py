from __future__ import annotations

from unittest import mock

from django.core.cache import cache
from django.test import TransactionTestCase, override_settings
from rest_framework.test import APIClient
from rest_framework.throttling import ScopedRateThrottle

from tests.unified_app.api_case import ApiTestCase, register, user_with
from tests.unified_app.serving_case import (
    ServingRaceCase,
    ServingSource,
    ServingTestCase,
    models,
    refusal,
    remote,
    slots,
    state,
)
from unified_app import waiting
from unified_app.keys import create_key
from unified_app.models import Job, Placement
from unified_app.scopes import ROLES
from unified_app.serving import requests, states

STATUS = {
    *("model_id", "state", "reason", "endpoint", "placement", "started_at", "last_health_check"),
    *("health_status", "concurrent_requests", "total_requests", "errors"),
}


class ServeTests(ServingRaceCase, TransactionTestCase):
    """With transactions of their own, since the start runs in a thread."""

    client_class = APIClient

    def setUp(self):
        super().setUp()
        cache.clear()
        key = create_key(user=user_with("Operator"), name="k", scopes=ROLES["Operator"])[1]
        self.client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")

    def serve(self, called: str):
        return self.client.post(f"/api/models/{called}/serve")

    def test_it_answers_when_the_model_is_ready_without_any_worker_and_leaves_a_job(self):
        (model,) = models(1)
        for called in (model, "m0:1"):
            answer = self.serve(called)
            assert answer.status_code == 200
            assert set(answer.json()) == STATUS
            assert (answer.json()["state"], answer.json()["model_id"]) == ("ready", model)
        job = Job.objects.get()
        assert (job.kind, job.state, job.unique_key) == ("serve", "done", f"serve:{model}")
        assert job.created_by == "operator"

    def test_a_slow_start_is_202_and_goes_on(self):
        (model,) = models(1)
        ServingSource.seconds = 1.0
        with mock.patch.object(waiting, "WAIT_SECONDS", 0.3):
            first, second = self.serve(model), self.serve(model)
        assert (first.status_code, first.json()["state"]) == (202, "starting")
        assert (second.status_code, Job.objects.count()) == (202, 1)
        assert self.serve(model).status_code == 200
        assert ServingSource.starts == ["m0:1"]

    def test_a_start_that_fails_is_told_with_code_and_status_and_not_tried_again(self):
        (model,) = models(1)
        ServingSource.broken["one"] = refusal()
        answer = self.serve(model)
        assert answer.status_code == 502
        assert answer.json()["error"] == {
            "code": "upstream_error",
            "message": "upstream_error at one: It answered 500.",
        }
        assert Job.objects.get().state == "failed"

    @override_settings(MAX_SERVING_MODELS=1, AUTO_EVICT=False)
    def test_beyond_the_limit_it_is_409_with_the_list(self):
        first, second = models(2)
        self.serve(first)
        answer = self.serve(second)
        assert answer.status_code == 409
        assert answer.json()["error"]["details"] == {"serving": [first]}

    def test_a_job_that_a_killed_process_left_is_taken_up(self):
        (model,) = models(1)
        job = requests.jobs.enqueue("serve", {"model": model}, unique_key=f"serve:{model}", wake_worker=False)
        assert requests.jobs.reconcile() == [job.pk]
        assert requests.jobs.run(job.pk) == "done"
        assert state(model) == "ready"


class WatchTests(ServingTestCase, ApiTestCase):
    role = "Operator"

    def setUp(self):
        super().setUp()
        self.model = register("m:1").pk

    def test_stop_status_health_and_list_with_and_without_a_slash(self):
        self.serving.serve_model(self.model)
        for slash in ("", "/"):
            assert self.get(f"/api/models/{self.model}/health{slash}") == {"healthy": True, "reason": ""}
            assert self.get(f"/api/models/{self.model}/serving-status{slash}")["state"] == "ready"
            listed = self.get(f"/api/serving{slash}")
            assert list(listed) == ["serving", "slots"]
            assert [set(row) for row in listed["serving"]] == [STATUS]
            assert listed["slots"] == {"used": 1, "total": 10}
        stopped = self.client.post(f"/api/models/{self.model}/stop").json()
        assert set(stopped) == STATUS
        assert (stopped["state"], stopped["reason"]) == ("stopped", "stopped by operator")
        assert self.get(f"/api/models/{self.model}/health") == {"healthy": False, "reason": "stopped by operator"}
        assert self.get("/api/serving")["serving"] == []
        assert slots() == set()

    def test_a_remote_model_is_ready_at_once(self):
        answer = self.client.get(f"/api/models/{remote('far:1').pk}/serving-status").json()
        assert (answer["state"], answer["endpoint"]) == ("ready", "http://registry/v1/chat/completions")

    def test_a_model_that_cannot_be_started_is_refused_before_a_job_is_written(self):
        Placement.objects.update(state=Placement.State.UNREACHABLE)
        error = self.error(self.client.post(f"/api/models/{self.model}/serve"), 503)
        assert error["code"] == "no_placement"
        self.client.delete(f"/api/models/{self.model}")
        assert "retired" in self.error(self.client.post(f"/api/models/{self.model}/serve"), 404)["message"]
        assert not Job.objects.exists()

    def test_reading_needs_read_and_the_rest_operate(self):
        self.act_as("Curator")
        for path in ("serving-status", "health", "serving-config"):
            self.get(f"/api/models/{self.model}/{path}")
        for path in ("serve", "stop"):
            self.error(self.client.post(f"/api/models/{self.model}/{path}"), 403)
        self.error(self.client.patch(f"/api/models/{self.model}/serving-config", {"timeout": 9}), 403)
        self.act_as(None)
        self.error(self.client.get("/api/serving"), 401)

    def test_the_state_stands_in_the_model_s_own_answer(self):
        states.claim_start(self.model)
        assert self.get(f"/api/models/{self.model}")["serving"]["state"] == "starting"

    def test_serving_and_stopping_are_counted(self):
        with mock.patch.dict(ScopedRateThrottle.THROTTLE_RATES, {"work": "2/min"}):
            answers = [self.client.post(f"/api/models/{self.model}/stop") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert int(answers[2]["Retry-After"]) > 0
