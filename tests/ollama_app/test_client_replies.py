from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.test import SimpleTestCase

from ollama_app.parameters import parse_parameters
from ollama_app.replies import ShowReply, TagRow, parse_show, parse_tag, parse_version
from tests.ollama_app.recorded import NEW, OLD, recording, shown
from unified_app.errors import UpstreamInvalid
from unified_app.model_objects import RejectedRow

DIGEST = "a" * 64
GOOD = {"name": "m:1", "digest": DIGEST, "size": 5, "details": {"family": "llama"}}
HUGE = json.loads("1e400")


def tags(version: str) -> dict[str, TagRow]:
    rows = [parse_tag(row, i) for i, row in enumerate(json.loads(recording(version)["tags"])["models"])]
    return {row.name: row for row in rows}


class RecordedTests(SimpleTestCase):
    def test_tags_of_a_new_server_tell_capabilities_and_lengths(self):
        row = tags(NEW)["all-minilm:l6-v2"]
        assert (row.capabilities, row.context_length, row.embedding_length) == (("embedding",), 512, 384)
        assert (row.family, row.quantization, row.parameter_size, row.size) == ("bert", "F16", "22.57M", 46223622)
        assert row.modified_at == datetime(2026, 11, 24, 9, 23, 14, 35522, tzinfo=UTC)

    def test_tags_of_an_old_server_leave_them_untold(self):
        row = tags(OLD)["smollm2:135m"]
        assert (row.capabilities, row.context_length, row.embedding_length) == (None, None, None)

    def test_a_cloud_stub_is_known_by_its_remote_host(self):
        for version in (OLD, NEW):
            row = tags(version)["bigmoe:120b-cloud"]
            assert (row.remote_host, row.remote_model, row.format) == ("https://ollama.com:443", "bigmoe:120b", "")

    def test_null_families_and_missing_capabilities_are_read(self):
        row = tags(NEW)["relay:latest"]
        assert (row.families, row.capabilities, row.family, row.parent_model) == ((), None, "", "")

    def test_show_tells_counts_lengths_licence_and_the_weights(self):
        for version in (OLD, NEW):
            show = parse_show(shown(version, "acme/helper:v2"))
            assert (show.parameter_count, show.context_length, show.embedding_length) == (134515008, 8192, 576)
            assert (show.architecture, show.license_name) == ("llama", "Apache License 2.0")
            assert len(show.weights) == 64
            assert show.texts["license"].endswith("Acme internal")
            assert show.texts["system"] == 'You are the helper of Acme. Answer "short" & <plain>.'

    def test_the_weights_are_the_models_and_not_the_projectors(self):
        plain, with_projector = (parse_show(shown(NEW, f"gemma3{kind}:270m")) for kind in ("", "-vision"))
        assert plain.weights == with_projector.weights
        assert (plain.has_vision, with_projector.has_vision) == (False, True)

    def test_a_server_path_as_parent_is_not_kept(self):
        assert shown(OLD, "all-minilm:l6-v2")["details"]["parent_model"].startswith("/srv/")
        assert parse_show(shown(OLD, "all-minilm:l6-v2")).parent_model == ""
        assert parse_show(shown(OLD, "acme/helper:v2")).parent_model == "smollm2:135m"

    def test_parameters_are_go_values_and_lists(self):
        assert parse_show(shown(NEW, "acme/helper:v2")).parameters == {
            "seed": 7, "stop": ["<|im_end|>", "\n\nUser:"], "temperature": 0.6, "top_p": 0.9, "num_ctx": 2048,
            "num_predict": 1_000_000,
        }  # fmt: skip

    def test_a_template_tells_what_it_has_a_place_for(self):
        for name, words in {"smollm2-tools:135m": ("tools",), "smollm2-think:135m": ("thinking",),
                            "codefill:135m": ("insert",), "smollm2:135m": ()}.items():  # fmt: skip
            with self.subTest(name):
                assert parse_show(shown(OLD, name)).template_words == words

    def test_a_stub_without_weights_and_facts_is_read(self):
        show = parse_show(shown(OLD, "relay:latest"))
        assert (show.weights, show.capabilities, show.architecture, show.parameters) == ("", None, "", {})
        assert show.remote_host == "http://127.0.0.1:11434"

    def test_a_capability_of_the_future_is_kept(self):
        assert "future-cap" in parse_show(shown(NEW, "scratch:caps")).capabilities


class WrongRowTests(SimpleTestCase):
    def test_a_row_without_a_usable_name_is_rejected_by_its_number(self):
        for name in (
            None,
            5,
            "",
            "  ",
            ":latest",
            ["m"],
            "a\0b",
            "a\nb",
            "a\x1b[1m",
            "x" * 10_000,
            "a\ud800",
            "a\u202eb",
        ):
            with self.subTest(repr(name)[:20]):
                row = parse_tag({**GOOD, "name": name}, 3)
                assert row == RejectedRow(
                    "row 3", "the row has no name, or one of over 400 or of unprintable characters"
                )
        assert parse_tag(7, 3) == RejectedRow("row 3", "the row is not an object")

    def test_a_row_of_wrong_types_is_rejected_by_its_name(self):
        for change in (
            {"digest": None}, {"digest": "abc"}, {"digest": DIGEST + "\n"}, {"digest": "A" * 64}, {"digest": 5},
            {"size": -1}, {"size": "5"}, {"size": 1.5}, {"size": HUGE}, {"size": True}, {"size": 2**63},
            {"capabilities": "tools"}, {"capabilities": [1]}, {"capabilities": {}}, {"details": []},
            {"details": {"family": 5}}, {"details": {"parameter_size": {}}},
        ):  # fmt: skip
            with self.subTest(str(change)):
                row = parse_tag({**GOOD, **change}, 3)
                assert isinstance(row, RejectedRow)
                assert (row.row, row.code, row.kept) == ("m:1", "invalid_row", False)

    def test_what_is_merely_odd_counts_as_not_told(self):
        for told in ("garbage", "0001-01-01T00:00:00Z", "2026-01-01T00:00:00", 5, None, "9999-12-31T23:59:59-14:00"):
            assert parse_tag({**GOOD, "modified_at": told}, 0).modified_at is None
        odd = {"families": "llama", "context_length": "8k", "embedding_length": -1, "parent_model": 5}
        row = parse_tag({**GOOD, "details": odd, "remote_host": 5, "capabilities": []}, 0)
        assert (row.families, row.context_length, row.embedding_length, row.parent_model) == ((), None, None, "")
        assert (row.remote_host, row.capabilities) == ("", ())

    def test_the_digest_may_carry_its_algorithm(self):
        assert parse_tag({**GOOD, "digest": f"sha256:{DIGEST}"}, 0).digest == DIGEST

    def test_texts_are_made_safe_to_store_and_bounded(self):
        details = {"family": "ll\0ama\ud800\n", "families": ["x" * 10_000] * 10_000}
        row = parse_tag({**GOOD, "details": details, "capabilities": ["completion", "", "\0"]}, 0)
        assert row.family == "llama"
        assert (len(row.families), len(row.families[0])) == (64, 200)
        assert row.capabilities == ("completion",)


class WrongShowTests(SimpleTestCase):
    def test_wrong_types_at_every_level_count_as_not_told(self):
        for wrong in (None, 5, "text", [], {}, [[]], HUGE):
            keys = ("license", "modelfile", "parameters", "template", "system", "details", "model_info", "capabilities",
                    "remote_host", "remote_model")  # fmt: skip
            with self.subTest(wrong=wrong):
                show = parse_show(dict.fromkeys(keys, wrong))
                assert show.parameter_count is None
        assert parse_show({}) == ShowReply()

    def test_long_texts_are_cut_and_made_safe(self):
        show = parse_show({"license": "a\0" * 10**6, "template": "\ud800ok"})
        assert len(show.texts["license"]) == 64 * 1024
        assert len(show.license_name) == 80
        assert show.texts["template"] == "ok"

    def test_parameters_are_never_run_as_code(self):
        for line, value in {
            'stop "a" + "b"': ['a" + "b'],
            'stop "' + "(" * 50_000: ["(" * 50_000],
            'stop "a"if 1else"b"': ['a"if 1else"b'],
            r'stop "\xff\u00e9\n\""': ['ÿé\n"'],
            r'stop "\xq"': [r"\xq"],
            "stop": None,
        }.items():
            with self.subTest(line[:20]):
                assert parse_parameters(line).get("stop") == value

    def test_numbers_and_truths_are_read_and_infinities_stay_text(self):
        text = "a 1e+06\nb 1.048576e+06\nc 0.5\nd true\ne inf\nf nan\ng 007\nh word\ni 1\ni 2"
        assert parse_parameters(text) == {
            "a": 1_000_000, "b": 1_048_576, "c": 0.5, "d": True, "e": "inf", "f": "nan", "g": 7, "h": "word",
            "i": [1, 2],
        }  # fmt: skip

    def test_a_version_is_one_short_line(self):
        assert parse_version({"version": "0.33.0-rc2"}) == "0.33.0-rc2"
        for answer in ({}, [], None, {"version": 5}, {"version": ""}, {"version": "a\nb"}, {"version": "\0"}):
            with self.subTest(answer=answer), pytest.raises(UpstreamInvalid):
                parse_version(answer)
