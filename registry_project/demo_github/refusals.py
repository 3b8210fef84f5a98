"""What the demo's GitHub Models refuses, in the words and shapes of the real service."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from registry_project.demo.server import Body
from registry_project.demo_github import catalog
from registry_project.demo_github.limits import LimitReached
from registry_project.demo_openai.serving import answered

BROWNOUT = "GitHub Models is temporarily unavailable as part of a scheduled retirement brownout."
SCRAPING = (
    "Too many requests. For more on scraping GitHub and how it may affect your rights, please review our Terms of "
    "Service (https://docs.github.com/en/site-policy/github-terms/github-terms-of-service).\n"
)
UNSAMPLED = ("temperature", "top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs")
NO_SYSTEM = ("openai/o1-mini", "openai/o1-preview")
MODES = ("healthy", "retired", "outage", "slow", "malformed", "forbidden")
STYLES = ("plain", "json", "empty")


class Refused(Exception):
    """One error answer of the service."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status, self.error = status, {"code": code, "message": message, **(more or {"details": message})}

    def answer(self) -> web.Response:
        return answered({"error": self.error}, self.status)


def check_token(token: str) -> None:
    """Every token is good here but for three that are named for what they lack."""
    if not token or token.startswith("bad"):
        raise Refused(401, "unauthorized", "Bad credentials")
    if token == "no-models":
        raise Refused(401, "unauthorized", "The `models` permission is required to access this endpoint")


def check_model(name: str, token: str) -> Body:
    if (row := catalog.find(name)) is None:
        raise Refused(404, "unknown_model", f"Unknown model: {name if '/' in name else f'/{name}'}")
    if token == "no-access":
        raise Refused(403, "no_access", f"No access to model: {row['id']}")
    return row


def check_size(row: Body, text: str, most: int) -> None:
    if len(text) / 4 > most:
        name = row["id"].partition("/")[2]
        raise Refused(413, "tokens_limit_reached", f"Request body too large for {name} model. Max size: {most} tokens.")


def check_parameters(row: Body, body: Body) -> None:
    """Raise Refused for what OpenAI's reasoning models do not take."""
    if not catalog.refuses_sampling(row):
        return
    if "max_tokens" in body:
        text = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
        raise _parameter("unsupported_parameter", f"Unsupported parameter: {text}", "max_tokens")
    for name in UNSAMPLED:
        if body.get(name, 1) != 1:
            text = f"'{name}' does not support {body[name]} with this model. Only the default (1) value is supported."
            raise _parameter("unsupported_value", f"Unsupported value: {text}", name)
    for number, message in enumerate(body["messages"]):
        if row["id"] in NO_SYSTEM and message.get("role") == "system":
            text = "Unsupported value: 'messages[{}].role' does not support 'system' with this model."
            raise _parameter("unsupported_value", text.format(number), f"messages[{number}].role")


def check_tools(row: Body, body: Body) -> None:
    if body.get("tools") and "tool-calling" not in row["capabilities"]:
        raise _parameter(
            "unsupported_parameter", "Unsupported parameter: 'tools' is not supported with this model.", "tools"
        )


def _parameter(code: str, message: str, param: str) -> Refused:
    return Refused(400, code, message, type="invalid_request_error", param=param)


def too_many(reached: LimitReached, style: str) -> web.Response:
    """A 429: most days it says its type as JSON is, and is plain text."""
    wait = str(reached.wait)
    headers = {"Retry-After": wait, "x-ratelimit-timeremaining": wait, "x-ratelimit-type": reached.kind}
    headers["x-ms-error-code"] = "RateLimitReached"
    if style == "json":
        error = {"code": "RateLimitReached", "message": str(reached), "details": str(reached)}
        return answered({"error": error}, 429, headers)
    body = SCRAPING if style == "plain" else ""
    return web.Response(status=429, body=body.encode(), headers={**headers, "Content-Type": "application/json"})


def fault(mode: str) -> web.Response | None:
    """Return what every path answers in this mode; None where it answers as ever."""
    if mode == "retired":
        body = {"error": {"code": "github_models_retirement_brownout", "message": BROWNOUT}}
        return answered(body, 410)
    if mode == "outage":
        text = "<html><body><h1>502 Bad Gateway</h1></body></html>"
        return web.Response(status=502, text=text, content_type="text/html")
    if mode == "malformed":
        return web.Response(text='{"choices":[{"message":{"role":"assis', content_type="application/json")
    return web.Response(status=403) if mode == "forbidden" else None
