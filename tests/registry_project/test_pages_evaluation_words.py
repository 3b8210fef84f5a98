"""What evaluations come to, in words, and where the dots of the charts are."""

from __future__ import annotations

from django.test import SimpleTestCase

from experiments_app.models import Gate
from registry_project.pages import charts, gate_words
from registry_project.pages import evaluation_words as words
from registry_project.pages.charts import Point

CALLED = {"a": "llama", "b": "qwen", "c": "phi"}


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def row(model: str, value: float | None, rank: int | None = 1, **more: object) -> dict:
    return {"model": model, "value": value, "n": 50, "rank": rank, "interval": "wilson", **more}


def pair(verdict: str, a: str = "a", b: str = "b", **more: object) -> dict:
    told = {"a": a, "b": b, "verdict": verdict, "n": 50, "difference": 0.06, "low": 0.02, "high": 0.1}
    return told | {"p_adjusted": 0.0123, "cases_needed": None, **more}


def told(rows: list[dict], pairs: list[dict] = (), metric: str = "pass", unit: str = "") -> dict:
    return {"metric": metric, "unit": unit, "models": rows, "pairs": list(pairs)}


class AnswerTests(SimpleTestCase):
    def test_a_single_model_is_told_by_its_cases(self):
        assert plain(words.answer(told([row("a", 0.82)]), CALLED)) == "llama passes 41 of 50 cases."

    def test_who_cannot_be_told_apart_is_named_in_the_tables_order(self):
        rows = [row("a", 0.82), row("c", 0.8), row("b", 0.78)]
        pairs = [pair("not enough cases"), pair("same", "c", "a"), pair("same", "b", "c")]
        said = plain(words.answer(told(rows, pairs), CALLED))
        assert said == "llama passes 41 of 50 cases; it cannot be told apart from phi and qwen."

    def test_a_leader_is_better_than_all_only_when_every_pair_says_so(self):
        rows = [row("a", 0.82), row("b", 0.5), row("c", 0.4)]
        won = [pair("a"), pair("b", "c", "a")]
        assert plain(words.answer(told(rows, won), CALLED)).endswith("better than each of the 2 others beyond chance.")
        lost = [pair("a"), pair("a", "c", "a")]
        assert plain(words.answer(told(rows, lost), CALLED)).endswith("but phi did better on the same cases.")

    def test_times_are_means_and_less_is_good(self):
        rows = [row("a", 0.382, interval="bootstrap"), row("b", 2.0, interval="bootstrap")]
        said = plain(words.answer(told(rows, [pair("a")], "latency", "s"), CALLED))
        assert said.startswith("llama has a mean time to the answer of 382 ms over 50 cases, less than the other")

    def test_without_any_value_nothing_is_claimed(self):
        assert words.answer(told([row("a", None, None)]), CALLED) == "No model has a value yet."


class VerdictTests(SimpleTestCase):
    def said(self, given: dict, metric: str = "pass", unit: str = "") -> str:
        return plain(words.verdict(told([], metric=metric, unit=unit), given, CALLED))

    def test_the_better_one_is_named_with_points_interval_and_p(self):
        assert self.said(pair("a")) == "llama is better by 6 points (2 to 10), p = 0.01 after correction."
        turned = pair("b", difference=-0.06, low=-0.1, high=-0.02, p_adjusted=0.0002)
        assert self.said(turned) == "qwen is better by 6 points (2 to 10), p < 0.001 after correction."

    def test_too_few_cases_say_how_many_would_do(self):
        said = self.said(pair("not enough cases", low=-0.18, high=0.1, cases_needed=1273))
        assert said == (
            "Not enough cases to tell: llama may be anything from 18 points worse to 10 points better. "
            "About 1 300 cases would be needed."
        )

    def test_the_same_is_told_with_its_bounds(self):
        said = self.said(pair("same", low=-0.03, high=0.0))
        assert said == "No difference that matters: llama is between 3 points worse and 0 points."

    def test_seconds_dollars_and_scores_have_their_own_words(self):
        faster = pair("a", difference=-0.5, low=-0.75, high=-0.25)
        assert self.said(faster, "latency", "s").startswith("llama is faster by 500 ms (250 ms to 750 ms)")
        cheaper = pair("b", difference=0.02, low=0.01, high=0.03)
        assert self.said(cheaper, "cost", "USD").startswith("qwen is cheaper by $0.02 ($0.01 to $0.03)")
        assert self.said(pair("a"), "rouge").startswith("llama is better by 0.06 (0.02 to 0.1)")

    def test_without_a_common_case_there_is_nothing_to_say(self):
        assert "no case in common" in self.said(pair("not enough cases", n=0, low=None, high=None))


