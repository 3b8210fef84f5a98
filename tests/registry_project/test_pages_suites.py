"""The pages of suites: the list, one with its cases and gates, and the form that takes a file."""

from __future__ import annotations

import json

from django.core.files.uploadedfile import SimpleUploadedFile

from experiments_app.models import Gate, GateCheck, Suite
from tests.registry_project.evaluation_case import EvaluationCase
from tests.registry_project.evaluation_rows import add_run, keep, suite_of


class SuiteListTests(EvaluationCase):
    def test_it_tells_cases_category_and_the_last_run(self):
        run = add_run(self.version, self.models[:1], ends=False)
        said = self.page("/suites", q="sums")
        assert "1 suite found." in said and "sums cloud 20 1" in said
        assert f'href="/evaluations/{run.pk}"' in self.source("/suites")
        Suite.objects.filter(name="sums").update(shipped=True)
        assert "sums shipped" in self.page("/suites")

    def test_it_is_narrowed_by_category_and_archived_ones_are_gone(self):
        assert "sums" not in self.page("/suites", category="vision")
        assert "No suite fits." in self.page("/suites", q="nothing like it")
        Suite.objects.update(archived_at="2026-01-01T00:00Z")
        assert "No suites yet." in self.page("/suites")

    def test_the_number_of_queries_does_not_depend_on_suites(self):
        for _ in range(2):
            with self.assertNumQueries(8):
                self.client.get("/suites")
            for number in range(5):
                add_run(keep(2, name=f"suite {number}"), self.models[:1], ends=False)


class SuiteTests(EvaluationCase):
    def test_it_says_what_is_asked_and_how_answers_are_scored(self):
        said = self.page("/suites/sums")
        assert "Sums that a child can do." in said and "The answer contains “{{expected}}”." in said
        assert "Case 10" in said and "Case 11" not in said and "Case 11" in self.page("/suites/sums", page=2)
        assert "hard 10" in said and "Case 2 odd" in self.page("/suites/sums", tag="hard")

    def test_evaluators_of_ours_are_told_with_their_options(self):
        numeric = {"name": "number", "uses": "registry/numeric", "with": {"value": "{{expected}}", "absolute": 0.01}}
        keep(2, name="numbers", evaluators=[numeric])
        said = self.page("/suites/numbers")
        assert "A number of the answer is the expected one" in said and "absolute: 0.01" in said

    def test_earlier_versions_stay_and_say_that_they_are_earlier(self):
        keep(5)
        assert "Version 2, 5 cases" in self.page("/suites/sums")
        assert "An earlier version, 1, 20 cases" in self.page("/suites/sums", version=1)
        assert "has no version 9" in self.page("/suites/sums", 404, version=9)
        self.page("/suites/sums", 404, version="x")

    def test_odd_names_have_an_address(self):
        for name in ("new", "7", "a/b archive", "50 % & <b>more</b>"):
            suite = keep(2, name=name).suite
            assert f'href="/suites/{suite.pk}"' in self.source("/suites", q=name)
            assert suite.name in self.page(f"/suites/{suite.pk}")

    def test_gates_are_sentences_with_their_last_checks(self):
        gate = Gate.objects.create(name="no worse", suite=self.version.suite, max_drop_points=2, compare_to="llama:8b")
        report = {"reasons": ["pass fell by 5.00 points."]}
        GateCheck.objects.create(gate=gate, model=self.models[1], why="hand", state="failed", report=report)
        said = self.page("/suites/sums")
        assert "Cases passed at most 2 points below llama:8b. Checked for every promotion." in said
        assert "pass fell by 5.00 points." in said and "Edit gates in the admin" not in said

    def test_archiving_needs_the_scope_and_leaves_its_runs(self):
        run = add_run(self.version, self.models[:1], ends=False)
        self.act_as("Viewer")
        assert "Archive this suite" not in self.page("/suites/sums")
        assert self.client.post("/suites/sums/archive").status_code == 403
        self.act_as("Evaluator")
        self.client.post("/suites/sums/archive")
        assert "Archived" in self.page("/suites/sums") and "sums" in self.page(f"/evaluations/{run.pk}")

    def test_the_number_of_queries_does_not_depend_on_cases(self):
        for version in (self.version, keep(400, name="large")):
            path = f"/suites/{version.suite.name}"
            self.client.get(path)
            with self.assertNumQueries(11):
                self.client.get(path)


class UploadTests(EvaluationCase):
    def post(self, status: int = 400, **given: object) -> str:
        answer = self.client.post("/suites/new", {"format": "prompt.yml", **given})
        assert answer.status_code == status, answer.content.decode()[-3000:]
        return answer.content.decode()

    def test_a_file_makes_a_suite_and_again_the_next_version(self):
        for cases, number in ((3, 1), (4, 2), (4, 2)):
            raw = json.dumps(suite_of(cases, name="filed")).encode()
            self.post(302, file=SimpleUploadedFile("filed.json", raw))
            assert Suite.objects.get(name="filed").latest.number == number
        assert Suite.objects.get(name="filed").latest.created_by == "evaluator"

    def test_a_pasted_text_is_read_as_what_it_is_said_to_be(self):
        self.post(302, text="input,expected\r\n1+1,2\r\n", format="csv", name="pasted", category="tools")
        suite = Suite.objects.get(name="pasted")
        assert (suite.category, suite.latest.document["testData"]) == ("tools", [{"input": "1+1", "expected": 2}])

    def test_cases_alone_take_messages_and_evaluators_of_another_suite(self):
        self.post(302, text='{"input": "2+2", "expected": "4"}', format="jsonl", name="more", like="sums")
        assert Suite.objects.get(name="more").latest.document["evaluators"] == suite_of()["evaluators"]

    def test_problems_are_told_by_field_and_what_was_typed_stays(self):
        assert "Choose a file or paste a text." in self.post()
        raw = SimpleUploadedFile("x.json", b"{}")
        assert "not both" in self.post(file=raw, text="name: x")
        said = self.post(text="name: x\nmessages: [", name="kept")
        assert "line 3" in said and 'value="kept"' in said and "messages: [" in said
        wrong = {"testData": [{"input": "x", "tags": 7}]}
        assert "testData[0].tags" in self.post(text=json.dumps({**suite_of(), **wrong}), format="json")
        assert "Its name ends in one of" in self.post(file=SimpleUploadedFile("x.exe", b"MZ"))
        assert Suite.objects.filter(name__in=["x", "kept"]).count() == 0

    def test_it_needs_the_scope(self):
        self.act_as("Viewer")
        assert self.client.get("/suites/new").status_code == 403
