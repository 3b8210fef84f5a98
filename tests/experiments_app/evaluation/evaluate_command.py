"""One call of manage.py evaluate, and the OpenAI server that it calls."""

from __future__ import annotations

import io
import json
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from django.core.management import call_command
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.experiments_app.evaluation.gh_model import answer

FILE = """name: Capitals
model: plain
messages:
- role: user
  content: 'REPLY:{{answer}}'
testData:
- answer: Paris
- answer: Rome
evaluators:
- name: right
  string: {contains: paris}
"""


class Upstream:
    """An OpenAI server; the model `better` is always right. Failures are answered first."""

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, Any], Request]] = []
        self.failures: list[Response] = []

    def __call__(self, request: Request) -> Response:
        body = request.get_json()
        self.asked.append((body, request))
        if self.failures:
            return self.failures.pop(0)
        said = "Paris" if body["model"] == "better" else answer(body["messages"])
        if not body.get("stream"):
            return Response(json.dumps({"choices": [{"message": {"content": said}, "finish_reason": "stop"}]}))
        pieces = [{"choices": []}, *({"choices": [{"delta": {"content": part}}]} for part in said)]
        pieces.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        events = "".join(f"data: {json.dumps(piece)}\r\n\r\n" for piece in pieces)
        return Response(f": hello\n\n{events}data: [DONE]\n\n", content_type="text/event-stream")


@contextmanager
def upstream():
    with HTTPServer(host="127.0.0.1") as server:
        handler = Upstream()
        server.expect_request("/v1/chat/completions", method="POST").respond_with_handler(handler)
        yield server.url_for("/v1"), handler


class Evaluated:
    """One call of the command on a file."""

    def __init__(self, text: str = FILE, *flags: str, gate: Any = None, junit: bool = False) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path, report = Path(folder) / "capitals.prompt.yml", Path(folder) / "report.xml"
            path.write_text(text, encoding="utf-8")
            if gate is not None:
                (Path(folder) / "gate.yml").write_text(json.dumps(gate), encoding="utf-8")
                flags = (*flags, "--gate", str(Path(folder) / "gate.yml"))
            flags = (*flags, "--junit", str(report)) if junit else flags
            out, err = io.StringIO(), io.StringIO()
            self.code = 0
            try:
                call_command("evaluate", str(path), *flags, stdout=out, stderr=err)
            except SystemExit as ended:
                self.code = ended.code
            self.out, self.err = out.getvalue(), err.getvalue()
            self.report = ElementTree.fromstring(report.read_bytes()) if report.exists() else None
