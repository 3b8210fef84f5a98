"""What MLflow is told of one model's results in one run, as plain data. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from experiments_app.records import MADE_TAG, MAX_VALUE, MODEL_TAG

RESULTS = "results.json"
RUN_TAG = "registry.evaluation"
# MLflow's pages show such an artifact as a table.
TABLE_TAG = "mlflow.loggedArtifacts"
COLUMNS = ("case", "repeat", "state", "passed", "latency", "tokens_in", "tokens_out", "cost", "scores", "output")
# Of one output, and of the whole table; the registry keeps all of it.
MAX_OUTPUT = 2_000
MAX_TABLE = 8_000_000


@dataclass(frozen=True)
class EvaluationRecord:
    """`made` tells this registry's evaluation from the one with the same number of another registry."""

    experiment: str
    name: str
    model_id: str
    evaluation: int
    made: str
    tags: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    table: str = ""
    started: int | None = None
    ended: int | None = None
    # What MLflow calls the variant that was evaluated, where it knows it.
    logged_model: str | None = None

    @property
    def all_tags(self) -> dict[str, str]:
        own = {MODEL_TAG: self.model_id, RUN_TAG: str(self.evaluation), MADE_TAG: self.made}
        shown = {TABLE_TAG: json.dumps([{"path": RESULTS, "type": "table"}])}
        return {**own, **shown, **{key: value[:MAX_VALUE] for key, value in self.tags.items()}}

    @property
    def found_by(self) -> str:
        """The filter that finds the run of an earlier attempt."""
        told = {MODEL_TAG: self.model_id, RUN_TAG: self.evaluation, MADE_TAG: self.made}
        return " AND ".join(f"tags.`{key}` = '{value}'" for key, value in told.items())


def metric_name(name: str) -> str:
    """Return a metric's name as MLflow takes it: `pass@3` is `pass_at_3`, `pass^3` is `pass_hat_3`."""
    plain = name.replace("@", "_at_").replace("^", "_hat_")
    return re.sub(r"[^\w\-. :/]", "_", plain, flags=re.ASCII)[:250]


def table_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the results as a table in MLflow's format, cut off where it grows too long."""
    data: list[list[Any]] = []
    size = 0
    for row in rows:
        line = [_cell(name, row) for name in COLUMNS]
        size += len(json.dumps(line, ensure_ascii=False, default=str))
        if size > MAX_TABLE:
            break
        data.append(line)
    return json.dumps({"columns": list(COLUMNS), "data": data}, ensure_ascii=False, default=str)


def _cell(name: str, row: Mapping[str, Any]) -> Any:
    if name == "output":
        return str(row["output"])[:MAX_OUTPUT]
    if name == "scores":
        return _scores(row["scores"])
    return row[name]


def _scores(scores: Sequence[Mapping[str, Any]]) -> str:
    """Return the scores as text: MLflow's tables have no columns within columns."""
    return json.dumps({score["name"]: score.get("score") for score in scores}, ensure_ascii=False)
