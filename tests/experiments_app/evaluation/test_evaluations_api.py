from __future__ import annotations

from decimal import Decimal
from unittest import mock

from experiments_app.evaluation import run_checks
from experiments_app.models import CaseResult, EvaluationRun, RunModel
from tests.experiments_app.evaluation.api_case import EVALUATIONS, EvaluationApiCase
from unified_app.models import Alias, Job, UnifiedModel

JUDGED = [
    {"name": "good", "llm": {"modelId": "nobody", "prompt": "{{completion}}", "choices": [{"choice": "a", "score": 1}]}}
]


class Starting(EvaluationApiCase):
    def test_a_run_is_queued_with_all_that_was_asked_for(self):
        self.post_suite("one", "two")
        Alias.objects.create(name="champion", targets=[self.base.pk])
        told = self.start(models=["qwen3:8b", "champion"], repeats=3, budget_tokens=1000, concurrency=2)
        assert (told["state"], told["suite"], told["suite_version"]) == ("queued", "echo", 1)
        assert told["progress"] == {"done": 0, "total": 12, "failed": 0}
        assert [(row["name"], row["progress"]["total"]) for row in told["models"]] == [
            ("qwen3:8b", 6),
            ("llama3.1:8b", 6),
        ]
        assert (told["repeats"], told["concurrency"], told["budget_tokens"]) == (3, 2, 1000)
        job = Job.objects.get(pk=told["job"]["id"])
        assert (job.kind, job.unique_key) == ("evaluation", f"evaluation:{told['id']}")
        assert self.get(f"{EVALUATIONS}/{told['id']}") == told

    def test_a_suite_is_named_by_id_name_or_digest(self):
        row = self.post_suite("one")
        newer = self.post_suite("one", "two")
        assert self.start(suite=str(row["id"]))["suite_version"] == 2
        assert self.start(suite=f"echo@{row['digest'][:8]}")["suite_version"] == 1
        assert self.start(suite=f"{row['id']}@{newer['digest'][:8]}")["suite_version"] == 2
        for wrong in ("nonsense", "echo@abc", "echo@ffffffff0"):
            assert list(self.refused(suite=wrong)) == ["suite"]

    def test_models_that_cannot_be_evaluated_are_named_by_their_place(self):
        self.post_suite()
        UnifiedModel.objects.create(
            id="x_base",
            name="nowhere",
            name_key="nowhere",
            version="1",
            category="thinking",
            model_type="base",
            source="ollama",
        )
        models = ["qwen3:8b", "nonsense", "gone:1b", "nowhere", "nomic-embed-text", "qwen3:8b"]
        details = self.refused(models=models)
        assert list(details) == ["models[1]", "models[5]"]
        details = self.refused(models=[name for name in models[:5] if name != "nonsense"])
        assert list(details) == ["models[1]", "models[2]", "models[3]"]
        assert "retired" in details["models[1]"][0]
        assert "no place" in details["models[2]"][0]
        assert "only embeds" in details["models[3]"][0]
        assert list(self.refused(models=[])) == ["models"]

    def test_a_suite_for_embeddings_wants_models_that_embed(self):
        search = {"name": "search", "uses": "registry/retrieval", "with": {"k": [1]}}
        case = {"query": "a", "relevant": ["d"], "documents": [{"id": "d", "text": "a"}, {"id": "e", "text": "b"}]}
        self.post_suite(testData=[case], evaluators=[search])
        assert "does not embed" in self.refused(models=["qwen3:8b"])["models[0]"][0]
        assert self.start(models=["nomic-embed-text"])["progress"]["total"] == 1

    def test_numbers_have_bounds(self):
        self.post_suite()
        for field, wrong in {
            "repeats": (0, 101, "many"),
            "concurrency": (0, 65),
            "budget_tokens": (0, -1, "x"),
            "budget_cost": (-1, "much", 0),
        }.items():
            for value in wrong:
                assert list(self.refused(**{field: value})) == [field], (field, value)
        assert list(self.refused(nonsense=1)) == ["nonsense"]

    def test_a_run_of_too_many_results_is_refused(self):
        self.post_suite()
        with mock.patch.object(run_checks, "MAX_RESULTS", 3):
            assert list(self.refused(repeats=2)) == ["repeats"]

    def test_a_split_or_tag_without_cases_is_refused(self):
        self.post_suite()
        assert list(self.refused(split="train")) == ["split"]
        assert list(self.refused(tags=["hard"])) == ["tags"]

    def test_a_judge_that_is_not_there_is_refused_and_another_can_be_named(self):
        self.post_suite(evaluators=JUDGED)
        assert "nobody" in self.refused()["judge"][0]
        assert self.start(judge="llama3.1:8b")["judge"] == "llama3.1:8b"

    def test_a_budget_of_money_needs_a_price_for_every_remote_model_and_judge(self):
        self.post_suite()
        self.remote.placements.update(source="external")
        assert self.start(budget_cost="0.5")["budget_cost"] == "0.500000000"
        details = self.refused(models=["qwen3:8b", "acme/remote"], budget_cost=1)
        assert "acme/remote" in details["budget_cost"][0]
        prices = {"pricing": {"prompt": "0.000001", "completion": "0.000002"}}
        UnifiedModel.objects.filter(pk=self.remote.pk).update(parameters=prices)
        self.start(models=["acme/remote"], budget_cost=1)

    def test_a_viewer_starts_nothing(self):
        self.post_suite()
        self.act_as("Viewer")
        self.error(self.client.post(EVALUATIONS, {"suite": "echo", "models": ["qwen3:8b"]}), 403)


