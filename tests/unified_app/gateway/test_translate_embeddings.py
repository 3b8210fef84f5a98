from __future__ import annotations

import pytest

from tests.unified_app.gateway.recorded import NEW, OLD, answered
from unified_app.errors import UpstreamError, UpstreamInvalid
from unified_app.gateway.translate.embeddings import ollama_embed_to_openai, openai_to_embed, openai_to_embeddings

versions = pytest.mark.parametrize("version", [OLD, NEW])


def back(reply):
    return openai_to_embed(reply, model="asked", started=10, now=25)


@versions
def test_a_reply_has_the_shape_of_the_servers_own_v1(version):
    native, own = answered(version, "g006"), answered(version, "g024")
    ours = ollama_embed_to_openai(native, model="asked")
    assert ours.keys() >= own.keys()
    assert ours["data"][0].keys() == own["data"][0].keys()
    assert ours["data"][0]["embedding"] == native["embeddings"][0]
    assert ours["usage"] == {"prompt_tokens": 4, "total_tokens": 4}
    assert ours["total_duration"] == native["total_duration"]


@versions
def test_base64_is_read_and_written_as_the_servers_own_v1_does(version):
    own = answered(version, "g024")
    native = back(own)
    assert [len(vector) for vector in native["embeddings"]] == [16, 16]
    assert ollama_embed_to_openai(native, model="asked", encoding="base64")["data"] == own["data"]
    assert native["prompt_eval_count"] == own["usage"]["prompt_tokens"]
    assert native["total_duration"] == 15


def test_vectors_come_in_the_order_of_the_inputs():
    rows = [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1.0]}]
    assert back({"data": rows})["embeddings"] == [[1.0], [2.0]]
    assert openai_to_embeddings({"data": rows}) == {"embedding": [1.0]}
    assert openai_to_embeddings({"data": []}) == {"embedding": []}


@pytest.mark.parametrize(
    "reply",
    [None, {}, {"data": None}, {"data": ["x"]}, {"data": [{}]}, {"data": [{"embedding": "!"}]}]
    + [{"data": [{"embedding": wrong}]} for wrong in ("AAA=", 5, [[0.1, 0.2], [0.3, 0.4]], ["x"])],
)
def test_garbage_from_an_openai_server_is_a_typed_error(reply):
    with pytest.raises(UpstreamInvalid):
        back(reply)


@pytest.mark.parametrize("vectors", [None, {}, [5], [["x"]], [[1e300]]])
def test_garbage_from_an_ollama_server_is_a_typed_error(vectors):
    with pytest.raises(UpstreamInvalid):
        ollama_embed_to_openai({"embeddings": vectors}, model="asked", encoding="base64")


def test_an_error_has_the_upstreams_words():
    with pytest.raises(UpstreamError, match="too long"):
        ollama_embed_to_openai({"error": "too long"}, model="asked")
