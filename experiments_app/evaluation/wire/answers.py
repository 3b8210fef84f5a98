"""What OpenAI's routes answer, read into a Reply: whole objects, streams of events, refusals. Pure.

Texts stay as the model gave them. `thoughts_apart` takes thoughts out of a text that has them between think marks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from experiments_app.evaluation.replies import CallFailed, Reply, Request
from experiments_app.evaluation.wire.answer_calls import ToolCalls
from experiments_app.evaluation.wire.answer_tokens import share, usage_of
from unified_app.errors import RegistryError, UpstreamError, UpstreamInvalid
from unified_app.gateway.translate.errors import upstream_message
from unified_app.gateway.translate.framing import parse_object
from unified_app.gateway.translate.openai_reading import read
from unified_app.upstream_words import error_code

CHAT, EMBEDDINGS = "/chat/completions", "/embeddings"
# Of a whole answer; a batch of embeddings can be large.
MAX_BYTES = 256 * 2**20
# What may go well a moment later. A 501 or 505 stays what it is.
TRANSIENT = (408, 409, 425, 429, 500, 502, 503, 504)
# An answer that is none of ours tells its status only.
_CODES = {401: "unauthenticated", 403: "forbidden", 404: "not_found", 413: "too_large", 429: "rate_limited"}
_CODES |= {503: "upstream_unreachable", 504: "upstream_timeout"}
THOUGHTS = re.compile(r"\A\s*<think>(.*?)(?:</think>\s*|\Z)", re.DOTALL | re.IGNORECASE)


def path_of(body: Mapping[str, Any]) -> str:
    """Return the route, below /v1, that a request's body is for."""
    return EMBEDDINGS if "input" in body else CHAT


def body_of(request: Request) -> dict[str, Any]:
    """Return the body to send; a timed call streams, since only a stream tells the time to its first token."""
    streamed = {"stream": True, "stream_options": {"include_usage": True}} if is_streamed(request) else {}
    return {**request.body, "model": request.model, **streamed}


def is_streamed(request: Request) -> bool:
    return request.timed and "input" not in request.body


def read_whole(raw: bytes | Mapping[str, Any], request: Request, latency: float) -> Reply:
    """Return the answer to a call that was not streamed. Raises CallFailed for what is none."""
    try:
        answer = parse_object(raw) if isinstance(raw, bytes) else raw
        return _embeddings(answer, request, latency) if "input" in request.body else _chat(answer, request, latency)
    except RegistryError as error:
        raise failed(error) from error
    except ValueError as error:
        raise failed(UpstreamInvalid("The answer is not a JSON object.")) from error


def thoughts_apart(reply: Reply) -> Reply:
    """Return the reply with what stands between think marks at the beginning of its text as its reasoning."""
    found = THOUGHTS.match(reply.text)
    if found is None:
        return reply
    thoughts, text = found[1].strip(), reply.text[found.end() :]
    usage = reply.usage
    if not usage.thinking:
        usage = replace(usage, thinking=share(usage.completion, len(thoughts), len(text)))
    return replace(reply, text=text, reasoning=reply.reasoning or thoughts, usage=usage)


def refused(status: int, headers: Mapping[str, str], raw: bytes) -> CallFailed:
    """Return the failure that an answer of 400 and above tells; `raw` is its beginning."""
    code, _ = error_code(raw)
    return CallFailed(
        code or _CODES.get(status, "upstream_error"),
        upstream_message(raw, status),
        status=status,
        retry_after=_seconds(headers.get("Retry-After", "")),
        transient=status in TRANSIENT,
    )


def failed(error: RegistryError) -> CallFailed:
    """Return an error of ours as a call's failure."""
    status = (error.upstream_status if isinstance(error, UpstreamError) else None) or error.status_code
    transient = isinstance(error, UpstreamError) and status in TRANSIENT
    return CallFailed(error.code, error.message, status=status, retry_after=error.retry_after, transient=transient)


def raise_told(answer: Mapping[str, Any]) -> None:
    """Raise the error that an answer of status 200, or a stream's event, is in truth."""
    if answer.get("error"):
        raise refused(502, {}, json.dumps(answer).encode())


def _chat(answer: Mapping[str, Any], request: Request, latency: float) -> Reply:
    raise_told(answer)
    said = read(answer)
    if not answer.get("choices"):
        raise UpstreamInvalid("The answer has no choices.")
    calls = ToolCalls()
    calls.add(said.calls)
    return Reply(
        text=said.text,
        reasoning=said.thinking,
        tool_calls=calls.whole(),
        finish_reason=said.finish or "",
        usage=usage_of(answer.get("usage"), request, said.text, said.thinking, calls.whole()),
        latency=latency,
    )


def _embeddings(answer: Mapping[str, Any], request: Request, latency: float) -> Reply:
    raise_told(answer)
    rows = answer.get("data")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UpstreamInvalid("The answer has no list of embeddings.")
    asked = request.body["input"]
    wanted = len(asked) if isinstance(asked, list | tuple) else 1
    if len(rows) != wanted:
        raise UpstreamInvalid(f"The answer has {len(rows)} embeddings for {wanted} texts.")
    ordered = sorted(enumerate(rows), key=lambda item: _place(item[1], item[0]))
    vectors = tuple(_vector(row.get("embedding")) for _, row in ordered)
    return Reply(embeddings=vectors, usage=usage_of(answer.get("usage"), request, "", "", ()), latency=latency)


def _place(row: Mapping[str, Any], otherwise: int) -> int:
    index = row.get("index")
    return index if isinstance(index, int) else otherwise


def _vector(numbers: Any) -> tuple[float, ...]:
    if not isinstance(numbers, list) or not numbers or not all(isinstance(n, int | float) for n in numbers):
        raise UpstreamInvalid("An embedding is not a list of numbers.")
    return tuple(float(number) for number in numbers)


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value < 1e7 else None
