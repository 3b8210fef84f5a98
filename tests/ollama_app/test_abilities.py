from __future__ import annotations

from django.test import SimpleTestCase

from ollama_app.abilities import capabilities_of, in_our_words
from ollama_app.replies import ShowReply, TagRow


def tag(name: str = "m:1", **facts: object) -> TagRow:
    return TagRow(name, "a" * 64, None, None, **facts)


class AbilityTests(SimpleTestCase):
    def test_ollamas_words_become_ours_and_unknown_ones_are_kept(self):
        words = ["completion", "tools", "thinking", "vision", "embedding", "insert", "audio", "image", "future-cap"]
        assert in_our_words(words) == [
            "audio", "function_calling", "future_cap", "image_generation", "insert",
            "reasoning", "text_embedding", "text_generation", "vision",
        ]  # fmt: skip

    def test_show_knows_better_than_tags(self):
        told = capabilities_of(tag(capabilities=("completion",)), ShowReply(capabilities=("completion", "tools")))
        assert told == (["function_calling", "text_generation"], False)

    def test_tags_is_believed_where_show_does_not_tell(self):
        assert capabilities_of(tag(capabilities=("embedding",)), ShowReply()) == (["text_embedding"], False)

    def test_servers_before_0_6_4_are_read_by_the_models_own_facts(self):
        for show, facts, expected in (
            (ShowReply(architecture="bert", has_pooling=True), {}, ["text_embedding"]),
            (ShowReply(architecture="x", family="nomic-bert-moe"), {}, ["text_embedding"]),
            (ShowReply(architecture="llama"), {}, ["text_generation"]),
            (ShowReply(architecture="llama", has_vision=True), {}, ["text_generation", "vision"]),
            (ShowReply(architecture="llama"), {"families": ("llama", "clip")}, ["text_generation", "vision"]),
            (ShowReply(template_words=("tools",)), {}, ["function_calling", "text_generation"]),
        ):
            with self.subTest(show=show):
                assert capabilities_of(tag(**facts), show) == (expected, False)

    def test_what_only_family_and_name_tell_is_marked_as_a_guess(self):
        for name, facts, expected in (
            ("nomic-embed-text:latest", {}, ["text_embedding"]),
            ("x:1", {"family": "bert"}, ["text_embedding"]),
            ("llava:7b", {"family": "llama"}, ["text_generation", "vision"]),
            ("x:1", {"family": "mllama", "families": ("mllama",)}, ["text_generation", "vision"]),
            ("x:1", {"family": "llama"}, ["text_generation"]),
        ):
            with self.subTest(name, **facts):
                assert capabilities_of(tag(name, **facts), None) == (expected, True)

    def test_a_row_that_tells_nothing_stays_unknown(self):
        assert capabilities_of(tag(), None) == (None, False)
        assert capabilities_of(tag(), ShowReply()) == (None, False)
