"""Results of evaluations in the admin: read only."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from experiments_app.evaluation_admin_base import EvaluationAdmin
from experiments_app.models import CaseResult
from unified_app.admin import display as show


@admin.register(CaseResult)
class CaseResultAdmin(EvaluationAdmin):
    """Answers to single cases, with what was said of them."""

    list_title = "Results of evaluations"
    empty_text = "Results are written one by one while an evaluation is under way."
    list_display = ("named", "answerer", "run_link", "state_mark", "verdict", "seconds")
    list_filter = ("state", "passed", "cached")
    search_fields = ("=case_digest", "=run__id")
    help_texts = {
        "named": "Place of the case in its suite, and which repeat.",
        "answerer": "Who answered.",
        "run_link": "In which evaluation.",
        "state_mark": "Waiting: to be called when the evaluation goes on.",
        "verdict": "Undecided: a judge could not be read.",
        "problem": "Why there is no answer.",
        "said": "What the model answered.",
        "told": "What each evaluator said of it.",
        "seconds": "Of the call that gave the answer.",
        "tries": "Calls made for it; above 1 after a kill or a retry.",
    }
    fields = tuple(help_texts)

    def get_queryset(self, request: HttpRequest) -> QuerySet[CaseResult]:
        return CaseResult.objects.select_related("run_model__model", "run").order_by("-id")

    @admin.display(description="Case", ordering="case_index")
    def named(self, obj: CaseResult) -> str:
        return f"case {obj.case_index}, repeat {obj.repeat}"

    @admin.display(description="Model")
    def answerer(self, obj: CaseResult) -> str:
        return str(obj.run_model.model)

    @admin.display(description="Evaluation", ordering="run")
    def run_link(self, obj: CaseResult) -> str:
        return show.page_link(obj.run)

    @admin.display(description="State", ordering="state")
    def state_mark(self, obj: CaseResult) -> str:
        return show.mark(obj.state)

    @admin.display(description="Verdict", ordering="passed")
    def verdict(self, obj: CaseResult) -> str:
        words = {True: "passed", False: "not passed", None: "undecided"}
        return words[obj.passed] if obj.state == CaseResult.State.DONE else show.NONE

    @admin.display(description="Error")
    def problem(self, obj: CaseResult) -> str:
        return show.facts(obj.error)

    @admin.display(description="Answer")
    def said(self, obj: CaseResult) -> str:
        return show.texts({"text": obj.output, "beside it": str(show.facts(obj.message)) if obj.message else ""})

    @admin.display(description="Scores")
    def told(self, obj: CaseResult) -> str:
        return show.facts(obj.scores)

    @admin.display(description="Seconds", ordering="latency")
    def seconds(self, obj: CaseResult) -> str:
        return show.NONE if obj.latency is None else f"{obj.latency:.2f}"

    @admin.display(description="Attempts")
    def tries(self, obj: CaseResult) -> str:
        return f"{obj.attempts}{' (from the cache)' if obj.cached else ''}"
