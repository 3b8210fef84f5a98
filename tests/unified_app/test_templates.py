"""Simple templates of Ollama, filled in as its server does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unified_app.templates import problem_of, render, render_conversation, uses_system

FOLDER = Path(__file__).resolve().parents[1] / "data" / "ollama" / "recorded" / "templates"
RECORDED = json.loads((FOLDER / "v0.24.0.json").read_text())


def conversation(made: dict, messages: list[list[str]]) -> list[tuple[str, str]]:
    """Return what Ollama's server renders for a caller's messages: what the model itself says stands before them."""
    turns = [(role.lower(), text) for role, text in messages]
    lead = [("system", made["system"])] if "system" in made and turns[0][0] != "system" else []
    return [*lead, *((role, text) for role, text in made.get("messages", [])), *turns]


@pytest.mark.parametrize("made", RECORDED, ids=lambda made: json.dumps([*made][:-1]) + made["template"])
def test_every_conversation_is_what_a_real_server_rendered(made):
    for row in made["conversations"]:
        found = render_conversation(made["template"], conversation(made, row["messages"]))
        assert found == row["rendered"], row["messages"]


class TestSimple:
    @pytest.mark.parametrize(
        "template",
        ["{{ .Prompt }}", "{{.Prompt}}", "a {{- .System -}} b {{-\n.Prompt\t}} }}", "{{ .Prompt }}{{.Prompt}}"],
    )
    def test_fields_in_any_spacing(self, template):
        assert problem_of(template) == ""

    @pytest.mark.parametrize(
        "template",
        [
            *("{{ if .System }}x{{ end }}{{ .Prompt }}", "{{ .Prompt }}{{ .Response }}", "{{/* x */}}{{ .Prompt }}"),
            *("{{ .Messages }}", "{{ .Prompt", "{{ .prompt }}", "{{ -.Prompt }}", "{{\xa0.Prompt }}", "{{-.Prompt }}"),
        ],
    )
    def test_all_else_needs_a_server(self, template):
        assert "realise" in problem_of(template)

    def test_one_that_leaves_out_what_the_caller_says(self):
        assert "{{ .Prompt }}" in problem_of("{{ .System }}")

    def test_whether_it_has_a_place_for_the_system_text(self):
        assert uses_system("{{- .System }} {{ .Prompt }}") and not uses_system("System: {{ .Prompt }}")

    def test_trim_marks_take_the_spaces_that_go_knows_and_no_others(self):
        assert render("a \n{{- .Prompt -}}\t\r b", system="", prompt=" q ") == "a q b"
        assert render("a\xa0{{- .Prompt -}}\x0bb", system="", prompt="q") == "a\xa0q\x0bb"

    def test_what_is_filled_in_is_no_template_again(self):
        assert render("{{ .Prompt }}", system="s", prompt="{{ .System }}") == "{{ .System }}"
