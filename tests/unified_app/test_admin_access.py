from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from tests.unified_app.admin_case import AdminTestCase, person, register
from unified_app import keys
from unified_app.models import Alias, HistoryEntry, RegistryEpoch, User


class RoleTests(AdminTestCase):
    def test_viewers_and_evaluators_are_not_let_in(self):
        for role in ("Viewer", "Evaluator"):
            self.client.force_login(person(role.lower(), role))
            assert self.client.get(reverse("admin:index")).status_code == 302

    def test_a_curator_may_add_aliases_and_an_operator_hosts_keys_and_schedules_too(self):
        curated, operated = ["alias"], ["ollama_app.host", "apikey", "django_celery_beat.periodictask"]
        for user, may in ((self.cora, curated), (self.otto, curated + operated)):
            self.client.force_login(user)
            for model in curated + operated:
                expected = 200 if model in may else 403
                assert self.client.get(self.url(model, "add")).status_code == expected, (user, model)

    def test_both_may_read_every_list_and_neither_manages_users(self):
        lists = ["unifiedmodel", "placement", "modelversion", "syncrun", "job", "apikey", "historyentry", "user"]
        for user in (self.cora, self.otto):
            self.client.force_login(user)
            for model in [*lists, "ollama_app.host", "admin.logentry", "auth.group"]:
                assert self.client.get(self.url(model)).status_code == 200, (user, model)
            assert self.client.get(self.url("user", "add")).status_code == 403
            assert self.client.post(self.url("user", "change", self.cora.pk), {}).status_code == 403
            assert self.press("user", "deactivate", self.root.pk).status_code == 403


class UserTests(AdminTestCase):
    def save(self, user, **changes):
        data = {"username": user.username, "is_active": "on", "email": "", "first_name": "", "last_name": ""}
        return self.client.post(self.url("user", "change", user.pk), {**data, **changes}, follow=True)

    def test_a_new_role_lets_in_and_is_in_the_log_the_history_and_the_epoch(self):
        vera = person("vera", "Viewer")
        epoch = RegistryEpoch.current()
        self.save(vera, groups=[Group.objects.get(name="Curator").pk])
        vera.refresh_from_db()
        assert vera.is_staff
        assert RegistryEpoch.current() > epoch
        assert "Groups" in LogEntry.objects.get(object_id=str(vera.pk)).get_change_message()
        entry = HistoryEntry.objects.get(kind="user", object_id=str(vera.pk), field="groups")
        assert (entry.old, entry.new, entry.by) == (["Viewer"], ["Curator"], "root")

    def test_the_way_in_follows_the_role_and_the_superuser_flag_not_the_form(self):
        vera = person("vera", "Viewer")
        groups = [Group.objects.get(name="Viewer").pk]
        self.save(vera, is_staff="on", groups=groups)
        vera.refresh_from_db()
        assert not vera.is_staff
        self.save(vera, is_superuser="on", groups=groups)
        vera.refresh_from_db()
        assert vera.is_staff

    def test_a_user_is_added_with_a_password_and_shown_without_it(self):
        password = "a-long-enough-phrase"
        data = {"username": "nina", "usable_password": "true", "password1": password, "password2": password}
        self.client.post(self.url("user", "add"), data)
        nina = User.objects.get(username="nina")
        assert nina.check_password(password)
        self.client.force_login(self.cora)
        assert nina.password not in self.client.get(self.url("user", "change", nina.pk)).content.decode()

    def test_deactivating_stops_the_keys_and_cannot_hit_oneself(self):
        _, secret = keys.create_key(user=self.otto, name="ci", scopes=["read"])
        self.act("user", "deactivate", self.otto.pk, self.root.pk)
        assert keys.find_key(secret) is None
        self.root.refresh_from_db()
        assert self.root.is_active
        self.press("user", "activate", self.otto.pk)
        assert keys.find_key(secret) is not None

    def test_the_roles_themselves_stay(self):
        role = Group.objects.get(name="Viewer")
        assert self.client.post(self.url("auth.group", "delete", role.pk), {"post": "yes"}).status_code == 403


class ScheduleTests(AdminTestCase):
    def test_an_operator_switches_a_schedule_and_the_log_knows(self):
        self.client.force_login(self.otto)
        task = PeriodicTask.objects.get(name="Sync all sources")
        self.press("django_celery_beat.periodictask", "disable_tasks", task.pk)
        task.refresh_from_db()
        assert not task.enabled
        assert LogEntry.objects.get(user=self.otto).get_change_message() == "Disabled."

    def test_a_curator_sees_schedules_and_can_neither_switch_nor_run_them(self):
        self.client.force_login(self.cora)
        task = PeriodicTask.objects.get(name="Sync all sources")
        model = "django_celery_beat.periodictask"
        assert self.client.get(self.url(model, "change", task.pk)).status_code == 200
        for action in ("disable_tasks", "run_tasks", "toggle_tasks"):
            self.act(model, action, task.pk)
            assert self.press(model, action, task.pk).status_code == 403
        task.refresh_from_db()
        assert task.enabled


class AliasTests(AdminTestCase):
    def setUp(self):
        self.client.force_login(self.cora)
        register(2)

    def add(self, **data):
        return self.client.post(self.url("alias", "add"), {"name": "chat", "description": "", **data})

    def test_models_are_named_a_line_each_and_kept_as_ids(self):
        epoch = RegistryEpoch.current()
        self.add(targets="MODEL-001\n\n model_000_base \nmodel-001:latest")
        assert Alias.objects.get().targets == ["model_001_base", "model_000_base"]
        assert RegistryEpoch.current() == epoch + 1
        assert HistoryEntry.objects.filter(kind="alias", by="cora").count() >= 2

    def test_what_the_registry_refuses_stands_beside_the_field(self):
        response = self.add(targets="nosuch")
        assert "nosuch" in str(response.context["adminform"].form.errors["targets"])
        response = self.add(name="model_000_base", targets="model-001")
        assert "A model has this id" in str(response.context["adminform"].form.errors["name"])
        assert not Alias.objects.exists()

    def test_deleting_an_alias_is_in_the_history_and_moves_the_epoch(self):
        self.add(targets="model-001")
        alias, epoch = Alias.objects.get(), RegistryEpoch.current()
        self.client.post(self.url("alias", "delete", alias.pk), {"post": "yes"})
        assert RegistryEpoch.current() == epoch + 1
        assert HistoryEntry.objects.get(kind="alias", field="deleted").old == "chat"
