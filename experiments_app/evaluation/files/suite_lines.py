"""Suites as JSON lines: the first line {"suite": {...}}, then one test case a line. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from experiments_app.evaluation.files.suite_parts import refuse
from experiments_app.evaluation.suites import MAX_CASES


def read_lines(text: str) -> tuple[dict[str, Any] | None, list[Any]]:
    """Return the suite without its cases, None where the file has cases alone, and the cases."""
    suite: dict[str, Any] | None = None
    cases: list[Any] = []
    for number, value in _values(text):
        if number == 1 and isinstance(value, dict) and value.keys() == {"suite"} and isinstance(value["suite"], dict):
            suite = value["suite"]
        elif value is None or isinstance(value, dict):
            cases.append(value)
        else:
            refuse("file", f"Line {number}: a test case is an object with the values of its keys.")
        if len(cases) > MAX_CASES:
            refuse("file", f"Line {number}: at most {MAX_CASES} cases.")
    return suite, cases


def write_lines(document: Mapping[str, Any]) -> bytes:
    rest = {key: value for key, value in document.items() if key != "testData"}
    lines = [{"suite": rest}, *(document.get("testData") or ())]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode("utf-8", "replace")


def read_json(text: str, where: str = "") -> Any:
    """Return the value of a JSON text; what is not strict is refused by name."""
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        refuse("file", f"{where}It is not JSON ({_why(error)}).")


def _values(text: str) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, read_json(line, f"Line {number}: ")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _why(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
