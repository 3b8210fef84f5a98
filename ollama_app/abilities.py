"""What an Ollama model can do, in the registry's words, from what servers of any age tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ollama_app.replies import ShowReply, TagRow

# Ollama's word -> the registry's. A word that is not here is kept, so that a new capability is not lost.
WORDS = {
    "completion": "text_generation",
    "tools": "function_calling",
    "thinking": "reasoning",
    "vision": "vision",
    "embedding": "text_embedding",
    "insert": "insert",
    "audio": "audio",
    "image": "image_generation",
}
EMBEDDING_FAMILIES = ("bert", "nomic-bert", "jina-bert", "xlm-roberta")
VISION_FAMILIES = frozenset({"clip", "mllama"})
EMBEDDING_HINTS = ("embed", "bge-", "minilm", "e5-", "gte-")
VISION_HINTS = ("llava", "-vl", "vision", "moondream")


def in_our_words(capabilities: Iterable[str]) -> list[str]:
    """Return Ollama's capability names as the registry's, sorted."""
    return sorted({WORDS.get(word, word.replace("-", "_")) for word in capabilities})


def capabilities_of(tag: TagRow, show: ShowReply | None) -> tuple[list[str] | None, bool]:
    """Return (capabilities, whether they were guessed); None = nobody can know.

    show knows best: tags of new servers reads headers only, and servers before 0.6.4 tell nothing, so what they
    show is read from the model's own facts, and at last from family and name, which is a guess.
    """
    if show is not None and show.capabilities:
        return in_our_words(show.capabilities), False
    if tag.capabilities:
        return in_our_words(tag.capabilities), False
    if show is not None and (show.architecture or show.template_words):
        return in_our_words(_from_facts(tag, show)), False
    guessed = _guess(tag)
    return (in_our_words(guessed), True) if guessed else (None, False)


def _from_facts(tag: TagRow, show: ShowReply) -> set[str]:
    if show.has_pooling or _is_embedding_family(show.family or tag.family):
        return {"embedding"}
    found = {"completion"}
    if show.has_vision or VISION_FAMILIES & {*show.families, *tag.families}:
        found.add("vision")
    return found | set(show.template_words)


def _guess(tag: TagRow) -> set[str]:
    name = tag.name.lower()
    if _is_embedding_family(tag.family) or any(hint in name for hint in EMBEDDING_HINTS):
        return {"embedding"}
    if not tag.family:
        return set()
    if VISION_FAMILIES & set(tag.families) or any(hint in name for hint in VISION_HINTS):
        return {"completion", "vision"}
    return {"completion"}


def _is_embedding_family(family: str) -> bool:
    return family.lower() in EMBEDDING_FAMILIES or family.lower().startswith("nomic-bert")
