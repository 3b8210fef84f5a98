"""What the pages and the terminal tell people to paste works as it stands, against a real run."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.running import Run, signed_in, temporary_home
from tests.servers import wait_until

SNIPPET = re.compile(r'<details class="call".*?<summary>(.*?)</summary>.*?<code>(.*?)</code>', re.DOTALL)
CURL, STREAMED = (pytest.param(title, marks=pytest.mark.needs("curl")) for title in ("curl", "curl, streamed"))
PLACEHOLDER = re.compile(r"paste a key from http://[^']+/account")


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    with temporary_home() as home:
        process = Run(home)
        try:
            process.until_up()
            wait_until(lambda: process.get("/v1/models").json()["data"], 30, "the demo's models at the gateway")
            yield process
        finally:
            process.end()


def calls(run: Run, path: str) -> dict[str, str]:
    """Return {title: call} of a page, with the printed key in place of the words that say where to get one."""
    with signed_in(run) as session:
        page = session.get(f"{run.site}{path}", timeout=10).text
    return {title: PLACEHOLDER.sub(run.key, html.unescape(code)) for title, code in SNIPPET.findall(page)}


def pasted(run: Run, title: str, code: str) -> str:
    """Return what a call prints."""
    interpreter = [sys.executable] if title.startswith("Python") else ["bash", "-e"]
    environment = {"PATH": os.environ["PATH"], "REGISTRY_KEY": run.key}
    done = subprocess.run([*interpreter, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("title", [CURL, STREAMED, "Python, openai", "Python, ollama"])
def test_the_front_pages_calls_are_answered(run: Run, title: str) -> None:
    said = pasted(run, title, calls(run, "/")[title])
    # A model without weights repeats what it does not know; a stream has it in pieces.
    assert "Hello" in said
    assert ("data: [DONE]" in said) == (title == "curl, streamed")


@pytest.mark.parametrize("title", [CURL, "Python, openai", "Python, ollama"])
def test_an_embedding_models_calls_are_answered(run: Run, title: str) -> None:
    said = pasted(run, title, calls(run, "/models/nomic_embed_text_v1_5_base")[title])
    assert len(re.findall(r"-?\d\.\d+", said)) >= 100


@pytest.mark.needs("curl")
def test_the_printed_calls_are_answered(run: Run) -> None:
    lines = [line.split("try ", 1)[1] for line in run.output.splitlines() if "  try " in line]
    assert len(lines) == 1  # all that there is are the demo's models
    assert '"models"' in pasted(run, "curl", lines[0])
