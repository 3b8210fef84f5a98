"""What an overlay does to a call."""

from __future__ import annotations

import json

import pytest

from unified_app.errors import InvalidInput
from unified_app.recipes import apply, at_ollama, compose, origins


def overlay(**parts):
    return {"kind": "overlay", "base": "x_base", "parameters": {}, **parts}


def chat(recipe, messages=None, *, protocol="openai", **more):
    body = {"model": "x", "messages": messages or [{"role": "user", "content": "Hi"}], **more}
    return apply(recipe, body, protocol=protocol, kind="chat")


def generate(recipe, protocol="ollama", kind="generate", **body):
    return apply(recipe, {"prompt": "Hi", **body}, protocol=protocol, kind=kind)


class TestParameters:
    TUNED = overlay(parameters={"temperature": 0.1, "max_tokens": 9, "num_ctx": 512, "stop": ["a"]})

    def test_an_openai_caller_gets_them_at_top_level_and_what_only_ollama_knows_in_options(self):
        found = chat(self.TUNED)
        assert found["temperature"] == 0.1 and found["max_tokens"] == 9 and found["stop"] == ["a"]
        assert found["options"] == {"num_ctx": 512}

    def test_an_ollama_caller_gets_them_as_options_under_its_own_names(self):
        found = chat(self.TUNED, protocol="ollama")
        assert found["options"] == {"temperature": 0.1, "num_predict": 9, "num_ctx": 512, "stop": ["a"]}

    @pytest.mark.parametrize(
        "own",
        [
            {"max_tokens": 3},
            {"max_completion_tokens": 3},
            {"options": {"num_predict": 3}},
            {"options": {"max_tokens": 3}},
        ],
    )
    def test_the_callers_limit_wins_under_each_of_its_names(self, own):
        found = chat(overlay(parameters={"max_tokens": 9}), **own)
        assert {name: found[name] for name in own} == own
        assert "max_tokens" not in found or found["max_tokens"] == 3

    def test_the_callers_stop_wins_whole(self):
        assert chat(self.TUNED, stop=["b"])["stop"] == ["b"]
        assert chat(self.TUNED, protocol="ollama", options={"stop": ["b"]})["options"]["stop"] == ["b"]

    def test_null_says_that_the_caller_gave_nothing(self):
        assert chat(self.TUNED, temperature=None)["temperature"] == 0.1

    def test_zero_is_a_word_of_the_caller(self):
        assert chat(self.TUNED, temperature=0)["temperature"] == 0

    def test_an_embedding_takes_only_what_loads_the_model(self):
        found = apply(self.TUNED, {"input": "x"}, protocol="openai", kind="embeddings")
        assert found == {"input": "x", "options": {"num_ctx": 512}}

    def test_fields_of_a_request_are_said_in_the_callers_protocol(self):
        schema = {"type": "object"}
        form = {"type": "json_schema", "json_schema": {"name": "a", "schema": schema}}
        recipe = overlay(parameters={"reasoning_effort": "none", "response_format": form, "logprobs": True})
        assert chat(recipe)["response_format"] == form and chat(recipe)["reasoning_effort"] == "none"
        told = chat(recipe, protocol="ollama")
        assert (told["think"], told["format"], told["logprobs"]) == (False, schema, True)

    def test_a_completion_is_not_told_what_it_has_no_field_for(self):
        recipe = overlay(parameters={"logprobs": True, "top_logprobs": 3, "verbosity": "low", "temperature": 0.5})
        assert generate(recipe, "openai", "completions") == {"prompt": "Hi", "logprobs": 3, "temperature": 0.5}

    def test_options_that_are_no_object_stay_for_whoever_refuses_them(self):
        assert chat(self.TUNED, options="x")["options"] == "x"


class TestPrompt:
    EXAMPLES = [{"role": "user", "content": "1+1"}, {"role": "assistant", "content": "2"}]
    PROMPTED = overlay(system="Be terse.", messages=EXAMPLES)

    def test_system_and_examples_stand_before_the_callers_messages(self):
        texts = [m["content"] for m in chat(self.PROMPTED)["messages"]]
        assert texts == ["Be terse.", "1+1", "2", "Hi"]

    @pytest.mark.parametrize("role", ["system", "developer"])
    def test_the_callers_system_message_wins(self, role):
        found = chat(self.PROMPTED, [{"role": role, "content": "Shout."}, {"role": "user", "content": "Hi"}])
        assert [m["content"] for m in found["messages"]] == ["1+1", "2", "Shout.", "Hi"]

    def test_only_a_system_message_at_the_beginning_takes_the_place_of_the_variants(self):
        found = chat(overlay(system="S"), [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}])
        assert [m["content"] for m in found["messages"]] == ["S", "a", "b"]

    @pytest.mark.parametrize("messages", [[], None, "x", [3]])
    def test_what_is_no_conversation_stays(self, messages):
        body = {"messages": messages}
        assert apply(self.PROMPTED, body, protocol="ollama", kind="chat") == body

    def test_generate_takes_the_system_text_unless_the_caller_has_one(self):
        recipe = overlay(system="Be terse.")
        assert generate(recipe)["system"] == "Be terse."
        assert generate(recipe, system="Shout.")["system"] == "Shout."
        assert "system" not in generate(recipe, raw=True)

    def test_examples_are_refused_where_no_chat_can_carry_them(self):
        with pytest.raises(InvalidInput) as refused:
            generate(self.PROMPTED)
        assert "prompt" in refused.value.details


