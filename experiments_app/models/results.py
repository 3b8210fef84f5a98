"""Runs of suites, a row for each case's result, and the rules that results are held against."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from experiments_app.models.suites import Suite, SuiteVersion


class EvaluationRunQuerySet(models.QuerySet["EvaluationRun"]):
    def listed(self) -> EvaluationRunQuerySet:
        """For lists: runs with suite, job and models, in three queries; no document of a suite is among them."""
        suites = self.select_related("suite_version__suite", "job").defer("suite_version__document")
        return suites.prefetch_related("run_models__model")


class EvaluationRun(models.Model):
    """Models x suite x repeats. The numbers are kept with the rows: each flush of results moves both."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"
        FAILED = "failed"
        STOPPED = "stopped", "stopped by its budget"

    suite_version = models.ForeignKey(SuiteVersion, models.PROTECT, related_name="runs")
    job = models.ForeignKey("unified_app.Job", models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    repeats = models.PositiveIntegerField(default=1)
    concurrency = models.PositiveIntegerField(default=4, help_text="Calls at once for each placement.")
    judge = models.TextField(blank=True, default="", help_text="Model that judges instead of the suite's own.")
    split = models.CharField(max_length=20, blank=True, default="", help_text="Only cases of this split.")
    tags = models.JSONField(default=list, help_text="Only cases that have one of these.")
    use_cache = models.BooleanField(default=True)
    budget_tokens = models.PositiveBigIntegerField(null=True)
    budget_cost = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    total = models.PositiveIntegerField(default=0, help_text="Results when it is done.")
    done = models.PositiveIntegerField(default=0, help_text="Results that are final, failed ones too.")
    failed = models.PositiveIntegerField(default=0, help_text="Results without an answer.")
    repeated_calls = models.PositiveIntegerField(default=0, help_text="Calls lost with a worker and made again.")
    tokens_used = models.PositiveBigIntegerField(default=0)
    cost_used = models.DecimalField(max_digits=18, decimal_places=9, default=0)
    error = models.JSONField(null=True, help_text="Why it failed or stopped: code and message.")
    trigger = models.CharField(max_length=20, default="hand", help_text="hand, digest or promotion.")
    created_by = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar = EvaluationRunQuerySet.as_manager()

    class Meta:
        db_table = "evaluation_runs"
        ordering = ["-id"]
        # The list of runs that are under way.
        indexes = [models.Index(fields=["state"], name="idx_evaluation_state")]

    def __str__(self) -> str:
        return f"evaluation {self.pk}"

    @property
    def is_active(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)


class RunModel(models.Model):
    """One model of a run: what it was when the run began, and what the run found."""

    run = models.ForeignKey(EvaluationRun, models.CASCADE, related_name="run_models")
    model = models.ForeignKey("unified_app.UnifiedModel", models.CASCADE, related_name="evaluations")
    position = models.PositiveIntegerField(help_text="As in the request.")
    version = models.TextField(
        blank=True, default="", help_text="Version of the model when the run began; empty until then."
    )
    fingerprint = models.CharField(
        max_length=64, blank=True, default="", help_text="SHA-256 of all that makes its answers; part of the cache."
    )
    summary = models.JSONField(default=dict, help_text="Its metrics once all its results are there.")
    mlflow_run_id = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null until it is logged

    class Meta:
        db_table = "evaluation_run_models"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["run", "model"], name="unique_run_model")]

    def __str__(self) -> str:
        return f"{self.model_id} in evaluation {self.run_id}"


