"""Jobs: what is queued, what runs, how it ended."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ReadOnlyModelViewSet

from unified_app import jobs
from unified_app.filters import JobFilter
from unified_app.models import Job
from unified_app.pagination import pages
from unified_app.serializers.work import JobSerializer, QueuedSerializer
from unified_app.views.answers import job_answer, name_of


@extend_schema(tags=["Jobs"])
@extend_schema_view(list=extend_schema(summary="List jobs"), retrieve=extend_schema(summary="One job"))
class JobViewSet(ReadOnlyModelViewSet[Job]):
    queryset = Job.objects.all()
    serializer_class = JobSerializer
    filterset_class = JobFilter
    pagination_class = pages("jobs")
    write_scope = "operate"

    @extend_schema(
        summary="Cancel a job",
        description="A queued job ends at once, a running one at its next step. 409 when it has ended already.",
        request=None,
        responses=JobSerializer,
    )
    def cancel(self, request: Request, pk: int) -> Response:
        return Response(JobSerializer(jobs.cancel(self.get_object(), name_of(request))).data)

    @extend_schema(
        summary="Try a failed or cancelled job again",
        description="Queues a new job with the same arguments, or joins the one that is active.",
        request=None,
        responses={202: QueuedSerializer},
    )
    def retry(self, request: Request, pk: int) -> Response:
        return job_answer(request, jobs.retry(self.get_object(), name_of(request)), wait=False)
