"""The pages of runs: the list, one run while it runs and when it has ended, and the form that starts one."""

from __future__ import annotations

from experiments_app.models import EvaluationRun, Suite
from tests.registry_project.evaluation_case import EvaluationCase
from tests.registry_project.evaluation_rows import add_run, keep
from unified_app import jobs
from unified_app.models import Job


class ListTests(EvaluationCase):
    def test_without_runs_it_says_what_one_is_and_who_may_start_one(self):
        assert "No evaluations yet." in self.page("/evaluations")
        assert 'href="/evaluations/new"' in self.source("/evaluations")
        self.act_as("Viewer")
        assert "needs the scope “experiment”" in self.page("/evaluations")
        assert "/evaluations/new" not in self.source("/evaluations")

    def test_those_under_way_stand_on_top_and_are_followed(self):
        add_run(self.version, self.models[:2], cases=range(5), state="running")
        add_run(self.version, self.models, lambda model, case, repeat: model == 0 or case > 4)
        said = self.page("/evaluations")
        assert "1 evaluation is under way, 1 ended." in said
        assert said.index("10 of 40 results") < said.index("most passed: llama:8b, 20 of 20")
        assert 'hx-trigger="every 2s"' in self.source("/evaluations")

    def test_what_has_ended_needs_no_following_and_every_state_is_a_word(self):
        for state in ("done", "failed", "cancelled", "stopped"):
            add_run(self.version, self.models[:1], state=state, ends=False)
        said = self.page("/evaluations")
        for word in ("done", "failed", "cancelled", "stopped by its budget"):
            assert word in said
        assert "hx-trigger" not in self.source("/evaluations")

    def test_it_is_narrowed_by_suite_and_model(self):
        add_run(self.version, self.models[:1], ends=False)
        add_run(keep(3, name="other"), self.models[1:2], ends=False)
        assert "1 evaluation found." in self.page("/evaluations", suite="other")
        assert "llama:8b" not in self.page("/evaluations", model=self.models[1].pk)
        assert "No evaluation fits." in self.page("/evaluations", suite="nul\0")

    def test_the_number_of_queries_does_not_depend_on_runs(self):
        add_run(self.version, self.models, ends=False)
        with self.assertNumQueries(11):
            self.client.get("/evaluations")
        for _ in range(5):
            add_run(self.version, self.models, ends=False)
            add_run(self.version, self.models, cases=[], state="running")
        # Those under way come in queries of their own.
        with self.assertNumQueries(13):
            self.client.get("/evaluations")


