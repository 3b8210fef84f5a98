"""A GitHub Models service for tests, written from the reference alone and not from the demo's stand-in.

with GitHubServer() as server:
    server.url            # the same routes are below server.url + "/models"
    server.mode = "retired"
    server.requests[-1].body["model"]

A user message may say what comes back: "REPLY:x" and "JUDGE:x" are answered x, "CALL" calls the first tool.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.github_models_app.github_replies import Answer, check, chunks, embeddings, failed, whole
from tests.github_models_app.github_rows import CATALOG

MODES = ("healthy", "retired", "outage", "slow", "malformed", "forbidden")
TOKEN, NO_MODELS, NO_ACCESS = "ghp_good", "ghp_no_models", "ghp_no_access"
TEXT, HTML = "text/plain; charset=utf-8", "text/html"
SCRAPING = (
    "Too many requests. For more on scraping GitHub and how it may affect your rights, please review our Terms of "
    "Service (https://docs.github.com/en/site-policy/github-terms/github-terms-of-service).\n"
)
BROWNOUT = "GitHub Models is temporarily unavailable as part of a scheduled retirement brownout."
# They tell of the deployment, not of the caller's quota.
MISLEADING = {
    "x-ratelimit-limit-requests": "1000",
    "x-ratelimit-remaining-requests": "999",
    "x-ratelimit-limit-tokens": "1000000",
    "x-ratelimit-remaining-tokens": "999990",
    "x-ratelimit-renewalperiod-requests": "60",
    "x-ratelimit-reset-requests": "0",
}
WINDOWS = {"Minute": 60, "Day": 86_400}


@dataclass(frozen=True)
class Limits:
    """What one token may ask of one model; None is no limit."""

    minute: int | None = None
    day: int | None = None
    concurrent: int | None = None
    tokens: int = 8000


FREE = {"low": Limits(15, 150, 5), "high": Limits(10, 50, 2), "embeddings": Limits(15, 150, 5, 64_000)}
FREE["custom"] = Limits(1, 8, 1, 4000)


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


class GitHubServer:
    """`limits` by tier: none unless given. `lag` is how much longer than told a minute's window really is."""

    def __init__(self, limits: dict[str, Limits] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self.mode, self.delay, self.lag = "healthy", 3.0, 1.5
        self.thinking = 0.0  # seconds that an answer takes, in which it counts as running
        self.style = "plain"  # of a 429: plain, json or empty
        self.stream_fault = ""  # comments, crlf, no_done, error or cut
        self.catalog: Any = CATALOG
        self.limits, self.clock = limits or {}, clock
        self.tokens = {TOKEN, NO_MODELS, NO_ACCESS}
        self.requests: list[Request] = []
        self.next: deque[Answer] = deque()  # given before anything else is looked at
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str, str], tuple[float, int]] = {}
        self._running: dict[tuple[str, str], int] = defaultdict(int)
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": self}))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def calls(self, path: str = "/inference/") -> list[Request]:
        return [request for request in self.requests if path in request.path]

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        if self.next:
            return self.next.popleft()
        try:
            self._fault()
            path = request.path.partition("?")[0].removeprefix("/models")
            if (request.method, path) == ("GET", "/catalog/models"):
                return self._catalog(request)
            asked = re.fullmatch(r"(?:/orgs/[^/]+)?/inference/(chat/completions|embeddings)", path)
            if request.method != "POST" or not asked:
                return Answer(404, "404 page not found\n", kind=TEXT)
            return self._inference(request, asked[1])
        except Answer as answer:
            return answer

    def _fault(self) -> None:
        if self.mode == "slow":
            time.sleep(self.delay)
        faults = {
            "retired": Answer(410, {"error": {"code": "github_models_retirement_brownout", "message": BROWNOUT}}),
            "outage": Answer(502, "<html><body><h1>502 Bad Gateway</h1></body></html>", kind=HTML),
            "malformed": Answer(200, '{"choices": [{"mess'),
            "forbidden": Answer(403),
        }
        if self.mode in faults:
            raise faults[self.mode]

    def _catalog(self, request: Request) -> Answer:
        body = json.dumps(self.catalog, separators=(",", ":")).encode()
        tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
        if request.headers.get("if-none-match") == tag:
            return Answer(304, headers={"ETag": tag})
        return Answer(200, body, {"ETag": tag})

    def _inference(self, request: Request, verb: str) -> Answer:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise failed(401, "unauthorized", "Bad credentials")
        if token == NO_MODELS:
            raise failed(401, "unauthorized", "The `models` permission is required to access this endpoint")
        entry = self._entry(str(request.body.get("model", "")))
        if token == NO_ACCESS:
            raise failed(403, "no_access", f"No access to model: {entry['id']}")
        check(entry, request.body, verb, self._limits(entry).tokens)
        with self._within_limits(token, entry):
            time.sleep(self.thinking)
            if verb == "embeddings":
                return Answer(200, embeddings(entry, request.body), MISLEADING)
            if request.body.get("stream"):
                return Answer(200, self._faulty(chunks(entry, request.body)), MISLEADING, "text/event-stream")
            return Answer(200, whole(entry, request.body), MISLEADING)

    def _entry(self, model: str) -> dict[str, Any]:
        names = (model.lower(), f"/{model.lower()}")
        for entry in self.catalog:
            if entry["id"].lower() == names[0] or entry["id"].lower().endswith(names[1]):
                return entry
        raise failed(404, "unknown_model", f"Unknown model: {model if '/' in model else names[1]}")

    def _limits(self, entry: dict[str, Any]) -> Limits:
        return self.limits.get(entry["rate_limit_tier"], Limits())

    @contextmanager
    def _within_limits(self, token: str, entry: dict[str, Any]) -> Iterator[None]:
        """Fixed windows that begin with the first request; what is refused is not counted."""
        limits, key = self._limits(entry), (token, entry["id"])
        with self._lock:
            if limits.concurrent and self._running[key] >= limits.concurrent:
                raise self.limited("UserConcurrentRequests", limits.concurrent, 0, 0)
            self._count(key, limits)
            self._running[key] += 1
        try:
            yield
        finally:
            with self._lock:
                self._running[key] -= 1

    def _count(self, key: tuple[str, str], limits: Limits) -> None:
        now, counted = self.clock(), {}
        for name, most in (("Day", limits.day), ("Minute", limits.minute)):
            start, used = self._windows.get((*key, name), (now, 0))
            if now >= start + WINDOWS[name] + self.lag:
                start, used = now, 0
            if most and used >= most:
                wait = max(0, math.ceil(start + WINDOWS[name] - now))
                raise self.limited(f"UserByModelBy{name}", most, WINDOWS[name], wait)
            counted[*key, name] = (start, used + 1)
        self._windows |= counted

    def limited(self, kind: str, most: int, window: int, wait: int) -> Answer:
        """Return a 429; put it into `next` to have one that no limit gives, such as UserByMinute."""
        message = f"Rate limit of {most} per {window}s exceeded for {kind}. Please wait {wait} seconds before retrying."
        told = {"code": "RateLimitReached", "message": message, "details": message}
        body = {"plain": SCRAPING, "json": {"error": told}, "empty": b""}[self.style]
        headers = {"Retry-After": str(wait), "x-ratelimit-timeremaining": str(wait), "x-ratelimit-type": kind}
        return Answer(429, body, {**headers, "x-ms-error-code": "RateLimitReached"}, "application/json")

    def _faulty(self, lines: list[dict[str, Any]]) -> Iterator[bytes]:
        end = b"\r\n\r\n" if self.stream_fault == "crlf" else b"\n\n"
        for number, line in enumerate(lines):
            if number == 3 and self.stream_fault in ("error", "cut"):
                if self.stream_fault == "error":
                    yield b'data: {"error":{"code":"server_error","message":"The model broke off."}}' + end
                return
            if self.stream_fault == "comments":
                yield b": still here" + end
            yield b"data: " + json.dumps(line).encode() + end
        if self.stream_fault != "no_done":
            yield b"data: [DONE]" + end


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer takes 40 ms, as its body waits for its head to be acknowledged
    service: GitHubServer

    def do_GET(self) -> None:
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, json.loads(text) if text else None)
        self._send(self.service.answer(request))

    do_POST = do_PUT = do_DELETE = do_GET

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Type": answer.kind, **answer.headers}.items():
            self.send_header(name, value)
        if not isinstance(answer.body, Iterator):
            body = json.dumps(answer.body) if isinstance(answer.body, dict) else answer.body
            body = body.encode() if isinstance(body, str) else body
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for line in answer.body:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        if self.service.stream_fault == "cut":
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass
