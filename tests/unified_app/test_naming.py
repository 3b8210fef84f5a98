from __future__ import annotations

import hashlib

from unified_app.naming import make_id, name_key, slug


def test_a_name_becomes_its_slug_and_the_kind_of_model():
    assert make_id("llama3.1:8b", "base", "ollama", set()) == "llama3_1_8b_base"
    assert make_id("llama3.1:8b+terse", "variant", "mlflow", set()) == "llama3_1_8b_terse_variant"


def test_a_taken_slug_gets_six_hex_digits_of_source_and_name():
    taken = {"llama3_1_8b_base"}
    mark = hashlib.sha256(b"ollama\0llama3-1:8b").hexdigest()[:6]
    assert make_id("llama3-1:8b", "base", "ollama", taken) == f"llama3_1_8b_{mark}_base"


def test_an_id_that_is_taken_twice_gets_more_digits():
    first = make_id("a:b", "base", "ollama", {"a_b_base"})
    second = make_id("a:b", "base", "ollama", {"a_b_base", first})
    assert second not in ("a_b_base", first)
    assert second.startswith(first.removesuffix("_base"))


def test_a_name_without_letters_still_has_an_id():
    assert slug("!!!") == "model"
    assert slug("模型:7b") == "7b"


def test_latest_and_case_do_not_matter_in_a_look_up():
    assert name_key("SmolLM2:latest") == name_key("smollm2") == "smollm2"
    assert name_key("smollm2:135m") != name_key("smollm2")