class CaseResult(models.Model):
    """What one model made of one case, once for each repeat. `running` rows are calls that are in flight."""

    class State(models.TextChoices):
        RUNNING = "running"
        # To be called when the run goes on: it was cancelled, or is tried again.
        WAITING = "waiting"
        DONE = "done"
        FAILED = "failed"

    run = models.ForeignKey(EvaluationRun, models.CASCADE, related_name="results")
    run_model = models.ForeignKey(RunModel, models.CASCADE, related_name="results")
    case_index = models.PositiveIntegerField()
    case_digest = models.CharField(max_length=64)
    repeat = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    passed = models.BooleanField(null=True, help_text="Null: failed to answer, or a judge could not be read.")
    scores = models.JSONField(default=list, help_text="A list: name, score, passed, details, error, values.")
    output = models.TextField(blank=True, default="")
    message = models.JSONField(null=True, help_text="What is no text: tool calls, reasoning.")
    latency = models.FloatField(null=True, help_text="Seconds of the call that gave the answer.")
    first_token = models.FloatField(null=True, help_text="Seconds to the first token, where it was streamed.")
    thinking_seconds = models.FloatField(null=True)
    tokens_in = models.PositiveIntegerField(default=0)
    tokens_out = models.PositiveIntegerField(default=0)
    tokens_thinking = models.PositiveIntegerField(default=0)
    judge_tokens = models.PositiveIntegerField(default=0, help_text="Of the judges' calls, both ways.")
    cost = models.DecimalField(max_digits=18, decimal_places=9, null=True)
    cached = models.BooleanField(default=False, help_text="The answer is one of an earlier run.")
    attempts = models.PositiveIntegerField(default=1, help_text="Calls made for it; above 1 after a kill or a retry.")
    error = models.JSONField(null=True, help_text="Why there is no answer: code and message.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "case_results"
        ordering = ["case_index", "run_model", "repeat"]
        constraints = [models.UniqueConstraint(fields=["run_model", "case_index", "repeat"], name="unique_case_result")]
        # A run's results in the order of its cases; the calls that a dead worker left.
        indexes = [
            models.Index(fields=["run", "case_index"], name="idx_result_run_case"),
            models.Index(fields=["run", "state"], name="idx_result_run_state"),
        ]

    def __str__(self) -> str:
        return f"case {self.case_index} of {self.run_model}"


class CachedReply(models.Model):
    """An answer that later runs need not pay for again. The key is a SHA-256 of model, request and repeat."""

    key = models.CharField(max_length=64, primary_key=True)
    reply = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        db_table = "cached_replies"

    def __str__(self) -> str:
        return self.key[:12]


class Gate(models.Model):
    """A rule that a model has to keep on a suite: for a promotion, and after its digest has changed."""

    name = models.CharField(max_length=200, unique=True)
    suite = models.ForeignKey(Suite, models.PROTECT, related_name="gates")
    metric = models.CharField(max_length=200, default="pass", help_text="A metric of the comparison, such as `pass`.")
    compare_to = models.TextField(
        blank=True, default="", help_text="Alias or model that it must not be worse than; empty: what it was before."
    )
    max_drop_points = models.FloatField(null=True, blank=True, help_text="Points of 100 that it may be worse.")
    p95_seconds = models.FloatField(null=True, blank=True, help_text="95 of 100 calls must be at least so fast.")
    alias = models.CharField(max_length=200, blank=True, default="", help_text="Promotions to it; empty: to any.")
    on_promotion = models.BooleanField(default=True, help_text="A promotion that breaks the rule is refused.")
    on_digest_change = models.BooleanField(
        default=False, help_text="Models evaluated with the suite before are evaluated again when their digest changes."
    )
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.TextField(blank=True, default="")

    class Meta:
        db_table = "gates"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class GateCheck(models.Model):
    """One verdict of a rule on a model, with the numbers it is made of."""

    class State(models.TextChoices):
        WAITING = "waiting", "waiting for its evaluation"
        PASSED = "passed"
        FAILED = "failed"
        UNKNOWN = "unknown", "not enough results"

    gate = models.ForeignKey(Gate, models.CASCADE, related_name="checks")
    model = models.ForeignKey("unified_app.UnifiedModel", models.CASCADE, related_name="gate_checks")
    run = models.ForeignKey(EvaluationRun, models.SET_NULL, null=True, related_name="gate_checks")
    why = models.CharField(max_length=20, help_text="promotion, digest or hand.")
    state = models.CharField(max_length=10, choices=State.choices)
    report = models.JSONField(default=dict, help_text="Values, difference, interval, what was compared.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "gate_checks"
        ordering = ["-id"]
        indexes = [models.Index(fields=["model", "-id"], name="idx_gate_check_model")]

    def __str__(self) -> str:
        return f"{self.gate} on {self.model_id}: {self.state}"
