from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

from django.test import TestCase, override_settings
from django.utils import timezone

from ollama_app import details
from ollama_app.models import DigestFacts
from ollama_app.source import OllamaSource
from tests import nasty_server as nasty
from tests.nasty_server import json_reply
from tests.ollama_app.ollama_server import (
    OllamaServer,
    chat,
    counts,
    digest,
    model,
    only_host,
    run_details,
    show_of,
    sync,
)
from unified_app import jobs
from unified_app.models import Job, RegistryEpoch


def pending() -> bool:
    return Job.objects.active().filter(kind="ollama_details").exists()


class DetailsTests(TestCase):
    def setUp(self):
        self.server = self.enterContext(OllamaServer(*(chat(f"m{i}:1") for i in range(5)), chat("alias:1", "m0:1")))
        self.host = only_host(self.server)

    def test_a_sync_of_a_new_server_asks_no_show_and_queues_the_job(self):
        sync()
        assert (self.server.asked, pending()) == ([], True)

    def test_the_job_fills_template_parameters_licence_and_counts(self):
        texts = {"template": "{{ .Prompt }}", "system": "Be kind.", "license": "MIT"}
        self.server.shows["m1:1"] = show_of(["completion"], parameters="temperature 0.5", **texts)
        sync()
        assert run_details().result == {"host": "gpu1", "digests": 5, "failed": 0, "reasons": []}
        told = {"license": "MIT", "parameter_count": 8_190_735_360, "default_parameters": {"temperature": 0.5}}
        assert told.items() <= model("m1:1").parameters.items()
        assert OllamaSource.texts(digest("m1:1")) == texts
        assert len(self.server.asked) == 5

    def test_once_done_neither_a_sync_nor_a_job_asks_again(self):
        sync()
        run_details()
        epoch = RegistryEpoch.current()
        assert counts(sync()) == (0, 0, 6, 0)
        assert (pending(), RegistryEpoch.current(), len(self.server.asked)) == (False, epoch, 5)

    def test_show_knows_better_than_tags_what_a_model_can_do(self):
        self.server.shows["m1:1"] = show_of(["completion", "tools", "thinking"])
        sync()
        assert model("m1:1").capabilities == ["text_generation"]
        run_details()
        assert (model("m1:1").category, len(model("m1:1").capabilities)) == ("thinking", 3)

    def test_a_job_that_was_killed_goes_on_where_it_stopped(self):
        sync()
        with patch.object(details, "BATCH", 2), patch.object(jobs.Handle, "progress", dies_at_the_third_step()):
            run_details()
        assert len(self.server.asked) == 4
        Job.objects.active().update(run_after=timezone.now())
        with patch.object(details, "BATCH", 2):
            assert run_details().result["digests"] == 1
        assert len(self.server.asked) == len(set(self.server.asked)) == 5

    def test_a_worker_that_lost_its_job_writes_nothing(self):
        sync()
        job = Job.objects.active().get()
        with patch.object(jobs.Handle, "fence", lambda handle: steal(job)):
            assert jobs.run(job.pk) == "lost"
        assert not DigestFacts.objects.exists()
        assert "license" not in model("m1:1").parameters

    def test_a_show_that_fails_is_noted_and_asked_again_after_an_hour(self):
        self.server.shows["m1:1"] = nasty.html(500)
        sync()
        assert run_details().result["failed"] == 1
        sync()
        assert not pending()
        DigestFacts.objects.filter(digest=digest("m1:1")).update(asked_at=timezone.now() - timedelta(minutes=61))
        self.server.shows["m1:1"] = show_of(["completion"])
        sync()
        run_details()
        assert self.server.asked.count("m1:1") == 2
        assert DigestFacts.objects.get(digest=digest("m1:1")).error == ""

    def test_a_newer_server_is_asked_again_and_no_fact_is_lost_meanwhile(self):
        sync()
        run_details()
        self.server.version = "0.34.0"
        self.server.shows = {"m1:1": show_of(["completion", "tools"]), "m2:1": nasty.html(500)}
        assert counts(sync()) == (0, 0, 6, 0)
        assert run_details().result == {
            "host": "gpu1",
            "digests": 5,
            "failed": 1,
            "reasons": ["07d2da1cd4bd: It answered 500."],
        }
        assert model("m1:1").category == "tools"
        assert model("m2:1").parameters["license"] == "MIT"
        assert counts(sync()) == (0, 0, 6, 0)
        assert (pending(), len(self.server.asked)) == (False, 10)

    def test_a_model_that_vanished_before_its_turn_is_not_asked_for(self):
        sync()
        del self.server.rows[1]
        assert run_details().state == "done"
        assert "m1:1" not in self.server.asked

    @override_settings(UPSTREAM_TIMEOUT=0.3)
    def test_a_host_that_stops_answering_is_asked_later_from_where_it_stopped(self):
        self.server.rows = [chat(f"m{i}:1") for i in range(20)]
        self.server.answers["/api/show"] = nasty.hang
        sync()
        job = run_details()
        assert (job.state, job.error["code"]) == ("queued", "upstream_timeout")
        assert 3 <= DigestFacts.objects.count() < 10
        self.server.answers["/api/show"] = json_reply(show_of(["completion"]))
        Job.objects.update(run_after=timezone.now())
        assert run_details().state == "done"
        assert DigestFacts.objects.count() == 20

    def test_a_host_that_is_down_leaves_the_job_for_later(self):
        sync()
        self.server.answers["/api/version"] = nasty.raw_and_close(b"")
        job = run_details()
        assert (job.state, job.error["code"]) == ("queued", "upstream_unreachable")

    def test_a_host_that_is_gone_ends_the_job(self):
        sync()
        self.host.delete()
        job = run_details()
        assert (job.state, job.error["code"]) == ("failed", "not_found")

    def test_a_cloud_model_that_tags_describes_is_not_asked_for(self):
        cloud = chat("big:cloud", remote_host="https://ollama.com:443", remote_model="big")
        self.server.rows = [cloud]
        self.server.answers["/api/show"] = json_reply({"error": "no network"}, 502)
        sync()
        assert run_details().result == {"host": "gpu1", "digests": 1, "failed": 0, "reasons": []}
        sync()
        assert (pending(), self.server.asked) == (False, [])


def dies_at_the_third_step():
    """A stand-in for a kill: what was committed stays, the rest is never done."""
    steps = []

    def progress(handle: jobs.Handle, **values: object) -> None:
        steps.append(values)
        if len(steps) == 3:
            raise RuntimeError("killed")

    return progress


def steal(job: Job) -> None:
    raise jobs.JobLost(f"job {job.pk} belongs to another worker now")
