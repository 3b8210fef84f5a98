"""A clock that only sleeping moves, and a client of a service that lives by it: no test waits."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

from github_models_app.api_client import GitHubModelsAPIClient
from github_models_app.rate_limiter import RateLimiter
from tests.github_models_app.github_server import TOKEN, GitHubServer, Limits


class Time:
    """`slept` has every sleep."""

    def __init__(self) -> None:
        self.now = 5000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@contextmanager
def simulated(plan: str = "free", token: str = TOKEN, **limits: Limits) -> Any:
    """Yield a client, the service it calls, and their time."""
    time = Time()
    with GitHubServer(limits, time) as server:
        limiter = RateLimiter(time, time.sleep, plan)
        client = GitHubModelsAPIClient(token, base_url=server.url, rate_limiter=limiter)
        yield client, server, time
        client.close()


def say(text: str = "hello", **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], **more}
