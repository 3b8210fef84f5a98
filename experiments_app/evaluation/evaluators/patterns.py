"""Answers matched by a regular expression, whatever expression and answer are.

Python's `re` has no time limit, and (a+)+b takes longer than the sun on thirty letters. Whoever may write a suite must
not stop a worker, so: where a bound on the steps is known to be small, the search runs here; else in a process of its
own, which is ended after TIME_LIMIT. The bound counts each quantifier and each alternative as a free choice among
all lengths of the text: an expression without a repeated group takes at most len(text) ** (1 + choices) steps.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

from experiments_app.evaluation.cases import Case
from experiments_app.evaluation.evaluators.base import Evaluator
from experiments_app.evaluation.evaluators.options import TRUTH, defaulted, schema
from experiments_app.evaluation.evaluators.trials import NotApplicable, Trial, Undecided, shown
from experiments_app.evaluation.scores import Score

LONGEST_PATTERN = 1000
# Seconds; a search that takes longer is no verdict.
TIME_LIMIT = 2.0
# Steps of the search that are some tenths of a second at the most.
FEW_STEPS = 5_000_000
_REPEATED_GROUP = re.compile(r"\)[*+{]")
_CHOICE = re.compile(r"[*+?{|]")
_GROUP_KIND = re.compile(r"(?<!\\)\(\?")
# What the bound does not hold for: references back, (?(1)..), and comments and (?x), which can stand between a group
# and its quantifier.
_BEYOND = re.compile(r"\\[1-9]|\(\?P=|\(\?\(|\(\?#|\(\?[a-zA-Z]*x")
# Reads the method, pattern, flags and text; tells 1 or 0. Isolated, without site: it starts in hundredths of a second.
_PROGRAM = "import json,re,sys; m,p,f,t=json.load(sys.stdin); print(int(getattr(re.compile(p,f),m)(t) is not None))"
_FLAGS = {"multiline": re.MULTILINE, "dot_all": re.DOTALL, "ignore_case": re.IGNORECASE}


def compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """Return the expression. Raises ValueError for what is none, or too long."""
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"It has more than {LONGEST_PATTERN} characters.")
    try:
        return re.compile(pattern, flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"It is no regular expression: {error}.") from error


def found(pattern: str, text: str, flags: int = 0, *, whole: bool = False) -> bool:
    """Whether the expression is in the text, or is the whole text. Raises TimeoutError, ValueError."""
    expression = compiled(pattern, flags)
    if is_quick(pattern, len(text)):
        return (expression.fullmatch(text) if whole else expression.search(text)) is not None
    return _found_apart(["fullmatch" if whole else "search", pattern, flags, text])


def is_quick(pattern: str, length: int) -> bool:
    """Whether the worst search of a text that long is known to take few steps."""
    if _REPEATED_GROUP.search(pattern) or _BEYOND.search(pattern):
        return False
    choices = len(_CHOICE.findall(_GROUP_KIND.sub("(", pattern)))
    steps: int = (length + 1) ** min(1 + choices, 20)
    return steps <= FEW_STEPS


def _found_apart(question: list[str | int]) -> bool:
    command = [sys.executable, "-I", "-S", "-c", _PROGRAM]
    try:
        done = subprocess.run(
            command, input=json.dumps(question), capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"The search took longer than {TIME_LIMIT:g} s.") from error
    if done.returncode:
        raise ValueError("The search ended without a result.")
    return done.stdout.strip() == "1"


class Regex(Evaluator):
    kind = "string"
    description = "The answer has text that a regular expression (Python's) matches."
    parameters = schema(
        "pattern",
        pattern={"type": "string", "minLength": 1, "description": "{{key}} stands for an expression of the test case."},
        whole=defaulted(False, "Whether the whole answer must match.", **TRUTH),
        ignore_case=defaulted(False, "Whether capital letters are as small ones.", **TRUTH),
        multiline=defaulted(False, "Whether ^ and $ are also the ends of lines.", **TRUTH),
        dot_all=defaulted(False, "Whether a dot is also a line's end.", **TRUTH),
        negate=defaulted(False, "Whether the case passes when nothing matches.", **TRUTH),
    )
    templates = ("pattern",)

    def prepare(self) -> None:
        self.flags = int(sum(flag for option, flag in _FLAGS.items() if self.options[option]))
        if "{{" not in self.options["pattern"]:
            try:
                compiled(self.options["pattern"], self.flags)
            except ValueError as error:
                self.refuse("pattern", str(error))

    def check(self, case: Case) -> None:
        try:
            compiled(self.text("pattern", case), self.flags)
        except ValueError as error:
            self.refuse("pattern", f"With test case {case.index}: {error}")

    def score(self, trial: Trial) -> Score:
        pattern = self.text("pattern", trial.case)
        try:
            matches = found(pattern, trial.answer, self.flags, whole=self.options["whole"])
        except TimeoutError as error:
            raise Undecided("timed_out", str(error)) from error
        except ValueError as error:
            raise NotApplicable(str(error)) from error
        wanted = "no" if self.options["negate"] else "a"
        return self.said(matches != self.options["negate"], f"Expected {wanted} match of '{shown(pattern)}'")
