from __future__ import annotations

import json
from unittest import mock

from experiments_app.evaluation import runs
from experiments_app.evaluation.engine import Engine
from experiments_app.models import CachedReply, EvaluationRun
from tests.experiments_app.evaluation.runner_case import CHAT, RunnerCase, chat_reply, question_of
from tests.nasty_server import json_reply
from tests.unified_app.gateway.upstreams import openai_events, streamed
from unified_app.models import Job, ModelServingConfig


class Results(RunnerCase):
    def test_every_case_of_every_model_has_one_row_for_each_repeat(self):
        server = self.upstream_of(lambda body: "one" if "clever" in body["model"] else "dunno")
        self.model("clever", server)
        self.model("dull", server)
        run = self.done(self.suite("one", "two"), "clever", "dull", repeats=2)
        rows = self.rows(run, "run_model__model__name", "case_index", "repeat", "state", "passed", "output", "attempts")
        assert rows == [
            ("clever", 0, 0, "done", True, "one", 1),
            ("clever", 0, 1, "done", True, "one", 1),
            ("clever", 1, 0, "done", False, "one", 1),
            ("clever", 1, 1, "done", False, "one", 1),
            ("dull", 0, 0, "done", False, "dunno", 1),
            ("dull", 0, 1, "done", False, "dunno", 1),
            ("dull", 1, 0, "done", False, "dunno", 1),
            ("dull", 1, 1, "done", False, "dunno", 1),
        ]
        assert (run.state, run.total, run.done, run.failed, run.repeated_calls) == ("done", 8, 8, 0, 0)
        assert run.tokens_used == 8 * 5

    def test_a_models_numbers_stand_with_it_once_all_its_results_are_there(self):
        self.model("clever", self.upstream_of(lambda body: "one"))
        run = self.done(self.suite("one", "two"), "clever")
        row = run.run_models.get()
        assert (row.version, len(row.fingerprint)) == ("1", 64)
        summary = row.summary
        assert (summary["results"], summary["passed"], summary["pass_rate"]) == (2, 1, 0.5)
        assert summary["evaluators"]["same"] == {"n": 2, "mean": 0.5, "passed": 1, "not_passed": 1, "undecided": 0}
        assert summary["latency_p50"] <= summary["latency_p95"]

    def test_the_gateway_is_called_as_an_evaluation_with_the_registrys_own_key(self):
        server = self.upstream_of()
        self.model("clever", server)
        run = self.done(self.suite("one"), "clever")
        assert self.asked == [{"model": "up-clever", "messages": [{"role": "user", "content": "one"}]}]
        assert Job.objects.get(pk=run.job_id).result == {
            "evaluation": run.pk,
            "state": "done",
            "done": 1,
            "failed": 0,
            "total": 1,
        }

    def test_thoughts_and_tool_calls_stand_beside_the_text(self):
        said = chat_reply("<think>hm</think>one", completion=4)
        self.model("clever", self.upstream_of(lambda body: (200, said)))
        run = self.done(self.suite("one"), "clever")
        ((output, message, thinking),) = self.rows(run, "output", "message", "tokens_thinking")
        assert (output, message["reasoning"], thinking) == ("one", "hm", 2)

    def test_only_cases_of_the_split_and_the_tags_are_called(self):
        self.model("clever", self.upstream_of())
        suite = self.suite(
            testData=[
                {"input": "a", "expected": "a", "tags": ["hard"]},
                {"input": "b", "expected": "b", "tags": ["hard"], "split": "train"},
                {"input": "c", "expected": "c"},
            ]
        )
        run = self.done(suite, "clever", split="test", tags=["hard"])
        assert (self.rows(run, "case_index"), run.total) == ([0], 1)

    def test_what_no_database_takes_is_replaced(self):
        self.model("clever", self.upstream_of(lambda body: "nul\x00 and \ud800"))
        run = self.done(self.suite("one"), "clever")
        assert self.rows(run, "output") == ["nul\ufffd and ?"]

    def test_a_bug_that_one_case_meets_costs_only_its_own_result(self):
        self.model("clever", self.upstream_of())
        real = Engine.evaluate

        def bug(engine, case, *more, **others):
            return 1 / 0 if case.index == 0 else real(engine, case, *more, **others)

        with mock.patch.object(Engine, "evaluate", bug), self.assertLogs("experiments_app", "ERROR"):
            run = self.done(self.suite("one", "two"), "clever")
        assert self.rows(run, "state", "error__code") == [("failed", "internal"), ("done", None)]
        assert (run.state, run.failed) == ("done", 1)