class Following(EvaluationApiCase):
    def run_with_results(self) -> EvaluationRun:
        """One of two models, two cases each: `clever` passed one and failed one, the other answered once."""
        cases = [{"input": "one", "expected": "one", "tags": ["easy"]}, {"input": "two", "expected": "two"}]
        self.post_suite(testData=cases)
        run = EvaluationRun.objects.get(pk=self.start(models=["qwen3:8b", "llama3.1:8b"])["id"])
        first, second = RunModel.objects.filter(run=run)
        done = {"state": "done", "scores": [{"name": "same", "score": 1.0, "passed": True, "details": ""}]}
        self.result(first, 0, passed=True, output="one", latency=2.0, cost=Decimal("0.5"), **done)
        self.result(first, 1, state="failed", error={"code": "upstream_timeout", "message": "late"})
        self.result(second, 0, passed=False, output="eins", latency=1.0, **done)
        self.result(second, 1, state="running")
        EvaluationRun.objects.filter(pk=run.pk).update(done=3, failed=1, state="running")
        return run

    def result(self, model: RunModel, index: int, **columns) -> None:
        CaseResult.objects.create(
            run=model.run, run_model=model, case_index=index, case_digest=f"{index:064x}", **columns
        )

    def test_a_run_tells_how_far_each_model_is(self):
        run = self.run_with_results()
        told = self.get(f"{EVALUATIONS}/{run.pk}")
        assert told["progress"] == {"done": 3, "total": 4, "failed": 1}
        assert [row["progress"] for row in told["models"]] == [
            {"done": 2, "total": 2, "failed": 1},
            {"done": 1, "total": 2, "failed": 0},
        ]

    def test_results_are_filtered_and_ordered(self):
        path = f"{EVALUATIONS}/{self.run_with_results().pk}/results"

        def found(**parameters):
            return [(row["model"], row["index"]) for row in self.get(path, **parameters)["results"]]

        qwen, llama = self.other.pk, self.base.pk
        assert found() == [(qwen, 0), (llama, 0), (qwen, 1), (llama, 1)]
        assert found(model="qwen3:8b") == [(qwen, 0), (qwen, 1)]
        assert found(state="failed") == [(qwen, 1)]
        assert found(passed="true") == [(qwen, 0)]
        assert found(passed="null") == [(qwen, 1), (llama, 1)]
        assert found(tag="easy") == [(qwen, 0), (llama, 0)]
        assert found(ordering="latency")[:2] == [(llama, 0), (qwen, 0)]
        first = self.get(path)["results"][0]
        assert (first["case"], first["passed"], first["output"], first["latency"]) == ("0" * 64, True, "one", 2.0)
        assert (first["scores"][0]["name"], first["attempts"], first["cost"]) == ("same", 1, "0.500000000")

    def test_lists_take_a_constant_number_of_queries(self):
        run = self.run_with_results()
        for _ in range(3):
            self.start(models=["qwen3:8b", "llama3.1:8b"])
        with self.assertNumQueries(6):  # the key with its user and groups, the count, runs, their models twice
            assert len(self.get(EVALUATIONS)["evaluations"]) == 4
        with self.assertNumQueries(7):  # the same of one run, and the count and rows of its results
            assert len(self.get(f"{EVALUATIONS}/{run.pk}/results")["results"]) == 4

    def test_runs_are_filtered(self):
        run = self.run_with_results()
        queued = self.start(models=["acme/remote"])["id"]

        def ids(**parameters):
            return [row["id"] for row in self.get(EVALUATIONS, **parameters)["evaluations"]]

        assert ids() == [queued, run.pk]
        assert ids(state="queued") == [queued]
        assert ids(model="llama3.1:8b") == [run.pk]
        assert ids(suite="echo") == [queued, run.pk]
        assert ids(ordering="created_at") == [run.pk, queued]

    def test_a_run_that_is_not_there_is_a_404(self):
        for path in ("7", "7/results"):
            self.error(self.client.get(f"{EVALUATIONS}/{path}"), 404)
        self.error(self.client.post(f"{EVALUATIONS}/7/cancel"), 404)


