from __future__ import annotations

import json

from django.core.files.uploadedfile import SimpleUploadedFile

from experiments_app.models import EvaluationRun, Suite
from tests.experiments_app.evaluation.api_case import SUITES, EvaluationApiCase
from tests.experiments_app.evaluation.runner_case import suite_of
from unified_app.models import HistoryEntry

PROMPT_FILE = b"""name: greetings
messages:
  - role: user
    content: "Say {{input}}"
testData:
  - input: hello
    expected: hello
evaluators:
  - name: says
    string:
      contains: "{{expected}}"
"""


class Keeping(EvaluationApiCase):
    def test_a_suite_is_kept_with_its_content(self):
        row = self.post_suite(category="thinking", tags=["small"])
        assert (row["name"], row["cases"], row["version"], len(row["digest"])) == ("echo", 2, 1, 64)
        assert (row["category"], row["tags"], row["created_by"]) == ("thinking", ["small"], "evaluator")
        whole = self.get(f"{SUITES}/echo", document="true")
        assert whole["document"]["testData"][1] == {"input": "two", "expected": "two"}
        assert "document" not in self.get(f"{SUITES}/{row['id']}")

    def test_the_same_content_again_is_no_new_version_and_other_content_is_the_next(self):
        first = self.post_suite("one")
        again = self.post_suite("one", status=200, description="Told in other words.")
        assert (again["id"], again["version"]) == (first["id"], 1)
        assert self.post_suite("one", "two")["version"] == 2
        assert self.post_suite("one", status=200)["version"] == 1
        versions = self.get(f"{SUITES}/echo/versions")["versions"]
        assert [(row["version"], row["cases"]) for row in versions] == [(2, 2), (1, 1)]

    def test_what_is_wrong_is_named_by_its_path(self):
        def details(**more):
            return self.post_suite("one", status=400, **more)["error"]["details"]

        assert list(details(name="")) == ["name"]
        assert list(details(testData=[])) == ["testData"]
        assert list(details(category="cookery")) == ["category"]
        assert list(details(testData=[{"input": "a", "tags": "hard"}])) == ["testData[0].tags"]
        assert list(details(evaluators=[{"name": "x", "uses": "registry/nonsense"}])) == ["evaluators[0].uses"]
        assert not Suite.objects.filter(shipped=False).exists()

    def test_a_body_that_is_no_object_is_refused(self):
        answer = self.client.post(SUITES, ["one"])
        assert list(self.error(answer, 400)["details"]) == ["suite"]

    def test_files_of_each_format_are_read(self):
        def upload(file_name, raw, **fields):
            form = {"file": SimpleUploadedFile(file_name, raw), **fields}
            answer = self.client.post(SUITES, form, format="multipart")
            assert answer.status_code == 201, answer.content
            return answer.json()

        assert upload("greetings.prompt.yml", PROMPT_FILE)["name"] == "greetings"
        cases = b'{"input": "a", "expected": "a"}\n{"input": "b", "expected": "b"}\n'
        row = upload("more.jsonl", cases, name="more", category="tools", like="greetings")
        assert (row["name"], row["category"], row["cases"]) == ("more", "tools", 2)
        document = self.get(f"{SUITES}/more", document="true")["document"]
        assert document["messages"] == [{"role": "user", "content": "Say {{input}}"}]
        assert upload("table.csv", b"input,expected\n1,2\n")["cases"] == 1

    def test_a_file_of_no_known_format_is_refused(self):
        answer = self.client.post(SUITES, {"file": SimpleUploadedFile("a.exe", b"x")}, format="multipart")
        assert list(self.error(answer, 400)["details"]) == ["file"]

    def test_a_viewer_keeps_nothing(self):
        self.act_as("Viewer")
        self.error(self.client.post(SUITES, suite_of("one")), 403)


