from __future__ import annotations

import math
import threading
from unittest import TestCase

from registry_project.gradio_app import similarity
from registry_project.gradio_app.embedding_tab import EmbeddingTab, Frame
from registry_project.gradio_app.session import Session
from tests.gradio_app.base import PageCase

MODEL = "all-minilm_l6-v2_base"


class TestCompare(PageCase):
    def frames(self, texts: str, query: str = "", session: Session | None = None) -> list[Frame]:
        tab = EmbeddingTab(self.selector, None)  # type: ignore[arg-type]
        return list(tab.compare(session or self.session, MODEL, texts, query))

    def result(self, frames: list[Frame]) -> str:
        return next(frame.result for frame in frames if isinstance(frame.result, str))

    def test_texts_become_a_heat_map_and_the_nearest_to_the_query_comes_first(self) -> None:
        frames = self.frames("aaa\n\n  zzz  \n", "aab")
        shown = self.result(frames)

        assert shown.index("mr-near") < shown.index("mr-heat")
        assert shown.index(">aaa<") < shown.index(">zzz<")
        assert 'class="mr-h10">1.00' in shown
        assert "42 tokens" in frames[-2].figures
        assert "26 dimensions" in frames[-2].figures

    def test_texts_and_query_are_embedded_in_one_call_that_can_be_shown(self) -> None:
        frames = self.frames("a\nb", "c")

        assert [body["input"] for body in self.fake.bodies("/v1/embeddings")] == [["a", "b", "c"]]
        assert f"curl {self.fake.url}/v1/embeddings" in frames[0].call
        assert "$KEY" in frames[0].call

    def test_every_frame_says_of_both_buttons_whether_they_may_be_pressed(self) -> None:
        self.fake.pause = 0.6
        *_, ended = frames = self.frames("a")

        assert len([frame for frame in frames if "so far" in str(frame.figures) and frame.stop.interactive]) > 1
        assert all(frame.compare.interactive is not frame.stop.interactive for frame in frames)
        assert ended.compare.interactive

    def test_what_is_missing_is_said_and_nothing_is_asked(self) -> None:
        before = len(self.fake.requests)
        assert "Write at least one text" in self.frames("\n \n")[-1].problem
        assert "up to 40" in self.frames("x\n" * 41)[-1].problem
        assert "Log in first." in self.frames("x", session=Session())[-1].problem
        assert len(self.fake.requests) == before

    def test_a_refusal_is_a_sentence_and_the_buttons_are_as_before(self) -> None:
        self.fake.faults["POST /v1/embeddings"] = (501, {"error": {"message": "this model cannot embed"}}, {})
        last = self.frames("a")[-1]

        assert "This model cannot embed." in last.problem
        assert last.compare.interactive
        assert not last.stop.interactive

    def test_a_wrong_number_of_vectors_is_noticed(self) -> None:
        self.fake.faults["POST /v1/embeddings"] = (200, {"data": [{"index": 0, "embedding": [1.0]}]}, {})
        assert "1 vectors for 2 texts" in self.frames("a\nb")[-1].problem

    def test_stop_ends_the_waiting(self) -> None:
        self.fake.pause = 3
        threading.Timer(0.3, lambda: self.session.stops["embedding"].set()).start()
        frames = self.frames("a")

        assert any("You stopped" in frame.figures for frame in frames if isinstance(frame.figures, str))

    def test_an_expired_key_ends_the_session(self) -> None:
        self.fake.valid_keys.clear()
        self.frames("a")

        assert not self.session.is_open


class TestSimilarity(TestCase):
    def test_cosine_of_known_vectors(self) -> None:
        values = similarity.matrix([[1, 0], [0, 2], [3, 3], [-1, 0]])

        assert values[0][:2] == [1.0, 0.0]
        assert values[0][3] == -1.0
        assert math.isclose(values[0][2] or 0, math.sqrt(0.5))

    def test_a_vector_without_direction_has_no_similarity(self) -> None:
        assert similarity.matrix([[0, 0], [1, 0]])[0] == [None, None]
        assert similarity.ranked([1, 0], [[0, 0], [0, 1], [1, 0]]) == [(2, 1.0), (1, 0.0)]

    def test_numbers_beyond_all_measure_do_not_break_the_page(self) -> None:
        assert similarity.matrix([[1e308, 1e308], [math.nan, 1]])[0] == [None, None]
