"""What several views answer alike."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from unified_app import waiting
from unified_app.authentication import scopes_of_request
from unified_app.granting import Caller
from unified_app.models import ApiKey, Job
from unified_app.serializers.work import QueuedSerializer


def job_answer(request: Request, job: Job, *, wait: bool = True) -> Response:
    """Answer with the job's result when it ends in time, else 202 and where to look. Raises JobFailed."""
    if wait:
        waiting.wait_for(job)
    if wait and job.state == Job.State.DONE:
        return Response(job.result)
    if wait and not job.is_active:
        raise waiting.JobFailed(job)
    place = reverse("api:job", args=[job.pk])
    return Response(QueuedSerializer({"job": job}).data, status=202, headers={"Location": place})


def caller_of(request: Request) -> Caller:
    """Return who asks, for verbs that depend on it; the view has made sure that it is a user."""
    key = request.auth if isinstance(request.auth, ApiKey) else None
    return Caller(request.user, scopes_of_request(request), key)  # type: ignore[arg-type]


def name_of(request: Request) -> str:
    """Return the caller's user name, for the history."""
    return str(request.user.get_username())
