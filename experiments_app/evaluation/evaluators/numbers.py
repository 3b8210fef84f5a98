"""Numbers in answers: found among words, read with separators and units, compared with a tolerance."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.evaluators.base import Evaluator
from experiments_app.evaluation.evaluators.options import EXPECTED, defaulted, schema
from experiments_app.evaluation.evaluators.trials import Trial, shown
from experiments_app.evaluation.scores import Score

# Groups of three digits with a separator between, or plain digits; no sign after a word or number, as in 3-5. A plain
# space separates numbers: only the thin and the unbreakable ones stand within one.
_GROUPS = "_'\u2019\u00a0\u202f\u2009"
_NUMBER = (
    r"(?<![A-Za-z0-9_{point}])[-+\u2212]?[$\u20ac\u00a3\u00a5]?"
    r"((?:[0-9]{{1,3}}(?:([{group}])[0-9]{{3}})(?:\2[0-9]{{3}})*(?![0-9])|[0-9]+)(?:{point}[0-9]+)?|{point}[0-9]+)"
    r"(?:[eE]([-+]?[0-9]{{1,4}})(?![0-9A-Za-z]))?"
)
_POINT = re.compile(_NUMBER.format(group=f",{_GROUPS}", point=r"\."))
_COMMA = re.compile(_NUMBER.format(group=f".{_GROUPS}", point=","))
_FRACTION = re.compile(r"\s*([-+]?)\s*\\[dt]?frac\{([0-9]+)\}\{([0-9]+)\}\s*|\s*([-+]?)([0-9]+)\s*/\s*([0-9]+)\s*")
_UNIT = re.compile(r"\s?([^\s\d.,;:!?()\[\]]+)")


@dataclass(frozen=True)
class Found:
    """A number in a text, and the word right after it, which may be its unit."""

    value: float
    unit: str = ""


def numbers_in(text: str, decimal: str = ".") -> list[Found]:
    """Return all numbers of a text in order; what is too large for a float is none."""
    expression = _COMMA if decimal == "," else _POINT
    found = []
    for match in expression.finditer(text):
        digits = match[1].replace(match[2], "") if match[2] else match[1]
        value = float(digits.replace(",", ".") + (f"e{match[3]}" if match[3] else ""))
        if math.isfinite(value):
            unit = _UNIT.match(text, match.end())
            found.append(Found(-value if match[0][0] in "-\u2212" else value, unit[1] if unit else ""))
    return found


def whole_number(text: str, decimal: str = ".") -> float | None:
    """Return what a text says that is one number, perhaps a fraction or with a unit; else None."""
    if fraction := _FRACTION.fullmatch(text[:200]):
        top, bottom = float(fraction[2] or fraction[5]), float(fraction[3] or fraction[6])
        sign = -1 if "-" in (fraction[1] or fraction[4] or "") else 1
        return sign * top / bottom if bottom and math.isfinite(top) and math.isfinite(bottom) else None
    found = numbers_in(text, decimal)
    return found[0].value if len(found) == 1 else None


def is_close(number: float, wanted: float, absolute: float, relative: float) -> bool:
    """Whether a number is within either tolerance of what is wanted; `relative` is a share of that."""
    return abs(number - wanted) <= max(absolute, relative * abs(wanted))


ABSOLUTE = defaulted(0, "How far the number may be off.", type="number", minimum=0)
RELATIVE = defaulted(1e-9, "How far the number may be off, as a share of the expected one.", type="number", minimum=0)


class Numeric(Evaluator):
    kind = "number"
    description = "A number of the answer is the expected one, within a tolerance."
    parameters = schema(
        value={**EXPECTED, "type": ["number", "string"]},
        absolute=ABSOLUTE,
        relative=RELATIVE,
        pick=defaulted(
            "last",
            "Which number of the answer counts; `only`: there may be no other.",
            enum=["first", "last", "only", "any"],
        ),
        decimal=defaulted(".", "What stands before the decimals in the answer.", enum=[".", ","]),
        units={
            "type": "object",
            "additionalProperties": {"type": "number"},
            "description": 'Factor of each unit that may follow the number, such as {"km": 1000, "m": 1, "%": 0.01}.',
        },
    )
    templates = ("value",)

    def check(self, case: Case) -> None:
        self._wanted(case)

    def score(self, trial: Trial) -> Score:
        wanted = self._wanted(trial.case)
        found = self._picked(numbers_in(trial.answer, self.options["decimal"]))
        if not found:
            return self.said(False, f"Expected {wanted:g}; the answer has no number that counts.")
        best = min((self._scaled(one) for one in found), key=lambda number: abs(number - wanted))
        is_right = is_close(best, wanted, self.options["absolute"], self.options["relative"])
        return self.said(is_right, f"Expected {wanted:.15g}, found {best:.15g}", off_by=abs(best - wanted))

    def _wanted(self, case: Case) -> float:
        told = self.text("value", case)
        wanted = whole_number(told)
        if wanted is None:
            self.refuse("value", f"With test case {case.index} it is not one number: '{shown(told)}'.")
        return wanted

    def _picked(self, found: list[Found]) -> list[Found]:
        pick = self.options["pick"]
        if pick == "only" and len(found) != 1:
            return []
        return {"first": found[:1], "last": found[-1:]}.get(pick, found)

    def _scaled(self, found: Found) -> float:
        units: Mapping[str, float] = self.options.get("units", {})
        return found.value * units.get(found.unit, 1)
