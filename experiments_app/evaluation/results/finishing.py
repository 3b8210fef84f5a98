"""What follows the end of a run: its numbers in other tables, its record in MLflow, the gates that wait for it."""

from __future__ import annotations

from experiments_app.models import EvaluationRun
from unified_app import jobs

KIND = "evaluation_end"


def run_finished(run: EvaluationRun) -> None:
    """Queue what follows; called in the transaction that ends the run, whose state says how it ended.

    Only runs that are done or stopped by their budget come here; a run that is resumed comes here again.
    """
    # Another end is another job: one that is under way has read the results of the end before.
    moment = run.finished_at.timestamp() if run.finished_at else 0
    jobs.enqueue(KIND, {"run": run.pk}, unique_key=f"{KIND}:{run.pk}:{moment}", by=run.created_by)
