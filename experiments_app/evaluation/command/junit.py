"""JUnit's XML, by which other people's CI shows results. Pure.

Reference: https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

# What XML 1.0 cannot hold, not even escaped.
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Reported:
    """One line of a report; `problem` is empty for what passed, and `kind` failure, error or skipped."""

    name: str
    group: str
    problem: str = ""
    kind: str = "failure"
    seconds: float = 0.0
    output: str = ""


def junit(name: str, cases: Sequence[Reported]) -> bytes:
    """Return the report, as UTF-8."""
    failures, errors, skipped = (
        str(sum(bool(case.problem) and case.kind == kind for case in cases)) for kind in ("failure", "error", "skipped")
    )
    counts = {"tests": str(len(cases)), "failures": failures, "errors": errors}
    root = ElementTree.Element("testsuites", {"name": _clean(name), **counts})
    seconds = f"{sum(case.seconds for case in cases):.3f}"
    suite = ElementTree.SubElement(
        root, "testsuite", {"name": _clean(name), **counts, "skipped": skipped, "time": seconds}
    )
    for case in cases:
        _add(suite, case)
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return bytes(body) + b"\n"


def _add(suite: ElementTree.Element, case: Reported) -> None:
    about = {"name": _clean(case.name), "classname": _clean(case.group), "time": f"{case.seconds:.3f}"}
    element = ElementTree.SubElement(suite, "testcase", about)
    if case.problem:
        first = _clean(case.problem.partition("\n")[0])[:300]
        ElementTree.SubElement(element, case.kind, {"message": first}).text = _clean(case.problem)
    if case.output:
        ElementTree.SubElement(element, "system-out").text = _clean(case.output)


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)