class Steering(EvaluationApiCase):
    def test_a_queued_run_is_cancelled_and_resumed(self):
        self.post_suite()
        run = self.start()
        answer = self.client.post(f"{EVALUATIONS}/{run['id']}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")
        self.error(self.client.post(f"{EVALUATIONS}/{run['id']}/cancel"), 409)
        answer = self.client.post(f"{EVALUATIONS}/{run['id']}/resume", {"budget_tokens": 500})
        assert (answer.status_code, answer.json()["state"], answer.json()["budget_tokens"]) == (202, "queued", 500)
        assert answer.json()["job"]["id"] != run["job"]["id"]
        self.error(self.client.post(f"{EVALUATIONS}/{run['id']}/resume"), 409)

    def test_only_failed_cases_are_tried_again(self):
        self.post_suite()
        run = self.start()
        self.error(self.client.post(f"{EVALUATIONS}/{run['id']}/retry"), 409)
        self.client.post(f"{EVALUATIONS}/{run['id']}/cancel")
        self.error(self.client.post(f"{EVALUATIONS}/{run['id']}/retry"), 409)
        model = RunModel.objects.get(run=run["id"])
        CaseResult.objects.create(run=model.run, run_model=model, case_index=0, case_digest="0" * 64, state="failed")
        EvaluationRun.objects.filter(pk=run["id"]).update(done=1, failed=1)
        answer = self.client.post(f"{EVALUATIONS}/{run['id']}/retry")
        assert answer.status_code == 202, answer.content
        assert (answer.json()["state"], answer.json()["progress"]) == ("queued", {"done": 0, "total": 2, "failed": 0})

    def test_budgets_are_changed(self):
        self.post_suite()
        self.remote.placements.update(source="external")
        path = f"{EVALUATIONS}/{self.start(models=['acme/remote'], budget_tokens=5)['id']}"
        assert self.client.patch(path, {"budget_tokens": 9}).json()["budget_tokens"] == 9
        assert self.client.patch(path, {"budget_tokens": None}).json()["budget_tokens"] is None
        assert list(self.error(self.client.patch(path, {"budget_cost": 1}), 400)["details"]) == ["budget_cost"]
        assert list(self.error(self.client.patch(path, {"repeats": 2}), 400)["details"]) == ["repeats"]
