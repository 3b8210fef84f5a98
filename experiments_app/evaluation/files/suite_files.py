"""Suites as files: `.prompt.yml`, `.jsonl`, `.csv` and `.json`, read into a suite's document and written. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from experiments_app.evaluation.files.suite_lines import read_json, read_lines, write_lines
from experiments_app.evaluation.files.suite_parts import refuse
from experiments_app.evaluation.files.suite_tables import read_table, write_table
from experiments_app.evaluation.files.suite_yaml import read_yaml, write_yaml

# Endings of a file's name -> format.
ENDINGS = {
    **dict.fromkeys((".yml", ".yaml"), "prompt.yml"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    **dict.fromkeys((".csv", ".tsv"), "csv"),
    ".json": "json",
}
FORMATS = {
    "prompt.yml": "application/yaml",
    "jsonl": "application/jsonl",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
MESSAGES = [{"role": "user", "content": "{{input}}"}]
EVALUATORS = [{"name": "expected", "string": {"contains": "{{expected}}"}}]


def parse(name: str, raw: bytes, *, like: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the document of a file, by the ending of its name. Raises InvalidInput that names the line.

    Cases alone, such as a table, take the rest from `like`, another suite's document; without one, each case's
    `input` is asked, and its answer is to contain `expected`, where there is one.
    """
    kind = next((kind for ending, kind in ENDINGS.items() if name.lower().endswith(ending)), "")
    if not kind:
        refuse("file", f"Its name ends in one of {', '.join(ENDINGS)}.")
    if kind == "prompt.yml":
        return read_yaml(raw)
    suite, cases = _read(kind, _text(raw))
    return _around(cases, name, like) if suite is None else suite


def export(document: Mapping[str, Any], kind: str) -> tuple[bytes, str]:
    """Return a document as a file of a format, and its media type; a table holds the cases alone."""
    if kind not in FORMATS:
        refuse("format", f"It is one of {', '.join(FORMATS)}.")
    if kind == "prompt.yml":
        return write_yaml(document), FORMATS[kind]
    if kind == "jsonl":
        return write_lines(document), FORMATS[kind]
    if kind == "csv":
        return write_table(document.get("testData") or []), FORMATS[kind]
    return (json.dumps(document, ensure_ascii=False, indent=2) + "\n").encode("utf-8", "replace"), FORMATS[kind]


def _read(kind: str, text: str) -> tuple[dict[str, Any] | None, list[Any]]:
    """Return the whole document where the file has one, else None and the cases."""
    if kind == "jsonl":
        suite, cases = read_lines(text)
        return (None if suite is None else {**suite, "testData": cases}), cases
    if kind == "csv":
        return None, read_table(text)
    value = read_json(text)
    if isinstance(value, dict):
        return value, []
    if not isinstance(value, list):
        refuse("file", "It is an object with the keys of a .prompt.yml, or a list of test cases.")
    return None, value


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        refuse("file", f"Line {line}: it is not UTF-8.")


def _around(cases: list[Any], name: str, like: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what goes with cases that came alone."""
    if like is not None:
        told = {key: value for key, value in like.items() if key not in ("name", "description", "testData")}
        return {"name": _stem(name), **told, "testData": cases}
    keys = {key for case in cases if isinstance(case, Mapping) for key in case}
    if cases and not keys & {"input", "messages"}:
        refuse("file", "No case has an input. Name a suite that it is like, whose messages ask for other keys.")
    return {
        "name": _stem(name),
        "messages": MESSAGES,
        **({"evaluators": EVALUATORS} if "expected" in keys else {}),
        "testData": cases,
    }


def _stem(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
