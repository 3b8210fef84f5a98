"""The job that does a run: sets the pieces up, lets the dispatcher work, and ends the run with what became of it."""

from __future__ import annotations

import logging
import threading
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection

from experiments_app.evaluation.cases import Case, SuiteContent
from experiments_app.evaluation.engine import Engine
from experiments_app.evaluation.replies import CallFailed
from experiments_app.evaluation.runner import pending
from experiments_app.evaluation.runner.books import Books
from experiments_app.evaluation.runner.cache import Cache
from experiments_app.evaluation.runner.calls import GatewayCalls, SiteRefuses, SiteUnreachable
from experiments_app.evaluation.runner.completing import Called, Completing, VersionMoved
from experiments_app.evaluation.runner.crew import Crew
from experiments_app.evaluation.runner.dispatcher import Dispatcher
from experiments_app.evaluation.runner.lanes import Lane, Queue, Schedule, Task
from experiments_app.evaluation.runner.patience import LetGo, Patience
from experiments_app.evaluation.runner.records import Finished
from experiments_app.evaluation.runner.roster import Entrant, entrants
from experiments_app.evaluation.suites import read_suite
from experiments_app.models import EvaluationRun, RunModel
from unified_app import jobs
from unified_app.errors import Forbidden, NotFound, UpstreamUnreachable
from unified_app.lookup import find_model
from unified_app.service_key import service_key

logger = logging.getLogger(__name__)

# No case's fault: the job ends, and is tried again where that may help.
_STRAY = (SiteUnreachable, SiteRefuses, VersionMoved, LetGo, DatabaseError, TimeoutError)


def run_evaluation_job(handle: jobs.Handle) -> dict[str, Any]:
    """Do what is left of the run. Raises UpstreamUnreachable when our own site is away, Forbidden when it refuses."""
    run = EvaluationRun.objects.select_related("suite_version").get(pk=handle.arguments["run"])
    suite = read_suite(run.suite_version.document)
    cases = pending.chosen(suite.cases, run.split, run.tags)
    books = Books(handle, run, cases)
    books.begin()
    stop = threading.Event()
    try:
        return _Doing(handle, books, suite, cases, stop).run()
    except jobs.JobCancelled:
        books.end(EvaluationRun.State.CANCELLED)
        raise
    except SiteUnreachable as error:
        books.pause({"code": UpstreamUnreachable.code, "message": str(error)})
        raise UpstreamUnreachable(str(error)) from error
    except SiteRefuses as error:
        raise Forbidden(f"The site refuses the registry's own calls: {error}") from error
    finally:
        stop.set()


class _Doing:
    """One attempt at a run."""

    def __init__(
        self, handle: jobs.Handle, books: Books, suite: SuiteContent, cases: list[Case], stop: threading.Event
    ) -> None:
        self._handle, self._books, self._cases = handle, books, cases
        self._engine = Engine(suite, books.run.judge)
        self._run = books.run
        self._entrants = _known(books.models)
        self._lanes: dict[str, Lane] = {}
        self._called: dict[str, Called] = {}
        self._finding = threading.Lock()
        for entrant in self._entrants.values():
            self._called[entrant.id] = self._to_call(entrant)
        self._cache = Cache(stored=self._run.use_cache)
        self._calls = GatewayCalls(f"{settings.REGISTRY_API_URL}/v1", service_key())
        self._completing = Completing(self._cache, Patience(self._calls.call, stop), self._find)
        self._crew: Crew[Task, Finished] = Crew(self._work, f"evaluation-{self._run.pk}")

    def run(self) -> dict[str, Any]:
        for model, row in enumerate(self._books.models):
            if not self._books.left[model] and not row.summary:
                self._books.summarise(model)  # a worker died between the last result and this
        dispatcher = Dispatcher(self._handle, self._books, self._schedule(), self._crew, self._has_moved)
        for model, row in enumerate(self._books.models):
            if row.fingerprint != self._entrants[row.model_id].fingerprint:
                dispatcher.leave_out(model, self._entrants[row.model_id].version)
        try:
            return dispatcher.run()
        finally:
            self._crew.let_go()
            self._cache.close()
            self._calls.close()

    def _schedule(self) -> Schedule:
        rows, left = self._books.models, self._books.left
        queues = [Queue(pending.tasks(i, row, self._cases, self._run.repeats), left[i]) for i, row in enumerate(rows)]
        lanes = [self._called[row.model_id].lane for row in rows]
        return Schedule(queues, lanes, local_at_once=settings.EVALUATION_MODELS_AT_ONCE)

    def _work(self, task: Task) -> Finished:
        """Evaluate one case, in a thread of the crew; raises nothing."""
        finished, case = Finished(task), self._cases[task.case]
        try:
            complete = self._completing.of(task, finished.spent)
            model = self._books.models[task.model].model_id
            finished.outcome = self._engine.evaluate(case, model, complete, repeat=task.repeat)
        except CallFailed as failure:
            finished.failure = failure
        except _STRAY as error:
            finished.stray = error
        except Exception:  # a bug met by one case must not cost the others their results
            logger.exception("case %s of evaluation %s", case.index, self._run.pk)
        return finished

    def _find(self, name: str) -> Called:
        """Return the model that a call goes to. Judges are looked up when they are called first, in a thread."""
        with self._finding:
            if name not in self._called:
                self._called[name] = self._looked_up(name)
            return self._called[name]

    def _looked_up(self, name: str) -> Called:
        try:
            row = find_model(name)
            return self._called.get(row.pk) or self._to_call(entrants([row.pk])[row.pk])
        except NotFound as error:
            raise CallFailed(error.code, error.message, status=404) from error
        finally:
            connection.close()

    def _to_call(self, entrant: Entrant) -> Called:
        limit = entrant.limit(self._run.concurrency)
        lane = self._lanes.setdefault(entrant.runs_on, Lane(entrant.runs_on, limit, is_local=entrant.is_local))
        return Called(entrant, lane, threading.BoundedSemaphore(limit))

    def _has_moved(self, model: int) -> bool:
        row = self._books.models[model]
        now = entrants([row.model_id]).get(row.model_id)
        return now is None or now.fingerprint != row.fingerprint


def _known(rows: list[RunModel]) -> dict[str, Entrant]:
    """Return the run's models as they are; what they were when the run began is kept, and holds until it ends."""
    found = entrants(row.model_id for row in rows)
    new = [row for row in rows if not row.fingerprint]
    for row in new:
        row.version, row.fingerprint = found[row.model_id].version, found[row.model_id].fingerprint
    RunModel.objects.bulk_update(new, ["version", "fingerprint"])
    return found
