"""Aliases: the list, one of them, its history, and one step back."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from unified_app import aliases
from unified_app.models import Alias, AliasChange
from unified_app.pagination import pages
from unified_app.serializers.aliases import (
    AliasBodySerializer,
    AliasChangeSerializer,
    AliasSerializer,
    ReplacedAliasSerializer,
    RollbackSerializer,
)
from unified_app.views.answers import name_of

ALIAS = OpenApiParameter("alias", str, OpenApiParameter.PATH, description="The name; case does not matter.")


@extend_schema(tags=["Aliases"])
@extend_schema_view(list=extend_schema(summary="List aliases"))
class AliasViewSet(ListModelMixin, GenericViewSet[Alias]):
    queryset = Alias.objects.order_by("name")
    serializer_class = AliasSerializer
    pagination_class = pages("aliases")
    write_scope = "curate"

    @extend_schema(
        summary="Make an alias",
        description="A name for a list of models: the gateway asks the next one when the one before it cannot answer.",
        request=AliasBodySerializer,
        responses={201: AliasSerializer},
    )
    def create(self, request: Request) -> Response:
        return self._saved(Alias(), AliasBodySerializer(data=request.data), status=201)

    @extend_schema(summary="One alias", parameters=[ALIAS], responses=AliasSerializer)
    def retrieve(self, request: Request, alias: str) -> Response:
        return Response(AliasSerializer(aliases.find_alias(alias)).data)

    @extend_schema(
        summary="Replace an alias", parameters=[ALIAS], request=ReplacedAliasSerializer, responses=AliasSerializer
    )
    def update(self, request: Request, alias: str) -> Response:
        found = aliases.find_alias(alias)
        found.description = ""
        return self._saved(found, ReplacedAliasSerializer(data=request.data))

    @extend_schema(
        summary="Change an alias", parameters=[ALIAS], request=ReplacedAliasSerializer, responses=AliasSerializer
    )
    def partial_update(self, request: Request, alias: str) -> Response:
        return self._saved(aliases.find_alias(alias), ReplacedAliasSerializer(data=request.data, partial=True))

    @extend_schema(summary="Delete an alias", description="Its models stay.", parameters=[ALIAS])
    def destroy(self, request: Request, alias: str) -> Response:
        aliases.delete_alias(aliases.find_alias(alias), by=name_of(request))
        return Response(status=204)

    @extend_schema(
        summary="Go one step back",
        description="It names again what it named before the change that is in force. The next time it goes one step "
        "further back. 409 when there is nothing before.",
        parameters=[ALIAS],
        request=RollbackSerializer,
        responses=AliasSerializer,
    )
    def rollback(self, request: Request, alias: str) -> Response:
        body = RollbackSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        found = aliases.roll_back(aliases.find_alias(alias), by=name_of(request), **body.validated_data)
        return Response(AliasSerializer(found).data)

    def _saved(self, alias: Alias, body: AliasBodySerializer, status: int = 200) -> Response:
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(body.validated_data)
        reason = values.pop("reason", "")
        for name, value in values.items():
            setattr(alias, "targets" if name == "models" else name, value)
        saved = aliases.save_alias(alias, by=name_of(self.request), reason=reason, field="models")
        return Response(AliasSerializer(saved).data, status=status)


@extend_schema(tags=["Aliases"], summary="What an alias has named", parameters=[ALIAS])
class AliasHistoryView(ListAPIView[AliasChange]):
    serializer_class = AliasChangeSerializer
    pagination_class = pages("history")
    queryset = AliasChange.objects.all()

    def get_queryset(self) -> QuerySet[AliasChange]:
        return super().get_queryset().filter(alias=aliases.find_alias(self.kwargs["alias"]).name)
