"""What `gh models eval` prints for people, line by line as the run goes on. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from experiments_app.evaluation.command.gh import ATTEMPTS, Progress, go_duration
from experiments_app.evaluation.files.prompt_files import PromptFile

RULE = "-------------------------"
TITLES = ("EVALUATION", "RESULT", "SCORE", "CRITERIA")
# Bytes of an answer that are shown of a test that failed; the last character may be cut.
PREVIEW = 100


class Printed(Progress):
    """Writes with `write`, which is given whole texts with their newlines.

    A terminal gets tables in columns with a head; anything else gets tabs, as gh gives it.
    """

    def __init__(self, write: Callable[[str], object], *, is_terminal: bool = False) -> None:
        self._write = write
        self._is_terminal = is_terminal

    def begun(self, prompt: PromptFile) -> None:
        self._write(f"Running evaluation: {prompt.name}\nDescription: {prompt.description}\n")
        self._write(f"Model: {prompt.model}\nTest cases: {len(prompt.cases)}\n\n")

    def test_begun(self, number: int, total: int) -> None:
        self._write(f"{RULE}\nRunning test case {number}/{total}...\n")

    def waiting(self, seconds: float, attempt: int) -> None:
        told = f"waiting {go_duration(seconds)} before retry (attempt {attempt}/{ATTEMPTS})"
        self._write(f"    Rate limited, {told}...\n")

    def test_ended(self, result: Mapping[str, Any], passed: bool) -> None:
        rows = [("Result", "✓ PASSED" if passed else "✗ FAILED")]
        if not passed:
            rows.append(("Model Response", preview(result["modelResponse"])))
        self._table(rows)
        self._table(list(map(_row, result["evaluationResults"] or ())), TITLES)

    def ended(self, summary: Mapping[str, Any]) -> None:
        total, passed = summary["totalTests"], summary["passedTests"]
        rate = summary["passRate"] if total else 0.0
        self._write(f"Evaluation Summary:\nPassed: {passed}/{total} ({rate:.2f}%)\n")
        if passed == total:
            self._write("🎉 All tests passed!\n")

    def _table(self, rows: Sequence[Sequence[str]], titles: Sequence[str] = ()) -> None:
        if self._is_terminal and rows:
            rows = [titles, *rows] if titles else rows
            widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]) - 1)]
            rows = [[cell.ljust(width) for cell, width in zip(row, widths, strict=False)] + [row[-1]] for row in rows]
        gap = "  " if self._is_terminal else "\t"
        self._write("".join(gap.join(row) + "\n" for row in rows) + "\n")


def preview(answer: str) -> str:
    raw = answer.encode("utf-8", "replace")
    return answer if len(raw) <= PREVIEW else raw[:PREVIEW].decode("utf-8", "replace") + "..."


def _row(score: Mapping[str, Any]) -> tuple[str, ...]:
    mark = "✓" if score["passed"] else "✗"
    return score["evaluatorName"], mark, f"{score['score']:.2f}", score.get("details", "")
