from __future__ import annotations

import json
from typing import Any
from unittest import TestCase

import pytest

from experiments_app.evaluation.replies import CallFailed, Reply, Request, Usage
from experiments_app.evaluation.wire.answer_streams import StreamReading
from experiments_app.evaluation.wire.answers import body_of, read_whole, refused, thoughts_apart

CHAT = Request("m", {"messages": [{"role": "user", "content": "How many?"}]})


def answer(message: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}], **more}


def event(delta: dict[str, Any], **choice: Any) -> bytes:
    return b"data: " + json.dumps({"choices": [{"index": 0, "delta": delta, **choice}]}).encode() + b"\n\n"


class WholeAnswers(TestCase):
    def test_a_chat_tells_text_thoughts_and_tokens(self) -> None:
        usage = {"prompt_tokens": 7, "completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 3}}
        reply = read_whole(answer({"content": "Four.", "reasoning": "2 + 2"}, usage=usage), CHAT, 1.5)
        assert (reply.text, reply.reasoning, reply.latency) == ("Four.", "2 + 2", 1.5)
        assert reply.usage == Usage(7, 5, 3)

    def test_tokens_that_nobody_told_are_counted_by_length(self) -> None:
        reply = read_whole(answer({"content": "Four."}), CHAT, 1.0)
        assert reply.usage == Usage(3, 2, 0, estimated=True)

    def test_arguments_that_are_no_json_stay_as_the_model_wrote_them(self) -> None:
        call = {"id": "c1", "function": {"name": "add", "arguments": "{oops"}}
        reply = read_whole(answer({"content": None, "tool_calls": [call]}), CHAT, 1.0)
        assert reply.tool_calls == ({"id": "c1", "function": {"name": "add", "arguments": "{oops"}},)

    def test_embeddings_come_in_the_order_of_the_texts(self) -> None:
        rows = [{"index": 1, "embedding": [0, 1]}, {"index": 0, "embedding": [1, 0]}]
        reply = read_whole({"data": rows}, Request("m", {"input": ["a", "b"]}), 1.0)
        assert reply.embeddings == ((1.0, 0.0), (0.0, 1.0))

    def test_too_few_embeddings_are_no_answer(self) -> None:
        with pytest.raises(CallFailed, match="1 embeddings for 2 texts"):
            read_whole({"data": [{"embedding": [1]}]}, Request("m", {"input": ["a", "b"]}), 1.0)

    def test_an_error_in_a_good_answers_clothes_is_a_failure(self) -> None:
        with pytest.raises(CallFailed, match="out of memory") as caught:
            read_whole({"error": {"message": "out of memory", "code": "upstream_error"}}, CHAT, 1.0)
        assert caught.value.transient

    def test_html_is_no_answer(self) -> None:
        with pytest.raises(CallFailed, match="not a JSON object"):
            read_whole(b"<html>", CHAT, 1.0)


class Refusals(TestCase):
    def test_a_full_queue_tells_when_to_come_back(self) -> None:
        raw = b'{"error": {"message": "Slow down", "code": "rate_limit_exceeded"}}'
        failure = refused(429, {"Retry-After": "7"}, raw)
        assert (failure.code, failure.retry_after, failure.transient) == ("rate_limit_exceeded", 7.0, True)

    def test_a_request_that_is_wrong_stays_wrong(self) -> None:
        failure = refused(400, {}, b'{"error": {"message": "No such tool", "code": "invalid"}}')
        assert (failure.code, failure.message, failure.transient) == ("invalid", "No such tool", False)

    def test_a_page_of_html_tells_only_its_status(self) -> None:
        failure = refused(503, {}, b"<html>proxy</html>")
        assert (failure.code, failure.message) == ("upstream_unreachable", "The upstream answered with status 503.")


class Thoughts(TestCase):
    def test_thoughts_between_marks_are_taken_out_of_the_text(self) -> None:
        reply = thoughts_apart(Reply(text="<think>\nhm</think>\n\nFour.", usage=Usage(1, 10)))
        assert (reply.text, reply.reasoning, reply.usage.thinking) == ("Four.", "hm", 3)

    def test_marks_in_the_middle_of_a_text_are_part_of_it(self) -> None:
        reply = Reply(text="Write <think>hm</think> first.")
        assert thoughts_apart(reply) is reply


class Streams(TestCase):
    timed = Request("m", CHAT.body, timed=True)

    def read(self, *pieces: tuple[float, bytes], latency: float = 9.0) -> Reply:
        reading = StreamReading(self.timed)
        for at, chunk in pieces:
            reading.feed(chunk, at)
        return reading.reply(latency)

    def test_a_timed_chat_is_asked_for_as_a_stream_with_its_usage(self) -> None:
        assert body_of(self.timed)["stream_options"] == {"include_usage": True}
        assert "stream" not in body_of(Request("m", {"input": ["a"]}, timed=True))

    def test_times_of_thoughts_and_of_the_first_token(self) -> None:
        reply = self.read(
            (0.5, event({"role": "assistant", "content": ""})),
            (1.0, event({"reasoning": "hm"})),
            (3.0, event({"content": "Fo"})),
            (4.0, event({"content": "ur."}, finish_reason="stop")),
            (5.0, b'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}\n\ndata: [DONE]\n\n'),
        )
        assert (reply.text, reply.first_token, reply.thinking_seconds) == ("Four.", 1.0, 2.0)
        assert (reply.usage.prompt, reply.usage.completion, reply.usage.thinking) == (3, 4, 1)

    def test_thoughts_between_marks_are_timed_wherever_the_marks_are_cut(self) -> None:
        texts = [(1.0, "<th"), (2.0, "ink>hm"), (3.0, "m</thi"), (4.0, "nk>"), (5.0, "Four.")]
        reply = self.read(*((at, event({"content": text})) for at, text in texts), (6.0, b"data: [DONE]\n\n"))
        assert (reply.first_token, reply.thinking_seconds) == (1.0, 2.0)

    def test_tool_calls_are_put_together(self) -> None:
        def piece(index: int, **function: str) -> bytes:
            return event({"tool_calls": [{"index": index, "function": function}]})

        reply = self.read(
            (1.0, piece(0, name="add", arguments="")),
            (2.0, piece(1, name="sub", arguments="{}")),
            (3.0, piece(0, arguments='{"a": 1}')),
            (4.0, event({}, finish_reason="tool_calls")),
        )
        assert [call["function"] for call in reply.tool_calls] == [
            {"name": "add", "arguments": '{"a": 1}'},
            {"name": "sub", "arguments": "{}"},
        ]

    def test_a_stream_without_an_end_is_no_answer(self) -> None:
        with pytest.raises(CallFailed, match="broke off"):
            self.read((1.0, event({"content": "Fo"})))

    def test_an_error_in_the_middle_keeps_its_code(self) -> None:
        with pytest.raises(CallFailed) as caught:
            self.read((1.0, b'data: {"error": {"message": "gone", "code": "upstream_timeout"}}\n\n'))
        assert caught.value.code == "upstream_timeout"
