"""The page of one model."""

from __future__ import annotations

import json
import re
import shlex
from html import unescape

from tests.registry_project.pages_case import PagesTestCase, add_host, register
from unified_app.models import Alias, HistoryEntry, Placement, UnifiedModel
from unified_app.registry_manager import UnifiedRegistryManager
from unified_app.syncing import retire_place


class ModelPageTests(PagesTestCase):
    def setUp(self):
        super().setUp()
        add_host("one")
        add_host("two")
        self.model = register("llama3:8b", capabilities=("text_generation",), context_length=131072)
        self.path = f"/models/{self.model.pk}"

    def test_it_says_what_the_model_is(self):
        UnifiedModel.objects.update(size=5 * 2**30)
        said = self.page(self.path)
        assert "llama3:8b" in said and "available" in said
        assert "5.0 GiB" in said and "131 072 tokens" in said
        assert "text generation" in said

    def test_a_name_or_alias_leads_to_the_one_address(self):
        assert self.client.get("/models/LLAMA3:8b").headers["Location"] == self.path
        register("acme/helper:v1")
        assert self.client.get("/models/acme/helper:v1").headers["Location"] == "/models/acme_helper_v1_base"

    def test_placements_tell_host_digest_and_state(self):
        register("llama3:8b", place="two")
        Placement.objects.filter(place="two").update(state="unreachable")
        said = self.page(self.path)
        assert "one available aaaaaaaaaaaa" in said
        assert "two unreachable aaaaaaaaaaaa" in said
        assert "drifting" not in said

    def test_hosts_that_hold_different_digests_are_told(self):
        register("llama3:8b", place="two", digest="b" * 64, age=1)
        assert "2 different models under this name" in self.page(self.path)

    def test_a_retired_model_says_why_and_since_when(self):
        retire_place("ollama", "one", "host one was deleted by eve")
        said = self.page(self.path)
        assert "Retired" in said and ": host one was deleted by eve." in said
        assert "It comes back by itself" in said and "No longer on one" in said
        assert "Directly on the host" not in said

    def test_versions_and_changes_are_told(self):
        register("llama3:8b", digest="c" * 64)
        said = self.page(self.path)
        assert "version: aaaaaaaaaaaa → cccccccccccc" in said
        assert "cccccccccccc now" in said and "First registered" in said

    def test_the_calls_are_right_as_pasted(self):
        said = self.page(self.path)
        assert f"http://testserver/api/models/{self.model.pk}" in said
        body = _body_of_call(self.source(self.path))
        assert body == {"model": "llama3:8b", "messages": [{"role": "user", "content": "Hello"}], "stream": False}

    def test_the_gateway_is_called_by_curl_and_by_both_clients(self):
        said = self.page(self.path)
        assert "http://testserver/v1/chat/completions" in said and '"stream": true' in said
        assert 'OpenAI( base_url="http://testserver/v1"' in said
        assert 'Client( host="http://testserver/ollama"' in said
        assert said.count('model="llama3:8b"') == 2

    def test_a_model_that_embeds_is_not_shown_a_chat(self):
        said = self.page(f"/models/{register('bge:latest', capabilities=('text_embedding',)).pk}")
        assert "/v1/embeddings" in said and "client.embed(" in said
        assert "chat" not in said.split("How to call it")[1].split("Where it runs")[0]

    def test_a_retired_model_is_not_to_be_called(self):
        UnifiedRegistryManager("eve").delete_model(self.model.pk)
        assert "/v1" not in self.page(self.path)

    def test_a_name_that_means_another_model_too_is_called_by_its_id(self):
        Alias.objects.create(name="llama3:8b", targets=["other_base"])
        assert f'model="{self.model.pk}"' in self.page(self.path)

    def test_a_name_with_quotes_still_makes_one_shell_word(self):
        model = register("it's $(odd)\"", capabilities=("text_embedding",))
        assert _body_of_call(self.source(f"/models/{model.pk}"))["model"] == "it's $(odd)\""

    def test_a_host_that_wants_a_token_is_told_and_no_secret_is_shown(self):
        Placement.objects.update(credential="ollama.host:1")
        said = self.page(self.path)
        assert "Bearer $HOST_TOKEN" in said and "bearer token of its own" in said
        assert "ollama.host:1" not in said

    def test_only_curators_get_the_link_to_the_admin(self):
        assert "Edit in the admin" not in self.page(self.path)
        self.act_as("Curator")
        assert "/admin/unified_app/unifiedmodel/llama3_5F8b_5Fbase/change/" in self.source(self.path)

    def test_names_from_outside_cannot_break_the_page(self):
        for name in ("<script>alert(1)</script>", "n" * 300):
            source = self.source(f"/models/{register(name).pk}")
            assert "<script>alert" not in source
            assert "How to call it" in source

    def test_a_curators_words_are_shown_and_escaped(self):
        words = {"description": "<b>Ours</b>", "tags": ["<i>fast</i>"], "owner": "<u>team</u>"}
        UnifiedRegistryManager("eve").update_model(self.model.pk, words)
        source = self.source(self.path)
        assert "&lt;b&gt;Ours" in source and "<i>fast" not in source and "<u>team" not in source

    def test_the_number_of_queries_does_not_depend_on_rows(self):
        with self.assertNumQueries(16):
            self.client.get(self.path)
        for number in range(12):
            register("llama3:8b", place=f"gpu{number}", digest=f"{number:064x}")
        HistoryEntry.objects.filter(kind="model").count()
        with self.assertNumQueries(16):
            self.client.get(self.path)
        assert UnifiedModel.objects.count() == 1


def _body_of_call(source: str) -> dict:
    """Return what the call on the host sends, read as a shell would read it."""
    snippets = [
        unescape(code) for code in re.findall(r"<pre tabindex=\"0\"><code>(.*?)</code></pre>", source, re.DOTALL)
    ]
    call = next(code for code in snippets if "/api/chat" in code or "/api/embed" in code)
    parts = shlex.split(call.replace("\\\n", " "))
    return json.loads(parts[parts.index("-d") + 1])
