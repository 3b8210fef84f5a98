"""The lines printed once people can begin, and which model they are told to call."""

from __future__ import annotations

import json
import shlex

from django.test import TestCase, override_settings

from registry_project.supervisor import demo, report, table
from registry_project.supervisor.firstrun import Access
from tests.registry_project.pages_case import add_host, register
from unified_app.models import Placement, UnifiedModel

URLS = {"site": "http://127.0.0.1:8000", "page": "http://127.0.0.1:7860"}


def tries(access: Access, example: str = "") -> list[list[str]]:
    printed = report.banner(URLS, access, example=example, seconds=1.0)
    return [shlex.split(line)[1:] for line in printed.splitlines() if line.startswith("  try ")]


class BannerTests(TestCase):
    access = Access("admin", "secret", "mr_key")

    def test_a_model_to_call_adds_a_chat_and_keeps_the_list(self):
        (listing, chat) = tries(self.access, "it's odd:1b")
        assert listing[-1] == "http://127.0.0.1:8000/api/models/unified"
        assert chat[-1] == "http://127.0.0.1:8000/v1/chat/completions"
        assert json.loads(chat[chat.index("-d") + 1])["model"] == "it's odd:1b"
        assert "Authorization: Bearer mr_key" in listing and "Authorization: Bearer mr_key" in chat

    def test_without_a_model_there_is_the_list_and_without_a_key_nothing(self):
        assert len(tries(self.access)) == 1
        assert tries(Access("admin", "secret", ""), "llama3:8b") == []


class ExampleTests(TestCase):
    def setUp(self):
        add_host("one")
        add_host("demo", origin="demo")

    def sized(self, name: str, size: int, place: str = "one", does: str = "text_generation") -> None:
        register(name, place=place, capabilities=(does,))
        UnifiedModel.objects.filter(name=name).update(size=size)

    def test_it_is_the_smallest_chat_model_on_a_real_host(self):
        self.sized("big:70b", 40)
        self.sized("small:1b", 4)
        self.sized("bge:latest", 1, does="text_embedding")
        self.sized("demo:1b", 2, place="demo")
        assert demo.example_model() == "small:1b"

    def test_one_that_no_host_answers_for_or_that_runs_in_a_cloud_is_none(self):
        self.sized("small:1b", 4)
        self.sized("big:cloud", 1)
        Placement.objects.filter(model__name="small:1b").update(state=Placement.State.UNREACHABLE)
        UnifiedModel.objects.filter(name="big:cloud").update(source_category="cloud")
        assert demo.example_model() == ""


class TableTests(TestCase):
    @override_settings(SITE_HOST="0.0.0.0", SITE_PORT=8123, GRADIO_PORT=0)
    def test_the_page_is_told_in_full_where_to_listen_and_whom_to_ask(self):
        told = table.environment()
        assert (told["SITE_HOST"], told["GRADIO_PORT"]) == ("0.0.0.0", "7860")
        assert told["REGISTRY_API_URL"] == "http://127.0.0.1:8123"
        assert table.page_url() == "http://127.0.0.1:7860"

    def test_a_gateway_that_does_not_start_ends_the_site_aloud(self):
        assert "--lifespan on" in " ".join(table.site().module)

    def test_only_the_page_may_come_later(self):
        assert [child.name for child in table.children(demo=True) if not child.is_vital] == ["page"]
