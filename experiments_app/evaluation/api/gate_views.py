"""The API of gates and of what came of them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from experiments_app.evaluation.api.filters import GateCheckFilter, GateFilter
from experiments_app.evaluation.api.gate_serializers import (
    CheckBodySerializer,
    GateBodySerializer,
    GateCheckSerializer,
    GateSerializer,
)
from experiments_app.evaluation.gates import gate_rules, gates
from experiments_app.evaluation.suite_rows import find as suite_called
from experiments_app.models import Gate, GateCheck
from unified_app.lookup import find_model
from unified_app.pagination import pages
from unified_app.views.answers import name_of

GATE = OpenApiParameter("pk", int, OpenApiParameter.PATH, description="Number of the gate.")


@extend_schema(tags=["Gates"])
@extend_schema_view(list=extend_schema(summary="List gates"))
class GateViewSet(ListModelMixin, GenericViewSet[Gate]):
    """Who may promote decides what a promotion has to keep."""

    queryset = Gate.objects.select_related("suite").order_by("name")
    serializer_class = GateSerializer
    filterset_class = GateFilter
    pagination_class = pages("gates")
    write_scope = "curate"
    action_scopes: ClassVar[dict[str, str]] = {"check": "experiment"}

    @extend_schema(
        summary="Make a gate",
        description="A rule that a model has to keep on a suite: not worse than another by more than so many points "
        "of 100, and fast enough. It is held against a promotion, and with `on_digest_change` a model that was "
        "evaluated with the suite before is evaluated again when its content changes.",
        request=GateBodySerializer,
        responses={201: GateSerializer},
    )
    def create(self, request: Request) -> Response:
        return self._saved(Gate(), GateBodySerializer(data=request.data), status=201)

    @extend_schema(summary="One gate", parameters=[GATE], responses=GateSerializer, filters=False)
    def retrieve(self, request: Request, pk: int) -> Response:
        return Response(GateSerializer(gate_rules.find_gate(pk)).data)

    @extend_schema(summary="Change a gate", parameters=[GATE], request=GateBodySerializer, responses=GateSerializer)
    def partial_update(self, request: Request, pk: int) -> Response:
        return self._saved(gate_rules.find_gate(pk), GateBodySerializer(data=request.data, partial=True))

    @extend_schema(summary="Delete a gate", description="Its checks go with it.", parameters=[GATE])
    def destroy(self, request: Request, pk: int) -> Response:
        gate_rules.delete_gate(gate_rules.find_gate(pk), by=name_of(request))
        return Response(status=204)

    @extend_schema(
        summary="Hold a gate against a model now",
        description="With the results that are there; nothing is evaluated.",
        parameters=[GATE],
        request=CheckBodySerializer,
        responses=GateCheckSerializer,
    )
    def check(self, request: Request, pk: int) -> Response:
        body = CheckBodySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        made = gates.check(gate_rules.find_gate(pk), find_model(body.validated_data["model"]))
        return Response(GateCheckSerializer(made).data)

    def _saved(self, gate: Gate, body: GateBodySerializer, status: int = 200) -> Response:
        body.is_valid(raise_exception=True)
        told: dict[str, Any] = body.validated_data
        if "suite" in told:
            gate.suite = suite_called(told.pop("suite"))
        for name, value in told.items():
            setattr(gate, name, value)
        saved = gate_rules.save_gate(gate, by=name_of(self.request))
        return Response(GateSerializer(saved).data, status=status)


@extend_schema(tags=["Gates"])
@extend_schema_view(get=extend_schema(summary="List what came of gates, the newest first"))
class GateChecksView(ListAPIView[GateCheck]):
    serializer_class = GateCheckSerializer
    filterset_class = GateCheckFilter
    pagination_class = pages("gate_checks")
    queryset: QuerySet[GateCheck] = GateCheck.objects.select_related("gate", "model", "run").order_by("-id")
