"""What both protocols can say comes back as it was."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unified_app.gateway.recorded import summed
from unified_app.gateway.translate.ollama_reply import OpenAIToOllama, openai_to_ollama
from unified_app.gateway.translate.ollama_request import chat_to_openai
from unified_app.gateway.translate.openai_reply import OllamaChatToOpenAI, ollama_chat_to_openai
from unified_app.gateway.translate.openai_request import chat_to_ollama

# The machine may be busy; how long one example takes proves nothing.
unhurried = settings(deadline=None)
texts = st.text(min_size=1, max_size=20)
names = st.text("abc_", min_size=1, max_size=5)
values = st.none() | st.booleans() | st.integers() | texts
objects = st.dictionaries(texts, values | st.lists(values, max_size=3), max_size=3)
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


def turns(name: str, arguments: dict, number: int) -> list[dict]:
    """A call and its result."""
    text = json.dumps(arguments, ensure_ascii=False, separators=(",", ":"))
    call = {"id": f"call_{number}", "type": "function", "function": {"name": name, "arguments": text}}
    return [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "x", "tool_call_id": call["id"]},
    ]


plain = st.builds(lambda role, text: [{"role": role, "content": text}], st.sampled_from(["system", "user"]), texts)
seeing = st.builds(lambda text: [{"role": "user", "content": [IMAGE, {"type": "text", "text": text}]}], texts)
calling = st.builds(turns, names, objects, st.integers(0, 9))
chats = st.lists(plain | seeing | calling, min_size=1, max_size=4).map(
    lambda turns: [m for turn in turns for m in turn]
)
formats = st.just({"type": "json_object"}) | objects.map(
    lambda schema: {"type": "json_schema", "json_schema": {"name": "response", "schema": schema, "strict": False}}
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
bodies = st.fixed_dictionaries(
    {"model": names, "messages": chats},
    optional={
        "temperature": numbers,
        "top_p": numbers,
        "seed": st.integers(),
        "stop": st.lists(texts, max_size=2),
        "max_tokens": st.integers(min_value=1),
        "frequency_penalty": numbers,
        "presence_penalty": numbers,
        "logprobs": st.booleans(),
        "top_logprobs": st.integers(0, 20),
        "reasoning_effort": st.sampled_from(["none", "low", "medium", "high", "xhigh"]),
        "response_format": formats.filter(lambda form: form.get("json_schema", {}).get("schema", True)),
        "tools": st.lists(st.fixed_dictionaries({"type": st.just("function"), "function": objects}), min_size=1),
        "user": texts,
    },
)


@unhurried
@given(bodies)
def test_a_request_of_an_openai_caller_comes_back(body):
    assert chat_to_openai(chat_to_ollama(body, None)) == body


calls = st.lists(st.fixed_dictionaries({"name": names, "arguments": objects}), max_size=3)
lines = st.builds(
    lambda text, thinking, calls: {"content": text, "thinking": thinking, "calls": calls},
    st.text(max_size=9),
    st.text(max_size=9),
    calls,
)


def native(line: dict, first: int, **end) -> dict:
    """A line of a native stream; an empty field is not there."""
    made = [
        {"id": f"call_{first + n}", "function": {"index": first + n, **call}} for n, call in enumerate(line["calls"])
    ]
    extra = {"thinking": line["thinking"]} if line["thinking"] else {}
    message = {"role": "assistant", "content": line["content"], **extra} | ({"tool_calls": made} if made else {})
    return {"model": "m", "message": message, "done": False, **end}


@unhurried
@given(lines, st.sampled_from(["stop", "length"]), st.integers(1, 99), st.integers(1, 99))
def test_a_whole_native_reply_comes_back(line, reason, asked, made):
    reason = "stop" if line["calls"] else reason
    reply = native(line, 0, done=True, done_reason=reason, prompt_eval_count=asked, eval_count=made)
    there = ollama_chat_to_openai(reply, model="m", request_id="r", created=1)
    back = openai_to_ollama(there, shape="chat", model="m", started=0, now=0)
    assert back.items() >= reply.items()


@unhurried
@given(st.lists(lines, max_size=4), st.integers(1, 99), st.integers(1, 99))
def test_a_native_stream_comes_back_with_the_same_words(said, asked, made):
    there, back = OllamaChatToOpenAI("m", "r", 1, True), OpenAIToOllama("m", 0)
    first, stream = 0, []
    for line in said:
        stream.append(native(line, first))
        first += len(line["calls"])
    stream.append({"message": {"content": ""}, "done": True, "prompt_eval_count": asked, "eval_count": made})
    chunks = [chunk for obj in stream for chunk in there.feed(obj)]
    returned = [obj for chunk in chunks for obj in back.feed(chunk, 0)] + back.finish(0, marked=True)
    for name in ("content", "thinking"):
        assert "".join(o["message"].get(name, "") for o in returned) == "".join(line[name] for line in said)
    told = [call["function"] for o in returned for call in o["message"].get("tool_calls", [])]
    assert [(f["name"], f["arguments"]) for f in told] == [
        (f["name"], f["arguments"]) for line in said for f in line["calls"]
    ]
    assert (returned[-1]["prompt_eval_count"], returned[-1]["eval_count"]) == (asked, made)
    assert summed(chunks)["finish"] == ("tool_calls" if first else "stop")
