"""The exact request as a curl line that works as pasted, once $KEY holds a key."""

from __future__ import annotations

import json
from typing import Any


def curl(base_url: str, path: str, body: dict[str, Any]) -> str:
    """Return the call. Pictures are read from files, since their bytes would fill the screen."""
    kinds: list[str] = []
    text = json.dumps(_without_pictures(body, kinds), indent=2, ensure_ascii=False)
    opening = (
        f"curl {base_url}{path} \\\n  -H \"Authorization: Bearer $KEY\" \\\n  -H 'Content-Type: application/json' \\\n"
    )
    if not kinds:
        return f"{opening}  --data-binary @- <<'JSON'\n{text}\nJSON"
    # This here-document is expanded by the shell, so what the shell would take for its own is escaped.
    for sign in ("\\", "$", "`"):
        text = text.replace(sign, "\\" + sign)
    reading = ""
    for number, kind in enumerate(kinds, 1):
        text = text.replace(f"\\{_variable(number)}", _variable(number))
        reading += f"PICTURE{number}=$(base64 < picture{number}.{kind} | tr -d '\\n')\n"
    return f"{reading}{opening}  --data-binary @- <<JSON\n{text}\nJSON"


def _without_pictures(value: Any, kinds: list[str]) -> Any:
    """Return the value with its data URLs emptied, and note the kind of each: `png`."""
    if isinstance(value, dict):
        return {name: _without_pictures(item, kinds) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_pictures(item, kinds) for item in value]
    if isinstance(value, str) and value.startswith("data:image/") and ";base64," in value:
        head = value.split(",", 1)[0]
        kinds.append(head.removeprefix("data:image/").split(";", 1)[0])
        return f"{head},{_variable(len(kinds))}"
    return value


def _variable(number: int) -> str:
    return f"${{PICTURE{number}}}"
