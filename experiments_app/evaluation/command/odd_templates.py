"""Placeholders that stay as they are, and expected texts that become nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from experiments_app.evaluation.command.odd_words import Oddity, fields, items
from experiments_app.evaluation.evaluators.rubrics import BUILT_IN
from experiments_app.evaluation.evaluators.strings import chosen_operator
from experiments_app.evaluation.files.prompt_files import OPERATORS
from experiments_app.evaluation.files.yaml_reading import Node, Values
from experiments_app.evaluation.templating import filled

_PLACEHOLDER = re.compile(r"\{\{([^{}\n]*)\}\}")
COMPLETION = "completion"


class _Cases:
    """The keys of all test cases, and each one's values."""

    def __init__(self, nodes: list[Node]) -> None:
        values = Values()
        self.all = [values.texts(node) if node.kind == "map" else {} for node in nodes]
        self.lines = [node.line for node in nodes]

    def unfilled(self, template: str, line: int, where: str, extra: tuple[str, ...] = ()) -> Iterator[Oddity]:
        for key in dict.fromkeys(_PLACEHOLDER.findall(template)):
            lacking = [place for place, case in enumerate(self.all) if key not in case and key not in extra]
            if not lacking:
                continue
            known = any(key.strip() in case for case in self.all) or key.strip() in extra
            if key != key.strip() and known:
                yield Oddity(line, f"{{{{{key}}}}} in {where} is not filled: it has spaces inside the braces.")
            elif len(lacking) == len(self.all):
                yield Oddity(line, f"{{{{{key}}}}} in {where} is not filled: no test case has {key!r}.")
            else:
                yield Oddity(
                    self.lines[lacking[0]], f"The test case has no {key!r}, so {{{{{key}}}}} in {where} stays."
                )


def odd_templates(top: dict[str, Node]) -> Iterator[Oddity]:
    cases = _Cases(items(top, "testData"))
    if not cases.all:
        return
    for message in items(top, "messages"):
        content = fields(message).get("content")
        if content:
            yield from cases.unfilled(content.text, content.line, "a message")
    for node in items(top, "evaluators"):
        yield from _evaluator(fields(node), cases)


def _evaluator(found: dict[str, Node], cases: _Cases) -> Iterator[Oddity]:
    if "string" in found and not found["string"].is_null:
        yield from _criteria(found["string"], cases)
    elif "llm" in found and not found["llm"].is_null:
        yield from _judge(fields(found["llm"]), cases)
    elif "uses" in found:
        rubric = BUILT_IN.get(found["uses"].text.removeprefix("github/"))
        if rubric and found["uses"].text.startswith("github/"):
            yield from cases.unfilled(rubric.prompt, found["uses"].line, found["uses"].text, (COMPLETION,))


def _criteria(node: Node, cases: _Cases) -> Iterator[Oddity]:
    told = fields(node)
    operator, template = chosen_operator({key: told[key].text for key in OPERATORS if key in told})
    if not operator:
        return
    line = told[operator].line
    yield from cases.unfilled(template, line, operator)
    for case, at in zip(cases.all, cases.lines, strict=True):
        if operator != "equals" and filled(template, case) == "":
            yield Oddity(at, f"{operator} becomes empty with this test case, and then everything passes.")


def _judge(told: dict[str, Node], cases: _Cases) -> Iterator[Oddity]:
    if "prompt" in told:
        yield from cases.unfilled(told["prompt"].text, told["prompt"].line, "the judge's prompt", (COMPLETION,))
    system = told.get("systemPrompt")
    for key in _PLACEHOLDER.findall(system.text) if system else ():
        yield Oddity(system.line if system else 0, f"{{{{{key}}}}} stays: a systemPrompt is no template.")
