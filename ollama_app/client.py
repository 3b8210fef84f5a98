"""Speaks HTTP with one Ollama server and parses its answers; knows nothing of Django models.

Reference: https://github.com/ollama/ollama/blob/main/docs/api.md, and recorded answers of real servers in
tests/data/ollama.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from unified_app.errors import UpstreamInvalid
from unified_app.model_objects import RejectedRow
from unified_app.upstream import JsonClient

MAX_NAME = 400
# Texts that people read (template, licence) are cut here: a licence can be long, a hostile one endless.
MAX_TEXT = 64 * 1024
# What a template mentions -> the capability that it has a place for.
TEMPLATE_MARKS = (
    (".Tools", "tools"),
    (".Suffix", "insert"),
    (".Thinking", "thinking"),
    ("<think>", "thinking"),
)
_BLOB = re.compile(r"^FROM .*sha256[-:]([0-9a-f]{64})\s*$", re.MULTILINE)
_DIGEST = re.compile(r"^(?:sha256:)?([0-9a-f]{64})\Z")


@dataclass(frozen=True)
class TagRow:
    """One row of `/api/tags`. `capabilities` None: the server does not tell (older than 0.30)."""

    name: str
    digest: str
    size: int | None
    modified_at: datetime | None
    family: str = ""
    families: tuple[str, ...] = ()
    format: str = ""
    parameter_size: str = ""
    quantization: str = ""
    parent_model: str = ""
    context_length: int | None = None
    embedding_length: int | None = None
    capabilities: tuple[str, ...] | None = None
    remote_model: str = ""
    remote_host: str = ""


@dataclass(frozen=True)
class ShowReply:
    """What `/api/show` tells of one model, without its tensors. `weights` is the digest of the GGUF blob.

    `texts` (template, system, license) can be long, so they are kept apart from the facts; `template_words` are
    the capabilities that the template has a place for.
    """

    capabilities: tuple[str, ...] | None = None
    template_words: tuple[str, ...] = ()
    license_name: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=dict)
    family: str = ""
    families: tuple[str, ...] = ()
    architecture: str = ""
    parameter_count: int | None = None
    context_length: int | None = None
    embedding_length: int | None = None
    has_pooling: bool = False
    has_vision: bool = False
    weights: str = ""
    remote_host: str = ""
    remote_model: str = ""


class OllamaClient:
    """One Ollama server. Errors are unified_app.errors' upstream errors; a dead server is never an empty list."""

    def __init__(self, http: JsonClient) -> None:
        self.http = http

    def version(self, *, timeout: float | None = None) -> str:
        """Return the server's version; a source build says 0.0.0."""
        answer = self.http.get("/api/version", timeout=timeout)
        version = answer.get("version") if isinstance(answer, dict) else None
        if not isinstance(version, str) or not version:
            raise UpstreamInvalid("It does not answer like Ollama: /api/version has no version.")
        return _clean(version, 60)

    def tags(self) -> list[TagRow | RejectedRow]:
        """Return the installed models in the server's order, which is not stable."""
        answer = self.http.get("/api/tags")
        rows = answer.get("models") if isinstance(answer, dict) else None
        if not isinstance(rows, list):
            raise UpstreamInvalid("It does not answer like Ollama: /api/tags has no list of models.")
        return [parse_tag(row, index) for index, row in enumerate(rows)]

    def show(self, name: str) -> ShowReply:
        """Return one model's metadata. It only reads, so asking twice is safe."""
        answer = self.http.post("/api/show", {"model": name}, safe=True)
        if not isinstance(answer, dict):
            raise UpstreamInvalid("It does not answer like Ollama: /api/show is not an object.")
        return parse_show(answer)


def parse_tag(row: Any, index: int) -> TagRow | RejectedRow:
    """Return one row of tags, or why it cannot be used."""
    label = f"row {index}"
    if not isinstance(row, dict):
        return RejectedRow(label, "the row is not an object")
    name = row.get("name") or row.get("model")
    if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME or not _is_clean(name):
        return RejectedRow(label, "the row has no usable name")
    digest = _DIGEST.match(row["digest"]) if isinstance(row.get("digest"), str) else None
    if digest is None:
        return RejectedRow(name, "the digest is not 64 hex digits")
    details = row.get("details", {})
    if details is not None and not isinstance(details, dict):
        return RejectedRow(name, "details is not an object")
    problem = next(iter(_wrong_types(row, details or {})), None)
    if problem:
        return RejectedRow(name, problem)
    return _tag(name, digest.group(1), row, details or {})


