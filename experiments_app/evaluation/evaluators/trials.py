"""One answer on trial: what an evaluator gets to see, and the calls it may make."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.replies import CallFailed, Complete, Reply, Request
from experiments_app.evaluation.scores import NOT_APPLICABLE
from experiments_app.evaluation.templating import trimmed
from experiments_app.evaluation.wire.answers import thoughts_apart

# Characters of an answer that are looked at; a model that runs on forever must not keep a worker for as long.
LONGEST = 200_000
# Texts of one embeddings call.
BATCH = 64


class Undecided(Exception):
    """There is no verdict; `error` is one of a Score's."""

    def __init__(self, error: str, details: str) -> None:
        super().__init__(details)
        self.error, self.details = error, details


class NotApplicable(Undecided):
    """The case has nothing for this evaluator to score."""

    def __init__(self, details: str) -> None:
        super().__init__(NOT_APPLICABLE, details)


class Unparsed(Undecided):
    """A judge's answer that cannot be read."""

    def __init__(self, words: str) -> None:
        super().__init__("unparsed", f"The judge's answer cannot be read: '{shown(words)}'")


@dataclass
class Trial:
    """A case with the reply to it. `body` is what was asked of `model`."""

    case: Case
    reply: Reply
    model: str
    body: Mapping[str, Any]
    complete: Complete
    repeat: int = 0
    # What judges answered.
    judged: list[Reply] = field(default_factory=list)

    @property
    def answer(self) -> str:
        """The trimmed text, as far as it is looked at."""
        return trimmed(self.reply.text[:LONGEST])

    def consult(self, model: str, body: Mapping[str, Any]) -> Reply:
        """Ask a judge, or a model that helps to judge. Raises Undecided when it does not answer."""
        try:
            reply = self.complete(Request(model, body, repeat=self.repeat, purpose="judge"))
        except CallFailed as error:
            raise Undecided("judge_failed", f"{model} did not answer ({error.code}): {shown(error.message)}") from error
        self.judged.append(reply)
        return thoughts_apart(reply)

    def embed(self, texts: Sequence[str], **options: Any) -> list[tuple[float, ...]]:
        """Return the vectors that the model under test gives texts. What the case's own call asked is not asked again.

        Not of this repeat: an embedding is the same each time, so that one answer serves all. Raises CallFailed.
        """
        vectors: list[tuple[float, ...]] = []
        for start in range(0, len(texts), BATCH):
            body = {"input": list(texts[start : start + BATCH]), **options}
            reply = self.reply if body == self.body else self.complete(Request(self.model, body))
            vectors += _checked(reply, len(body["input"]))
        if len({len(vector) for vector in vectors}) > 1:
            raise CallFailed("upstream_invalid", "The embeddings are not of one length.")
        return vectors


def _checked(reply: Reply, count: int) -> Sequence[tuple[float, ...]]:
    if len(reply.embeddings) != count or not all(reply.embeddings):
        raise CallFailed("upstream_invalid", f"There are {len(reply.embeddings)} embeddings for {count} texts.")
    if not all(map(math.isfinite, (number for vector in reply.embeddings for number in vector))):
        raise CallFailed("upstream_invalid", "An embedding holds a number that is not finite.")
    return reply.embeddings


def shown(text: Any, limit: int = 200) -> str:
    """Return the beginning of a text for people to read, without what databases do not take."""
    whole = str(text)
    clean = whole[:limit].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
    return clean + ("..." if len(whole) > limit else "")
