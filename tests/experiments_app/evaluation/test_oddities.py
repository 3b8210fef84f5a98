"""--strict: each oddity of gh-models in a file, with its line."""

from __future__ import annotations

import pytest

from experiments_app.evaluation.command.oddities import oddities

HEAD = "model: m\nmessages:\n- role: user\n  content: '{{input}}'\ntestData:\n- input: x\n"
STRING = "evaluators:\n- name: e\n  string: {contains: y}\n"
USES = "evaluators:\n- name: e\n  uses: "
JUDGE = "evaluators:\n- name: e\n  llm:\n    prompt: p\n    choices:\n"


def of(text: str) -> list[str]:
    return [f"{oddity.line}: {oddity.message}" for oddity in oddities(text.encode())]


class TestOddities:
    def test_a_plain_file_has_none(self):
        assert of(HEAD + STRING) == []
        assert of(HEAD + USES + "registry/regex\n  with: {pattern: x}\n") == []

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "1: The file is empty"),
            ("version: 1\n" + HEAD + STRING, "1: The key version is ignored."),
            (HEAD + "---\nname: x\n", "7: Only the first document"),
            (HEAD.replace("model: m", "name: n") + STRING, "1: There is no model."),
            (HEAD, "1: There are no evaluators; every test passes."),
            ("model: m\n", "1: There are no tests"),
            ("modelParameters: {max_tokens: 1}\n" + HEAD, "1: The key max_tokens of modelParameters is ignored."),
            ("modelParameters: {maxTokens: 1.5}\n" + HEAD, "1: maxTokens 1.5 is cut to 1."),
            (HEAD.replace("user", "developer"), "3: The role is none of"),
            ("jsonSchema: '{}'\n" + HEAD, "1: jsonSchema without responseFormat is not sent."),
            ("responseFormat: text\njsonSchema: '{}'\n" + HEAD, "2: jsonSchema is sent with responseFormat text."),
            (HEAD.replace("{{input}}", "{{ input }}"), "4: {{ input }} in a message is not filled: it has spaces"),
            (HEAD.replace("{{input}}", "{{Input}}"), "4: {{Input}} in a message is not filled: no test case has"),
            (HEAD + "- other: x\n", "7: The test case has no 'input'"),
            (HEAD + "- ~\n", "7: The test case is null"),
            (HEAD.replace("input: x", "input: 1.10"), "6: 1.10 is printed as 1.1; quotes keep it."),
            (HEAD.replace("input: x", "input: 017"), "6: 017 is printed as 15"),
            (HEAD.replace("input: x", "input: 2024-01-02"), "6: 2024-01-02 is printed as 2024-01-02 00:00:00 +0000"),
            (HEAD.replace("input: x", "input:"), "6: nothing is printed as <nil>"),
            (HEAD.replace("input: x", "input: [a, ~]"), "6: {{input}} is printed as [a <nil>]."),
            (HEAD.replace("input: x", "input: {1: a}"), "6: A key inside a value is no text; --json fails."),
            (HEAD + "  k: .nan\n", "7: .nan is no finite number; --json fails."),
            (HEAD.replace("input: x", "input: '{{k}}'") + "  k: 1\n", "6: The value of input holds {{k}}"),
            (HEAD + "  completion: x\n", "7: Judges get the answer as {{completion}}"),
            (HEAD + "evaluators:\n- string: {contains: y}\n", "8: An evaluator has no name."),
            (HEAD + STRING + STRING[12:], "10: Another evaluator is named 'e'."),
            (HEAD + "evaluators:\n- name: e\n", "8: The evaluator has no string, llm or uses"),
            (HEAD + STRING + "  uses: a/b\n", "10: uses is ignored beside string."),
            (HEAD + STRING.replace("contains", "regex"), "9: The key regex of string is ignored."),
            (HEAD + STRING.replace("contains", "regex"), "9: There is none of equals"),
            (HEAD + STRING.replace("contains: y", "endsWith: a, equals: b"), "9: endsWith is ignored beside equals."),
            (HEAD + STRING.replace("contains: y", "equals: 'y '"), "9: equals has white space at an end"),
            (HEAD + "- input: ''\n" + STRING.replace("y", "'{{input}}'"), "7: contains becomes empty"),
            (HEAD + STRING.replace("y", "'{{want}}'"), "9: {{want}} in contains is not filled"),
            (
                HEAD + "evaluators:\n- name: e\n  uses: github/toxicity\n",
                "9: github/toxicity is not known; it scores 0.",
            ),
            (
                HEAD + "evaluators:\n- name: e\n  uses: github/similarity\n",
                "9: {{expected}} in github/similarity is not",
            ),
            (
                HEAD + JUDGE + "    - {choice: 1, score: 0}\n    - {choice: 10, score: 1}\n",
                "13: The choice '10' is",
            ),
            (HEAD + JUDGE + "    - {choice: '', score: 1}\n", "12: An empty choice matches every answer."),
            (HEAD + JUDGE + "    - {choice: a, score: 5}\n", "12: The score 5 is taken as it is"),
            (HEAD + JUDGE + "    - {choice: a, why: b}\n", "12: The key why of a choice is ignored."),
            (
                HEAD + JUDGE + "    - {choice: a}\n    systemPrompt: '{{input}}'\n",
                "13: {{input}} stays: a system",
            ),
            (
                HEAD + JUDGE.replace(": p", ": '{{x}}'") + "    - {choice: a}\n",
                "10: {{x}} in the judge's prompt is",
            ),
            (HEAD + "evaluators:\n- name: e\n  llm: {prompt: p}\n", "9: There are no choices; it scores 0."),
        ],
    )
    def test_each_is_told_with_its_line(self, text, told):
        assert any(line.startswith(told) for line in of(text)), of(text)