class Reading(EvaluationApiCase):
    def test_the_list_takes_a_constant_number_of_queries(self):
        for number in range(4):
            self.post_suite(name=f"suite {number}")
        with self.assertNumQueries(4):  # the key with its user and groups, the count, the rows
            assert len(self.get(SUITES, shipped="false")["suites"]) == 4

    def test_the_list_is_filtered(self):
        self.post_suite(name="sums", category="thinking", tags=["maths"])
        self.post_suite(name="poems", category="cloud")

        def names(**parameters):
            return [row["name"] for row in self.get(SUITES, shipped="false", **parameters)["suites"]]

        assert names() == ["poems", "sums"]
        assert names(category="thinking") == ["sums"]
        assert names(q="MATHS") == ["sums"]
        assert "sums" not in [row["name"] for row in self.get(SUITES, shipped="true")["suites"]]
        assert names(ordering="-name") == ["sums", "poems"]

    def test_cases_are_paged_and_filtered(self):
        cases = [{"input": "a", "expected": "a", "tags": ["hard"]}, {"input": "b", "expected": "b", "split": "train"}]
        self.post_suite(testData=cases)
        page = self.get(f"{SUITES}/echo/cases", page_size=1)
        assert (page["count"], page["cases"][0]["data"]) == (2, cases[0])
        assert page["cases"][0]["tags"] == ["hard"]
        assert [row["index"] for row in self.get(f"{SUITES}/echo/cases", split="train")["cases"]] == [1]
        assert [row["index"] for row in self.get(f"{SUITES}/echo/cases", tag="hard")["cases"]] == [0]

    def test_an_export_comes_back_in_as_the_same_suite(self):
        digest = self.post_suite("one", "two")["digest"]
        for kind in ("prompt.yml", "jsonl", "json"):
            answer = self.client.get(f"{SUITES}/echo/export", {"format": kind})
            assert f'filename="echo.{kind}"' in answer["Content-Disposition"]
            form = {"file": SimpleUploadedFile(f"echo.{kind}", answer.content)}
            again = self.client.post(SUITES, form, format="multipart")
            assert (again.status_code, again.json()["digest"]) == (200, digest), kind
        table = self.client.get(f"{SUITES}/echo/export", {"format": "csv"}).content
        assert table.splitlines()[0] == b"input,expected"

    def test_an_older_version_is_exported_on_request(self):
        self.post_suite("one")
        self.post_suite("one", "two")
        answer = self.client.get(f"{SUITES}/echo/export", {"format": "json", "version": 1})
        assert len(json.loads(answer.content)["testData"]) == 1
        self.error(self.client.get(f"{SUITES}/echo/export", {"version": 7}), 404)
        details = self.error(self.client.get(f"{SUITES}/echo/export", {"format": "pdf"}), 400)["details"]
        assert list(details) == ["format"]

    def test_a_suite_that_is_not_there_is_a_404(self):
        for path in ("nonsense", "99999999999999999999", "nonsense/export", "nonsense/cases"):
            self.error(self.client.get(f"{SUITES}/{path}"), 404)

    def test_the_evaluators_are_told_with_their_options(self):
        rows = self.get(f"{SUITES}/evaluators")["evaluators"]
        told = {row["uses"] or row["name"]: row for row in rows}
        assert {"string", "llm", "github/relevance", "registry/numeric"} <= set(told)
        assert told["registry/numeric"]["parameters"]["type"] == "object"


class Changing(EvaluationApiCase):
    def test_name_category_and_tags_are_changed_and_stand_in_the_history(self):
        row = self.post_suite()
        answer = self.client.patch(f"{SUITES}/echo", {"name": "mirror", "category": "tools", "tags": ["x"]})
        assert answer.status_code == 200, answer.content
        assert (answer.json()["name"], answer.json()["category"], answer.json()["tags"]) == ("mirror", "tools", ["x"])
        fields = HistoryEntry.objects.filter(kind="suite", object_id=str(row["id"])).values_list("field", flat=True)
        assert {"name", "category", "tags"} <= set(fields)

    def test_two_suites_never_share_a_name(self):
        self.post_suite(name="one")
        self.post_suite(name="two")
        assert list(self.error(self.client.patch(f"{SUITES}/two", {"name": "one"}), 400)["details"]) == ["name"]

    def test_an_unknown_field_is_refused(self):
        self.post_suite()
        assert list(self.error(self.client.patch(f"{SUITES}/echo", {"testData": []}), 400)["details"]) == ["testData"]

    def test_a_deleted_suite_is_archived_with_its_runs_and_comes_back_with_its_content(self):
        self.post_suite()
        run = self.start()
        assert self.client.delete(f"{SUITES}/echo").status_code == 204
        assert self.get(SUITES, shipped="false")["suites"] == []
        assert [row["name"] for row in self.get(SUITES, archived="any", shipped="false")["suites"]] == ["echo"]
        assert EvaluationRun.objects.filter(pk=run["id"]).exists()
        assert "archived" in self.refused()["suite"][0]
        assert self.post_suite(status=200)["archived_at"] is None
