"""Reading request bodies: JSON only, and only what every database can hold."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

# An escape that begins half of a surrogate pair; whole pairs are fine, so a hit is looked at closely.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class StrictJSONParser(JSONParser):
    """Refuses what would fail later: nesting beyond Python's depth, and half of a surrogate pair."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None
        stream.seek(0)
        if _SURROGATE.search(stream.read()):
            _refuse_half_pairs(data)
        return data


def _refuse_half_pairs(data: Any) -> None:
    """No database can store half of a surrogate pair, and no answer could tell which field had it."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ParseError("JSON parse error - a text holds half of a surrogate pair") from None
