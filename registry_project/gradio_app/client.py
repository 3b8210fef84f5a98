"""The registry over HTTP: log-in, models, serving and the gateway's calls. Knows nothing of Gradio."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from urllib3.exceptions import HTTPError

from registry_project.gradio_app import replies, sse
from registry_project.gradio_app.errors import BadAnswer, Interrupted, LogInEnded, PageError, Unreachable, from_reply

CONNECT_SECONDS = 3.05
READ_SECONDS = 15.0
# A start waits up to 25 s before it answers 202.
SERVE_SECONDS = 40.0
# Until the first token a big model may have to be loaded from disk; the gateway's own limit is 300 s.
ANSWER_SECONDS = 310.0
# The most that the API gives on one page; beyond it the search narrows the list.
PAGE_SIZE = 1000
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def make_session(base_url: str) -> requests.Session:
    """Return a session that several users share: it keeps connections, and no cookie of any of them."""
    session = requests.Session()
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=64))
    session.mount("https://", requests.adapters.HTTPAdapter(pool_maxsize=64))
    # A proxy of the environment is for the world outside.
    session.trust_env = urlsplit(base_url).hostname not in _LOOPBACK
    return session


class BearerKey(requests.auth.AuthBase):
    """As an `auth` object, so that no ~/.netrc replaces the header."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class RegistryClient:
    """Calls one registry with one key. `with_key` gives another user's client on the same connections."""

    def __init__(self, base_url: str, key: str = "", session: requests.Session | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self._key = key
        self._session = session or make_session(self.base_url)

    def with_key(self, key: str) -> RegistryClient:
        return RegistryClient(self.base_url, key, self._session)

    def log_in(self, user: str, password: str) -> replies.LogIn:
        try:
            body = self.call("POST", "/api/auth/token", doing="log in", json={"username": user, "password": password})
        except LogInEnded as error:
            raise PageError("The user name or the password is wrong.") from error
        return replies.log_in(body)

    def models(self, category: str, query: str = "") -> list[replies.Model]:
        """Return the models that can do what the category says, by name."""
        params = {"category": category, "q": query, "page_size": str(PAGE_SIZE), "ordering": "name"}
        params = {name: value for name, value in params.items() if value}
        return replies.models(self.call("GET", "/api/models/unified", doing="see the models", params=params))

    def model(self, model_id: str) -> replies.Model:
        return replies.model(self.call("GET", _path(model_id), doing="see this model"))

    def serve(self, model_id: str) -> replies.Serving:
        """Start the model; the state may still be `starting` when this returns."""
        path, doing = _path(model_id, "/serve"), "start models"
        return replies.serving(self.call("POST", path, doing=doing, seconds=SERVE_SECONDS))

    def stop(self, model_id: str) -> replies.Serving:
        path, doing = _path(model_id, "/stop"), "stop models"
        return replies.serving(self.call("POST", path, doing=doing, seconds=SERVE_SECONDS))

    def serving_status(self, model_id: str) -> replies.Serving:
        return replies.serving(self.call("GET", _path(model_id, "/serving-status"), doing="see this model's state"))

    def embed(self, body: dict[str, Any]) -> replies.Embeddings:
        path, doing = "/v1/embeddings", "call models"
        return replies.embeddings(self.call("POST", path, doing=doing, json=body, seconds=ANSWER_SECONDS))

    def make_variant(self, base: str, kind: str, parameters: dict[str, Any]) -> replies.Model:
        """Make a variant of a model; it can be called when this returns."""
        body = {"base_model": base, "experiment_type": kind, "parameters": parameters}
        return replies.model(self.call("POST", "/api/experimental/create", doing="make variants", json=body))

    def chat(self, body: dict[str, Any]) -> ChatStream:
        """Open a streamed answer. Raises PageError when the registry refuses it."""
        path, doing = "/v1/chat/completions", "call models"
        return ChatStream(self._open("POST", path, doing=doing, json=body, seconds=ANSWER_SECONDS, stream=True))

    def call(self, method: str, path: str, *, doing: str, seconds: float = READ_SECONDS, **more: Any) -> Any:
        """Return the JSON of an answer. Raises PageError; `what` names the thing that a 404 is about."""
        response = self._open(method, path, doing=doing, seconds=seconds, **more)
        try:
            return response.json()
        except ValueError as error:
            raise BadAnswer(f"What answers at {self.base_url} is not the registry: its answer is no JSON.") from error

    def _open(
        self, method: str, path: str, *, doing: str, seconds: float, what: str = "model", **more: Any
    ) -> requests.Response:
        try:
            response = self._session.request(
                method,
                self.base_url + path,
                auth=BearerKey(self._key),
                headers={"Accept-Encoding": "identity"},
                timeout=(CONNECT_SECONDS, seconds),
                allow_redirects=False,
                **more,
            )
            if response.status_code not in (200, 201, 202):
                raise self._refusal(response, doing, what)
        except requests.exceptions.ReadTimeout as error:
            raise Unreachable(
                f"The registry at {self.base_url} did not answer within {seconds:.0f} seconds."
            ) from error
        except requests.RequestException as error:
            raise Unreachable(f"The registry at {self.base_url} does not answer.") from error
        return response

    def _refusal(self, response: requests.Response, doing: str, what: str) -> PageError:
        if response.is_redirect:
            return BadAnswer(
                f"The registry's address is not {self.base_url}: it sends to another one. Tell an operator."
            )
        try:
            body = response.json()
        except ValueError:
            body = None
        retry_after = response.headers.get("Retry-After")
        return from_reply(response.status_code, body, doing=doing, what=what, retry_after=retry_after)


class ChatStream:
    """A streamed answer: iterate for its pieces; `close` may be called from another thread and ends the call."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self._is_read = False

    def __iter__(self) -> Iterator[replies.Delta]:
        self._is_read = True
        try:
            for event in sse.objects(self._blocks()):
                yield replies.delta(event)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise Interrupted("The connection to the registry broke before the answer was complete.") from error
        finally:
            self._response.close()

    def close(self) -> None:
        # Closing would leave a thread that waits for bytes waiting, and take the response from under it.
        with suppress(RuntimeError, ValueError, OSError):  # it has ended by itself
            self._response.raw.shutdown()
        if not self._is_read:
            self._response.close()

    def _blocks(self) -> Iterator[bytes]:
        while block := self._response.raw.read1(65536):
            yield block


def _path(model_id: str, action: str = "") -> str:
    return f"/api/models/{quote(model_id, safe='')}{action}"
