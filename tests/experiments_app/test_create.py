"""Making variants over the API: what is answered, and what is there then."""

from __future__ import annotations

import threading
from unittest.mock import patch

from django.db import connection
from django.test import TransactionTestCase, override_settings
from rest_framework.throttling import ScopedRateThrottle

from experiments_app.creating import create, once
from experiments_app.models import Experiment, Variant
from tests.experiments_app.experiments_case import ADAPTER, CREATE, ExperimentCase
from tests.unified_app.api_case import register, user_with
from unified_app.models import Job, ModelOrigin, RegistryEpoch, UnifiedModel

KINDS = {"sync": "unified_app.syncing.run_sync_job"}
FOLLOWING = {**KINDS, "mlflow": KINDS["sync"], "realise": KINDS["sync"]}


class CreateTests(ExperimentCase):
    def test_tuned_parameters_become_an_overlay_under_their_one_name(self):
        found = self.make(parameters={"temperature": 0.2, "num_predict": 64.0, "stop": "\n"})
        told = {"temperature": 0.2, "max_tokens": 64, "stop": ["\n"]}
        assert found["recipe"] == {"kind": "overlay", "base": "llama3_1_8b_base", "parameters": told}
        assert (found["status"], found["mlflow_run_id"], found["realised"]) == ("active", None, False)
        assert found["base_model"] == "llama3.1:8b" and found["experiment_type"] == "parameter_tuning"
        number = Variant.objects.get().pk
        assert found["id"] == f"exp_llama3_1_8b_{number}" and found["name"] == f"llama3.1:8b+tuning-{number}"

    def test_its_model_can_do_what_its_base_can(self):
        row = UnifiedModel.objects.get(pk=self.make()["id"])
        assert (row.category, row.context_length, row.source) == (self.base.category, 8192, "mlflow")
        assert row.capabilities == self.base.capabilities and row.model_type == "experimental"
        assert list(row.category_rows.values_list("category", flat=True)) == ["tools"]
        assert set(row.capability_rows.values_list("capability_name", flat=True)) == set(self.base.capabilities)

    def test_a_prompt_keeps_its_parts(self):
        parts = {"system": "Be terse.", "messages": [{"role": "user", "content": "x"}], "template": "Q: {{ .Prompt }}"}
        found = self.make("prompt_engineering", {**parts, "stop": "x"})
        assert found["recipe"] == {**parts, "kind": "overlay", "base": self.base.pk, "parameters": {"stop": ["x"]}}
        assert "+prompt-" in found["name"]

    def test_an_adapter_is_realised_on_the_first_host_of_its_base(self):
        found = self.make("fine_tuning", {"adapter": ADAPTER})
        assert found["host"] == found["recipe"]["host"] == "one" and found["recipe"]["model"] is None
        assert found["recipe"]["adapter"] == ADAPTER
        assert (
            found["recipe"]["upstream_name"]
            == f"llama3.1-8b-lora-{Variant.objects.get().pk}:v{Variant.objects.get().pk}"
        )

    def test_an_ensemble_names_its_members_by_id_and_can_do_what_all_can(self):
        members = [{"model": "llama3.1:8b", "weight": 2}, {"model": "qwen3:8b"}]
        found = self.make("ensemble", {"members": members, "strategy": "fan_out", "judge": "qwen3_8b_base"})
        told = [{"model": self.base.pk, "weight": 2.0}, {"model": self.other.pk, "weight": 1.0}]
        assert found["recipe"]["members"] == told and found["recipe"]["judge"] == self.other.pk
        row = UnifiedModel.objects.get(pk=found["id"])
        assert row.capabilities == ["text_generation"] and row.context_length == 4096
        roles = ModelOrigin.objects.filter(model=row).values_list("role", "origin_id")
        assert set(roles) == {("member", self.base.pk), ("member", self.other.pk), ("judge", self.other.pk)}

    def test_any_template_may_be_realised(self):
        template = "{{ if .System }}{{ .System }}{{ end }}{{ .Prompt }}"
        found = self.make("prompt_engineering", {"template": template}, realise={"host": "one"})
        assert found["recipe"]["kind"] == "realised" and found["recipe"]["template"] == template

    def test_a_name_and_a_description_are_taken(self):
        found = self.make(name="terse", description="For the phone.")
        assert (found["name"], found["description"]) == ("terse", "For the phone.")

    def test_variants_stand_three_deep_and_no_deeper(self):
        name = "llama3.1:8b"
        for _ in range(3):
            name = self.make(base_model=name)["name"]
        assert "recipes deep" in self.error(self.send(base_model=name), 400)["details"]["base_model"][0]
        ensemble = {"members": [{"model": name}, {"model": "qwen3:8b"}], "strategy": "fan_out"}
        assert list(self.error(self.send("ensemble", ensemble), 400)["details"]) == ["members"]

    def test_a_circle_that_is_there_already_is_refused(self):
        one, two = (UnifiedModel.objects.get(pk=self.make()["id"]) for _ in range(2))
        for model, origin in ((one, two), (two, one)):
            ModelOrigin.objects.create(model=model, origin=origin, role="member")
        ensemble = {"members": [{"model": one.name}, {"model": "qwen3:8b"}], "strategy": "fan_out"}
        assert list(self.error(self.send("ensemble", ensemble), 400)["details"]) == ["members"]

    def test_the_gateway_is_told(self):
        before = RegistryEpoch.current()
        self.make()
        assert RegistryEpoch.current() > before

    @override_settings(JOB_KINDS=FOLLOWING)
    def test_what_follows_is_queued_once_for_each(self):
        self.make()
        self.make("fine_tuning", {"adapter": ADAPTER})
        kinds = Job.objects.order_by("pk").values_list("kind", "arguments", "unique_key", "created_by")
        one, two = Variant.objects.order_by("pk").values_list("pk", flat=True)
        assert list(kinds) == [
            ("mlflow", {"variant": one}, f"mlflow:{one}", "evaluator"),
            ("mlflow", {"variant": two}, f"mlflow:{two}", "evaluator"),
            ("realise", {"variant": two}, f"realise:{two}", "evaluator"),
        ]

    @override_settings(JOB_KINDS=KINDS)
    def test_without_such_work_variants_are_made_all_the_same(self):
        self.make()
        assert not Job.objects.exists()


