"""Sessions whose read time-out bounds a whole reply.

By itself a read time-out begins anew with each byte, so an upstream that sends one byte a second would never be
timed out. Here every read of a reply gets only the time that is left of it.
"""

from __future__ import annotations

import logging
import os
import socket
import ssl
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.ssl_ import create_urllib3_context

from unified_app.connecting import refuse_name, refuse_peer

# It would log a traceback with the raw bytes of headers that it cannot parse, and an upstream may echo our token.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


def whole_reply_session(pool: int) -> requests.Session:
    """Return a session that keeps up to `pool` connections to each upstream."""
    session = requests.Session()
    # The address is the operator's; a proxy or netrc of the environment must not change where keys go.
    session.trust_env = False
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_connections=1, pool_maxsize=pool, max_retries=0))
    return session


class _Ending:
    """Mixed into sockets: no read goes on after `end`, in seconds of the monotonic clock."""

    end: float | None = None

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        if self.end is not None:
            left = self.end - time.monotonic()
            if left <= 0:
                raise TimeoutError("the reply's time is up")
            self.settimeout(left)  # type: ignore[attr-defined]
        received: int = super().recv_into(*args, **kwargs)  # type: ignore[misc]
        return received


class _Socket(_Ending, socket.socket):
    pass


class _TLSSocket(_Ending, ssl.SSLSocket):
    pass


class _WholeReply:
    """Mixed into urllib3's connections: the read time-out, set anew for each request, ends the whole reply."""

    def _new_conn(self) -> socket.socket:
        refuse_name(self._dns_host, self.port)  # type: ignore[attr-defined]
        plain: socket.socket = super()._new_conn()  # type: ignore[misc]
        refuse_peer(plain)
        timeout = plain.gettimeout()
        ending = _Socket(fileno=plain.detach())
        ending.settimeout(timeout)
        return ending

    def getresponse(self) -> HTTPResponse:
        timeout: float | None = self.timeout  # type: ignore[attr-defined]
        self.sock.end = None if timeout is None else time.monotonic() + timeout  # type: ignore[attr-defined]
        response: HTTPResponse = super().getresponse()  # type: ignore[misc]
        return response


class _HTTP(_WholeReply, HTTPConnection):  # type: ignore[misc]
    pass


class _HTTPS(_WholeReply, HTTPSConnection):  # type: ignore[misc]
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPS


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        context = create_urllib3_context()
        context.sslsocket_class = _TLSSocket
        super().init_poolmanager(*args, ssl_context=context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
