"""A registry at the wire: the part of the contract that the page uses, in a thread, with faults on demand.

with fake_registry() as fake:
    fake.faults["POST /v1/chat/completions"] = (429, {"error": {...}}, {"Retry-After": "7"})
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.gradio_app.fake_suites import FakeSuites

KEY = "rk_test_0123456789"
PASSWORD = "right-Password"


def row(name: str, category: str, **more: Any) -> dict[str, Any]:
    slug = name.replace(":", "_").replace(".", "_")
    return {
        "id": f"{slug}_base",
        "name": name,
        "display_name": "",
        "model_type": "base",
        "category": category,
        "categories": [category],
        "capabilities": ["text_generation"],
        "status": "available",
        "hosts": ["gpu-1"],
        "size": 4_900_000_000,
        "context_length": 131072,
        "demo": False,
        **more,
    }


MODELS = [
    row("all-minilm:l6-v2", "embedding", capabilities=["text_embedding"], size=45_949_794, context_length=512),
    row("nomic-embed-text:v1.5", "embedding", capabilities=["text_embedding"], demo=True, hosts=["demo"]),
    row("llava:7b", "vision", capabilities=["text_generation", "vision"]),
    row("qwen3:8b", "tools", capabilities=["text_generation", "function_calling"]),
    row("deepseek-r1:8b", "thinking", capabilities=["text_generation", "reasoning"]),
    row("qwq:32b", "thinking", capabilities=["text_generation", "reasoning"], status="busy"),
    row("big:120b-cloud", "cloud", hosts=["ollama.com"]),
]


class Fake:
    """State that tests set and read."""

    def __init__(self) -> None:
        self.models = [dict(model) for model in MODELS]
        self.faults: dict[str, tuple[int, Any, dict[str, str]]] = {}
        self.requests: list[tuple[str, str, dict[str, str], Any]] = []
        self.raw_paths: list[str] = []
        self.serving: dict[str, str] = {}
        self.scopes = ["read", "call", "experiment", "curate", "operate"]
        self.starting_polls = 1
        self.failing_models: set[str] = set()
        self.pause = 0.02
        self.break_after: int | None = None  # events of a stream before the connection breaks
        self.error_after: int | None = None  # events of a stream before an error event
        self.gone = threading.Event()  # set when a client left in mid-stream
        self.valid_keys = {KEY}
        self.bench = FakeSuites()
        self.url = ""

    def bodies(self, path: str) -> list[Any]:
        return [body for _, asked, _, body in self.requests if asked == path]


def words_for(body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the deltas of an answer: a call when there are tools and no result yet, else reasoning and words."""
    if body.get("tools") and body["messages"][-1]["role"] != "tool" and "hello" not in _question(body).lower():
        head = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": ""}}
        rest = ['{"city": ', '"Lisbon", ', '"unit": "celsius"}']
        parts = [{"index": 0, "function": {"arguments": piece}} for piece in rest]
        return [{"tool_calls": [part]} for part in (head, *parts)]
    thoughts = [{"reasoning": word} for word in ("Let me see. ", "The ball costs x, ", "the bat x + 1.00. ")]
    answer = (
        "The **answer** is 0.05 for `ball`.\n\n```python\nx = (1.10 - 1.00) / 2\n```\n<img src=http://evil.invalid/>"
    )
    said = [{"content": answer[start : start + 8]} for start in range(0, len(answer), 8)]
    return [*(thoughts if "deepseek" in body["model"] or "qwq" in body["model"] else []), *said]


def _question(body: dict[str, Any]) -> str:
    content = body["messages"][-1]["content"]
    return content if isinstance(content, str) else " ".join(part.get("text", "") for part in content)


