"""Suites and evaluations in the admin: read, archived, stopped and set going again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from experiments_app.evaluation import runs, suite_rows
from experiments_app.evaluation.files import suite_files
from experiments_app.evaluation.progress import with_progress
from experiments_app.evaluation_admin_base import EvaluationAdmin
from experiments_app.models import CaseResult, EvaluationRun, Suite
from unified_app.admin import display as show
from unified_app.admin.base import Button, Panel
from unified_app.admin.panels import SHOWN, history_panel


@admin.register(Suite)
class SuiteAdmin(EvaluationAdmin):
    """Test cases with what judges the answers."""

    history_kind = "suite"
    empty_text = "A suite is uploaded on the evaluation page or over the API: POST /api/suites."
    list_display = ("name", "about", "cases", "digest", "comes_from", "made")
    list_filter = ("category", "shipped", ("archived_at", admin.EmptyFieldListFilter), "created_at")
    search_fields = ("name", "tags")
    actions = ("archive",)
    help_texts = {
        "name": "What runs call it.",
        "about": "The category of models that it is for.",
        "words": "Words to find it by.",
        "cases": "Test cases of the version that counts.",
        "digest": "SHA-256 of its content: the same content has the same digest everywhere.",
        "comes_from": "Who made it, or that it came with the product.",
        "files": "As files that come back in as the same suite; csv holds the cases alone.",
        "made": "When it was kept first.",
        "archived": "Archived suites are not listed for others and cannot be run.",
    }
    fields = tuple(help_texts)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Suite]:
        found: QuerySet[Suite] = Suite.objects.listed()
        return found

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        versions = obj.versions.defer("document")[:SHOWN]
        rows = [
            [v.number, show.digest(v.digest), v.case_count, v.created_by, show.when(v.created_at)] for v in versions
        ]
        latest = EvaluationRun.objects.listed().filter(suite_version__suite=obj)[:SHOWN]
        done = [[show.page_link(run), show.mark(run.state), _bar(run), show.when(run.created_at)] for run in latest]
        more = show.list_url(EvaluationRun, suite_version__suite__id__exact=obj.pk)
        return [
            Panel("Versions", ("Version", "Digest", "Cases", "By", "When"), rows),
            Panel("Evaluations", ("Run", "State", "Progress", "Asked"), done, "None yet.", more, "All evaluations"),
            history_panel("suite", obj.pk),
        ]

    def buttons(self, obj: Any) -> list[Button]:
        return [] if obj.archived_at else [Button("archive", "Archive", danger=True)]

    @admin.action(description="Archive the selected suites", permissions=["experiment"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Suite]) -> None:
        self._do(request, queryset, lambda row, by: suite_rows.archive(row, by=by), "archived")

    @admin.display(description="Category", ordering="category")
    def about(self, obj: Suite) -> str:
        return obj.category or show.NONE

    @admin.display(description="Tags")
    def words(self, obj: Suite) -> str:
        return show.words(obj.tags)

    @admin.display(description="Cases", ordering="latest__case_count")
    def cases(self, obj: Suite) -> str:
        return show.number(obj.latest.case_count if obj.latest else None)

    @admin.display(description="Digest")
    def digest(self, obj: Suite) -> str:
        return show.digest(obj.latest.digest if obj.latest else "")

    @admin.display(description="From", ordering="created_by")
    def comes_from(self, obj: Suite) -> str:
        return "the product" if obj.shipped else obj.created_by

    @admin.display(description="Download")
    def files(self, obj: Suite) -> str:
        address = reverse("evaluations:suite-export", args=[obj.pk])
        return show.lines(show.link(f"{address}?format={kind}", kind) for kind in suite_files.FORMATS)

    @admin.display(description="Made", ordering="created_at")
    def made(self, obj: Suite) -> str:
        return show.when(obj.created_at)

    @admin.display(description="Archived", ordering="archived_at")
    def archived(self, obj: Suite) -> str:
        return show.when(obj.archived_at)


@admin.register(EvaluationRun)
class EvaluationRunAdmin(EvaluationAdmin):
    """Models that were asked a suite's cases."""

    list_title = "Evaluations"
    empty_text = "An evaluation is started on the evaluation page or over the API: POST /api/evaluations."
    list_display = ("named", "suite", "state_mark", "progress", "models", "created_by", "asked")
    list_filter = ("state", "trigger", "created_at")
    search_fields = ("=id", "suite_version__suite__name", "created_by")
    actions = ("cancel", "resume", "retry")
    help_texts = {
        "named": "Its number.",
        "suite": "The suite, and which version of it.",
        "state_mark": "Stopped: a budget was used up. What is cancelled, failed or stopped can go on.",
        "problem": "Why it failed or stopped.",
        "progress": "Results that are final, failed ones too.",
        "failures": "Results without an answer.",
        "models": "Which models are asked.",
        "spent": "Of models and judges; what came from the cache is not among it.",
        "lost": "Calls that were under way when a worker died, and were made again.",
        "work": "The job that does it.",
        "created_by": "Who asked for it.",
        "asked": "When.",
        "lasted": "From the first call to the end.",
    }
    fields = tuple(help_texts)

    def get_queryset(self, request: HttpRequest) -> QuerySet[EvaluationRun]:
        found: QuerySet[EvaluationRun] = EvaluationRun.objects.listed()
        return found

    def is_moving(self, obj: Any) -> bool:
        return bool(obj.is_active)

    def panels(self, request: HttpRequest, obj: Any) -> list[Panel]:
        rows = [
            [show.page_link(row.model), row.version or show.NONE, _model_bar(row), show.facts(row.summary)]
            for row in with_progress(obj).run_models.all()
        ]
        more = show.list_url(CaseResult, run__id__exact=obj.pk)
        return [Panel("Models", ("Model", "Version", "Progress", "Results"), rows, "None.", more, "All results")]

    def buttons(self, obj: Any) -> list[Button]:
        if obj.is_active:
            return [Button("cancel", "Cancel")]
        again = [Button("resume", "Resume")] if obj.state in runs.ENDED else []
        return [*again, Button("retry", "Retry failed cases")]

    @admin.action(description="Cancel the selected evaluations", permissions=["experiment"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[EvaluationRun]) -> None:
        self._do(request, queryset, lambda row, by: runs.cancel(row, by=by), "cancelled, or will stop at its next step")

    @admin.action(description="Resume the selected evaluations", permissions=["experiment"])
    def resume(self, request: HttpRequest, queryset: QuerySet[EvaluationRun]) -> None:
        self._do(request, queryset, lambda row, by: runs.resume(row, by=by), "goes on")

    @admin.action(description="Retry the failed cases of the selected evaluations", permissions=["experiment"])
    def retry(self, request: HttpRequest, queryset: QuerySet[EvaluationRun]) -> None:
        self._do(request, queryset, lambda row, by: runs.retry(row, by=by), "queued again for its failed cases")

    @admin.display(description="Evaluation", ordering="id")
    def named(self, obj: EvaluationRun) -> str:
        return str(obj).capitalize()

    @admin.display(description="Suite", ordering="suite_version__suite__name")
    def suite(self, obj: EvaluationRun) -> str:
        version = obj.suite_version
        return show.page_link(version.suite, f"{version.suite.name}, version {version.number}")

    @admin.display(description="State", ordering="state")
    def state_mark(self, obj: EvaluationRun) -> str:
        return show.mark(obj.state)

    @admin.display(description="Error")
    def problem(self, obj: EvaluationRun) -> str:
        return show.facts(obj.error)

    @admin.display(description="Progress")
    def progress(self, obj: EvaluationRun) -> str:
        return _bar(obj)

    @admin.display(description="Failed", ordering="failed")
    def failures(self, obj: EvaluationRun) -> str:
        return show.number(obj.failed)

    @admin.display(description="Models")
    def models(self, obj: EvaluationRun) -> str:
        return show.words(str(row.model) for row in obj.run_models.all())

    @admin.display(description="Spent")
    def spent(self, obj: EvaluationRun) -> str:
        limit = f" of {show.number(obj.budget_tokens)}" if obj.budget_tokens is not None else ""
        most = f" of {obj.budget_cost.normalize():f}" if obj.budget_cost is not None else ""
        return f"{show.number(obj.tokens_used)}{limit} tokens, {obj.cost_used.normalize():f}{most} USD"

    @admin.display(description="Repeated calls")
    def lost(self, obj: EvaluationRun) -> str:
        return show.number(obj.repeated_calls)

    @admin.display(description="Job")
    def work(self, obj: EvaluationRun) -> str:
        return show.page_link(obj.job) if obj.job else show.NONE

    @admin.display(description="Asked", ordering="created_at")
    def asked(self, obj: EvaluationRun) -> str:
        return show.when(obj.created_at)

    @admin.display(description="Took")
    def lasted(self, obj: EvaluationRun) -> str:
        return show.took(obj.started_at, obj.finished_at)


def _bar(run: EvaluationRun) -> str:
    return show.bar(run.done, run.total, f"{show.number(run.done)} of {show.number(run.total)}")


def _model_bar(row: Any) -> str:
    done, total = row.progress["done"], row.progress["total"]
    return show.bar(done, total, f"{show.number(done)} of {show.number(total)}")
