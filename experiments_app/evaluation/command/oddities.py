"""What gh-models takes for something else than people who write a `.prompt.yml` would. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments_app.evaluation.command.gh import ROLES
from experiments_app.evaluation.command.odd_templates import odd_templates
from experiments_app.evaluation.command.odd_values import odd_values
from experiments_app.evaluation.command.odd_words import Oddity, fields, items
from experiments_app.evaluation.evaluators.rubrics import BUILT_IN
from experiments_app.evaluation.files.prompt_files import OPERATORS, prompt_of
from experiments_app.evaluation.files.yaml_reading import Node, compose, more_from
from experiments_app.evaluation.templating import go_lower

TOP = (
    *("name", "description", "model", "modelParameters", "responseFormat", "jsonSchema"),
    *("messages", "testData", "evaluators"),
)
PARAMETERS = ("maxTokens", "temperature", "topP")
METHODS = ("string", "llm", "uses")
JUDGE = ("modelId", "prompt", "systemPrompt", "choices")
OWN = "registry/"


def oddities(raw: bytes | str) -> list[Oddity]:
    """Return all that is odd, by lines. Raises BadYaml for a file that gh does not load."""
    root = compose(raw)
    prompt_of(root)
    if root is None or root.is_null:
        return [Oddity(1, "The file is empty; it passes.")]
    top = fields(root)
    more = [Oddity(more_from(raw), "Only the first document is read.")] if more_from(raw) else []
    found = [*more, *_top(root, top), *_evaluators(top), *odd_values(top), *odd_templates(top)]
    return sorted(set(found))


def _top(root: Node, top: dict[str, Node]) -> Iterator[Oddity]:
    yield from _ignored(root, TOP, "")
    if not (top.get("model") and top["model"].text):
        yield Oddity(root.line, "There is no model.")
    if "modelParameters" in top:
        yield from _parameters(top["modelParameters"])
    for message in items(top, "messages"):
        yield from _ignored(message, ("role", "content"), "of a message ")
        role = fields(message).get("role")
        if role is None or role.text.lower() not in ROLES:
            yield Oddity(message.line, f"The role is none of {', '.join(ROLES)}; a test ends the run.")
    if "jsonSchema" in top and "responseFormat" not in top:
        yield Oddity(top["jsonSchema"].line, "jsonSchema without responseFormat is not sent.")
    elif "jsonSchema" in top and top["responseFormat"].text != "json_schema":
        yield Oddity(top["jsonSchema"].line, f"jsonSchema is sent with responseFormat {top['responseFormat'].text}.")
    if not items(top, "testData"):
        yield Oddity(root.line, "There are no tests; the file passes with 100 %.")
    elif not items(top, "evaluators"):
        yield Oddity(root.line, "There are no evaluators; every test passes.")


def _parameters(node: Node) -> Iterator[Oddity]:
    yield from _ignored(node, PARAMETERS, "of modelParameters ")
    most = fields(node).get("maxTokens")
    value = most.scalar() if most and most.kind == "scalar" else None
    if most and isinstance(value, float) and not value.is_integer():
        yield Oddity(most.line, f"maxTokens {most.text} is cut to {int(value)}.")


def _evaluators(top: dict[str, Node]) -> Iterator[Oddity]:
    seen: set[str] = set()
    for node in items(top, "evaluators"):
        found = fields(node)
        name = found["name"].text if "name" in found else ""
        if not name or name in seen:
            yield Oddity(node.line, f"Another evaluator is named {name!r}." if name else "An evaluator has no name.")
        seen.add(name)
        yield from _one(node, found)


def _one(node: Node, found: dict[str, Node]) -> Iterator[Oddity]:
    methods = [method for method in METHODS if method in found and not found[method].is_null]
    uses = found["uses"].text if methods[:1] == ["uses"] else ""
    own = ("with",) if uses.startswith(OWN) else ()
    yield from _ignored(node, ("name", *METHODS, *own), "of an evaluator ")
    for method in methods[1:]:
        yield Oddity(found[method].line, f"{method} is ignored beside {methods[0]}.")
    if not methods:
        yield Oddity(node.line, "The evaluator has no string, llm or uses; it ends the run.")
    elif methods[0] == "string":
        yield from _criteria(found["string"])
    elif methods[0] == "llm":
        yield from _judge(found["llm"])
    elif uses not in [f"github/{name}" for name in BUILT_IN] and not own:
        yield Oddity(found["uses"].line, f"{uses} is not known; it scores 0.")


def _criteria(node: Node) -> Iterator[Oddity]:
    yield from _ignored(node, OPERATORS, "of string ")
    found = {name: value for name, value in fields(node).items() if name in OPERATORS and value.text}
    told = [operator for operator in OPERATORS if operator in found]
    if not told:
        yield Oddity(node.line, "There is none of equals, contains, startsWith, endsWith; it ends the run.")
    for operator in told[1:]:
        yield Oddity(found[operator].line, f"{operator} is ignored beside {told[0]}.")
    if "equals" in found and found["equals"].text != found["equals"].text.strip():
        yield Oddity(found["equals"].line, "equals has white space at an end; answers have none, so it never passes.")


def _judge(node: Node) -> Iterator[Oddity]:
    yield from _ignored(node, JUDGE, "of llm ")
    told = items(fields(node), "choices")
    if not told:
        yield Oddity(node.line, "There are no choices; it scores 0.")
    for choice in told:
        yield from _ignored(choice, ("choice", "score"), "of a choice ")
        score = fields(choice).get("score")
        value = score.scalar() if score and score.kind == "scalar" else 0
        if score and isinstance(value, int | float) and not 0 <= value <= 1:
            yield Oddity(score.line, f"The score {score.text} is taken as it is; it is not between 0 and 1.")
    yield from _contained(told)


def _contained(choices: Sequence[Node]) -> Iterator[Oddity]:
    """Tell of choices that are found where another one was meant."""
    before: list[str] = []
    for node in choices:
        text = fields(node)["choice"].text if "choice" in fields(node) else ""
        if not text:
            yield Oddity(node.line, "An empty choice matches every answer.")
        hidden = [other for other in before if other and go_lower(other) in go_lower(text)]
        if hidden:
            yield Oddity(node.line, f"The choice {text!r} is never reached: {hidden[0]!r} stands before and is in it.")
        before.append(text)


def _ignored(node: Node, known: Sequence[str], where: str) -> Iterator[Oddity]:
    for key, _ in node.pairs if node.kind == "map" else ():
        if key.source not in known and not key.is_merge:
            yield Oddity(key.line, f"The key {key.source} {where}is ignored.")