def parse_show(answer: dict[str, Any]) -> ShowReply:
    """Return what is used of a show answer; fields of a wrong type count as not told."""
    info = _dict(answer.get("model_info"))
    details = _dict(answer.get("details"))
    architecture = _text(info.get("general.architecture")) or _text(details.get("family"))
    weights = _BLOB.search(_text(answer.get("modelfile"), limit=None))
    texts = {name: _text(answer.get(name)) for name in ("template", "system", "license")}
    return ShowReply(
        capabilities=_words(answer.get("capabilities")),
        template_words=tuple(word for mark, word in TEMPLATE_MARKS if mark in texts["template"]),
        license_name=next((line.strip()[:80] for line in texts["license"].splitlines() if line.strip()), ""),
        texts={name: text for name, text in texts.items() if text},
        parameters=parse_parameters(_text(answer.get("parameters"))),
        family=_text(details.get("family")),
        families=_words(details.get("families")) or (),
        architecture=architecture,
        parameter_count=_count(info.get("general.parameter_count")),
        context_length=_count(info.get(f"{architecture}.context_length")),
        embedding_length=_count(info.get(f"{architecture}.embedding_length")),
        has_pooling=f"{architecture}.pooling_type" in info,
        has_vision=f"{architecture}.vision.block_count" in info or bool(answer.get("projector_info")),
        weights=weights.group(1) if weights else "",
        remote_host=_text(answer.get("remote_host")),
        remote_model=_text(answer.get("remote_model")),
    )


def parse_parameters(text: str) -> dict[str, Any]:
    """Return the `parameters` text of show as values; a name that stands more than once becomes a list.

    The server prints Go values: quoted strings, booleans, and numbers of which large integers look like 1e+06.
    """
    found: dict[str, list[Any]] = {}
    for name, value in _parameter_lines(text):
        found.setdefault(name, []).append(value)
    always_lists = {"stop"}
    return {name: values if len(values) > 1 or name in always_lists else values[0] for name, values in found.items()}


def _parameter_lines(text: str) -> Iterator[tuple[str, Any]]:
    for line in text.splitlines():
        name, _, value = line.strip().partition(" ")
        if name and value.strip():
            yield name, _go_value(value.strip())


def _go_value(text: str) -> Any:
    if text.startswith('"'):
        return _go_string(text)
    if text in ("true", "false"):
        return text == "true"
    try:
        number = float(text)
    except ValueError:
        return text
    if number in (float("inf"), float("-inf")) or number != number:
        return text
    return int(number) if number.is_integer() else number


def _go_string(text: str) -> str:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text.strip('"')
    return _clean(value) if isinstance(value, str) else text


def _tag(name: str, digest: str, row: dict[str, Any], details: dict[str, Any]) -> TagRow:
    return TagRow(
        name=name.strip(),
        digest=digest,
        size=_count(row.get("size")),
        modified_at=_time(row.get("modified_at")),
        family=_text(details.get("family")),
        families=_words(details.get("families")) or (),
        format=_text(details.get("format")),
        parameter_size=_text(details.get("parameter_size")),
        quantization=_text(details.get("quantization_level")),
        parent_model=_text(details.get("parent_model")),
        context_length=_count(details.get("context_length")),
        embedding_length=_count(details.get("embedding_length")),
        capabilities=_words(row.get("capabilities")),
        remote_model=_text(row.get("remote_model")),
        remote_host=_text(row.get("remote_host")),
    )


def _wrong_types(row: dict[str, Any], details: dict[str, Any]) -> Iterator[str]:
    size = row.get("size")
    if size is not None and _count(size) is None:
        yield "size is not a number of bytes"
    capabilities = row.get("capabilities")
    if capabilities is not None and _words(capabilities) is None:
        yield "capabilities is not a list of names"
    for key in ("family", "parameter_size", "quantization_level", "format"):
        if details.get(key) is not None and not isinstance(details[key], str):
            yield f"details.{key} is not text"


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any, limit: int | None = MAX_TEXT) -> str:
    return _clean(value, limit) if isinstance(value, str) else ""


def _clean(text: str, limit: int | None = MAX_TEXT) -> str:
    """Return text that every database can hold: no NUL, no half of a surrogate pair."""
    kept = text.replace("\0", "").encode("utf-8", "ignore").decode()
    return kept if limit is None else kept[:limit]


def _is_clean(text: str) -> bool:
    return text.isprintable() and _clean(text) == text


def _words(value: Any) -> tuple[str, ...] | None:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return None
    return tuple(_clean(item, 100) for item in value)


def _count(value: Any) -> int | None:
    """Return a whole number that a 64-bit column can hold, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**63 else None


def _time(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    # Go's zero time is the year 1: nobody knows when.
    return moment if moment.tzinfo and moment.year > 1970 else None
