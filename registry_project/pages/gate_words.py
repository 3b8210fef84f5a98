"""What a gate asks for, in plain words. Pure, but for the row that it reads."""

from __future__ import annotations

from experiments_app.models import Gate
from registry_project.pages.evaluation_words import metric_name, seconds


def rule(gate: Gate) -> str:
    """Return the rule as a sentence, with when it is checked."""
    parts = []
    if gate.max_drop_points is not None:
        than = gate.compare_to or (f"what {gate.alias} calls" if gate.alias else "what was there before")
        parts.append(f"{metric_name(gate.metric)} at most {gate.max_drop_points:g} points below {than}")
    if gate.p95_seconds is not None:
        parts.append(f"95 of 100 answers within {seconds(gate.p95_seconds)}")
    said = " and ".join(parts) or "nothing"
    return f"{said[0].upper()}{said[1:]}. {_when(gate)}"


def _when(gate: Gate) -> str:
    found = []
    if gate.on_promotion:
        found.append(f"for promotions to {gate.alias}" if gate.alias else "for every promotion")
    if gate.on_digest_change:
        found.append("when a model's content changes")
    return f"Checked {' and '.join(found)}." if found else "Checked by hand only."
