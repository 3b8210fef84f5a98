"""The table of parameters."""

from __future__ import annotations

from unified_app.gateway.translate.options import NATIVE_OPTIONS, OPTION_NAMES
from unified_app.parameters import ALIASES, OLLAMA_ONLY, OPTIONS, PARAMETERS, canonical, contradictions, unobeyed


class TestParameters:
    def test_the_gateway_and_the_table_know_the_same_options(self):
        assert {ALIASES.get(name, name) for name in OPTION_NAMES} == OPTIONS
        assert {name for name in NATIVE_OPTIONS if name not in ALIASES} == OLLAMA_ONLY

    def test_each_has_a_schema_and_words_for_people(self):
        for parameter in PARAMETERS.values():
            assert {"type", "enum", "anyOf"} & set(parameter.schema), parameter.name
            assert parameter.note.endswith("."), parameter.name

    def test_num_predict_and_max_tokens_are_one_thing(self):
        assert canonical({"num_predict": 8.0}) == {"max_tokens": 8}
        assert "one thing" in contradictions({"max_tokens": 8, "num_predict": 9})["num_predict"]

    def test_one_stop_text_is_a_list_of_one(self):
        assert canonical({"stop": "x"}) == {"stop": ["x"]}

    def test_numbers_must_be_finite(self):
        assert contradictions({"temperature": float("nan")}) == {"temperature": "Give a finite number."}

    def test_alternatives_need_log_probabilities(self):
        assert set(contradictions({"top_logprobs": 2})) == {"top_logprobs"}

    def test_what_no_place_of_the_base_obeys_is_named(self):
        told = canonical({"num_ctx": 512, "logit_bias": {}, "seed": 1, "stop": ["a", "b", "c", "d", "e"]})
        assert set(unobeyed(told, ["openai"])) == {"num_ctx", "stop"}
        assert set(unobeyed(told, ["ollama"])) == {"logit_bias"}
        assert unobeyed(told, ["ollama", "openai"]) == unobeyed(told, []) == {}
