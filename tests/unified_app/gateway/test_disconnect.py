"""A caller that leaves, and one that reads slowly."""

from __future__ import annotations

import json
import socket
import threading
import time
from urllib.parse import urlsplit

from tests.servers import wait_until
from tests.unified_app.gateway.gateway_case import HELLO, GatewayCase
from tests.unified_app.gateway.upstreams import (
    CHAT,
    LINES,
    OPENAI,
    Endless,
    held,
    ollama_lines,
    openai_events,
)
from unified_app.models import ModelServingConfig

EVENT, LINE = openai_events("word ")[0], ollama_lines("word ")[0]


class LeavingTests(GatewayCase):
    def begin(self, path: str, **body: object) -> socket.socket:
        """Send a call and return its connection, without reading the answer."""
        host, port = urlsplit(self.url).netloc.split(":")
        connection = socket.create_connection((host, int(port)), timeout=10)
        self.addCleanup(connection.close)
        raw = json.dumps({"messages": HELLO, "stream": True, **body}).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.key}\r\nContent-Length: {len(raw)}\r\n"
        connection.sendall(head.encode() + b"\r\n" + raw)
        return connection

    def left_within_a_second(self, endless: Endless, connection: socket.socket) -> None:
        assert endless.begun.wait(5)
        assert connection.recv(100)
        connection.close()
        assert endless.left.wait(1), "the upstream was not told"
        self.idle(1)

    def test_the_upstream_knows_within_a_second_in_all_four_pairs(self):
        for caller, path in {"openai": "/v1/chat/completions", "ollama": "/ollama/api/chat"}.items():
            for upstream in ("openai", "ollama"):
                with self.subTest(caller=caller, upstream=upstream):
                    endless = Endless(EVENT) if upstream == "openai" else Endless(LINE, LINES)
                    name = f"{caller}-{upstream}"
                    self.model(name, self.upstream({CHAT: endless, "/api/chat": endless}), protocol=upstream)
                    native = {"num_ctx": 64} if caller == "openai" and upstream == "ollama" else {}
                    self.left_within_a_second(endless, self.begin(path, model=name, **native))

    def test_a_caller_that_leaves_before_the_first_byte_is_noticed(self):
        released = threading.Event()
        server = self.upstream({CHAT: held(released, OPENAI)})
        self.model("m", server)
        connection = self.begin("/v1/chat/completions", model="m", stream=False)
        wait_until(lambda: server.paths(CHAT), 5, "the call arrives")
        connection.close()
        self.idle(1)
        released.set()

    def test_a_caller_that_leaves_the_queue_leaves_nothing_behind(self):
        released = threading.Event()
        server = self.upstream({CHAT: held(released, OPENAI)})
        model = self.model("m", server)
        ModelServingConfig.objects.create(model=model, max_concurrent_requests=1)
        self.told()
        calls = [self.begin("/v1/chat/completions", model="m", stream=False) for _ in range(4)]
        wait_until(lambda: self.gateway.load.queued("m_base") == 3, 5, "three wait")
        for call in calls[1:3]:
            call.close()
        wait_until(lambda: self.gateway.load.queued("m_base") == 1, 1, "two have left")
        released.set()
        assert calls[3].recv(100).startswith(b"HTTP/1.1 200")
        self.idle()
        assert len(server.paths(CHAT)) == 2

    def test_a_slow_reader_slows_the_upstream_down(self):
        endless = Endless(b"data: " + b"x" * 65536 + b"\n\n", pause=0)
        self.model("m", self.upstream({CHAT: endless}))
        connection = self.begin("/v1/chat/completions", model="m")
        assert endless.begun.wait(5)
        time.sleep(0.5)
        sent = endless.sent
        time.sleep(0.5)
        # Kernel buffers hold some megabytes; what matters is that it stands still.
        assert endless.sent == sent < 32 * 2**20
        connection.close()
        assert endless.left.wait(2)
        self.idle(2)
