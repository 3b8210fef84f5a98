"""Keys, log-in and who is calling."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from unified_app import granting
from unified_app.authentication import ScopePermission
from unified_app.models import ApiKey
from unified_app.pagination import pages
from unified_app.scopes import in_order
from unified_app.serializers.access import (
    CallerSerializer,
    KeySerializer,
    LogInSerializer,
    MadeKeySerializer,
    NewKeySerializer,
)
from unified_app.views.answers import caller_of


@extend_schema(tags=["Access"])
@extend_schema_view(
    list=extend_schema(summary="List keys", description="Your own; with the scope `operate` everybody's."),
    retrieve=extend_schema(summary="One key"),
)
class KeyViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[ApiKey]):
    queryset = ApiKey.objects.select_related("user")
    serializer_class = KeySerializer
    pagination_class = pages("keys")
    # Everybody who is somebody may make and revoke keys; `granting` sees to it that nobody gains by it.
    permission_classes = [IsAuthenticated, ScopePermission]
    action_scopes: ClassVar[dict[str, str | None]] = {"create": None, "destroy": None}

    @extend_schema(
        summary="Make a key for yourself",
        description="The secret is shown only here. The scopes are at most those of this call; a key that expires "
        "makes keys that expire no later.",
        request=NewKeySerializer,
        responses={201: MadeKeySerializer},
    )
    def create(self, request: Request) -> Response:
        body = NewKeySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        wanted = {"days": None, **body.validated_data}
        return Response(MadeKeySerializer(granting.grant(caller_of(request), **wanted)).data, status=201)

    @extend_schema(summary="Revoke a key")
    def destroy(self, request: Request, pk: int) -> Response:
        granting.revoke(caller_of(request), self.get_object())
        return Response(status=204)

    def get_queryset(self) -> QuerySet[ApiKey]:
        caller = caller_of(self.request)
        found = super().get_queryset()
        return found if "operate" in caller.scopes else found.filter(user=caller.user)


@extend_schema(tags=["Access"])
class TokenView(APIView):
    """Log-in for programs: no credentials but the body's are looked at."""

    authentication_classes = []
    permission_classes = [AllowAny]
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "token"

    @extend_schema(
        summary="Log in",
        description="Returns a key that lives for 12 hours and has all scopes of the user.",
        request=LogInSerializer,
        responses=MadeKeySerializer,
    )
    def post(self, request: Request) -> Response:
        body = LogInSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(MadeKeySerializer(granting.log_in(**body.validated_data)).data)


@extend_schema(tags=["Access"])
class CallerView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(summary="Who is calling, and what they may", responses=CallerSerializer)
    def get(self, request: Request) -> Response:
        caller = caller_of(request)
        shown = {"username": caller.user.get_username(), "is_staff": caller.user.is_staff}
        return Response(shown | {"scopes": in_order(caller.scopes)})
