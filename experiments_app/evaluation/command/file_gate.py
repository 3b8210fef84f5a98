"""A gate for a file: its tests run with the model and with those that its rules compare it with. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from experiments_app.evaluation.command.gh import Run
from experiments_app.evaluation.command.own_run import is_own
from experiments_app.evaluation.files.prompt_files import PromptFile
from experiments_app.evaluation.files.suite_parts import at, refuse
from experiments_app.evaluation.files.suite_yaml import TEXT, read_shaped
from experiments_app.evaluation.measures import UnknownMetric, metric_named
from experiments_app.evaluation.rules import Measured, Rule, Verdict, check, read_rules

# What is measured of each test without an evaluator.
ALWAYS = ("pass", "latency")
_SHAPE = [dict.fromkeys(("suite", "metric", "compare_to"), TEXT)]


def read_gate(raw: bytes, prompt: PromptFile, file: str) -> list[Rule]:
    """Return the rules of a gate file, YAML or JSON. Raises InvalidInput, also for a rule that the file cannot answer.

    A rule for another suite would be one that nobody checks.
    """
    rules = read_rules(read_shaped(raw, _SHAPE))
    names = (prompt.name, PurePath(file).name, _stem(file))
    for place, rule in enumerate(rules):
        if rule.suite and rule.suite not in names:
            refuse(f"{at('gate', place)}.suite", f"It is for {rule.suite!r}; this file is {_names(names)}.")
        if message := _metric_problem(rule, prompt):
            refuse(f"{at('gate', place)}.metric", message)
    return rules


def _metric_problem(rule: Rule, prompt: PromptFile) -> str:
    evaluators = [evaluator.name for evaluator in prompt.evaluators]
    metrics = {*ALWAYS, *evaluators}
    if rule.metric in metrics:
        return ""
    unknown = f"The file measures {_names(sorted(metrics))}, not {rule.metric!r}."
    try:
        metric = metric_named(rule.metric, evaluators)
    except UnknownMetric:
        return unknown
    # Only evaluators of ours have further values, and a correlation is of all tests together.
    if not metric.key or metric.is_correlation or not is_own(prompt):
        return unknown
    if rule.max_drop_points is not None and not metric.higher_is_better:
        return f"Less of {rule.metric} is better, so it cannot drop."
    return ""


def verdicts(rules: Sequence[Rule], main: Run, run: Callable[[str], Run]) -> list[Verdict]:
    """Return what each rule says of a run that has ended; `run` makes one of another model. Raises RunFailed."""
    others = {rule.compare_to: run(rule.compare_to) for rule in rules if rule.max_drop_points is not None}
    return [_verdict(rule, main, others.get(rule.compare_to)) for rule in rules]


def told(verdict: Verdict) -> str:
    """Return a verdict in a line."""
    mark = {"passed": "✓", "failed": "✗"}.get(verdict.state, "?")
    return f"{mark} Gate {verdict.state}: {verdict.rule}. {' '.join(verdict.reasons)}"


def _verdict(rule: Rule, main: Run, other: Run | None) -> Verdict:
    return check(rule, _measured(rule, main), _measured(rule, other) if other else None)


def _measured(rule: Rule, run: Run) -> Measured:
    values = [_value(row, rule.metric) for row in run.measured]
    return Measured(run.prompt.model, values, run.seconds)


def _value(row: Mapping[str, Any], metric: str) -> float | None:
    value: float | None = row.get(metric)
    return value


def _stem(file: str) -> str:
    name = PurePath(file).name
    return next((name.removesuffix(end) for end in (".prompt.yml", ".prompt.yaml") if name.endswith(end)), name)


def _names(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in dict.fromkeys(names) if name)
