"""Files that hold every oddity of gh-models, and what gh-models itself made of each.

Recorded with gh-models f38cd97, built from its source, against a server that answers as gh_model.py does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from experiments_app.evaluation.command.gh import Progress, Run, RunFailed, has_passed, printed
from experiments_app.evaluation.command.gh_text import Printed
from experiments_app.evaluation.files.prompt_files import read_prompt_file
from experiments_app.evaluation.files.yaml_reading import BadYaml
from tests.experiments_app.evaluation.gh_model import Model

RECORDED: dict[str, dict[str, Any]] = json.loads(
    (Path(__file__).parents[2] / "data" / "gh_eval.json").read_text(encoding="utf-8")
)
NOT_LOADED = "failed to load prompt file"


def run(file: str, progress: Progress | None = None) -> tuple[str, str, int, Model]:
    """Return what --json prints, the error, the exit code and the model."""
    model = Model()
    try:
        document = Run(read_prompt_file(file.encode()), model, progress=progress or Progress()).document()
        passed = all(map(has_passed, document["testResults"] or ()))
        return printed(document), "" if passed else "❌ Some tests failed.", 0 if passed else 1, model
    except BadYaml:
        return "", NOT_LOADED, 1, model
    except RunFailed as error:
        return "", str(error), 1, model


@pytest.mark.parametrize("name", RECORDED)
class TestRecorded:
    def test_the_document_and_the_exit_code_are_those_of_gh(self, name):
        document, _, code, _ = run(RECORDED[name]["file"])
        assert document == RECORDED[name]["json"]
        assert code == RECORDED[name]["exit"]

    def test_the_error_is_that_of_gh(self, name):
        _, error, _, _ = run(RECORDED[name]["file"])
        told = RECORDED[name]["error"].removeprefix("Error: ")
        assert error == (NOT_LOADED if told.startswith(NOT_LOADED) else told)

    def test_the_lines_for_people_are_those_of_gh(self, name):
        lines: list[str] = []
        run(RECORDED[name]["file"], Printed(lines.append))
        assert "".join(lines) == RECORDED[name]["human"]

    def test_the_requests_are_those_of_gh(self, name):
        asked = run(RECORDED[name]["file"])[3].asked
        wanted = [{**body, "messages": body["messages"] or []} for body in RECORDED[name]["requests"]]
        if name == "built_ins":  # their rubrics have other words
            asked, wanted = ([without_texts(body) for body in bodies] for bodies in (asked, wanted))
        assert asked == wanted


def without_texts(body: dict[str, Any]) -> dict[str, Any]:
    return {**body, "messages": [message["role"] for message in body["messages"]]}
