r"""Test cases as a table: the first row names the keys, each further one is a case. Pure.

A cell is a text; one that reads as JSON is JSON, so a text that would is written as JSON itself: "12". A number counts
as one only as templates print it, so that 1.0, 007 and 12e4 stay texts; a float that is whole ends in e0. `\N` says
that the case does not have the key.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from experiments_app.evaluation.cases import RESERVED
from experiments_app.evaluation.files.suite_parts import refuse
from experiments_app.evaluation.suites import MAX_CASES
from experiments_app.evaluation.templating import go_text

ABSENT = r"\N"
# Of the first row; the one that makes the most columns is the table's.
DELIMITERS = ",;\t"
# An image is one cell. The default is 128 kB; there is one limit per process.
csv.field_size_limit(64 * 2**20)


def read_table(text: str) -> list[dict[str, Any]]:
    """Return the cases. Raises InvalidInput that names the line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    names: list[str] = []
    cases: list[dict[str, Any]] = []
    try:
        for row in reader:
            if not names:
                names = _names(row)
            # Spreadsheets leave rows of nothing behind.
            elif any(row) or len(row) == 1:
                cases.append(_case(names, row, reader.line_num, len(cases)))
    except csv.Error as error:
        refuse("file", f"Line {reader.line_num}: {error}.")
    if not names:
        refuse("file", "It is empty: the first row names the columns.")
    return cases


def write_table(cases: Sequence[Mapping[str, Any] | None]) -> bytes:
    names = list(dict.fromkeys(name for case in cases for name in case or {})) or ["input"]
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    # In quotes a name's own semicolons are not taken for what separates the columns.
    head = csv.writer(stream, quoting=csv.QUOTE_ALL) if set(DELIMITERS) & set("".join(names)) else writer
    head.writerow(names)
    writer.writerows(_row(case or {}, names) for case in cases)
    return stream.getvalue().encode("utf-8", "replace")


def _row(case: Mapping[str, Any], names: list[str]) -> list[str]:
    row = [_cell(case[name], name) if name in case else ABSENT for name in names]
    return row if any(row) else ['""', *row[1:]]


def _names(row: list[str]) -> list[str]:
    if not row:
        return []
    if len(set(row)) < len(row):
        refuse("file", "Line 1: two columns have one name.")
    if "" in row:
        refuse("file", f"Line 1: column {row.index('') + 1} has no name.")
    return row


def _case(names: list[str], row: list[str], line: int, at: int) -> dict[str, Any]:
    if len(row) != len(names):
        refuse("file", f"Line {line}: {len(row)} cells for {len(names)} columns.")
    if at == MAX_CASES:
        refuse("file", f"Line {line}: at most {MAX_CASES} cases.")
    return {name: _value(cell) for name, cell in zip(names, row, strict=True) if not _is_absent(name, cell)}


def _is_absent(name: str, cell: str) -> bool:
    # An empty cell is an empty text, but for keys that mean something.
    return cell == ABSENT or (cell == "" and name in RESERVED)


def _value(cell: str) -> Any:
    found, value = _as_json(cell)
    return value if found else cell


def _as_json(cell: str) -> tuple[bool, Any]:
    if not cell or cell[0] not in '"[{-0123456789tfn':
        return False, None
    try:
        value = json.loads(cell, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False, None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True, value
    return (str(value) if isinstance(value, int) else _float(value)) == cell, value


def _cell(value: Any, name: str) -> str:
    if isinstance(value, str):
        is_plain = not _as_json(value)[0] and not _is_absent(name, value)
        return value if is_plain else json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        return _float(value)
    return json.dumps(value, ensure_ascii=False)


def _float(value: float) -> str:
    """Return a number as templates print it; with an exponent where that would be read as a whole one."""
    told = go_text(value)
    return f"{value!r}e0" if told.lstrip("-").isdecimal() else told


def _delimiter(text: str) -> str:
    first = text.lstrip("\r\n")

    def columns(delimiter: str) -> int:
        try:
            return len(next(csv.reader(io.StringIO(first, newline=""), delimiter=delimiter), ()))
        except csv.Error:
            return 0

    return max(DELIMITERS, key=columns)


def _no_constant(name: str) -> Any:
    raise ValueError(name)
