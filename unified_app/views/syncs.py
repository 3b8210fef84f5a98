"""Syncs: asked for, and what they did."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from unified_app import syncing
from unified_app.errors import InvalidInput
from unified_app.filters import SyncRunFilter
from unified_app.models import Job, SyncRun
from unified_app.pagination import pages
from unified_app.serializers.work import QueuedSerializer, SyncQuerySerializer, SyncRunSerializer, SyncSerializer
from unified_app.views.answers import job_answer, name_of

SYNC: dict[str, Any] = {
    "description": "Queues a job and waits up to 25 s for it. A sync that already runs is joined. "
    "A host that cannot be read is in `failed`; the others are synced all the same.",
    "parameters": [SyncQuerySerializer],
    "request": None,
    "responses": {
        200: SyncSerializer,
        202: OpenApiResponse(QueuedSerializer, "Not finished yet; `Location` tells where to look."),
    },
}


class SyncView(APIView):
    """Syncs one source, or all of them."""

    source: ClassVar[str | None] = None
    query: ClassVar[type[Serializer[Any]]] = SyncQuerySerializer

    @extend_schema(tags=["Syncs"], summary="Sync all sources", **SYNC)
    def post(self, request: Request) -> Response:
        query = self.query(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        if request.data:
            message = "A sync takes no body; what to sync is named in the query, such as ?host=NAME."
            raise InvalidInput(
                message, details=dict.fromkeys(request.data, [message]) if isinstance(request.data, dict) else None
            )
        wanted = query.validated_data
        return job_answer(request, self.requested(wanted, name_of(request)), wait=not wanted["async"])

    def requested(self, wanted: dict[str, Any], by: str) -> Job:
        """Return the job that does what the query wants."""
        return syncing.request_sync(source=self.source, place=wanted.get("host"), by=by)


@extend_schema(tags=["Syncs"], summary="List sync runs")
class SyncRunsView(ListAPIView[SyncRun]):
    queryset = SyncRun.objects.all()
    serializer_class = SyncRunSerializer
    filterset_class = SyncRunFilter
    pagination_class = pages("sync_runs")
