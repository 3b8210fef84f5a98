"""Parts of paths: anything but NUL, which no name has and PostgreSQL refuses to compare; no name is longer.

Importing this module makes `<name:...>` and `<slashed:...>` known.
"""

from __future__ import annotations

from django.urls import register_converter
from django.urls.converters import StringConverter


class NameConverter(StringConverter):
    regex = "[^/\x00]{1,500}"


class SlashedNameConverter(StringConverter):
    """A name that may hold slashes: `acme/helper:v1`."""

    regex = "[^\x00]{1,500}"


register_converter(NameConverter, "name")
register_converter(SlashedNameConverter, "slashed")
