"""What holds for every list and page of the admin."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from ollama_app.models import Host
from tests.unified_app.admin_case import AdminTestCase, register
from unified_app.admin.base import RegistryAdmin
from unified_app.history import record
from unified_app.models import (
    Alias,
    ApiKey,
    GatewayProcess,
    HistoryEntry,
    Job,
    ModelServingConfig,
    ModelServingStatus,
    ModelVersion,
    Placement,
    SyncRun,
    UnifiedModel,
    User,
)


def fill(count: int) -> None:
    """`count` more rows in every list."""
    register(count, place=f"host{count}")
    for placement in Placement.objects.filter(place=f"host{count}", model__serving_rows=None):
        ModelServingStatus.objects.create(model=placement.model, placement=placement, status="ready")
        ModelServingConfig.objects.create(model=placement.model)
    every = PeriodicTask.objects.filter(interval__isnull=False).first().interval
    root = User.objects.get(username="root")
    for number in range(count):
        name = f"{count}-{number}"
        user = User.objects.create(username=name)
        user.groups.add(Group.objects.create(name=name))
        ApiKey.objects.create(name=name, user=user, digest=uuid.uuid4().hex, scopes=["read"])
        Alias.objects.create(name=name, targets=["model_000_base"])
        Host.objects.create(name=name, url=f"http://{name}")
        PeriodicTask.objects.create(name=name, task="unified_app.sync_all", interval=every)
        job = Job.objects.create(kind="sync", state="done", progress={"done": 1, "total": 2})
        begun = timezone.now() - timedelta(minutes=number)
        SyncRun.objects.create(source="ollama", place=name, job=job, state="success", started_at=begun)
        record("host", name, "root", {"url": (None, name)})
        GatewayProcess.objects.create(
            id=name, host=name, pid=number, heartbeat_at=begun, in_flight={"model_000_base": 1}
        )
        LogEntry.objects.log_actions(root.pk, [job], 2, change_message="Looked at.")


LISTS = (UnifiedModel, Placement, ModelVersion, Alias, Host, SyncRun, Job, PeriodicTask, User, Group, ApiKey)
LISTS = (*LISTS, HistoryEntry, LogEntry, ModelServingStatus, ModelServingConfig, GatewayProcess)


def list_url(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


class EveryListTests(AdminTestCase):
    def queries(self, model) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = self.client.get(list_url(model))
        assert response.status_code == 200, model
        return len(queries)

    def test_a_list_of_fifty_takes_as_many_queries_as_one_of_five(self):
        fill(5)
        self.client.get(list_url(Job))  # content types and the session are read once
        few = {model: self.queries(model) for model in LISTS}
        fill(50)
        many = {model: self.queries(model) for model in LISTS}
        assert few == many

    def test_lists_have_search_filters_and_at_most_eight_columns(self):
        for model, model_admin in admin.site._registry.items():
            if isinstance(model_admin, RegistryAdmin):
                assert model_admin.search_fields, model
                assert model_admin.list_filter or model is Group, model
                assert 3 <= len(model_admin.list_display) <= 8, model


class EveryPageTests(AdminTestCase):
    def test_every_page_opens_and_every_field_on_it_has_help(self):
        fill(1)
        for model in LISTS:
            row = model.objects.first()
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
            response = self.client.get(url)
            assert response.status_code == 200, model
            assert helpless(response) == [], model

    def test_every_field_of_a_form_that_adds_has_help(self):
        for model in (Alias, Host, ApiKey, User, Group, PeriodicTask, ModelServingConfig):
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
            assert helpless(self.client.get(url)) == [], model

    def test_what_the_product_writes_cannot_be_changed_by_anybody(self):
        fill(1)
        for model in (
            Placement,
            ModelVersion,
            SyncRun,
            Job,
            HistoryEntry,
            LogEntry,
            ModelServingStatus,
            GatewayProcess,
        ):
            row = model.objects.first()
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            assert self.client.get(reverse(f"{name}_add")).status_code == 403, model
            assert self.client.post(reverse(f"{name}_change", args=[row.pk]), {}).status_code == 403, model
            assert self.client.post(reverse(f"{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403, model

    def test_a_button_is_pressed_and_not_visited(self):
        fill(1)
        for name, args in (("host_do_list", ["sync_all"]), ("host_do", [Host.objects.first().pk, "disable"])):
            assert self.client.get(reverse(f"admin:ollama_app_{name}", args=args)).status_code == 405

    def test_the_index_is_by_subject_and_counts_what_needs_attention(self):
        register(2)
        Job.objects.create(kind="sync", state="failed", finished_at=timezone.now())
        text = self.client.get(reverse("admin:index")).content.decode()
        assert "2 models" in text
        assert "1 job failed" in text
        sections = [section["name"] for section in self.client.get(reverse("admin:index")).context["app_list"]]
        assert sections[:2] == ["Catalog", "Hosts and endpoints"]


def helpless(response) -> list[str]:
    """The fields of a page that say nothing about themselves."""
    found = []
    for fieldset in response.context["adminform"]:
        for line in fieldset:
            for field in line:
                bound = field.field
                text = bound["help_text"] if field.is_readonly else bound.help_text
                if not text:
                    found.append(bound["name"] if field.is_readonly else bound.name)
    return found
