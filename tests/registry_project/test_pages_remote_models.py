"""The page of a remote model: price, limits, and why it cannot be called when it cannot."""

from __future__ import annotations

from django.test import SimpleTestCase
from django.utils import timezone

from github_models_app import archive
from github_models_app.tiers import limits_of
from registry_project.pages import remote
from tests.registry_project.pages_case import PagesTestCase
from tests.registry_project.remote_case import BASE, CATALOG_ROW, WITH_TOKEN, add_endpoint, register_remote, set_service
from unified_app.models import Placement, UnifiedModel


class RemoteModelPageTests(PagesTestCase):
    def test_a_model_of_an_endpoint_tells_price_limits_and_that_it_takes_no_slot(self):
        add_endpoint()
        pricing = {"prompt": "0.0000004", "completion": "0.0000012"}
        told = {"pricing": pricing, "max_output_tokens": 4096, "modalities": {"input": ["text"], "output": ["text"]}}
        register_remote(capabilities=["text_generation"], parameters=told, context_length=8192)
        said = self.page("/models/vllm/org/chat-8b", status=302)
        said = self.page(f"/models/{UnifiedModel.objects.get().pk}")
        assert "remote, takes no slot" in said and "$0.40 in, $1.20 out per million tokens" in said
        assert "Longest answer 4 096 tokens" in said and "8 192 tokens" in said
        assert '"model": "vllm/org/chat-8b"' in said and "nothing is loaded here" in said
        assert "http://vllm.example:8000/v1/chat/completions" in said and '"model": "org/chat-8b"' in said

    def test_when_nobody_told_what_it_can_do_the_page_says_where_to_set_it(self):
        add_endpoint()
        register_remote()
        path = f"/models/{UnifiedModel.objects.get().pk}"
        assert "the registry does not guess" in self.page(path) and "A curator can set its category" in self.page(path)
        self.act_as("Curator")
        assert "/admin/unified_app/unifiedmodel/?source=external&amp;listed=external" in self.source(path)

    def test_one_whose_endpoint_is_down_says_why_it_cannot_be_called(self):
        add_endpoint(state="down", down_since=timezone.now(), last_error="Nothing answers there.")
        register_remote()
        Placement.objects.update(state="unreachable")
        said = self.page(f"/models/{UnifiedModel.objects.get().pk}")
        assert "It cannot be called now. Nothing answers there." in said and "Directly on the host" not in said

    @WITH_TOKEN
    def test_a_model_of_github_tells_publisher_tier_and_why_it_cannot_be_called(self):
        archive.load([CATALOG_ROW], day=timezone.now().date(), base_url=BASE, by="eve")
        UnifiedModel.objects.update(status="available", retired_at=None, retired_reason="")
        Placement.objects.update(state="unreachable")
        set_service("retired", "The service says that it is retired.")
        path = f"/models/{UnifiedModel.objects.get().pk}"
        said = self.page(path)
        assert "It cannot be called now. The service says that it is retired." in said
        assert "Publisher OpenAI" in said and "Rate limit tier high" in said
        assert "10 calls a minute, 50 a day, 2 at once, 8 000 tokens in, 4 000 out (plan free)" in said

    def test_an_archived_model_is_retired_with_the_day_of_the_archive(self):
        archive.load([CATALOG_ROW], day=timezone.now().date(), base_url=BASE, by="eve")
        said = self.page(f"/models/{UnifiedModel.objects.get().pk}")
        assert "from an archive of the GitHub Models catalog of" in said and "takes no slot" in said


class WordsTests(SimpleTestCase):
    def test_prices_are_exact_and_per_million(self):
        told = {
            "$0.0375 in, $2.00 out per million tokens": {"prompt": "0.0000000375", "completion": "0.000002"},
            "$10.00 in per million tokens": {"prompt": "0.00001"},
            "free": {"prompt": "0", "completion": "0"},
            "": {},
        }
        for said, pricing in told.items():
            assert remote.price(pricing) == said

    def test_a_tier_that_the_plan_leaves_out_is_told_as_such(self):
        said = remote.tier_told(limits_of("free", "openai/o1", "custom"))
        assert "does not offer it" in said
