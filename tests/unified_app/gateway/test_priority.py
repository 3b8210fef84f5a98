"""Classes of calls over HTTP: what a person gets while an evaluation runs."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import requests
from django.test import override_settings

from tests.nasty_server import Answer, json_reply
from tests.servers import wait_until
from tests.unified_app.gateway.gateway_case import HELLO, GatewayCase
from tests.unified_app.gateway.program_source import PROGRAMS, ProgramCase
from tests.unified_app.gateway.upstreams import CHAT, held, openai_chat
from unified_app.gateway import inside
from unified_app.models import ModelServingConfig

OPENAI = json_reply(openai_chat())


class HeldCase(GatewayCase):
    """A model whose answers are let go by hand, one at a time."""

    def setUp(self):
        super().setUp()
        self.let_go: list[threading.Event] = []
        self.addCleanup(lambda: [event.set() for event in self.let_go])
        self.pool = ThreadPoolExecutor(40)
        self.addCleanup(self.pool.shutdown)

    def held(self) -> Answer:
        def answer(connection, request):
            self.let_go.append(threading.Event())
            held(self.let_go[-1], OPENAI)(connection, request)

        return answer

    def configured(self, name: str, **columns: int) -> None:
        self.server = self.upstream({CHAT: self.held()})
        self.model(name, self.server)
        ModelServingConfig.objects.create(model_id=f"{name}_base", **columns)
        self.told()

    def call(self, model: str, priority: str) -> Future[requests.Response]:
        headers = {"Authorization": f"Bearer {self.key}", "X-Registry-Priority": priority}
        body = {"model": model, "messages": HELLO}
        post = lambda: requests.post(self.url + "/v1/chat/completions", json=body, headers=headers, timeout=20)  # noqa: E731
        return self.pool.submit(post)

    def queued(self, count: int, model: str = "m_base") -> None:
        wait_until(lambda: self.gateway.load.queued(model) == count, 5, f"{count} wait")

    def open(self, count: int) -> None:
        wait_until(lambda: len(self.let_go) == count, 5, f"{count} are at the upstream")


class PriorityTests(HeldCase):
    def test_a_person_is_served_at_once_and_then_next_while_thirty_evaluations_wait(self):
        self.configured("m", max_concurrent_requests=2)
        evaluations = [self.call("m", "evaluation") for _ in range(31)]
        self.queued(30)
        self.open(1)
        first = self.call("m", "interactive")
        self.open(2)
        second = self.call("m", "interactive")
        self.queued(31)
        self.let_go[0].set()
        self.open(3)
        for event in self.let_go[1:3]:
            event.set()
        assert [call.result(10).headers["x-registry-queue"] for call in (first, second)] == ["0", "1"]
        assert sum(call.done() for call in evaluations) == 1
        self.server.answers[CHAT] = OPENAI
        wait_until(lambda: [event.set() for event in self.let_go] and all(c.done() for c in evaluations), 15, "all end")
        answers = [call.result() for call in evaluations]
        assert {answer.status_code for answer in answers} == {200}
        assert sorted(int(answer.headers["x-registry-queue"]) for answer in answers) == list(range(31))
        self.idle()

    def test_a_full_line_lets_a_person_in_and_sends_an_evaluation_away(self):
        self.configured("m", max_concurrent_requests=1, max_queue=1)
        self.call("m", "interactive")
        self.open(1)
        evaluation = self.call("m", "evaluation")
        self.queued(1)
        person = self.call("m", "interactive")
        told = evaluation.result(10)
        assert (told.status_code, told.headers["retry-after"]) == (429, "1")
        assert told.json()["error"]["code"] == "rate_limit_exceeded"
        self.let_go[0].set()
        self.open(2)
        self.let_go[1].set()
        assert person.result(10).status_code == 200
        self.idle()

    def test_an_unknown_class_is_400_in_the_callers_shape(self):
        self.configured("m")
        for path in ("/v1/chat/completions", "/ollama/api/chat"):
            told = self.post(path, {"model": "m", "messages": HELLO}, headers={"X-Registry-Priority": "urgent"})
            assert told.status_code == 400
            assert all(word in told.text for word in ("X-Registry-Priority", "interactive", "batch", "evaluation"))
        assert self.let_go == []

    def test_a_call_from_inside_has_the_class_that_it_is_given(self):
        self.configured("m", max_concurrent_requests=1)
        self.call("m", "interactive")
        self.open(1)
        evaluation = self.pool.submit(inside.complete, "m", {"messages": HELLO}, priority="evaluation")
        self.queued(1)
        person = self.pool.submit(inside.complete, "m", {"messages": HELLO})
        self.queued(2)
        for count in (2, 3):
            self.let_go[-1].set()
            self.open(count)
            assert evaluation.done() is False
        self.let_go[-1].set()
        assert person.result(10)[1]["x-registry-queue"] == evaluation.result(10)[1]["x-registry-queue"] == "1"
        assert inside.complete("m", {"messages": HELLO}, priority="urgent")[0] == 400


@override_settings(MODEL_SOURCES=PROGRAMS)
class MemberTests(HeldCase, ProgramCase):
    def test_the_members_of_an_ensemble_have_the_class_of_its_call(self):
        self.configured("a", max_concurrent_requests=1)
        self.ensemble("v", "majority_vote", "a_base")
        self.call("a", "interactive")
        self.open(1)
        asked = self.call("v", "evaluation")
        self.queued(1, "a_base")
        batch = self.call("a", "batch")
        self.queued(2, "a_base")
        self.let_go[0].set()
        self.open(2)
        self.let_go[1].set()
        assert batch.result(10).headers["x-registry-queue"] == "1"
        self.open(3)
        assert not asked.done()
        self.let_go[2].set()
        told = asked.result(10)
        assert (told.status_code, told.headers["x-registry-queue"]) == (200, "0")
