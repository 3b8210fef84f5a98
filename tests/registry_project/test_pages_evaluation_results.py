"""The pages of results case by case, of answers side by side, the leaderboard, and a model's own evaluations."""

from __future__ import annotations

from experiments_app.models import Gate, GateCheck
from registry_project.pages.evaluation_cases import LONG
from tests.registry_project.evaluation_case import EvaluationCase
from tests.registry_project.evaluation_rows import add_run, keep

PIXEL = "data:image/png;base64,iVBORw0KGgo="


class ResultsTests(EvaluationCase):
    def test_each_case_has_what_was_asked_and_what_each_model_made_of_it(self):
        run = add_run(self.version, self.models[:2], lambda model, case, repeat: model == 0)
        said = self.page(f"/evaluations/{run.pk}/results")
        assert "40 results: 20 passed, 20 not passed." in said
        first = said[said.index("Case 1") : said.index("Case 2")]
        assert "What is 0 + 1?" in first and "expected 1" in first and "even" in first
        assert "llama:8b passed" in first and "qwen:7b not passed" in first
        assert "It is 1." in first and "I think it is 7." in first and "Expected to contain: '1'" in first

    def test_they_are_narrowed_by_model_outcome_and_tag(self):
        made = {0: None, 1: "", 2: False}
        run = add_run(self.version, self.models[:2], lambda model, case, repeat: made.get(case, True))
        path = f"/evaluations/{run.pk}/results"
        for outcome, count in {
            "passed": 34,
            "not-passed": 2,
            "undecided": 2,
            "error": 2,
            "open": 0,
            "nonsense": 0,
        }.items():
            assert f"{count} results found." in self.page(path, outcome=outcome), outcome
        assert "The server answered 500." in self.page(path, outcome="error")
        assert "The judge said neither yes nor no." in self.page(path, outcome="undecided")
        assert "20 results found: 18 passed" not in self.page(path, tag="even", model=self.models[0].pk)
        assert "10 results found: 8 passed" in self.page(path, tag="even", model=self.models[0].pk)
        assert "No result fits." in self.page(path, model="nobody\0")

    def test_what_has_nothing_to_score_is_one_line_and_values_stand_beside_the_score(self):
        scores = [
            {"name": "found", "score": 0.5, "passed": True, "details": "", "values": {"ndcg@10": 0.8125}},
            {"name": "json", "score": None, "passed": None, "error": "not_applicable"},
            {"name": "length", "score": 12, "passed": None},
        ]
        calls = {
            "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}],
            "reasoning": "",
            "finish_reason": "length",
        }
        row = {"passed": True, "scores": scores, "message": calls}
        run = add_run(self.version, self.models[:1], lambda *_: row, ends=False)
        said = self.page(f"/evaluations/{run.pk}/results")
        assert "found passed score 0.5 ndcg@10 0.812" in said
        assert "length measured score 12" in said and "Nothing to score here: json." in said
        assert "What is no text: tool calls" in said and "An empty answer" not in said
        assert "cut off at its limit of tokens" in said and "finish reason" not in said

    def test_outputs_are_text_whatever_is_in_them_and_long_ones_are_folded(self):
        row = {"passed": True, "output": "<script>alert(1)</script>" + "x" * LONG}
        run = add_run(self.version, self.models[:1], lambda *_: row, ends=False)
        source = self.source(f"/evaluations/{run.pk}/results")
        assert "<script>alert" not in source and "&lt;script&gt;alert(1)" in source
        assert source.count('class="said output"') == 20 and "<summary>&lt;script&gt;" in source

    def test_pictures_are_shown_small_beside_the_question(self):
        data = [{"input": "Which colour?", "expected": "red", "images": [PIXEL]}]
        run = add_run(keep(1, name="seen", testData=data), self.models[:1])
        assert f'<img src="{PIXEL}" alt="Picture 1 of case 1"' in self.source(f"/evaluations/{run.pk}/results")

    def test_the_number_of_queries_does_not_depend_on_results(self):
        for version in (self.version, keep(300, name="large")):
            run = add_run(version, self.models, ends=False)
            self.client.get(f"/evaluations/{run.pk}/results")
            with self.assertNumQueries(12):
                self.client.get(f"/evaluations/{run.pk}/results", {"tag": "even"})


