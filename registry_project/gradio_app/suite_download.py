"""A run's results as a file: JSON as the registry has them, CSV with a column for each check."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

Row = dict[str, Any]
Pages = Iterable[list[Row]]

FIRST = ("index", "case", "model", "repeat", "state", "passed", "output", "message")
LAST = ("latency", "first_token", "tokens_in", "tokens_out", "tokens_thinking", "cost", "cached", "attempts", "error")
# What spreadsheets take for a formula, at the beginning of a text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Download:
    """One file in a folder of its own, which goes when this object does."""

    def __init__(self, run_id: str, kind: str, pages: Pages) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="results-", dir=_place())
        self.path = Path(self._folder.name) / f"evaluation-{run_id}.{kind}"
        with self.path.open("w", encoding="utf-8", newline="") as stream:
            (write_csv if kind == "csv" else write_json)(pages, stream)


def write_json(pages: Pages, stream: TextIO) -> None:
    """Write page by page: a big run is never whole in memory."""
    stream.write('{"results": [')
    separator = "\n"
    for page in pages:
        for row in page:
            stream.write(separator + json.dumps(row, ensure_ascii=False))
            separator = ",\n"
    stream.write("\n]}\n")


def write_csv(pages: Pages, stream: TextIO) -> None:
    """Write a row for each result; the checks of the first page's rows give the columns between."""
    writer, checks = csv.writer(stream), []
    for number, page in enumerate(pages):
        if not number:
            checks = list(dict.fromkeys(str(each.get("name")) for row in page for each in _scores(row)))
            writer.writerow([*FIRST, *checks, *LAST])
        for row in page:
            found = {str(each.get("name")): each.get("score") for each in _scores(row)}
            values = [*(row.get(name) for name in FIRST), *map(found.get, checks), *(row.get(name) for name in LAST)]
            writer.writerow([_cell(value) for value in values])


def _scores(row: Row) -> list[Row]:
    scores = row.get("scores")
    return [each for each in scores if isinstance(each, dict)] if isinstance(scores, list) else []


def _cell(value: Any) -> Any:
    """Return what a spreadsheet shows as the value, whatever a model has said."""
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(_FORMULA) and not _is_number(value):
        return f"'{value}"
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _place() -> str | None:
    """Return the page's own place for files, where it is set."""
    place = os.environ.get("GRADIO_TEMP_DIR")
    if place:
        Path(place).mkdir(parents=True, exist_ok=True)
    return place or None
