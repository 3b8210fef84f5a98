"""Runs that are really done: a gateway on a socket, models behind it whose answers a test decides."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from django.db import connections
from django.test import override_settings

from experiments_app.evaluation import runs, suite_rows
from experiments_app.models import CaseResult, EvaluationRun, SuiteVersion
from tests.nasty_server import NastyServer, Request, json_reply
from tests.unified_app.gateway.gateway_case import GatewayCase
from unified_app import jobs
from unified_app.models import Job

CHAT = "/chat/completions"
# Text, or (status, object, header lines).
Said = str | tuple[Any, ...]


def suite_of(*questions: str, **more: Any) -> dict[str, Any]:
    """A suite in which the answer is to be the question itself."""
    return {
        "name": "echo",
        "messages": [{"role": "user", "content": "{{input}}"}],
        "testData": [{"input": question, "expected": question} for question in questions],
        "evaluators": [{"name": "same", "string": {"equals": "{{expected}}"}}],
        **more,
    }


def question_of(body: Mapping[str, Any]) -> str:
    return str(body["messages"][-1]["content"])


def chat_reply(text: str, prompt: int = 3, completion: int = 2, **message: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": "stop"}
    return {"choices": [choice], "usage": {"prompt_tokens": prompt, "completion_tokens": completion}}


class RunnerCase(GatewayCase):
    """`upstream_of` makes a server, `model` a model at it, `start` a run, which `work` does as a worker would."""

    def setUp(self):
        super().setUp()
        settings = override_settings(REGISTRY_API_URL=self.url, EVALUATION_MODELS_AT_ONCE=3)
        settings.enable()
        self.addCleanup(settings.disable)
        self.addCleanup(connections.close_all)
        # What was asked, in order.
        self.asked: list[dict[str, Any]] = []
        self._asking = threading.Lock()

    def upstream_of(self, answer: Callable[[dict[str, Any]], Said] = question_of) -> NastyServer:
        """A server that says what `answer` makes of a request's body: a text, or a status with an object."""

        def chat(connection: Any, request: Request) -> None:
            body = json.loads(request.body)
            with self._asking:
                self.asked.append(body)
            said = answer(body)
            if isinstance(said, str):
                return json_reply(chat_reply(said))(connection, request)
            status, told, *headers = said
            return json_reply(told, status, *headers)(connection, request)

        return self.upstream({CHAT: chat})

    def suite(self, *questions: str, **more: Any) -> SuiteVersion:
        return suite_rows.keep(suite_of(*questions, **more), by="ann").version

    def start(self, version: SuiteVersion, *models: str, **more: Any) -> EvaluationRun:
        return runs.start(version, models, by="ann", **more)

    def work(self, run: EvaluationRun) -> str:
        """Do the run's job in this thread, as a worker would; return the state that the job is left in."""
        run.refresh_from_db()
        Job.objects.filter(pk=run.job_id, state=Job.State.QUEUED).update(run_after=run.created_at)
        state = jobs.run(run.job_id)
        run.refresh_from_db()
        return state

    def done(self, version: SuiteVersion, *models: str, **more: Any) -> EvaluationRun:
        """A run that is done."""
        run = self.start(version, *models, **more)
        assert self.work(run) == "done", run.error
        return run

    def rows(self, run: EvaluationRun, *fields: str) -> list[Any]:
        rows = CaseResult.objects.filter(run=run).order_by("run_model", "case_index", "repeat")
        return list(rows.values_list(*fields, flat=len(fields) == 1))
