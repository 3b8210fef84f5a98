"""What is evaluated: a suite with its cases, as plain values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from experiments_app.evaluation.digests import digest_of

# Keys of a test case that mean something to us; to templates they are values like all others.
RESERVED = ("tags", "split", "images", "tools", "messages", "documents", "relevant")


@dataclass(frozen=True)
class Case:
    """One test case: `data` is the item of `testData` as it was read, its reserved keys with it."""

    index: int
    data: Mapping[str, Any]
    tags: tuple[str, ...] = ()
    # `test` unless the case says otherwise; `train` marks what a prompt may be tuned on.
    split: str = "test"
    # Data URLs (data:image/png;base64,...) that go with the last user message.
    images: tuple[str, ...] = ()
    # Tool definitions in OpenAI's shape; None: the suite's.
    tools: tuple[Mapping[str, Any], ...] | None = None
    # A whole conversation in place of the suite's messages.
    messages: tuple[Mapping[str, Any], ...] | None = None

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the content; the place in the suite does not count."""
        return digest_of(self.data)


@dataclass(frozen=True)
class EvaluatorSpec:
    """One entry of `evaluators`: `method` is string, llm or uses; `options` is what stands below it."""

    name: str
    method: str
    # For `uses`: github/relevance, registry/numeric, ... with its options in `with`.
    uses: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class SuiteContent:
    """A suite as it is run. `document` is what was read, with the keys of a `.prompt.yml`."""

    document: Mapping[str, Any]
    name: str = ""
    description: str = ""
    model: str = ""
    messages: tuple[Mapping[str, Any], ...] = ()
    # Fields of the request that the file sets: max_tokens, temperature, top_p, response_format, ...
    parameters: Mapping[str, Any] = field(default_factory=dict)
    tools: tuple[Mapping[str, Any], ...] = ()
    # Documents that every case searches: (id, text).
    corpus: tuple[tuple[str, str], ...] = ()
    evaluators: tuple[EvaluatorSpec, ...] = ()
    cases: tuple[Case, ...] = ()

    @cached_property
    def keys(self) -> frozenset[str]:
        """All keys that test cases have: what can stand in double braces."""
        return frozenset(key for case in self.cases for key in case.data)

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What others made of this suite and keep for as long as it is there."""
        return {}

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of the content: all but what only tells of it."""
        told = ("name", "description", "category", "tags")
        return digest_of({key: value for key, value in self.document.items() if key not in told})
