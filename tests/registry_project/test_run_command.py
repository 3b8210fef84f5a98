"""`manage.py run`: the real command, in a data folder and on ports of its own."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from registry_project.environment import BASE_DIR
from tests.running import Run, environment, family, signed_in, temporary_home
from tests.servers import free_port, wait_until


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """A run that is up; tests may kill its children, but must leave it up."""
    with temporary_home() as home:
        process = Run(home)
        try:
            process.until_up()
            yield process
        finally:
            process.end()


def refused(env: dict[str, str]) -> tuple[str, float]:
    """Run the command, which must refuse with exit code 1; return its one line and how long it took."""
    began = time.monotonic()
    command = [sys.executable, "manage.py", "run"]
    result = subprocess.run(command, cwd=BASE_DIR, env=env, capture_output=True, text=True, timeout=30)
    assert result.returncode == 1, result.stdout + result.stderr
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line, time.monotonic() - began


def listed(run: Run, *sources: str) -> list[dict[str, Any]]:
    """Return the models of these sources once each of them has some, else nothing."""
    models = run.get("/api/models/unified").json()["models"]
    return models if {model["source"] for model in models} >= set(sources) else []


class TestUp:
    def test_run_json_names_every_process_and_url(self, run: Run) -> None:
        state = run.state
        assert state["pid"] == run.pid
        assert set(state["children"]) == {"site", "worker", "beat", "page", "demo"}
        assert all(Path(f"/proc/{pid}").exists() for pid in state["children"].values())
        addresses = {"page": "GRADIO_PORT", "demo": "DEMO_PORT"}
        parts = {name: f"http://127.0.0.1:{run.env[port]}" for name, port in addresses.items()}
        assert state["urls"] == {"site": run.site, **parts}

    def test_the_site_says_that_it_is_ready(self, run: Run) -> None:
        answer = requests.get(f"{run.site}/readyz", timeout=10)
        assert (answer.status_code, answer.json()["status"]) == (200, "ok")

    def test_the_page_answers_and_the_site_links_to_it(self, run: Run) -> None:
        page = f"http://127.0.0.1:{run.env['GRADIO_PORT']}"
        assert requests.get(f"{page}/config", timeout=10).status_code == 200
        assert f"page     {page}/" in run.output
        with signed_in(run) as session:
            assert session.get(run.site, timeout=10).text.count(f'href="{page}/"') == 2

    def test_the_site_is_told_before_the_page_answers(self, run: Run) -> None:
        assert run.output.index("The model registry is up") < run.output.index("All parts answer.")
        assert run.output.index("The model registry is up") < run.output.index("page   | ")

    def test_the_printed_curl_line_works(self, run: Run) -> None:
        (line,) = [line for line in run.output.splitlines() if " curl " in line]
        words = shlex.split(line)
        header, address = words[words.index("-H") + 1], words[-1]
        name, value = header.split(": ", 1)
        answer = requests.get(address, headers={name: value}, timeout=10)
        assert answer.status_code == 200
        assert "models" in answer.json()

    def test_the_printed_log_in_opens_the_admin(self, run: Run) -> None:
        with signed_in(run) as session:
            answer = session.get(f"{run.site}/admin/", timeout=10)
        assert answer.url == f"{run.site}/admin/"
        assert answer.status_code == 200

    def test_sources_are_synced_without_being_asked(self, run: Run) -> None:
        """The demo's three places are read; no row of theirs passes for real."""
        models = wait_until(lambda: listed(run, "ollama", "external", "github"), 30, "models of all three sources")
        assert {"demo-endpoint/agent-70b", "openai/gpt-4.1"} <= {model["name"] for model in models}
        assert all(model["demo"] for model in models)
        assert "no model of theirs is real" in run.output

    @pytest.mark.parametrize("model", ["demo-endpoint/agent-70b", "openai/gpt-4o-mini"])
    def test_remote_stand_ins_answer_through_the_gateway(self, run: Run, model: str) -> None:
        wait_until(lambda: listed(run, "external", "github"), 30, "models of both sources")
        body = {"model": model, "messages": [{"role": "user", "content": "What is 17 * 23?"}]}
        headers = {"Authorization": f"Bearer {run.key}"}
        answer = requests.post(f"{run.site}/v1/chat/completions", json=body, headers=headers, timeout=30)
        assert (answer.status_code, "391" in answer.text) == (200, True), answer.text

    def test_secrets_are_for_their_owner_only(self, run: Run) -> None:
        secrets = run.home / "secrets"
        assert {"api_key", "admin_password", "secret_key"} <= {path.name for path in secrets.iterdir()}
        for path in [secrets, *secrets.iterdir()]:
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path

    def test_each_line_of_a_child_has_its_name_in_front_and_no_colours(self, run: Run) -> None:
        assert "\nsite   | " in run.output
        assert "\033[" not in run.output

    def test_a_second_run_on_the_same_data_is_refused(self, run: Run) -> None:
        line, seconds = refused(environment(run.home))
        assert "REGISTRY_HOME" in line and str(run.home) in line and str(run.pid) in line
        assert seconds < 10

    @pytest.mark.parametrize("name", ["worker", "beat", "demo", "page", "site"])
    def test_a_killed_child_is_started_again(self, run: Run, name: str) -> None:
        before = run.state["children"]
        os.kill(before[name], signal.SIGKILL)
        after = wait_until(lambda: (s := run.state["children"]) != before and s, 40, f"a new {name}")
        assert {child for child in after if after[child] != before[child]} == {name}
        assert requests.get(f"{run.site}/readyz", timeout=10).status_code == 200
        assert f"{name} was ended by SIGKILL" in run.output


class TestRefusals:
    @pytest.mark.parametrize("variable", ["SITE_PORT", "DEMO_PORT", "GRADIO_PORT"])
    def test_a_taken_port_is_one_line_with_the_variable_that_moves_it(self, tmp_path: Path, variable: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = str(other.getsockname()[1])
            line, seconds = refused(environment(tmp_path, **{variable: port}))
        assert port in line and variable in line
        assert seconds < 10
        assert not (tmp_path / "run.json").exists()

    def test_two_parts_on_one_port_are_named(self, tmp_path: Path) -> None:
        port = str(free_port())
        line, _ = refused(environment(tmp_path, SITE_PORT=port, DEMO_PORT=port))
        assert "SITE_PORT" in line and "DEMO_PORT" in line

    def test_an_unknown_demo_mode_is_named(self, tmp_path: Path) -> None:
        line, _ = refused(environment(tmp_path, DEMO="maybe"))
        assert "DEMO" in line and "auto, on, off" in line


def test_a_life_of_two_runs() -> None:
    """SIGTERM ends all; a second run keeps log-in, key and data; SIGKILL of the second leaves no orphan."""
    with temporary_home() as home:
        first, second = Run(home, DEMO="auto"), None
        try:
            state = first.until_up()
            assert "demo" in state["children"] and "OLLAMA_HOSTS" in first.output
            everyone = family([first.pid, *state["children"].values()])
            first.send(signal.SIGTERM)
            assert first.wait(10) == 0
            assert family(everyone) == []
            assert first.state is None

            second = Run(home, DEMO="off")
            state = second.until_up()
            assert "demo" not in state["children"]
            assert (second.key, second.log_in) == (first.key, first.log_in)
            assert second.get("/api/models/unified").status_code == 200
            everyone = family([second.pid, *state["children"].values()])
            second.send(signal.SIGKILL)
            wait_until(lambda: family(everyone) == [], 5, "no orphan after SIGKILL")
        finally:
            first.end()
            if second:
                second.end()
