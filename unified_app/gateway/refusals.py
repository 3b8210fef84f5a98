"""How a call is refused: with one status and code, in the shape of the protocol that its path belongs to."""

from __future__ import annotations

from unified_app.errors import NotFound, RegistryError, UnsupportedOperation
from unified_app.gateway.admission import MESSAGES
from unified_app.gateway.http import Headers, Reply, Request, length_of, printed, shown
from unified_app.gateway.translate.errors import ollama_error, openai_error

LATER = ("/v1/responses", MESSAGES, "/v1/rerank")
# How long the rest of an unwanted body may pass, so that its sender gets to read the refusal.
LINGER_SECONDS = 1.0
_ANTHROPIC_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
}


class ModelNotFound(NotFound):
    """No model is called that, or it is retired."""

    code = "model_not_found"
    param = "model"


class NoModel(RegistryError):
    """The body names no model."""

    status_code = 400
    code = "invalid"
    param = "model"


class MethodNotAllowed(RegistryError):
    """The path is known, but takes other methods."""

    status_code = 405
    code = "method_not_allowed"

    def __init__(self, path: str, allowed: str) -> None:
        super().__init__(f"{path} takes {allowed}.")
        self.allowed = allowed


class NotReady(RegistryError):
    """The registry has not been read yet."""

    status_code = 503
    code = "not_ready"


class Internal(RegistryError):
    """A mistake of ours."""


def unknown(request: Request) -> RegistryError:
    """Return the refusal of a path that is not served."""
    if request.route in LATER:
        return UnsupportedOperation(f"{request.route} is not served here yet; use /v1/chat/completions.")
    return NotFound(f"There is no {request.method} {shown(request.raw_path)} here.")


async def refuse(request: Request, reply: Reply, error: RegistryError) -> None:
    """Send the refusal; a body that was not read is let pass for a moment, and the connection closed."""
    body = printed(_shape(request, error))
    headers = _headers(error)
    closing = [] if request.whole else [(b"connection", b"close")]
    await reply.begin(b"application/json", [*headers, length_of(body), *closing], error.status_code)
    if closing:
        await reply.piece(body)
        await request.discard(LINGER_SECONDS)
    await reply.end(b"" if closing else body)


def _shape(request: Request, error: RegistryError) -> dict[str, object]:
    if request.path.startswith("/ollama"):
        return ollama_error(error.message)
    if request.route == MESSAGES:
        kind = _ANTHROPIC_TYPES.get(error.status_code, "api_error" if error.status_code >= 500 else "")
        return {"type": "error", "error": {"type": kind or "invalid_request_error", "message": error.message}}
    # Only a mistake in the body has details that name its fields.
    fields = error.details if error.status_code == 400 and error.details else {}
    param = next(iter(fields), None) or getattr(error, "param", None)
    return openai_error(error.status_code, error.code, error.message, param)


def _headers(error: RegistryError) -> Headers:
    headers: Headers = []
    if error.retry_after is not None:
        headers.append((b"retry-after", b"%d" % max(1, -(-error.retry_after // 1))))
    if error.status_code == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    if isinstance(error, MethodNotAllowed):
        headers.append((b"allow", error.allowed.encode()))
    if isinstance(error, UnsupportedOperation):
        headers.append((b"x-should-retry", b"false"))  # both makers' clients would try a 501 again
    return headers
