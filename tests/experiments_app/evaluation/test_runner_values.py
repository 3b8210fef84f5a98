from __future__ import annotations

from decimal import Decimal
from unittest import TestCase

from experiments_app.evaluation.plain_data import plain
from experiments_app.evaluation.replies import Reply, Request, Usage
from experiments_app.evaluation.runner.pricing import FREE, Price, price_of
from experiments_app.evaluation.runner.stored_replies import from_stored, key_of, to_stored
from experiments_app.evaluation.summaries import quantile


class Keys(TestCase):
    def test_all_that_makes_an_answer_is_part_of_the_key(self) -> None:
        asked = Request("m", {"messages": [], "temperature": 0})
        key = key_of("f", asked)
        assert key == key_of("f", Request("another name", {"temperature": 0, "messages": []}, purpose="judge"))
        for other in (
            key_of("g", asked),
            key_of("f", Request("m", {"messages": [], "temperature": 1})),
            key_of("f", Request("m", asked.body, repeat=1)),
            key_of("f", Request("m", asked.body, timed=True)),
        ):
            assert other != key

    def test_vectors_have_no_times_so_that_timed_ones_are_the_same(self) -> None:
        assert key_of("f", Request("m", {"input": ["a"]})) == key_of("f", Request("m", {"input": ["a"]}, timed=True))


class Stored(TestCase):
    def test_a_reply_comes_back_as_it_was_and_says_that_it_is_an_old_one(self) -> None:
        calls = ({"id": "c", "function": {"name": "add", "arguments": "{}"}},)
        reply = Reply("text", "hm", calls, (), "stop", Usage(3, 2, 1, True), 1.5, 0.5, 0.25, 0.001)
        again = from_stored(to_stored(reply))
        assert again.cached
        assert (again.text, again.reasoning, again.tool_calls, again.usage) == (
            "text",
            "hm",
            calls,
            Usage(3, 2, 1, True),
        )
        assert (again.latency, again.first_token, again.thinking_seconds, again.cost) == (1.5, 0.5, 0.25, 0.001)

    def test_vectors_keep_every_bit(self) -> None:
        vectors = ((0.1, -1e-300, 1 / 3), (1.0, 2.0, 3.0))
        assert from_stored(to_stored(Reply(embeddings=vectors))).embeddings == vectors


class Prices(TestCase):
    def test_a_price_is_for_one_token(self) -> None:
        price = price_of({"prompt": "0.000003", "completion": "0.000015"})
        assert price == Price(Decimal("0.000003"), Decimal("0.000015"))
        assert price.of(Usage(1000, 100)) == Decimal("0.0045")
        assert FREE.of(Usage(1000, 100)) == 0

    def test_what_is_no_price_is_none(self) -> None:
        for told in (None, {}, {"prompt": "free"}, {"prompt": "-1", "completion": "0"}, {"prompt": "NaN"}, "0.1"):
            assert price_of(told) is None, told


class Plain(TestCase):
    def test_what_databases_refuse_is_replaced(self) -> None:
        told = {"a\x00": ["x\x00", "\ud800", float("nan"), float("inf"), 1.5, None, True], "ü": ("é",)}
        assert plain(told) == {"a\ufffd": ["x\ufffd", "?", None, None, 1.5, None, True], "ü": ["é"]}


class Quantiles(TestCase):
    def test_the_nearest_rank_counts(self) -> None:
        ordered = [float(number) for number in range(1, 101)]
        assert (quantile(ordered, 0.5), quantile(ordered, 0.95), quantile(ordered[:1], 0.95)) == (50.0, 95.0, 1.0)
        assert quantile([], 0.5) is None