class RunTests(EvaluationCase):
    def test_the_answer_stands_first_and_names_who_cannot_be_told_apart(self):
        run = add_run(self.version, self.models, lambda model, case, repeat: case % (9 - 4 * (model == 2)) > 0)
        said = self.page(f"/evaluations/{run.pk}")
        assert "llama:8b passes 17 of 20 cases; it cannot be told apart from qwen:7b and phi:3b." in said
        assert "Not enough cases to tell" in said and "cases would be needed" in said
        assert "1–3 tied" in said

    def test_the_table_has_intervals_undecided_and_missing_answers(self):
        made = {0: None, 1: "", 2: False}
        run = add_run(self.version, self.models[:2], lambda model, case, repeat: made.get(case, True))
        said = self.page(f"/evaluations/{run.pk}")
        assert "2 of 40 results are without an answer; they count neither way." in said
        assert "94 %" in said and "74 to 99 %" in said
        source = self.source(f"/evaluations/{run.pk}")
        assert source.count('class="chart-range"') == 6
        assert f"/evaluations/{run.pk}/results?model={self.models[0].pk}&amp;outcome=undecided" in source
        assert "Try what has no verdict again" in said

    def test_metric_and_tag_stand_in_the_address_and_nonsense_is_told(self):
        run = add_run(self.version, self.models[:2], lambda model, case, repeat: case % 2 == 0)
        assert "has a mean time to the answer of" in self.page(f"/evaluations/{run.pk}", metric="latency")
        assert "passes 10 of 10 cases" in self.page(f"/evaluations/{run.pk}", tag="even")
        said = self.page(f"/evaluations/{run.pk}", metric="beauty", tag="even")
        assert "There is no metric 'beauty'" in said and "passes 10 of 20 cases" in said

    def test_while_it_runs_progress_is_told_by_model_and_it_can_be_cancelled(self):
        job = jobs.enqueue("evaluation", {"run": 0})
        run = add_run(self.version, self.models[:2], lambda *_: True, cases=range(4), state="running", job=job)
        said = self.page(f"/evaluations/{run.pk}")
        assert "8 of 40 results of sums so far." in said and "4 of 20" in said
        self.client.post(f"/evaluations/{run.pk}/cancel")
        run.refresh_from_db()
        assert Job.objects.get(pk=job.pk).cancel_requested or run.state == "cancelled"

    def test_what_ended_too_early_goes_on_and_a_budget_grows(self):
        run = add_run(self.version, self.models[:1], cases=range(4), state="stopped", budget_tokens=60)
        assert "Go on with as much budget again" in self.page(f"/evaluations/{run.pk}")
        self.client.post(f"/evaluations/{run.pk}/resume")
        run.refresh_from_db()
        assert (run.state, run.budget_tokens) == ("queued", 140)

    def test_what_has_no_verdict_is_tried_again_and_a_refusal_is_a_sentence(self):
        run = add_run(self.version, self.models[:1], lambda model, case, repeat: case > 0 or "")
        self.client.post(f"/evaluations/{run.pk}/retry")
        assert EvaluationRun.objects.get(pk=run.pk).state == "queued"
        whole = add_run(self.version, self.models[:1])
        answer = self.client.post(f"/evaluations/{whole.pk}/retry", follow=True)
        assert "No case failed, and none is undecided." in answer.content.decode()

    def test_nothing_but_errors_is_no_comparison(self):
        error = {"code": "upstream", "message": "Every host is down."}
        run = add_run(self.version, self.models[:1], lambda *_: "", state="failed", error=error)
        said = self.page(f"/evaluations/{run.pk}")
        assert "None of 20 calls of sums got an answer." in said and "Every host is down." in said

    def test_who_may_only_read_has_no_buttons_and_is_refused(self):
        run = add_run(self.version, self.models[:1], cases=range(4), state="running")
        self.act_as("Viewer")
        assert "<button>Go on" not in self.source(f"/evaluations/{run.pk}")
        assert "Cancel" not in self.page(f"/evaluations/{run.pk}")
        assert self.client.post(f"/evaluations/{run.pk}/cancel").status_code == 403
        assert self.client.get("/evaluations/new").status_code == 403

    def test_the_number_of_queries_does_not_depend_on_models_and_cases(self):
        small = add_run(self.version, self.models[:1])
        large = add_run(keep(300, name="large"), self.models)
        for run, count in ((small, 12), (large, 12)):
            self.client.get(f"/evaluations/{run.pk}")
            with self.assertNumQueries(count):
                self.client.get(f"/evaluations/{run.pk}")

    def test_a_run_that_is_not_there_is_said_so(self):
        assert "There is no evaluation 999." in self.page("/evaluations/999", 404)
        assert "There is no evaluation" in self.page(f"/evaluations/{10**30}", 404)


class StartTests(EvaluationCase):
    def start(self, **given: object) -> object:
        form = {"suite": "sums", "repeats": 1, "model": [self.models[0].pk], **given}
        return self.client.post("/evaluations/new", form)

    def test_it_starts_a_run_and_shows_it(self):
        answer = self.start(model=[self.models[0].pk, self.models[1].pk], repeats=2, budget_tokens=5000)
        run = EvaluationRun.objects.get()
        assert answer["Location"] == f"/evaluations/{run.pk}"
        assert (run.total, run.repeats, run.budget_tokens, run.created_by) == (80, 2, 5000, "evaluator")

    def test_the_address_chooses_suite_and_models(self):
        keep(3, name="other")
        source = self.source("/evaluations/new", suite="other", model="qwen:7b")
        assert '<option value="other" selected>' in source
        assert f'value="{self.models[1].pk}" checked' in source and source.count("checked>") == 1

    def test_models_are_found_by_a_part_of_their_name_and_chosen_ones_stay(self):
        said = self.page("/evaluations/new", q="phi", model=self.models[0].pk)
        assert "phi:3b" in said and "llama:8b" in said and "qwen:7b" not in said

    def test_what_is_wrong_is_told_where_it_is_and_nothing_is_lost(self):
        assert "Name 1 to 100 models." in self.start(model=[]).content.decode()
        answer = self.start(model=[self.models[0].pk, "nobody"], repeats=0)
        said = answer.content.decode()
        assert answer.status_code == 400 and "nobody" in said and f'value="{self.models[0].pk}" checked' in said
        assert "greater than or equal to 1" in said
        judge = {
            "name": "good",
            "llm": {"modelId": "nobody", "prompt": "Good?", "choices": [{"choice": "yes", "score": 1}]},
        }
        keep(2, name="judged", evaluators=[judge])
        assert "Name another judge for this run." in self.start(suite="judged").content.decode()
        assert not EvaluationRun.objects.exists()

    def test_without_suites_it_leads_to_adding_one(self):
        Suite.objects.update(archived_at="2026-01-01T00:00Z")
        assert "There is no suite yet." in self.page("/evaluations/new")
