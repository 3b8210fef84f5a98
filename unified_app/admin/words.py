"""A form field for a list of words, written with commas between them."""

from __future__ import annotations

from typing import Any

from django import forms


class WordsField(forms.CharField):
    """`fast, german` in the form, `["fast", "german"]` in the row; a word given twice is kept once."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        parts = value if isinstance(value, list) else str(value or "").replace("\n", ",").split(",")
        return list(dict.fromkeys(word.strip() for word in parts if word.strip()))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(initial) != self.to_python(data))
