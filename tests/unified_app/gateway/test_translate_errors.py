from __future__ import annotations

import pytest

from unified_app.errors import UpstreamError, UpstreamInvalid
from unified_app.gateway.translate.errors import checked_reply, ollama_error, openai_error, upstream_message


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (401, "authentication_error"),
        (403, "permission_error"),
        (404, "invalid_request_error"),
        (413, "invalid_request_error"),
        (429, "rate_limit_error"),
        (500, "api_error"),
        (503, "api_error"),
    ],
)
def test_an_openai_error_has_the_type_of_its_status(status, kind):
    error = openai_error(status, "a_code", "Words.", "model")
    assert error == {"error": {"message": "Words.", "type": kind, "param": "model", "code": "a_code"}}


def test_an_ollama_error_is_a_text():
    assert ollama_error("Words.") == {"error": "Words."}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"error":"model \'x\' not found"}', "model 'x' not found"),
        (b'{"error":{"message":"Too long.","type":"t","code":null}}', "Too long."),
        (b'{"error":"{\\"code\\":400}"}', '{"code":400}'),
        (b'{"message":"Nope."}', "Nope."),
        (b'{"detail":[{"loc":["body"],"msg":"field required"}]}', "field required"),
        (b'[{"error":{"message":"In a list."}}]', "In a list."),
        (b"404 page not found", "404 page not found"),
        (b"two\nlines", "two lines"),
        (b"<html><h1>Bad Gateway</h1></html>", "The upstream answered with status 502."),
        (b"", "The upstream answered with status 502."),
        (b"{broken", "The upstream answered with status 502."),
        (b'{"error":{"message":null}}', "The upstream answered with status 502."),
        (b'{"error":' * 90_000, "The upstream answered with status 502."),
        (b'{"error":' * 300 + b'"deep"' + b"}" * 300, "The upstream answered with status 502."),
    ],
)
def test_the_upstreams_words_are_found_in_either_shape(raw, words):
    assert upstream_message(raw, 502) == words


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefghijklmnop1234",
        "ghp_abcdefghijklmnopqrst",
        "github_pat_11ABCDEFG0abcdefghijkl",
        "Bearer abc.def-ghijklmnop",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "mr_0123456789abcdefghijklmnop",
    ],
)
def test_a_secret_in_the_upstreams_words_is_not_shown(secret):
    words = upstream_message(b'{"error":"Wrong key %s given."}' % secret.encode(), 401)
    assert words == "Wrong key *** given."


def test_the_password_in_an_address_is_not_shown():
    assert upstream_message(b"dial http://user:secret@host:1/x", 500) == "dial http://***@host:1/x"


def test_the_upstreams_words_are_bounded():
    words = upstream_message(b'{"error":"' + b"word " * 10_000 + b'"}', 500)
    assert len(words) == 500
    assert words.endswith("...")


def test_a_reply_that_is_an_error_raises_it_and_a_null_error_is_none():
    assert checked_reply({"error": None, "choices": []}) == {"error": None, "choices": []}
    with pytest.raises(UpstreamError, match="^It broke.$"):
        checked_reply({"error": {"message": "It broke."}})
    with pytest.raises(UpstreamError, match="ended its answer with an error"):
        checked_reply({"error": {"code": 5}})
    with pytest.raises(UpstreamInvalid):
        checked_reply([])