class NumberTests(SimpleTestCase):
    def test_percent_never_claims_all_or_none(self):
        cases = {0.0: "0 %", 0.001: "under 1 %", 0.824: "82 %", 0.998: "over 99 %", 1.0: "100 %", None: "–"}
        for share, said in cases.items():
            assert plain(words.percent(share)) == said

    def test_seconds_and_money_have_digits_that_tell_something(self):
        seconds = {0.04: "40 ms", 0.996: "1 s", 3.25: "3.2 s", 12: "12 s", 240.4: "240 s", None: "–"}
        assert {given: plain(words.seconds(given)) for given in seconds} == seconds
        money = {0: "$0", 1234.5: "$1 234.50", 0.0213: "$0.021", 0.00002: "$0.000020", None: "–"}
        assert {given: plain(words.money(given)) for given in money} == money

    def test_shared_ranks_are_places_and_none_is_left_out(self):
        rows = [row("a", 0.9, 1), row("b", 0.8, 1), row("c", 0.5, 3), row("d", None, None)]
        assert words.ranks(rows) == {"a": "1–2 tied", "b": "1–2 tied", "c": "3"}
        # c is behind a alone and shares no place with b, although its rank is 2.
        assert words.ranks([row("a", 0.9, 1), row("b", 0.8, 1), row("c", 0.5, 2)])["c"] == "3"

    def test_names_are_a_part_of_a_sentence_and_many_are_counted(self):
        cases = {"a": "a", "ab": "a and b", "abcd": "a, b, c and d", "abcde": "a, b, c and 2 others"}
        assert {given: plain(words.names(list(given))) for given in cases} == cases

    def test_a_gate_is_a_sentence(self):
        gate = Gate(max_drop_points=2, p95_seconds=3, alias="champion", on_digest_change=True)
        assert plain(gate_words.rule(gate)) == (
            "Cases passed at most 2 points below what champion calls and 95 of 100 answers within 3 s. "
            "Checked for promotions to champion and when a model's content changes."
        )
        assert "by hand only" in gate_words.rule(Gate(p95_seconds=1, on_promotion=False))


class ChartTests(SimpleTestCase):
    def points(self, *places: tuple[float, float], name: str = "model") -> list[Point]:
        return [
            Point(f"{name}{at}", x, y, y - 0.05, y + 0.05, "", is_front=at == 0) for at, (x, y) in enumerate(places)
        ]

    def test_better_is_higher_and_slower_is_further_right_by_ratio(self):
        chart = charts.scatter(self.points((1, 0.9), (2, 0.5), (4, 0.7)))
        first, second, third = chart.dots
        assert first.y < third.y < second.y
        assert abs((second.x - first.x) - (third.x - second.x)) < 0.2
        assert first.high < first.y < first.low
        assert all(chart.left <= dot.x <= chart.right and chart.top <= dot.y <= chart.bottom for dot in chart.dots)

    def test_labels_never_touch_one_another_and_stay_inside(self):
        crowd = [(1 + at / 50, 0.5 + at / 400) for at in range(30)]
        dots = [dot for dot in charts.scatter(self.points(*crowd, name="a-long-model-name:")).dots if dot.label]
        boxes = [charts._box(dot.anchor, dot.label_x, dot.label_y, len(dot.label) * charts.LETTER) for dot in dots]
        assert dots and all(box[0] >= charts.LEFT and box[2] <= charts.WIDTH for box in boxes)
        assert not any(charts._touch(one, two) for at, one in enumerate(boxes) for two in boxes[at + 1 :])

    def test_a_trend_keeps_the_order_and_marks_what_is_new(self):
        day = 86_400
        points = [Point("", day * at, 0.5 + at / 10, 0.4, 0.9, "", note="new model abc" * (at == 2)) for at in range(4)]
        chart = charts.trend(points)
        assert [dot.x for dot in chart.dots] == sorted(dot.x for dot in chart.dots)
        assert [(mark.at, mark.label) for mark in chart.marks] == [(chart.dots[2].x, "new model abc")]
        assert chart.line.startswith("M") and chart.line.count("L") == 3

    def test_one_point_and_equal_points_are_drawn(self):
        for points in (self.points((1, 0.5)), self.points((1, 0.5), (1, 0.5)), [Point("x", 0, 1, 1, 1, "")]):
            assert len(charts.scatter(points).dots) == len(charts.trend(points).dots) == len(points)
        assert charts.scatter([]).dots == charts.trend([]).dots == []
