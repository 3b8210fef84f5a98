from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import override_settings

from tests.unified_app.serving_case import ServingSource, ServingTestCase, models, refusal, state


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


class CommandTests(ServingTestCase):
    def setUp(self):
        super().setUp()
        self.first, self.second = models(2)

    def test_a_model_is_started_and_stopped_by_name_or_id(self):
        told = said("servemodel", "m0:1")
        assert told == f"{self.first} is ready on one/m0:1: call http://registry/v1/chat/completions\n"
        assert state(self.first) == "ready"
        assert said("stopmodel", self.first) == f"{self.first} is stopped\n"
        assert said("stopmodel", self.first) == f"{self.first} was stopped\n"

    def test_json_is_the_api_s_object_alone(self):
        assert json.loads(said("servemodel", self.first, "--json"))["state"] == "ready"
        assert json.loads(said("stopmodel", self.first, "--json"))["state"] == "stopped"
        assert json.loads(said("listserving", "--json")) == {"serving": [], "slots": {"used": 0, "total": 10}}

    def test_the_list_tells_state_place_and_slots(self):
        said("servemodel", self.first)
        lines = said("listserving").splitlines()
        assert lines[0].split()[:3] == ["MODEL", "STATE", "PLACEMENT"]
        assert lines[1].split()[:3] == [self.first, "ready", "one/m0:1"]
        assert lines[-1] == "1 models, 1 of 10 slots taken"

    def test_what_keeps_a_model_from_starting_is_one_line(self):
        ServingSource.broken["one"] = refusal()
        with pytest.raises(CommandError, match="upstream_error at one: It answered 500"):
            said("servemodel", self.first)
        with pytest.raises(CommandError, match="no model"):
            said("stopmodel", "nobody")

    @override_settings(MAX_SERVING_MODELS=1, AUTO_EVICT=False)
    def test_a_full_house_names_who_is_in(self):
        said("servemodel", self.first)
        with pytest.raises(CommandError, match=self.first):
            said("servemodel", self.second)
