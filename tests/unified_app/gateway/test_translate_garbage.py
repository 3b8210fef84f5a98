"""Whatever callers and upstreams send, the outcome is a translation or one of our errors."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from unified_app.errors import InvalidInput, UpstreamError
from unified_app.gateway.translate.embeddings import ollama_embed_to_openai, openai_to_embed
from unified_app.gateway.translate.fields import KNOWN_NAMES
from unified_app.gateway.translate.ollama_reply import OpenAIToOllama, openai_to_ollama
from unified_app.gateway.translate.ollama_request import chat_to_openai, embed_to_openai, generate_to_openai
from unified_app.gateway.translate.openai_reply import (
    OllamaChatToOpenAI,
    OllamaGenerateToOpenAI,
    ollama_chat_to_openai,
    ollama_generate_to_openai,
)
from unified_app.gateway.translate.openai_request import chat_to_ollama, completion_to_ollama, embeddings_to_ollama
from unified_app.gateway.translate.relay import needs_native, with_own_sampling

# The machine may be busy; how long one example takes proves nothing.
unhurried = settings(deadline=None)
WORDS = (
    *("role", "content", "type", "text", "image_url", "url", "tool_calls", "function", "arguments", "name", "id"),
    *("index", "tool_call_id", "tool_name", "user", "tool", "assistant", "json_schema", "effort", "json", "thinking"),
)
REPLY_WORDS = (
    *("choices", "message", "delta", "content", "text", "reasoning", "tool_calls", "function", "arguments", "index"),
    *("id", "finish_reason", "stop", "length", "usage", "prompt_tokens", "logprobs", "tokens", "token_logprobs"),
    *("top_logprobs", "done", "done_reason", "response", "thinking", "embeddings", "data", "embedding", "error"),
    *("eval_count", "prompt_eval_count"),
)


def json_of(words):
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(words) | st.text(max_size=4)
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(words), inner, max_size=5),
        max_leaves=25,
    )


user = {"role": "user", "content": "x"}
bodies = st.dictionaries(st.sampled_from(sorted(KNOWN_NAMES)), json_of(WORDS), max_size=8)
messages = st.lists(st.dictionaries(st.sampled_from(WORDS), json_of(WORDS), max_size=5) | st.just(user), max_size=3)
replies = st.dictionaries(st.sampled_from(REPLY_WORDS), json_of(REPLY_WORDS), max_size=8) | json_of(REPLY_WORDS)


@unhurried
@given(bodies, messages, st.booleans())
def test_any_request_is_translated_or_refused(body, said, use):
    body = {**body, "messages": said} if use else {"prompt": "x", "input": "x", "messages": [user], **body}
    calls = (
        *(lambda: chat_to_ollama(body, {}), lambda: completion_to_ollama(body, None)),
        *(lambda: embeddings_to_ollama(body), lambda: chat_to_openai(body), lambda: generate_to_openai(body)),
        *(lambda: embed_to_openai(body), lambda: needs_native(body), lambda: with_own_sampling(body, {"top_p": 1})),
    )
    for call in calls:
        with suppress(InvalidInput):
            call()


@unhurried
@given(replies)
def test_any_reply_is_translated_or_a_typed_error(reply):
    named = {"model": "m", "request_id": "r", "created": 1}
    calls = (
        *(lambda: ollama_chat_to_openai(reply, **named), lambda: ollama_generate_to_openai(reply, **named)),
        lambda: openai_to_ollama(reply, shape="chat", model="m", started=0, now=1),
        lambda: openai_to_embed(reply, model="m", started=0, now=1),
        *(lambda: ollama_embed_to_openai(reply, model="m"), lambda: OllamaChatToOpenAI("m", "r", 1, True).feed(reply)),
        lambda: OllamaGenerateToOpenAI("m", "r", 1, True).feed(reply),
    )
    for call in calls:
        with suppress(UpstreamError):
            call()


@unhurried
@given(st.lists(replies, max_size=4))
def test_any_stream_of_chunks_is_translated_or_a_typed_error(chunks):
    translator = OpenAIToOllama("m", 0)
    with suppress(UpstreamError):
        for chunk in chunks:
            translator.feed(chunk, 1)
        translator.finish(2, marked=True)
