from __future__ import annotations

import io
from functools import cache

import yaml
from django.core.management import call_command
from django.test import SimpleTestCase, TestCase


@cache
def schema() -> dict:
    out = io.StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    return yaml.safe_load(out.getvalue())


def operations() -> list[tuple[str, str, dict]]:
    return [
        (path, method, operation)
        for path, methods in schema()["paths"].items()
        for method, operation in methods.items()
    ]


class SchemaTests(SimpleTestCase):
    def test_it_is_valid_and_without_a_warning(self):
        assert schema()["openapi"].startswith("3.")

    def test_every_operation_has_a_summary_a_tag_and_its_errors(self):
        for path, method, operation in operations():
            with self.subTest(path=path, method=method):
                assert operation["summary"]
                assert operation["tags"] != ["api"]
                assert {"401", "403"} <= set(operation["responses"])
                assert ("404" in operation["responses"]) == ("{" in path)

    def test_every_body_that_is_sent_or_answered_is_described(self):
        for path, method, operation in operations():
            with self.subTest(path=path, method=method):
                good = [status for status in operation["responses"] if status.startswith("2")]
                assert good
                for status in set(good) - {"204"}:
                    # A file that is answered has another type than JSON.
                    content = operation["responses"][status]["content"]
                    assert content and all(body["schema"] for body in content.values())
                if method in ("put", "patch"):
                    assert operation["requestBody"]

    def test_the_error_has_the_one_shape(self):
        error = schema()["components"]["schemas"]["Error"]
        assert error["required"] == ["error"]
        assert set(error["properties"]["error"]["properties"]) == {"code", "message", "details"}

    def test_the_list_s_parameters_are_told(self):
        told = {p["name"]: p for p in schema()["paths"]["/api/models/unified"]["get"]["parameters"]}
        assert set(told) == {
            *("category", "model_type", "source", "status", "capability", "host", "drift", "q"),
            *("ordering", "page", "page_size"),
        }
        assert "external" in told["category"]["schema"]["enum"]

    def test_a_sync_tells_both_answers(self):
        sync = schema()["paths"]["/api/ollama/sync"]["post"]
        assert {"200", "202"} <= set(sync["responses"])
        assert {p["name"] for p in sync["parameters"]} == {"host", "async"}


class DocsTests(TestCase):
    def test_schema_and_docs_are_served_and_need_nothing_from_elsewhere(self):
        for path in ("/api/schema", "/api/schema/", "/api/docs", "/api/docs/"):
            with self.subTest(path=path):
                assert self.client.get(path).status_code == 200
        page = self.client.get("/api/docs").content.decode()
        assert 'src="/static/' in page
        assert "https://" not in page
