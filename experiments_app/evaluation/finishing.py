"""What follows the end of a run: its numbers in other tables, its record in MLflow, the gates that wait for it."""

from __future__ import annotations

from experiments_app.models import EvaluationRun


def run_finished(run: EvaluationRun) -> None:
    """Queue what follows; called in the transaction that ends the run, whose state says how it ended.

    Only runs that are done or stopped by their budget come here; a run that is resumed comes here again.
    """