class Kinds(RunnerCase):
    def test_a_suite_that_asks_for_times_is_streamed(self):
        events = openai_events("<think>", "hm", "</think>", "one")
        self.model("clever", self.upstream({CHAT: streamed(events, "text/event-stream")}))
        thinks = {"name": "thinks", "uses": "registry/thinking-answer", "with": {"value": "{{expected}}"}}
        run = self.done(self.suite("one", evaluators=[thinks]), "clever")
        ((output, first, thinking, passed),) = self.rows(run, "output", "first_token", "thinking_seconds", "passed")
        assert (output, passed) == ("one", True)
        assert first is not None and thinking is not None

    def test_a_suite_of_vectors_asks_for_embeddings(self):
        rows = {"a": [1.0, 0.0], "b": [0.0, 1.0]}

        def embed(connection, request):
            texts = json.loads(request.body)["input"]
            data = [{"index": n, "embedding": rows[text]} for n, text in enumerate(texts)]
            json_reply({"data": data, "usage": {"prompt_tokens": 1}})(connection, request)

        server = self.upstream({"/embeddings": embed})
        self.model("embedder", server, category="embedding", capabilities=["text_embedding"])
        case = {"query": "a", "relevant": ["x"], "documents": [{"id": "x", "text": "a"}, {"id": "y", "text": "b"}]}
        search = {"name": "search", "uses": "registry/retrieval", "with": {"k": [1]}}
        suite = self.suite(testData=[case], messages=[{"role": "user", "content": "{{query}}"}], evaluators=[search])
        run = self.done(suite, "embedder")
        ((state, scores),) = self.rows(run, "state", "scores")
        assert (state, scores[0]["values"]["ndcg@1"]) == ("done", 1.0)

    def test_variants_of_a_model_share_its_places(self):
        server = self.upstream_of()
        base = self.model("clever", server)
        variant = {"recipe": {"kind": "overlay", "base": base.pk, "parameters": {"seed": 7}}}
        self.model("clever+seed", **variant)
        ModelServingConfig.objects.create(model=base, max_concurrent_requests=3)
        self.told()
        run = self.done(self.suite(*(str(n) for n in range(12))), "clever", "clever+seed", concurrency=8)
        assert (run.done, run.failed) == (24, 0)
        assert server.most_at_once <= 2
        assert sum(body.get("seed") == 7 for body in self.asked) == 12


class Caching(RunnerCase):
    def test_a_second_run_pays_only_for_what_is_new(self):
        self.model("clever", self.upstream_of())
        first = self.done(self.suite("one", "two"), "clever")
        second = self.done(self.suite("one", "two", "three"), "clever")
        assert sorted(map(question_of, self.asked)) == ["one", "three", "two"]
        assert self.rows(second, "cached", "passed") == [(True, True), (True, True), (False, True)]
        assert self.rows(second, "latency")[:2] == self.rows(first, "latency")
        assert (first.tokens_used, second.tokens_used) == (10, 5)

    def test_repeats_are_asked_independently(self):
        self.model("clever", self.upstream_of())
        self.done(self.suite("one"), "clever", repeats=3)
        assert len(self.asked) == 3

    def test_another_version_of_the_model_is_asked_anew(self):
        row = self.model("clever", self.upstream_of())
        self.done(self.suite("one"), "clever")
        row.placements.update(version="v2", digest="d" * 64)
        self.told()
        self.done(self.suite("one"), "clever")
        assert len(self.asked) == 2

    def test_a_run_without_the_cache_neither_reads_nor_writes_it(self):
        self.model("clever", self.upstream_of())
        for _ in range(2):
            self.done(self.suite("one"), "clever", cache=False)
        assert len(self.asked) == 2
        assert not CachedReply.objects.exists()

    def test_equal_questions_at_once_are_asked_once(self):
        self.model("clever", self.upstream_of())
        run = self.done(self.suite("one", "one", "one"), "clever")
        assert len(self.asked) == 1
        assert sorted(self.rows(run, "cached")) == [False, True, True]
        assert run.tokens_used == 5

    def test_failures_are_not_kept(self):
        self.model("clever", self.upstream_of(lambda body: (400, {"error": {"message": "no"}})))
        self.done(self.suite("one"), "clever")
        assert not CachedReply.objects.exists()
        assert EvaluationRun.objects.get().failed == 1


class Judges(RunnerCase):
    def suite_with_judge(self):
        judged = {
            "name": "good",
            "llm": {
                "modelId": "judge",
                "prompt": "{{completion}}?",
                "choices": [{"choice": "yes", "score": 1.0}, {"choice": "no", "score": 0.0}],
            },
        }
        return self.suite("one", evaluators=[judged])

    def test_a_judges_tokens_count_beside_those_of_the_model(self):
        self.model("clever", self.upstream_of())
        self.model("judge", self.upstream_of(lambda body: "yes"))
        run = self.done(self.suite_with_judge(), "clever")
        assert self.rows(run, "passed", "judge_tokens", "tokens_in", "tokens_out") == [(True, 5, 3, 2)]
        assert run.tokens_used == 10

    def test_a_judge_that_cannot_be_read_leaves_the_case_undecided_and_is_asked_anew_on_a_retry(self):
        words = iter(["perhaps", "yes"])
        self.model("clever", self.upstream_of())
        self.model("judge", self.upstream_of(lambda body: next(words)))
        run = self.done(self.suite_with_judge(), "clever")
        assert self.rows(run, "state", "passed") == [("done", None)]
        assert run.run_models.get().summary["undecided"] == 1
        runs.retry(run, by="ann")
        assert self.work(run) == "done"
        assert self.rows(run, "state", "passed", "attempts") == [("done", True, 2)]
        assert [question_of(body) for body in self.asked] == ["one", "one?", "one?"]
        assert (run.done, run.failed, run.run_models.get().summary["passed"]) == (1, 0, 1)

    def test_a_judge_that_does_not_answer_costs_no_answer(self):
        self.model("clever", self.upstream_of())
        self.model("judge", self.upstream_of(lambda body: (400, {"error": {"message": "no"}})))
        run = self.done(self.suite_with_judge(), "clever")
        ((state, passed, scores),) = self.rows(run, "state", "passed", "scores")
        assert (state, passed, scores[0]["error"]) == ("done", None, "judge_failed")
        assert CachedReply.objects.count() == 1