class WhoMayTests(ExperimentCase):
    def test_nobody_without_credentials(self):
        self.act_as(None)
        assert self.error(self.send(), 401)["code"] == "unauthenticated"

    def test_a_viewer_may_look_and_not_make(self):
        self.act_as("Viewer")
        assert "experiment" in self.error(self.send(), 403)["message"]
        assert self.get("/api/experimental/schemas")["schemas"]["ensemble"]["properties"]["parameters"]

    def test_work_is_counted(self):
        for _ in range(3):
            answer = self.send()
        assert answer.status_code == 201
        with patch.dict(ScopedRateThrottle.THROTTLE_RATES, {"work": "3/min"}):
            assert self.error(self.send(), 429)["code"] == "rate_limited"


class OnceTests(ExperimentCase):
    def test_the_same_key_and_body_give_the_same_row(self):
        first, second = self.send(key="k1"), self.send(key="k1")
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json() and Experiment.objects.count() == 1

    def test_the_same_key_with_another_body_is_a_conflict(self):
        self.send(key="k1")
        assert self.error(self.send(parameters={"seed": 2}, key="k1"), 409)["code"] == "conflict"

    def test_a_key_is_its_users_own(self):
        self.send(key="k1")
        self.act_as("Curator")
        assert self.send(parameters={"seed": 2}, key="k1").status_code == 201

    def test_what_is_no_key_is_refused(self):
        for key in (" ", "x" * 201, "ä\x07"):
            with self.subTest(key=key):
                error = self.error(self.client.post(CREATE, {}, headers={"Idempotency-Key": key}), 400)
                assert list(error["details"]) == ["Idempotency-Key"]


class AtOnceTests(TransactionTestCase):
    def test_two_equal_creates_at_once_make_one_row(self):
        register("llama3.1:8b")
        user = user_with("Evaluator")
        body = {"base_model": "llama3.1:8b", "experiment_type": "parameter_tuning", "parameters": {"seed": 1}}
        made, barrier = [], threading.Barrier(4)

        def send():
            barrier.wait()
            made.append(create(body, by="x", sent=once(user, "k", body)))
            connection.close()

        threads = [threading.Thread(target=send) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(m.is_new for m in made) == [False, False, False, True]
        assert len({m.variants[0].pk for m in made}) == Variant.objects.count() == 1