class TestTemplate:
    WRAPPED = overlay(system="Be terse.", template="[{{ .System }}] Q: {{.Prompt}} A:")

    def test_the_last_question_is_put_through_it_and_the_system_text_is_not_sent_apart(self):
        messages = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
        found = chat(self.WRAPPED, [*messages, {"role": "user", "content": "c"}])
        assert [m["content"] for m in found["messages"]] == ["a", "b", "[Be terse.] Q: c A:"]

    def test_without_a_place_for_the_system_text_it_is_sent_apart(self):
        found = chat(overlay(system="S", template="Q: {{ .Prompt }}"))
        assert [m["content"] for m in found["messages"]] == ["S", "Q: Hi"]

    def test_images_stay_beside_the_text(self):
        image = {"type": "image_url", "image_url": {"url": "data:"}}
        found = chat(self.WRAPPED, [{"role": "user", "content": [{"type": "text", "text": "c"}, image]}])
        assert found["messages"][0]["content"] == [{"type": "text", "text": "[Be terse.] Q: c A:"}, image]

    def test_a_prompt_is_put_through_it_too(self):
        assert generate(self.WRAPPED) == {"prompt": "[Be terse.] Q: Hi A:"}

    def test_a_text_that_looks_filled_in_already_is_filled_in_all_the_same(self):
        found = chat(overlay(template="Q: {{ .Prompt }}"), [{"role": "user", "content": "Q: Hi"}])
        assert found["messages"][0]["content"] == "Q: Q: Hi"
        assert json.loads(json.dumps(found)) == found


class TestAtOllama:
    """Where the base has a prompt of its own, and a template takes the place of the base's."""

    OWN = {"system": "Base.", "messages": [{"role": "user", "content": "1"}, {"role": "assistant", "content": "2"}]}
    CALLERS = [{"role": "system", "content": "C"}, {"role": "user", "content": "Hi"}]

    def texts(self, asked=None, own=OWN, **parts):
        return [m["content"] for m in chat(at_ollama(overlay(**parts), own), asked)["messages"]]

    def test_with_a_template_all_that_the_base_would_say_is_said(self):
        assert self.texts(template="{{ .Prompt }}") == ["Base.", "1", "2", "Hi"]
        assert self.texts(self.CALLERS, template="{{ .Prompt }}") == ["1", "2", "C", "Hi"]
        assert self.texts(template="{{ .Prompt }}", system="S") == ["S", "1", "2", "Hi"]
        examples = [{"role": "user", "content": "e"}]
        assert self.texts(template="{{ .Prompt }}", messages=examples) == ["Base.", "e", "Hi"]

    def test_without_one_the_base_says_it_itself(self):
        assert self.texts() == ["Hi"] and self.texts(self.CALLERS) == ["C", "Hi"]

    def test_a_callers_system_text_stands_first_where_an_example_would_bring_the_bases(self):
        examples = [{"role": "user", "content": "e"}]
        assert self.texts(self.CALLERS, messages=examples) == ["C", "e", "Hi"]
        assert self.texts(messages=examples) == ["e", "Hi"]
        assert self.texts(self.CALLERS, own={}, messages=examples) == ["e", "C", "Hi"]

    def test_a_prompt_goes_with_the_template_and_the_system_text(self):
        recipe = at_ollama(overlay(system="S", template="Q: {{ .Prompt }}"), self.OWN)
        assert generate(recipe) == {"prompt": "Hi", "system": "S", "template": "Q: {{ .Prompt }}"}
        assert generate(recipe, template="T", system="C") == {"prompt": "Hi", "system": "C", "template": "T"}
        assert generate(recipe, raw=True) == {"prompt": "Hi", "raw": True}

    def test_a_suffix_is_refused_where_the_template_has_no_place_for_it(self):
        recipe = overlay(template="Q: {{ .Prompt }}")
        with pytest.raises(InvalidInput) as refused:
            generate(at_ollama(recipe, {}), suffix="s")
        assert list(refused.value.details) == ["suffix"]
        assert generate(recipe, suffix="s") == {"prompt": "Hi", "suffix": "s"}


class TestRecipes:
    def test_other_kinds_change_nothing(self):
        body = {"messages": [{"role": "user", "content": "Hi"}]}
        for recipe in (None, {"kind": "realised", "parameters": {"seed": 1}}, {"kind": "ensemble"}):
            assert apply(recipe, body, protocol="openai", kind="chat") == body

    def test_a_variant_of_a_variant_merges_parameters_and_replaces_the_rest(self):
        inner = overlay(parameters={"seed": 1, "top_k": 2}, system="in", template="{{ .Prompt }}")
        outer = {"kind": "overlay", "base": "v", "parameters": {"seed": 3}, "system": "out"}
        merged = compose(outer, inner)
        assert merged["base"] == "x_base" and merged["parameters"] == {"seed": 3, "top_k": 2}
        assert merged["system"] == "out" and merged["template"] == "{{ .Prompt }}"

    def test_origins_name_each_role_once(self):
        members = [{"model": "a"}, {"model": "b"}, {"model": "a"}]
        recipe = {"kind": "ensemble", "members": members, "judge": "a"}
        assert origins(recipe) == [("member", "a"), ("member", "b"), ("judge", "a")]
        assert origins(overlay()) == [("base", "x_base")] and origins(None) == []
