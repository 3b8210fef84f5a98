"""Suites: what a document with the keys of a `.prompt.yml` says, checked part by part. Pure.

Whether an evaluator's options are right is for the evaluators to say.
Reference: https://docs.github.com/en/github-models/use-github-models/storing-prompts-in-github-repositories
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments_app.evaluation.cases import Case, EvaluatorSpec, SuiteContent
from experiments_app.evaluation.files.suite_parameters import request_fields
from experiments_app.evaluation.files.suite_parts import at, items, mapping, refuse, text, unique, word
from experiments_app.evaluation.templating import is_finite

# A suite of more is several suites; the page and the API hold one whole.
MAX_CASES = 10_000
ROLES = ("system", "user", "assistant", "developer")
# A case's own conversation may have been one with tools.
TALK_ROLES = (*ROLES, "tool")
METHODS = ("string", "llm", "uses")
IMAGE = "data:image/"


def read_suite(document: Mapping[str, Any]) -> SuiteContent:
    """Return the suite that a document describes. Raises InvalidInput that names the wrong part by its path.

    Keys that are not known are kept in `document` and mean nothing.
    """
    told = mapping(document, "suite")
    cases = tuple(_case(row, index) for index, row in enumerate(items(told, "testData")))
    messages = tuple(_message(row, at("messages", index)) for index, row in enumerate(items(told, "messages")))
    _check_cases(cases, messages)
    return SuiteContent(
        document=told,
        name=text(told, "name"),
        description=text(told, "description"),
        model=text(told, "model"),
        messages=messages,
        parameters=request_fields(told),
        tools=_tools(told, "tools"),
        corpus=_documents(told, "corpus"),
        evaluators=_evaluators(told),
        cases=cases,
    )


def _check_cases(cases: tuple[Case, ...], messages: tuple[Mapping[str, Any], ...]) -> None:
    if len(cases) > MAX_CASES:
        refuse("testData", f"At most {MAX_CASES} cases; these are {len(cases)}.")
    if cases and not messages and any(case.messages is None for case in cases):
        refuse("messages", "Test cases need at least one message.")


def _message(row: Any, path: str) -> dict[str, Any]:
    told = mapping(row, path, "A message has role and content.")
    role = text(told, "role", path).lower()
    if role not in ROLES:
        refuse(f"{path}.role", f"It is one of {', '.join(ROLES)}.")
    return {"role": role, "content": text(told, "content", path)}


def _case(row: Any, index: int) -> Case:
    path = at("testData", index)
    data = {} if row is None else mapping(row, path, "A test case is a mapping.")
    _check_relevant(data, f"{path}.relevant")
    _documents(data, "documents", path)
    return Case(
        index=index,
        data=data,
        tags=tuple(unique(_words(data, "tags", path), f"{path}.tags")),
        split=text(data, "split", path) or "test",
        images=_images(data, path),
        tools=_tools(data, "tools", path) if data.get("tools") is not None else None,
        messages=_talk(data, path),
    )


def _words(data: Mapping[str, Any], key: str, path: str) -> list[str]:
    return [word(item, at(f"{path}.{key}", place)) for place, item in enumerate(items(data, key, path))]


def _images(data: Mapping[str, Any], path: str) -> tuple[str, ...]:
    found = _words(data, "images", path)
    for place, image in enumerate(found):
        if not image.startswith(IMAGE) or ";base64," not in image[:100]:
            refuse(at(f"{path}.images", place), "It is a data URL: data:image/png;base64,...")
    return tuple(found)


def _talk(data: Mapping[str, Any], path: str) -> tuple[Mapping[str, Any], ...] | None:
    """Return the case's own conversation; its messages may have parts, and calls of tools with their answers."""
    if data.get("messages") is None:
        return None
    rows = items(data, "messages", path)
    if not rows:
        refuse(f"{path}.messages", "A conversation has at least one message.")
    return tuple(_said(row, at(f"{path}.messages", place)) for place, row in enumerate(rows))


def _said(row: Any, path: str) -> dict[str, Any]:
    told = mapping(row, path, "A message has role and content.")
    role = text(told, "role", path).lower()
    if role not in TALK_ROLES:
        refuse(f"{path}.role", f"It is one of {', '.join(TALK_ROLES)}.")
    content = told.get("content")
    if isinstance(content, list | tuple):
        parts = [mapping(part, at(f"{path}.content", place)) for place, part in enumerate(content)]
        return {**told, "role": role, "content": parts}
    return {**told, "role": role, "content": None if content is None else text(told, "content", path)}


def _tools(data: Mapping[str, Any], key: str, path: str = "") -> tuple[Mapping[str, Any], ...]:
    base = f"{path}.{key}" if path else key
    rows = [mapping(row, at(base, place)) for place, row in enumerate(items(data, key, path))]
    for place, row in enumerate(rows):
        function = row.get("function")
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            refuse(at(base, place), 'It has a function with a name: {"type": "function", "function": {"name": ...}}.')
    unique([str(row["function"]["name"]) for row in rows], base)
    return tuple({"type": "function", **row} for row in rows)


def _documents(data: Mapping[str, Any], key: str, path: str = "") -> tuple[tuple[str, str], ...]:
    base = f"{path}.{key}" if path else key
    found = []
    for place, row in enumerate(items(data, key, path)):
        told = mapping(row, at(base, place), "A document has id and text.")
        if told.get("id") in (None, "") or told.get("text") is None:
            refuse(at(base, place), "A document has id and text.")
        found.append((text(told, "id", at(base, place)), text(told, "text", at(base, place))))
    unique([name for name, _ in found], base)
    return tuple(found)


def _check_relevant(data: Mapping[str, Any], path: str) -> None:
    relevant = data.get("relevant")
    if isinstance(relevant, Mapping):
        for name, grade in relevant.items():
            if isinstance(grade, bool) or not isinstance(grade, int | float) or not is_finite(grade):
                refuse(f"{path}.{name}", "It is a grade: a number.")
    elif isinstance(relevant, list | tuple):
        unique([word(item, at(path, place)) for place, item in enumerate(relevant)], path)
    elif relevant is not None:
        refuse(path, "It is {id: grade}, or a list of ids.")


def _evaluators(told: Mapping[str, Any]) -> tuple[EvaluatorSpec, ...]:
    rows = items(told, "evaluators")
    found = tuple(_evaluator(row, at("evaluators", place)) for place, row in enumerate(rows))
    seen: set[str] = set()
    for place, evaluator in enumerate(found):
        if evaluator.name in seen:
            refuse(f"{at('evaluators', place)}.name", f"Another evaluator is named {evaluator.name!r}, too.")
        seen.add(evaluator.name)
    return found


def _evaluator(row: Any, path: str) -> EvaluatorSpec:
    told = mapping(row, path, "An evaluator is a mapping with a name.")
    name = text(told, "name", path) or path
    method = next((method for method in METHODS if told.get(method) not in (None, "")), "")
    if not method:
        refuse(path, f"No evaluation method specified for evaluator {name}; it is string, llm or uses.")
    options = told.get("with" if method == "uses" else method)
    if options is not None and not isinstance(options, Mapping):
        refuse(f"{path}.{'with' if method == 'uses' else method}", "It is a mapping.")
    uses = text(told, "uses", path) if method == "uses" else ""
    return EvaluatorSpec(name=name, method=method, uses=uses, options=dict(options or {}))
