"""What Ollama servers answer, parsed into values. Pure; recorded answers are in tests/data/ollama."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ollama_app.parameters import parse_parameters
from unified_app import values
from unified_app.errors import UpstreamInvalid
from unified_app.model_objects import RejectedRow
from unified_app.naming import name_key

MAX_NAME = 400
MAX_VERSION = 60
MAX_MESSAGES = 1000
# What a template mentions -> the capability that it has a place for.
TEMPLATE_MARKS = (
    (".Tools", "tools"),
    (".Suffix", "insert"),
    (".Thinking", "thinking"),
    ("<think>", "thinking"),
)
# The first FROM is the model's own weights; a second one is a projector's.
_BLOB = re.compile(r"^FROM [^\n]*sha256[-:]([0-9a-f]{64})\s*$", re.MULTILINE)
_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")


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
class LoadedModel:
    """One row of `/api/ps`: a runner, under the name that loaded it first; `kind` is family, size, quantisation."""

    name: str
    digest: str
    kind: tuple[str, str, str] = ("", "", "")


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
    # What the model begins every conversation with: the gateway needs both for each call of some variants.
    system: str = ""
    messages: list[dict[str, str]] = field(default_factory=list)
    family: str = ""
    families: tuple[str, ...] = ()
    parent_model: str = ""
    architecture: str = ""
    parameter_count: int | None = None
    context_length: int | None = None
    embedding_length: int | None = None
    has_pooling: bool = False
    has_vision: bool = False
    weights: str = ""
    remote_host: str = ""
    remote_model: str = ""


def parse_version(answer: Any) -> str:
    """Return the version in an answer of `/api/version`."""
    version = answer.get("version") if isinstance(answer, dict) else None
    if not isinstance(version, str) or not version or not values.is_one_line(version):
        raise UpstreamInvalid("It does not answer like Ollama: /api/version has no version.")
    return version[:MAX_VERSION]


def parse_ps(answer: Any) -> list[LoadedModel]:
    """Return what is loaded, from an answer of `/api/ps`."""
    rows = answer.get("models") if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        raise UpstreamInvalid("It does not answer like Ollama: /api/ps has no list of models.")
    return [_loaded(row) for row in rows if isinstance(row, dict)]


def _loaded(row: dict[str, Any]) -> LoadedModel:
    told = row.get("details")
    details = told if isinstance(told, dict) else {}
    family, size, quantization = (
        values.text(details.get(name)) for name in ("family", "parameter_size", "quantization_level")
    )
    return LoadedModel(
        values.text(row.get("name") or row.get("model")), values.text(row.get("digest")), (family, size, quantization)
    )


def parse_tag(row: Any, index: int) -> TagRow | RejectedRow:
    """Return one row of tags, or why it cannot be used."""
    if not isinstance(row, dict):
        return RejectedRow(f"row {index}", "the row is not an object")
    name = row.get("name") or row.get("model")
    if not isinstance(name, str) or not _is_usable(name):
        return RejectedRow(f"row {index}", "the row has no name, or one of over 400 or of unprintable characters")
    digest = _DIGEST.fullmatch(row["digest"]) if isinstance(row.get("digest"), str) else None
    problem = next(_wrong_types(row), None) if digest else "the digest is not 64 hex digits"
    if digest is None or problem:
        return RejectedRow(name, problem or "")
    return _tag(name, digest.group(1), row, values.as_dict(row.get("details")))


def parse_show(answer: dict[str, Any]) -> ShowReply:
    """Return what is used of a show answer; fields of a wrong type count as not told."""
    info, details = values.as_dict(answer.get("model_info")), values.as_dict(answer.get("details"))
    architecture = values.word(info.get("general.architecture")) or values.word(details.get("family"))
    weights = _BLOB.search(values.text(answer.get("modelfile"), limit=None))
    texts = {name: values.text(answer.get(name)) for name in ("template", "system", "license")}
    return ShowReply(
        capabilities=values.words(answer.get("capabilities")),
        template_words=tuple(sorted({word for mark, word in TEMPLATE_MARKS if mark in texts["template"]})),
        license_name=next((line.strip()[:80] for line in texts["license"].splitlines() if line.strip()), ""),
        texts={name: told for name, told in texts.items() if told},
        parameters=parse_parameters(values.text(answer.get("parameters"))),
        system=texts["system"],
        messages=_messages(answer.get("messages")),
        family=values.word(details.get("family")),
        families=values.words(details.get("families")) or (),
        parent_model=_parent(details),
        architecture=architecture,
        parameter_count=values.count(info.get("general.parameter_count")),
        context_length=values.count(info.get(f"{architecture}.context_length")),
        embedding_length=values.count(info.get(f"{architecture}.embedding_length")),
        has_pooling=f"{architecture}.pooling_type" in info,
        has_vision=f"{architecture}.vision.block_count" in info or bool(answer.get("projector_info")),
        weights=weights.group(1) if weights else "",
        remote_host=values.word(answer.get("remote_host")),
        remote_model=values.word(answer.get("remote_model")),
    )


def _messages(told: Any) -> list[dict[str, str]]:
    """Return the role and text of each message."""
    rows = [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
    return [{name: values.text(row.get(name)) for name in ("role", "content")} for row in rows[:MAX_MESSAGES]]


def _tag(name: str, digest: str, row: dict[str, Any], details: dict[str, Any]) -> TagRow:
    return TagRow(
        name=name.strip(),
        digest=digest,
        size=values.count(row.get("size")),
        modified_at=values.moment(row.get("modified_at")),
        family=values.word(details.get("family")),
        families=values.words(details.get("families")) or (),
        format=values.word(details.get("format")),
        parameter_size=values.word(details.get("parameter_size")),
        quantization=values.word(details.get("quantization_level")),
        parent_model=_parent(details),
        context_length=values.count(details.get("context_length")),
        embedding_length=values.count(details.get("embedding_length")),
        capabilities=values.words(row.get("capabilities")),
        remote_model=values.word(row.get("remote_model")),
        remote_host=values.word(row.get("remote_host")),
    )


def _is_usable(name: str) -> bool:
    return len(name) <= MAX_NAME and values.is_one_line(name) and bool(name_key(name))


def _wrong_types(row: dict[str, Any]) -> Iterator[str]:
    details = row.get("details")
    if details is not None and not isinstance(details, dict):
        yield "details is not an object"
        return
    if row.get("size") is not None and values.count(row["size"]) is None:
        yield "size is not a number of bytes"
    if row.get("capabilities") is not None and values.words(row["capabilities"]) is None:
        yield "capabilities is not a list of names"
    for key in ("family", "parameter_size", "quantization_level", "format"):
        if not isinstance((details or {}).get(key), str | None):
            yield f"details.{key} is not text"


def _parent(details: dict[str, Any]) -> str:
    """Return the base model's name. Servers before 0.30 tell the path of its file instead: nobody's business."""
    parent = values.word(details.get("parent_model"))
    return "" if parent.startswith("/") or "sha256-" in parent else parent
