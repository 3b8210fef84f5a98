"""What holds for every recipe and every call."""

from __future__ import annotations

import copy

from hypothesis import given, settings
from hypothesis import strategies as st

from unified_app.parameters import OLLAMA_ONLY, PARAMETERS, canonical
from unified_app.recipes import apply, compose

VALUES = {"stop": ["x"], "response_format": {"type": "json_object"}, "logit_bias": {"1": 2}, "verbosity": "low"}
VALUES |= {"reasoning_effort": "low", "logprobs": True, "use_mmap": False, "parallel_tool_calls": True}
parameters = st.dictionaries(st.sampled_from(sorted(PARAMETERS)), st.none()).map(
    lambda names: {name: VALUES.get(name, 1) for name in names}
)
texts = st.text(max_size=8)
turns = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": texts})
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "developer", "tool"]), "content": texts}
)
recipes = st.fixed_dictionaries(
    {"kind": st.just("overlay"), "base": st.just("b"), "parameters": parameters},
    optional={
        "system": texts,
        "messages": st.lists(turns, max_size=3),
        "template": st.sampled_from(["{{ .Prompt }}", "{{ .System }} {{ .Prompt }}", "Q: {{- .Prompt }}"]),
        # What its base says by itself, for a call of an Ollama host.
        "own": st.fixed_dictionaries({}, optional={"system": texts, "messages": st.lists(turns, max_size=2)}),
    },
)
own = st.dictionaries(st.sampled_from(["temperature", "max_tokens", "seed", "num_ctx", "stop"]), st.integers(0, 9))
chats = st.builds(
    lambda turns, top, options: {"messages": turns, **top, **({"options": options} if options else {})},
    st.lists(messages, max_size=5),
    own,
    own,
)
protocols = st.sampled_from(["openai", "ollama"])


@settings(max_examples=200, deadline=None)
@given(recipes, chats, protocols)
def test_applied_twice_is_applied_once(recipe, body, protocol):
    once = apply(recipe, body, protocol=protocol, kind="chat")
    assert apply(recipe, once, protocol=protocol, kind="chat") == once


@settings(max_examples=200, deadline=None)
@given(recipes, chats, protocols)
def test_nothing_that_was_given_is_changed(recipe, body, protocol):
    before = copy.deepcopy((recipe, body))
    found = apply(recipe, body, protocol=protocol, kind="chat")
    assert (recipe, body) == before
    assert found is not body


@settings(max_examples=200, deadline=None)
@given(recipes, chats, protocols)
def test_the_callers_own_parameters_stand_as_they_were(recipe, body, protocol):
    found = apply(recipe, body, protocol=protocol, kind="chat")
    for name in set(body) - {"messages", "options"}:
        assert found[name] == body[name]
    for name, value in body.get("options", {}).items():
        assert found["options"][name] == value


@settings(max_examples=200, deadline=None)
@given(recipes, chats)
def test_what_only_ollama_knows_never_stands_at_top_level(recipe, body):
    added = set(apply(recipe, body, protocol="openai", kind="chat")) - set(body)
    assert not added & OLLAMA_ONLY


@settings(max_examples=100, deadline=None)
@given(recipes, recipes)
def test_an_overlay_of_an_overlay_says_all_that_the_outer_one_says(outer, inner):
    merged = compose(outer, inner)
    assert merged["parameters"].items() >= outer["parameters"].items()
    assert all(merged[name] == outer[name] for name in ("system", "messages", "template") if outer.get(name))


@given(parameters)
def test_canonical_parameters_stay_as_they_are(found):
    assert canonical(canonical(found)) == canonical(found)
