"""From what a model can do to the categories it is listed in. Pure."""

from __future__ import annotations

from collections.abc import Collection

# The order of precedence for the primary category.
CATEGORIES = ("cloud", "embedding", "vision", "thinking", "tools", "external")

# Capability -> (type, description). A name that is not here is kept as it is, with type "text".
CAPABILITIES: dict[str, tuple[str, str]] = {
    "text_generation": ("text", "Writes text: chat and completion."),
    "reasoning": ("text", "Thinks before it answers."),
    "vision": ("vision", "Reads images."),
    "function_calling": ("function_calling", "Calls the tools it is given."),
    "text_embedding": ("embedding", "Turns text into vectors."),
    "insert": ("text", "Fills in text between a prefix and a suffix."),
    "audio": ("text", "Hears audio."),
    "image_generation": ("vision", "Makes images."),
}
_NATIVE = {
    "text_embedding": "embedding",
    "vision": "vision",
    "reasoning": "thinking",
    "function_calling": "tools",
}


def primary_category(capabilities: Collection[str] | None, *, is_cloud: bool) -> str:
    """Return the one category of the model's column.

    `capabilities` None means that nobody knows what the model can do.
    """
    listed = _abilities(capabilities, is_cloud)
    for category in CATEGORIES:
        if category in listed:
            return category
    return "thinking" if "text_generation" in (capabilities or ()) else "external"


def all_categories(capabilities: Collection[str] | None, *, is_cloud: bool, primary: str) -> list[str]:
    """Return every category that lists the model, in order of precedence; `primary` is always one."""
    listed = _abilities(capabilities, is_cloud) | {primary}
    return [category for category in CATEGORIES if category in listed]


def _abilities(capabilities: Collection[str] | None, is_cloud: bool) -> set[str]:
    found = {_NATIVE[name] for name in capabilities or () if name in _NATIVE}
    return found | {"cloud"} if is_cloud else found
