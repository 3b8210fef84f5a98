"""The running page at the wire: what it tells before the log-in, and what never leaves it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from typing import Any, ClassVar
from unittest import TestCase

import requests

from tests.gradio_app.fake_registry import KEY, PASSWORD, Fake, fake_registry
from tests.gradio_app.page_server import ROOT, environment, page_server, start


class TestPage(TestCase):
    fake: ClassVar[Fake]
    url: ClassVar[str]
    process: ClassVar[subprocess.Popen[str]]
    config: ClassVar[dict[str, Any]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(stack := ExitStack())
        cls.fake = stack.enter_context(fake_registry())
        cls.url, cls.process = stack.enter_context(page_server(cls.fake.url))
        cls.config = requests.get(f"{cls.url}/config", timeout=10).json()

    def labels(self, kind: str) -> list[str]:
        return [part["props"].get("label") for part in self.config["components"] if part["type"] == kind]

    def test_the_configuration_holds_all_tabs_and_labels_before_the_log_in(self) -> None:
        buttons = [part["props"]["value"] for part in self.config["components"] if part["type"] == "button"]

        fixed = ["Embedding Models", "Vision Models", "Tool Models", "Thinking Models"]
        assert self.labels("tabitem") == [*fixed, "Suites"]
        assert {"Model Category", "Select Model"} <= set(self.labels("dropdown"))
        assert {"User name", "Password"} <= set(self.labels("textbox"))
        assert {"Log in", "Log out", "Load Model", "Unload Model", "Send", "Stop"} <= set(buttons)

    def test_no_event_is_open_to_programs(self) -> None:
        assert {event["api_visibility"] for event in self.config["dependencies"]} == {"private"}
        assert requests.get(f"{self.url}/gradio_api/info", timeout=10).json()["named_endpoints"] == {}

    def test_nothing_of_gradios_own_is_offered(self) -> None:
        assert self.config["analytics_enabled"] is False
        assert self.config["footer_links"] == []
        assert not self.config.get("show_api")

    def test_the_page_names_no_font_or_style_of_another_server(self) -> None:
        assert not [sheet for sheet in self.config["stylesheets"] if sheet.startswith("http")]
        theme = requests.get(f"{self.url}/theme.css", timeout=10).text
        assert not re.findall(r"""url\((?!["']?data:).*""", theme)

    def test_the_key_does_not_leave_the_server(self) -> None:
        answer = self.call("log_in", ["ada", PASSWORD], session="visitor1")
        answer += self.call("choose", ["tools", ""], session="visitor1")

        assert "Logged in as" in answer
        assert "qwen3:8b (base)" in answer
        assert KEY not in answer
        assert PASSWORD not in answer

    def test_another_visitor_is_not_logged_in(self) -> None:
        self.call("log_in", ["ada", PASSWORD], session="visitor2")
        assert "qwen3" not in self.call("choose", ["tools", ""], session="visitor3")

    def test_files_of_the_server_are_not_given_away(self) -> None:
        for path in (ROOT / "manage.py", ROOT / "registry_project" / "settings.py", "/etc/passwd"):
            assert requests.get(f"{self.url}/gradio_api/file={path}", timeout=10).status_code in (403, 404)

    def call(self, handler: str, data: list[Any], session: str) -> str:
        """Do as the browser does: join the queue, read the events until the end. Return all that came."""
        event = next(e for e in self.config["dependencies"] if self._name(e) == handler)
        given = [None, *data]  # the state comes first; the browser has nothing of it
        body = {"fn_index": event["id"], "data": given, "session_hash": session, "event_data": None}
        base = f"{self.url}/gradio_api/queue"
        requests.post(f"{base}/join", json=body, timeout=10).raise_for_status()
        came = ""
        with requests.get(f"{base}/data", params={"session_hash": session}, stream=True, timeout=10) as events:
            for line in events.iter_lines(decode_unicode=True):
                came += line
                if "close_stream" in line or "process_completed" in line:
                    return came
        return came

    def _name(self, event: dict[str, Any]) -> str:
        return str(event.get("api_name") or "")


class TestProcess(TestCase):
    def test_the_page_imports_no_django_and_nothing_else_of_the_product(self) -> None:
        code = (
            "import sys, registry_project.gradio_app.app;"
            "own = ('django', 'unified_app', 'ollama_app', 'github_models_app', 'experiments_app', 'registry_project');"
            "print(sorted(m for m in sys.modules if m.split('.')[0] in own and 'gradio_app' not in m))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
        )
        # The charts are pure and belong to both faces.
        assert done.stdout.strip() == "['registry_project', 'registry_project.charts']"

    def test_both_classes_are_found_by_the_packages_name_and_work_alone(self) -> None:
        code = (
            "import json;"
            "from registry_project.gradio_app import CategoryBasedEvaluator as E, SimplifiedModelSelector as S;"
            "names = ['evaluation', 'embedding', 'vision', 'tools', 'thinking'];"
            "pages = [getattr(E(S()), f'create_{name}_interface')() for name in names];"
            "print(json.dumps([sum(b.get('props', {}).get('label') == 'Select Model' for b in p.config['components'])"
            " for p in pages]))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
        )
        assert json.loads(done.stdout) == [1, 1, 1, 1, 1]

    def test_telemetry_is_off_whatever_the_environment_says(self) -> None:
        code = "import gradio_client, registry_project.gradio_app, os; print(os.environ['GRADIO_ANALYTICS_ENABLED'])"
        env = environment("/tmp", "http://127.0.0.1:9", 7860) | {"GRADIO_ANALYTICS_ENABLED": "True"}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
        )
        assert done.stdout.strip() == "False"

    def test_a_taken_port_is_one_line_that_names_the_variable(self) -> None:
        with fake_registry() as other, tempfile.TemporaryDirectory() as home:
            process = start(home, "http://127.0.0.1:9", int(other.url.rsplit(":", 1)[1]))
            told, _ = process.communicate(timeout=60)

        assert process.returncode == 1
        assert "GRADIO_PORT" in told
        assert "Traceback" not in told

    def test_a_stop_is_clean(self) -> None:
        with page_server("http://127.0.0.1:9") as (_, process):
            process.terminate()
            told, _ = process.communicate(timeout=15)

        assert process.returncode == 0
        assert "Traceback" not in told
