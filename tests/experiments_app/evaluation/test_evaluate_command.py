"""manage.py evaluate: exit codes, streams, gates, reports; straight to an OpenAI base and through the gateway."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from django.core.management import call_command
from django.test import SimpleTestCase, TestCase, override_settings
from werkzeug import Response

from tests.experiments_app.evaluation.evaluate_command import FILE, Evaluated, upstream
from unified_app.service_key import service_key


class DirectTests(SimpleTestCase):
    """No database: SimpleTestCase refuses every query."""

    def test_json_alone_on_stdout_and_one_for_failing_tests(self):
        with upstream() as (url, server):
            ran = Evaluated(FILE, "--json", "--base-url", url)
            assert json.loads(ran.out)["summary"] == {
                "totalTests": 2, "passedTests": 1, "failedTests": 1, "passRate": 50
            }  # fmt: skip
            assert (ran.code, ran.err) == (1, "Error: ❌ Some tests failed.\n")
            body, _ = server.asked[0]
            assert body == {"model": "plain", "messages": [{"role": "user", "content": "REPLY:Paris"}], "stream": True}

    def test_another_model_and_a_key_from_the_environment(self):
        with upstream() as (url, server), patch.dict(os.environ, EVALUATE_API_KEY="sk-1"):
            ran = Evaluated(FILE, "--model", "better", "--base-url", url)
            assert ran.code == 0
            assert "Model: better" in ran.out
            assert ran.out.endswith("Passed: 2/2 (100.00%)\n🎉 All tests passed!\n")
            assert {request.headers["Authorization"] for _, request in server.asked} == {"Bearer sk-1"}

    def test_a_refused_call_ends_the_run_without_json(self):
        with upstream() as (url, server):
            server.failures.append(Response('{"error": {"message": "who?"}}', status=401))
            ran = Evaluated(FILE, "--json", "--base-url", url)
            assert (ran.code, ran.out) == (1, "")
            told = 'Error: test case 1 failed: failed to call model: unauthorized\n{"error": {"message": "who?"}}\n'
            assert ran.err == told

    def test_waits_are_printed_for_people_and_not_with_json(self):
        limited = {"x-ratelimit-timeremaining": "3", "Retry-After": "9"}
        for flags, told in ((("--json",), False), ((), True)):
            with upstream() as (url, server), patch("experiments_app.evaluation.command.gh.time.sleep") as sleep:
                server.failures.append(Response("slow down", status=429, headers=limited))
                ran = Evaluated(FILE, "--model", "better", "--base-url", url, *flags)
                assert (ran.code, ("waiting 3s" in ran.out)) == (0, told)
                sleep.assert_called_once_with(3.0)

    def test_a_stream_that_breaks_off_is_no_answer(self):
        with upstream() as (url, server):
            server.failures.append(Response('data: {"choices": [{"delta": {"content": "Par"}}]}\n\n'))
            assert "broke off" in Evaluated(FILE, "--base-url", url).err

    def test_nothing_at_the_address_and_no_file(self):
        assert "Nothing answers" in Evaluated(FILE, "--base-url", "http://127.0.0.1:9/v1").err
        err = io.StringIO()
        with self.assertRaises(SystemExit):
            call_command("evaluate", "missing.prompt.yml", "--base-url", "http://127.0.0.1:9/v1", stderr=err)
        assert err.getvalue() == "Error: failed to load prompt file: missing.prompt.yml: No such file or directory\n"

    def test_strict_lists_what_is_odd_and_calls_nothing(self):
        with upstream() as (url, server):
            ran = Evaluated("version: 2\n" + FILE, "--strict", "--base-url", url)
            assert (ran.code, ran.out, server.asked) == (1, "", [])
            assert ran.err.endswith("capitals.prompt.yml:1: The key version is ignored.\n")
            assert Evaluated(FILE, "--strict", "--model", "better", "--base-url", url).code == 0

    def test_evaluators_of_the_registry_run_with_tools_and_images(self):
        text = FILE.replace("string: {contains: paris}", "uses: registry/regex\n  with: {pattern: '^P'}")
        text = text.replace("- answer: Rome", "- answer: Rome\n  images: ['data:image/png;base64,AAAA']")
        with upstream() as (url, server):
            ran = Evaluated(text, "--json", "--model", "better", "--base-url", url)
            assert (ran.code, json.loads(ran.out)["summary"]["passedTests"]) == (0, 2)
            assert server.asked[1][0]["messages"][0]["content"][1]["type"] == "image_url"

    def test_a_test_that_no_evaluator_finds_anything_in_did_not_pass(self):
        text = FILE.replace("string: {contains: paris}", "uses: registry/equals\n  with: {value: '{{wanted}}'}")
        with upstream() as (url, _):
            ran = Evaluated(
                text.replace("answer: Paris", "answer: Paris\n  wanted: Paris"), "--json", "--base-url", url
            )
            right, lacking = (test["evaluationResults"][0] for test in json.loads(ran.out)["testResults"])
            assert (ran.code, right["passed"], lacking["passed"]) == (1, True, False)
            assert lacking["details"] == "Undecided (not_applicable). The case has no 'wanted'."

    def test_a_process_needs_neither_database_nor_site(self):
        with upstream() as (url, _), tempfile.TemporaryDirectory() as home:
            path = Path(home) / "f.prompt.yml"
            path.write_text(FILE)
            command = [sys.executable, "manage.py", "evaluate", str(path), "--json", "--base-url", url]
            environment = {**os.environ, "REGISTRY_HOME": home, "DJANGO_SETTINGS_MODULE": "registry_project.settings"}
            environment["DATABASE_URL"] = "postgres://nobody@127.0.0.1:9/none"
            ran = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
            assert (ran.returncode, json.loads(ran.stdout)["summary"]["passedTests"]) == (1, 1), ran.stderr


class GateTests(SimpleTestCase):
    def test_a_gate_decides_in_place_of_the_tests(self):
        rule = {"suite": "Capitals", "metric": "right", "compare_to": "other", "max_drop_points": 0, "p95_seconds": 60}
        with upstream() as (url, server):
            ran = Evaluated(FILE, "--json", "--base-url", url, gate=[rule])
            assert (ran.code, json.loads(ran.out)["summary"]["failedTests"]) == (0, 1)
            assert "✓ Gate passed: right not more than 0 points below other" in ran.err
            assert [body["model"] for body, _ in server.asked] == ["plain", "plain", "other", "other"]

    def test_one_broken_rule_is_enough(self):
        rules = [{"compare_to": "better", "max_drop_points": 10}, {"p95_seconds": 60}]
        with upstream() as (url, _):
            ran = Evaluated(FILE, "--base-url", url, gate=rules, junit=True)
            assert ran.code == 1
            assert "✗ Gate failed: pass not more than 10 points below better" in ran.out
            assert "pass fell by 50.00 points against better" in ran.out
            cases = {case.get("name"): [child.tag for child in case] for case in ran.report.iter("testcase")}
            assert cases["p95 at most 60 s"] == []
            assert cases["pass not more than 10 points below better"] == ["failure"]
            assert cases["test case 2"] == ["skipped", "system-out"]
            assert (ran.report.get("failures"), ran.report.find("testsuite").get("skipped")) == ("1", "1")

    def test_a_rule_that_the_file_cannot_answer_is_told_before_any_call(self):
        for rule, told in (
            ({"suite": "Rivers", "p95_seconds": 1}, "gate[0].suite: It is for 'Rivers'"),
            ({"metric": "wrong", "max_drop_points": 1, "compare_to": "b"}, "gate[0].metric: The file measures"),
            ({"metric": "right.more", "p95_seconds": 1}, "gate[0].metric: The file measures"),
            ({"p95": 1}, "gate[0].p95: Unknown."),
        ):
            with upstream() as (url, server):
                ran = Evaluated(FILE, "--base-url", url, gate=[rule])
                assert (ran.code, server.asked) == (1, [])
                assert ran.err.startswith(f"Error: failed to load gate file: {told}")

    def test_an_evaluators_further_values_may_be_asked_for_where_much_of_them_is_good(self):
        text = FILE.replace("string: {contains: paris}", "uses: registry/numeric\n  with: {value: 5}")
        rule = {"compare_to": "other", "max_drop_points": 0, "metric": "right.off_by"}
        with upstream() as (url, server):
            ran = Evaluated(text, "--base-url", url, gate=[rule])
            assert (ran.code, server.asked) == (1, [])
            assert "gate[0].metric: Less of right.off_by is better, so it cannot drop." in ran.err
            assert Evaluated(text, "--base-url", url, gate=[{**rule, "metric": "right"}]).code == 0


class ReportTests(SimpleTestCase):
    def test_characters_that_xml_cannot_hold_are_replaced(self):
        with upstream() as (url, _):
            text = FILE.replace("Rome", '"a\\x00\\x1b<&>"').replace("{contains: paris}", "{equals: a}")
            ran = Evaluated(text, "--base-url", url, junit=True)
            outputs = [element.text for element in ran.report.iter("system-out")]
            assert outputs == ["Paris", "a\ufffd\ufffd<&>"]
            assert ran.report.get("failures") == "2"

    def test_a_run_that_ends_early_is_an_error_in_the_report(self):
        with upstream() as (url, server):
            server.failures.append(Response("no", status=500))
            ran = Evaluated(FILE, "--base-url", url, junit=True)
            (error,) = ran.report.iter("error")
            assert "500 Internal Server Error" in error.get("message")


class GatewayTests(TestCase):
    def test_calls_go_to_our_gateway_with_its_own_key_behind_all_others(self):
        with upstream() as (url, server), override_settings(REGISTRY_API_URL=url.removesuffix("/v1")):
            with patch.dict(os.environ):
                os.environ.pop("EVALUATE_API_KEY", None)
                assert Evaluated(FILE, "--model", "better").code == 0
            _, request = server.asked[0]
            assert request.headers["Authorization"] == f"Bearer {service_key()}"
            assert request.headers["X-Registry-Priority"] == "evaluation"
