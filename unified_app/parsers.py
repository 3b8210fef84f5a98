"""Reading request bodies: JSON only, bounded in size and depth, and only what every database can hold."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from unified_app.errors import TooLarge

# An escape that begins half of a surrogate pair; whole pairs are fine, so a hit is looked at closely.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class BoundedJSONParser(JSONParser):
    """JSON up to MAX_BODY_MB. DRF reads the stream itself, past Django's own limit."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge(f"The body is larger than {settings.MAX_BODY_MB} MB.")
        try:
            data = super().parse(io.BytesIO(raw), media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None
        if _SURROGATE.search(raw):
            _refuse_half_pairs(data)
        return data


def _refuse_half_pairs(data: Any) -> None:
    """No database can store half of a surrogate pair, and no answer could tell which field had it."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ParseError("JSON parse error - a text holds half of a surrogate pair") from None
