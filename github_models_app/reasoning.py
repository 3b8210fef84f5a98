"""What OpenAI's reasoning models refuse, as it is known before they are asked. Pure.

They take `max_completion_tokens` in place of `max_tokens` (400 unsupported_parameter) and no temperature but 1 (400
unsupported_value). The models of others that think, such as DeepSeek-R1 and phi-4-reasoning, take the usual ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from github_models_app.tiers import bare_name

REFUSED = frozenset(
    {
        "max_tokens",
        "temperature",
        "top_p",
        "presence_penalty",
        "frequency_penalty",
        "logprobs",
        "top_logprobs",
    }
)
# Refused as a role, not as a parameter.
SYSTEM = "system"

_FAMILY = re.compile(r"(o\d+|gpt-5)([.-].*)?")
_WITHOUT_SYSTEM = frozenset({"o1-preview", "o1-mini"})


def refused_by(model_id: str, capabilities: Collection[str] | None = None) -> frozenset[str]:
    """Return the parameters that a model refuses; `capabilities` are the catalog's, None where it tells nothing."""
    name = bare_name(model_id)
    is_openai = "/" not in model_id or "openai" in model_id.lower().rpartition("/")[0]
    if not is_openai or not _FAMILY.fullmatch(name):
        return frozenset()
    if capabilities is not None and "reasoning" not in capabilities:
        return frozenset()
    return REFUSED | {SYSTEM} if name in _WITHOUT_SYSTEM else REFUSED
