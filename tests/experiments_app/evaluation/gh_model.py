"""A model that answers what the recorded runs of gh-models were answered."""

from __future__ import annotations

from typing import Any

from experiments_app.evaluation.replies import CallFailed, Reply, Request

DENIED = '{"error":{"code":"no_access","message":"No access to model"}}'


class Model:
    """A complete() that keeps the bodies it was asked."""

    def __init__(self, *failures: CallFailed) -> None:
        self.asked: list[dict[str, Any]] = []
        self.failures = list(failures)

    def __call__(self, request: Request) -> Reply:
        self.asked.append({**request.body, "model": request.model})
        if self.failures:
            raise self.failures.pop(0)
        return Reply(text=answer(request.body["messages"]), latency=0.5)


def answer(messages: list[dict[str, Any]]) -> str:
    said = [message["content"] for message in messages if message["role"] == "user"]
    text = said[-1] if said else ""
    if text == "DENY":
        raise CallFailed("forbidden", f"unexpected response from the server: 403 Forbidden\n{DENIED}", status=403)
    if text.startswith("REPLY:"):
        return text.removeprefix("REPLY:").replace("\\n", "\n")
    return text.split("JUDGE:", 1)[1].split("\n")[0] if "JUDGE:" in text else "Hello World"
