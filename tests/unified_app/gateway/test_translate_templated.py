"""Native calls under a template of a variant's own, and answers of /api/generate as those of a chat."""

from __future__ import annotations

import pytest

from unified_app.errors import InvalidInput, UpstreamError
from unified_app.gateway.translate.templated import RawToOpenAI, chat_reply, chat_to_raw, generate_templated

TEMPLATE = "[{{ .System }}] {{ .Prompt }} >"
HELLO = [{"role": "user", "content": "hello"}]
GENERATED = {"model": "up", "created_at": "t", "response": "Hi", "done": True, "done_reason": "stop", "eval_count": 2}


def said(role, content, **more):
    return {"role": role, "content": content, **more}


def raw(messages, **more):
    return chat_to_raw({"messages": messages, **more}, TEMPLATE)


class TestChat:
    def test_the_prompt_is_whole_and_the_rest_stays(self):
        options = {"seed": 1, "stop": ["x"]}
        found = raw(HELLO, options=options, stream=False, format="json", logprobs=True, keep_alive=5, truncate=False)
        assert found == {
            **{"prompt": "[] hello >", "raw": True, "think": False, "options": options, "stream": False},
            **{"format": "json", "logprobs": True, "keep_alive": 5, "truncate": False},
        }

    def test_fields_that_only_generate_reads_are_not_said(self):
        more = dict.fromkeys(("prompt", "suffix", "system", "template", "raw"), "x") | {"context": [1]}
        assert raw(HELLO, **more) == {"prompt": "[] hello >", "raw": True, "think": False}

    @pytest.mark.parametrize(
        ("field", "value"), [("tools", [{"type": "function"}]), ("think", True), ("think", "high"), ("tools", "x")]
    )
    def test_what_the_template_has_no_place_for_is_refused(self, field, value):
        with pytest.raises(InvalidInput) as refused:
            raw(HELLO, **{field: value})
        assert list(refused.value.details) == [field]

    def test_no_tools_and_no_thinking_are_no_wish(self):
        assert raw(HELLO, tools=[], think=False)["think"] is False
        assert raw(HELLO, tools=None, think=None)["think"] is False

    @pytest.mark.parametrize(
        ("message", "path"),
        [
            ("x", "messages.1"),
            (said("user", 3), "messages.1.content"),
            (said(3, "x"), "messages.1.role"),
            (said("user", "x", images="x"), "messages.1.images"),
        ],
    )
    def test_what_is_no_message_is_refused_by_name(self, message, path):
        with pytest.raises(InvalidInput) as refused:
            raw([*HELLO, message])
        assert list(refused.value.details) == [path]

    def test_nothing_to_say_is_refused_since_ollama_would_only_load_the_model(self):
        with pytest.raises(InvalidInput):
            chat_to_raw({"messages": [said("user", "")]}, "{{ .Prompt }}")

    def test_images_are_marked_where_their_writer_wants_them_and_numbered_over_all_messages(self):
        messages = [
            said("user", "look", images=["A"]),
            said("assistant", "ok"),
            said("user", "and [img] this, [img]", images=["B", "C", "D"]),
        ]
        found = raw(messages)
        assert found["prompt"] == "[] [img-0]look >ok[] [img-3]and [img-1] this, [img-2] >"
        assert found["images"] == ["A", "B", "C", "D"]

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("<think>x</think>\n\nb", "b"),
            ("  <think>x</think> b", "b"),
            ("pre <think>x</think>b", "pre <think>x</think>b"),
            ("  pre", "  pre"),
        ],
    )
    def test_thoughts_of_earlier_turns_are_forgotten_where_ollama_does(self, text, kept):
        """As recorded with v0.24.0 and the family qwen3."""
        body = {"messages": [said("user", "a"), said("assistant", text), said("user", "c")]}
        assert chat_to_raw(body, TEMPLATE, forgets_thoughts=True)["prompt"] == f"[] a >{kept}[] c >"
        assert chat_to_raw(body, TEMPLATE)["prompt"] == f"[] a >{text}[] c >"

    @pytest.mark.parametrize("text", ["<think>open", "<thi", "<think>\n x\n</think>", "  "])
    def test_an_answer_of_thoughts_alone_is_none(self, text):
        body = {"messages": [said("user", "a"), said("assistant", text), said("user", "c")]}
        assert chat_to_raw(body, TEMPLATE, forgets_thoughts=True)["prompt"] == "[] c >"

    def test_the_last_answer_keeps_its_thoughts(self):
        body = {"messages": [said("user", "a"), said("assistant", "<think>x</think>b")]}
        assert chat_to_raw(body, TEMPLATE, forgets_thoughts=True)["prompt"].endswith("<think>x</think>b")


class TestGenerate:
    def test_ollama_renders_it_and_does_not_think(self):
        body = {"prompt": "x", "template": TEMPLATE, "system": "S", "context": [1]}
        assert generate_templated(body) == {**body, "think": False}

    def test_images_are_marked(self):
        found = generate_templated({"prompt": "x", "template": TEMPLATE, "images": ["A", "B"]})
        assert (found["prompt"], found["images"]) == ("[img-0][img-1]x", ["A", "B"])


class TestReplies:
    def test_an_answer_is_that_of_a_chat(self):
        told = {"model": "m", "created_at": "t", "done": True, "done_reason": "stop", "eval_count": 2}
        assert chat_reply(GENERATED, model="m") == {**told, "message": said("assistant", "Hi")}

    def test_an_error_is_one(self):
        with pytest.raises(UpstreamError, match="no memory"):
            chat_reply({"error": "no memory"}, model="m")

    def test_a_stream_is_chunks_of_a_chat(self):
        chunks = RawToOpenAI("m", "1", 1, include_usage=True)
        found = chunks.feed({"response": "Hi", "done": False}) + chunks.feed({**GENERATED, "response": "!"})
        assert "".join(c["choices"][0]["delta"].get("content", "") for c in found if c["choices"]) == "Hi!"
        assert found[-1]["usage"]["completion_tokens"] == 2 and found[0]["model"] == "m" and chunks.finished