class OutputsTests(EvaluationCase):
    def test_two_answers_stand_side_by_side_with_their_differences_marked(self):
        run = add_run(self.version, self.models, lambda model, case, repeat: case > 0 or model == 1)
        source = self.source(f"/evaluations/{run.pk}/outputs", a=self.models[1].pk, b=self.models[0].pk)
        assert "<mark>I think it</mark> is" in source
        assert source.index("<b>qwen:7b</b>") < source.index("<b>llama:8b</b>") and "<mark>" in source
        assert "Both answered the same." in self.page(f"/evaluations/{run.pk}/outputs")

    def test_only_cases_that_differ_or_that_one_of_them_passed_are_shown_if_wanted(self):
        run = add_run(self.version, self.models[:2], lambda model, case, repeat: case > 2 or (model == 1 and case > 0))
        path = f"/evaluations/{run.pk}/outputs"
        assert "20 cases, answers side by side." in self.page(path)
        assert "2 answers differ in words or in verdict." in self.page(path, show="differ")
        assert "2 cases passed only by qwen:7b." in self.page(path, show="b")
        assert "17 cases passed by both." in self.page(path, show="both")
        assert "There is none. Show all answers" in self.page(path, show="a")

    def test_one_model_has_nothing_beside_it_and_an_answer_may_be_missing(self):
        run = add_run(self.version, self.models[:1])
        assert "There is only one model in this evaluation." in self.page(f"/evaluations/{run.pk}/outputs")
        half = add_run(self.version, self.models[:2], cases=range(2), state="running")
        half.results.filter(run_model__position=1).delete()
        assert "qwen:7b not there yet" in self.page(f"/evaluations/{half.pk}/outputs")


class LeaderboardTests(EvaluationCase):
    def test_without_results_it_says_what_fills_it(self):
        assert "No leaderboard yet." in self.page("/leaderboard")

    def test_places_are_shared_in_words_and_trade_offs_have_a_word_and_a_shape(self):
        add_run(self.version, self.models, lambda model, case, repeat: model < 2 or case < 2)
        said = self.page("/leaderboard", category="cloud")
        assert "llama:8b and qwen:7b share the first place: these cases cannot tell them apart." in said
        assert said.count("1–2 tied") == 2 and "no better trade-off" in said
        source = self.source("/leaderboard")
        assert source.count('class="dot front"') == 1 and source.count('<circle class="dot"') == 2
        assert 'aria-label="llama:8b: 100' in source

    def test_the_newest_result_of_each_model_counts_and_links_to_its_run(self):
        old = add_run(self.version, self.models[:2], lambda *_: False)
        new = add_run(self.version, self.models[:1])
        source = self.source("/leaderboard", suite="sums")
        assert source.count(f'href="/evaluations/{new.pk}"') == source.count(f'href="/evaluations/{old.pk}"') == 1

    def test_categories_and_suites_are_chosen_and_unknown_ones_are_told(self):
        add_run(self.version, self.models[:2])
        add_run(keep(4, name="tooling", category="tools"), self.models[:1])
        assert "llama:8b is the only model with a result." in self.page("/leaderboard", category="tools")
        assert "sums by cases passed" in self.page("/leaderboard", suite="sums")
        said = self.page("/leaderboard", category="tools", suite="sums")
        assert "No suite sums with results in the category tools, so this is tooling." in said
        assert "No suite of this category has results." in self.page("/leaderboard", category="vision")
        assert "There is no metric" in self.page("/leaderboard", metric="beauty")

    def test_the_number_of_queries_does_not_depend_on_models(self):
        for models in (self.models[:1], self.models):
            add_run(self.version, models)
            self.client.get("/leaderboard")
            with self.assertNumQueries(12):
                self.client.get("/leaderboard")


class ModelTests(EvaluationCase):
    def test_a_model_that_was_never_evaluated_offers_it_to_those_who_may(self):
        path = f"/models/{self.models[0].pk}"
        assert "It was not evaluated yet." in self.page(path)
        self.act_as("Viewer")
        assert "Evaluations It was not" not in self.page(path)

    def test_its_way_on_a_suite_is_drawn_with_intervals_and_new_versions_marked(self):
        model = self.models[0]
        add_run(self.version, [model], lambda model, case, repeat: case < 10, days_ago=9)
        model.version = "fedcba987654"
        add_run(self.version, [model], lambda model, case, repeat: case < 18)
        source = self.source(f"/models/{model.pk}")
        assert source.count('class="range"') == 2 and "new model fedcba9" in source
        said = self.page(f"/models/{model.pk}")
        assert "90 %" in said and "On sums, run by run" in said
        assert f"/evaluations/new?model={model.pk}&amp;suite=sums" in source

    def test_a_gate_that_it_broke_last_is_told_and_one_mended_since_is_not(self):
        run = add_run(self.version, self.models[:1])
        gates = [Gate.objects.create(name=name, suite=self.version.suite) for name in ("quality", "speed")]
        told = {"model": self.models[0], "run": run, "why": "hand", "report": {"reasons": ["It fell by 9 points."]}}
        for gate, state in ((gates[0], "failed"), (gates[1], "failed"), (gates[1], "passed")):
            GateCheck.objects.create(gate=gate, state=state, **told)
        said = self.page(f"/models/{self.models[0].pk}")
        assert "gate broken quality" in said and "It fell by 9 points." in said and "broken speed" not in said

    def test_the_number_of_queries_does_not_depend_on_runs(self):
        path = f"/models/{self.models[0].pk}"
        for _ in range(2):
            add_run(self.version, self.models[:1])
        self.client.get(path)
        with self.assertNumQueries(20):
            self.client.get(path)
        for number in range(4):
            add_run(self.version, self.models[:1])
            add_run(keep(3, name=f"suite {number}"), self.models[:1])
        with self.assertNumQueries(20):
            self.client.get(path, {"suite": "sums"})
