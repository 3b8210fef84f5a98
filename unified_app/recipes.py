"""Recipes: plain data that makes a variant of a base, and what an overlay does to a call. Pure.

    {"kind": "overlay", "base": id, "parameters": {...}, "system"?, "template"?, "messages"?}
    {"kind": "realised", "base": id, "model": id or None, "host", "upstream_name", ... what it was made of}
    {"kind": "ensemble", "strategy", "members": [{"model": id, "weight": 1.0}], "judge"?, "n"?, "threshold"?}

An overlay fills in what the caller left out, as a model of its own on an Ollama host would: the caller's word wins.
For a call of an Ollama host it has one key more, `own`: the system text and the messages that its base brings along
there. A template then takes the place of the model's own, whoever renders it; elsewhere the model's own stays, and the
last user message is put through the recipe's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unified_app.errors import InvalidInput
from unified_app.parameters import LOADING, OLLAMA_ONLY, OPENAI, OPTIONS
from unified_app.templates import is_filled, render, uses_system

Recipe = Mapping[str, Any]
Body = dict[str, Any]

OVERLAY, REALISED, ENSEMBLE = "overlay", "realised", "ensemble"
# How many recipes may stand on each other.
MAX_DEPTH = 3
# What an overlay carries beside its base; a realised recipe keeps them to be shown.
PARTS = ("parameters", "system", "template", "messages")
_LIMITS = ("max_tokens", "num_predict", "max_completion_tokens")
_SYSTEM_ROLES = ("system", "developer")
_THINK: dict[str, bool | str] = {"none": False, "minimal": "low", "xhigh": "max"}
_EMBEDDING = ("embed", "embeddings")
_ONLY_CHAT = ("response_format", "reasoning_effort", "parallel_tool_calls", "verbosity", "top_logprobs")


def apply(recipe: Recipe | None, body: Body, *, protocol: str, kind: str) -> Body:
    """Return the caller's body with what the recipe adds; never changes its input, and twice is as good as once.

    `protocol` (openai, ollama) is the caller's and `kind` the call's: chat, completions, generate, embeddings, embed.
    Names of an Ollama caller's fields must be in their own spelling. Raises InvalidInput where the call has no place
    for what the recipe says. Recipes other than overlays change nothing.
    """
    found = dict(body)
    if recipe is None or recipe.get("kind") != OVERLAY:
        return found
    _fill_parameters(found, recipe.get("parameters") or {}, protocol, kind)
    if kind == "chat":
        _fill_chat(found, recipe)
    elif kind in ("generate", "completions"):
        _fill_prompt(found, recipe)
    return found


def compose(outer: Recipe, inner: Recipe) -> dict[str, Any]:
    """Return one overlay that does what `outer` does on top of `inner`, which is its base.

    As when a model is created from another one: parameters are merged, the rest replaces what the base has.
    """
    merged = {name: inner[name] for name in PARTS if inner.get(name)} | {n: outer[n] for n in PARTS if outer.get(n)}
    parameters = {**(inner.get("parameters") or {}), **(outer.get("parameters") or {})}
    return {**merged, "kind": OVERLAY, "base": inner["base"], "parameters": parameters}


def replaces_template(recipe: Recipe) -> bool:
    """Whether the recipe's template is filled in with the whole conversation, which `apply` leaves to others."""
    return recipe.get("own") is not None and bool(recipe.get("template"))


def at_ollama(recipe: Recipe, own: Mapping[str, Any]) -> Recipe:
    """Return the overlay for calls of an Ollama host; `own` is what its base says there by itself."""
    return {**recipe, "own": own} if recipe.get("kind") == OVERLAY else recipe


def origins(recipe: Recipe | None) -> list[tuple[str, str]]:
    """Return (role, model id) of everything that the recipe builds on, each once: base, member, judge."""
    if not recipe:
        return []
    found = [("base", recipe["base"])] if recipe.get("base") else []
    found += [("member", member["model"]) for member in recipe.get("members", ())]
    found += [("judge", recipe["judge"])] if recipe.get("judge") else []
    return list(dict.fromkeys(found))


def _fill_parameters(body: Body, parameters: Mapping[str, Any], protocol: str, kind: str) -> None:
    options = body.get("options")
    if options is not None and not isinstance(options, dict):
        return  # garbage is refused by whoever reads the options
    filled = dict(options or {})
    for name, value in parameters.items():
        if kind in _EMBEDDING:
            if name in LOADING:
                _default(filled, name, value)
        elif name in OPTIONS:
            _fill_option(body, filled, name, value, protocol)
        elif not (kind == "completions" and name in _ONLY_CHAT):
            _fill_field(body, name, value, protocol, parameters, kind)
    if filled:
        body["options"] = filled


def _fill_option(body: Body, options: Body, name: str, value: Any, protocol: str) -> None:
    """Fill in one of Ollama's options, where an OpenAI caller says it at top level or in `options`."""
    native = "num_predict" if name == "max_tokens" else name
    if protocol != OPENAI:
        return _default(options, native, value)
    # A loop, since this is done for each parameter of each call.
    for spelling in _LIMITS if name == "max_tokens" else (name,):
        if body.get(spelling) is not None or options.get(spelling) is not None:
            return None
    # What only Ollama knows goes where an upstream of the other protocol can be spared it.
    return _default(options if name in OLLAMA_ONLY else body, name, value)


