"""A suite's cases as pages show them: what is asked, pictures, tags, and what is expected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from experiments_app.evaluation.cases import Case, SuiteContent
from experiments_app.evaluation.engine import chat_body
from experiments_app.evaluation.suites import read_suite
from experiments_app.models import SuiteVersion

# Of a text on a list of many; the rest is folded away.
LONG = 600


@dataclass(frozen=True)
class Said:
    """One message of a case, with its key words filled in."""

    role: str
    text: str

    @property
    def is_long(self) -> bool:
        return len(self.text) > LONG


@dataclass(frozen=True)
class ShownCase:
    index: int
    messages: tuple[Said, ...]
    images: tuple[str, ...]
    tags: tuple[str, ...]
    split: str
    # What the case holds beside what is asked: the expected answer, documents, and so on.
    rest: tuple[tuple[str, str], ...]

    @property
    def number(self) -> int:
        return self.index + 1


def shown_cases(version: SuiteVersion) -> tuple[ShownCase, ...]:
    """Return all cases of a version, which is read once; its content may be deferred."""
    return _shown(version.digest, version.pk)


def content_of(version: SuiteVersion) -> SuiteContent:
    return read_suite(SuiteVersion.objects.values_list("document", flat=True).get(pk=version.pk))


# By the digest: a number may be given again, a content never changes.
@lru_cache(maxsize=4)
def _shown(digest: str, pk: int) -> tuple[ShownCase, ...]:
    suite = read_suite(SuiteVersion.objects.values_list("document", flat=True).get(pk=pk))
    asked = {key for message in suite.messages for key in suite.keys if f"{{{{{key}}}}}" in _flat(message)}
    return tuple(_case(suite, case, asked) for case in suite.cases)


def _case(suite: SuiteContent, case: Case, asked: set[str]) -> ShownCase:
    own = ("tags", "split", "images", "tools", "messages", *asked)
    rest = [(key, text_of(value)) for key, value in case.data.items() if key not in own and value not in (None, "", [])]
    messages = chat_body(suite, case)["messages"] if suite.messages or case.messages else []
    # The instructions that all cases have are told once, with the suite.
    said = [Said(str(each.get("role", "")), _flat(each)) for each in messages]
    shown = [one for one in said if one.role == "user" or case.messages] or said
    return ShownCase(case.index, tuple(shown), case.images, case.tags, case.split, tuple(rest))


def _flat(message: Mapping[str, Any]) -> str:
    """Return the words of a message; of one in parts, those of its texts."""
    content = message.get("content")
    if isinstance(content, Sequence) and not isinstance(content, str):
        return "\n".join(str(part["text"]) for part in content if isinstance(part, Mapping) and "text" in part)
    if not content and message.get("tool_calls"):
        return json.dumps(message["tool_calls"], ensure_ascii=False, indent=2)
    return str(content or "")


def text_of(value: Any) -> str:
    """Return a value as one would write it: a list of words with commas, other data as JSON."""
    if isinstance(value, list | tuple) and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(str(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
