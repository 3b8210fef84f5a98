from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.test import override_settings

from ollama_app.hosts import save_host
from ollama_app.models import Host
from tests.ollama_app.ollama_server import OllamaServer, chat, sync
from tests.unified_app.admin_case import AdminTestCase
from unified_app.models import HistoryEntry, Job, UnifiedModel

HOST = "ollama_app.host"
TOKEN = "tok-en-that-nobody-may-see"


class HostAdminTestCase(AdminTestCase):
    def setUp(self):
        Host.objects.all().delete()
        self.server = self.enterContext(OllamaServer(chat("shared:1"), chat("alone:1")))
        self.host = save_host(Host(name="one", url=self.server.url), by="ada", token=TOKEN)
        self.client.force_login(self.otto)

    def page(self, pk=None):
        return self.url(HOST, "change", pk or self.host.pk)

    def save(self, **changes):
        data = {"name": "one", "url": self.server.url, "enabled": "on", "new_token": "", **changes}
        response = self.client.post(self.page(), data, follow=True)
        self.host.refresh_from_db()
        return response


class FormTests(HostAdminTestCase):
    def test_a_host_is_added_with_its_url_made_regular(self):
        self.client.post(self.url(HOST, "add"), {"name": "gpu1", "url": "gpu1:11434/", "enabled": "on"})
        assert Host.objects.get(name="gpu1").url == "http://gpu1:11434"
        assert HistoryEntry.objects.filter(kind="host", object_id="gpu1", by="otto").exists()

    def test_the_token_is_kept_when_left_empty_replaced_when_written_and_cleared_when_asked(self):
        self.save()
        assert self.host.token == TOKEN
        self.save(new_token="another")
        assert self.host.token == "another"
        self.save(clear_token="on")
        assert not self.host.has_token

    def test_the_token_is_on_no_page_and_in_no_record_whoever_looks(self):
        self.save(new_token="x" + TOKEN)
        for user in (self.root, self.otto, self.cora):
            self.client.force_login(user)
            for url in (self.page(), self.url(HOST), self.url("historyentry")):
                response = self.client.get(url)
                assert response.status_code == 200
                assert TOKEN not in response.content.decode(), (user, url)
        assert TOKEN not in str([*HistoryEntry.objects.values(), *LogEntry.objects.values()])

    def test_a_token_is_not_rendered_back_after_an_error(self):
        response = self.save(url="ftp://x", new_token="x" + TOKEN)
        assert "http:// or https://" in str(response.context["adminform"].form.errors["url"])
        assert TOKEN not in response.content.decode()

    def test_what_saving_refuses_stands_beside_the_field(self):
        response = self.save(new_token="two words")
        assert "no spaces" in str(response.context["adminform"].form.errors["new_token"])
        assert self.host.token == TOKEN

    def test_a_curator_reads_hosts_and_changes_none(self):
        self.client.force_login(self.cora)
        text = self.client.get(self.page()).content.decode()
        assert "new_token" not in text
        assert "do/sync_now" not in text
        assert self.save(name="two").status_code == 403
        for action in ("sync_now", "test_connection", "disable"):
            assert self.press(HOST, action, self.host.pk).status_code == 403
            self.act(HOST, action, self.host.pk)
        self.host.refresh_from_db()
        assert self.host.enabled
        assert not Job.objects.exists()


class ActionTests(HostAdminTestCase):
    def test_the_connection_is_tested_and_the_outcome_told(self):
        response = self.press(HOST, "test_connection", self.host.pk)
        assert "Ollama 0.33.0 answers with 2 models" in self.messages(response)
        self.host.refresh_from_db()
        assert self.host.state == "up"

    def test_a_dead_host_is_told_beside_one_that_answers(self):
        dead = save_host(Host(name="dead", url="http://127.0.0.1:9"), by="ada")
        told = self.messages(self.act(HOST, "test_connection", self.host.pk, dead.pk))
        assert "dead: Nothing answers" in told
        assert "one: Ollama" in told

    def test_sync_now_queues_a_job_for_each_enabled_host_and_links_to_it(self):
        off = save_host(Host(name="off", url="http://off", enabled=False), by="ada")
        told = self.messages(self.act(HOST, "sync_now", self.host.pk, off.pk))
        job = Job.objects.get(kind="sync")
        assert job.arguments == {"source": "ollama", "place": "one"}
        assert self.url("job", "change", job.pk) in told
        assert "off is disabled" in told

    def test_disabling_retires_its_models_and_is_noted(self):
        sync()
        self.act(HOST, "disable", self.host.pk)
        assert set(UnifiedModel.objects.values_list("status", flat=True)) == {"retired"}
        assert HistoryEntry.objects.filter(kind="host", by="otto", field="enabled").exists()
        assert "disabled already" in self.messages(self.act(HOST, "disable", self.host.pk))
        self.act(HOST, "enable", self.host.pk)
        self.host.refresh_from_db()
        assert self.host.enabled

    def test_placements_runs_and_history_lead_to_the_host_by_its_name(self):
        response = self.client.get(self.url(HOST, "by_name", "one"))
        assert response.url == self.page()
        assert self.client.get(self.url(HOST, "by_name", "nosuch")).status_code == 404


class DeleteTests(HostAdminTestCase):
    def setUp(self):
        super().setUp()
        second = self.enterContext(OllamaServer(chat("shared:1")))
        self.second = save_host(Host(name="two", url=second.url), by="ada")
        sync()

    def test_the_page_that_asks_tells_what_will_happen_and_then_it_does(self):
        url = self.url(HOST, "delete", self.host.pk)
        text = self.client.get(url).content.decode()
        assert "retired, since no other host has it: alone:1" in text
        assert "shared:1" not in text
        assert "1 models stay on other hosts" in text
        self.client.post(url, {"post": "yes"})
        assert not Host.objects.filter(pk=self.host.pk).exists()
        assert dict(UnifiedModel.objects.values_list("name", "status")) == {
            "alone:1": "retired",
            "shared:1": "available",
        }

    def test_deleting_all_hosts_at_once_counts_what_none_of_them_keeps(self):
        asked = self.act(HOST, "delete_selected", self.host.pk, self.second.pk)
        assert "retired, since no other host has it: shared:1" in asked.content.decode()
        self.act(HOST, "delete_selected", self.host.pk, self.second.pk, post="yes")
        assert not Host.objects.exists()
        assert "deleted by otto" in UnifiedModel.objects.get(name="shared:1").retired_reason

    @override_settings(OLLAMA_HOSTS=["one=http://one"])
    def test_a_host_of_the_environment_is_told_to_come_back(self):
        Host.objects.filter(pk=self.host.pk).update(origin="environment")
        assert (
            "the next start adds it again" in self.client.get(self.url(HOST, "delete", self.host.pk)).content.decode()
        )