def _fill_field(body: Body, name: str, value: Any, protocol: str, parameters: Mapping[str, Any], kind: str) -> None:
    """Fill in a field of the request itself, in the words of the caller's protocol."""
    if name == "reasoning_effort":
        return _fill_effort(body, value, protocol)
    if name == "response_format":
        return _fill_format(body, value, protocol)
    if name == "logprobs" and kind == "completions":
        # There it is the number of alternatives.
        return _default(body, name, parameters.get("top_logprobs") or 1) if value else None
    return _default(body, name, value)


def _fill_effort(body: Body, value: str, protocol: str) -> None:
    nested = body.get("reasoning")
    if body.get("think") is not None or (isinstance(nested, dict) and nested.get("effort") is not None):
        return
    if protocol == OPENAI:
        _default(body, "reasoning_effort", value)
    else:
        _default(body, "think", _THINK.get(value, value))


def _fill_format(body: Body, value: Mapping[str, Any], protocol: str) -> None:
    if body.get("format") is not None:
        return
    if protocol == OPENAI:
        _default(body, "response_format", value)
    elif value["type"] == "json_object":
        _default(body, "format", "json")
    elif value["type"] == "json_schema":
        _default(body, "format", value["json_schema"].get("schema", value["json_schema"]))


def _default(body: Body, name: str, value: Any) -> None:
    # In both protocols null says that a field is not given.
    if body.get(name) is None:
        body[name] = value


def _fill_chat(body: Body, recipe: Recipe) -> None:
    messages = body.get("messages")
    # No messages only load the model, and what is no message is refused by whoever reads them.
    if not isinstance(messages, list) or not messages or not all(isinstance(m, dict) for m in messages):
        return
    own, is_whole = recipe.get("own") or {}, replaces_template(recipe)
    # Where the whole conversation is rendered by us, what the base brings along is ours to say too.
    parts = {name: recipe.get(name) or (own.get(name) if is_whole else None) for name in ("system", "messages")}
    system, examples = parts["system"] or "", parts["messages"] or []
    template = "" if is_whole else recipe.get("template") or ""
    if _has_examples(messages, examples, system) or (template and is_filled(_text(_last_question(messages)), template)):
        return
    # As Ollama does with SYSTEM and MESSAGE: its own text unless the call begins with one, then the examples.
    lead = [{"role": "system", "content": system}] if system and not _is_system(messages[0]) else []
    rest = _templated([*lead, *messages], template) if template else [*lead, *messages]
    first = len([message for message in lead if rest[0] is message])
    if own.get("system") and not is_whole and _is_system(rest[0]):
        # A conversation that began with an example would be given the base's system text beside this one.
        first = 1
    body["messages"] = [*rest[:first], *(dict(example) for example in examples), *rest[first:]]


def _has_examples(messages: list[Body], examples: list[Body], system: str) -> bool:
    """Whether the examples stand already where `_fill_chat` puts them."""
    count = len(examples)
    if not count:
        return False
    if _is_system(messages[0]):
        return messages[1 : count + 1] == examples
    follows = messages[count : count + 1]
    return messages[:count] == examples and (not system or any(_is_system(message) for message in follows))


def _last_question(messages: list[Body]) -> Any:
    return next((m.get("content") for m in reversed(messages) if m.get("role") == "user"), None)


def _templated(messages: list[Body], template: str) -> list[Body]:
    """Return the messages with the last user's text put through the template."""
    at = next((i for i in range(len(messages) - 1, -1, -1) if messages[i].get("role") == "user"), None)
    if at is None:
        return messages
    system = "\n\n".join(_text(m.get("content")) for m in messages if _is_system(m))
    message = messages[at]
    text = render(template, system=system, prompt=_text(message.get("content")))
    filled = [*messages[:at], {**message, "content": _with_text(message.get("content"), text)}, *messages[at + 1 :]]
    # The text has the system's part in it.
    return [m for m in filled if not _is_system(m)] if uses_system(template) else filled


def _fill_prompt(body: Body, recipe: Recipe) -> None:
    prompt, template = body.get("prompt"), recipe.get("template")
    # Raw is what stands in for the whole prompt.
    if not prompt or body.get("raw"):
        return
    if body.get("suffix"):
        return _check_suffix(body, recipe)
    if recipe.get("messages"):
        message = "This variant begins with example messages, which only a chat can carry. Call a chat route."
        raise InvalidInput(f"prompt: {message}", details={"prompt": [message]})
    if recipe.get("system"):
        _default(body, "system", recipe["system"])
    if not template or body.get("template"):
        return
    if replaces_template(recipe):
        body["template"] = template
    elif isinstance(prompt, str) and not is_filled(prompt, template):
        body["prompt"] = render(template, system=_text(body.get("system")), prompt=prompt)
        if uses_system(template):
            body.pop("system", None)


def _check_suffix(body: Body, recipe: Recipe) -> None:
    """Refuse a suffix that the template has no place for. Other servers put text in before one without a template."""
    if replaces_template(recipe) and not body.get("template"):
        message = "This variant's template has no place for a suffix. Leave it out."
        raise InvalidInput(f"suffix: {message}", details={"suffix": [message]})


def _is_system(message: Body) -> bool:
    return message.get("role") in _SYSTEM_ROLES


def _text(content: Any) -> str:
    """Return the text of a message, which may be a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [p["text"] for p in parts if isinstance(p, dict) and isinstance(p.get("text"), str)]
    # One text stays the object that it is, so that a filled one is known again.
    return texts[0] if len(texts) == 1 else "\n".join(texts)


def _with_text(content: Any, text: str) -> Any:
    if not isinstance(content, list):
        return text
    others = [p for p in content if not (isinstance(p, dict) and isinstance(p.get("text"), str))]
    return [{"type": "text", "text": text}, *others]
