"""The shown calls are run by a shell, with a curl that prints what it would send."""

from __future__ import annotations

import base64
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any
from unittest import TestCase

from registry_project.gradio_app import calls

# Signs that a shell would take for its own, and a line that would end a here-document.
NASTY = "a'b\"c $HOME `id` $(id) \\ \\n ${PICTURE1}\nJSON\n!x é"


class TestCurl(TestCase):
    def sent(self, body: dict[str, Any], **files: bytes) -> Any:
        call = calls.curl("http://127.0.0.1:8000", "/v1/chat/completions", body)
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                (Path(folder) / name.replace("_", ".")).write_bytes(content)
            script = f"curl() {{ cat; }}\n{call}\n"
            done = subprocess.run(
                ["sh", "-c", script], cwd=folder, capture_output=True, text=True, timeout=10, check=True
            )
        return json.loads(done.stdout)

    def test_what_is_sent_is_the_body_whatever_was_asked(self) -> None:
        body = {"model": "m", "messages": [{"role": "user", "content": NASTY}]}
        assert self.sent(body) == body

    def test_pictures_are_read_from_files_and_the_rest_stays_as_it_was(self) -> None:
        urls = [f"data:image/{kind};base64,{base64.b64encode(kind.encode() * 99).decode()}" for kind in ("png", "jpeg")]
        parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
        text = NASTY.replace("${PICTURE1}", "")
        body = {"model": "m", "messages": [{"role": "user", "content": [*parts, {"type": "text", "text": text}]}]}

        assert self.sent(body, picture1_png=b"png" * 99, picture2_jpeg=b"jpeg" * 99) == body

    def test_the_bytes_of_a_picture_are_not_shown(self) -> None:
        body = {"url": "data:image/png;base64," + "A" * 10_000}
        assert len(calls.curl("http://x", "/v1", body)) < 500
