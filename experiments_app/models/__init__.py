"""The tables of experiments and evaluations."""

from __future__ import annotations

from experiments_app.models.comparisons import KeptComparison, Measure
from experiments_app.models.results import CachedReply, CaseResult, EvaluationRun, Gate, GateCheck, RunModel
from experiments_app.models.suites import Suite, SuiteVersion
from experiments_app.models.variants import (
    Adapter,
    Experiment,
    ExperimentType,
    IdempotentCreate,
    Variant,
    VariantQuerySet,
)

__all__ = [
    "Adapter",
    "CachedReply",
    "CaseResult",
    "EvaluationRun",
    "Experiment",
    "ExperimentType",
    "Gate",
    "GateCheck",
    "IdempotentCreate",
    "KeptComparison",
    "Measure",
    "RunModel",
    "Suite",
    "SuiteVersion",
    "Variant",
    "VariantQuerySet",
]