def vector(text: str) -> list[float]:
    found = [0.2] * 26
    for letter in text.lower():
        if "a" <= letter <= "z":
            found[ord(letter) - 97] += 1
    return found


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: Fake

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def _answer(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        is_form = self.headers.get("Content-Type", "").startswith("multipart/")
        body = sent if is_form else json.loads(sent) if length else None
        path = unquote(urlsplit(self.path).path)
        self.fake.raw_paths.append(self.path)
        self.fake.requests.append((method, path, dict(self.headers), body))
        if fault := self.fake.faults.get(f"{method} {path}"):
            return self._send(*fault)
        if path == "/api/auth/token":
            return self._log_in(body)
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.fake.valid_keys:
            return self._fail(401, "The key is unknown, expired or revoked.")
        if path == "/v1/chat/completions":
            return self._stream(body)
        if path == "/v1/embeddings":
            return self._embed(body)
        if path == "/api/experimental/create":
            return self._variant(body)
        if answer := self._of_bench(method, path, body):
            return self._send(*answer)
        self._model(method, path)

    def _of_bench(self, method: str, path: str, body: Any) -> tuple[int, Any] | None:
        is_change = method == "POST" and path.startswith(("/api/suites", "/api/evaluations"))
        if is_change and "experiment" not in self.fake.scopes:
            return 403, {"error": {"code": "forbidden", "message": "This needs the scope `experiment`."}}
        return self.fake.bench.answer(method, path, urlsplit(self.path).query, body)

    def _variant(self, body: dict[str, Any]) -> None:
        if "experiment" not in self.fake.scopes:
            return self._fail(403, "This needs the scope `experiment`.")
        base = next(model for model in self.fake.models if model["id"] == body["base_model"])
        made = {**base, "id": f"exp_{base['id']}", "name": f"{base['name']}+made", "model_type": "experimental"}
        self.fake.models.append(made)
        self._send(201, {**made, "variants": [made]})

    def _log_in(self, body: dict[str, Any]) -> None:
        if body.get("password") != PASSWORD:
            return self._fail(401, "The user name or the password is wrong.")
        self._send(200, {"key": KEY, "scopes": self.fake.scopes, "expires_at": "2030-01-01T00:00:00Z"})

    def _model(self, method: str, path: str) -> None:
        parts = path.removeprefix("/api/models/").split("/")
        if parts == ["unified"]:
            return self._list()
        found = next((model for model in self.fake.models if model["id"] == parts[0]), None)
        if found is None:
            return self._fail(404, f"No model is called {parts[0]}.")
        if len(parts) == 1:
            return self._send(200, found)
        self._serving(method, found["id"], parts[1])

    def _list(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        category, query = asked.get("category", [""])[0], asked.get("q", [""])[0]
        found = [m for m in self.fake.models if category in ("", m["category"]) and query in m["name"]]
        self._send(200, {"models": found, "count": len(found), "next": None, "previous": None})

    def _serving(self, method: str, model: str, action: str) -> None:
        serving = self.fake.serving
        if action in ("serve", "stop") and "operate" not in self.fake.scopes:
            return self._fail(403, "This needs the scope `operate`.")
        if action == "serve":
            serving[model] = "starting"
        elif action == "stop":
            serving[model] = "stopped"
        elif serving.get(model) == "starting":
            self.fake.starting_polls -= 1
            serving[model] = "starting" if self.fake.starting_polls >= 0 else "ready"
        state = serving.get(model, "stopped")
        body = {"model_id": model, "state": state, "reason": "", "placement": "gpu-1/x", "total_requests": 3}
        self._send(202 if state == "starting" else 200, body)

    def _embed(self, body: dict[str, Any]) -> None:
        time.sleep(self.fake.pause)
        rows = [{"index": n, "embedding": vector(text)} for n, text in enumerate(body["input"])]
        self._send(200, {"data": rows[::-1], "usage": {"prompt_tokens": 42}})

    def _stream(self, body: dict[str, Any]) -> None:
        if body["model"] in self.fake.failing_models:
            return self._fail(503, "no host answers for it")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            self._events(body)
        except (BrokenPipeError, ConnectionResetError):
            self.fake.gone.set()
            self.close_connection = True

    def _events(self, body: dict[str, Any]) -> None:
        for number, delta in enumerate(words_for(body)):
            if number == self.fake.break_after:
                return self._break()
            if number == self.fake.error_after:
                self._event({"error": {"message": "the host gpu-1 went away", "type": "server_error", "code": "x"}})
                return self._chunk(b"")
            self._event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
            time.sleep(self.fake.pause)
        finish = "tool_calls" if "tool_calls" in delta else "stop"
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        self._event({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 57}})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _break(self) -> None:
        self.wfile.flush()
        self.close_connection = True

    def _event(self, event: dict[str, Any]) -> None:
        self._chunk(f"data: {json.dumps(event)}\n\n".encode())

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _fail(self, status: int, message: str) -> None:
        self._send(status, {"error": {"code": "x", "message": message}})

    def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@contextmanager
def fake_registry(port: int = 0) -> Iterator[Fake]:
    fake = Fake()
    server = ThreadingHTTPServer(("127.0.0.1", port), type("Bound", (Handler,), {"fake": fake}))
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
